"""Rule files → rules. Every mistake in a file is told with its line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from scanner.catalog.load import source_state
from scanner.model.finding import Axis, Severity
from scanner.model.rule import RuleInfo
from scanner.rules.check import OUTCOMES, rule_faults, words
from scanner.rules.rule import Example, Rule, RuleSet

_PACKAGE: Final = Path(__file__).parent.parent
COMPILED: Final = _PACKAGE / "_compiled" / "rules.json"
MAX_DEPTH: Final = 50
"""How deep the YAML of a rule file may nest."""

_NOT_RULES: Final = frozenset({"frameworks", "incidents"})


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
            if not path.resolve().is_relative_to(folder.resolve()):
                raise RuleError(
                    f"{folder.name}/{path.relative_to(folder).as_posix()}: a link that leads out of the folder"
                )
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
        kinds=words(applies["kind"]),
        fails_when=data["fails_when"],
        message=" ".join(data["message"].split()),
        when=applies.get("when"),
        types=words(applies.get("type")),
        mark=words(data.get("mark")),
        examples=tuple(
            Example(outcome, example[outcome], example.get("dialect", "terraform"))
            for example in data["examples"]
            for outcome in OUTCOMES
            if outcome in example
        ),
        file=file,
    )


# -- checking --------------------------------------------------------------------------------------


def _checked(paths: Iterable[Path], folder: Path) -> Iterator[tuple[dict[str, Any], str]]:
    for path in paths:
        name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
        data, lines = _read(path, name)
        for key, fault in rule_faults(data):
            raise RuleError(f"{name}:{lines.get(key, 1)}: {fault}")
        yield data, name


def _read(path: Path, name: str) -> tuple[dict[str, Any], dict[str, int]]:
    """The document and the first line on which each mapping key stands."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        text = path.read_bytes()
        _refuse_tricks(yaml.parse(text, Loader=loader), name)
        data = yaml.load(text, Loader=loader)  # noqa: S506  # one of the two safe loaders
        node = yaml.compose(text, Loader=loader)
    except OSError as error:
        raise RuleError(f"{name}: {error.strerror}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        reason = getattr(error, "problem", None) or str(error).splitlines()[0]
        if "nesting depth" in reason:  # PyYAML's own limit, since 6.0.4
            raise RuleError(f"{name}:{line}: nested deeper than {MAX_DEPTH} levels") from None
        raise RuleError(f"{name}:{line}: not valid YAML: {reason}") from None
    except ValueError as error:
        raise RuleError(f"{name}:1: cannot be read: {error}") from None
    if not isinstance(data, dict):
        raise RuleError(f"{name}:1: a rule file is a mapping")
    return data, _lines(node)


def _refuse_tricks(events: Iterable[Any], name: str) -> None:
    """Refuse what YAML's readers fall over: circles and billions of values made of aliases, and deep nesting."""
    import yaml

    depth = 0
    for event in events:
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise RuleError(f"{name}:{line}: aliases are not allowed")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise RuleError(f"{name}:{line}: nested deeper than {MAX_DEPTH} levels")


def _lines(node: Any) -> dict[str, int]:
    """The first line on which each mapping key of a YAML tree stands."""
    import yaml

    lines: dict[str, int] = {}
    stack = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, yaml.MappingNode):
            for key, value in current.value:
                line = key.start_mark.line + 1
                lines[str(key.value)] = min(line, lines.get(str(key.value), line))
                stack.append(value)
        elif isinstance(current, yaml.SequenceNode):
            stack.extend(current.value)
    return lines
