"""One folder of configuration as written: its blocks by what they declare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

from scanner.model.problem import Problem, ProblemKind
from scanner.model.span import Span
from scanner.parsers.terraform import tree
from scanner.parsers.terraform.types import Type


class Located(Struct, frozen=True):
    """A block and the reported name of the file that it stands in."""

    block: tree.Block
    file: str

    @property
    def span(self) -> Span:
        """The header."""
        return Span(self.file, *self.block.at)


class LocatedAttribute(Struct, frozen=True):
    """An attribute and the reported name of its file."""

    attribute: tree.Attribute
    file: str

    @property
    def span(self) -> Span:
        """The whole attribute."""
        return Span(self.file, *self.attribute.at)


ResourceKey = tuple[str, str, str]
"""Mode (``managed``, ``data`` or ``ephemeral``), type and name."""


@dataclass(slots=True)
class ModuleSource:
    """The blocks of one folder. Of two declarations of one name, an error in Terraform, the first counts.

    ``types`` holds the variables' type constraints as far as they were asked for.
    """

    folder: str
    resources: dict[ResourceKey, Located] = field(default_factory=dict)
    variables: dict[str, Located] = field(default_factory=dict)
    locals: dict[str, LocatedAttribute] = field(default_factory=dict)
    outputs: dict[str, Located] = field(default_factory=dict)
    calls: dict[str, Located] = field(default_factory=dict)
    providers: dict[str, Located] = field(default_factory=dict)
    settings: list[Located] = field(default_factory=list)
    moves: list[Located] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    types: dict[str, Type] = field(default_factory=dict)


_MODES: Mapping[str, str] = {"resource": "managed", "data": "data", "ephemeral": "ephemeral"}

_LABELS: Mapping[str, int] = {
    "resource": 2,
    "data": 2,
    "ephemeral": 2,
    "variable": 1,
    "output": 1,
    "module": 1,
    "provider": 1,
    "locals": 0,
    "terraform": 0,
    "moved": 0,
}
_WITHOUT_EFFECT = frozenset({"removed", "import", "check", "action"})
"""Blocks that declare nothing that runs."""


def module_source(folder: str, files: Iterable[tuple[str, tree.ParsedFile]]) -> ModuleSource:
    """Collect the blocks of a folder's files; override files (``override.tf``, ``*_override.tf``) win."""
    source = ModuleSource(folder)
    for name, parsed in sorted(files, key=lambda item: (_is_override(item[0]), item[0])):
        override = _is_override(name)
        for problem in parsed.problems:
            span = Span(name, *problem.at)
            source.problems.append(Problem(span, ProblemKind.INVALID, problem.message))
        for block in parsed.body.blocks:
            _collect(source, Located(block, name), override)
    return source


def _is_override(name: str) -> bool:
    stem = name.rsplit("/", 1)[-1].removesuffix(".json").rsplit(".", 1)[0]
    return stem == "override" or stem.endswith("_override")


def _collect(source: ModuleSource, located: Located, override: bool) -> None:
    block, labels = located.block, located.block.labels
    match block.type, len(labels):
        case (("resource" | "data" | "ephemeral"), 2):
            _store(source, source.resources, (_MODES[block.type], labels[0], labels[1]), located, override)
        case "variable", 1:
            _store(source, source.variables, labels[0], located, override)
        case "output", 1:
            _store(source, source.outputs, labels[0], located, override)
        case "module", 1:
            _store(source, source.calls, labels[0], located, override)
        case "provider", 1:
            alias = block.body.attributes.get("alias")
            named = alias.value.value if alias and isinstance(alias.value, tree.Literal) else ""
            _store(source, source.providers, f"{labels[0]}.{named}" if named else labels[0], located, override)
        case "locals", 0:
            for name, attribute in block.body.attributes.items():
                present = source.locals.get(name)
                if override or present is None:
                    source.locals[name] = LocatedAttribute(attribute, located.file)
                else:
                    span = Span(located.file, *attribute.at)
                    _refuse(source, span, f"local value {name} is declared twice, first in {present.span}")
        case "terraform", 0:
            source.settings.append(located)
        case "moved", 0:
            source.moves.append(located)
        case kind, _ if kind in _LABELS:
            _refuse(source, located.span, f"a {kind} block has {_LABELS[kind]} labels, not {len(labels)}")
        case kind, _ if kind not in _WITHOUT_EFFECT:
            message = f"blocks of type {kind} are not read"
            source.problems.append(Problem(located.span, ProblemKind.UNSUPPORTED, message))


def _store(source: ModuleSource, table: dict[Any, Located], key: Any, located: Located, override: bool) -> None:
    present = table.get(key)
    if present is None:
        table[key] = located
    elif override:
        table[key] = Located(_merged(present.block, located.block), present.file)
    else:
        name = " ".join([located.block.type, *located.block.labels])
        _refuse(source, located.span, f"{name} is declared twice, first in {present.span}")


def _refuse(source: ModuleSource, span: Span, message: str) -> None:
    source.problems.append(Problem(span, ProblemKind.INVALID, message))


def _merged(block: tree.Block, over: tree.Block) -> tree.Block:
    """Terraform's merging of override files: attributes one by one, nested blocks by type."""
    replaced = {nested.type for nested in over.body.blocks}
    kept = tuple(nested for nested in block.body.blocks if nested.type not in replaced)
    body = tree.Body({**block.body.attributes, **over.body.attributes}, kept + over.body.blocks)
    return tree.Block(block.type, block.labels, body, block.at)
