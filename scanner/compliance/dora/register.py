"""The columns of the register of information that files can fill, as sections and with the place of each row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec.structs import replace

from scanner.compliance.dora.dependencies import Dependency, Estate, Place, Substitutability
from scanner.compliance.dora.parties import ACCOUNT, Party
from scanner.compliance.dora.regions import Site, sites
from scanner.compliance.dora.templates import (
    ASSESSMENT,
    CONTRACTS,
    FILLED,
    FUNCTIONS,
    PROVIDERS,
    SUPPLY,
    UNFILLED,
    Template,
)
from scanner.compliance.dora.words import where
from scanner.model.assessment import Section
from scanner.model.outage import ServiceRisk
from scanner.model.service import Criticality

LABEL: Final = "Row"
"""The first column of each table: what the row is about. It is none of the template's."""
WHERE: Final = "Where the files say so"
"""The last column: the places. It is none of the template's either."""

IAAS, PAAS = "S17", "S18"
"""Types of ICT services by Annex III: cloud services as infrastructure, and as a platform."""
_INFRASTRUCTURE: Final = frozenset(
    {"compute", "compute_group", "volume", "snapshot", "network", "subnet", "nat", "vpn", "address", "load_balancer"}
    | {"object_store", "direct_link", "route", "endpoint"}
)
_PLATFORM: Final = frozenset(
    {"database", "cache", "queue", "search", "file_store", "function", "container_service", "cluster", "node_group"}
    | {"workload", "key", "secret", "hsm", "vault", "gateway", "cdn", "dns_zone", "dns_record", "backup_vault"}
)

_RANKS: Final = (Substitutability.HARD, Substitutability.UNKNOWN, Substitutability.PEOPLE, Substitutability.READY)
PROPOSED: Final[Mapping[Substitutability, str]] = {
    Substitutability.HARD: "Highly complex substitutability",
    Substitutability.PEOPLE: "Medium complexity in terms of substitutability",
    Substitutability.READY: "Easily substitutable",
}
"""Options of B_07.01 that the files support. None is "Not substitutable": no file shows that the market has nothing."""

Cells = Mapping[str, str]
Row = tuple[str, Cells, str]
"""What the row is about, its cells by column code, and the places."""


def register(estate: Estate) -> Iterator[Section]:
    """A section for each template, and one for what stays empty."""
    identifiers = {id(service): f"F{number}" for number, service in enumerate(estate.report.services, 1)}
    yield _section(PROVIDERS, _providers(estate), _NAMES_NOTE)
    yield _section(SUPPLY, _supply(estate), _RANK_NOTE)
    yield _section(FUNCTIONS, _functions(estate, identifiers), _FUNCTIONS_NOTE)
    yield _section(CONTRACTS, _contracts(estate, identifiers), _CONTRACTS_NOTE)
    yield _section(ASSESSMENT, _assessment(estate), _ASSESSMENT_NOTE)
    yield _empty()


def _section(template: Template, rows: Iterator[Row], note: str) -> Section:
    return Section(
        template.id,
        f"Register of information: {template.code} {template.name}",
        "Columns of the template that files can fill. What stays empty, and why, is listed in the last table.",
        (LABEL, *(f"c{code} {name}" for code, name in template.filled.items()), WHERE),
        tuple((label, *(cells.get(code, "") for code in template.filled), place) for label, cells, place in rows),
        note,
    )


_NAMES_NOTE: Final = (
    "Names are trade names from the tables of riskscan. The legal name of the contracting company is to be looked up."
)
_RANK_NOTE: Final = (
    "Rank 1 is a provider that the files use directly. Whether a contract with somebody else stands between, and who"
    " the provider's own subcontractors are, the files do not tell. Types of services (Annex III) are proposals: S17 is"
    " cloud infrastructure, S18 a cloud platform."
)
_FUNCTIONS_NOTE: Final = (
    "Identifiers are proposals, in the order of the report. A function that the configuration rates critical is"
    " proposed as critical or important; where it rates lower or is silent, the column stays empty, since that is no"
    " assessment."
)
_CONTRACTS_NOTE: Final = (
    "One row per function, provider and country in which the files declare something. Countries are ISO 3166-1 codes;"
    " they are empty where the catalog of regions knows none or a service runs worldwide."
)
_ASSESSMENT_NOTE: Final = (
    'The option of substitutability is a proposal, from the function for which it is hardest. "Not substitutable" is'
    " never proposed: no file shows that the market offers nothing. Alternatives are those that already stand in the"
    " files."
)


def _parties(estate: Estate) -> Iterator[tuple[Party, list[Dependency]]]:
    for party in estate.parties:
        dependencies = estate.of_party(party)
        if party.level != ACCOUNT and dependencies:
            yield party, dependencies


