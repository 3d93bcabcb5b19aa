"""The place of each rendered field: the template's line that wrote it, and the value that it was made of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

from scanner.model.span import Span
from scanner.parsers.kubernetes.helm_charts import Copied
from scanner.parsers.kubernetes.helm_marks import Line, Mark, Opened, Template
from scanner.parsers.kubernetes.helm_text import EACH
from scanner.parsers.kubernetes.helm_values import Setting, Values
from scanner.parsers.positioned_yaml import Places, Positions

_INDEX: Final = re.compile(r"\[\d+\]$")
_JOINED: Final = re.compile(r"^---(?=[^\s-])", re.MULTILINE)
_MOST_STEPS: Final = 200


class Writing:
    """How one template came to be what it was rendered to. ``names`` lead from the root to the template's chart."""

    def __init__(
        self,
        root: Copied,
        names: Sequence[str],
        lines: Sequence[Line],
        templates: Sequence[Template],
        values: Values,
        helpers: Mapping[str, tuple[str, ...]],
        otherwise: Span,
    ) -> None:
        self.root, self.names, self.values, self.helpers = root, tuple(names), values, helpers
        self.lines, self.templates, self.otherwise = lines, templates, otherwise

    def line(self, number: int) -> Line | None:
        """Where a rendered line, counted from 1, came from."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else None

    def span(self, line: Line, key: str) -> Span:
        """The place that wrote a line: from a key to the line's end, or all of it where the key is not written."""
        written = re.compile(rf"(?<![\w./-])[\"']?{re.escape(key)}[\"']?\s*:") if key else None
        mark = line.origin
        if written is not None:  # trimming joins lines of a template
            mark = next((each for each in line.texts if written.search(self._text(each))), mark)
        if mark is None or not self.templates[mark.template].file:
            return self.otherwise
        template, text = self.templates[mark.template], self._text(mark)
        found = written.search(text) if written is not None else None
        start = found.start() if found else len(text) - len(text.lstrip())
        return Span(template.file, mark.line, start + 1, mark.line, max(len(text.rstrip()), start) + 1)

    def placed(self, rendered: Span) -> Span:
        """The place that wrote a rendered line, or the nearest line before it that has one."""
        for number in range(rendered.line, 0, -1):
            line = self.line(number)
            if line is not None and line.origin is not None:
                return self.span(line, "")
        return self.otherwise

    def _text(self, mark: Mark) -> str:
        index = mark.template
        if index not in self._split:
            self._split[index] = self.templates[index].text.split("\n")
        return self._split[index][mark.line - 1]

    @cached_property
    def _split(self) -> dict[int, list[str]]:
        return {}

    def setting(self, action: Opened, rest: str, name: str) -> Setting | None:
        """Where the value is set that an action writes into a field of this name; ``rest`` is the path below it."""
        written = action.mark.action
        if written is None:
            return None
        keys = [*written.reads, *(key for name in written.calls for key in self.helpers.get(name, ()))]
        found = [self._of_key(key, rest, name) for key in keys]
        settings = [each for each in found if each is not None]
        exact = [each for each in settings if each.exact]
        own = found[0] if written.reads else None
        return next(iter(exact), own or (settings[0] if len(settings) == 1 else None))

    def _of_key(self, key: str, rest: str, name: str) -> Setting | None:
        """Where a key is set. Of a mapping that is gone through, the value is meant whose name the field has."""
        if EACH in key and name:
            found = self.values.setting(self.root, self.names, _joined(key.replace(EACH, name), rest))
            if found is not None and found.exact:
                return found
        return self.values.setting(self.root, self.names, _joined(key, rest))


