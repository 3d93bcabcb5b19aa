"""Which service depends on which party, what the loss of the party does, and where the files say so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from scanner.compliance.dora.parties import Party, ordered, party_of
from scanner.facts.documents import host_span, texts
from scanner.facts.third_parties import domain_of, endpoints_in, owner_name
from scanner.model.outage import DataVerdict, Effect, ServiceOutage, ServiceRisk, Step, Verdict
from scanner.model.report import Report
from scanner.model.span import Span

SHOWN_PLACES: Final = 3
"""So many places of one claim are listed; how many more there are is said."""


KEEPING: Final = frozenset(
    {"database", "object_store", "file_store", "volume", "snapshot", "search", "queue", "secret", "backup_vault"}
)
"""Kinds of resources that keep data that somebody would miss."""


class Substitutability(StrEnum):
    """What the files tell of DORA Art. 29(1)(a): how hard a party is to substitute for one service."""

    HARD = "hard"  # nothing takes over, and people cannot bring the service back without the party
    PEOPLE = "people"  # people can bring it back
    READY = "ready"  # something else takes over by itself
    UNKNOWN = "unknown"


class Place(Struct, frozen=True):
    """A resource, and where the files state what is claimed of it; ``declared`` is where the resource itself stands."""

    name: str
    span: Span
    declared: Span | None = None

    def __str__(self) -> str:
        stated = f"{self.span.file}:{self.span.line}"
        declared = f"{self.declared.file}:{self.declared.line}" if self.declared is not None else stated
        return f"{self.name} ({declared})" if stated == declared else f"{self.name} ({declared}, said at {stated})"


class Mention(Struct, frozen=True):
    """A vendor's host name in a setting of a resource.

    ``host`` is the name as the table of endpoints has it, ``named`` the first line of the files that contains it.
    """

    vendor: str
    host: str
    place: Place
    named: Span | None = None

    def __str__(self) -> str:
        named = f", named at {self.named.file}:{self.named.line}" if self.named is not None else ""
        return f"{self.vendor} ({self.host}{named}), {self.place}"


class Joint(Struct, frozen=True):
    """That a service stops when all parties of one owner fail, though none of them stops it alone.

    ``certain`` is false when only unknowns make it so, ``recoverable`` is ``None`` when it was not worked out.
    """

    certain: bool
    recoverable: bool | None


class Dependency(Struct, frozen=True):
    """One service and one party that it uses.

    ``lost`` are its stores that stay out of reach. ``alternatives`` are the smallest set of others that must fail too
    before it stops, as people call them; empty where no set of up to three failures with the party in it does.
    ``joint`` is there when what would take over belongs to the party's owner.
    """

    service: ServiceRisk
    party: Party
    outage: ServiceOutage
    effect: Effect
    places: tuple[Place, ...]
    more: int = 0
    lost: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    joint: Joint | None = None

    @property
    def substitutability(self) -> Substitutability:
        """How hard the party is to substitute. What the files do not decide stays unknown."""
        found = substitutability(self.outage)
        if found is not Substitutability.READY or self.joint is None:
            return found
        if not self.joint.certain or self.joint.recoverable is None:
            return Substitutability.UNKNOWN
        return Substitutability.PEOPLE if self.joint.recoverable else Substitutability.HARD


def substitutability(outage: ServiceOutage) -> Substitutability:
    """What the two verdicts on a party's loss say together."""
    match outage.automatic, outage.manual:
        case Verdict.UP, _:
            return Substitutability.READY
        case Verdict.DOWN, Verdict.UP:
            return Substitutability.PEOPLE
        case Verdict.DOWN, Verdict.DOWN:
            return Substitutability.HARD
        case _:
            return Substitutability.UNKNOWN


class _Reached:
    """What an effect says of resources, to be asked name by name: ``gone`` are those that nobody brings back."""

    def __init__(self, effect: Effect) -> None:
        self.standing = frozenset(effect.standing)
        self.gone = frozenset(effect.stopped) - frozenset(effect.recoverable)


