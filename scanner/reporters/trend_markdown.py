"""A history as GitHub-flavoured Markdown: a table with what changed, the newest first."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.model.history import History, Series, series
from scanner.reporters import trend
from scanner.reporters.gfm import Section, cell, code, collapsed, escaped, page
from scanner.reporters.options import DEFAULT, Options
from scanner.reporters.trend import Step

_HEAD = (
    "| date | commit | stage | grade | score | change | findings | unknown | |\n"
    "|---|---|---|---|---:|---:|---|---:|---|\n"
)


def render(history: History, options: Options = DEFAULT, service: str = "") -> str:
    """The history as a page within ``options.max_bytes``; older entries are the first to be left out."""
    found = series(history)
    sections = [section for each in found for section in _sections(each, service)]
    if history.problems:
        rows = (f"- {code(str(p.span))}: {escaped(p.message)}\n" for p in history.problems)
        sections.append(collapsed("What was not read", rows))
    words = "" if found else "\nNo entries.\n"
    return page(f"## Centralization risk over time\n{words}", sections, "", options.max_bytes)


def _sections(each: Series, service: str) -> Iterator[Section]:
    found = trend.steps(each)
    now = f"{escaped(trend.period(each))}. Now {trend.verdict(each.last.summary)}."
    about = f"### {escaped(trend.heading(each))}\n\n{now}\n\n"
    yield Section(about + _HEAD, tuple(_row(step) for step in reversed(found)))
    levels = trend.levels(each, service)
    listed = trend.chosen(each.last.summary.services, service)
    if levels and listed:
        head = f"| service | {' | '.join(level.value for level in levels)} |\n|---|{'---:|' * len(levels)}\n"
        rows = tuple(
            f"| {cell(code(s.name))} | "
            f"{' | '.join(trend.sizes_text(s.coefficients.get(level, trend.NOTHING)) for level in levels)} |\n"
            for s in listed
        )
        yield Section(f"How many failures stop a service now:\n\n{head}", rows)


def _row(step: Step) -> str:
    entry, summary = step.entry, step.entry.summary
    notes = [*([] if summary.complete else ["incomplete"]), *([escaped(trend.break_text(step))] if step.breaks else [])]
    cells = (
        trend.day(entry),
        code(trend.commit_text(entry)) if entry.commit else "",
        trend.stage_text(summary) or "-",
        summary.grade or "-",
        trend.score_text(summary),
        trend.change_text(step),
        trend.findings_text(summary),
        str(summary.unknown),
        "; ".join(notes),
    )
    return f"| {' | '.join(cells)} |\n"
