"""Functions against the examples of https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.model.value import Unknown
from scanner.parsers.azure.functions import FUNCTIONS, call
from scanner.parsers.azure.reports import Fault

NO = Unknown("not told")

# template-functions-string, -array, -object, -numeric, -comparison, -logical, -cidr, -date: each page's own examples.
DOCUMENTED: list[tuple[str, list[Any], Any]] = [
    ("base64", ["one, two, three"], "b25lLCB0d28sIHRocmVl"),
    ("base64ToString", ["b25lLCB0d28sIHRocmVl"], "one, two, three"),
    ("base64ToJson", ["eydvbmUnOiAnYScsICd0d28nOiAnYid9"], {"one": "a", "two": "b"}),
    ("concat", ["prefix", "-", "value"], "prefix-value"),
    ("concat", [["1-1", "1-2"], ["2-1"]], ["1-1", "1-2", "2-1"]),
    ("contains", ["OneTwoThree", "e"], True),
    ("contains", ["OneTwoThree", "z"], False),
    ("contains", [{"one": "a", "two": "b"}, "Two"], True),
    ("contains", [["one", "two"], "four"], False),
    ("dataUri", ["Hello"], "data:text/plain;charset=utf8;base64,SGVsbG8="),
    ("dataUriToString", ["data:;base64,SGVsbG8sIFdvcmxkIQ=="], "Hello, World!"),
    ("empty", [""], True),
    ("empty", [[]], True),
    ("empty", [{}], True),
    ("empty", [None], True),
    ("empty", ["a"], False),
    ("endsWith", ["abcdef", "ef"], True),
    ("endsWith", ["abcdef", "F"], True),
    ("endsWith", ["abcdef", "e"], False),
    ("startsWith", ["abcdef", "ab"], True),
    ("startsWith", ["abcdef", "A"], True),
    ("startsWith", ["abcdef", "e"], False),
    ("first", [["one", "two", "three"]], "one"),
    ("first", ["One Two Three"], "O"),
    ("last", [["one", "two", "three"]], "three"),
    ("last", ["One Two Three"], "e"),
    (
        "format",
        ["{0}, {1}. Formatted number: {2:N0}", "Hello", "User", 8175133],
        "Hello, User. Formatted number: 8,175,133",
    ),
    ("indexOf", ["abcdef", "CD"], 2),
    ("indexOf", ["abcdef", "z"], -1),
    ("indexOf", [["one", "two", "three"], "three"], 2),
    ("lastIndexOf", ["test", "t"], 3),
    ("lastIndexOf", ["abcdef", "AB"], 0),
    ("join", [["one", "two", "three"], ","], "one,two,three"),
    ("length", [["one", "two", "three"]], 3),
    ("length", ["One Two Three"], 13),
    ("padLeft", ["123", 10, "0"], "0000000123"),
    ("replace", ["123-123-1234", "-", ""], "1231231234"),
    ("replace", ["123-123-1234", "1234", "xxxx"], "123-123-xxxx"),
    ("skip", ["one two three", 4], "two three"),
    ("skip", [["one", "two", "three"], 2], ["three"]),
    ("take", ["one two three", 2], "on"),
    ("take", [["one", "two", "three"], 2], ["one", "two"]),
    ("split", ["one,two,three", ","], ["one", "two", "three"]),
    ("split", ["one;two,three", [",", ";"]], ["one", "two", "three"]),
    ("string", [["a", "b", "c"]], '["a","b","c"]'),
    ("string", [5], "5"),
    ("substring", ["one two three", 4, 3], "two"),
    ("toLower", ["One Two Three"], "one two three"),
    ("toUpper", ["One Two Three"], "ONE TWO THREE"),
    ("trim", ["    one two three   "], "one two three"),
    (
        "uriComponent",
        ["http://contoso.com/resources/nested/azuredeploy.json"],
        "http%3A%2F%2Fcontoso.com%2Fresources%2Fnested%2Fazuredeploy.json",
    ),
    ("array", ["efgh"], ["efgh"]),
    ("array", [{"a": "b", "c": "d"}], [{"a": "b", "c": "d"}]),
    ("createArray", ["a", 2, ["b"]], ["a", 2, ["b"]]),
    ("createObject", ["intProp", 1, "stringProp", "abc"], {"intProp": 1, "stringProp": "abc"}),
    ("flatten", [[["one", "two"], ["three"], ["four", "four"]]], ["one", "two", "three", "four", "four"]),
    ("intersection", [["one", "two", "three"], ["two", "three"]], ["two", "three"]),
    (
        "intersection",
        [{"one": "a", "two": "b", "three": "c"}, {"one": "a", "two": "z", "three": "c"}],
        {"one": "a", "three": "c"},
    ),
    ("union", [["one", "two", "three"], ["three", "four"]], ["one", "two", "three", "four"]),
    ("union", [{"one": "a", "three": "c1"}, {"three": "c2", "four": "d"}], {"one": "a", "three": "c2", "four": "d"}),
    (
        "union",
        [
            {"property": {"one": "a", "two": "b", "three": "c1"}, "nestedArray": [1, 2]},
            {"property": {"three": "c2", "four": "d", "five": "e"}, "nestedArray": [3, 4]},
        ],
        {"property": {"one": "a", "two": "b", "three": "c2", "four": "d", "five": "e"}, "nestedArray": [3, 4]},
    ),
    (
        "items",
        [{"item002": {"n": 2}, "item001": {"n": 1}}],
        [{"key": "item001", "value": {"n": 1}}, {"key": "item002", "value": {"n": 2}}],
    ),
    ("objectKeys", [{"b": 1, "a": 2}], ["a", "b"]),
    ("shallowMerge", [[{"one": "a", "two": {"x": 1}}, {"two": {"y": 2}}]], {"one": "a", "two": {"y": 2}}),
    ("tryGet", [{"a": {"b": [1]}}, "a", "b", 0], 1),
    ("tryGet", [{"a": {"b": [1]}}, "z"], None),
    ("indexFromEnd", [["a", "b", "c"], 1], "c"),
    ("min", [[0, 3, 2, 5, 4]], 0),
    ("max", [0, 3, 2, 5, 4], 5),
    ("range", [5, 3], [5, 6, 7]),
    ("json", ['{"a": "b"}'], {"a": "b"}),
    ("coalesce", [None, None, "default"], "default"),
    ("add", [5, 3], 8),
    ("sub", [7, 3], 4),
    ("mul", [5, 3], 15),
    ("div", [8, 3], 2),
    ("mod", [7, 3], 1),
    ("int", ["4"], 4),
    ("bool", ["true"], True),
    ("bool", [0], False),
    ("and", [True, False], False),
    ("or", [True, False], True),
    ("not", [True], False),
    ("equals", ["a", "a"], True),
    ("equals", [{"a": 1}, {"a": 1}], True),
    ("less", [5, 3], False),
    ("lessOrEquals", ["A", "a"], True),
    ("greaterOrEquals", [5, 3], True),
    (
        "parseCidr",
        ["10.144.0.0/20"],
        {
            "network": "10.144.0.0",
            "netmask": "255.255.240.0",
            "broadcast": "10.144.15.255",
            "firstUsable": "10.144.0.1",
            "lastUsable": "10.144.15.254",
            "cidr": 20,
        },
    ),
    ("cidrSubnet", ["10.144.0.0/20", 24, 1], "10.144.1.0/24"),
    ("cidrHost", ["10.144.3.0/24", 0], "10.144.3.1"),
    ("dateTimeFromEpoch", [1683040573], "2023-05-02T15:16:13Z"),
    ("dateTimeToEpoch", ["2023-05-02T15:16:13Z"], 1683040573),
    ("dateTimeAdd", ["2020-04-07T14:53:14Z", "-P9D"], "2020-03-29T14:53:14Z"),
    ("dateTimeAdd", ["2020-04-07T14:53:14Z", "PT1H"], "2020-04-07T15:53:14Z"),
]


@pytest.mark.parametrize(("name", "arguments", "expected"), DOCUMENTED)
def test_documented_examples(name: str, arguments: list[Any], expected: Any) -> None:
    found = call(name.lower(), arguments)
    assert found == expected
    assert type(found) is type(expected)


def test_every_name_is_in_small_letters() -> None:
    assert [name for name in FUNCTIONS if name != name.lower()] == []


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("div", [1, 0]),
        ("range", [0, 1_000_000]),
        ("substring", ["abc", 2, 5]),
        ("split", [1, ","]),
        ("length", [3]),
        ("padleft", ["a", 10**12]),
        ("mul", [2**62, 2**62]),
        ("cidrsubnet", ["10.0.0.0/8", 4, 0]),
        ("json", ["{"]),
        ("and", ["yes", True]),
        ("trim", []),
        ("base64tostring", ["%%%"]),
        ("format", ["{3}", "a"]),
    ],
)
def test_what_azure_refuses_is_a_fault(name: str, arguments: list[Any]) -> None:
    with pytest.raises(Fault):
        call(name, arguments)


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("length", [[NO, "b"]], 2),
        ("contains", [["a", NO], "a"], True),
        ("empty", [call("concat", ["rg-", NO])], False),
        ("and", [NO, False], False),
        ("or", [True, NO], True),
        ("startswith", [call("concat", ["rg-", NO]), "RG"], True),
        ("endswith", [call("concat", [NO, "-prod"]), "-dev"], False),
        ("equals", [call("concat", ["dev-", NO]), "prod-a"], False),
        ("first", [["a", NO]], "a"),
        ("take", [call("concat", ["abc", NO]), 2], "ab"),
    ],
)
def test_what_is_known_of_partly_known_arguments(name: str, arguments: list[Any], expected: Any) -> None:
    assert call(name, arguments) == expected


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("length", [NO]),
        ("contains", [["a", NO], "b"]),
        ("empty", [NO]),
        ("and", [True, NO]),
        ("substring", [NO, 1]),
        ("union", [{"a": 1}, NO]),
        ("add", [1, NO]),
    ],
)
def test_what_is_not_known_stays_unknown(name: str, arguments: list[Any]) -> None:
    found = call(name, arguments)
    assert isinstance(found, Unknown)
    assert found.reason == "not told"


def test_texts_keep_their_known_parts() -> None:
    assert call("format", ["{0}-{1}", "app", NO]).parts == ("app-", NO)
    assert call("toupper", [call("concat", ["app-", NO])]).parts[0] == "APP-"
