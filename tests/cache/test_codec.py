"""Records survive being written down, and bytes of strangers become records or nothing."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.msgpack import Ext
from msgspec.msgpack import encode as plain

from scanner.cache.codec import ForeignError, NotStorableError, canonical, decode, encode, packed, packed_declaration
from scanner.config import Config
from scanner.model.change import Change
from scanner.model.finding import Finding, Related
from scanner.model.outage import Loss, ServiceRisk
from scanner.model.problem import Problem
from scanner.model.resource import Declaration, ProviderContext, Reference
from scanner.model.span import Span
from scanner.model.value import ABSENT, Ref, Unknown
from scanner.parsers.parsed import Parsed
from scanner.parsers.terraform.folders import Summary
from scanner.parsers.terraform.recall import Outcome
from scanner.parsers.terraform.values import ListValue, SetValue
from scanner.pipeline import read_estate
from scanner.remembered import Kept
from scanner.rules.load import load_rules
from scanner.verdict import Verdict

EXAMPLES = Path(__file__).parents[2] / "examples"


class Box(Struct, frozen=True):
    value: Any


def there_and_back(value: Any) -> Any:
    return decode(encode(Box(packed(value))), Box).value


def alike(left: Any, right: Any) -> bool:
    """Equal, and of the same types throughout: ``True == 1`` and ``1 == Decimal(1)`` are not enough."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return list(left) == list(right) and all(alike(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(alike, left, right))
    return left is right if left is ABSENT else repr(left) == repr(right)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
spans = st.builds(Span, texts, st.integers(1, 9), st.integers(1, 9), st.integers(0, 9), st.integers(0, 9))
spans |= st.builds(lambda a, b, via: a.under(b, via), spans, spans, texts)
refs = st.builds(Ref, texts, texts)
unknowns = st.recursive(
    st.builds(Unknown, texts, st.none() | spans, st.none() | refs, st.lists(refs, max_size=2).map(tuple)),
    lambda inner: st.builds(
        Unknown,
        texts,
        parts=st.lists(texts | inner, max_size=3).map(tuple),
        choice=st.booleans(),
        content=st.none() | inner,
    ),
    max_leaves=4,
)
scalars: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts | unknowns | st.just(ABSENT)
)
scalars |= st.decimals(allow_nan=False, allow_infinity=False, places=4)
values = st.recursive(scalars, lambda v: st.lists(v, max_size=3) | st.dictionaries(texts, v, max_size=3), max_leaves=8)


@given(values)
def test_every_value_comes_back_as_it_was(value: Any) -> None:
    assert alike(there_and_back(value), value)


@pytest.mark.parametrize("number", [2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1, 10**4000, -(10**4000)])
def test_whole_numbers_of_any_size_come_back(number: int) -> None:
    assert there_and_back(number) == number


@pytest.mark.parametrize("value", [ListValue([1]), SetValue((1,)), {1: "a"}, {1, 2}, object(), b"x", "\ud800"])
def test_what_would_come_back_as_something_else_is_refused(value: Any) -> None:
    with pytest.raises(NotStorableError):
        encode(Box(packed(value)))


def test_a_declaration_comes_back_as_it_was() -> None:
    at = Span("a.tf", 3, 1, 4, 2).under(Span("main.tf", 1), "in the module called")
    unknown = Unknown("no default", at, Ref("var.x"), parts=("a-", Unknown("y"), "-z"))
    declaration = Declaration(
        id="root#aws_lb.a",
        type="aws_lb",
        name="a",
        platform="terraform",
        span=at,
        attributes={"b": 1, "a": {"n": Decimal("1.50"), "u": [unknown, ABSENT, None, True]}},
        places={"a": at},
        references=(Reference("a.u", "var.x", "", at),),
        provider=ProviderContext("aws", "west", {"region": unknown}, at, declared=True, places={"region": at}),
        exists=unknown,
        lifecycle={"prevent_destroy": False},
        metadata={"checkov": {"skip": [unknown]}},
        depends_on=("aws_vpc.a",),
    )
    found = decode(encode(packed_declaration(declaration)), Declaration)
    assert repr(found) == repr(declaration)
    assert found.attributes["a"]["u"][1] is ABSENT


@pytest.mark.parametrize("folder", sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir()))
def test_what_examples_declare_and_what_is_said_of_them_comes_back(folder: str) -> None:
    from scanner.pipeline import _verdict

    estate = read_estate([EXAMPLES / folder], Config())
    for declaration in estate.parsed.declarations:
        bare = Declaration(
            **{name: getattr(declaration, name) for name in Declaration.__struct_fields__ if name != "places"}
        )
        assert repr(decode(encode(packed_declaration(bare)), Declaration)) == repr(bare)
    verdict = _verdict(estate, load_rules(), lambda _graph: None)
    assert verdict.answers
    assert decode(encode(verdict), Verdict) == verdict


@given(st.binary(max_size=64))
def test_bytes_of_strangers_are_no_records(data: bytes) -> None:
    try:
        found = decode(data, Declaration)
    except ForeignError:
        return
    assert isinstance(found, Declaration)


@pytest.mark.parametrize(
    "value",
    [
        Ext(2, b"1e999999999"),
        Ext(2, b"9" * 6000),
        Ext(2, b"NaN"),
        Ext(2, b"no number"),
        Ext(99, b""),
        Ext(1, b"\x00"),
        Ext(1, plain({"reason": 3})),
        Ext(1, plain({"reason": "r", "origin": {"file": 1, "line": "x"}})),
        Ext(4, b"0xzz"),
    ],
)
def test_marks_of_strangers_are_refused(value: Ext) -> None:
    with pytest.raises(ForeignError):
        decode(plain({"value": value}), Box)


def test_records_inside_each_other_without_end_are_refused() -> None:
    data = plain({"reason": "r"})
    for _ in range(100_000):
        data = b"\x82\xa6reason\xa1r\xa7content" + data
    with pytest.raises(ForeignError):
        decode(data, Unknown)


def test_equal_settings_have_equal_bytes_whatever_their_order() -> None:
    one = Config(disable=frozenset({"a", "b", "c"}), environments={"x": ("1",), "y": ("2",)})
    other = Config(disable=frozenset({"c", "b", "a"}), environments={"y": ("2",), "x": ("1",)})
    assert canonical(one) == canonical(other)
    assert canonical(one) != canonical(Config(disable=frozenset({"a", "b"})))


def test_every_field_that_may_hold_a_value_is_packed() -> None:
    """A value that is not would come back as something else, and nothing would tell."""

    def loose(kind: type[Struct]) -> set[str]:
        hints = {
            name: text
            for each in reversed(kind.__mro__)
            for name, text in vars(each).get("__annotations__", {}).items()
        }
        return {name for name, text in hints.items() if re.search(r"\b(?:Value|Any|object)\b", str(text))}

    assert loose(Declaration) == {"attributes", "lifecycle", "metadata"}
    assert loose(ProviderContext) == {"attributes"}
    rest = (
        Span,
        Ref,
        Unknown,
        Reference,
        Problem,
        Finding,
        Related,
        ServiceRisk,
        Loss,
        Change,
        Outcome,
        Summary,
        Verdict,
    )
    assert [kind for kind in (*rest, Parsed, Kept) if loose(kind)] == []
