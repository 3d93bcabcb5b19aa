"""The tables of DORA's third-party chapter, from one report. Every row names file and line."""

from __future__ import annotations

from scanner.compliance import spoken
from scanner.compliance.dora import words
from scanner.compliance.dora.chain import links
from scanner.compliance.dora.dependencies import Dependency, Estate
from scanner.compliance.dora.insolvency import Collapse, collapses
from scanner.compliance.dora.owners import Owner, owners
from scanner.compliance.dora.parties import DESIGNATED, Party
from scanner.compliance.dora.regions import GLOBAL, Site, sites
from scanner.compliance.dora.words import EVERYTHING, listed, where
from scanner.model.assessment import Section

Row = tuple[str, ...]


def functions(estate: Estate) -> Section:
    """Per function every party that it uses."""
    return Section(
        "functions",
        "Functions and the third parties that they depend on",
        "For each function this table lists every provider and third party that it uses, what happens when that party"
        " fails, and how hard the party is to substitute.",
        (
            *("Function", "Criticality", "Third party", "Role", "If it fails"),
            *("Substitutability", "Data", "Where the files say so"),
        ),
        tuple(_function_row(estate, dependency) for dependency in estate.dependencies),
        "Whether a function is critical or important is for the financial entity to decide; the rating here is the"
        " configuration's. An alternative that stands ready in the files says nothing about its contract or capacity.",
    )


def _function_row(estate: Estate, dependency: Dependency) -> Row:
    outage = dependency.outage
    return (
        words.function(dependency.service),
        words.rated(dependency.service),
        dependency.party.name,
        dependency.party.role,
        f"{words.failure(dependency)} {words.help_of_people(outage)}",
        words.substitutable(dependency),
        words.data(outage, estate.declared(dependency.lost)),
        where(dependency.places, dependency.more),
    )


def multi_vendor(estate: Estate) -> str:
    """What DORA does not ask for, and who in the table of functions is overseen as critical."""
    text = (
        "DORA does not oblige anybody to use several providers: Art. 6(9) says that a strategy with several vendors may"
        " be defined. Duties are an exit strategy for what supports critical functions (Art. 28(8)) and redundant"
        " capacity that suffices (Art. 12(4))."
    )
    used = [DESIGNATED[own] for party in estate.parties if (own := _cloud(party)) in DESIGNATED]
    if not used:
        return text
    return (
        f"{text} Among the critical ICT third-party providers designated on 18 November 2025 under Art. 31(9):"
        f" {listed(used)}; a newer list may exist."
    )


def _cloud(party: Party) -> str:
    level, _, name = party.domain.partition(":")
    return name if level == "provider" else ""


def places(estate: Estate) -> Section:
    """Per function the regions and countries."""
    rows = [_site_row(service.name, site) for service in estate.report.services for site in sites(estate, service)]
    return Section(
        "places",
        "Where functions run and keep data",
        "Regions in which something stands that a function depends on, with the country that the catalog of regions"
        " knows.",
        ("Function", "Provider", "Region", "Country", "Resources", "For example", "Data kept there"),
        tuple(rows),
        "Files show where resources are declared, not where a provider's staff or its subcontractors work, and not"
        " what a contract says.",
    )


def _site_row(name: str, site: Site) -> Row:
    country = site.country
    if not country:
        country = "several countries" if site.region == GLOBAL else "unknown"
    keeps = f"Yes: {site.keeps}." if site.keeps is not None else "The files declare no store there."
    provider = spoken.provider(site.provider)
    return (name, provider, site.region, country, str(site.resources), str(site.example), keeps)


def shared(estate: Estate) -> Section:
    """One owner behind several functions or names."""
    return Section(
        "owners",
        "One owner behind several functions or several names",
        "Companies on which more than one function depends, or which the files meet under more than one name. Contracts"
        " with them are contracts with one provider or with closely connected ones.",
        (
            "Owner",
            "Functions that use it",
            "Functions that stop or may stop with it",
            "Names in the files",
            "What it means",
        ),
        tuple(_owner_row(owner) for owner in owners(estate)),
        "Who belongs to whom comes from riskscan's own tables; ownership changes, and a group's structure is to be"
        " checked. How many contracts there are no file tells.",
    )


def _owner_row(owner: Owner) -> Row:
    return (
        owner.name,
        listed(owner.used, EVERYTHING),
        listed(owner.stopped, EVERYTHING),
        "; ".join(owner.names),
        _meaning(owner),
    )


