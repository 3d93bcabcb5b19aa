"""What the catalog knows of each provider."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Final

from generate.markup import code, codes, escaped, link, page, prose, table
from generate.wording import anchor, counted, named
from scanner.catalog.load import FOLDER, catalog, read_table
from scanner.normalize.placement import PROVIDERS

OTHERS: Final = "others"
"""The page of all vendors that have none of their own."""

UNJUDGED: Final = ("other", "grant", "glue")
"""Kinds that are known so that nothing is taken for more than it is: no rule asks about them."""

_OWN_PAGE: Final = frozenset({*PROVIDERS.values()})
_DIALECTS: Final[Mapping[str, tuple[str, str]]] = {
    "cloudformation": ("CloudFormation", "aws"),
    "aws_api": ("answers of AWS's interfaces", "aws"),
    "arm": ("ARM and Bicep", "azure"),
    "google_assets": ("Google's assets", "google"),
}

Types = Mapping[str, Sequence[str]]
"""Native types by kind."""


@cache
def by_provider() -> Mapping[str, Types]:
    """The types of each provider, by kind; vendors without a page of their own are one."""
    found: dict[str, dict[str, list[str]]] = {}
    for native_type, entry in sorted(catalog().types.items()):
        provider = provider_of(native_type)
        own = provider if provider in _OWN_PAGE else OTHERS
        found.setdefault(own, {}).setdefault(entry["kind"], []).append(native_type)
    return dict(sorted(found.items(), key=lambda item: (item[0] == OTHERS, -_size(item[1]), item[0])))


def provider_of(native_type: str) -> str:
    """Whose type it is, as failure domains name the provider; of vendors that are none, their word for themselves."""
    name = native_type.removeprefix("data.")
    if name.startswith("AWS::"):
        return "aws"
    if name.startswith("Microsoft."):
        return "azure"
    if "/" in name:
        return "kubernetes"
    word = name.partition("_")[0]
    return PROVIDERS.get(word, word)


def _size(types: Types) -> int:
    return sum(map(len, types.values()))


def _judged(types: Types) -> int:
    return sum(len(names) for kind, names in types.items() if kind not in UNJUDGED)


def _title(provider: str) -> str:
    return "Other vendors" if provider == OTHERS else named(provider)


def index_page() -> str:
    """How many types are known of each provider, and of which kinds."""
    return page(
        "Catalog coverage",
        f"The catalog says what {counted(len(catalog().types), 'native type')} mean, of which "
        f"{sum(map(_judged, by_provider().values())):,} stand for something that can fail or hold something. A type "
        "that it does not know is counted in the report, and nothing is judged about it.",
        table(("provider", "types", "judged", "kinds", "regions"), map(_row, by_provider().items())),
        f"*Judged* are all types but those of the kinds {codes(UNJUDGED)}: settings, permissions and links between "
        "others, which are known so that they are not mistaken for more.",
        "## Other words for the same types",
        "What these dialects call otherwise is read through tables that lead to the types above. Types that are "
        "spelled alike need no row.",
        table(("dialect", "provider", "types in the table"), _dialects()),
        "Kubernetes objects that stand for resources of a cloud (Crossplane, Config Connector, ACK, Azure Service "
        f"Operator) are translated by name; {counted(len(catalog().translations['types']), 'exception')} are listed.",
        "## Which kinds each provider has",
        "An empty cell is a kind of which no type of that provider is known: a rule about it never speaks of that "
        "provider.",
        _matrix(),
        description="Which resource types riskscan knows, by provider",
        wide=True,
    )


def _row(item: tuple[str, Types]) -> Sequence[str]:
    provider, types = item
    regions = len(catalog().regions.get(provider, ()))
    kinds = sum(kind not in UNJUDGED for kind in types)
    cells = (f"{_size(types):,}", f"{_judged(types):,}", str(kinds), str(regions or ""))
    return link(escaped(_title(provider)), f"{provider}.md"), *cells


def _dialects() -> Iterator[Sequence[str]]:
    for name, (title, provider) in _DIALECTS.items():
        yield title, named(provider), str(len(read_table(FOLDER / "spelled" / f"{name}.yaml")["types"]))


def _matrix() -> str:
    providers = list(by_provider())
    kinds = [kind for kind in catalog().kinds if kind not in UNJUDGED]
    rows = (
        (link(code(kind), f"../reference/facts.md#{anchor(kind)}"), *(_cell(provider, kind) for provider in providers))
        for kind in kinds
    )
    return table(("kind", *map(_title, providers)), rows)


def _cell(provider: str, kind: str) -> str:
    number = len(by_provider()[provider].get(kind, ()))
    return link(str(number), f"{provider}.md#{anchor(kind)}") if number else ""


def provider_page(provider: str) -> str:
    """The types of a provider, by kind."""
    types = by_provider()[provider]
    lacking = [kind for kind in catalog().kinds if kind not in types and kind not in UNJUDGED]
    kinds = [kind for kind in catalog().kinds if kind in types]
    return page(
        f"Catalog: {_title(provider)}",
        f"{counted(_size(types), 'type')} in {counted(len(types), 'kind')}; {_judged(types):,} stand for something "
        "that can fail or hold something.",
        *(part for kind in sorted(kinds, key=UNJUDGED.__contains__) for part in _section(kind, types[kind])),
        "## Not known",
        f"No type of these kinds: {codes(lacking)}." if lacking else "There is a type of every kind.",
        description=f"Resource types of {_title(provider)} that riskscan knows",
    )


def _section(kind: str, names: Sequence[str]) -> Iterator[str]:
    yield f"## {escaped(kind)} {{ #{anchor(kind)} }}"
    yield f"{prose(str(catalog().kinds[kind].get('about', '')))}. {counted(len(names), 'type')}:"
    yield f"{codes(names)}\n{{ .rs-types }}"
