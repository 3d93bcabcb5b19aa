"""The story of a comparison: two states read and judged by one configuration, and what changed between them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from scanner import remembered
from scanner.cache.store import Cache
from scanner.comparison.compare import Estate as Judged
from scanner.comparison.compare import compare
from scanner.comparison.matching import Matching, match
from scanner.comparison.subjects import address
from scanner.config import FILE_NAMES, Config, Service, UnknownPolicy, shown_from
from scanner.discovery.files import relative_name
from scanner.front_ends import scan_root
from scanner.graph.graph import Graph
from scanner.model.comparison import Comparison, Weakening
from scanner.model.finding import Outcome
from scanner.model.origin import Origin
from scanner.model.report import Report
from scanner.model.resource import Declaration
from scanner.parsers.azure import provenance as azure_provenance
from scanner.parsers.cloudformation import provenance as cloudformation_provenance
from scanner.parsers.parsed import Parsed
from scanner.parsers.terraform import provenance as terraform_provenance
from scanner.pipeline import Estate, estate_of, judged, read_estate
from scanner.rules.condition import mentioned
from scanner.rules.load import load_rules
from scanner.rules.peer_waivers import peer_waivers
from scanner.rules.rule import Rule, RuleSet
from scanner.rules.waivers import RiskWaiver, annotated_waivers, inline_waivers
from scanner.simulation.selectors import select
from scanner.states import State, baseline_name, completed, file_name, named_from, placed
from scanner.weakening import Judging, added, weakenings

if TYPE_CHECKING:
    from scanner.simulation.incidents import Incident

Owner = Literal["base", "head"]
"""The state whose configuration counts for both."""
_VALUE: Final = re.compile(r" ?[=:](?= |$)")
"""What parts a name from its value, in all formats that are read."""


def scan_since(
    head: State,
    before: State,
    config: Config,
    owner: Owner = "head",
    other: Config | None = None,
    incidents: Iterable[Incident] | None = None,
) -> Report:
    """The report of :func:`scan`, with what changed since ``before``.

    ``config`` is that of the ``owner``'s files, ``other`` that of the other side's, if it can be read. Raises as
    :func:`scan` does, and :class:`~scanner.config.ConfigError` for files that the other side does not have.
    """
    sides, found = _compared((before, head), config, owner, other, incidents)
    return replace(sides.head.report, since=found)


def scan_state(state: State, config: Config, owner: State | None = None) -> Report:
    """The report of :func:`scan` on one state, judged by the configuration of ``owner``, by default its own.

    Raises as :func:`scan` does, and :class:`~scanner.revisions.RevisionError` for a revision that is not whole.
    """
    loaded = load_rules(config.packs)
    return _judged(_read(state, config, owner or state), state, loaded).report


def _compared(
    states: tuple[State, State],
    config: Config,
    owner: Owner,
    other: Config | None,
    incidents: Iterable[Incident] | None = None,
) -> tuple[_Sides, Comparison]:
    loaded = load_rules(config.packs)
    sides = _two(*states, config, loaded, owner, other, incidents)
    found = _held(sides, config, loaded)
    if other is not None:
        configs = (config, other) if owner == "base" else (other, config)
        found = replace(found, weakened=_weakened(sides, states, configs, loaded))
    return sides, found


def _weakened(
    sides: _Sides, states: tuple[State, State], configs: tuple[Config, Config], loaded: RuleSet
) -> tuple[Weakening, ...]:
    """Where the head judges more mildly than the base."""
    names = [file_name(config, state) for config, state in zip(configs, states, strict=True)]
    name = names[1] or names[0] or FILE_NAMES[0]
    before, after = (
        Judging(config, name, _waivers(estate), _marks(estate.parsed), baseline_name(config, state))
        for config, state, estate in zip(configs, states, sides.read, strict=True)
    )
    return weakenings(before, after, loaded.infos)


def _refused(base: Estate, head: Estate, loaded: RuleSet) -> frozenset[tuple[str, int]]:
    """The waivers in the head's files that the base does not have: where the base decides, they do not count."""
    before, after = (Judging(each.config, "", _waivers(each), _marks(each.parsed)) for each in (base, head))
    return frozenset((waiver.span.file, waiver.span.line) for waiver, _ in added(before, after, loaded.infos))


def _waivers(estate: Estate) -> tuple[RiskWaiver, ...]:
    parsed, config = estate.parsed, estate.config
    return (
        *inline_waivers(parsed.sources),
        *annotated_waivers(parsed.declarations),
        *peer_waivers(parsed.sources, parsed.declarations, config.honour, config.today),
    )


def _marks(parsed: Parsed) -> Callable[[RiskWaiver], str]:
    """What waivers cover: the beginning of a line, up to its value, or an object."""

    def marked(waiver: RiskWaiver) -> str:
        if waiver.lines is None:
            return address(waiver.resource)
        number = min(waiver.lines)
        line = parsed.sources[waiver.span.file][number - 1]
        own = line[: waiver.span.column - 1] if number == waiver.span.line else line
        return _VALUE.split(" ".join(own.split()), maxsplit=1)[0]

    return marked


