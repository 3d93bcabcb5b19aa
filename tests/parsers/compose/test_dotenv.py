"""Files of variables. Expectations are those of the specification (05-services.md, Env_file format) and of the cases of
compose-go's dotenv/godotenv_test.go (MIT)."""

from __future__ import annotations

import pytest

from scanner.model.span import Span
from scanner.model.value import Unknown
from scanner.parsers.compose.dotenv import read_variables
from scanner.parsers.compose.interpolation import MAX_PARTS, Variables

NONE = Variables({})


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("VAR=VAL", "VAR", "VAL"),
        ('VAR="VAL"', "VAR", "VAL"),
        ("VAR='VAL'", "VAR", "VAL"),
        ("VAR=VAL # comment", "VAR", "VAL"),
        ("VAR=VAL# not a comment", "VAR", "VAL# not a comment"),
        ('VAR="VAL # not a comment"', "VAR", "VAL # not a comment"),
        ('VAR="VAL" # comment', "VAR", "VAL"),
        ("VAR='$OTHER'", "VAR", "$OTHER"),
        ("VAR='${OTHER}'", "VAR", "${OTHER}"),
        (r"VAR='Let\'s go!'", "VAR", "Let's go!"),
        (r'VAR="{\"hello\": \"json\"}"', "VAR", '{"hello": "json"}'),
        (r'VAR="some\tvalue"', "VAR", "some\tvalue"),
        (r"VAR='some\tvalue'", "VAR", r"some\tvalue"),
        (r"VAR=some\tvalue", "VAR", r"some\tvalue"),
        ("FOO =bar", "FOO", "bar"),
        ("FOO= bar", "FOO", "bar"),
        (r'FOO="\"quoted\""', "FOO", '"quoted"'),
        ("OPTION_A: 1", "OPTION_A", "1"),
        ("OPTION_A: Foo=bar", "OPTION_A", "Foo=bar"),
        ("OPTION_A=1:B", "OPTION_A", "1:B"),
        ("  export OPTION_A=2", "OPTION_A", "2"),
        ("export.FOO= 2", "export.FOO", "2"),
        ("FOO.BAR=foobar", "FOO.BAR", "foobar"),
        ("FOO=foobar=", "FOO", "foobar="),
        ("FOO=bar #", "FOO", "bar"),
        ("FOO=123#not-an-inline-comment", "FOO", "123#not-an-inline-comment"),
        ('FOO="bar#baz"#', "FOO", "bar#baz"),
        ("COLOUR=#fff", "COLOUR", "#fff"),
        ("EMPTY=", "EMPTY", ""),
        ("EMPTY= # nothing", "EMPTY", ""),
        ("NAMED", "NAMED", None),
        ('FOO="foo\\$BAR"', "FOO", "foo$BAR"),
        ('PEM="first\nsecond"', "PEM", "first\nsecond"),
    ],
)
def test_lines(line: str, name: str, value: str | None) -> None:
    found = read_variables(f"# first\n\n{line}\n# last\n", ".env", NONE)
    assert found.values == {name: value}
    assert found.places[name].line == 3
    assert not found.problems


def test_later_lines_use_earlier_ones_and_what_is_set_already() -> None:
    text = 'A=one\nB=${A}-two\nC="$B and ${HOME_OF_ALL}"\nD=${E:-x}\nF=$G\n'
    found = dict(read_variables(text, ".env", Variables({"HOME_OF_ALL": "home"})).values)
    unknown = found.pop("F")
    assert found == {"A": "one", "B": "one-two", "C": "one-two and home", "D": "x"}
    assert isinstance(unknown, Unknown)


def test_raw_files_are_taken_as_they_stand() -> None:
    found = read_variables("A='$B' # c\n#D=1\nE\n", ".env", NONE, raw=True)
    assert found.values == {"A": "'$B' # c", "E": None}


def test_the_place_of_a_value() -> None:
    found = read_variables("A=1\n  B=two # why\n", "app/.env", NONE)
    assert found.places["B"] == Span("app/.env", 2, 3, 2, 14)


@pytest.mark.parametrize("line", ['KEY="', 'KEY="value', "KEY='value", "KEY='value\"", "KEY=${"])
def test_what_is_wrong_is_said_with_its_line(line: str) -> None:
    found = read_variables(f"A=1\n{line}", ".env", NONE)
    assert found.values == {"A": "1"}
    assert [problem.span.line for problem in found.problems] == [2]


def test_variables_that_multiply_end_at_the_limit() -> None:
    lines = ["A0=" + "x" * 1000, *(f"A{n}=$A{n - 1}$A{n - 1}" for n in range(1, 40))]
    found = read_variables("\n".join(lines), ".env", NONE)
    assert found.problems
    assert all(len(value.parts) <= MAX_PARTS for value in found.values.values() if isinstance(value, Unknown))
    assert sum(len(value) for value in found.values.values() if isinstance(value, str)) < 2_000_000
