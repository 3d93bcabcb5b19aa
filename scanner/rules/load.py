"""Rule files → rules. Every mistake in a file is told with its line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from scanner.catalog.load import catalog, source_state
from scanner.facts import FACTS
from scanner.model.finding import Axis, Severity
from scanner.model.rule import RuleInfo
from scanner.rules.condition import faults
from scanner.rules.evaluate import ESTATE, names_in
from scanner.rules.rule import Example, Rule, RuleSet

_PACKAGE: Final = Path(__file__).parent.parent
COMPILED: Final = _PACKAGE / "_compiled" / "rules.json"
_AXES: Final = tuple(axis.value for axis in Axis)
_NOT_RULES: Final = frozenset({"frameworks", "incidents"})
_PRECISIONS: Final = ("very-high", "high", "medium", "low")
_OUTCOMES: Final = ("fail", "pass", "unknown")
_KEYS: Final = {
    "code": True,
    "slug": True,
    "axis": True,
    "severity": True,
    "precision": True,
    "title": True,
    "why": True,
    "applies_to": True,
    "fails_when": True,
    "message": True,
    "mark": False,
    "remediation": True,
    "controls": False,
    "references": True,
    "tags": False,
    "examples": True,
    "note": False,
}
"""Keys of a rule file and whether each is required."""


class RuleError(Exception):
    """A rule file that can't be used; the message begins with file and line."""


def shipped_folder() -> Path:
    """The folder of the shipped rules: inside an installed package, beside it in a checkout."""
    inside = _PACKAGE / "_data" / "rules"
    return inside if inside.is_dir() else _PACKAGE.parent / "rules"


def load_rules(packs: Sequence[Path] = ()) -> RuleSet:
    """The shipped rules and those of user packs. Raises :class:`RuleError` for a pack that is wrong."""
    rules = dict(_shipped())
    for pack in packs:
        if not pack.is_dir():
            raise RuleError(f"{pack}: no such folder of rules")
        for data, file in _checked(_files(pack), pack):
            _add(rules, _rule(data, file))
    return RuleSet(dict(sorted(rules.items())))


@cache
def _shipped() -> Mapping[str, Rule]:
    folder = shipped_folder()
    compiled = _compiled(folder)
    documents = compiled if compiled is not None else compile_rules(folder)["rules"]
    rules: dict[str, Rule] = {}
    for document in documents:
        _add(rules, _rule(document["data"], document["file"]))
    return rules


def _compiled(folder: Path) -> Any:
    try:
        data = json.loads(COMPILED.read_bytes())
    except (OSError, ValueError):
        return None
    return data["rules"] if data.get("sources", 0) in (None, source_state(folder)) else None


def compile_rules(folder: Path) -> dict[str, Any]:
    """Read and check every rule file of ``folder``: plain data for :data:`COMPILED`. Raises :class:`RuleError`."""
    documents = [{"data": data, "file": file} for data, file in _checked(_files(folder), folder)]
    return {"sources": source_state(folder), "rules": documents}


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*.yaml")):
        if not _NOT_RULES & set(path.relative_to(folder).parts):
            yield path


def _add(rules: dict[str, Rule], rule: Rule) -> None:
    present = rules.get(rule.info.code)
    if present is not None:
        raise RuleError(f"{rule.file}: code {rule.info.code} is already used by {present.file}")
    slugs = {other.info.slug: other for other in rules.values()}
    if rule.info.slug in slugs:
        raise RuleError(f"{rule.file}: slug {rule.info.slug} is already used by {slugs[rule.info.slug].file}")
    rules[rule.info.code] = rule


def _rule(data: Mapping[str, Any], file: str) -> Rule:
    applies = data["applies_to"]
    info = RuleInfo(
        code=data["code"],
        slug=data["slug"],
        axis=Axis(data["axis"]),
        severity=Severity[data["severity"].upper()],
        precision=data["precision"],
        title=data["title"],
        why=" ".join(data["why"].split()),
        remediation=data["remediation"],
        controls={name: tuple(map(str, ids)) for name, ids in (data.get("controls") or {}).items()},
        references=tuple(data.get("references") or ()),
        tags=tuple(data.get("tags") or ()),
    )
    return Rule(
        info=info,
        kinds=_words(applies["kind"]),
        fails_when=data["fails_when"],
        message=" ".join(data["message"].split()),
        when=applies.get("when"),
        types=_words(applies.get("type")),
        mark=_words(data.get("mark")),
        examples=tuple(
            Example(outcome, example[outcome], example.get("dialect", "terraform"))
            for example in data["examples"]
            for outcome in _OUTCOMES
            if outcome in example
        ),
        file=file,
    )


