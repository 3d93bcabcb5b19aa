"""Variables in Compose files. Expectations are those of the specification's page on interpolation and of the cases that
compose-go, the reference implementation, is tested with (template/template_test.go, Apache-2.0)."""

from __future__ import annotations

import pytest

from scanner.model.problem import ProblemKind
from scanner.model.value import Ref, Unknown
from scanner.parsers.compose.interpolation import MAX_FILLED, MAX_NESTED, MAX_TEXT, Refused, Variables

KNOWN = Variables({"FOO": "first", "BAR": "", "JSON": '{"json":2}'})


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("foo", "foo"),
        ("$${foo}", "${foo}"),
        ("$$VAR_NOT_INTERPOLATED_BY_COMPOSE", "$VAR_NOT_INTERPOLATED_BY_COMPOSE"),
        ("a $ string", "a $ string"),
        ("^REGEX$", "^REGEX$"),
        ("$}", "$}"),
        ("$", "$"),
        ("$5", "$5"),
        ("$FOO-bar", "first-bar"),
        ("This $FOO var", "This first var"),
        ("This ${FOO} var", "This first var"),
        ("This ${BAR} var", "This  var"),
        ("ok ${missing:-def}", "ok def"),
        ("ok ${missing-def}", "ok def"),
        ("ok ${BAR:-def}", "ok def"),
        ("ok ${FOO:-def}", "ok first"),
        ("ok ${BAR-def}", "ok "),
        ("ok ${FOO:+presence_value}", "ok presence_value"),
        ("ok ${FOO+presence_value}", "ok presence_value"),
        ("ok ${BAR+presence_value}", "ok presence_value"),
        ("ok ${BAR:+presence_value}", "ok "),
        ("ok ${BAR:-/non:-alphanumeric}", "ok /non:-alphanumeric"),
        ("+ok ${UNSET:-${BAR-defaultValue}}", "+ok "),
        (":?ok ${BAR:-defaultValue}", ":?ok defaultValue"),
        ("ok ${UNSET_VAR-$FOO}", "ok first"),
        ("ok ${UNSET_VAR-${FOO} ${FOO}}", "ok first first"),
        ("ok ${BAR:-${FOO} ${FOO}}", "ok first first"),
        ("ok ${BAR+$FOO ${FOO:+second}}", "ok first second"),
        ("${FOO?${B}}", "first"),
        ("${JSON}", '{"json":2}'),
        ('${missing:-{"a": 1}}', '{"a": 1}'),
    ],
)
def test_what_compose_fills_in(text: str, result: str) -> None:
    assert KNOWN.filled(text) == result


@pytest.mark.parametrize("text", ["${", "${}", "${ }", "${ foo}", "${foo }", "${foo!}", "${VARIABLE/foo/bar}"])
def test_what_compose_refuses(text: str) -> None:
    with pytest.raises(Refused) as caught:
        KNOWN.filled(text)
    assert caught.value.kind is ProblemKind.INVALID


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("$MISSING", "variable MISSING is not in .env and has no default"),
        ("${MISSING}", "variable MISSING is not in .env and has no default"),
        ("${MISSING:?tell me}", "variable MISSING must be set: tell me"),
        ("${MISSING?}", "variable MISSING must be set"),
        ("${BAR:?empty}", "variable BAR must be set: empty"),
        ("${MISSING:+yes}", "whether variable MISSING is set is not in the files"),
        ("${MISSING:-$OTHER}", "variable OTHER is not in .env and has no default"),
    ],
)
def test_what_whoever_starts_it_decides(text: str, reason: str) -> None:
    value = KNOWN.filled(text)
    assert isinstance(value, Unknown)
    assert value.reason == reason


def test_what_is_known_of_a_text_stays_known() -> None:
    value = KNOWN.filled("postgres://$USER@db-${FOO}:5432/${MISSING}")
    assert isinstance(value, Unknown)
    assert [part for part in value.parts if isinstance(part, str)] == ["postgres://", "@db-first:5432/"]
    assert value.refs == (Ref("env.USER"), Ref("env.MISSING"))
    assert value.ref is None


def test_the_same_variable_of_two_projects_is_not_the_same_value() -> None:
    one, other = Variables({}, "a").filled("$X"), Variables({}, "b").filled("$X")
    assert isinstance(one, Unknown)
    assert isinstance(other, Unknown)
    assert one.ref != other.ref


def test_limits() -> None:
    grown = Variables({"A": "x" * (MAX_TEXT // 2)})
    with pytest.raises(Refused, match="characters of one value"):
        grown.filled("$A$A$A")
    for _ in range(MAX_FILLED // (MAX_TEXT // 2)):
        grown.filled("$A")
    with pytest.raises(Refused, match="characters of the project"):
        grown.filled("$A")
    with pytest.raises(Refused, match="nested deeper"):
        KNOWN.filled("${A:-" * (MAX_NESTED + 2) + "x" + "}" * (MAX_NESTED + 2))
