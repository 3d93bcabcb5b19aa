"""What is wrong with a rule file: its shape, its names, its examples."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from scanner.catalog.load import catalog
from scanner.facts import FACTS
from scanner.model.finding import Axis, Severity
from scanner.model.rule import ESTATE
from scanner.rules.condition import faults
from scanner.rules.evaluate import ANY, names_in
from scanner.rules.rule import DIALECTS

OUTCOMES: Final = ("fail", "pass", "unknown")
"""What an example can show."""

MARKS: Final = ("# <-", "// <-")
"""What ends the lines of an example that the rule must point at: a comment in the language of the example."""

_KEYS: Final[Mapping[str, tuple[type | tuple[type, ...], bool]]] = {
    "code": (str, True),
    "slug": (str, True),
    "axis": (str, True),
    "severity": (str, True),
    "precision": (str, True),
    "title": (str, True),
    "why": (str, True),
    "applies_to": (dict, True),
    "fails_when": (dict, True),
    "message": (str, True),
    "mark": ((str, list), False),
    "remediation": (dict, True),
    "controls": (dict, False),
    "references": (list, True),
    "tags": (list, False),
    "suggest": (dict, False),
    "examples": (list, True),
    "note": (str, False),
}
"""Keys of a rule file, what each holds, and whether it is required."""

_WORDS: Final[Mapping[type, str]] = {str: "a text", dict: "a mapping", list: "a list"}
_CHOICES: Final[Mapping[str, Sequence[str]]] = {
    "axis": [axis.value for axis in Axis],
    "precision": ("very-high", "high", "medium", "low"),
    "severity": [severity.label for severity in Severity],
}
_APPLIES: Final = frozenset({"kind", "type", "when"})
_LITERAL: Final = re.compile(r"[\w./-]+")
_BESIDE: Final = ("dialect", "config")
"""Keys that an example may have beside its outcome."""

Fault = tuple[str, str]
"""The key that a fault stands at, and a sentence."""


def rule_faults(data: Mapping[Any, Any]) -> Iterator[Fault]:
    """What is wrong with a rule document. Names are checked only where the shape is right."""
    shape = [*_unknown_keys(data, _KEYS), *_shape_faults(data)]
    yield from shape or _name_faults(data)


def _unknown_keys(data: Mapping[Any, Any], known: Iterable[str]) -> Iterator[Fault]:
    for key in data:
        if key not in known:
            yield str(key), f"unknown key {key}{_nearest(str(key), known)}"


def _shape_faults(data: Mapping[Any, Any]) -> Iterator[Fault]:
    for key, (kind, required) in _KEYS.items():
        value = data.get(key)
        if not value and required:
            yield key, f"{key} is missing"
        elif value is not None and not isinstance(value, kind):
            yield key, f"{key} is {' or '.join(_WORDS[k] for k in (kind if isinstance(kind, tuple) else (kind,)))}"
    for key, options in _CHOICES.items():
        if data.get(key) and data[key] not in options:
            yield key, f"{key} is one of {', '.join(options)}"
    applies = data.get("applies_to")
    if isinstance(applies, dict):
        yield from _unknown_keys(applies, _APPLIES)
        if not applies.get("kind"):
            yield "applies_to", "applies_to names at least one kind"
        for key in ("kind", "type"):
            if not _is_words(applies.get(key)):
                yield key, f"{key} is a text or a list of texts"
    for key in ("mark", "references", "tags"):
        if isinstance(data.get(key), list) and not _is_words(data[key]):
            yield key, f"{key} is a list of texts"
    yield from _table_faults(data)
    yield from _suggest_faults(data.get("suggest"))
    yield from _example_faults(data.get("examples"))


def _table_faults(data: Mapping[Any, Any]) -> Iterator[Fault]:
    remediation, controls = data.get("remediation"), data.get("controls")
    for dialect, text in remediation.items() if isinstance(remediation, dict) else ():
        if not isinstance(text, str):
            yield str(dialect), f"the remediation for {dialect} is a text"
    for framework, ids in controls.items() if isinstance(controls, dict) else ():
        if not isinstance(ids, list) or any(isinstance(i, (dict, list)) for i in ids):
            yield str(framework), f"the controls of {framework} are a list"


def _suggest_faults(suggest: Any) -> Iterator[Fault]:
    """Only literals of one word: a suggestion replaces one by another."""
    for key, value in suggest.items() if isinstance(suggest, dict) else ():
        if not isinstance(key, str) or not _LITERAL.fullmatch(key):
            yield "suggest", f"suggest names keys of files, and {key} is none"
        elif isinstance(value, dict):
            if not value or not all(isinstance(old, str) and _is_literal(old) for old in value):
                yield key, f"what is suggested for {key} maps texts of one word, quoted where they would be none"
            elif not all(map(_is_literal, value.values())):
                yield key, f"what is suggested for {key} are words, numbers and truth values"
        elif not isinstance(value, int):
            yield key, f"what is suggested for {key} is true, false, a number, or a mapping of what to what"


def _is_literal(value: Any) -> bool:
    return isinstance(value, (bool, int)) or (isinstance(value, str) and bool(_LITERAL.fullmatch(value)))


def literals(value: Any) -> dict[str, str]:
    """What a rule suggests for a key, as files spell it: by what stands there, ``""`` for anything of its kind."""
    pairs = value.items() if isinstance(value, dict) else [("", value)]
    return {_spelled(old): _spelled(new) for old, new in pairs}


def _spelled(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_words(value: Any) -> bool:
    return (
        value is None or isinstance(value, str) or (isinstance(value, list) and all(isinstance(v, str) for v in value))
    )


def _example_faults(examples: Any) -> Iterator[Fault]:
    for example in examples if isinstance(examples, list) else ():
        shown = [key for key in OUTCOMES if key in example] if isinstance(example, dict) else []
        if len(shown) != 1:
            yield "examples", f"an example is one of {', '.join(OUTCOMES)} with its text"
            continue
        yield from _unknown_keys(example, (*OUTCOMES, *_BESIDE))
        if not isinstance(example[shown[0]], str) or any(not isinstance(example.get(key, ""), str) for key in _BESIDE):
            yield shown[0], f"the {shown[0]} example is a text"
        elif (dialect := example.get("dialect", "terraform")) not in DIALECTS:
            yield "dialect", f"dialect is one of {', '.join(DIALECTS)}{_nearest(dialect, DIALECTS)}"
        elif not any(mark in example[shown[0]] for mark in MARKS):
            yield shown[0], f"the {shown[0]} example marks no line with {MARKS[0]!r}"


def _name_faults(data: Mapping[Any, Any]) -> Iterator[Fault]:
    applies, tables = data["applies_to"], catalog()
    kinds = words(applies["kind"])
    for kind in kinds:
        if kind not in (ANY, ESTATE) and kind not in tables.kinds:
            yield "kind", f"there is no kind {kind}{_nearest(kind, tables.kinds)}"
    names = known_names(kinds)
    yield from faults(data["fails_when"], names)
    if applies.get("when") is not None:
        yield from faults(applies["when"], names)
    try:
        used = list(names_in(data["message"]))
    except ValueError as error:
        yield "message", f"the message cannot be filled in: {error}"
    else:
        for name in used:
            if name not in names:
                yield "message", f"the message uses {name}, which is neither a fact nor a property"
    for name in words(data.get("mark")):
        if "." not in name and name not in names and not name.islower():
            yield "mark", f"{name} is neither a property nor an attribute"
    shown = {key for example in data["examples"] for key in example}
    for outcome in OUTCOMES:
        if outcome not in shown and not (outcome == "unknown" and data.get("note")):
            yield "examples", f"there is no example that is {outcome}"


def words(value: Any) -> tuple[str, ...]:
    """One text or a list of them, as a tuple; nothing for null."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def known_names(kinds: Sequence[str]) -> frozenset[str]:
    """The facts and properties that can be asked of resources of these kinds."""
    tables = catalog()
    names = {name for name, fact in FACTS.items() if not fact.kinds or set(fact.kinds) & set(kinds)}
    for kind in kinds:
        names |= tables.kinds.get(kind, {}).get("properties", {}).keys()
    return frozenset(names | tables.common.keys())


def _nearest(word: str, options: Iterable[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(word, list(options), 1)
    return f"; did you mean {close[0]}?" if close else ""
