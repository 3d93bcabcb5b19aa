"""A comparison as Markdown, for a job summary or a review."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scanner.model.comparison import Comparison, Effect, Lone, Match, Place, Side, Turn
from scanner.reporters import comparison as words
from scanner.reporters.gfm import code, escaped, hard_limit
from scanner.reporters.inert import without_commands
from scanner.reporters.options import DEFAULT, Options


def render(report: Comparison, options: Options = DEFAULT) -> str:
    """Whole lines of at most ``options.max_bytes`` bytes of UTF-8, what matters most first."""
    lines = [
        *_head(report),
        *_list("What stops services", [words_of for service in report.services for words_of in words.told(service)]),
        *_list("Judged more mildly", [f"{w.span.file}:{w.span.line}: {w.message}" for w in report.weakened]),
        *_turns(report.new, "New findings", report),
        *_turns(report.fixed, "No longer found", report),
        *_matches(words.changed(report, Effect.MORE), "More centralized"),
        *_estate(report),
        *_matches(words.changed(report, Effect.UNDECIDED), "Not decided"),
        *_matches(words.changed(report, Effect.LESS), "Less centralized"),
        *_matches(words.drifted(report), "Different, and no rule minds"),
        *_ambiguous(report),
        *_lone(report.only_head, report.head),
        *_lone(report.only_base, report.base),
        *_problems(report),
    ]
    safe = map(without_commands, "\n".join(lines).split("\n"))
    return hard_limit("\n".join(safe).rstrip("\n") + "\n", options.max_bytes)


def _head(report: Comparison) -> Iterator[str]:
    yield from (f"## riskscan: {escaped(words.verdict(report))}", "", f"{escaped(words.counts(report))}.", "")
    if touched := words.roots(report):
        yield from (f"{escaped(touched)}.", "")
    yield f"| | {report.base.label} | {report.head.label} | |"
    yield "|---|--:|--:|---|"
    for row in words.rows(report):
        yield f"| {' | '.join(map(escaped, row))} |"
    yield ""


def _list(title: str, found: Sequence[str]) -> Iterator[str]:
    if found:
        yield from (f"### {title}", "", *(f"* {escaped(each)}" for each in found), "")


def _turns(found: Sequence[Turn], title: str, report: Comparison) -> Iterator[str]:
    """What rules say on one side alone; of an account, its resources tell that already."""
    if not found or report.head.inventory:
        return
    yield from (f"### {title}", "")
    for turn in found:
        yield f"* {escaped(words.of_turn(turn))}"
        yield from (f"  * {escaped(words.of_cause(cause))}" for cause in turn.causes)
    yield ""


def _matches(found: Sequence[Match], title: str) -> Iterator[str]:
    if not found:
        return
    yield from (f"### {title}", "")
    for match in found:
        yield from _match(match)


def _match(match: Match) -> Iterator[str]:
    yield f"**{_place(match.base)}** is {_place(match.head)}: {escaped(words.why(match.basis, match.evidence))}"
    yield ""
    for each in match.differences:
        effect = each.reason and f"not comparable, {each.reason}"
        effect = effect or ("" if each.effect is Effect.NEITHER else words.EFFECTS[each.effect])
        yield f"* {code(each.name)}: {code(each.base)} → {code(each.head)}{f' ({escaped(effect)})' if effect else ''}"
    for shift in match.shifts:
        yield f"* {escaped(words.sentence(shift))}"
    yield ""


def _estate(report: Comparison) -> Iterator[str]:
    if report.estate:
        yield from ("### About everything together", "")
        yield from (f"* {escaped(words.sentence(shift))}" for shift in report.estate)
        yield ""


def _ambiguous(report: Comparison) -> Iterator[str]:
    if not report.ambiguous:
        return
    yield from ("### Not told apart", "")
    for group in report.ambiguous:
        sides = (
            f"{side.label}: {', '.join(map(_place, places))}"
            for side, places in ((report.base, group.base), (report.head, group.head))
        )
        shared = escaped(f"{words.SHARED[group.basis]} {group.evidence}")
        yield f"* {code(group.type)} with {shared}: {'; '.join(sides)}"
    yield ""


def _lone(found: Sequence[Lone], side: Side) -> Iterator[str]:
    if not found:
        return
    yield from (f"### Only in the {side.label}", "")
    for each in found:
        told = words.lone(each)
        yield f"* {_place(each.place)}{f': {escaped(told)}' if told else ''}"
    yield ""


def _problems(report: Comparison) -> Iterator[str]:
    for service in words.unpaired(report):
        yield f"* Not compared: {escaped(f'{service.name or service.head}, {service.reason}')}"
    for side in (report.base, report.head):
        for problem in side.problems:
            if problem.kind.incomplete:
                yield f"* Not read: {code(str(problem.span))} {escaped(problem.message)}"


def _place(place: Place) -> str:
    return f"{code(place.resource)} ({code(f'{place.span.file}:{place.span.line}')})"