def _meaning(owner: Owner) -> str:
    number = len(owner.stopped)
    if not number:
        return f"No function stops when {owner.name} alone fails."
    several = f"{number} functions stop or may stop" if number > 1 else "One function stops or may stop"
    alike = f" Its {len(owner.names)} names are not independent of each other." if len(owner.names) > 1 else ""
    return f"{several} when {owner.name} fails.{alike}"


def insolvency(estate: Estate) -> Section:
    """What a party's end takes with it."""
    return Section(
        "insolvency",
        "What remains when a third party fails for good",
        "The scenario of a relevant provider's insolvency or failure, party by party, that Art. 26(2)(b) of the RTS on"
        " ICT risk management asks entities under DORA to plan for.",
        (
            *("Third party", "Role", "Functions that stop for good", "Functions that people bring back", "Not decided"),
            *("Data out of reach", "Keys out of reach", "What has happened before", "Where the files say so"),
        ),
        tuple(_collapse_row(collapse) for collapse in collapses(estate)),
        "That a function stops for good means that neither failover nor people bring it back with what the files"
        " declare; a new contract and a new build may. Third parties of one owner are taken to fail"
        " together. What has happened before were outages, not insolvencies, unless the source in the next table says"
        " so.",
    )


def _collapse_row(collapse: Collapse) -> Row:
    places = dict.fromkeys(place for d in collapse.dependencies for place in d.places)
    return (
        collapse.party.name,
        collapse.party.role,
        listed(collapse.lost, EVERYTHING),
        listed(collapse.recovered, EVERYTHING),
        listed(collapse.open, EVERYTHING),
        _data(collapse),
        _keys(collapse),
        _precedents(collapse),
        where(list(places)[:3], max(0, len(places) - 3)),
    )


def _data(collapse: Collapse) -> str:
    """All of it: somebody has to copy it elsewhere."""
    names = [str(place) for place in collapse.data]
    told = f"{listed(names, EVERYTHING)}." if names else "None that the files declare."
    if collapse.undecided_data:
        told += f" Not decided for {listed(collapse.undecided_data, EVERYTHING)}."
    return told


def _keys(collapse: Collapse) -> str:
    names = [str(place) for place in collapse.keys]
    if collapse.holds:
        return f"What {collapse.party.name} holds is out of reach; the files do not show what it holds."
    return f"{listed(names, EVERYTHING)}." if names else "None that the files declare."


def _precedents(collapse: Collapse) -> str:
    own = [incident.title for incident in collapse.own]
    alike = [incident.title for incident in collapse.alike]
    told = [f"At this party: {'; '.join(own)}."] if own else ["No recorded incident took down this whole party."]
    if collapse.parts:
        told.append(f"Recorded incidents that took down parts of it: {collapse.parts}.")
    if alike:
        told.append(f"At other custodians: {'; '.join(alike)}.")
    return " ".join(told)


def precedents(estate: Estate) -> Section:
    """The incidents that the scenario of insolvency refers to, with the page that tells of each."""
    rows = [
        (collapse.party.name, incident.title, incident.id, incident.day or "no page tells", at, page)
        for collapse in collapses(estate)
        for at, incidents in ((collapse.party.name, collapse.own), ("another custodian", collapse.alike))
        for incident in incidents
        for page in incident.sources[:1]
    ]
    return Section(
        "precedents",
        "What has happened before at these third parties, and at custodians",
        "Recorded incidents in which a whole third party of this estate was down and, for custodians, those at others.",
        ("Third party", "What happened", "Incident", "Began", "At", "Source"),
        tuple(rows),
        "`riskscan incidents show ID` tells the cause of each and names all its sources.",
        frozenset(row[-1] for row in rows),
    )


def chain(estate: Estate) -> Section:
    """What third parties stand on."""
    return Section(
        "chain",
        "What third parties rely on themselves",
        "Direct third parties and what is known of those behind them.",
        ("Third party", "Role", "What it relies on", "Known from", "Where the files meet it"),
        tuple((link.party.name, link.party.role, link.text, link.basis, where(link.places)) for link in links(estate)),
        "Subcontractors are named in contracts and in providers' own lists, not in infrastructure files. An unknown"
        " here is a question to the provider, not a finding that there are none.",
    )