def diff(
    base: Path | State, head: Path | State, config: Config, owner: Owner = "base", other: Config | None = None
) -> Comparison:
    """Read two estates, and say what is what in them and where ``head`` is more centralized.

    Raises as :func:`scan_since` does. ``config`` is that of the ``owner``'s files: the services that it names are those
    of the other too, by the counterparts of their entries.
    """
    first, second = (each if isinstance(each, State) else State((each,)) for each in (base, head))
    return _compared((first, second), config, owner, other)[1]


class _Sides(Struct, frozen=True):
    """Two estates, judged, and what is what in them."""

    base: Judged
    head: Judged
    matching: Matching
    read: tuple[Estate, Estate]


def _two(
    base: State,
    head: State,
    config: Config,
    loaded: RuleSet,
    owner: Owner,
    other: Config | None = None,
    incidents: Iterable[Incident] | None = None,
) -> _Sides:
    """Read and judge two states by one configuration; ``other`` still tells where the base's own paths run."""
    config = replace(config, cache=config.cache or Cache())  # what is the same on both sides is read once
    mine = base if owner == "base" else head
    first = _read(base, completed(config, other) if other is not None and mine is head else config, mine)
    second = _read(head, config, mine)
    matching = match(first.graph, second.graph, {**first.parsed.moves, **second.parsed.moves})
    there = {pair.base: pair.head for pair in matching.pairs}
    if mine is base:
        carried = carried_over(second.config, first.graph, second.graph, there)
        gated = base.checkout is not None or other is not None
        refused = _refused(first, second, loaded) if gated else frozenset[tuple[str, int]]()
        second = replace(second, config=replace(carried, refused=refused))
    else:
        here = {other: name for name, other in there.items()}
        first = replace(first, config=carried_over(first.config, second.graph, first.graph, here))
    return _Sides(_judged(first, base, loaded), _judged(second, head, loaded, incidents), matching, (first, second))


def _read(state: State, config: Config, owner: State) -> Estate:
    """Read one of two states, with places named as people know them."""
    config, named = placed(config, owner, state), state.checkout or owner.checkout
    place = named_from(config, owner) if named else None
    key = remembered.key_of(state, config)
    known = remembered.recalled(key, state, config)
    if known is not None:
        return estate_of(*known, shown_from(config, place or known[0].base))
    if state.checkout is not None:
        state.checkout.fill()
    with (config.cache or Cache()).asked() as records:
        estate = read_estate(state.paths, config, place)
    remembered.keep(key, state, config, estate.found, estate.parsed, records)
    return replace(estate, problems=(*estate.problems, *state.absences))


def _judged(estate: Estate, state: State, loaded: RuleSet, incidents: Iterable[Incident] | None = None) -> Judged:
    report, graph = judged(estate, loaded, incidents)
    found = estate.found
    top, given = relative_name(scan_root(found), found.base), estate.config.var_files
    names = tuple(relative_name(path.resolve(), found.base) for path in given)
    terraform = terraform_provenance.Provenance(estate.parsed.sources, top, names)
    cloudformation = cloudformation_provenance.Provenance(estate.parsed.sources)
    bicep = azure_provenance.Provenance(estate.parsed.sources)

    def origins(declaration: Declaration, path: str) -> tuple[Origin, ...]:
        match declaration.dialect:
            case "cloudformation":
                return cloudformation.origins(declaration, path)
            case "bicep":
                return bicep.origins(declaration, path)
        return terraform.origins(declaration, path)

    return Judged(replace(report, base=str(state.shown)), graph, state.revision, origins)


def _held(sides: _Sides, config: Config, loaded: RuleSet) -> Comparison:
    counted = frozenset({Outcome.FAIL, *((Outcome.UNKNOWN,) if config.unknown is UnknownPolicy.FAIL else ())})
    reads = {code: _read_by(rule) for code, rule in loaded.rules.items()}
    found = compare(sides.base, sides.head, sides.matching, reads, counted)
    return replace(found, touched=touched(*(estate.parsed for estate in sides.read)))


def touched(base: Parsed, head: Parsed) -> tuple[str, ...]:
    """The roots for which something else was read, or that are on one side alone."""
    names = base.inputs.keys() | head.inputs.keys()
    return tuple(sorted(name for name in names if base.inputs.get(name) != head.inputs.get(name)))


def _read_by(rule: Rule) -> frozenset[str]:
    return frozenset((*rule.mark, *mentioned(rule.fails_when), *mentioned(rule.when or {})))


def carried_over(config: Config, base: Graph, head: Graph, counterparts: Mapping[str, str]) -> Config:
    """The configuration with the entries of services and custody as ``head`` calls them.

    An entry that means something there already stays. One without a counterpart stays too, and becomes a problem.
    """

    def carried(service: Service) -> Service:
        entries = (_carried(entry, base, head, counterparts) for entry in service.entry)
        return replace(service, entry=tuple(name for names in entries for name in names))

    return replace(config, services=tuple(map(carried, config.services)), custody=tuple(map(carried, config.custody)))


def _carried(entry: str, base: Graph, head: Graph, counterparts: Mapping[str, str]) -> tuple[str, ...]:
    if select(head, entry):
        return (entry,)
    found = [counterparts[each.id] for each in select(base, entry) if each.id in counterparts]
    return tuple(found) or (entry,)
