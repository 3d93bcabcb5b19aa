"""Which parameters, conditions and mappings a written attribute of a template takes its value from.

Told by the lines that an attribute spans, in YAML and JSON alike: the names that functions use there, and the blocks of
these names in the template's own sections.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from scanner.model.origin import Origin
from scanner.model.resource import Declaration
from scanner.model.span import Span

MAX_STEPS: Final = 100
"""So many names are followed for one attribute."""

_SECTION: Final = re.compile(r"""^\s*["']?(Parameters|Conditions|Mappings)["']?\s*:""")
_ENTRY: Final = re.compile(r"""^(\s+)["']?([A-Za-z0-9]+)["']?\s*:""")
_NAMES: Final = re.compile(
    r"""(?:!Ref|!Condition|Ref["']?\s*:|Condition["']?\s*:)\s*["']?([A-Za-z0-9]+)"""
    r"""|\$\{([A-Za-z0-9]+)\}"""
    r"""|(?:!If|Fn::If["']?\s*:|!FindInMap|Fn::FindInMap["']?\s*:)\s*(?:-|\[)?\s*["']?([A-Za-z0-9]+)"""
)
_KEY: Final = re.compile(r"""^\s*["']?[A-Za-z]+["']?\s*:""")
_WORDS: Final = {"Parameters": "parameter", "Conditions": "condition", "Mappings": "mapping"}


@dataclass(slots=True)
class Provenance:
    """The lines of templates, and the blocks of their sections as far as they were asked for."""

    sources: Mapping[str, Sequence[str]]
    _blocks: dict[str, dict[str, Origin]] = field(default_factory=dict)

    def origins(self, declaration: Declaration, path: str) -> tuple[Origin, ...]:
        """The places that an attribute takes its value from, the nearest first."""
        span = declaration.places.get(path)
        lines = self.sources.get(span.file, ()) if span is not None else ()
        return tuple(self._of(span, lines)) if span is not None else ()

    def _of(self, span: Span, lines: Sequence[str]) -> Iterator[Origin]:
        blocks = self._known(span.file, lines)
        waiting, seen = [span], set[str]()
        while waiting and len(seen) < MAX_STEPS:
            place = waiting.pop(0)
            text = "\n".join(lines[place.line - 1 : place.end_line])
            for name in (next(filter(None, found)) for found in _NAMES.findall(text)):
                if name in blocks and name not in seen:
                    seen.add(name)
                    yield blocks[name]
                    waiting.append(blocks[name].span)

    def _known(self, file: str, lines: Sequence[str]) -> dict[str, Origin]:
        if file not in self._blocks:
            self._blocks[file] = dict(_blocks(file, lines))
        return self._blocks[file]


def _blocks(file: str, lines: Sequence[str]) -> Iterator[tuple[str, Origin]]:
    """The entries of a template's sections by name, each with all of its lines."""
    section, indent, start, name = "", 0, 0, ""
    top = min((_depth(text) for text in lines if _KEY.match(text)), default=0)
    for number, text in enumerate([*lines, "end:"], 1):
        if not text.strip():
            continue
        depth = _depth(text)
        if name and depth <= indent:
            yield name, Origin(Span(file, start, indent + 1, number - 1, 1), f"{_WORDS[section]} {name}")
            name = ""
        if depth == top and (found := _SECTION.match(text)) is not None:
            section, indent = found[1], 0
        elif section and (entry := _ENTRY.match(text)) is not None and not name and indent in (0, depth):
            name, start, indent = entry[2], number, depth
        elif section and not name and depth < (indent or depth + 1):
            section = ""


def _depth(text: str) -> int:
    return len(text) - len(text.lstrip())
