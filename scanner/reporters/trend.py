"""What the formats of a history share: what changed from entry to entry, and what must not be compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec import Struct

from scanner.model.history import Entry, Place, Series, ServiceSizes, Sizes, Summary, breaks
from scanner.model.score import Interval, Stage
from scanner.model.service import Level
from scanner.reporters.summary import number_text, plural, score_range

MORE: Final = 4
"""Stands for more than three domains, where sizes are compared or drawn."""
NOTHING: Final = Sizes(None, None)


class Step(Struct, frozen=True):
    """An entry and its change against the one before. ``breaks`` says why there is none to tell."""

    entry: Entry
    breaks: tuple[str, ...] = ()
    change: float | None = None


def steps(series: Series) -> tuple[Step, ...]:
    """Every entry of a series with what changed."""
    found = [Step(series.entries[0])]
    for before, entry in zip(series.entries, series.entries[1:], strict=False):
        reasons = breaks(before.summary, entry.summary)
        judged = before.summary.grade and entry.summary.grade
        change = entry.summary.score.low - before.summary.score.low if judged and not reasons else None
        found.append(Step(entry, reasons, change))
    return tuple(found)


def runs(found: Sequence[Step]) -> list[list[Step]]:
    """The steps in parts within which numbers may be compared."""
    parts: list[list[Step]] = []
    for step in found:
        if step.breaks or not parts:
            parts.append([])
        parts[-1].append(step)
    return parts


def smallest(summary: Summary, level: Level, service: str = "") -> Sizes:
    """How many domains of a level stop some service, or one of a name: the smallest of all."""
    found = [each.coefficients.get(level, NOTHING) for each in chosen(summary.services, service)]
    return Sizes(_least(sizes.low for sizes in found), _least(sizes.high for sizes in found))


def smallest_text(summary: Summary, level: Level, service: str = "") -> str:
    """The smallest size, and how many services have it, where there are several: ``1 (3 of 4)``."""
    sizes = smallest(summary, level, service)
    found = chosen(summary.services, service)
    if sizes.low is None or len(found) < 2:
        return sizes_text(sizes)
    those = sum(each.coefficients.get(level, NOTHING).low == sizes.low for each in found)
    return f"{sizes_text(sizes)} ({those} of {len(found)})"


def chosen(services: Iterable[ServiceSizes], service: str) -> list[ServiceSizes]:
    """All services, or those of a name."""
    return [each for each in services if service in ("", each.name)]


def _least(sizes: Iterable[int | None]) -> int | None:
    return min((size for size in sizes if size is not None), default=None)


def levels(series: Series, service: str = "") -> list[Level]:
    """The levels at which some service was ever stopped."""
    summaries = [entry.summary for entry in series.entries]
    return [level for level in Level if any(smallest(each, level, service) != NOTHING for each in summaries)]


def sizes_text(sizes: Sizes) -> str:
    """``1``, ``1 to 2`` where unknowns decide, ``more`` for more than three."""
    low, high = ("more" if size is None else str(size) for size in (sizes.low, sizes.high))
    return low if low == high else f"{low} to {high}"


def stage_text(summary: Summary) -> str:
    """``R1``, ``R1 to R2`` where unknowns decide; empty when no service is known."""
    return _stages(summary.stage, summary.stage_high)


def _stages(low: Stage | None, high: Stage | None) -> str:
    if low is None:
        return ""
    return low.value if high in (None, low) else f"{low.value} to {high.value}"


def score_text(summary: Summary) -> str:
    """The score with its interval; a dash where nothing was judged, lest that look like nothing wrong."""
    return interval_text(summary.score) if summary.grade else "-"


def interval_text(interval: Interval) -> str:
    """``71``, or ``71 to 80``."""
    return score_range(interval.low, interval.high)


def change_text(step: Step) -> str:
    """``+3.5``, ``-1``, ``0``; empty where there is nothing to compare with."""
    if step.change is None:
        return ""
    rounded = round(step.change, 1)
    sign = "+" if rounded > 0 else "-" if rounded < 0 else ""
    return f"{sign}{number_text(abs(rounded))}"


def findings_text(summary: Summary) -> str:
    """``3: 1 critical, 2 high``."""
    parts = [f"{number} {label}" for label, number in summary.severities.items() if number]
    return f"{sum(summary.severities.values())}{': ' if parts else ''}{', '.join(parts)}"


def commit_text(entry: Entry) -> str:
    """A commit as people name it."""
    return entry.commit[:10]


def day(entry: Entry) -> str:
    """The day of an entry."""
    return entry.date[:10]


def heading(series: Series) -> str:
    """What a series is about: ``infra, k8s on main``."""
    place = series.place
    name = f"{place.name}: " if place.name else ""
    return f"{name}{paths_text(place)}{f' on {series.branch}' if series.branch else ''}"


def paths_text(place: Place) -> str:
    """The paths, the repository's root by its name."""
    told = ", ".join("the whole repository" if path == "." else path for path in place.paths)
    return f"{told} (flags {place.configuration[:8]})" if place.configuration else told


def period(series: Series) -> str:
    """``12 entries, 2026-01-03 to 2026-11-27``."""
    first, last = day(series.entries[0]), day(series.last)
    when = first if first == last else f"{first} to {last}"
    return f"{plural(len(series.entries), 'entry', 'entries')}, {when}"


def verdict(summary: Summary) -> str:
    """``71 to 80 of 100, grade B, stage R1``."""
    if not summary.grade:
        return "nothing was judged"
    stage = f", stage {stage_text(summary)}" if summary.stage else ""
    unfinished = "" if summary.complete else ", incomplete"
    return f"{interval_text(summary.score)} of 100, grade {summary.grade}{stage}{unfinished}"


def break_text(step: Step) -> str:
    """Why a step is not compared with the one before, as a sentence."""
    return f"{capitalized(' and '.join(step.breaks))}: not compared with what was before."


def capitalized(words: str) -> str:
    """Words as the beginning of a sentence."""
    return words[:1].upper() + words[1:]


def told_breaks(found: Sequence[Step]) -> Iterator[str]:
    """The breaks of a series, with their days."""
    for step in found:
        if step.breaks:
            yield f"{day(step.entry)}: {break_text(step)}"
