"""The data that the page's own script works with, as JSON in which every text and number list stands once.

Lists of resources are runs: the gap since the end of the run before and a length, again and again. Texts are made inert
here, and the JSON holds no character that could end the element around it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from msgspec.structs import astuple

from scanner.model.outage import Effect, ServiceOutage, Verdict
from scanner.model.span import Span
from scanner.reporters.html import frames, names
from scanner.reporters.html.estate import Estate, runs
from scanner.reporters.inert import escaped, inert
from scanner.reporters.outage_text import advice

CAUSES: Final = 12
"""So many resources that fail beside a path are told of one service."""
_VERDICTS: Final = {Verdict.UP: 0, Verdict.DOWN: 1, Verdict.UNKNOWN: 2}
_ENDING: Final = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})

Json = dict[str, Any]


def payload(estate: Estate, excerpts: Iterable[frames.Excerpt] = ()) -> str:
    """The data as text for a ``script`` element of type ``application/json``.

    ``excerpts`` are the source lines of findings that the page does not show by itself.
    """
    document = _Writing(estate).document()
    document["excerpts"] = [[list(astuple(line)) for line in excerpt] for excerpt in excerpts]
    return escaped(json.dumps(document, ensure_ascii=False, separators=(",", ":"))).translate(_ENDING)


@dataclass
class _Writing:
    """Builds the document; equal texts and steps get one number."""

    estate: Estate
    texts: dict[str, int] = field(default_factory=dict)
    steps: dict[tuple[str, Span | None], int] = field(default_factory=dict)

    def document(self) -> Json:
        """The whole. Positions in its lists are the numbers by which its parts speak of each other."""
        estate, report = self.estate, self.estate.report
        single = [self._effect(effect) for effect in estate.single]
        incidents = [self._effect(effect) for effect in estate.incidents]
        resources = [[self._text(r.id), self._text(r.span.file), r.span.line] for r in estate.resources]
        steps = [self._step(text, span) for text, span in self.steps]
        return {
            "services": [[inert(s.name), s.kind, s.criticality.value] for s in report.services],
            "resources": resources,
            "single": single,
            "incidents": incidents,
            "steps": steps,
            "texts": list(self.texts),
        }

    def _text(self, text: str) -> int:
        return self.texts.setdefault(inert(text), len(self.texts))

    def _step_number(self, text: str, span: Span | None) -> int:
        return self.steps.setdefault((inert(text), span), len(self.steps))

    def _step(self, text: str, span: Span | None) -> list[Any]:
        """A hop: its text, and of its place file, line and the line's three parts."""
        if span is None:
            return [self._text(text)]
        lines = frames.excerpt(self.estate.report.sources, span)
        return [
            self._text(text),
            self._text(span.file),
            span.line,
            *((lines[0].before, lines[0].marked, lines[0].after) if lines else ()),
        ]

    def _effect(self, effect: Effect) -> Json:
        scenario, estate = effect.scenario, self.estate
        hit = [
            (number, outage)
            for number, outage in enumerate(scenario.services)
            if outage.automatic is not Verdict.UP or outage.manual is not Verdict.UP
        ]
        down = dict.fromkeys((*scenario.down, *(c.domain for s in scenario.services for c in s.because if c.domain)))
        told: Json = {
            "id": inert(scenario.id),
            "name": self._text(_name(scenario.down, scenario.title)),
            "standing": runs(estate.indexes(effect.standing)),
            "stopped": runs(estate.indexes(effect.stopped)),
            "doubtful": runs(estate.indexes(effect.doubtful)),
            "recoverable": runs(estate.indexes(effect.recoverable)),
            "services": [self._outage(number, outage) for number, outage in hit if outage.path],
        }
        if scenario.title:
            notes = [self._text(note.removeprefix(f"{effect.day}, ")) for note in scenario.notes]
            told |= {"title": inert(scenario.title), "day": effect.day, "notes": notes}
        if alike := self._alike([(number, outage) for number, outage in hit if not outage.path]):
            told["alike"] = alike
        if list(down) != [scenario.id]:
            told["down"] = list(map(inert, down))
        return told

    def _alike(self, found: Sequence[tuple[int, ServiceOutage]]) -> list[list[Any]]:
        """Services of which no reason is told, those of one answer together: the answer, and their numbers as runs."""
        together: dict[tuple[Any, ...], list[int]] = {}
        for number, outage in found:
            together.setdefault(tuple(map(str, self._outage(number, outage)[1:])), []).append(number)
        firsts = {numbers[0]: numbers for numbers in together.values()}
        return [[self._outage(n, outage)[1:], runs(firsts[n])] for n, outage in found if n in firsts]

    def _outage(self, number: int, outage: ServiceOutage) -> list[Any]:
        on_path = {step.name for step in outage.path}
        beside = [cause for cause in outage.because if cause.resource not in on_path]
        return [
            number,
            _VERDICTS[outage.automatic],
            _VERDICTS[outage.manual],
            self._text(outage.condition) if outage.condition else -1,
            [self._step_number(names.told(step), step.span) for step in outage.path],
            [self._step_number(cause.resource, cause.span) for cause in beside[:CAUSES]],
            max(0, len(beside) - CAUSES),
            [self._text(text) for text in advice(outage)],
        ]


def _name(down: Sequence[str], title: str) -> str:
    return title or " and ".join(names.domain(name).sentence for name in down)
