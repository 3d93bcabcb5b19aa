"""What changed since an earlier state, as a part of the JSON report."""

from __future__ import annotations

from typing import Any

from scanner.model.comparison import Comparison, Turn
from scanner.model.span import Span
from scanner.reporters import since as words

Json = dict[str, Any]


def document(since: Comparison) -> Json:
    """The ``since`` of the report. New and lasting findings are in its ``findings`` too, by fingerprint."""
    return {
        "revision": since.base.revision or None,
        "headline": words.headline(since),
        "new": [_turn(turn) for turn in since.new],
        "fixed": [_turn(turn) for turn in since.fixed],
        "lasting": [finding.fingerprint for finding in since.lasting],
        "weakened": [{**_place(each.span), "message": each.message} for each in since.weakened],
    }


def _turn(turn: Turn) -> Json:
    finding = turn.finding
    return {
        "rule": finding.rule,
        "severity": finding.severity.label,
        "resource": finding.resource,
        **_place(finding.span),
        "message": finding.message,
        "other": turn.other and turn.other.value,
        "fingerprint": finding.fingerprint,
        "causes": [{**_place(each.span), "text": each.text, "removed": each.removed} for each in turn.causes],
    }


def _place(span: Span) -> Json:
    return {"file": span.file, "line": span.line}
