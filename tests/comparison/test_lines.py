"""Which lines differ."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scanner.comparison.lines import changes, moved
from scanner.model.span import Span

BLOCK = ("resource a b {", "  x = 1", "  y = 2", "}")


def test_changed_added_and_removed_lines() -> None:
    found = changes({"a": BLOCK}, {"a": ("resource a b {", "  x = 3", "  y = 2", "  z = 4", "}")})
    assert (found.base, found.head) == ({"a": frozenset({2})}, {"a": frozenset({2, 4})})
    assert found.in_head(Span("a", 1, 1, 5, 2)) == Span("a", 2)
    assert found.in_head(Span("a", 4, 3, 4, 8)) == Span("a", 4, 3, 4, 8)
    assert found.in_head(Span("a", 3)) is None
    assert found.in_head(Span("unknown", 1)) is None


def test_white_space_does_not_count() -> None:
    found = changes({"a": BLOCK}, {"a": ("resource a  b {", "    x   = 1", "  y = 2", "", "}")})
    assert found.base == found.head == {"a": frozenset()}


def test_a_file_that_moved_is_the_same_file() -> None:
    base = {"modules/a/main.tf": BLOCK, "main.tf": ("one",)}
    found = changes(base, {"modules/b/main.tf": BLOCK, "main.tf": ("one",)})
    assert found.files == {"main.tf": "main.tf", "modules/a/main.tf": "modules/b/main.tf"}
    assert not any(found.head.values())


def test_a_file_that_moved_and_changed_a_little() -> None:
    found = changes({"a/main.tf": BLOCK}, {"b/main.tf": (*BLOCK, "z = 1")})
    assert found.head["b/main.tf"] == frozenset({5})


def test_the_nearest_of_several_copies_is_the_one() -> None:
    base = {"old/x/main.tf": BLOCK, "old/y/main.tf": BLOCK}
    assert moved(base, {"new/y/main.tf": BLOCK, "new/x/main.tf": BLOCK}) == {
        "old/x/main.tf": "new/x/main.tf",
        "old/y/main.tf": "new/y/main.tf",
    }


def test_another_file_of_the_same_name_is_another() -> None:
    assert moved({"a/main.tf": BLOCK}, {"b/main.tf": ("nothing", "in", "common", "here")}) == {}
    twins = {"b/main.tf": (*BLOCK, "1"), "c/main.tf": (*BLOCK, "2")}
    assert moved({"a/main.tf": BLOCK}, twins) == {}  # either may be it


def test_a_key_of_yaml_holds_what_stands_below_it() -> None:
    base = {"v.yaml": ("a:", "  b: 1", "relays:", "  - x", "  - y", "c: 1")}
    found = changes(base, {"v.yaml": ("a:", "  b: 1", "relays:", "  - x", "c: 1")})
    assert found.in_base(Span("v.yaml", 3, 1, 3, 8)) == Span("v.yaml", 5)
    assert found.in_base(Span("v.yaml", 1, 1, 1, 3)) is None
    assert found.in_base(Span("v.yaml", 6, 1, 6, 5)) is None


LINES = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=12)


@given(LINES, LINES)
def test_what_is_left_is_common(base: list[str], head: list[str]) -> None:
    """Without the lines that differ, two texts are one."""
    found = changes({"x": base}, {"x": head})
    left = [line for number, line in enumerate(base, 1) if number not in found.base.get("x", ()) and line]
    right = [line for number, line in enumerate(head, 1) if number not in found.head.get("x", ()) and line]
    assert left == right
