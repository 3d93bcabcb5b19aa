"""Accepted risks: inline comments and the configuration's ``ignore`` list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from fnmatch import fnmatchcase
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from scanner.model.finding import Acceptance, Finding, Outcome
from scanner.model.objects import PLATFORM
from scanner.model.problem import Problem, ProblemKind
from scanner.model.resource import Declaration
from scanner.model.span import Span

_MENTION: Final = re.compile(r"(?:#|//|/\*)\s*riskscan:", re.IGNORECASE)
_COMMENT: Final = re.compile(
    r"(?:#|//|/\*)\s*riskscan:\s*ignore\[(?P<rules>[^\]]*)\]\s*(?:until=(?P<until>\S+))?\s*(?P<reason>.*?)\s*(?:\*/\s*)?$",
    re.IGNORECASE,
)


_ANNOTATED: Final = re.compile(r"(?P<rules>[\w-]+(?:\s*,\s*[\w-]+)*)(?:\s+until=(?P<until>\S+))?(?:\s+(?P<reason>.*))?")
ANNOTATION: Final = "riskscan/ignore"
"""The annotation by which an object carries its own waivers."""


class RiskWaiver(Struct, frozen=True):
    """One acceptance. ``lines`` are the lines of ``span.file`` that an inline waiver covers; ``resource`` is a glob."""

    rule: str
    reason: str
    span: Span
    resource: str = "*"
    until: date | None = None
    fault: str = ""
    lines: frozenset[int] | None = None
    by: Acceptance = Acceptance.WAIVER


def inline_waivers(sources: Mapping[str, Sequence[str]]) -> Iterator[RiskWaiver]:
    """The waivers written as comments. Behind code one covers that line, else the next line that is not a comment."""
    for file, lines in sources.items():
        if "riskscan:" not in "\n".join(lines).lower():
            continue
        for number, text in enumerate(lines, 1):
            if "riskscan:" not in text.lower() or not _MENTION.search(text):
                continue
            found = _COMMENT.search(text)
            names = [name for rule in found["rules"].split(",") if (name := rule.strip())] if found else []
            if found is None or not names:
                span = Span(file, number, 1, number, len(text) + 1)
                yield RiskWaiver(
                    "", "", span, fault="not a waiver; write riskscan: ignore[RULE] until=YYYY-MM-DD reason"
                )
                continue
            span = Span(file, number, found.start() + 1, number, len(text) + 1)
            covered = frozenset({number if text[: found.start()].strip() else _next_code_line(lines, number)})
            until, fault = _date(found["until"])
            if not found["reason"]:
                fault = fault or "a waiver needs a reason"
            for name in names:
                yield RiskWaiver(name, found["reason"], span, until=until, fault=fault, lines=covered)


def annotated_waivers(declarations: Iterable[Declaration]) -> Iterator[RiskWaiver]:
    """The waivers that Kubernetes objects carry: ``riskscan/ignore: RULE until=YYYY-MM-DD reason``, one a line."""
    for declaration in declarations:
        metadata = declaration.attributes.get("metadata") if declaration.platform == PLATFORM else None
        annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
        text = annotations.get(ANNOTATION) if isinstance(annotations, dict) else None
        if text is None:
            continue
        span = declaration.span_of(f"metadata.annotations.{ANNOTATION}")
        for line in str(text).splitlines():
            found = _ANNOTATED.fullmatch(line.strip())
            names = [name for rule in found["rules"].split(",") if (name := rule.strip())] if found else []
            if found is None or not names:
                yield RiskWaiver("", "", span, fault="not a waiver; write RULE until=YYYY-MM-DD reason")
                continue
            until, fault = _date(found["until"])
            if not found["reason"]:
                fault = fault or "a waiver needs a reason"
            for name in names:
                yield RiskWaiver(name, found["reason"], span, declaration.id, until, fault)


def _next_code_line(lines: Sequence[str], number: int) -> int:
    for following in range(number + 1, len(lines) + 1):
        text = lines[following - 1].strip()
        if text and not text.startswith(("#", "//")):
            return following
    return number


def beginnings(declaration: Declaration) -> tuple[Span, ...]:
    """The lines that a comment about a whole declaration may stand before: of objects also that of their version."""
    first = declaration.places.get("apiVersion") if declaration.platform == PLATFORM else None
    return (declaration.span,) if first is None else (declaration.span, first)


def _date(text: str | None) -> tuple[date | None, str]:
    if text is None:
        return None, ""
    try:
        return date.fromisoformat(text), ""
    except ValueError:
        return None, f"{text} is no date (YYYY-MM-DD)"


def suppress(
    findings: Sequence[Finding],
    waivers: Sequence[RiskWaiver],
    blocks: Mapping[str, Sequence[Span]],
    known: Mapping[str, str],
    today: date | None,
) -> tuple[tuple[Finding, ...], tuple[Problem, ...]]:
    """Mark waived findings as suppressed, and report waivers that are faulty, expired or match nothing.

    ``blocks`` maps a resource to the lines that begin its declaration, ``known`` lower-case codes and slugs to codes.
    Only failing and unknown findings can be waived. A faulty or expired waiver waives nothing.
    """
    problems: list[Problem] = []
    active: dict[str, list[RiskWaiver]] = {}
    for waiver in waivers:
        fault = _fault(waiver, known, today)
        if fault:
            problems.append(Problem(waiver.span, ProblemKind.WAIVER, fault))
        else:
            active.setdefault(known[waiver.rule.lower()], []).append(waiver)
    used: set[RiskWaiver] = set()
    result = [_waived(finding, active.get(finding.rule, ()), blocks, used) for finding in findings]
    for candidates in active.values():
        for waiver in candidates:
            if waiver not in used:
                message = f"this waiver of {waiver.rule} matches no finding; remove it"
                problems.append(Problem(waiver.span, ProblemKind.WAIVER, message))
    return tuple(result), tuple(problems)


def _fault(waiver: RiskWaiver, known: Mapping[str, str], today: date | None) -> str:
    if waiver.fault:
        return waiver.fault
    if waiver.rule.lower() not in known:
        return f"there is no rule {waiver.rule}"
    if waiver.until is not None and today is not None and waiver.until < today:
        return f"this waiver of {waiver.rule} expired on {waiver.until.isoformat()}"
    return ""


def _waived(
    finding: Finding, waivers: Iterable[RiskWaiver], blocks: Mapping[str, Sequence[Span]], used: set[RiskWaiver]
) -> Finding:
    if finding.outcome not in (Outcome.FAIL, Outcome.UNKNOWN):
        return finding
    for waiver in waivers:
        if _covers(waiver, finding, blocks):
            used.add(waiver)
            return replace(finding, outcome=Outcome.SUPPRESSED, reason=waiver.reason, accepted_by=waiver.by)
    return finding


def _covers(waiver: RiskWaiver, finding: Finding, blocks: Mapping[str, Sequence[Span]]) -> bool:
    if waiver.lines is None:
        return fnmatchcase(finding.resource, _literal_brackets(waiver.resource))
    places = [*finding.span.chain(), *blocks.get(finding.resource, ())]
    lines = {(place.file, place.line) for place in places}
    return any((waiver.span.file, line) in lines for line in waiver.lines)


def _literal_brackets(pattern: str) -> str:
    """Addresses contain brackets, which a glob would take for character classes."""
    return pattern.replace("[", "[[]")
