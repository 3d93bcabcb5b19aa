"""Functions over files and paths. https://developer.hashicorp.com/terraform/language/functions, "Filesystem Functions".

Nothing outside of the scanned folder is read, also not through links; what lies there is unknown.
"""

from __future__ import annotations

import posixpath
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scanner.model.value import Unknown, Value, unknown_from
from scanner.parsers.terraform.disk import ABSOLUTE, FILE_LIMIT, Disk, Entry
from scanner.parsers.terraform.functions.calling import FunctionContext, FunctionError
from scanner.parsers.terraform.functions.hashing import digest
from scanner.parsers.terraform.values import ELEMENTS_LIMIT, TOO_MANY, join_parts, make_set, normal

_OUTSIDE: Final = "reads outside the scanned folder"
_HOME: Final = "a path that begins with ~ depends on the home folder"
_IDENTIFIER: Final = r"[^\W\d][\w-]*"


def _locate(path: str, context: FunctionContext) -> Path | Unknown:
    """The real path of a file, which may not exist."""
    if path.startswith("~"):
        return Unknown(_HOME)
    if "\0" in path:
        raise FunctionError("a path cannot have a NUL character")
    try:
        question = ABSOLUTE if posixpath.isabs(path) else "where"
        found = context.disk.located(context.module_dir / posixpath.normpath(path), question)
    except OSError as error:
        raise FunctionError(f"{path} cannot be read: {error.strerror}") from None
    return found if found is not None else Unknown(_OUTSIDE)


def _mode(found: Path, path: str, context: FunctionContext) -> int | None:
    """The file's kind, None when it does not exist."""
    try:
        return context.disk.mode(found)
    except OSError as error:
        raise FunctionError(f"{path} cannot be read: {error.strerror}") from None


def read(path: str, context: FunctionContext) -> bytes | Unknown:
    """A file's bytes; unknown when it lies outside of the scanned folder or is too large."""
    found = _locate(path, context)
    if isinstance(found, Unknown):
        return found
    mode = _mode(found, path, context)
    if mode is None:
        raise FunctionError(f"there is no file {path}")
    if not stat.S_ISREG(mode):
        raise FunctionError(f"{path} is not a file")
    try:
        data = context.disk.content(found)
    except OSError as error:
        raise FunctionError(f"{path} cannot be read: {error.strerror}") from None
    return data if len(data) <= FILE_LIMIT else Unknown(f"the file {path} has more than {FILE_LIMIT} bytes")


def text(context: FunctionContext, path: str) -> Value:
    """``file``: a file's UTF-8 text."""
    data = read(path, context)
    if isinstance(data, Unknown):
        return data
    try:
        return normal(data.decode())
    except UnicodeDecodeError:
        raise FunctionError(f"{path} is not UTF-8 text") from None


def base64(context: FunctionContext, path: str) -> Value:
    """``filebase64``: a file's bytes in base64."""
    from base64 import b64encode

    data = read(path, context)
    return data if isinstance(data, Unknown) else b64encode(data).decode()


def hexadecimal(algorithm: str) -> Callable[[FunctionContext, str], Value]:
    """``filemd5`` and its like: a file's hash in hexadecimal digits."""

    def run(context: FunctionContext, path: str) -> Value:
        data = read(path, context)
        return data if isinstance(data, Unknown) else digest(data, algorithm).hex()

    return run


def base64_hash(algorithm: str) -> Callable[[FunctionContext, str], Value]:
    """``filebase64sha256``, ``filebase64sha512``: a file's hash in base64."""

    def run(context: FunctionContext, path: str) -> Value:
        from base64 import b64encode

        data = read(path, context)
        return data if isinstance(data, Unknown) else b64encode(digest(data, algorithm)).decode()

    return run


def exists(context: FunctionContext, path: str) -> Value:
    """``fileexists``: whether there is a file; a folder is an error."""
    found = _locate(path, context)
    if isinstance(found, Unknown):
        return found
    mode = _mode(found, path, context)
    if mode is not None and not stat.S_ISREG(mode):
        raise FunctionError(f"{path} is not a file")
    return mode is not None


def file_set(context: FunctionContext, path: str, pattern: str) -> Value:
    """``fileset``: the files under a folder that match a pattern with ``*``, ``?``, ``**``, ``[…]`` and ``{a,b}``."""
    segments = posixpath.normpath(pattern).split("/")
    above = sum(segment == ".." for segment in segments)
    found = _locate(posixpath.join(path, *[".."] * above), context)
    if isinstance(found, Unknown):
        return found
    if not segments[above:]:
        return make_set([])
    try:
        names = list(_glob(str(found), "../" * above, segments[above:], _Walk(context.disk)))
    except _WalkError as error:
        return Unknown(str(error))
    except OSError as error:
        raise FunctionError(f"{path} cannot be read: {error.strerror}") from None
    return make_set(map(normal, names))


class _WalkError(Exception):
    """The walk leaves the scanned folder or does not end; the message is a clause."""


