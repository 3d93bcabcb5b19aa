"""JSON with places: the data against the standard library, the places against the text itself."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.problem import Problem, ProblemKind
from scanner.parsers.positioned_json import MAX_DEPTH, JsonDocument, JsonText, read_json, read_json_lines

TEXT = '{"a": {"b.c": [1, {"d": "é"}]},\n "e[0]": null, "f": {}}\n'

LEAVES = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(st.characters(exclude_categories=["Cs"]))
NAMES = st.text("aé_", min_size=1)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4))


def document(text: str | bytes) -> JsonDocument:
    found = read_json(text.encode() if isinstance(text, str) else text, "x.json")
    assert isinstance(found, JsonDocument)
    return found


@pytest.mark.parametrize(
    ("path", "shown", "line"),
    [
        ("a", '"a"', 1),
        ("a.b.c", '"b.c"', 1),
        ("a.b.c[0]", "1", 1),
        ("a.b.c[1]", "{", 1),
        ("a.b.c[1].d", '"d": "é"', 1),
        ("e[0]", '"e[0]": null', 2),
        ("f", '"f"', 2),
    ],
)
def test_places(path: str, shown: str, line: int) -> None:
    span = document(TEXT).places[path]
    assert span.line == span.end_line == line
    assert TEXT.split("\n")[line - 1][span.column - 1 : span.end_column - 1] == shown


def test_places_inside() -> None:
    places = document(TEXT).places
    assert places.below("a.b.c[1]")["d"] == places["a.b.c[1].d"] == places.step("a", "b.c", 1)["d"]
    assert list(places) == ["a", "e[0]", "f", "a.b.c", "a.b.c[0]", "a.b.c[1]", "a.b.c[1].d"]
    assert len(places) == 7
    assert places.get("a.x") is None
    assert not list(places.below("g"))
    assert not list(places.step("a", "x", 3))


@given(VALUES, st.sampled_from([None, 0, 2]))
def test_any_document(value: object, indent: int | None) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    found = document(text)
    assert found.data == value
    for path, span in found.places.items():
        assert span.line >= 1, path
    assert all(path in found.places for path in found.places)


def test_numbers_keep_their_digits() -> None:
    assert document("[0.1, 1e2, -7]").data == [Decimal("0.1"), Decimal(100), -7]


@pytest.mark.parametrize(
    ("content", "kind", "message", "column"),
    [
        (b"", ProblemKind.INVALID, "Expecting value", 1),
        (b'{"a": }', ProblemKind.INVALID, "Expecting value", 7),
        (b'{"a": 1', ProblemKind.INVALID, "Expecting ',' delimiter", 8),
        (b"{} {}", ProblemKind.INVALID, "more follows", 4),
        (b"[NaN]", ProblemKind.INVALID, "NaN is no value", 1),
        (b"[" + b"7" * 5_000 + b"]", ProblemKind.INVALID, "5000 digits", 1),
        (b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1), ProblemKind.LIMIT, "nested deeper", 1),
        (b"[" * 100_000, ProblemKind.LIMIT, "nested deeper", 1),
        (b'"\xff"', ProblemKind.UNREADABLE, "UTF-8", 1),
    ],
)
def test_what_is_no_json(content: bytes, kind: ProblemKind, message: str, column: int) -> None:
    found = read_json(content, "x.json")
    assert isinstance(found, Problem)
    assert (found.kind, found.span.line, found.span.column) == (kind, 1, column)
    assert message in found.message


def test_half_of_a_pair_is_no_character() -> None:
    document(b'{"\\ud800": ["\\udc00x", "\\ud83d\\ude00"]}').data["\ufffd"][0].encode()


def test_lines_are_documents() -> None:
    content = b'{"a": 1}\r\n\n  {"a": 2} \n{"a": \n[1] [2]\n{"a": 3}'
    found = list(read_json_lines(content, "x.ndjson"))
    assert [each.data if isinstance(each, JsonDocument) else each.span.line for each in found] == [
        {"a": 1},
        {"a": 2},
        4,
        5,
        {"a": 3},
    ]
    last = found[-1]
    assert isinstance(last, JsonDocument)
    assert (last.places["a"].line, last.places["a"].column) == (6, 2)


def test_only_what_is_asked_for_is_looked_up() -> None:
    source = JsonText("x", '{"a": [1, 2], "b": {"c": 1}}')
    assert list(source.entries(0)) == ["a", "b"]
    assert source.entries(source.entries(0)["a"].value).keys() == {0, 1}
