"""The small language in which the catalog reads properties, key by key."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from scanner.catalog.readers import KEYS, Reader, lookup, read, whole
from scanner.model.span import Span
from scanner.model.value import ABSENT, Ref, Unknown, Value

U = Unknown("variable x has no default", Span("main.tf", 1), Ref("var.x"), (Ref("var.x"),))
RESOURCE = Unknown("known after apply", None, Ref("aws_kms_key.a", "arn"), (Ref("aws_kms_key.a", "arn"),))

WRITTEN: dict[str, Value] = {
    "text": "ZoneRedundant",
    "number": 7,
    "fraction": Decimal("1.5"),
    "on": True,
    "off": False,
    "text_on": "true",
    "text_number": "7",
    "null": None,
    "empty": "",
    "no_items": [],
    "list": ["a", "b"],
    "object": {"A": {"size": 1}, "B": {"size": 2}},
    "block": [{"mode": "REGIONAL", "inner": [{"days": 3}]}],
    "blocks": [{"name": "a", "tags": ["x", "y"]}, {"name": "b"}, {"tags": ["z"]}],
    "nested": [{"rule": [{"id": 1}, {"id": 2}]}, {"rule": [{"id": 3}]}],
    "metadata": {"annotations": {"lb.example.com/scheme": "internal"}},
    "unknown": U,
    "resource": RESOURCE,
    "some_unknown": [{"name": "a"}, {"name": U}],
    "unknown_block": [{"name": "a"}, U],
}

KNOWN: list[tuple[str, Reader, Value]] = [
    ("path", "text", "ZoneRedundant"),
    ("path", "block.inner.days", 3),
    ("path", "blocks.name", "a"),
    ("path", "nothing", ABSENT),
    ("path", "text.deeper", ABSENT),
    ("path", "null", ABSENT),
    ("path", "no_items.deeper", ABSENT),
    ("path", {"path": ["nothing", "null", "number", "text"]}, 7),
    ("default", {"path": "nothing", "default": 0}, 0),
    ("default", {"path": "null", "default": 5}, 5),
    ("default", {"path": "off", "default": True}, False),
    ("default", {"path": "empty", "default": "x"}, ""),
    ("is", {"path": "text", "is": "zoneredundant"}, True),
    ("is", {"path": "text", "is": "Zone"}, False),
    ("is", {"path": "on", "is": True}, True),
    ("is", {"path": "text_on", "is": True}, True),
    ("is", {"path": "text_number", "is": 7}, True),
    ("is", {"path": "number", "is": "7"}, True),
    ("is", {"path": "on", "is": 1}, False),
    ("is", {"path": "nothing", "is": "x"}, ABSENT),
    ("is", {"path": "nothing", "default": "x", "is": "X"}, True),
    ("in", {"path": "text", "in": ["None", "ZONEREDUNDANT"]}, True),
    ("in", {"path": "number", "in": [1, 2]}, False),
    ("map", {"path": "block.mode", "map": {"REGIONAL": True, "ZONAL": False}}, True),
    ("map", {"path": "text", "map": {"other": 1}}, ABSENT),
    ("map", {"path": "text", "map": {"other": 1, "*": 2}}, 2),
    ("map", {"path": "on", "map": {"true": "yes", "false": "no"}}, "yes"),
    ("map", {"path": "number", "map": {"7": "week"}}, "week"),
    ("map", {"path": "nothing", "map": {"*": 1}}, ABSENT),
    ("above", {"path": "number", "above": 6}, True),
    ("above", {"path": "number", "above": 7}, False),
    ("above", {"path": "text_number", "above": 6}, True),
    ("above", {"path": "fraction", "above": 1}, True),
    ("above", {"path": "text", "above": 1}, False),
    ("above", {"path": "on", "above": 0}, False),
    ("set", {"path": "text", "set": True}, True),
    ("set", {"path": "off", "set": True}, True),
    ("set", {"path": "nothing", "set": True}, False),
    ("set", {"path": "null", "set": True}, False),
    ("set", {"path": "empty", "set": True}, False),
    ("set", {"path": "no_items", "set": True}, False),
    ("set", {"path": "block", "set": True}, True),
    ("set", {"path": "resource", "set": True}, True),
    ("count", {"path": "blocks", "count": True}, 3),
    ("count", {"path": "nested.rule", "count": True}, 3),
    ("count", {"path": "list", "count": True}, 2),
    ("count", {"path": "nothing", "count": True}, 0),
    ("count", {"path": "object", "count": True}, 2),
    ("count", {"path": "some_unknown", "count": True}, 2),
    ("total", {"path": "nested.rule", "total": "id"}, 6),
    ("total", {"path": "object", "total": "size"}, 3),
    ("total", {"path": "nothing", "total": "size"}, ABSENT),
    ("total", {"path": "blocks", "total": "size"}, ABSENT),
    ("total", {"path": "nothing", "total": "size", "default": 2}, 2),
    ("matches", {"path": "list", "matches": "^b$"}, True),
    ("matches", {"path": "list", "matches": "^c$"}, False),
    ("all", {"all": [{"path": "on", "is": True}], "map": {"true": "both"}}, "both"),
    ("all", {"all": [{"path": "off", "is": True}], "map": {"true": "both"}}, ABSENT),
    ("each", {"path": "blocks", "each": "name"}, ["a", "b"]),
    ("each", {"path": "blocks", "each": "tags"}, ["x", "y", "z"]),
    ("each", {"path": "nested.rule", "each": "id"}, [1, 2, 3]),
    ("each", {"path": "object", "each": "size"}, [1, 2]),
    ("each", {"path": "nothing", "each": "name"}, ABSENT),
    ("each", {"path": "some_unknown", "each": "name"}, ["a", U]),
    ("matches", {"path": "text", "matches": "Redundant$"}, True),
    ("matches", {"path": "text", "matches": "^Redundant"}, False),
    ("matches", {"path": "number", "matches": "7"}, False),
    ("extract", {"path": "text", "extract": "^([A-Z][a-z]+)"}, "Zone"),
    ("extract", {"path": "text", "extract": "([0-9]+)"}, ABSENT),
    ("annotation", {"annotation": "lb.example.com/scheme"}, "internal"),
    ("annotation", {"annotation": "lb.example.com/scheme", "is": "internal"}, True),
    ("annotation", {"annotation": "lb.example.com/other"}, ABSENT),
    ("negate", {"path": "on", "negate": True}, False),
    ("negate", {"path": "text_on", "negate": True}, False),
    ("negate", {"path": "nothing", "negate": True}, ABSENT),
    ("negate", {"path": "text", "negate": True}, "ZoneRedundant"),
    ("negate", {"path": "nothing", "set": True, "negate": True}, True),
    ("const", {"const": "kafka"}, "kafka"),
    ("const", {"const": False}, False),
    ("all", {"all": ["on", {"path": "number", "above": 1}]}, True),
    ("all", {"all": ["on", "off", "unknown"]}, False),
    ("all", {"all": ["on", "nothing"]}, False),
    ("all", {"all": ["on", "text_on"]}, True),
    ("any", {"any": ["off", "text_on", "unknown"]}, True),
    ("any", {"any": ["off", "nothing"]}, False),
    ("any", {"any": ["off", {"all": ["on", "on"]}], "negate": True}, False),
    ("first", {"first": ["nothing", "null", "number", "text"]}, 7),
    ("first", {"first": ["nothing", {"const": "last"}]}, "last"),
    ("first", {"first": ["nothing", "null"]}, ABSENT),
    ("first", {"first": ["nothing"], "default": 1}, 1),
]


@pytest.mark.parametrize(("key", "reader", "expected"), KNOWN)
def test_what_a_reader_gives(key: str, reader: Reader, expected: Value) -> None:
    assert key in KEYS
    value, _ = read(reader, WRITTEN)
    assert value == expected
    assert type(value) is type(expected)


def test_every_key_is_covered() -> None:
    assert {key for key, _, _ in KNOWN} == KEYS


def test_an_annotation_is_placed_by_its_name() -> None:
    assert read({"annotation": "a.b/c"}, {})[1] == "metadata.annotations.a.b/c"
    undecided, _ = read({"annotation": "a.b/c"}, {"metadata": {"annotations": U}})
    assert isinstance(undecided, Unknown)


@pytest.mark.parametrize(
    "reader",
    [
        "unknown",
        "unknown.deeper",
        {"path": ["nothing", "unknown", "text"]},
        {"path": "unknown", "default": 0},
        {"path": "unknown", "is": "x"},
        {"path": "unknown", "in": ["x"]},
        {"path": "unknown", "above": 0},
        {"path": "unknown", "map": {"a": 1, "b": 2, "*": 3}},
        {"path": "unknown", "map": {"a": True}},  # another text would leave the property unwritten
        {"path": "unknown", "set": True},  # a variable may be null
        {"path": "unknown", "count": True},
        {"path": "unknown_block", "count": True},  # a dynamic block beside a plain one
        {"path": "unknown", "each": "name"},
        {"path": "unknown", "matches": "a"},
        {"path": "unknown", "extract": "(a)"},
        {"path": "unknown", "is": "x", "negate": True},
        {"all": ["on", "unknown"]},
        {"any": ["off", "unknown"]},
        {"first": ["nothing", "unknown", "text"]},
    ],
)
def test_what_the_files_do_not_decide_stays_unknown(reader: Reader) -> None:
    value, path = read(reader, WRITTEN)
    assert isinstance(value, Unknown)
    assert value.refs == U.refs
    assert value.origin == U.origin
    assert path.startswith("unknown")


def test_a_map_whose_every_answer_is_the_same_decides() -> None:
    assert read({"path": "unknown", "map": {"a": 1, "*": 1}}, WRITTEN) == (1, "unknown")


@pytest.mark.parametrize(
    ("reader", "path"),
    [
        ("number", "number"),
        ({"path": ["nothing", "number"]}, "number"),
        ({"path": ["nothing", "null"]}, "nothing"),
        ({"const": 1}, ""),
        ({"all": ["on", "off"]}, "off"),
        ({"any": ["off", "on"]}, "on"),
        ({"all": ["on", "unknown"]}, "unknown"),
        ({"all": ["on", "text_on"]}, "on"),
        ({"first": ["nothing", "number"]}, "number"),
        ({"first": ["nothing", "null"]}, "nothing"),
    ],
)
def test_the_path_is_the_one_that_decided(reader: Reader, path: str) -> None:
    assert read(reader, WRITTEN)[1] == path


# README: "each, count or set; default; extract; matches; is; in; above; map; negate".
@pytest.mark.parametrize(
    ("reader", "expected"),
    [
        ({"path": "blocks", "count": True, "above": 2}, True),
        ({"path": "nothing", "count": True, "above": 1, "negate": True}, True),
        ({"path": "nothing", "default": "90d", "extract": "([0-9]+)d", "above": 89}, True),
        ({"path": "text", "extract": "^(Zone)", "is": "zone", "map": {"true": "zonal", "false": "regional"}}, "zonal"),
        ({"path": "nothing", "set": True, "map": {"true": 7, "false": 0}}, 0),
        ({"path": "number", "above": 0, "map": {"true": False}, "negate": True}, True),
        ({"path": "nothing", "default": 0, "above": 0}, False),
    ],
)
def test_keys_apply_in_the_order_of_the_readme(reader: Reader, expected: Value) -> None:
    assert read(reader, WRITTEN)[0] == expected
    assert read(dict(reversed(list(reader.items()))), WRITTEN)[0] == expected


@pytest.mark.parametrize(
    "number", ["NaN", "sNaN", "Infinity", "1e999999999", "--5", "9" * 10_000, "", " 7", "٧", "1_000"]
)
def test_strange_numbers_are_only_texts(number: str) -> None:
    assert read({"path": "n", "above": 0}, {"n": number})[0] is False
    assert read({"path": "n", "is": 7}, {"n": number})[0] is False


def test_lookup_steps_through_the_first_block_and_whole_through_all() -> None:
    attributes: dict[str, Any] = {"a": [{"b": [{"c": 1}]}, {"b": [{"c": 2}, {"c": 3}]}]}
    assert lookup(attributes, "a.b.c") == 1
    assert whole(attributes, "a.b.c") == [1, 2, 3]
    assert whole(attributes, "a.b") == [{"c": 1}, {"c": 2}, {"c": 3}]
    assert whole(attributes, "a.x") is ABSENT
    assert whole({"a": U}, "a.b") == U.derived()
    assert whole({"a": []}, "a") == []