@dataclass(slots=True)
class _Walk:
    """How far a walk may go: not out of the scanned folder, and over so many entries."""

    disk: Disk
    left: int = ELEMENTS_LIMIT

    def entries(self, folder: str, depth: int) -> list[Entry]:
        """What a folder holds, nothing when it does not exist; raises :class:`_WalkError`."""
        if depth > _DEEPEST:
            raise _WalkError("folders link into each other in a circle")
        found = self.disk.entries(folder)
        self.left -= len(found)
        if self.left < 0:
            raise _WalkError(TOO_MANY)
        if any(entry.leads_out for entry in found):
            raise _WalkError(_OUTSIDE)
        return found


def _glob(folder: str, name: str, segments: Sequence[str], walk: _Walk, depth: int = 0) -> Iterator[str]:
    """The names of files that match, each with ``name`` before it."""
    first, rest = segments[0], segments[1:]
    if first == "**" and rest:
        yield from _glob(folder, name, rest, walk, depth)
    matches = _segment(first)
    for entry in walk.entries(folder, depth):
        if first != "**" and not matches(entry.name):
            continue
        if entry.is_folder:
            below = segments if first == "**" else rest
            if below:
                yield from _glob(entry.path, f"{name}{entry.name}/", below, walk, depth + 1)
        elif not rest and entry.is_file:
            yield name + entry.name


_DEEPEST: Final = 32
"""Folders inside each other that are followed."""


def _segment(pattern: str) -> Callable[[str], bool]:
    """Whether a name matches one segment of a pattern. RE2 matches it: a pattern cannot take exponential time."""
    from scanner.parsers.terraform.functions.patterns import compile_pattern

    if not re.search(r"[*?\[{\\]", pattern):
        return pattern.__eq__
    compiled = compile_pattern(f"(?s:{_regular(pattern)})")
    if compiled is None:
        raise FunctionError("file patterns need the package google-re2, which is not installed")
    return lambda name: compiled.fullmatch(name) is not None


def _regular(pattern: str) -> str:
    tokens = re.finditer(
        r"\\(?P<escaped>.)|\[(?P<negated>[!^]?)(?P<set>(?:\\.|[^\]\\])+)\]|(?P<other>.)", pattern, re.DOTALL
    )
    written: list[str] = []
    depth = 0
    for token in tokens:
        other = token["other"]
        if token["escaped"]:
            written.append(f"(?:{re.escape(token['escaped'])})")
        elif token["set"]:
            written.append(f"[{'^' if token['negated'] else ''}{token['set']}]")
        elif other == "*":
            written.append(".*")
        elif other == "?":
            written.append(".")
        elif other == "{":
            depth += 1
            written.append("(?:")
        elif other == "}" and depth:
            depth -= 1
            written.append(")")
        else:
            written.append("|" if other == "," and depth else re.escape(other or ""))
    if depth or "\\[" in written:
        raise FunctionError(f"the pattern {pattern!r} has an open bracket")
    return "".join(written)


def template_file(context: FunctionContext, path: Value, variables: Value) -> Value:
    """``templatefile``: a file's text rendered as a template."""
    if isinstance(path, Unknown):
        return unknown_from([path, variables])
    source = text(context, path)
    return unknown_from([source, variables]) if isinstance(source, Unknown) else template(context, source, variables)


def template(context: FunctionContext, source: Value, variables: Value) -> Value:
    """``templatestring``: a text rendered as a template."""
    if context.in_template:
        raise FunctionError("a template cannot render a template")
    if isinstance(source, Unknown) or isinstance(variables, Unknown):
        return unknown_from([source, variables])
    if not isinstance(variables, dict):
        raise FunctionError("the variables must be a map or object")
    for name in variables:
        if not re.fullmatch(_IDENTIFIER, name):
            raise FunctionError(f"{name!r} is not a name for a template's variable")
    result = context.render_template(source, variables)
    if result is None:
        raise FunctionError("the template's result is null")
    return result


def base_name(path: Value) -> Value:
    """The last part of a path, also of one whose end is known."""
    if isinstance(path, Unknown):
        known = path.suffix.rstrip("/")
        return known.rpartition("/")[2] if "/" in known else path.derived()
    return posixpath.basename(path.rstrip("/")) or ("/" if path else ".")


def folder_name(path: Value) -> Value:
    """A path without its last part, also of one whose end is known."""
    if isinstance(path, Unknown):
        folder, slash, _ = path.suffix.rpartition("/")
        return join_parts([*path.parts[:-1], folder]) if slash and path.parts else path.derived()
    return posixpath.normpath(path.rpartition("/")[0] or ("/" if path.startswith("/") else ".")).replace("//", "/")


def absolute(path: str) -> Value:
    """``abspath``: known for absolute paths only."""
    cleaned = posixpath.normpath(path)
    if cleaned.startswith("/"):
        return cleaned.replace("//", "/")
    here = Unknown("the absolute path depends on where Terraform runs")
    return here if cleaned.startswith("..") else here if cleaned == "." else join_parts([here, "/" + cleaned])


def expand(path: str) -> Value:
    """``pathexpand``: the same path unless it begins with ``~``."""
    return Unknown(_HOME) if path.startswith("~") else path
