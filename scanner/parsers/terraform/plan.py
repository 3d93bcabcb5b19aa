"""Terraform plans and states in JSON, as ``terraform show -json`` writes them, and ``terraform.tfstate``.

https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Final

from msgspec.structs import replace

from scanner.model.change import Action, Change
from scanner.model.problem import Problem, ProblemKind
from scanner.model.resource import Declaration, ProviderContext, Reference, nearest_span
from scanner.model.value import Value
from scanner.parsers.positioned_json import JsonDocument
from scanner.parsers.terraform.declare import under_root
from scanner.parsers.terraform.plan_changes import Planned, planned
from scanner.parsers.terraform.plan_providers import Providers, provider_of, told_by_arns
from scanner.parsers.terraform.plan_references import (
    Asked,
    Config,
    Module,
    References,
    listed,
    mapping,
    repeated_by,
    unkeyed,
)
from scanner.parsers.terraform.plan_values import Planned as Attributes
from scanner.parsers.terraform.plan_values import secrets_in, written_references
from scanner.parsers.terraform.state import Names, Standing, names_of, stored_in, values_in

PLAN: Final = "terraform-plan"
STATE: Final = "terraform-state"
MAX_RESOURCES: Final = 50_000
"""Resources of one plan or state, each instance counted."""

_GONE: Final = frozenset({Action.DELETED, Action.FORGOTTEN})


@dataclass(slots=True)
class Told:
    """One plan or state. ``standing`` are the resources after the apply, or those of the state, by address."""

    name: str
    format: str
    document: JsonDocument
    standing: dict[str, Standing] = field(default_factory=dict)
    changes: dict[str, Planned] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)
    _addresses: frozenset[str] | None = None
    _references: References | None = None
    _names: Names | None = None
    _providers: Providers | None = None
    _told_places: dict[str, dict[str, Value]] = field(default_factory=dict)
    _configs: dict[tuple[int, str], Config | None] = field(default_factory=dict)

    @property
    def is_plan(self) -> bool:
        """Whether it says what will be, rather than what is."""
        return self.format == PLAN

    @property
    def configuration(self) -> Config:
        """What the plan was made of; empty for a state."""
        return mapping(self.document.data, "configuration")

    @property
    def addresses(self) -> frozenset[str]:
        """The addresses, without keys, of what is written in its configuration; without one, of what stands."""
        if self._addresses is None:
            self._addresses = frozenset(self._configured()) or frozenset(map(unkeyed, self.standing))
        return self._addresses

    def _configured(self) -> Iterator[str]:
        waiting = [("", mapping(self.configuration, "root_module"))]
        while waiting:
            prefix, module = waiting.pop()
            for entry in listed(module, "resources"):
                if isinstance(entry, dict) and isinstance(entry.get("address"), str):
                    yield prefix + entry["address"]
            for name, call in mapping(module, "module_calls").items():
                waiting.append((f"{prefix}module.{name}.", mapping(call, "module")))

    @property
    def is_whole(self) -> bool:
        """Whether nothing is planned for what the plan does not have."""
        data = self.document.data
        return self.is_plan and data.get("complete") is not False and data.get("errored") is not True

    # -- declarations ------------------------------------------------------------------------------

    def declarations(self, prefix: str, root: str) -> Iterator[Declaration]:
        """What it says to stand, as the Terraform front end would declare it. ``prefix`` tells roots apart."""
        for address, standing in self.standing.items():
            yield self._declared(standing, self.changes.get(address), prefix, root)

    def changed(self, prefix: str) -> Iterator[Change]:
        """What the apply does."""
        return (change.change(prefix, self.name) for change in self.changes.values())

    def _declared(self, each: Standing, change: Planned | None, prefix: str, root: str) -> Declaration:
        module = self.references.module(each.module) or self.references.root
        config = self._config(module, each)
        asked = Asked(module, each.key, tuple(repeated_by(config)) if config is not None else ())
        expressions = None if config is None else mapping(config, "expressions")
        making = Attributes(each.address, each.span, expressions, partial(self.references.targets, asked=asked))
        attributes = making.attributes(each.values, change.unknown if change is not None else None)
        references = list(self._expressed(each, expressions, asked)) if expressions else []
        # What comes through local values, and all references of a state, is told by values alone.
        named = {unkeyed(reference.path) for reference in references}
        written = each.values if expressions is None else expressions
        references += [
            r for r in self.names.references(each) if unkeyed(r.path) not in named and _first(r.path) in written
        ]
        depends = self.references.targets(listed(config, "depends_on"), asked) if config is not None else ()
        provider = self._provider(each, config)
        return Declaration(
            id=prefix + each.address,
            type=each.type,
            name=each.name,
            platform="terraform",
            span=each.span,
            attributes=under_root(attributes, prefix),
            places=each.places,
            references=tuple(replace(r, target=prefix + r.target) for r in references),
            provider=replace(provider, attributes=under_root(dict(provider.attributes), prefix)),
            root=root,
            module=each.module,
            mode=each.mode,
            depends_on=tuple(prefix + ref.address for ref in depends),
        )

    def _expressed(self, each: Standing, expressions: Config, asked: Asked) -> Iterator[Reference]:
        for name, node in expressions.items():
            blocks = enumerate(node) if isinstance(node, list) else [(None, node)]
            for index, block in blocks:
                at = name if index is None else f"{name}[{index}]"
                for path, names in written_references(block, at) if isinstance(block, dict) else ():
                    for ref in self.references.targets(names, asked):
                        yield Reference(path, ref.address, ref.path, nearest_span(each.places, path, each.span))

    def _config(self, module: Module, each: Standing) -> Config | None:
        """What is written of a resource."""
        base = f"{'' if each.mode == 'managed' else f'{each.mode}.'}{each.type}.{each.name}"
        known = (id(module.config), base)
        if known not in self._configs:
            for entry in listed(module.config, "resources"):
                if isinstance(entry, dict):
                    self._configs.setdefault((id(module.config), str(entry.get("address"))), entry)
            self._configs.setdefault(known, None)
        return self._configs[known]

    # -- providers ---------------------------------------------------------------------------------

    def _provider(self, each: Standing, config: Config | None) -> ProviderContext:
        key = config.get("provider_config_key") if config is not None else None
        context = self.providers.of(key, each.provider, each.type) if isinstance(key, str) else None
        if context is None:
            context = ProviderContext(provider_of(each.provider, each.type), each.alias)
        told = told_by_arns([each.values]) | self._agreed(self._group(each, key))
        own = told_by_arns([each.values])
        missing = {name: value for name, value in (told | own).items() if not _is_given(context.attributes.get(name))}
        return replace(context, attributes={**context.attributes, **missing}) if missing else context

    def _group(self, each: Standing, key: Value) -> str:
        return key if isinstance(key, str) else f"{each.provider}.{each.alias}"

    def _agreed(self, group: str) -> dict[str, Value]:
        """The region and account that the ARNs of all resources of one provider configuration agree on."""
        if not self._told_places:
            groups: dict[str, list[Value]] = {}
            for each in self.standing.values():
                module = self.references.module(each.module) or self.references.root
                config = self._config(module, each)
                key = config.get("provider_config_key") if config is not None else None
                groups.setdefault(self._group(each, key), []).append(each.values)
            self._told_places.update((name, told_by_arns(values)) for name, values in groups.items())
            self._told_places.setdefault("", {})
        return self._told_places.get(group, {})

    @property
    def providers(self) -> Providers:
        """Its provider configurations."""
        if self._providers is None:
            self._providers = Providers(
                mapping(self.configuration, "provider_config"),
                mapping(self.document.data, "variables"),
                self.references,
                self.document.places.step("configuration", "provider_config"),
            )
        return self._providers

    @property
    def references(self) -> References:
        """What its expressions refer to."""
        if self._references is None:
            root = Module(mapping(self.configuration, "root_module"))
            self._references = References(root, {address: each.key for address, each in self.standing.items()})
        return self._references

    @property
    def names(self) -> Names:
        """What its values refer to."""
        if self._names is None:
            self._names = names_of(self.standing.values())
        return self._names


def _first(path: str) -> str:
    """``settings[0].tier`` → ``settings``."""
    return path.partition(".")[0].partition("[")[0]


def _is_given(value: Value) -> bool:
    return isinstance(value, (str, list)) and bool(value)


def format_of(data: Value) -> str | None:
    """What a document is, or ``None`` for none of ours."""
    if not isinstance(data, dict):
        return None
    if isinstance(data.get("format_version"), str):
        if "planned_values" in data or "resource_changes" in data:
            return PLAN
        return STATE if "values" in data or data.keys() <= {"format_version", "terraform_version", "checks"} else None
    return STATE if data.get("version") == 4 and "lineage" in data else None


def told(name: str, document: JsonDocument) -> Told | Problem:
    """A plan or a state, or why it is neither."""
    data, kind = document.data, format_of(document.data)
    version = data.get("format_version", "1.0") if isinstance(data, dict) else ""
    if kind is None and isinstance(data, dict) and "serial" in data and isinstance(data.get("version"), int):
        message = f"a state of version {data['version']}; known is 4"
        return Problem(document.places.span, ProblemKind.UNSUPPORTED, message)
    if kind is None:
        return Problem(document.places.span, ProblemKind.INVALID, "neither a plan nor a state of Terraform in JSON")
    if version.partition(".")[0] not in ("0", "1"):
        return Problem(document.places.span, ProblemKind.UNSUPPORTED, f"a plan of format {version}; known is 1")
    found = Told(name, kind, document)
    if kind == PLAN:
        _read_plan(found)
    else:
        _keep(
            found,
            stored_in(document) if "lineage" in data else values_in(data.get("values"), document.places.step("values")),
        )
    _read_secrets(found)
    return found


def _read_plan(found: Told) -> None:
    data, places = found.document.data, found.document.places
    for each in planned(found.document):
        found.changes.setdefault(each.address, each)
        found.secrets.update(secrets_in(each.before, each.before_sensitive))
        found.secrets.update(secrets_in(each.after, each.sensitive))
    _keep(found, values_in(data.get("planned_values"), places.step("planned_values")))
    prior = list(values_in(mapping(data, "prior_state").get("values"), places.step("prior_state", "values")))
    _keep(found, (each for each in prior if each.mode == "data"))
    for before in prior:
        if before.address in found.standing:
            found.standing[before.address] = replace(found.standing[before.address], depends_on=before.depends_on)
    for address in [a for a, change in found.changes.items() if change.action in _GONE]:
        found.standing.pop(address, None)
    if data.get("errored") is True:
        found.problems.append(
            Problem(places.span, ProblemKind.UNRESOLVED, "planning ended in an error: the plan is not whole")
        )
    elif data.get("complete") is False:
        message = "the plan is not complete: the next one will have further changes (-target, or deferred ones)"
        found.problems.append(Problem(places.span, ProblemKind.UNRESOLVED, message))


def _keep(found: Told, resources: Iterator[Standing]) -> None:
    for each in islice(resources, MAX_RESOURCES - len(found.standing)):
        found.standing.setdefault(each.address, each)
        found.secrets.update(each.secrets)
    if (further := next(resources, None)) is not None:
        message = f"more than {MAX_RESOURCES} resources: the rest is left out"
        found.problems.append(Problem(further.span, ProblemKind.LIMIT, message))


def _read_secrets(found: Told) -> None:
    """The values of sensitive variables and outputs: those of resources are known already."""
    data = found.document.data
    declared = mapping(mapping(found.configuration, "root_module"), "variables")
    for name, entry in mapping(data, "variables").items():
        if isinstance(entry, dict) and mapping(declared, name).get("sensitive") is True:
            found.secrets.update(secrets_in(entry.get("value"), True))
    for values in (data.get("planned_values"), mapping(data, "prior_state").get("values"), data.get("values"), data):
        for output in mapping(values, "outputs").values():
            if isinstance(output, dict) and output.get("sensitive") is True:
                found.secrets.update(secrets_in(output.get("value"), True))
