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
from scanner.model.objects import PLATFORM, annotations_of
from scanner.model.problem import Problem, ProblemKind
from scanner.model.resource import Declaration
from scanner.model.span import Span
from scanner.model.value import Unknown, Value
from scanner.rules.commented import OURS, may_waive

_MENTION: Final = re.compile(r"(?:#|//|/\*)\s*riskscan:", re.IGNORECASE)
_COMMENT: Final = re.compile(
    r"(?:#|//|/\*)\s*riskscan:\s*ignore\[(?P<rules>[^\]]*)\]\s*(?:until=(?P<until>\S+))?\s*"
    r"(?P<reason>.*?)\s*(?:\*/\s*(?:-?\}\}\s*)?)?$",
    re.IGNORECASE,
)


_NOTHING_BEFORE: Final = re.compile(r"\s*(?:\{\{-?\s*)?")
_TEMPLATE_STEP: Final = re.compile(r"\{\{.*\}\}")
_ANNOTATED: Final = re.compile(r"(?P<rules>[\w-]+(?:\s*,\s*[\w-]+)*)(?:\s+until=(?P<until>\S+))?(?:\s+(?P<reason>.*))?")
ANNOTATION: Final = "riskscan/ignore"
"""The annotation of Kubernetes, and the key of CloudFormation's metadata, by which a resource carries its waivers."""


class RiskWaiver(Struct, frozen=True):
    """One acceptance. ``lines`` are the lines of ``span.file`` that an inline waiver covers; ``resource`` is a glob.

    ``types`` are the native types that it is for, if not for all. An ``optional`` one may match nothing.
    """

    rule: str
    reason: str
    span: Span
    resource: str = "*"
    until: date | None = None
    fault: str = ""
    lines: frozenset[int] | None = None
    by: Acceptance = Acceptance.WAIVER
    types: tuple[str, ...] = ()
    optional: bool = False


def inline_waivers(sources: Mapping[str, Sequence[str]]) -> Iterator[RiskWaiver]:
    """The waivers written as comments. Behind code one covers that line, else the next line that is not a comment."""
    for file, lines in sources.items():
        if not may_waive(lines, OURS):
            continue
        for number, text in enumerate(lines, 1):
            if OURS not in text.lower() or not _MENTION.search(text):
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
            alone = _NOTHING_BEFORE.fullmatch(text, 0, found.start())
            covered = frozenset({_next_code_line(file, lines, number) if alone else number})
            until, fault = _date(found["until"])
            if not found["reason"]:
                fault = fault or "a waiver needs a reason"
            for name in names:
                yield RiskWaiver(name, found["reason"], span, until=until, fault=fault, lines=covered)


def annotated_waivers(declarations: Iterable[Declaration]) -> Iterator[RiskWaiver]:
    """The waivers that resources carry: ``riskscan/ignore: RULE until=YYYY-MM-DD reason``, one a line.

    Kubernetes objects carry them as an annotation, resources of CloudFormation in their metadata.
    """
    for declaration in declarations:
        text = _carried(declaration)
        if text is None or isinstance(text, Unknown):
            continue
        at = "metadata.annotations" if declaration.platform == PLATFORM else "metadata"
        span = declaration.span_of(f"{at}.{ANNOTATION}")
        texts = text if isinstance(text, list) else str(text).splitlines()
        for line in texts:
            yield from _annotated(str(line).strip(), span, declaration.id)


def _carried(declaration: Declaration) -> Value:
    if declaration.platform == PLATFORM:
        return annotations_of(declaration.attributes).get(ANNOTATION)
    return declaration.metadata.get(ANNOTATION)


def _annotated(text: str, span: Span, resource: str) -> Iterator[RiskWaiver]:
    found = _ANNOTATED.fullmatch(text)
    names = [name for rule in found["rules"].split(",") if (name := rule.strip())] if found else []
    if found is None or not names:
        yield RiskWaiver("", "", span, fault="not a waiver; write RULE until=YYYY-MM-DD reason")
        return
    until, fault = _date(found["until"])
    if not found["reason"]:
        fault = fault or "a waiver needs a reason"
    for name in names:
        yield RiskWaiver(name, found["reason"], span, resource, until, fault)


