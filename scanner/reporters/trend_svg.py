"""A history as a picture: the score with its interval, and what stops the first service, from commit to commit.

Shapes carry classes and presentation attributes alone, so that a page whose policy forbids inline styles may hold them:
without a style sheet all is drawn in the page's own colour.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from msgspec import Struct

from scanner.model.history import Entry, History, Series, Summary, series
from scanner.model.score import Stage
from scanner.model.service import Level
from scanner.reporters import trend
from scanner.reporters.options import DEFAULT, Options
from scanner.reporters.trend import MORE, Step
from scanner.reporters.xml_elements import element, number, text

WIDTH: Final = 760
LEFT: Final = 84
RIGHT: Final = 704
"""Where the oldest and the newest entry stand."""
TOP: Final = 84
BOTTOM: Final = 264
"""Where the scores 100 and 0 stand."""
ROW: Final = 28
CELL: Final = 22
PLOTTED: Final = 400
"""The newest entries of a series; what is older is left out, and said."""
SERIES: Final = 6
"""The series of one picture; the rest is counted."""
_CHARACTER: Final = 6.5
"""The width of a character in small words, as wide as they commonly are."""
_HEADING: Final = 100
"""Characters for which the second line of a heading has room."""
_MARKED: Final = 80
"""Up to so many entries, each is a point."""
_LABELLED: Final = 100
"""Pixels that a day or a break needs to be told."""

STYLE: Final = """\
.trend{--trend-ink:#1f2328;--trend-faint:#59636e;--trend-grid:#d1d9e0;--trend-line:#0969da;--trend-paper:#fff;--trend-break:#8250df;\
--trend-s1:#ffd8d3;--trend-s2:#fbe3b6;--trend-s3:#dcefc8;--trend-s4:#bfe5c8;color:var(--trend-ink);\
font-family:system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif}
.trend-paper{fill:var(--trend-paper)}
.trend-ink{fill:var(--trend-ink)}
.trend-faint{fill:var(--trend-faint)}
.trend-grid{stroke:var(--trend-grid);stroke-opacity:1}
.trend-line{stroke:var(--trend-line)}
.trend-band{fill:var(--trend-line)}
.trend-point{fill:var(--trend-line);stroke:var(--trend-line)}
.trend-hollow{fill:var(--trend-paper);stroke:var(--trend-line)}
.trend-break{stroke:var(--trend-break)}
.trend-broken{fill:var(--trend-break)}
.trend-1{fill:var(--trend-s1);fill-opacity:1}
.trend-2{fill:var(--trend-s2);fill-opacity:1}
.trend-3{fill:var(--trend-s3);fill-opacity:1}
.trend-4{fill:var(--trend-s4);fill-opacity:1}
@media (prefers-color-scheme:dark){.trend{--trend-ink:#f0f6fc;--trend-faint:#9198a1;--trend-grid:#3d444d;\
--trend-line:#4493f8;--trend-paper:#0d1117;--trend-break:#b78aff;--trend-s1:#78302b;--trend-s2:#65501a;--trend-s3:#3a5a24;--trend-s4:#215f38}}
"""
"""The colours, for a style sheet: https://www.w3.org/TR/WCAG22/#contrast-minimum holds for texts on all of them."""


class _Picture(Struct, frozen=True):
    """One series, drawn: its shapes from the top of its own on, and how high it is."""

    shapes: str
    height: int


def render(history: History, _options: Options = DEFAULT, service: str = "") -> str:
    """The picture as a file of its own, light or dark as its reader likes it."""
    body, height = _body(history, service)
    style = element("style", STYLE)
    paper = element("rect", class_="trend-paper", width=WIDTH, height=height)
    return f"{_svg(history, style + paper + body, height)}\n"


def plot(history: History, service: str = "") -> str:
    """The picture as a part of a page, which may add :data:`STYLE` to its style sheet."""
    return _svg(history, *_body(history, service))


def _svg(history: History, body: str, height: int) -> str:
    title = element("title", "Centralization risk over time", id="riskscan-trend-title")
    desc = element("desc", text(_described(history)), id="riskscan-trend-desc")
    return element(
        "svg",
        f"{title}{desc}{body}",
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {height}",
        width="100%",
        class_="trend",
        role="img",
        aria_labelledby="riskscan-trend-title riskscan-trend-desc",
        fill="currentColor",
        font_family="system-ui, sans-serif",
        font_size=12,
    )


def _described(history: History) -> str:
    """The picture in words."""
    found = series(history)
    told = [_in_words(each) for each in found[:SERIES]]
    if history.problems:
        told.append(f"{len(history.problems)} entries of the file could not be used.")
    return " ".join(told) or "No entries."


def _in_words(each: Series) -> str:
    first, last = each.entries[0], each.last
    steps = trend.steps(each)
    words = f"{trend.heading(each)}: {trend.period(each)}; {trend.day(last)}: {trend.verdict(last.summary)}."
    if first is not last:
        words += f" At first: {trend.verdict(first.summary)}."
    return " ".join([words, *trend.told_breaks(steps)])


def _body(history: History, service: str) -> tuple[str, int]:
    found = series(history)
    parts: list[str] = []
    height = 0
    for each in found[:SERIES]:
        picture = _picture(each, service)
        parts.append(element("g", picture.shapes, transform=f"translate(0 {height})"))
        height += picture.height
    if not found:
        return _words(24, 32, "No entries yet.", "trend-faint"), 48
    if (rest := len(found) - SERIES) > 0:
        parts.append(_words(24, height + 12, f"{rest} more are not drawn.", "trend-faint"))
        height += 28
    return "".join(parts), height


def _picture(each: Series, service: str) -> _Picture:
    whole = trend.steps(each)
    found = whole[-PLOTTED:]
    rows = [*_stage_row(found), *_level_rows(each, found, service)]
    below = BOTTOM + 24 + ROW * len(rows)
    notes = _notes(found, len(whole) - len(found), service)
    shapes = [
        *_heading(each, service),
        *_grid(),
        *(shape for part in trend.runs(found) for shape in _curve(part, found)),
        *(_row(row, found, BOTTOM + 24 + ROW * number) for number, row in enumerate(rows)),
        *_breaks(found, below),
        *_days(found, below + 12),
        *(_words(LEFT, below + 40 + 16 * number, note, "trend-faint", size=11) for number, note in enumerate(notes)),
    ]
    return _Picture("".join(shapes), below + 48 + 16 * len(notes))


def _heading(each: Series, service: str) -> Iterator[str]:
    about = f"{trend.heading(each)} · {trend.period(each)}"
    yield _words(24, 28, trend.capitalized(trend.verdict(each.last.summary)), "trend-ink", size=16, weight="600")
    told = f"{service}: {about}" if service else about
    yield _words(24, 48, told if len(told) <= _HEADING else f"{told[:_HEADING]}…", "trend-faint")


def x_of(index: int, total: int) -> float:
    """Where an entry stands: all at the same distance, a lone one in the middle."""
    return (LEFT + RIGHT) / 2 if total == 1 else LEFT + (RIGHT - LEFT) * index / (total - 1)


def y_of(score: float) -> float:
    """Where a score stands."""
    return BOTTOM - (BOTTOM - TOP) * score / 100


def _grid() -> Iterator[str]:
    for score in (0, 25, 50, 75, 100):
        y = y_of(score)
        yield element(
            "line",
            class_="trend-grid",
            x1=LEFT,
            x2=RIGHT,
            y1=y,
            y2=y,
            stroke="currentColor",
            stroke_opacity="0.2",
        )
        yield _words(LEFT - 12, y + 4, str(score), "trend-faint", anchor="end")


def _curve(part: Sequence[Step], found: Sequence[Step]) -> Iterator[str]:
    """The scores that may be compared: the band between both ends, the line of the lower one, a point an entry."""
    places = {id(step): x_of(index, len(found)) for index, step in enumerate(found)}
    for _, group in groupby(part, key=lambda step: bool(step.entry.summary.grade)):
        steps = list(group)
        if not steps[0].entry.summary.grade:
            continue
        lower = [(places[id(step)], y_of(step.entry.summary.score.low)) for step in steps]
        upper = [(places[id(step)], y_of(step.entry.summary.score.high)) for step in steps]
        if lower != upper:
            yield _band(lower, upper)
        yield element(
            "polyline",
            class_="trend-line",
            points=_points(lower),
            fill="none",
            stroke="currentColor",
            stroke_width=2,
            stroke_linejoin="round",
        )
        if len(found) <= _MARKED:
            yield from (_point(step.entry, *place) for step, place in zip(steps, lower, strict=True))


def _band(lower: Sequence[tuple[float, float]], upper: Sequence[tuple[float, float]]) -> str:
    if len(lower) == 1:  # a band of no width would not be seen
        (x, low), (_, high) = lower[0], upper[0]
        lower, upper = [(x - 4, low), (x + 4, low)], [(x - 4, high), (x + 4, high)]
    return element("polygon", class_="trend-band", points=_points([*lower, *reversed(upper)]), fill_opacity="0.18")


def _points(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{number(x)},{number(y)}" for x, y in places)


def _point(entry: Entry, x: float, y: float) -> str:
    kind = "trend-point" if entry.summary.complete else "trend-hollow"
    fill = {} if entry.summary.complete else {"fill": "none"}
    title = element("title", text(_told(entry)))
    return element("circle", title, class_=kind, cx=x, cy=y, r=3.5, stroke="currentColor", stroke_width=1.5, **fill)


def _told(entry: Entry) -> str:
    commit = f" {trend.commit_text(entry)}" if entry.commit else ""
    return f"{trend.day(entry)}{commit}: {trend.verdict(entry.summary)}"


class _Cell(Struct, frozen=True):
    """What one entry shows in a row: how good it is from 1 to 4, in words and in fewer; 0 is no word on it."""

    rank: int
    words: str = ""
    short: str = ""


class _Row(Struct, frozen=True):
    """A row below the scores: a cell for each entry."""

    name: str
    cells: tuple[_Cell, ...]


_RANKS: Final = {Stage.R0: 1, Stage.R1: 2, Stage.R2: 3, Stage.R3: 4}


def _stage_row(found: Sequence[Step]) -> Iterator[_Row]:
    summaries = [step.entry.summary for step in found]
    if any(summary.stage for summary in summaries):
        yield _Row("stage", tuple(map(_stage_cell, summaries)))


def _stage_cell(summary: Summary) -> _Cell:
    words = trend.stage_text(summary)
    return _Cell(_RANKS[summary.stage], words, words) if summary.stage else _Cell(0)


def _level_rows(each: Series, found: Sequence[Step], service: str) -> Iterator[_Row]:
    for level in trend.levels(each, service):
        yield _Row(level.value, tuple(_level_cell(step.entry.summary, level, service) for step in found))


def _level_cell(summary: Summary, level: Level, service: str) -> _Cell:
    """The smallest coefficient of all services, and how many have it."""
    if not trend.chosen(summary.services, service):
        return _Cell(0)
    sizes = trend.smallest(summary, level, service)
    rank = MORE if sizes.low is None else sizes.low
    return _Cell(rank, trend.smallest_text(summary, level, service), trend.sizes_text(sizes))


def _row(row: _Row, found: Sequence[Step], y: float) -> str:
    """The cells of a row; entries that follow each other with the same words share one."""
    shapes = [_words(LEFT - 12, y + 15, row.name, "trend-faint", anchor="end")]
    start = 0
    for index in range(1, len(found) + 1):
        if index == len(found) or row.cells[index] != row.cells[start] or found[index].breaks:
            shapes.append(_cell(row.cells[start], _edge(start, len(found)), _edge(index, len(found)), y))
            start = index
    return "".join(shapes)


def _edge(index: int, total: int) -> float:
    """Where the cell of an entry begins: half way from the one before, and no further out than the scores."""
    if index in (0, total):
        return LEFT if index == 0 else RIGHT
    return (x_of(index - 1, total) + x_of(index, total)) / 2


def _cell(cell: _Cell, left: float, right: float, y: float) -> str:
    if not cell.rank:
        return ""
    shape = element(
        "rect",
        class_=f"trend-{cell.rank}",
        x=left + 1,
        y=y,
        width=max(right - left - 2, 1),
        height=CELL,
        rx=3,
        fill_opacity=f"{0.3 - 0.06 * cell.rank:.2f}",
    )
    fitting = (words for words in (cell.words, cell.short) if right - left - 8 >= _CHARACTER * len(words))
    return shape + _words((left + right) / 2, y + 15, next(fitting, ""), "trend-ink", anchor="middle")


def _breaks(found: Sequence[Step], below: float) -> Iterator[str]:
    """A line at each place across which nothing is compared; its reason where there is room."""
    free = float(LEFT)
    for index, step in enumerate(found):
        if not step.breaks or not index:
            continue
        x = _edge(index, len(found))
        title = element("title", text(trend.break_text(step)))
        yield element(
            "line",
            title,
            class_="trend-break",
            x1=x,
            x2=x,
            y1=TOP - 10,
            y2=below - ROW + CELL,
            stroke="currentColor",
            stroke_width=1.5,
            stroke_dasharray="4 3",
        )
        if x >= free:
            yield _words(x, TOP - 16, _short(step, found[index - 1]), "trend-broken", anchor="middle", size=11)
            free = x + _LABELLED


def _short(step: Step, before: Step) -> str:
    """A break in two words."""
    if step.entry.summary.score_model != before.entry.summary.score_model:
        return "new score model"
    return "new rules" if step.entry.summary.rule_set and before.entry.summary.rule_set else "other version"


def _days(found: Sequence[Step], y: float) -> Iterator[str]:
    """The days of the oldest and the newest entry, and of some between them."""
    most = max(2, int((RIGHT - LEFT) / _LABELLED))
    number_of = min(len(found), most)
    indices = [round(n * (len(found) - 1) / max(1, number_of - 1)) for n in range(number_of)]
    for index in indices:
        yield _words(x_of(index, len(found)), y, trend.day(found[index].entry), "trend-faint", anchor="middle", size=11)


def _notes(found: Sequence[Step], left_out: int, service: str) -> list[str]:
    """What the picture's signs mean, as far as they are in it."""
    summaries = [step.entry.summary for step in found]
    notes = []
    if any(each.services for each in summaries):
        which = f"stop {service[:40]}" if service else "stop a service (in how many services)"
        notes.append(f"Rows: the stage, and the fewest failures of each kind that {which}.")
    if any(each.score.low != each.score.high for each in summaries):
        notes.append("The band reaches from unknowns taken for bad to unknowns taken for good.")
    if any(step.breaks for step in found[1:]):
        notes.append("Dashed: rules or score model changed; numbers on either side are not compared.")
    if not all(each.complete for each in summaries):
        notes.append("A hollow point: the scan could not read all of its input.")
    if left_out > 0:
        notes.append(f"{left_out} older entries are not drawn.")
    return notes


def _words(
    x: float, y: float, words: str, kind: str, *, anchor: str = "start", size: int = 12, weight: str = "400"
) -> str:
    if not words:
        return ""
    optional = {} if weight == "400" else {"font_weight": weight}
    anchored = {} if anchor == "start" else {"text_anchor": anchor}
    return element("text", text(words), class_=kind, x=x, y=y, font_size=size, **anchored, **optional)
