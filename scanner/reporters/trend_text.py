"""A history for a terminal: a line of bars, a table of entries with what changed, and what stops each service."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Final

from scanner.model.history import Entry, History, Series, ServiceSizes, series
from scanner.reporters import trend
from scanner.reporters.inert import inert, without_commands
from scanner.reporters.options import DEFAULT, Options
from scanner.reporters.trend import Step

BARS: Final = "▁▂▃▄▅▆▇█"
NOTHING: Final = "·"
BREAK: Final = "╎"
ENTRIES: Final = 30
"""The newest entries of a series, which the table shows; ``full`` lifts it."""
SERVICES: Final = 20
PROBLEMS: Final = 10

_HEAD: Final = ("date", "commit", "stage", "grade", "score", "change", "findings", "unknown", "")


def render(history: History, options: Options = DEFAULT, service: str = "") -> str:
    """The history as lines of a terminal."""
    lines = [*_all(history, options, service), *_problems(history, options)]
    return "".join(f"{without_commands(line).rstrip()}\n" for line in lines)


def _all(history: History, options: Options, service: str) -> Iterator[str]:
    found = series(history)
    if not found:
        yield f"{inert(history.file)}: no entries"
    for number, each in enumerate(found):
        if number:
            yield ""
        yield from _series(each, options, service)


def _series(each: Series, options: Options, service: str) -> Iterator[str]:
    found = trend.steps(each)
    yield inert(f"{trend.heading(each)}: {trend.period(each)}")
    yield f"Now {trend.verdict(each.last.summary)}"
    yield ""
    yield from _sparklines(each, found, options, service)
    yield ""
    shown = found if options.full else found[-ENTRIES:]
    if len(shown) < len(found):
        yield f"The newest {len(shown)} of {len(found)} entries; --show all lists them"
    yield from _table(shown)
    yield from _services(found, options, service)


def _sparklines(each: Series, found: Sequence[Step], options: Options, service: str) -> Iterator[str]:
    """Scores of 0 to 100 as bars, coefficients as figures: both with their breaks, the newest at the right."""
    room = max(10, options.width - 34)
    bars = _row(found, [_bar(step.entry) for step in found], room)
    yield f"  {'score':<10}{bars}  {trend.score_text(each.last.summary)}"
    for level in trend.levels(each, service):  # the smallest of all services
        sizes = [trend.smallest(step.entry.summary, level, service) for step in found]
        figures = _row(found, ["+" if each.low is None else str(each.low) for each in sizes], room)
        yield f"  {level.value:<10}{figures}  {trend.smallest_text(each.last.summary, level, service)}"


def _row(found: Sequence[Step], signs: Sequence[str], room: int) -> str:
    """The signs of the newest entries for which there is room, a line before each that is not comparable."""
    marked = [f"{BREAK if step.breaks else ''}{sign}" for step, sign in zip(found, signs, strict=True)]
    return "".join(marked)[-room:]


def _bar(entry: Entry) -> str:
    if not entry.summary.grade:
        return NOTHING
    return BARS[min(len(BARS) - 1, int(entry.summary.score.low / 100 * len(BARS)))]


def _table(found: Sequence[Step]) -> Iterator[str]:
    rows = [(step, _cells(step)) for step in found]
    cells = [_HEAD, *(row for _, row in rows)]
    widths = [max(map(len, column)) for column in zip_longest(*cells, fillvalue="")]
    yield _line(_HEAD, widths)
    for step, row in rows:
        if step.breaks:
            yield f"-- {inert(trend.break_text(step))}"
        yield _line(row, widths)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _cells(step: Step) -> tuple[str, ...]:
    entry, summary = step.entry, step.entry.summary
    return (
        trend.day(entry),
        trend.commit_text(entry),
        trend.stage_text(summary) or "-",
        summary.grade or "-",
        trend.score_text(summary),
        trend.change_text(step),
        trend.findings_text(summary),
        str(summary.unknown),
        "" if summary.complete else "incomplete",
    )


def _services(found: Sequence[Step], options: Options, service: str) -> Iterator[str]:
    """Each service's coefficients now, against the oldest entry that they may be compared with."""
    part = trend.runs(found)[-1]
    first, last = part[0].entry, part[-1].entry
    listed = trend.chosen(last.summary.services, service)
    if not listed:
        return
    since = f", and on {trend.day(first)}" if len(part) > 1 else ""
    yield ""
    yield f"How many failures stop a service now{since}"
    before = {each.name: each for each in first.summary.services} if len(part) > 1 else {}
    kept = listed if options.full else listed[:SERVICES]
    for each in kept:
        new = " (new)" if before and each.name not in before else ""
        yield f"  {inert(each.name)}{new}: {_moves(each, before.get(each.name, each))}"
    if len(kept) < len(listed):
        yield f"  and {len(listed) - len(kept)} more; --show all lists them"
    gone = [name for name in before if service in ("", name) and all(name != each.name for each in listed)]
    if gone:
        yield f"  no longer there: {inert(', '.join(sorted(gone)[:SERVICES]))}"


def _moves(now: ServiceSizes, before: ServiceSizes) -> str:
    parts = []
    for level, sizes in now.coefficients.items():
        earlier = before.coefficients.get(level, trend.NOTHING)
        if sizes != trend.NOTHING or earlier != trend.NOTHING:
            was = f" (was {trend.sizes_text(earlier)})" if earlier != sizes else ""
            parts.append(f"{level.value} {trend.sizes_text(sizes)}{was}")
    return ", ".join(parts) or "no set of up to three domains of one level"


def _problems(history: History, options: Options) -> Iterator[str]:
    if history.problems:
        yield ""
        yield "Not read"
    shown = history.problems if options.full else history.problems[:PROBLEMS]
    yield from (inert(f"  {problem.span.file}:{problem.span.line}: {problem.message}") for problem in shown)
    if len(shown) < len(history.problems):
        yield f"  and {len(history.problems) - len(shown)} more; --show all lists them"
