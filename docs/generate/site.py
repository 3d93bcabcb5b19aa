"""All generated pages, and where they stand in the navigation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from generate import (
    catalog_pages,
    command_pages,
    configuration_examples,
    fact_pages,
    framework_pages,
    incident_pages,
    links,
    repository_pages,
    rule_lists,
    rule_pages,
    schema_pages,
)
from generate.wording import named
from scanner.cli.incident_sets import load as load_incidents
from scanner.compliance.frameworks import frameworks as shipped
from scanner.rules.load import load_rules

Navigation = Sequence[Any]


def pages() -> Mapping[str, str]:
    """Every generated file of the site, by its path below ``docs/``."""
    return {
        **{links.rule_page(rule.info.slug): rule_pages.rule_page(rule) for rule in load_rules().rules.values()},
        **{
            links.incident_page(name): incident_pages.incident_page(found) for name, found in load_incidents(()).items()
        },
        **{links.framework_page(name): framework_pages.framework_page(found) for name, found in shipped().items()},
        **{f"catalog/{name}.md": catalog_pages.provider_page(name) for name in catalog_pages.by_provider()},
        "rules/index.md": rule_lists.index_page(),
        "incidents/index.md": incident_pages.index_page(),
        "frameworks/index.md": framework_pages.index_page(),
        "catalog/index.md": catalog_pages.index_page(),
        **_references(),
        **repository_pages.pages(),
        **repository_pages.schemas(),
    }


def _references() -> Mapping[str, str]:
    return {
        "reference/commands.md": command_pages.page_of_commands(),
        "reference/configuration.md": schema_pages.configuration_page(configuration_examples.EXAMPLES),
        "reference/facts.md": fact_pages.facts_page(),
        **schema_pages.document_pages(),
    }


def navigation(written: Navigation) -> Navigation:
    """The navigation of ``mkdocs.yml``, with the generated pages in the sections that begin with their list."""
    return [_filled(entry) for entry in written]


def _filled(entry: Any) -> Any:
    match entry:
        case {**section} if len(section) == 1:
            [(title, content)] = section.items()
            if isinstance(content, list):
                return {title: [*map(_filled, content), *(more for first in content[:1] for more in _below(first))]}
    return entry


def _below(first: Any) -> Navigation:
    match first:
        case "rules/index.md":
            return [
                {
                    axis.value.capitalize(): [
                        {rule.info.code + " " + rule.info.title: links.rule_page(rule.info.slug)} for rule in rules
                    ]
                }
                for axis, rules in rule_lists.by_axis().items()
            ]
        case "reports.md":
            return [{title: page} for page, title, _ in schema_pages.documents().values()]
        case "incidents/index.md":
            return [{f"{i.day} {i.title}".strip(): links.incident_page(i.id)} for i in incident_pages.by_date()]
        case "frameworks/index.md":
            return [{found.name: links.framework_page(name)} for name, found in shipped().items()]
        case "catalog/index.md":
            return [
                {"Other vendors" if name == catalog_pages.OTHERS else named(name): f"catalog/{name}.md"}
                for name in catalog_pages.by_provider()
            ]
    return []