def _words(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


# -- checking --------------------------------------------------------------------------------------


def _checked(paths: Iterable[Path], folder: Path) -> Iterator[tuple[dict[str, Any], str]]:
    for path in paths:
        name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
        data, lines = _read(path, name)
        for key, fault in _rule_faults(data):
            raise RuleError(f"{name}:{lines.get(key, 1)}: {fault}")
        yield data, name


def _read(path: Path, name: str) -> tuple[dict[str, Any], dict[str, int]]:
    """The document and the first line on which each mapping key stands."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        text = path.read_bytes()
        data = yaml.load(text, Loader=loader)  # noqa: S506  # one of the two safe loaders
        node = yaml.compose(text, Loader=loader)
    except OSError as error:
        raise RuleError(f"{name}: {error.strerror}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise RuleError(f"{name}:{line}: not valid YAML: {getattr(error, 'problem', error)}") from None
    if not isinstance(data, dict):
        raise RuleError(f"{name}:1: a rule file is a mapping")
    lines: dict[str, int] = {}
    stack = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, yaml.MappingNode):
            for key, value in current.value:
                lines.setdefault(str(key.value), key.start_mark.line + 1)
                stack.append(value)
        elif isinstance(current, yaml.SequenceNode):
            stack.extend(current.value)
    return data, lines


def _rule_faults(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong with a rule document: the key that it stands at, and a sentence."""
    from difflib import get_close_matches

    for key in data:
        if key not in _KEYS:
            close = get_close_matches(key, _KEYS, 1)
            yield key, f"unknown key {key}" + (f"; did you mean {close[0]}?" if close else "")
    for key, required in _KEYS.items():
        if required and not data.get(key):
            yield key, f"{key} is missing"
            return
    for key, options in (("axis", _AXES), ("precision", _PRECISIONS), ("severity", [s.label for s in Severity])):
        if data[key] not in options:
            yield key, f"{key} is one of {', '.join(options)}"
    applies = data["applies_to"]
    kinds = _words(applies.get("kind")) if isinstance(applies, dict) else ()
    tables = catalog()
    for kind in kinds:
        if kind != ESTATE and kind not in tables.kinds:
            close = get_close_matches(kind, tables.kinds, 1)
            yield "kind", f"there is no kind {kind}" + (f"; did you mean {close[0]}?" if close else "")
    if not kinds:
        yield "applies_to", "applies_to names at least one kind"
        return
    names = known_names(kinds)
    yield from faults(data["fails_when"], names)
    if applies.get("when") is not None:
        yield from faults(applies["when"], names)
    for name in names_in(data["message"]):
        if name not in names:
            yield "message", f"the message uses {name}, which is neither a fact nor a property"
    for name in _words(data.get("mark")):
        if "." not in name and name not in names and not name.islower():
            yield "mark", f"{name} is neither a property nor an attribute"
    yield from _example_faults(data)


def _example_faults(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    shown = [key for example in data["examples"] for key in example if key in _OUTCOMES]
    for outcome in _OUTCOMES:
        if outcome not in shown and not (outcome == "unknown" and data.get("note")):
            yield "examples", f"there is no example that is {outcome}"
    for example in data["examples"]:
        for outcome in _OUTCOMES:
            if outcome in example and MARK not in example[outcome]:
                yield outcome, f"the {outcome} example marks no line with {MARK!r}"


MARK: Final = "# <-"
"""Ends the lines of an example that the rule must point at."""


def known_names(kinds: Sequence[str]) -> frozenset[str]:
    """The facts and properties that can be asked of resources of these kinds."""
    tables = catalog()
    names = {name for name, fact in FACTS.items() if not fact.kinds or set(fact.kinds) & set(kinds)}
    for kind in kinds:
        names |= tables.kinds.get(kind, {}).get("properties", {}).keys()
    return frozenset(names | tables.common.keys())
