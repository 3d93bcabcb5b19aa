"""Inventories in files: what each lists, and what is not read of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Final

from msgspec import Struct

from scanner.model.problem import Problem, ProblemKind
from scanner.model.resource import Declaration
from scanner.model.span import Span
from scanner.parsers.inventories import aws_config, azure_graph, google_assets
from scanner.parsers.inventories.listing import Entry, declared
from scanner.parsers.parsed import Parsed
from scanner.parsers.positioned_json import JsonDocument, read_json, read_json_lines

MODULES: Final[Mapping[str, ModuleType]] = {
    module.FORMAT: module for module in (aws_config, azure_graph, google_assets)
}
"""The reader of each format."""
MAX_PROBLEMS: Final = 20
"""Problems of one file that are told one by one."""

_PACKED: Final = b"\x1f\x8b"


class InputFile(Struct, frozen=True):
    """One file to read: its absolute path, its name in reports, and its format."""

    path: Path
    name: str
    format: str


def read(files: Sequence[InputFile], max_file_bytes: int) -> Parsed:
    """Read inventories. Of a resource that several of one format list, the latest entry counts."""
    found: dict[str, list[Entry]] = {name: [] for name in MODULES}
    problems: list[Problem] = []
    unread: set[str] = set()
    partly: set[str] = set()
    for file in files:
        each = list(_entries(file, max_file_bytes))
        own = [problem for problem in each if isinstance(problem, Problem)]
        found[file.format].extend(entry for entry in each if isinstance(entry, Entry))
        problems.extend(_few(own))
        if any(problem.kind.incomplete for problem in own):
            (partly if len(each) > len(own) else unread).add(file.name)
    declarations: list[Declaration] = []
    for name, module in MODULES.items():
        listed = list(declared(found[name], module.PLATFORM, name))
        declarations.extend(aws_config.asked_for(listed) if name == aws_config.FORMAT and listed else listed)
    return Parsed(
        tuple(sorted(declarations, key=lambda each: each.id)),
        tuple(file.name for file in files if file.name not in unread),
        tuple(problems),
        frozenset(unread),
        frozenset(partly),
    )


def _entries(file: InputFile, max_file_bytes: int) -> Iterator[Entry | Problem]:
    content = _content(file, max_file_bytes)
    if isinstance(content, Problem):
        yield content
        return
    reader: Callable[[JsonDocument], Iterator[Entry | Problem]] = MODULES[file.format].entries
    for document in _documents(content, file):
        if isinstance(document, Problem):
            yield document
        else:
            yield from reader(document)


def _documents(content: bytes, file: InputFile) -> Iterator[JsonDocument | Problem]:
    """One document, or of an export one a line."""
    if file.format == google_assets.FORMAT and content.lstrip()[:1] == b"{":
        whole = read_json(content, file.name)
        yield from (whole,) if isinstance(whole, JsonDocument) else read_json_lines(content, file.name)
    else:
        yield read_json(content, file.name)


def _content(file: InputFile, max_file_bytes: int) -> bytes | Problem:
    """A file's content, unpacked as far as a file may be large."""
    try:
        content = file.path.read_bytes()
        if not content.startswith(_PACKED):
            return content
        import gzip
        import zlib

        try:
            with gzip.open(file.path) as packed:
                content = packed.read(max_file_bytes + 1)
        except zlib.error as error:
            return Problem(Span(file.name, 1), ProblemKind.UNREADABLE, f"file not unpacked: {error}")
    except (OSError, EOFError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return Problem(Span(file.name, 1), ProblemKind.UNREADABLE, f"file not read: {reason}")
    if len(content) > max_file_bytes:
        message = f"unpacked it is larger than limits.max_file_bytes ({max_file_bytes})"
        return Problem(Span(file.name, 1), ProblemKind.LIMIT, message)
    return content


def _few(problems: Sequence[Problem]) -> Iterator[Problem]:
    """The first problems of a file, and how many more there are of the kind that comes next."""
    yield from problems[:MAX_PROBLEMS]
    if len(problems) > MAX_PROBLEMS:
        further = problems[MAX_PROBLEMS]
        worst = next((p.kind for p in problems[MAX_PROBLEMS:] if p.kind.incomplete), further.kind)
        yield Problem(further.span, worst, f"{len(problems) - MAX_PROBLEMS} more problems like these")