class RenderedPlaces(Positions):
    """Where the fields of a rendered object stand in templates."""

    def __init__(self, rendered: Places, writing: Writing, prefix: str = "") -> None:
        self._rendered, self._writing, self._prefix = rendered, writing, prefix

    def __getitem__(self, path: str) -> Span:
        whole = _joined(self._prefix, path)
        at = self._rendered[whole]
        line = self._origin(whole, at)
        if line is None:
            return self._writing.otherwise
        name = "" if _INDEX.search(whole) else _name(self._rendered, whole)
        span = self._writing.span(line, name)
        setting = self._setting(whole, at, name)
        return span if setting is None else span.under(setting.span, f"value {setting.key}")

    def line_of(self, path: str, word: str, nth: int) -> Span | None:
        """The line of a template that wrote a word into a text, and the line of the value that it was made of."""
        at = self._rendered.line_of(_joined(self._prefix, path), word, nth)
        line = None if at is None else self._writing.line(at.line)
        if line is None or line.origin is None:
            return None
        span = self._writing.span(line, "")
        for action in (*reversed(line.opened), *reversed(line.around)):
            setting = self._writing.setting(action, "", "")
            if setting is not None and setting.exact:
                return span.under(setting.span_in(word, 0), f"value {setting.key}")
        return span

    def __iter__(self) -> Iterator[str]:
        return iter(self._inner())

    def __len__(self) -> int:
        return len(self._inner())

    def __bool__(self) -> bool:
        return True

    def _inner(self) -> Places:
        return self._rendered.below(self._prefix) if self._prefix else self._rendered

    def below(self, prefix: str) -> RenderedPlaces:
        """The places of an object inside this one, its paths counted from there."""
        return RenderedPlaces(self._rendered, self._writing, _joined(self._prefix, prefix))

    def _origin(self, path: str, at: Span) -> Line | None:
        """The line of a field that has an origin, else that of the nearest field around it, else of the object."""
        for _ in range(_MOST_STEPS):
            line = self._writing.line(at.line)
            if line is not None and line.origin is not None:
                return line
            if not path:
                break
            path = _outer(path)
            at = self._rendered.get(path) or at
        first = self._rendered.get("kind") or at
        return self._writing.line(first.line)

    def _setting(self, path: str, at: Span, name: str) -> Setting | None:
        line = self._writing.line(at.line)
        if line is None:
            return None
        for action in line.opened:
            if at.column <= action.column and (at.end_line > at.line or action.column <= at.end_column):
                setting = self._writing.setting(action, "", name)
                if setting is not None:
                    return setting
        for action in reversed(line.around):
            setting = self._writing.setting(action, self._rest(path, action), name)
            if setting is not None and (setting.exact or action.mark.action is None or action.mark.action.reads):
                return setting
        return self._content(at, line)

    def _rest(self, path: str, action: Opened) -> str:
        """The part of a path that an action wrote: from the outermost field that stands in its lines."""
        start = path
        while outer := _outer(start):
            at = self._rendered.get(outer)
            line = self._writing.line(at.line) if at is not None else None
            if line is None or all(each.number != action.number for each in line.around):
                break
            start = outer
        return path[len(_outer(start)) :].lstrip(".")

    def _content(self, at: Span, line: Line) -> Setting | None:
        """The value that a whole mapping or list was made of, where one action wrote all that is below its key."""
        below = self._writing.line(at.line + 1)
        if below is None or below.texts or at.end_line > at.line:
            return None
        known = {each.number for each in line.around}
        for action in (each for each in below.around if each.number not in known):
            if action.mark.action is not None and action.mark.action.reads:
                return self._writing.setting(action, "", "")
        return None


class At(Positions):
    """All fields at one place: that of an archive's dependency, since archives have no lines to show."""

    def __init__(self, place: Span) -> None:
        self._place = place

    def __getitem__(self, path: str) -> Span:
        if path not in ("", "kind"):
            raise KeyError(path)
        return self._place

    def __iter__(self) -> Iterator[str]:
        return iter(("kind",))

    def __len__(self) -> int:
        return 1

    def below(self, prefix: str) -> At:  # noqa: ARG002 — one place for all
        """The same place."""
        return self


def apart(text: str, lines: Sequence[Line]) -> tuple[str, Sequence[Line]]:
    """A rendering with every line of dashes alone: Helm ends a document there even if text follows at once.

    YAML does not (``---apiVersion: v1`` is a key to it): https://github.com/helm/helm, ``SplitManifests``.
    """
    if not _JOINED.search(text):
        return text, lines
    made: list[Line] = []
    for line, written in zip(lines, text.split("\n"), strict=False):
        if _JOINED.match(written):  # the dashes' own mark comes first
            made += [Line(line.texts[:1]), Line(line.texts[1:] or line.texts, line.opened, line.around)]
        else:
            made.append(line)
    return _JOINED.sub("---\n", text), made


def _joined(outer: str, inner: str) -> str:
    return f"{outer}{inner}" if inner.startswith("[") or not outer or not inner else f"{outer}.{inner}"


def _outer(path: str) -> str:
    """The path of what a field stands in. Keys that hold dots are met at their dots, where nothing stands."""
    found = _INDEX.search(path)
    return path[: found.start()] if found else path.rpartition(".")[0]


def _name(rendered: Places, path: str) -> str:
    """A field's own key, which may hold dots."""
    outer = _outer(path)
    while outer and rendered.get(outer) is None:
        outer = _outer(outer)
    return path[len(outer) :].lstrip(".")
