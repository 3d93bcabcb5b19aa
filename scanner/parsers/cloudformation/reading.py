"""Reading files of templates: nothing outside of the scan root, nothing too large, each file once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec import Struct

from scanner.model.problem import Problem, ProblemKind
from scanner.model.span import Span
from scanner.parsers.cloudformation.fields import Origin
from scanner.parsers.cloudformation.limits import Budget
from scanner.parsers.cloudformation.syntax import Scope
from scanner.parsers.positioned_yaml import Document, Places, read_yaml
from scanner.parsers.source_lines import source_lines
from scanner.parsers.template_files import TemplateFiles


class InputFile(Struct, frozen=True):
    """One file: its absolute path, and its name in reports."""

    path: Path
    name: str


class Options(Struct, frozen=True):
    """What a user can tell.

    ``base`` is the folder that names in reports are relative to; nothing outside of ``scan_root`` is read. ``region``
    is where stacks are deployed that do not say so, ``parameter_files`` hold values for the parameters of all
    templates; later files win. ``alone`` says that nothing else in the scan is called by plain names.
    """

    base: Path
    scan_root: Path
    region: str | None = None
    parameter_files: tuple[Path, ...] = ()
    max_file_bytes: int = 5_242_880
    alone: bool = True

    @property
    def files(self) -> TemplateFiles:
        """Where files may lie."""
        return TemplateFiles(self.base, self.scan_root, self.max_file_bytes)


class Template(Struct, frozen=True):
    """One template. ``path`` is absolute, ``sections`` are the keys and values of its first level."""

    path: str
    name: str
    sections: Mapping[str, tuple[Any, Any]]
    scope: Scope

    def node(self, section: str) -> Any | None:
        """What stands in a section that is a mapping."""
        found = self.sections.get(section)
        return found[1] if found is not None and found[1].id == "mapping" else None

    @property
    def span(self) -> Span:
        """Where it begins."""
        return Span(self.name, 1)


@dataclass(slots=True)
class Reading:
    """What has been read so far."""

    options: Options
    problems: list[Problem] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    partly: set[str] = field(default_factory=set)
    sources: dict[str, tuple[str, ...]] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)
    budget: Budget = field(default_factory=Budget)
    _documents: dict[str, Document | None] = field(default_factory=dict)
    _names: dict[str, frozenset[str]] = field(default_factory=dict)

    def report(self, span: Span, kind: ProblemKind, message: str) -> None:
        """Note what is wrong."""
        self.problems.append(Problem(span, kind, message))

    def limit(self, span: Span, message: str) -> None:
        """Note a limit that cut something off, once."""
        if message not in self.budget.told:
            self.budget.told.add(message)
            self.report(span, ProblemKind.LIMIT, f"{message}; the rest is left out")
        self.partly.add(span.file)

    def names_in(self, folder: str) -> frozenset[str]:
        """The names in a folder; none where there is no such folder."""
        if folder not in self._names:
            try:
                self._names[folder] = frozenset(entry.name for entry in Path(folder).iterdir())
            except OSError:
                self._names[folder] = frozenset()
        return self._names[folder]

    def name_of(self, path: str) -> str:
        """A path as reports show it."""
        return self.options.files.name_of(path)

    def root_name(self, path: str) -> str:
        """A path from the folder that is scanned, as all roots are called."""
        return os.path.relpath(path, self.options.scan_root).replace(os.sep, "/")

    def content(self, path: str, asked: Span) -> bytes | None:
        """A file's bytes; ``None``, with a problem at ``asked``, for one that is not to be read or is not there."""
        return self.options.files.content(path, asked, self.report)

    def document(self, path: str, asked: Span) -> Document | None:
        """The first document of a file, read once; ``None`` for one that cannot be read."""
        if path not in self._documents:
            content = self.content(path, asked)
            self._documents[path] = None if content is None else self._parsed(path, content)
        return self._documents[path]

    def _parsed(self, path: str, content: bytes) -> Document | None:
        name = self.name_of(path)
        found = read_yaml(content, name)
        self.sources[name] = source_lines(content)
        self.problems.extend(found.problems)
        if any(problem.kind.incomplete for problem in found.problems):
            (self.partly if found.documents else self.unread).add(name)
        return found.documents[0] if found.documents else None

    def template(self, path: str, asked: Span) -> Template | None:
        """The template in a file; ``None``, with a problem, for a file that holds none."""
        document = self.document(path, asked)
        if document is None:
            return None
        name = self.name_of(path)
        if not isinstance(document.data, dict):
            self.report(document.span, ProblemKind.INVALID, "a template is a mapping")
            self.unread.add(name)
            return None
        return template_of(path, name, root_of(document))


def root_of(document: Document) -> Any:
    """The node of a document's data."""
    places = document.places
    if not isinstance(places, Places):
        raise TypeError("templates are read through positioned_yaml")
    return places.root


def template_of(path: str, name: str, root: Any) -> Template:
    """A template from its node."""
    sections = {key.value: (key, value) for key, value in root.value if key.id == "scalar"}
    return Template(path, name, sections, Scope(Origin(name)))
