"""The words in which rules speak: kinds, properties, facts and operators."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from generate.markup import code, codes, escaped, page, prose, table
from generate.wording import anchor
from scanner.catalog.load import catalog
from scanner.facts import FACTS

_OPERATORS: Final[Mapping[str, str]] = {
    "is, is_not": "the same value, or another one",
    "in, not_in": "one of a list, or none of it",
    "below, above, at_least, at_most": "numbers",
    "contains": "a list or text has it",
    "empty": "a list or text has nothing in it, or nothing is written",
    "matches": "a regular expression fits",
    "known": "the files decide it",
    "exists": "it is written, or has a default",
}


def facts_page() -> str:
    """Everything that a rule can compare."""
    return page(
        "Kinds, properties and facts",
        "Rules compare normalized properties and facts. A *kind* is what a thing is, whoever offers it; its "
        "*properties* are read from each provider's attributes by the catalog; a *fact* is computed from a resource "
        "and the graph around it. [Rule files](rule-files.md) tells how conditions are written.",
        "## Operators",
        table(("operator", "holds when"), ((codes(names.split(", ")), text) for names, text in _OPERATORS.items())),
        "## Properties of every kind",
        _properties(catalog().common),
        "## Facts of every kind",
        _facts(""),
        *(part for kind in catalog().kinds for part in _kind(kind)),
        description="Kinds, properties and facts that rules compare",
    )


def _kind(kind: str) -> Iterator[str]:
    about = catalog().kinds[kind]
    yield f"## {escaped(kind)} {{ #{anchor(kind)} }}"
    yield f"{prose(str(about.get('about', '')))}."
    yield _properties(about.get("properties") or {})
    yield _facts(kind)


def _properties(properties: Mapping[str, Sequence[str]]) -> str:
    rows = ((code(name), escaped(str(said[0])), prose(meaning_of(said))) for name, said in properties.items())
    return table(("property", "type", "what it says"), rows)


def meaning_of(said: Sequence[str]) -> str:
    """What a property says: all behind its type, for a comma in a list of YAML that is not quoted ends an item."""
    return ", ".join(map(str, said[1:]))


def _facts(kind: str) -> str:
    """The facts of one kind; of no kind, those that every resource can be asked for."""
    rows = (
        (code(name), prose(fact.about))
        for name, fact in sorted(FACTS.items())
        if (kind in fact.kinds if kind else not fact.kinds)
    )
    return table(("fact", "what it says"), rows)