def _next_code_line(file: str, lines: Sequence[str], number: int) -> int:
    """The next line that says something: no comment, no marker of a document, no step of a template's own language."""
    passed = ("#", "//", "@") if file.lower().endswith(".bicep") else ("#", "//")
    for following in range(number + 1, len(lines) + 1):
        text = lines[following - 1].strip()
        if text and text != "---" and not text.startswith(passed) and not _TEMPLATE_STEP.fullmatch(text):
            return following
    return number


def beginnings(declaration: Declaration) -> tuple[Span, ...]:
    """The lines that a comment about a whole declaration may stand before: of objects also that of their version.

    Of resources in JSON templates that is also their brace.
    """
    first = declaration.places.get("apiVersion" if declaration.platform == PLATFORM else "{")
    return (declaration.span,) if first is None else (declaration.span, first)


def _date(text: str | None) -> tuple[date | None, str]:
    if text is None:
        return None, ""
    try:
        return date.fromisoformat(text), ""
    except ValueError:
        return None, f"{text} is no date (YYYY-MM-DD)"


class Reach(Struct, frozen=True):
    """What waivers are held against.

    ``blocks`` maps a resource to the lines that begin its declaration, ``types`` to its native type. ``known`` maps
    lower-case codes and slugs to codes, of which ``asked`` are those that were asked; ``None`` for all.
    """

    known: Mapping[str, str]
    blocks: Mapping[str, Sequence[Span]] = {}
    types: Mapping[str, str] = {}
    asked: frozenset[str] | None = None


def suppress(
    findings: Sequence[Finding], waivers: Sequence[RiskWaiver], reach: Reach, today: date | None
) -> tuple[tuple[Finding, ...], tuple[Problem, ...]]:
    """Mark waived findings as suppressed, and report waivers that are faulty, expired or match nothing.

    Only failing and unknown findings can be waived. A faulty or expired waiver waives nothing. One that may match
    nothing, or whose rule was not asked, is not said to be needless.
    """
    problems: list[Problem] = []
    active: dict[str, list[RiskWaiver]] = {}
    for waiver in waivers:
        fault = _fault(waiver, reach.known, today)
        if fault:
            problems.append(Problem(waiver.span, ProblemKind.WAIVER, fault))
        else:
            active.setdefault(reach.known[waiver.rule.lower()], []).append(waiver)
    used: set[RiskWaiver] = set()
    result = [_waived(finding, active.get(finding.rule, ()), reach, used) for finding in findings]
    for rule, candidates in active.items():
        for waiver in candidates if reach.asked is None or rule in reach.asked else ():
            if waiver not in used and not waiver.optional:
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


def _waived(finding: Finding, waivers: Iterable[RiskWaiver], reach: Reach, used: set[RiskWaiver]) -> Finding:
    if finding.outcome not in (Outcome.FAIL, Outcome.UNKNOWN, Outcome.ERROR):
        return finding
    for waiver in waivers:
        if _covers(waiver, finding, reach):
            used.add(waiver)  # of a rule that crashed, nobody knows whether it is needless
            if finding.outcome is Outcome.ERROR:
                continue
            return replace(finding, outcome=Outcome.SUPPRESSED, reason=waiver.reason, accepted_by=waiver.by)
    return finding


def _covers(waiver: RiskWaiver, finding: Finding, reach: Reach) -> bool:
    if waiver.types and reach.types.get(finding.resource) not in waiver.types:
        return False
    if waiver.lines is None:
        return fnmatchcase(finding.resource, _literal_brackets(waiver.resource))
    blocks = (place for block in reach.blocks.get(finding.resource, ()) for place in block.chain())
    lines = {(place.file, place.line) for place in (*finding.span.chain(), *blocks)}
    return any((waiver.span.file, line) in lines for line in waiver.lines)


def _literal_brackets(pattern: str) -> str:
    """Addresses contain brackets, which a glob would take for character classes."""
    return pattern.replace("[", "[[]")