class Estate:
    """A report's outages and mentions, looked up by name. Made once for all tables."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.resources = {resource.id: resource for resource in report.resources}
        self.mentions = _mentions(report)
        single = report.outages.single if report.outages is not None else ()
        self.effects = {effect.scenario.down[0]: effect for effect in single}
        self.parties = ordered(self._called(party) for party in map(party_of, self.effects) if party is not None)
        self._names = {party.domain: party.name for party in self.parties}
        self._reached = {party.domain: _Reached(self.effects[party.domain]) for party in self.parties}
        self._mentioned = {(domain, m.place.name): m for domain, found in self.mentions.items() for m in found}
        self.dependencies = tuple(self._dependencies())
        self._of_party: dict[str, list[Dependency]] = {}
        for dependency in self.dependencies:
            self._of_party.setdefault(dependency.party.domain, []).append(dependency)

    def of_party(self, party: Party) -> list[Dependency]:
        """What uses a party, in the order of services."""
        return self._of_party.get(party.domain, [])

    def declared(self, names: Iterable[str]) -> Iterator[Place]:
        """The resources of some names, where they are declared."""
        for name in names:
            resource = self.resources.get(name)
            if resource is not None:
                yield Place(name, resource.span)

    def place(self, name: str, span: Span) -> Place:
        """A resource with the place that states something of it."""
        resource = self.resources.get(name)
        return Place(name, span, None if resource is None else resource.span)

    def _called(self, party: Party) -> Party:
        """A custodian as its vendor writes itself, where the files name a host of it."""
        mentions = self.mentions.get(party.domain, ())
        if party.level != "custodian" or not mentions:
            return party
        return replace(party, name=mentions[0].vendor, owner=mentions[0].vendor)

    def _dependencies(self) -> Iterator[Dependency]:
        outages = {
            party.domain: {(o.name, o.kind): o for o in self.effects[party.domain].scenario.services}
            for party in self.parties
        }
        for service in self.report.services:
            together, joint, cone = _together(service), _joint(service), sorted(service.cone)
            for party in self.parties:
                outage = outages[party.domain].get((service.name, service.kind))
                if outage is not None:
                    for found in self._dependency(service, party, outage, cone, together.get(party.domain, ())):
                        yield replace(found, joint=joint.get(party.domain))

    def _dependency(
        self, service: ServiceRisk, party: Party, outage: ServiceOutage, cone: Sequence[str], others: tuple[str, ...]
    ) -> Iterator[Dependency]:
        """The dependency, unless the service does not use the party. ``cone`` is all that the service depends on."""
        effect = self.effects[party.domain]
        by_name: dict[str, Place] = {}
        for place in self._places(service, party, outage, cone):
            by_name.setdefault(place.name, place)
        places = tuple(by_name.values())
        stops = outage.automatic is not Verdict.UP or outage.manual is not Verdict.UP
        if stops or places or others:
            shown, more = places[:SHOWN_PLACES], max(0, len(places) - SHOWN_PLACES)
            names = tuple(self._names.get(domain, domain) for domain in others)
            lost = outage.lost if stops else tuple(self._lost(party, outage, cone))
            yield Dependency(service, party, outage, effect, shown, more, lost, names)

    def _lost(self, party: Party, outage: ServiceOutage, cone: Sequence[str]) -> Iterator[str]:
        """The stores of a service that goes on without them; the outage names those of one that does not."""
        reached = self._reached[party.domain]
        for name in cone if outage.data is DataVerdict.LOST else ():
            resource = self.resources.get(name)
            if resource is not None and resource.kind in KEEPING and name in reached.gone:
                yield name

    def _places(
        self, service: ServiceRisk, party: Party, outage: ServiceOutage, cone: Sequence[str]
    ) -> Iterator[Place]:
        """What stops, with the place that says why; of a service that goes on, what of it uses the party."""
        if outage.because:
            yield from (self.place(cause.resource, cause.span) for cause in outage.because if cause.span is not None)
        elif outage.path:
            yield from self._end_of(outage.path)
        else:
            yield from self._uses(service, party, cone)

    def _uses(self, service: ServiceRisk, party: Party, cone: Sequence[str]) -> Iterator[Place]:
        for group in service.risk_groups:
            for domain, path in zip(group.domains, group.paths, strict=False):
                if domain == party.domain:
                    yield from self._end_of(path)
        mentions = (self._mentioned.get((party.domain, name)) for name in cone)
        yield from (mention.place for mention in mentions if mention is not None)
        standing = self._reached[party.domain].standing
        yield from self.declared(name for name in cone if name in standing)

    def _end_of(self, path: tuple[Step, ...]) -> Iterator[Place]:
        """The last hop of a reason: the resource that states it, and where."""
        if len(path) > 1 and path[-1].span is not None:
            yield self.place(path[-2].name, path[-1].span)


def _together(service: ServiceRisk) -> Mapping[str, tuple[str, ...]]:
    """Failure domain → the others of the smallest set that stops the service only when all of it fails.

    Of several, one of the same level is the alternative that people would name.
    """
    found: dict[str, list[tuple[int, int, tuple[str, ...]]]] = {}
    for cut in service.cuts.low:
        for domain in cut.domains if len(cut.domains) > 1 else ():
            if party_of(domain) is not None:
                others = tuple(other for other in cut.domains if other != domain)
                level = domain.partition(":")[0]
                strange = sum(not other.startswith(f"{level}:") for other in others)
                found.setdefault(domain, []).append((len(others), strange, others))
    return {domain: min(sets)[2] for domain, sets in found.items()}


def _joint(service: ServiceRisk) -> Mapping[str, Joint]:
    """Failure domain → what happens with the others of its owner, where they stop the service only together."""
    certain = {cut.domains for cut in service.cuts.high}
    groups = {group.domains: group.recoverable for group in service.risk_groups}
    found: dict[str, Joint] = {}
    for cut in sorted(service.cuts.low, key=lambda cut: (cut.domains not in certain, cut.domains)):
        parties = [party_of(domain) for domain in cut.domains]
        if len(parties) > 1 and None not in parties and len({party.key for party in parties if party}) == 1:
            joint = Joint(cut.domains in certain, groups.get(cut.domains))
            for domain in cut.domains:
                found.setdefault(domain, joint)
    return found


def _mentions(report: Report) -> Mapping[str, tuple[Mention, ...]]:
    """Failure domain → the settings that name a host of the vendor."""
    found: dict[str, dict[Mention, None]] = {}
    named = _named(report.sources)
    for resource in report.resources:
        for path, text in texts(resource.declaration.attributes):
            for host, endpoint in endpoints_in(text):
                place = Place(resource.id, host_span(resource, path, text, host), resource.span)
                mention = Mention(endpoint.provider, endpoint.match, place, named.get(endpoint.match))
                domain = domain_of(endpoint.category, owner_name(endpoint))
                found.setdefault(domain, {}).setdefault(mention)
    return {domain: tuple(mentions) for domain, mentions in found.items()}


def _named(sources: Mapping[str, tuple[str, ...]]) -> Mapping[str, Span]:
    """Name of a known host → the first line that contains it."""
    found: dict[str, Span] = {}
    for file, lines in sorted(sources.items()):
        for number, line in enumerate(lines, 1):
            for _, endpoint in endpoints_in(line):
                found.setdefault(endpoint.match, Span(file, number))
    return found