def _places(dependencies: list[Dependency]) -> str:
    found = next((d.places for d in dependencies if d.places), ())
    return where(found[:1])


def _providers(estate: Estate) -> Iterator[Row]:
    """One row a name: a company may be a provider in several roles."""
    named: dict[str, tuple[Party, list[Dependency]]] = {}
    for party, dependencies in _parties(estate):
        named.setdefault(party.name, (party, dependencies))
    for party, dependencies in named.values():
        latin = party.name if party.name.isascii() else ""
        yield party.name, {"0050": party.name, "0060": latin}, _places(dependencies)


def _supply(estate: Estate) -> Iterator[Row]:
    for party, dependencies in _parties(estate):
        for kind in _types(estate, party, dependencies):
            yield party.name, {"0020": kind, "0050": "1"}, _places(dependencies)


def _functions(estate: Estate, identifiers: Mapping[int, str]) -> Iterator[Row]:
    for service in estate.report.services:
        important = not service.found and service.criticality is Criticality.CRITICAL
        cells = {"0010": identifiers[id(service)], "0030": service.name, "0050": "Yes" if important else ""}
        yield service.name, cells, _declared(estate, service)


def _declared(estate: Estate, service: ServiceRisk) -> str:
    if service.span is not None:
        return where([Place(service.name, service.span)])
    return where(list(estate.declared(service.entry[:1])))


def _contracts(estate: Estate, identifiers: Mapping[int, str]) -> Iterator[Row]:
    places = {id(service): list(sites(estate, service)) for service in estate.report.services}
    for party, dependencies in _parties(estate):
        for dependency in dependencies:
            service = dependency.service
            mine = [site for site in places[id(service)] if party.domain == f"provider:{site.provider}"]
            label, identifier = f"{service.name}: {party.name}", identifiers[id(service)]
            for site in _by_country(mine):
                yield label, {"0050": identifier, **_country(site)}, str(site.keeps or site.example)
            if not mine:
                yield label, {"0050": identifier}, where(dependency.places[:1])


def _by_country(found: list[Site]) -> list[Site]:
    """One site a country, with what any of its regions keeps or runs. Those without a country stay apart."""
    chosen: dict[str, Site] = {}
    for site in found:
        key = site.code or f"?{site.region}"
        other = chosen.setdefault(key, site)
        chosen[key] = replace(other, keeps=other.keeps or site.keeps, runs=other.runs or site.runs)
    return list(chosen.values())


def _country(site: Site) -> Cells:
    cells = {"0130": site.code}
    if site.runs is not None:
        cells |= {"0160": site.code}
    if site.keeps is not None:
        cells |= {"0140": "Yes", "0150": site.code}
    return cells


def _assessment(estate: Estate) -> Iterator[Row]:
    for party, dependencies in _parties(estate):
        worst = min(dependencies, key=lambda d: _RANKS.index(d.substitutability))
        cells = {"0050": PROPOSED.get(worst.substitutability, "")}
        if worst.substitutability is Substitutability.READY and worst.alternatives:
            cells |= {"0110": "Yes", "0120": ", ".join(worst.alternatives)}
        for kind in _types(estate, party, dependencies):
            yield f"{party.name}, for {worst.service.name}", {"0040": kind, **cells}, where(worst.places[:1])


def _types(estate: Estate, party: Party, dependencies: list[Dependency]) -> list[str]:
    """The types of services by Annex III, of a cloud; of others they depend on the contract."""
    if party.level != "provider":
        return [""]
    cone = {name for d in dependencies for name in d.service.cone}
    standing = dependencies[0].effect.standing
    kinds = {resource.kind for name in standing if name in cone and (resource := estate.resources.get(name))}
    return [kind for kind, those in ((IAAS, _INFRASTRUCTURE), (PAAS, _PLATFORM)) if kinds & those] or [""]


def _empty() -> Section:
    """Every column and template that files cannot fill, with the reason."""
    rows = [
        (template.code, f"c{code}", name, why) for template in FILLED for code, (name, why) in template.empty.items()
    ]
    rows += [(code, "all", name, why) for code, (name, why) in UNFILLED.items()]
    return Section(
        "register-empty",
        "Register of information: what files cannot fill",
        "Columns and templates of Commission Implementing Regulation (EU) 2024/2956 that stay empty, and why.",
        ("Template", "Column", "Name", "Why it stays empty"),
        tuple(sorted(rows)),
        "Codes of columns follow the layout of the European Banking Authority with the corrigendum of 19 September 2025"
        " (2025/90725). They were read in secondary sources: check them before filing.",
    )
