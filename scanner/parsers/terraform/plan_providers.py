"""The provider configurations of a plan: constants, and what its variables give.

https://developer.hashicorp.com/terraform/internals/json-format#configuration-representation
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from scanner.model.resource import ProviderContext
from scanner.model.span import Span
from scanner.model.value import Unknown, Value
from scanner.parsers.positioned_json import JsonPlaces
from scanner.parsers.terraform.plan_references import (
    MAX_HOPS,
    Config,
    Module,
    References,
    listed,
    mapping,
    most_specific,
    steps_of,
)
from scanner.parsers.terraform.plan_values import is_expression

_ARN: Final = re.compile(r"arn:[\w-]+:[\w-]+:([a-z]{2}(?:-[a-z]+)+-\d)?:(\d{12})?:")
"""Partition and service, then the region and the account, either of which may be missing."""


@dataclass(slots=True)
class Providers:
    """The provider configurations of one plan. ``places`` are those of its ``provider_config``."""

    configs: Config
    variables: Config
    references: References
    places: JsonPlaces
    _made: dict[str, ProviderContext] = field(default_factory=dict)

    def of(self, key: str, provider_name: str, type_name: str) -> ProviderContext:
        """The configuration that a resource is made with, by its ``provider_config_key``."""
        if key not in self._made:
            self._made[key] = self._context(key)
        made = self._made[key]
        return made if made.declared else ProviderContext(provider_of(provider_name, type_name))

    def _context(self, key: str) -> ProviderContext:
        config = self.configs.get(key)
        if not isinstance(config, dict) or not isinstance(config.get("name"), str):
            return ProviderContext("")
        places = self.places.step(key)
        alias = config.get("alias")
        expressions = mapping(config, "expressions")
        module = self.references.module(str(config.get("module_address") or "")) or self.references.root
        inner = places.step("expressions")
        attributes = {
            name: self._value(node, module, inner.get(name) or places.span) for name, node in expressions.items()
        }
        return ProviderContext(
            config["name"],
            alias if isinstance(alias, str) else "",
            attributes,
            places.get("name"),
            declared=bool(expressions),
            places={name: span for name in expressions if (span := inner.get(name)) is not None},
        )

    def _value(self, node: Value, module: Module, span: Span) -> Value:
        if isinstance(node, list):
            return [self._value(item, module, span) for item in node]
        if not isinstance(node, dict):
            return None
        if not is_expression(node):
            return {name: self._value(item, module, span) for name, item in node.items()}
        if "constant_value" in node:
            return node["constant_value"]
        return self._given(most_specific(listed(node, "references")), module, span, 0)

    def _given(self, names: list[str], module: Module, span: Span, hops: int) -> Value:
        """The value of an expression that names one variable: taken for that variable alone, as nearly all are."""
        words = ", ".join(names)
        if len(names) != 1 or not names[0].startswith("var.") or hops > MAX_HOPS:
            return Unknown(f"the plan does not tell what comes of {words}" if names else "the plan does not tell", span)
        name, *rest = [step.text for step in steps_of(names[0])[1:]]
        value = self._variable(name, module, span, hops)
        for step in rest:
            if isinstance(value, Unknown):
                return value
            value = value.get(step.strip('"[]')) if isinstance(value, Mapping) else None
        return Unknown(f"the plan does not tell the value of {words}", span) if value is None else value

    def _variable(self, name: str, module: Module, span: Span, hops: int) -> Value:
        if module.parent is None or module.call is None:
            given, declared = self.variables.get(name), mapping(mapping(module.config, "variables"), name)
            return given.get("value") if isinstance(given, dict) else declared.get("default")
        node = mapping(mapping(module.call, "expressions"), name)
        if "constant_value" in node:
            return node["constant_value"]
        if not node:
            return mapping(mapping(module.config, "variables"), name).get("default")
        return self._given(most_specific(listed(node, "references")), module.parent, span, hops + 1)


def provider_of(provider_name: str, type_name: str) -> str:
    """``registry.terraform.io/hashicorp/google-beta`` → ``google-beta``; without one, what the type begins with."""
    return provider_name.rpartition("/")[2] or type_name.partition("_")[0]


def told_by_arns(values: list[Value]) -> dict[str, Value]:
    """The region and the account that the ARNs of resources of one provider configuration agree on."""
    regions: dict[str, None] = {}
    accounts: dict[str, None] = {}
    for value in values:
        arn = value.get("arn") if isinstance(value, dict) else None
        found = _ARN.match(arn) if isinstance(arn, str) else None
        if found is not None:
            regions.update({found[1]: None} if found[1] else {})
            accounts.update({found[2]: None} if found[2] else {})
    told: dict[str, Value] = {"region": next(iter(regions))} if len(regions) == 1 else {}
    return told | ({"allowed_account_ids": [next(iter(accounts))]} if len(accounts) == 1 else {})
