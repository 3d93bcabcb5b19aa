"""Assessments as Markdown: a first page, then each control with its evidence, then the list of all evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scanner.model.assessment import (
    Assessment,
    ComplianceReport,
    ControlEvidence,
    Evidence,
    Section,
)
from scanner.reporters import assessment_words as words
from scanner.reporters.gfm import cell, escaped, link
from scanner.reporters.options import DEFAULT, Options


def render(report: ComplianceReport, options: Options = DEFAULT) -> str:
    """One chapter a framework."""
    return "\n---\n\n".join("".join(_chapter(each, report, options)) for each in report.assessments)


def _chapter(assessment: Assessment, report: ComplianceReport, options: Options) -> Iterator[str]:
    framework = assessment.framework
    yield f"# {escaped(words.title(framework))}\n\n"
    yield f"{escaped(framework.version)}, <{framework.url}>\n\n{words.OPENING}\n\n"
    if report.day:
        yield f"Attestations were judged as of {report.day}.\n\n"
    yield from _first_page(assessment, options)
    yield from _overview(assessment)
    for section in assessment.sections:
        yield from _section(section)
    yield "## Control by control\n\n"
    for each in assessment.controls:
        yield from _control(each, options)
    yield from _register(assessment, options)
    yield from _unread(report, options)
    yield "## Words\n\n" + _bullets(f"**{word}.** {escaped(text)}" for word, text in words.GLOSSARY)


def _first_page(assessment: Assessment, options: Options) -> Iterator[str]:
    summary = assessment.summary
    yield "## What was looked at\n\n" + _bullets(map(escaped, summary.scope))
    if summary.worst:
        yield "## What matters most for this framework\n\n"
        for number, claim in enumerate(summary.worst, start=1):
            told = " ".join(filter(None, (claim.text, claim.meaning, words.relevant(assessment, claim))))
            yield f"{number}. {escaped(told)} {_places([claim], options)}\n"
        yield "\n"
    yield "## What remains open\n\n" + _bullets(map(escaped, summary.remaining))
    if assessment.attestations:
        yield "## What was attested for the whole framework\n\n"
        yield _bullets(
            f"{escaped(words.attested(each))} ({link(each.span, options)})" for each in assessment.attestations
        )
    yield "## What files cannot tell\n\n" + _bullets(map(escaped, summary.limits))


def _overview(assessment: Assessment) -> str:
    rows = (
        (each.control.id, each.control.title, words.standing(each), words.MARKS[each.control.status])
        for each in assessment.controls
    )
    return "## Overview of the controls\n\n" + _table(
        ("Control", "What it asks, in our words", "Pieces of evidence", "Identifier"), rows
    )


def _control(each: ControlEvidence, options: Options) -> Iterator[str]:
    control = each.control
    yield f"### {escaped(control.id)}: {escaped(control.title)}\n\n"
    for note in words.notes(each):
        yield f"*{escaped(note.strip())}*\n\n"
    for direction, heading in words.HEADINGS.items():
        if found := words.lines(each, direction):
            yield f"**{heading}**\n\n" + _bullets(_line(line, options) for line in found)
    yield f"**What no file can prove.** {escaped(control.unprovable)}\n\n"
    if each.attestations:
        yield "**Attested**\n\n"
        yield _bullets(f"{escaped(words.attested(a))} ({link(a.span, options)})" for a in each.attestations)


def _line(line: words.Line, options: Options) -> str:
    accepted = "".join(f" {escaped(words.accepted(claim))}" for claim in line.claims[:1] if claim.accepted_by)
    return f"{escaped(line.text)}{accepted} {_places(line.claims, options)}"


_SHOWN = 4
"""So many places are told behind one sentence; the list of evidence has them all."""


def _places(claims: Iterable[Evidence], options: Options) -> str:
    found = list(claims)
    shown = [f"{words.reference(claim)}, {link(claim.span, options)}" for claim in found[:_SHOWN]]
    rest = [words.reference(claim) for claim in found[_SHOWN:]]
    return f"({'; '.join([*shown, *([', '.join(rest)] if rest else [])])})"


def _register(assessment: Assessment, options: Options) -> Iterator[str]:
    yield "## List of evidence\n\n"
    yield "| Number | Claim | Speaks | Place | Also at | Check |\n| --- | --- | --- | --- | --- | --- |\n"
    for claim in words.used(assessment):
        also = "; ".join(dict.fromkeys(link(each.span, options) for each in claim.related[:_SHOWN]))
        cells = (
            words.reference(claim),
            escaped(" ".join(filter(None, (claim.text, claim.meaning, words.accepted(claim))))),
            words.HEADINGS[claim.direction].lower(),
            link(claim.span, options),
            also,
            escaped(claim.rule),
        )
        yield f"| {' | '.join(map(cell, cells))} |\n"
    yield "\n"


def _unread(report: ComplianceReport, options: Options) -> str:
    if not report.problems:
        return ""
    rows = (f"{escaped(p.message)} ({link(p.span, options)})" for p in report.problems)
    return "## What was not read, not decided or no longer counts\n\n" + _bullets(rows)


def _section(section: Section) -> Iterator[str]:
    yield f"## {escaped(section.title)}\n\n"
    if section.text:
        yield f"{escaped(section.text)}\n\n"
    if section.rows:
        yield _rows(section.columns, ((_cell(text, section) for text in row) for row in section.rows))
    if section.note:
        yield f"{escaped(section.note)}\n\n"


def _table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    return _rows(columns, ((cell(escaped(text)) for text in row) for row in rows))


def _rows(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of cells that are Markdown already."""
    head = [cell(escaped(column)) for column in columns]
    lines = [f"| {' | '.join(head)} |\n", f"| {' | '.join('---' for _ in head)} |\n"]
    lines += [f"| {' | '.join(row)} |\n" for row in rows]
    return "".join(lines) + "\n"


def _cell(text: str, section: Section) -> str:
    return f"<{text}>" if words.is_page(text, section) else cell(escaped(text))


def _bullets(items: Iterable[str]) -> str:
    return "".join(f"* {item}\n" for item in items) + "\n"
