"""Three-valued logic against brute force: every way to fill in the unknowns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.span import Span
from scanner.model.value import (
    ABSENT,
    Ref,
    Truth,
    Unknown,
    Value,
    both,
    contains,
    either,
    equal,
    is_known,
    less,
    negate,
    unknown_from,
    unknowns_in,
)

U = Unknown("not written")
TRUTHS: tuple[Truth, ...] = (True, False, U)
ROWS = [row for length in range(4) for row in product(TRUTHS, repeat=length)]


def fillings(row: Iterable[Truth]) -> Iterator[tuple[bool, ...]]:
    """Every row of truths that the unknown ones may stand for."""
    return product(*([truth] if isinstance(truth, bool) else [True, False] for truth in row))


def decided(answers: Iterable[bool]) -> bool | None:
    """The one answer of all fillings; ``None`` when they differ."""
    found = set(answers)
    return found.pop() if len(found) == 1 else None


def shown(truth: Truth) -> bool | None:
    return None if isinstance(truth, Unknown) else truth


@pytest.mark.parametrize("row", ROWS)
def test_and_is_definite_exactly_when_every_filling_agrees(row: tuple[Truth, ...]) -> None:
    assert shown(both(row)) == decided(all(filling) for filling in fillings(row))


@pytest.mark.parametrize("row", ROWS)
def test_or_is_definite_exactly_when_every_filling_agrees(row: tuple[Truth, ...]) -> None:
    assert shown(either(row)) == decided(any(filling) for filling in fillings(row))


def test_not_leaves_unknown_as_it_is() -> None:
    assert negate(True) is False
    assert negate(False) is True
    assert negate(U) is U


@pytest.mark.parametrize(("a", "b", "c"), list(product(TRUTHS, repeat=3)))
def test_laws_of_kleenes_logic(a: Truth, b: Truth, c: Truth) -> None:
    assert shown(negate(both([a, b]))) == shown(either([negate(a), negate(b)]))  # De Morgan
    assert shown(both([a, either([b, c])])) == shown(either([both([a, b]), both([a, c])]))  # distributive
    assert shown(either([a, both([a, b])])) == shown(a)  # absorption
    assert shown(both([a, both([b, c])])) == shown(both([both([a, b]), c]))  # associative
    assert shown(both([a, b])) == shown(both([b, a]))  # commutative


def test_the_first_unknown_explains_an_undecided_answer() -> None:
    first, second = Unknown("first"), Unknown("second")
    assert both([True, first, second]) is first
    assert both([first, False]) is False


@pytest.mark.parametrize(
    "use", [bool, lambda u: not u, lambda u: 1 if u else 0, lambda u: u and True, lambda u: [*filter(None, [u])]]
)
def test_an_unknown_refuses_to_be_a_boolean(use: Callable[[Unknown], object]) -> None:
    with pytest.raises(TypeError, match="not written"):
        use(U)


def test_absent_is_neither_unknown_nor_null() -> None:
    assert not ABSENT
    assert equal(ABSENT, None) is False
    assert equal(ABSENT, ABSENT) is True
    assert repr(ABSENT) == "ABSENT"


# -- equality --------------------------------------------------------------------------------------

LEAVES: tuple[Value, ...] = (None, True, False, 0, 1, Decimal("1.5"), "", "a", "1", "true")


@pytest.mark.parametrize(("left", "right"), list(product(LEAVES, repeat=2)))
def test_known_leaves_are_equal_only_to_themselves(left: Value, right: Value) -> None:
    # The list holds no value twice in Terraform's sense: 1 and true, 1 and "1" differ there as well.
    assert equal(left, right) is (left is right)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (1, 1.0, True),
        (1, Decimal("1.0"), True),
        (True, 1, False),
        (0, False, False),
        (1, "1", False),
        ([1, 2], [1, 2], True),
        ([1, 2], [2, 1], False),
        ([], {}, False),
        ({"a": [1]}, {"a": [1]}, True),
        ({"a": 1}, {"b": 1}, False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ([True], [1], False),
        ([U], [], False),
        ([U, 1], [3, 2], False),
        ({"a": U}, {"b": U}, False),
    ],
)
def test_equality(left: Value, right: Value, expected: bool) -> None:
    assert equal(left, right) is expected
    assert equal(right, left) is expected


def shapes(leaves: tuple[Value, ...]) -> list[Value]:
    """Leaves, and lists and objects of up to two of them."""
    pairs = [list(pair) for pair in product(leaves, repeat=2)]
    return [*leaves, *([leaf] for leaf in leaves), *pairs, *({"k": leaf} for leaf in leaves)]


SMALL = shapes((0, "a"))


def filled(value: Value) -> list[Value]:
    """Every value that one with unknowns may stand for, over :data:`SMALL`."""
    if isinstance(value, Unknown):
        return SMALL
    if isinstance(value, list):
        return [list(items) for items in product(*map(filled, value))]
    if isinstance(value, dict):
        return [dict(zip(value, items, strict=True)) for items in product(*map(filled, value.values()))]
    return [value]


@pytest.mark.parametrize("left", shapes((0, U)))
def test_equality_is_definite_exactly_when_every_filling_agrees(left: Value) -> None:
    for right in shapes(("a", 0, U)):
        if is_known(left) and is_known(right):
            assert equal(left, right) is (left == right)
            continue
        answers = decided(a == b for a, b in product(filled(left), filled(right)))
        assert shown(equal(left, right)) == answers, (left, right)


ONE, OTHER = Ref("aws_subnet.a", "id"), Ref("aws_subnet.b", "id")


def test_unknowns_of_one_reference_are_one_value() -> None:
    assert equal(Unknown("x", None, ONE), Unknown("y", None, ONE)) is True
    assert isinstance(equal(Unknown("x", None, ONE), Unknown("x", None, OTHER)), Unknown)
    # What is computed from the same thing need not be the same.
    assert isinstance(equal(Unknown("x", None, ONE, (ONE,)).derived(), Unknown("x", None, ONE)), Unknown)
    assert Unknown("x", None, ONE, (ONE,)).derived().refs == (ONE,)


def partly(*parts: str | Unknown) -> Unknown:
    return Unknown("partly known", parts=parts)


TEXTS = ["", *("".join(letters) for length in range(1, 5) for letters in product("ab", repeat=length))]
PARTLY = [partly("a", U), partly(U, "b"), partly("a", U, "b"), partly("ab", U, "ba"), partly(U, "a", U), partly("b", U)]


def texts_of(value: Value) -> list[str]:
    """The texts of up to four letters that a partly known one may be."""
    if isinstance(value, str):
        return [value]
    pattern = "".join(re.escape(part) if isinstance(part, str) else ".*" for part in value.parts)
    return [text for text in TEXTS if re.fullmatch(pattern, text)]


@pytest.mark.parametrize("left", PARTLY)
@pytest.mark.parametrize("right", [*TEXTS, *PARTLY])
def test_a_partly_known_text_differs_from_what_its_known_ends_exclude(left: Unknown, right: Value) -> None:
    possible = {a == b for a, b in product(texts_of(left), texts_of(right))}
    found = shown(equal(left, right))
    if found is None:
        return  # nothing claimed
    assert found is False
    assert True not in possible


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (partly("a", U), "b"),
        (partly(U, "a"), "ab"),
        (partly("ab", U, "ba"), "aba"),  # each end fits, but both need four letters
        (partly(U, "a"), partly(U, "c")),  # "${var.region}a" is another zone than "${var.region}c"
        (partly("eu-", U), partly("us-", U)),
        (partly("a", U), 1),
        (partly("a", U), ["a"]),
        (partly("a", U), None),  # a text with an interpolation is never null
    ],
)
def test_known_ends_decide(left: Value, right: Value) -> None:
    assert equal(left, right) is False
    assert equal(right, left) is False


@pytest.mark.parametrize("other", ["abc", "a", partly("a", U), partly(U, "c"), U])
def test_known_ends_that_fit_decide_nothing(other: Value) -> None:
    assert isinstance(equal(partly("a", U), other), Unknown)


def test_texts_made_of_the_same_parts_are_equal() -> None:
    region = Unknown("no default", None, Ref("var.region"))
    assert equal(partly(region, "a"), partly(region, "a")) is True
    assert isinstance(equal(partly(region, "a"), partly(Unknown("other", None, Ref("var.other")), "a")), Unknown)
    assert isinstance(equal(partly(U, "a"), partly(U, "a")), Unknown)  # nothing says that it is the same unknown


def test_ends_of_a_partly_known_text() -> None:
    value = partly("arn:", U, ":key")
    assert (value.prefix, value.suffix) == ("arn:", ":key")
    assert (U.prefix, U.suffix) == ("", "")
    assert (partly(U, "x").prefix, partly("x", U).suffix) == ("", "")


# -- order and membership --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (1, 2, True),
        (2, 1, False),
        (1, 1, False),
        (Decimal("0.5"), 1, True),
        ("a", "b", True),
        (1, "2", False),
        (True, 2, False),
        ([], [1], False),
    ],
)
def test_order(left: Value, right: Value, expected: bool) -> None:
    assert less(left, right) is expected


def test_order_with_an_unknown_is_unknown() -> None:
    assert isinstance(less(U, 1), Unknown)
    assert isinstance(less(1, U), Unknown)


@pytest.mark.parametrize(
    ("collection", "item", "expected"),
    [
        ([1, 2], 2, True),
        ([1, U], 1, True),
        ([1, U], 2, None),
        ([1, 2], U, None),
        ([], U, False),
        ({"a": 1}, "a", True),
        ({"a": 1}, "b", False),
        ("abc", "b", True),
        ("abc", "x", False),
        ("abc", 1, False),
        (U, 1, None),
        (None, 1, False),
        (("a",), "a", True),
        ([partly("a", U)], "b", False),
    ],
)
def test_membership(collection: Value, item: Value, expected: bool | None) -> None:
    assert shown(contains(collection, item)) == expected


# -- inside of values ------------------------------------------------------------------------------


def test_unknowns_are_found_in_order_at_any_depth() -> None:
    first, second, third = Unknown("1"), Unknown("2"), Unknown("3")
    value = {"a": [first, {"b": second}], "c": third}
    assert list(unknowns_in(value)) == [first, second, third]
    assert not is_known(value)
    assert is_known({"a": [1, "text", None, ABSENT]})


def test_a_combined_unknown_keeps_every_reference_once() -> None:
    origin = Span("main.tf", 3)
    combined = unknown_from([Unknown("first", origin, ONE, (ONE,)), [Unknown("second", None, OTHER, (OTHER, ONE))]])
    assert (combined.reason, combined.origin, combined.ref, combined.refs) == ("first", origin, None, (ONE, OTHER))
    assert unknown_from([U], "why").reason == "why"
    assert unknown_from([1]).reason == "not decided"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_every_known_value_equals_itself(value: Any) -> None:
    assert equal(value, value) is True


@given(JSON, JSON)
def test_equality_is_symmetric(left: Any, right: Any) -> None:
    assert equal(left, right) is equal(right, left)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("var.zones", True),
        ("module.vpc.var.zones", True),
        ("envs/prod#var.zones", True),
        ("envs/prod#module.vpc.var.zones", True),
        ("aws_subnet.var", False),
        ("envs/var#aws_subnet.a", False),
        ("data.aws_subnets.all", False),
    ],
)
def test_variables_are_told_from_resources(address: str, expected: bool) -> None:
    assert Ref(address, "id").is_variable is expected
