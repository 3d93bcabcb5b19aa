"""Which parameters and variables a written attribute of a Bicep file takes its value from.

Told by the names that stand in its lines, and by the declarations of these names in the file and in the files of values
that use it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from scanner.model.origin import Origin
from scanner.model.resource import Declaration
from scanner.model.span import Span

MAX_STEPS: Final = 100
"""So many names are followed for one attribute."""

_DECLARED: Final = re.compile(r"(param|var)\s+([A-Za-z_]\w*)")
_USING: Final = re.compile(r"using\s+'([^']+)'")
_TEXT: Final = re.compile(r"'(?:\\.|[^'\\])*'")
_INTERPOLATED: Final = re.compile(r"(?<!\\)\$\{([^}]*)\}")
_COMMENT: Final = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_KEY: Final = re.compile(r"(^|[{,])\s*\w+\s*:", re.MULTILINE)
_NAME: Final = re.compile(r"(?<![.\w])[A-Za-z_]\w*")
_WORDS: Final = {"param": "parameter", "var": "variable"}

Declared = Mapping[str, Origin]


@dataclass(slots=True)
class Provenance:
    """The lines of Bicep files, and what they declare as far as that was asked for."""

    sources: Mapping[str, Sequence[str]]
    _declared: dict[str, Declared] = field(default_factory=dict)
    _values: dict[str, Declared] | None = None

    def origins(self, declaration: Declaration, path: str) -> tuple[Origin, ...]:
        """The places that an attribute takes its value from, the nearest first."""
        span = declaration.places.get(path)
        return tuple(self._of(span)) if span is not None and span.file in self.sources else ()

    def _of(self, span: Span) -> Iterator[Origin]:
        declared, given = self._in(span.file), self._given(span.file)
        waiting, seen = [span], set[str]()
        while waiting and len(seen) < MAX_STEPS:
            for name in self._names(waiting.pop(0)):
                if name in declared and name not in seen:
                    seen.add(name)
                    origin = given.get(name, declared[name])
                    yield origin
                    if origin.span.file == span.file:
                        waiting.append(origin.span)

    def _names(self, place: Span) -> Iterator[str]:
        """The names that are used in some lines, without keys and what stands in texts."""
        lines = self.sources[place.file][place.line - 1 : place.end_line]
        text = _TEXT.sub(lambda found: f" {' '.join(_INTERPOLATED.findall(found[0]))} ", "\n".join(lines))
        text = _COMMENT.sub("", text)
        yield from dict.fromkeys(_NAME.findall(_KEY.sub(r"\1", text)))

    def _in(self, file: str) -> Declared:
        if file not in self._declared:
            lines = self.sources[file]
            self._declared[file] = {
                found[2]: Origin(span, f"{_WORDS[found[1]]} {found[2]}")
                for span in _statements(file, lines)
                if (found := _DECLARED.match(lines[span.line - 1])) is not None
            }
        return self._declared[file]

    def _given(self, file: str) -> Declared:
        """The values that files of parameters give to those of a file."""
        if self._values is None:
            self._values = {}
            for name, lines in self.sources.items():
                if not name.endswith(".bicepparam"):
                    continue
                using = next((found[1] for line in lines if (found := _USING.match(line))), "")
                target = posixpath.normpath(posixpath.join(posixpath.dirname(name), using))
                self._values[target] = {
                    each: Origin(origin.span, f"the value of {origin.text}") for each, origin in self._in(name).items()
                }
        return self._values.get(file, {})


def _statements(file: str, lines: Sequence[str]) -> Iterator[Span]:
    """The top-level statements of a file, each with all of its lines."""
    begins = [n for n, text in enumerate(lines, 1) if text[:1].isalpha() or text.startswith("@")]
    for start, following in zip(begins, [*begins[1:], len(lines) + 1], strict=True):
        end = following - 1
        while end > start and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("//")):
            end -= 1
        yield Span(file, start, 1, end, len(lines[end - 1]) + 1)
