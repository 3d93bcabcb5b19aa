"""The files of a scan as templates, each read once."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from msgspec import Struct

from scanner.model.encodings import encoding_of
from scanner.model.problem import Problem, ProblemKind
from scanner.model.span import Span
from scanner.parsers.azure import arm, bicep
from scanner.parsers.azure.arm_expressions import Expressions
from scanner.parsers.azure.reports import Refused
from scanner.parsers.azure.tree import At, ParameterFile, Template
from scanner.parsers.source_lines import source_lines
from scanner.parsers.template_files import TemplateFiles

BICEP: Final = ".bicep"


class InputFile(Struct, frozen=True):
    """One file: its absolute path, its name in reports and what discovery took it for."""

    path: Path
    name: str
    format: str


class Options(Struct, frozen=True):
    """``base`` is the folder that names in reports are relative to; nothing outside of ``scan_root`` is read.

    ``region`` is where resource groups lie that no file declares, ``parameter_files`` are given to every template that
    declares one of their parameters.
    """

    base: Path
    scan_root: Path
    region: str | None = None
    parameter_files: tuple[Path, ...] = ()
    max_file_bytes: int = 5_242_880

    @property
    def files(self) -> TemplateFiles:
        """Where files may lie."""
        return TemplateFiles(self.base, self.scan_root, self.max_file_bytes)


@dataclass(slots=True)
class Reading:
    """What has been read so far."""

    options: Options
    problems: dict[Problem, None] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    partly: set[str] = field(default_factory=set)
    sources: dict[str, tuple[str, ...]] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)
    reached: set[str] = field(default_factory=set)
    _expressions: Expressions = field(default_factory=Expressions)
    _templates: dict[str, Template | None] = field(default_factory=dict)
    _texts: dict[str, str | None] = field(default_factory=dict)
    _told: set[tuple[str, int, int, ProblemKind, str]] = field(default_factory=set)

    def report(self, span: Span, kind: ProblemKind, message: str) -> None:
        """Note what is wrong, once, however many deployments of its template come upon it."""
        place = (span.file, span.line, span.column, kind, message)
        if place not in self._told:
            self._told.add(place)
            self.problems[Problem(span, kind, message)] = None

    def name_of(self, path: str) -> str:
        """A path as reports show it."""
        return self.options.files.name_of(path)

    def path_of(self, name: str, beside: str) -> str:
        """The path that a template, which reports call ``beside``, means with a name."""
        return os.path.normpath(self.options.base / beside / ".." / name.replace("\\", "/"))

    # -- files -------------------------------------------------------------------------------------

    def content(self, path: str, asked: Span) -> bytes | None:
        """A file's bytes; ``None``, with a problem at ``asked``, for one that is not to be read or is not there."""
        return self.options.files.content(path, asked, self.report)

    def text(self, path: str, asked: Span) -> str | None:
        """The text of a file, read once."""
        if path not in self._texts:
            content = self.content(path, asked)
            self._texts[path] = None if content is None else self._decoded(content, self.name_of(path))
        return self._texts[path]

    def _decoded(self, content: bytes, name: str) -> str | None:
        encoding = encoding_of(content)
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError as error:
            message = f"not valid {encoding.removesuffix('-sig').upper()} at byte {error.start}"
            self.report(Span(name, 1), ProblemKind.UNREADABLE, message)
            self.unread.add(name)
            return None
        self.sources[name] = source_lines(content if encoding.startswith("utf-8") else text)
        return text.replace("\r\n", "\n")

    # -- templates ---------------------------------------------------------------------------------

    def template(self, path: str, asked: Span) -> Template | None:
        """The template of a file; ``None``, with a problem, for one that cannot be read."""
        if path not in self._templates:
            self._templates[path] = self._template(path, asked)
        return self._templates[path]

    def take(self, template: Template, path: str) -> None:
        """Let a template stand for what another file holds."""
        self._templates[path] = template

    def _template(self, path: str, asked: Span) -> Template | None:
        name, text = self.name_of(path), self.text(path, asked)
        if text is None:
            return None
        try:
            if path.lower().endswith(BICEP):
                return bicep.read_template(text, name)
            return arm.read_template(text, name, self._expressions)
        except Refused as refused:
            self._refused(name, refused)
            return None

    def parameters(self, path: str, asked: Span) -> ParameterFile | None:
        """The values of a file of parameters; ``None``, with a problem, for one that cannot be read."""
        name, text = self.name_of(path), self.text(path, asked)
        if text is None:
            return None
        try:
            if path.lower().endswith(".bicepparam"):
                return bicep.read_parameters(text, name)
            return arm.read_parameters(text, name, self._expressions)
        except Refused as refused:
            self._refused(name, refused)
            return None

    def _refused(self, name: str, refused: Refused) -> None:
        self.report(span_at(name, refused.at), refused.kind, str(refused))
        self.unread.add(name)


def span_at(name: str, at: At) -> Span:
    """A place of a file."""
    return Span(name, *at)
