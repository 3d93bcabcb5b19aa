"""JSON with what Azure accepts beyond the standard, and the place of everything."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.problem import ProblemKind
from scanner.parsers.azure.functions.encoding import plain_data
from scanner.parsers.azure.json_reader import read_json
from scanner.parsers.azure.reports import Refused
from scanner.parsers.azure.tree import Fields, Items


# https://learn.microsoft.com/azure/azure-resource-manager/templates/syntax#comments-and-metadata and #multi-line-strings
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1 // one\n, /* two\n lines */ "b": [true, null,]}', {"a": 1, "b": [True, None]}),
        ('{"a": "first\nsecond"}', {"a": "first\nsecond"}),
        ('{"a": "x // no comment /* neither */"}', {"a": "x // no comment /* neither */"}),
        ('\ufeff{"a": -1.50}', {"a": Decimal("-1.50")}),
        ('["\\u00e9\\n\\"\\/\\\\", "\\ud83d\\ude00", "\\ud83d"]', ['é\n"/\\', "\U0001f600", "\ufffd"]),
        ("[]", []),
        ("{}", {}),
    ],
)
def test_data(text: str, expected: Any) -> None:
    assert plain_data(read_json(text)) == expected


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ('{\n  "a": ${x}\n}', (2, 8), "begins no value"),
        ('{"a" 1}', (1, 6), "a colon"),
        ('{"a": 1 "b": 2}', (1, 9), "a comma"),
        ('{"a": "b', (1, 7), "a text has no end"),
        ('{"a": 1}}', (1, 9), "after the end"),
        ('{"a": ', (1, 7), "too early"),
        ("{a: 1}", (1, 2), "quotation marks"),
        ("", (1, 1), "too early"),
        ("[" + "1" * 50 + "]", (1, 2), "too long"),
    ],
)
def test_what_is_no_json_is_refused_with_its_place(text: str, at: tuple[int, int], words: str) -> None:
    with pytest.raises(Refused) as refused:
        read_json(text)
    assert refused.value.at[:2] == at
    assert words in str(refused.value)


def test_depth_is_limited() -> None:
    with pytest.raises(Refused) as refused:
        read_json("[" * 100_000)
    assert refused.value.kind is ProblemKind.LIMIT


def test_places() -> None:
    found = read_json('{\n  "name": "x", /* c */\n  "list": [\n    1,\n    {"a": 2}\n  ]\n}')
    assert isinstance(found, Fields)
    name, entry = found.entry("NAME"), found.entry("list")
    assert name is not None
    assert name.at == (2, 3, 2, 14)
    assert entry is not None
    assert entry.at == (3, 3, 3, 9)
    assert isinstance(entry.value, Items)
    assert [at[:2] for at in entry.value.ats] == [(4, 5), (5, 5)]


@given(st.text(alphabet='{}[]",:/*\\ \n1truenlfas.-', max_size=60))
def test_no_text_makes_it_crash(text: str) -> None:
    with suppress(Refused):
        read_json(text)
