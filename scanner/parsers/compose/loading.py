"""One project from its files: extended services, files laid over each other, included projects."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from scanner.model.problem import ProblemKind
from scanner.model.span import Span
from scanner.model.value import Unknown
from scanner.parsers.compose.fields import Field
from scanner.parsers.compose.interpolation import Variables
from scanner.parsers.compose.merging import SECTIONS, merged, merged_model, without_resets
from scanner.parsers.compose.reading import Reading

MAX_CHAIN: Final = 40
"""Services that extend each other in a row, and projects that include each other."""
MAX_LOADS: Final = 400
"""Files that one project may be made of, those that are read again counted again."""

_REMOTE: Final = ("http://", "https://", "git@", "oci://", "ssh://", "git://", "github.com/")


@dataclass(slots=True)
class Loading:
    """Loads the files of one project. ``folder`` is the project's: its relative paths start there."""

    reading: Reading
    folder: str
    variables: Variables
    _loads: int = 0
    _extended: dict[tuple[str, str, str], Field | None] = field(default_factory=dict)
    _models: dict[tuple[str, str], Field | None] = field(default_factory=dict)
    _open: list[tuple[str, str]] = field(default_factory=list)

    def load(self, paths: Sequence[str], asked: Span, including: tuple[str, ...] = ()) -> Field | None:
        """Files laid over each other in their order, with the projects that they include."""
        result: Field | None = None
        for path in paths:
            model = self._with_extended(path, self.folder, asked)
            if model is not None:
                result = model if result is None else merged_model(result, model)
        if result is None:
            return None
        chain = (*including, paths[0])
        include = result.get("include")
        for entry in include.items() if include is not None else ():
            found = self._included(entry, chain)
            if found is not None:
                result = _imported(result, found)
        return without_resets(result)

    # -- extends -----------------------------------------------------------------------------------

    def _model(self, path: str, folder: str, asked: Span) -> Field | None:
        key = (path, folder)
        if key not in self._models:
            self._loads += 1
            if self._loads > MAX_LOADS:
                self.reading.report(asked, ProblemKind.LIMIT, f"more than {MAX_LOADS} files make one project")
                return None
            self._models[key] = self.reading.model(path, folder, self.variables, asked)
        return self._models[key]

    def _with_extended(self, path: str, folder: str, asked: Span) -> Field | None:
        model = self._model(path, folder, asked)
        services = None if model is None else model.get("services")
        if model is None or services is None or not isinstance(services.value, dict):
            return model
        found = {name: self._service(name, path, folder, item) for name, item in services.value.items()}
        return model.with_value({**model.value, "services": services.with_value(found)})

    def _service(self, name: str, path: str, folder: str, written: Field) -> Field:
        """A service laid over the one that it extends."""
        extends = written.get("extends")
        if extends is None or extends.tag:
            return written
        key = (name, path, folder)
        if key not in self._extended:
            self._extended[key] = self._extend(name, path, folder, written, extends)
        return self._extended[key] or written

    def _extend(self, name: str, path: str, folder: str, written: Field, extends: Field) -> Field:
        own = written.with_value({k: v for k, v in written.value.items() if k != "extends"})
        step = (path, name)
        if step in self._open:
            circle = " -> ".join([*(each for _, each in self._open[self._open.index(step) :]), name])
            self.reading.report(extends.origin.span, ProblemKind.INVALID, f"extends goes in a circle: {circle}")
            return own
        if len(self._open) >= MAX_CHAIN:
            message = f"more than {MAX_CHAIN} services extend each other in a row"
            self.reading.report(extends.origin.span, ProblemKind.LIMIT, message)
            return own
        self._open.append(step)
        base = self._base(path, folder, extends)
        self._open.pop()
        return own if base is None else merged(base, own)

    def _base(self, path: str, folder: str, extends: Field) -> Field | None:
        wanted, span = extends.text("service"), extends.origin.span
        file = extends.get("file")
        if file is not None:
            found = self._path(file, folder)
            if found is None:
                return None
            path, folder = found, posixpath.dirname(found)
            self.reading.used.add(path)
        model = self._model(path, folder, span)
        services = None if model is None else model.get("services")
        base = None if services is None else services.get(wanted)
        if base is None or not isinstance(base.value, dict):
            if model is not None:
                shown = self.reading.name_of(path)
                self.reading.report(span, ProblemKind.UNRESOLVED, f"service {wanted or '?'} is not in {shown}")
            return None
        return self._service(wanted, path, folder, base)

    def _path(self, written: Field, folder: str) -> str | None:
        """A file that another one names; ``None`` for one that is not known or lies elsewhere."""
        name, span = written.value, written.origin.span
        if isinstance(name, Unknown):
            self.reading.report(span, ProblemKind.UNRESOLVED, f"which file is meant is not known: {name.reason}")
            return None
        if not isinstance(name, str) or not name or "\0" in name:
            self.reading.report(span, ProblemKind.INVALID, "the name of a file is a text")
            return None
        if name.startswith(_REMOTE):
            self.reading.report(span, ProblemKind.MODULE, f"{name} is not on this machine")
            return None
        return posixpath.normpath(posixpath.join(folder, name))

    # -- include -----------------------------------------------------------------------------------

    def _included(self, entry: Field, chain: tuple[str, ...]) -> Field | None:
        """An included project, with its own folder and variables. Those of this project count first."""
        span = entry.origin.span
        written = entry.get("path") if isinstance(entry.value, dict) else entry
        paths = [self._path(each, self.folder) for each in written.items()] if written is not None else []
        found = [path for path in paths if path is not None]
        if not found:
            return None
        if found[0] in chain:
            names = " -> ".join(self.reading.name_of(each) for each in (*chain[chain.index(found[0]) :], found[0]))
            self.reading.report(span, ProblemKind.INVALID, f"include goes in a circle: {names}")
            return None
        if len(chain) >= MAX_CHAIN or self._loads >= MAX_LOADS:
            self.reading.report(span, ProblemKind.LIMIT, "too many projects include each other")
            return None
        self.reading.used.update(found)
        directory = entry.get("project_directory") if isinstance(entry.value, dict) else None
        named = None if directory is None else self._path(directory, self.folder)
        folder = named or posixpath.dirname(found[0])
        inner = Loading(self.reading, folder, self._variables(entry, folder), self._loads + 1)
        model = inner.load(found, span, chain)
        self._loads = inner._loads
        return model

    def _variables(self, entry: Field, folder: str) -> Variables:
        files = entry.get("env_file") if isinstance(entry.value, dict) else None
        if files is None:
            default = posixpath.join(folder, ".env")
            found = self.reading.variables(default, entry.origin.span, self.variables, optional=True)
            return self.variables.with_defaults(found.values)
        variables = self.variables
        defaults: dict[str, str | Unknown | None] = {}
        for file in files.items():
            path = self._path(file, self.folder)
            if path is not None and path != "/dev/null":
                defaults.update(self.reading.variables(path, file.origin.span, variables, optional=False).values)
        return variables.with_defaults(defaults)


def _imported(model: Field, included: Field) -> Field:
    """Everything that an included project declares; what this project declares as well is laid over it."""
    sections = dict(model.mapping())
    for key in SECTIONS:
        theirs, ours = included.get(key), sections.get(key)
        if theirs is None or not isinstance(theirs.value, dict):
            continue
        own = ours.mapping() if ours is not None else {}
        both = {name: merged(item, own[name]) if name in own else item for name, item in theirs.value.items()}
        sections[key] = Field({**own, **both}, ours.origin if ours is not None else theirs.origin)
    return model.with_value(sections)
