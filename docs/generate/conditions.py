"""What a rule asks, in words: its conditions as nested lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from generate.markup import code, codes, prose
from scanner.catalog.load import catalog
from scanner.facts import FACTS

_WORDS: Final[Mapping[str, str]] = {
    "is": "is {}",
    "is_not": "is not {}",
    "in": "is one of {}",
    "not_in": "is none of {}",
    "below": "is below {}",
    "above": "is above {}",
    "at_least": "is at least {}",
    "at_most": "is at most {}",
    "contains": "contains {}",
    "matches": "matches {}",
}
_SWITCHES: Final[Mapping[tuple[str, bool], str]] = {
    ("empty", True): "is empty",
    ("empty", False): "is not empty",
    ("exists", True): "is written or has a default",
    ("exists", False): "is not written",
    ("known", True): "is decided by the files",
    ("known", False): "is not decided by the files",
}
_GROUPS: Final = {"all": "all of these hold", "any": "one of these holds"}


def in_words(condition: Mapping[str, Any], depth: int = 0) -> str:
    """A condition as a list, one line a comparison."""
    return "".join(f"{'    ' * level}- {line}\n" for level, line in _lines(condition, depth))


def _lines(condition: Mapping[str, Any], depth: int) -> Iterator[tuple[int, str]]:
    for name, operand in condition.items():
        if name in _GROUPS:
            yield depth, f"{_GROUPS[name]}:"
            for part in operand:
                yield from _lines(part, depth + 1)
        elif name == "not":
            yield depth, "this does not hold:"
            yield from _lines(operand, depth + 1)
        else:
            tests = (_test(operator, value) for operator, value in operand.items())
            yield depth, f"{code(name)} {' and '.join(tests)}"


def _test(operator: str, value: Any) -> str:
    if isinstance(value, bool) and (operator, value) in _SWITCHES:
        return _SWITCHES[operator, value]
    return _WORDS[operator].format(codes(map(_shown, value)) if isinstance(value, list) else code(_shown(value)))


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def names(condition: Mapping[str, Any]) -> Iterator[str]:
    """The facts and properties that a condition compares, in its order."""
    for name, operand in condition.items():
        if name in _GROUPS:
            for part in operand:
                yield from names(part)
        elif name == "not":
            yield from names(operand)
        else:
            yield name


def meaning(name: str, kinds: tuple[str, ...]) -> str:
    """What a fact or property of some kinds says, as Markdown; empty where nothing tells."""
    fact = FACTS.get(name)
    if fact is not None and (not fact.kinds or set(fact.kinds) & set(kinds)):
        return prose(fact.about)
    tables = [catalog().kinds.get(kind, {}).get("properties", {}) for kind in kinds]
    for table in (*tables, catalog().common):
        if name in table:
            return prose(", ".join(map(str, table[name][1:])))
    return ""
