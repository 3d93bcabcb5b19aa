"""A comparison for a terminal: the verdict, both sides in numbers, then what is more centralized and why."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

from scanner.model.comparison import Comparison, Difference, Effect, Lone, Match, Place, Shift, Side, Turn
from scanner.reporters import comparison as words
from scanner.reporters.inert import inert, without_commands
from scanner.reporters.options import DEFAULT, Options

LISTED: Final = 20
"""So many resources of a section are listed; the rest is counted, unless all are asked for."""

_STYLES: Final = {Effect.MORE: "1;31", Effect.UNDECIDED: "1;34", Effect.LESS: "1;32", Effect.NEITHER: "1"}


def render(report: Comparison, options: Options = DEFAULT) -> str:
    """The comparison as lines of ``options.width`` columns."""
    sections = [
        _head(report, options),
        _services(report, options),
        _weakened(report, options),
        _turns(report.new, "New findings", Effect.MORE, report, options),
        _turns(report.fixed, "No longer found", Effect.LESS, report, options),
        _matches(report, words.changed(report, Effect.MORE), "More centralized", options),
        _estate(report, options),
        _matches(report, words.changed(report, Effect.UNDECIDED), "Not decided", options),
        _matches(report, words.changed(report, Effect.LESS), "Less centralized", options),
        _matches(report, words.drifted(report), "Different, and no rule minds", options),
        _ambiguous(report, options),
        _lone(report.only_head, report.head, "nobody's code" if report.head.inventory else "", options),
        _lone(report.only_base, report.base, "not there" if report.head.inventory else "", options),
        _problems(report, options),
    ]
    texts = ("\n".join(map(without_commands, section)).rstrip("\n") for section in sections)
    return "\n\n".join(filter(None, texts)) + "\n"


def _paint(text: str, effect: Effect, options: Options) -> str:
    return f"\x1b[{_STYLES[effect]}m{text}\x1b[0m" if options.color else text


def _head(report: Comparison, options: Options) -> Iterator[str]:
    yield from _wrapped(words.verdict(report), "", options)
    yield from _wrapped(words.counts(report), "  ", options)
    if touched := words.roots(report, full=options.full):
        yield from _wrapped(touched, "  ", options)
    yield ""
    table = [("", report.base.label, report.head.label, ""), *words.rows(report)]
    widths = [max(len(inert(row[column])) for row in table) for column in range(3)]
    for row in table:
        cells = (f"{inert(cell):<{width}}" for cell, width in zip(row, widths, strict=False))
        yield f"  {'  '.join(cells)}  {row[3]}".rstrip()


def _services(report: Comparison, options: Options) -> Iterator[str]:
    for service in report.services:
        for sentence in words.told(service):
            yield from _wrapped(sentence, "", options)


def _weakened(report: Comparison, options: Options) -> Iterator[str]:
    if not report.weakened:
        return
    yield _paint("Judged more mildly", Effect.MORE, options)
    for each in report.weakened:
        yield from _wrapped(f"{each.span.file}:{each.span.line}: {each.message}", "  ", options)


def _turns(found: Sequence[Turn], title: str, effect: Effect, report: Comparison, options: Options) -> Iterator[str]:
    """What rules say on one side alone; of an account, its resources tell that already."""
    if not found or report.head.inventory:
        return
    yield _paint(title, effect, options)
    shown = found if options.full else found[:LISTED]
    for turn in shown:
        yield from _wrapped(words.of_turn(turn), "  ", options)
        for cause in turn.causes:
            yield from _wrapped(words.of_cause(cause), "    ", options)
    yield from _rest(len(found) - len(shown))


def _matches(report: Comparison, found: Sequence[Match], title: str, options: Options) -> Iterator[str]:
    if not found:
        return
    yield _paint(title, found[0].effect, options)
    shown = found if options.full else found[:LISTED]
    for match in shown:
        yield from _match(report, match, options)
    yield from _rest(len(found) - len(shown))


def _match(report: Comparison, match: Match, options: Options) -> Iterator[str]:
    yield f"  {_place(match.base)}"
    same = match.base.resource == match.head.resource
    name = inert(f"{match.head.span.file}:{match.head.span.line}") if same else _place(match.head)
    yield from _wrapped(
        f"is {name} in the {report.head.label}: {words.why(match.basis, match.evidence)}", "    ", options
    )
    for difference in match.differences:
        if not difference.reason or options.full:
            yield from _wrapped(_difference(difference), "    ", options)
    if hidden := sum(bool(each.reason) for each in match.differences) * (not options.full):
        yield f"    {hidden} not comparable; --show all lists {'them' if hidden > 1 else 'it'}"
    for shift in match.shifts:
        yield from _shift(shift, options)


def _difference(each: Difference) -> str:
    if each.reason:
        return f"{each.name}: {each.base} -> {each.head}: not comparable, {each.reason}"
    effect = "" if each.effect is Effect.NEITHER else f" ({words.EFFECTS[each.effect]})"
    return f"{each.name}: {each.base} -> {each.head}{effect}"


def _shift(shift: Shift, options: Options) -> Iterator[str]:
    yield from _wrapped(f"* {words.sentence(shift)}", "    ", options)


def _estate(report: Comparison, options: Options) -> Iterator[str]:
    if report.estate:
        yield _paint("About everything together", report.estate[0].effect, options)
        for shift in report.estate:
            yield from _shift(shift, options)


def _ambiguous(report: Comparison, options: Options) -> Iterator[str]:
    if not report.ambiguous:
        return
    yield "Not told apart"
    shown = report.ambiguous if options.full else report.ambiguous[:LISTED]
    for group in shown:
        numbers = f"{len(group.base)} in the {report.base.label}, {len(group.head)} in the {report.head.label}"
        yield from _wrapped(
            f"{group.type}: {numbers} share {words.SHARED[group.basis]} {group.evidence}", "  ", options
        )
        for places in (group.base, group.head):
            yield from _wrapped(", ".join(map(_place, places[:LISTED])), "    ", options)
            yield from _rest(len(places) - LISTED, "    ")
    yield from _rest(len(report.ambiguous) - len(shown))


def _lone(found: Sequence[Lone], side: Side, meaning: str, options: Options) -> Iterator[str]:
    if not found:
        return
    yield f"Only in the {side.label}{f' ({meaning})' if meaning else ''}"
    ordered = sorted(found, key=lambda each: -max((f.severity for f in each.failing), default=-1))
    shown = ordered if options.full else ordered[:LISTED]
    for each in shown:
        told = words.lone(each)
        yield from _wrapped(f"{_place(each.place)}{f': {told}' if told else ''}", "  ", options)
    yield from _rest(len(found) - len(shown))


def _rest(number: int, lead: str = "  ") -> Iterator[str]:
    if number > 0:
        yield f"{lead}and {number} more; --show all lists them"


def _problems(report: Comparison, options: Options) -> Iterator[str]:
    for service in words.unpaired(report):
        yield from _wrapped(f"not compared: {service.name or service.head}, {service.reason}", "", options)
    if number := words.open_questions(report):
        yield f"{number} {'property' if number == 1 else 'properties'} of matched resources cannot be compared"
    for side in (report.base, report.head):
        lost = [problem for problem in side.problems if problem.kind.incomplete]
        for problem in lost:
            yield from _wrapped(f"not read: {problem.span}: {problem.message}", "", options)
        if rest := len(side.problems) - len(lost):
            yield f"{rest} more {'problem' if rest == 1 else 'problems'} in the {side.label}; riskscan scan lists them"


def _place(place: Place) -> str:
    return inert(f"{place.resource} ({place.span.file}:{place.span.line})")


def _wrapped(text: str, lead: str, options: Options) -> list[str]:
    return textwrap.wrap(
        inert(text),
        max(options.width, 40),
        initial_indent=lead,
        subsequent_indent=" " * (len(lead) + 2),
        break_long_words=False,
        break_on_hyphens=False,
    )
