"""Positions of attributes by path."""

from __future__ import annotations

import pytest

from scanner.model.resource import nearest_span
from scanner.model.span import Span

HEADER, BLOCK, LIST, SECOND = Span("a", 1), Span("a", 2), Span("a", 5), Span("a", 9)
PLACES = {"rule[0]": BLOCK, "rule[1]": SECOND, "rule[0].values": LIST, "ports": LIST}

# A block without an index means its first one; an entry of a list written in one attribute stands where the list
# stands.
PATHS = {
    "rule": BLOCK,
    "rule.values": LIST,
    "rule[1].values": SECOND,
    "rule[0].values[3]": LIST,
    "rule[0].values[3].deeper": LIST,
    "ports[0].name": LIST,
    "missing": HEADER,
    "missing[0].deeper": HEADER,
    "": HEADER,
}


@pytest.mark.parametrize(("path", "expected"), PATHS.items())
def test_nearest_position(path: str, expected: Span) -> None:
    assert nearest_span(PLACES, path, HEADER) is expected
