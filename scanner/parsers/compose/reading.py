"""Reading files of a Compose project: nothing outside of the scan root, nothing too large, each document once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from msgspec import Struct

from scanner.model.problem import Problem, ProblemKind
from scanner.model.span import Span
from scanner.model.value import Unknown, Value, with_origin
from scanner.parsers.compose import canonical
from scanner.parsers.compose.dotenv import EnvFile, read_variables
from scanner.parsers.compose.fields import OVERRIDE, RESET, Field, Origin
from scanner.parsers.compose.interpolation import Refused, Variables
from scanner.parsers.compose.merging import SECTIONS, merged_model
from scanner.parsers.positioned_yaml import Document, Places, read_yaml
from scanner.parsers.source_lines import source_lines

MAX_FIELDS: Final = 300_000
"""Fields that the files of one scan may make, those of files that are read several times counted each time."""
MAX_NAMED: Final = 1_000
"""Services, volumes, networks, secrets or configs of one file."""
MAX_TEXT_FILE: Final = 131_072
"""Bytes of a file that a config holds; a longer one is not looked into."""

_KEYS: Final = (*SECTIONS, "name", "include")


class Options(Struct, frozen=True):
    """``base`` is the folder that names in reports are relative to; nothing outside of ``scan_root`` is read."""

    base: Path
    scan_root: Path
    max_file_bytes: int = 5_242_880


@dataclass(slots=True)
class Reading:
    """What has been read so far."""

    options: Options
    problems: list[Problem] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    partly: set[str] = field(default_factory=set)
    sources: dict[str, tuple[str, ...]] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    told: dict[str, tuple[frozenset[str], frozenset[str]]] = field(default_factory=dict)
    _documents: dict[str, tuple[Document, ...] | None] = field(default_factory=dict)
    _fields: int = 0

    def report(self, span: Span, kind: ProblemKind, message: str) -> None:
        """Note what is wrong."""
        self.problems.append(Problem(span, kind, message))

    def name_of(self, path: str) -> str:
        """A path as reports show it."""
        return os.path.relpath(path, self.options.base).replace(os.sep, "/")

    # -- files -------------------------------------------------------------------------------------

    def content(self, path: str, asked: Span, *, optional: bool = False) -> bytes | None:
        """A file's bytes; ``None``, with a problem at ``asked``, for one that is not to be read or is not there."""
        shown = self.name_of(path)
        try:
            real = Path(path).resolve(strict=True)
            if not real.is_relative_to(self.options.scan_root.resolve()):
                self.report(asked, ProblemKind.UNRESOLVED, f"{shown} lies outside of the scanned folder; not read")
                return None
            if not real.is_file():
                self.report(asked, ProblemKind.UNRESOLVED, f"{shown} is not a file")
                return None
            if real.stat().st_size > self.options.max_file_bytes:
                self.report(asked, ProblemKind.LIMIT, f"{shown} is larger than limits.max_file_bytes; not read")
                return None
            return real.read_bytes()
        except FileNotFoundError:
            if not optional:
                self.report(asked, ProblemKind.UNRESOLVED, f"{shown} is not in the scanned folder")
        except (OSError, RuntimeError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not a path"
            self.report(asked, ProblemKind.UNREADABLE, f"{shown} not read: {reason}")
        return None

    def documents(self, path: str, asked: Span) -> tuple[Document, ...] | None:
        """The documents of a Compose file, read once; ``None`` for one that cannot be read."""
        if path not in self._documents:
            content = self.content(path, asked)
            self._documents[path] = None if content is None else self._parsed(path, content)
        return self._documents[path]

    def _parsed(self, path: str, content: bytes) -> tuple[Document, ...]:
        name = self.name_of(path)
        found = read_yaml(content, name)
        self.sources[name] = source_lines(content)
        self.problems.extend(found.problems)
        if any(problem.kind.incomplete for problem in found.problems):
            (self.partly if found.documents else self.unread).add(name)
        return found.documents

    def variables(self, path: str, asked: Span, known: Variables, *, raw: bool = False, optional: bool) -> EnvFile:
        """The variables of a file; none when it cannot be read."""
        content = self.content(path, asked, optional=optional)
        if content is None:
            return EnvFile({}, {})
        name = self.name_of(path)
        text = content.decode("utf-8-sig", "replace").replace("\r\n", "\n")
        self.sources[name] = source_lines(content)
        found = read_variables(text, name, known, raw=raw)
        self.problems.extend(found.problems)
        return found

    def text(self, path: str, asked: Span) -> str:
        """A text file that a config holds; empty for one that is not there, too long, or no text."""
        content = self.content(path, asked, optional=True)
        if content is None or len(content) > MAX_TEXT_FILE or b"\0" in content:
            return ""
        return content.decode("utf-8", "replace")

    # -- models ------------------------------------------------------------------------------------

    def model(self, path: str, folder: str, variables: Variables, asked: Span) -> Field | None:
        """A file's sections with variables filled in and services in canonical shape; ``None`` if it has none.

        Relative paths in it start from ``folder``.
        """
        documents = self.documents(path, asked)
        result: Field | None = None
        for document in documents or ():
            if isinstance(document.data, dict):
                found = _Filling(self, document, variables).sections(document.data)
                found = _canonical(found, folder)
                result = found if result is None else merged_model(result, found)
            elif document.data is not None:
                self.report(document.span, ProblemKind.INVALID, "a Compose file is a mapping")
                self.unread.add(self.name_of(path))
        return result

    def count(self, span: Span) -> bool:
        """Count one field; false, with a problem, once there are too many."""
        self._fields += 1
        if self._fields == MAX_FIELDS + 1:
            self.report(
                span, ProblemKind.LIMIT, f"Compose files make more than {MAX_FIELDS} fields; the rest is left out"
            )
        if self._fields > MAX_FIELDS:
            self.partly.add(span.file)
        return self._fields <= MAX_FIELDS


def _canonical(model: Field, folder: str) -> Field:
    services = model.get("services")
    if services is None or not isinstance(services.value, dict):
        return model
    shaped = {name: canonical.service(item, folder) for name, item in services.value.items()}
    return model.with_value({**model.value, "services": services.with_value(shaped)})


@dataclass(slots=True)
class _Filling:
    """Makes fields of one document, with the variables of their texts filled in."""

    reading: Reading
    document: Document
    variables: Variables
    tagged: bool = False

    def __post_init__(self) -> None:
        places = self.document.places
        text = places.source.text if isinstance(places, Places) else ""
        self.tagged = RESET in text or OVERRIDE in text

    def sections(self, data: Mapping[str, Value]) -> Field:
        """The sections that Compose knows; extensions have done their work as anchors."""
        found = {key: self._field(self._few(data[key], key), key) for key in _KEYS if key in data}
        for key in SECTIONS:
            wrong = key in found and not isinstance(found[key].value, dict) and found[key].value is not None
            if wrong and not found[key].tag:
                self.reading.report(found[key].origin.span, ProblemKind.INVALID, f"{key} is a mapping of names")
                self.reading.partly.add(found[key].origin.span.file)
        return Field(found, self._origin(""))

    def _few(self, value: Value, section: str) -> Value:
        """The first entries of a section; where there are more than one host can run, a problem tells of the rest."""
        if section not in SECTIONS or not isinstance(value, dict) or len(value) <= MAX_NAMED:
            return value
        kept = dict(islice(value.items(), MAX_NAMED))
        span = self._origin(f"{section}.{next(islice(value, MAX_NAMED, None))}").span
        self.reading.report(span, ProblemKind.LIMIT, f"more than {MAX_NAMED} {section}; the rest is left out")
        self.reading.partly.add(span.file)
        return kept

    def _origin(self, path: str) -> Origin:
        return Origin(self.document.places, path, self.document.span)

    def _field(self, value: Value, path: str) -> Field:
        origin = self._origin(path)
        tag = self._tag(path) if self.tagged else ""
        if not self.reading.count(self.document.span):
            return Field(None, origin, tag)
        if isinstance(value, dict):
            return Field({key: self._field(item, f"{path}.{key}") for key, item in value.items()}, origin, tag)
        if isinstance(value, list):
            return Field([self._field(item, f"{path}[{n}]") for n, item in enumerate(value)], origin, tag)
        return Field(self._text(value, origin) if isinstance(value, str) else value, origin, tag)

    def _tag(self, path: str) -> str:
        places = self.document.places
        tag = places.tag(path) if isinstance(places, Places) else ""
        return tag if tag in (RESET, OVERRIDE) else ""

    def _text(self, text: str, origin: Origin) -> Value:
        if "$" not in text:
            return text
        try:
            value = self.variables.filled(text)
        except Refused as refused:
            self.reading.report(origin.span, refused.kind, str(refused))
            value = Unknown(str(refused))
        return with_origin(value, origin.span) if isinstance(value, Unknown) else value
