"""Assessments as CSV (RFC 4180): one row a piece of evidence and control, for spreadsheets and other programs.

Spreadsheets take some texts for formulas, which could fetch or run things; see
https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO
from typing import Final

from scanner.model.assessment import (
    Assessment,
    Attested,
    ComplianceReport,
    ControlEvidence,
    Evidence,
    Framework,
    Origin,
)
from scanner.reporters import assessment_words as words
from scanner.reporters.inert import inert
from scanner.reporters.options import DEFAULT, Options

COLUMNS: Final = (
    *("framework", "control", "asks", "identifier", "kind", "speaks", "number", "claim", "why_it_matters"),
    *("file", "line", "resource", "services", "severity", "axis", "origin", "check", "accepted", "holder", "until"),
)
EVERY: Final = "(every control)"
"""Stands for the control where something was not read: that leaves all of them open."""

_FORMULA: Final = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""What begins a formula; the last four are the full-width forms."""

_Row = dict[str, str]


def render(report: ComplianceReport, _options: Options = DEFAULT) -> str:
    """A header, then for each control its evidence and attestations; a control without any has a row that says so."""
    out = StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writeheader()
    for assessment in report.assessments:
        for row in _rows(assessment):
            writer.writerow({name: neutral(text) for name, text in row.items()})
    return out.getvalue()


def neutral(text: str) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe before it marks it as text."""
    shown = inert(text)
    return f"'{shown}" if shown.lstrip()[:1] in _FORMULA and shown.strip() else shown


def _rows(assessment: Assessment) -> Iterator[_Row]:
    framework = assessment.framework
    whole = {"framework": framework.id, "control": EVERY}
    for each in assessment.attestations:
        yield whole | _attestation(each)
    for claim in words.used(assessment):
        if claim.origin is Origin.PROBLEM:
            yield whole | _evidence(claim)
    for each_control in assessment.controls:
        yield from _control(framework, each_control)


def _control(framework: Framework, each: ControlEvidence) -> Iterator[_Row]:
    control = each.control
    head = {
        "framework": framework.id,
        "control": control.id,
        "asks": control.title,
        "identifier": words.MARKS[control.status],
    }
    own = [claim for claim in each.evidence if claim.origin is not Origin.PROBLEM]
    for claim in own:
        yield head | _evidence(claim)
    for attested in each.attestations:
        yield head | _attestation(attested)
    if not own:
        yield head | {"kind": "nothing", "claim": "The scan found nothing about this control in the files."}
    yield head | {"kind": "not provable by files", "claim": control.unprovable}


def _evidence(claim: Evidence) -> _Row:
    return {
        "kind": "evidence",
        "speaks": claim.direction.value,
        "number": words.reference(claim),
        "claim": claim.text,
        "why_it_matters": claim.meaning,
        "file": claim.span.file,
        "line": str(claim.span.line),
        "resource": claim.resource,
        "services": "; ".join(claim.services),
        "severity": claim.severity.label if claim.severity is not None else "",
        "axis": claim.axis.value if claim.axis else "",
        "origin": claim.origin.value,
        "check": f"{claim.rule} {claim.check}".strip(),
        "accepted": words.accepted(claim),
    }


def _attestation(each: Attested) -> _Row:
    return {
        "kind": "attestation, ended" if each.expired else "attestation",
        "claim": words.attested(each),
        "file": each.span.file,
        "line": str(each.span.line),
        "resource": each.resource,
        "holder": each.holder,
        "until": str(each.until or ""),
    }
