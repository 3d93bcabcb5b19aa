"""The one line that fixes a finding, where its rule knows the value to write.

A rule's ``suggest`` names keys as files spell them and what to write behind each. The marked text must be that key with
a literal, and nothing else: where a variable, a function or several values stand, there is no suggestion.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from scanner.model.finding import Finding, Outcome
from scanner.model.report import Report
from scanner.model.rule import RuleInfo
from scanner.reporters.inert import inert
from scanner.reporters.redact import MASK, masked_line

_MARKED: Final = re.compile(r"""(?P<key>["']?[\w./-]+["']?)\s*[:=]\s*(?P<quote>["']?)(?P<old>[\w.-]+)(?P=quote)""")
_WORDS: Final = ("true", "false")


class Suggestion(Struct, frozen=True):
    """A literal to write in place of another. Columns count from 1, ``end_column`` is exclusive; lines are whole."""

    finding: Finding
    key: str
    line: int
    column: int
    end_column: int
    text: str
    before: str
    after: str


def suggested(finding: Finding, rule: RuleInfo | None, lines: Sequence[str]) -> Suggestion | None:
    """The fix of a failed finding, given the lines of its file; ``None`` where no single literal is one."""
    span = finding.span
    known = rule is not None and finding.outcome is Outcome.FAIL and 1 <= span.line == span.end_line <= len(lines)
    if rule is None or not known:
        return None
    line = lines[span.line - 1].rstrip("\r\n")
    marked = _MARKED.fullmatch(line, span.column - 1, span.end_column - 1)
    if marked is None or not _visible(line):
        return None
    text = _wanted(rule, marked)
    if not text or text == marked["old"]:
        return None
    start, end = marked.span("old")
    after = f"{line[:start]}{text}{line[end:]}"
    return Suggestion(finding, marked["key"], span.line, start + 1, end + 1, text, line, after)


def suggestions(findings: Iterable[Finding], report: Report) -> list[Suggestion]:
    """The fixes of some findings, in their order; one for each line, that of the first."""
    found: dict[tuple[str, int], Suggestion] = {}
    for finding in findings:
        place = finding.span.file, finding.span.line
        if place not in found:
            lines = report.sources.get(finding.span.file, ())
            fix = suggested(finding, report.rules.get(finding.rule), lines)
            if fix is not None:
                found[place] = fix
    return list(found.values())


def _wanted(rule: RuleInfo, marked: re.Match[str]) -> str:
    """What the rule writes behind the key: of the kind that stands there, or what replaces just that."""
    old = marked["old"]
    for key, values in rule.suggest.items():
        if bare(key) != bare(marked["key"]):
            continue
        if old in values:
            return values[old]
        if _kind(old) and _kind(old) == _kind(values.get("", "")):
            return values[""]
    return ""


def _kind(literal: str) -> str:
    if literal.lower() in _WORDS:
        return "truth"
    return "number" if literal.isdecimal() else ""


def bare(key: str) -> str:
    """A key as all dialects spell it alike: ``multi_az``, ``MultiAZ`` and ``multiAz`` are one."""
    return re.sub(r"""[_\-"']""", "", key).lower()


def _visible(line: str) -> bool:
    """Whether a line can be shown and posted as it is: nothing in it is hidden or acts on what shows it."""
    plain = line.replace("\t", " ")
    return MASK not in line and masked_line(line) == line and inert(plain) == plain
