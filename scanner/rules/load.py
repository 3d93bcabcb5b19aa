"""Rule files → rules. Every mistake in a file is told with its line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec.json

from scanner.catalog.documents import DocumentError, read_document, yaml_files
from scanner.catalog.load import is_current, source_state
from scanner.model.finding import Axis, Severity
from scanner.model.rule import RuleInfo
from scanner.rules.check import OUTCOMES, literals, rule_faults, words
from scanner.rules.rule import Example, Rule, RuleSet

_PACKAGE: Final = Path(__file__).parent.parent
COMPILED: Final = _PACKAGE / "_compiled" / "rules.json"

_NOT_RULES: Final = frozenset({"equivalents", "evidence", "frameworks", "incidents"})


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
        data = msgspec.json.decode(COMPILED.read_bytes())
    except (OSError, ValueError):
        return None
    return data["rules"] if is_current(data, folder) else None


def compile_rules(folder: Path) -> dict[str, Any]:
    """Read and check every rule file of ``folder``: plain data for :data:`COMPILED`. Raises :class:`RuleError`."""
    documents = [{"data": data, "file": file} for data, file in _checked(_files(folder), folder)]
    return {"sources": source_state(folder), "rules": documents}


def _files(folder: Path) -> Iterator[Path]:
    try:
        yield from yaml_files(folder, _NOT_RULES)
    except DocumentError as error:
        raise RuleError(str(error)) from None


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
        suggest={key: literals(value) for key, value in (data.get("suggest") or {}).items()},
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
            Example(outcome, example[outcome], example.get("dialect", "terraform"), example.get("config", ""))
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
    try:
        document = read_document(path, name)
    except DocumentError as error:
        raise RuleError(str(error)) from None
    if not isinstance(document.data, dict):
        raise RuleError(f"{name}:1: a rule file is a mapping")
    return document.data, document.lines()
