"""The words and choices that all formats share about what changed since an earlier state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from scanner.model.comparison import Cause, Comparison, Effect, ServicePair, Turn
from scanner.model.finding import Finding, Outcome, Severity
from scanner.model.report import Report
from scanner.model.score import Score
from scanner.reporters import comparison as words
from scanner.reporters import summary
from scanner.reporters.options import Options

NAMED: Final = 3
"""So many changes of services are told in the headline; the table has the others."""

_ORDER: Final = (Effect.MORE, Effect.UNDECIDED, Effect.LESS, Effect.NEITHER)


class New(Struct, frozen=True):
    """A finding that was not there before, for all resources of its line, with the changes that it comes from.

    ``before`` is what the rule answered then; empty where that was a pass, or nothing.
    """

    finding: Finding
    causes: tuple[Cause, ...]
    before: str = ""


def headline(since: Comparison) -> str:
    """``2 new findings (1 critical, 1 high), 1 fixed. withdrawals: one zone now stops it; before it took two``."""
    return ". ".join([findings(since), *services_turned(since)])


def findings(since: Comparison) -> str:
    """How many findings are new and fixed."""
    new = len(since.new)
    told = f" ({_severities(since.new)})" if new else ""
    counted = f"{summary.plural(new, 'new finding')}{told}" if new else "no new findings"
    return f"{counted}, {len(since.fixed)} fixed" if since.fixed else counted


def _severities(turns: Sequence[Turn]) -> str:
    numbers = dict.fromkeys(sorted(Severity, reverse=True), 0)
    for turn in turns:
        numbers[turn.finding.severity] += 1
    return ", ".join(f"{number} {severity.label}" for severity, number in numbers.items() if number)


def services_turned(since: Comparison) -> list[str]:
    """What changed for services at the first level that changed, the worse off first: few sentences, and how many more.

    Services of which the same is to be told share a sentence.
    """
    names: dict[str, list[str]] = {}
    for pair in sorted(since.services, key=lambda pair: _ORDER.index(pair.effect)):
        for sentence in islice(words.turns(_alike(pair)), 1):
            names.setdefault(sentence, []).append(pair.head or pair.name)
    told = [f"{', '.join(several)}: {sentence}" for sentence, several in names.items()]
    more = len(told) - NAMED
    return [*told[:NAMED], *([f"{summary.plural(more, 'more change')} of services"] if more > 0 else [])]


def _alike(pair: ServicePair) -> ServicePair:
    """A service with the levels alone that decide its effect."""
    return replace(pair, coefficients=tuple(each for each in pair.coefficients if each.effect is pair.effect))


def table(report: Report, since: Comparison) -> Iterator[tuple[str, str, str, str]]:
    """What is told side by side: its name, both sides, and the effect; of services what changed."""
    base, head = since.base.score, since.head.score
    yield "stage", words.stage(base), words.stage(head), ""
    yield "score", words.points(base), words.points(head), _better(base.low, head.low)
    for axis in (axis.axis.value for axis in report.score.axes):
        before, after = _axis(axis, base), _axis(axis, head)
        if before or after:
            yield axis, _range(before), _range(after), _better(*(each[0] if each else 0.0 for each in (before, after)))
    for pair in since.services:
        for each in pair.coefficients:
            if each.base != each.head:
                effect = "" if each.effect is Effect.NEITHER else words.EFFECTS[each.effect]
                yield f"{pair.head}, {each.level}", words.interval(each.base), words.interval(each.head), effect
        if pair.reason:
            there, missing = "found", "-"
            yield pair.head or pair.name, *((missing, there) if pair.head else (there, missing)), pair.reason


def _axis(name: str, score: Score) -> tuple[float, float] | None:
    found = next((axis for axis in score.axes if axis.axis.value == name), None)
    return (found.low, found.high) if found is not None and summary.judged(found, score) else None


def _range(points: tuple[float, float] | None) -> str:
    return summary.score_range(*points) if points else "-"


def _better(before: float, after: float) -> str:
    return "better" if after > before else "worse" if after < before else ""


def new(report: Report, options: Options) -> tuple[New, ...]:
    """The new findings that the reader wants listed, worst first, one for each rule and line."""
    turns = report.since.new if report.since else ()
    shown = sorted((t for t in turns if t.finding.severity >= options.min_severity), key=_worst_first)
    lines: dict[tuple[str, str, int], list[Turn]] = {}
    for turn in shown:
        lines.setdefault(line_of(turn.finding), []).append(turn)
    return tuple(_new(finding, lines[line_of(finding)]) for finding in summary.merged(turn.finding for turn in shown))


def new_lines(report: Report) -> frozenset[tuple[str, str, int]]:
    """What is new, as :func:`line_of` tells it."""
    return frozenset(line_of(turn.finding) for turn in (report.since.new if report.since else ()))


def _new(finding: Finding, turns: Sequence[Turn]) -> New:
    causes = dict.fromkeys(cause for turn in turns for cause in turn.causes)
    told = turns[0].other not in (None, Outcome.PASS)
    return New(finding, tuple(causes), words.outcome(turns[0].other) if told else "")


def _worst_first(turn: Turn) -> tuple[int, str, int, int, str, str]:
    return summary.worst_first(turn.finding)


def line_of(finding: Finding) -> tuple[str, str, int]:
    """Rule, file and line: what stands together in reports."""
    return finding.rule, finding.span.file, finding.span.line


def fixed(since: Comparison, options: Options) -> list[Turn]:
    """The fixed findings that the reader wants listed; their places are base's."""
    return sorted((t for t in since.fixed if t.finding.severity >= options.min_severity), key=_worst_first)


def lasting(since: Comparison, options: Options) -> tuple[Finding, ...]:
    """The findings that failed before and still do, one for each rule and line."""
    shown = (finding for finding in since.lasting if finding.severity >= options.min_severity)
    return summary.merged(sorted(shown, key=summary.worst_first))


def blind(since: Comparison) -> Iterator[str]:
    """Why the comparison does not answer for everything."""
    for side, consequence in (
        (since.head, "what is new in it is not told"),
        (since.base, "what was there may look new"),
    ):
        if lost := sum(problem.kind.incomplete for problem in side.problems):
            yield f"{summary.plural(lost, 'problem')} kept input of the {side.label} from being read: {consequence}."


def quiet(since: Comparison) -> bool:
    """Whether nothing got worse, nothing is hidden and everything was read: there is nothing to tell a reviewer."""
    worse = any(pair.effect is Effect.MORE for pair in since.services)
    return not (since.new or since.weakened or worse or any(blind(since)))


def cause_words(causes: Iterable[Cause]) -> str:
    """What changed, in a clause."""
    return "; ".join(f"{cause.text}{' (removed)' if cause.removed else ''}" for cause in causes)
