"""Folders of configuration: their files parsed, and which of them call which."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from msgspec import Struct

from scanner.model.problem import Problem, ProblemKind
from scanner.model.span import Span
from scanner.parsers.source_lines import source_lines
from scanner.parsers.terraform import syntax, tree
from scanner.parsers.terraform.source import ModuleSource, module_source
from scanner.parsers.terraform.variables import Assignment, read_assignments

_CONFIGURATION: Final = (".tf", ".tofu", ".tf.json", ".tofu.json")


@dataclass(slots=True)
class Folder:
    """The parsed files of one folder."""

    path: Path
    source: ModuleSource
    assignments: list[tuple[str, Mapping[str, Assignment]]] = field(default_factory=list)


class InputFile(Struct, frozen=True):
    """One file to parse: absolute path, reported name, and whether it holds variable values."""

    path: Path
    name: str
    is_values: bool


@dataclass(slots=True)
class Reader:
    """Reads and parses files, each content once; keeps what could not be read."""

    problems: list[Problem] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    partly: set[str] = field(default_factory=set)
    lines: dict[str, tuple[str, ...]] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)
    trees: dict[tuple[bytes, str], tree.ParsedFile] = field(default_factory=dict)
    installed_folders: dict[Path, Folder | None] = field(default_factory=dict)

    def folders(self, files: Sequence[InputFile]) -> dict[Path, Folder]:
        """Parse all files, folder by folder. A ``.tofu`` file replaces the ``.tf`` file of the same name."""
        by_folder: dict[Path, list[InputFile]] = {}
        for file in files:
            by_folder.setdefault(file.path.parent, []).append(file)
        result: dict[Path, Folder] = {}
        for path, members in sorted(by_folder.items()):
            names = {member.path.name for member in members}
            kept = [m for m in members if m.path.name.replace(".tf", ".tofu", 1) not in names or ".tofu" in m.path.name]
            parsed = [(m, tree_) for m in kept if (tree_ := self.parse(m)) is not None]
            source = module_source(str(path), [(m.name, p) for m, p in parsed if not m.is_values])
            self.problems.extend(source.problems)
            folder = Folder(path, source)
            for member, file_tree in parsed:
                if member.is_values:
                    folder.assignments.append(
                        (member.path.name, read_assignments(file_tree, member.name, self.problems))
                    )
            result[path] = folder
        return result

    def installed(self, path: Path, root: Path, base: Path, max_bytes: int) -> Folder | None:
        """A folder of installed modules, which the walk over the tree left out, read once."""
        if path not in self.installed_folders:
            files = [
                InputFile(file, os.path.relpath(file, base).replace(os.sep, "/"), is_values=False)
                for file in (sorted(path.iterdir()) if path.is_dir() else ())
                if file.name.endswith(_CONFIGURATION)
                and not file.name.startswith(".")
                and self.allows(file, root, max_bytes)
            ]
            self.installed_folders[path] = self.folders(files).get(path) if files else None
        return self.installed_folders[path]

    def allows(self, file: Path, root: Path, max_bytes: int) -> bool:
        """Whether a file lies within the root, is a plain file, and is not too large."""
        if not is_within(file, root) or not file.is_file():
            return False
        if file.stat().st_size > max_bytes:
            self.problems.append(Problem(Span(file.name, 1), ProblemKind.LIMIT, f"file larger than {max_bytes} bytes"))
            return False
        return True

    def parse(self, file: InputFile) -> tree.ParsedFile | None:
        """The tree of one file; ``None`` when it can't be opened."""
        try:
            data = file.path.read_bytes()
        except OSError as error:
            self.problems.append(
                Problem(Span(file.name, 1), ProblemKind.UNREADABLE, f"file not read: {error.strerror}")
            )
            self.unread.add(file.name)
            return None
        key = data, file.path.suffix
        if key not in self.trees:
            self.trees[key] = syntax.parse(data, file.path.name)
        parsed = self.trees[key]
        self.lines[file.name] = source_lines(data)
        if any(problem.fatal for problem in parsed.problems):
            empty = not parsed.body.attributes and not parsed.body.blocks
            (self.unread if empty else self.partly).add(file.name)
        return parsed


def is_within(path: Path, root: Path) -> bool:
    """Whether a path leads, through links, to a place inside of a folder."""
    try:
        return path.resolve().is_relative_to(root)
    except (OSError, ValueError, RuntimeError):
        return False


def uncalled(folders: Mapping[Path, Folder]) -> list[Path]:
    """Folders that no other calls, and the first of each circle of folders that only call each other."""
    calls = {path: [target for target in _local_calls(folder) if target in folders] for path, folder in folders.items()}
    called = {target for targets in calls.values() for target in targets}
    found: list[Path] = []
    reached: set[Path] = set()
    for path in (*(p for p in folders if p not in called), *folders):
        if path in reached:
            continue
        found.append(path)
        waiting = [path]
        while waiting:
            target = waiting.pop()
            if target not in reached:
                reached.add(target)
                waiting.extend(calls[target])
    return sorted(found)


def _local_calls(folder: Folder) -> Iterator[Path]:
    for located in folder.source.calls.values():
        text = literal(located.block.body.attributes.get("source"))
        if text is not None and text.startswith(("./", "../", ".\\", "..\\")):
            yield Path(os.path.normpath(folder.path / text))


def literal(attribute: tree.Attribute | None) -> str | None:
    """The text of an attribute that is written as plain text."""
    value = attribute.value if attribute else None
    return value.value if isinstance(value, tree.Literal) and isinstance(value.value, str) else None
