"""Where one configuration lets pass what another would not: what a pull request does to its own gate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from scanner.config import Attestation, Config, Service, UnknownPolicy, Waiver
from scanner.model.baseline import Entry
from scanner.model.comparison import Weakening
from scanner.model.rule import RuleInfo
from scanner.model.service import Criticality
from scanner.model.span import Span
from scanner.rules.waivers import RiskWaiver

_LISTED: Final = 20
"""So many new entries of a baseline are named; the rest is counted."""
_PRODUCTION: Final = frozenset({"production", "prod"})
_POLICIES: Final = (UnknownPolicy.IGNORE, UnknownPolicy.REPORT, UnknownPolicy.FAIL)
"""The mildest first."""


class Judging(Struct, frozen=True):
    """How one side judges: its configuration, what that file and its baseline are called, and the waivers in its files.

    ``marked`` tells of a waiver what it covers, in words that both sides share.
    """

    config: Config
    file: str
    waivers: tuple[RiskWaiver, ...] = ()
    marked: Callable[[RiskWaiver], str] = lambda waiver: waiver.resource
    baseline: str = ""


class _Pair(Struct, frozen=True):
    """Both configurations, with what the head's places are called and the rules' own names and severities."""

    base: Config
    head: Config
    file: str
    baseline: str
    rules: Mapping[str, RuleInfo]

    def at(self, *paths: str) -> Span:
        """The first of some paths that is written in the head's file, by its key, else the file's beginning."""
        keys = [key for path in paths for key in (f"{path}#", path)]
        return self.named(next((self.head.places[key] for key in keys if key in self.head.places), None))

    def named(self, span: Span | None) -> Span:
        """A place of the head's file as reports name it."""
        return replace(span, file=self.file) if span is not None else Span(self.file, 1)

    def code(self, name: str) -> str:
        """The code of a rule."""
        return code_of(name, self.rules)


def weakenings(base: Judging, head: Judging, rules: Mapping[str, RuleInfo]) -> tuple[Weakening, ...]:
    """All ways in which ``head`` judges more mildly, by place."""
    pair = _Pair(base.config, head.config, head.file, head.baseline, rules)
    found = [each for tell in _TABLE for each in tell(pair)]
    found += _inline(base, head, pair)
    return tuple(sorted(found, key=lambda each: (each.span.file, each.span.line, each.span.column, each.message)))


def _gate(pair: _Pair) -> Iterator[Weakening]:
    before, after = pair.base.fail_on, pair.head.fail_on
    if before is not None and (after is None or after > before):
        now = "nothing fails the gate" if after is None else f"only {after.label} and worse fails the gate"
        yield Weakening(pair.at("fail_on"), f"{now}; before {before.label} did")
    if pair.head.fail_on_new and not pair.base.fail_on_new:
        yield Weakening(pair.at("fail_on_new"), "only what is new fails the gate; before everything did")
    if _POLICIES.index(pair.head.unknown) < _POLICIES.index(pair.base.unknown):
        yield Weakening(
            pair.at("unknown"), f"what is unknown is judged as {pair.head.unknown}; before {pair.base.unknown}"
        )
    if left_out := sorted(pair.base.axes - pair.head.axes):
        yield Weakening(pair.at("axes"), f"{', '.join(left_out)} is no longer reported")


def _rules(pair: _Pair) -> Iterator[Weakening]:
    before = {pair.code(name) for name in pair.base.disable}
    for name in sorted(pair.head.disable):
        if pair.code(name) not in before:
            yield Weakening(pair.named(pair.head.rule_places.get(name)), f"the rule {name} is disabled")
    changed = {pair.code(name): (name, severity) for name, severity in pair.head.severities.items()}
    severities = {pair.code(name): severity for name, severity in pair.base.severities.items()}
    for code in sorted(changed.keys() | severities.keys()):
        own = pair.rules[code].severity if code in pair.rules else None
        name, now = changed.get(code, (code, own))
        then = severities.get(code, own)
        if now is not None and then is not None and now < then:
            place = pair.at(f"rules.severity.{name}", "rules.severity", "rules")
            yield Weakening(place, f"the rule {name} counts as {now.label}; before {then.label}")


def _packs(pair: _Pair) -> Iterator[Weakening]:
    gone = _packs_of(pair.base) - _packs_of(pair.head)
    for name in sorted(gone):
        yield Weakening(pair.at("rules.packs", "rules"), f"the rules in {name} are no longer asked")


def _packs_of(config: Config) -> set[str]:
    """The packs as the configuration's folder sees them: each state has its own copy."""
    root = config.root
    return {
        (pack.relative_to(root) if root and pack.is_relative_to(root) else pack).as_posix()
        for pack in map(Path, config.packs)
    }


def _ignored(pair: _Pair) -> Iterator[Weakening]:
    before = [replace(waiver, rule=pair.code(waiver.rule)) for waiver in pair.base.waivers]
    for waiver in pair.head.waivers:
        same = [other for other in before if other.rule == pair.code(waiver.rule)]
        if any(_covers(other, waiver) and _lasts(other.until, waiver.until) for other in same):
            continue
        told = f"{waiver.rule} is ignored at {waiver.resource}"
        if any(_covers(other, waiver) for other in same):
            told += f" {_until(waiver.until)}; before {_until(_latest(o.until for o in same if _covers(o, waiver)))}"
        elif any(_covers(waiver, other) for other in same):
            told += "; before at less"
        yield Weakening(pair.named(waiver.span), told)


def _covers(one: Waiver | Attestation, other: Waiver | Attestation) -> bool:
    """Whether the glob of ``one`` covers all that the other's does, as far as their words tell."""
    return one.resource == other.resource or fnmatchcase(other.resource, one.resource.replace("[", "[[]"))


def _lasts(one: date | None, other: date | None) -> bool:
    """Whether ``one`` is no earlier than ``other``; no day is the end of time."""
    return one is None or (other is not None and one >= other)


def _until(day: date | None) -> str:
    return "for good" if day is None else f"until {day.isoformat()}"


def _latest(days: Iterable[date | None]) -> date | None:
    found = list(days)
    return None if None in found else max(day for day in found if day is not None)


def _attested(pair: _Pair) -> Iterator[Weakening]:
    for claim in pair.head.attest:
        same = [other for other in pair.base.attest if other.claim == claim.claim and _covers(other, claim)]
        if not any(_lasts(other.until, claim.until) for other in same):
            before = f"; before {_until(_latest(other.until for other in same))}" if same else ""
            told = f"{claim.claim} is attested for {claim.resource} {_until(claim.until)}{before}"
            yield Weakening(pair.named(claim.span), told)


def _accepted(pair: _Pair) -> Iterator[Weakening]:
    """What the head's baseline accepts beyond the base's, by number or by its last day."""
    before = {entry.fingerprint: entry for entry in pair.base.accepted.entries} if pair.base.accepted else {}
    found = pair.head.accepted
    added = [entry for entry in found.entries if _is_wider(entry, before.get(entry.fingerprint))] if found else []
    for entry in added[:_LISTED] if len(added) > _LISTED + 1 else added:
        yield Weakening(Span(pair.baseline, entry.line), f"the baseline accepts {entry.rule} at {entry.resource}")
    if len(added) > _LISTED + 1:
        rest = added[_LISTED:]
        yield Weakening(Span(pair.baseline, rest[0].line), f"the baseline accepts {len(rest)} more findings")


def _is_wider(entry: Entry, before: Entry | None) -> bool:
    return before is None or entry.count > before.count or not _lasts(before.until, entry.until)


def _honoured(pair: _Pair) -> Iterator[Weakening]:
    for tool in sorted(pair.head.honour - pair.base.honour):
        yield Weakening(pair.at("honour"), f"what {tool.value} is told to skip is waived here too")


def _targets(pair: _Pair) -> Iterator[Weakening]:
    for tier, levels in pair.base.targets.items():
        now = pair.head.targets.get(tier, {})
        for level, size in levels.items():
            if now.get(level, 0) < size:
                place = pair.at(f"targets.{tier}.{level}", f"targets.{tier}", "targets")
                yield Weakening(
                    place, f"the target of {tier} services at {level} is {now.get(level, 0)}; before {size}"
                )


def _services(pair: _Pair) -> Iterator[Weakening]:
    ranks = list(Criticality)
    for key, before, after in (
        ("services", pair.base.services, pair.head.services),
        ("custody", pair.base.custody, pair.head.custody),
    ):
        named = {service.name: service for service in after}
        for service in before:
            now = named.get(service.name)
            if now is None:
                yield Weakening(pair.at(key), f"{service.name} is no longer named in {key}")
                continue
            if ranks.index(Criticality(now.criticality)) > ranks.index(Criticality(service.criticality)):
                told = f"{service.name} is of {now.criticality} criticality; before {service.criticality}"
                yield Weakening(pair.named(now.span), told)
            if _needed(now) < _needed(service):
                told = f"{service.name} needs {now.threshold} of its entries; before {service.threshold}"
                yield Weakening(pair.named(now.span), told)


def _needed(service: Service) -> int:
    return len(service.entry) if service.threshold == "all" else service.threshold


def _links(pair: _Pair) -> Iterator[Weakening]:
    kept = {(link.source, link.target, link.kind) for link in pair.head.links}
    for link in pair.base.links:
        if (link.source, link.target, link.kind) not in kept:
            yield Weakening(pair.at("links"), f"that {link.source} needs {link.target} is no longer said")


def _environments(pair: _Pair) -> Iterator[Weakening]:
    for tier, globs in pair.head.environments.items():
        if tier not in _PRODUCTION:
            for index, glob in enumerate(globs):
                if glob not in pair.base.environments.get(tier, ()):
                    place = pair.at(f"environments.{tier}[{index}]", f"environments.{tier}")
                    yield Weakening(place, f"{glob} counts as {tier}")
    for tier in _PRODUCTION & pair.base.environments.keys():
        for glob in pair.base.environments[tier]:
            if glob not in pair.head.environments.get(tier, ()):
                yield Weakening(pair.at(f"environments.{tier}", "environments"), f"{glob} no longer counts as {tier}")


def _limits(pair: _Pair) -> Iterator[Weakening]:
    now, before = pair.head.limits.max_file_bytes, pair.base.limits.max_file_bytes
    if now < before:
        place = pair.at("limits.max_file_bytes", "limits")
        yield Weakening(place, f"files of more than {now} bytes are not read; before of more than {before}")


_TABLE: Final[Sequence[Callable[[_Pair], Iterator[Weakening]]]] = (
    *(
        _gate,
        _rules,
        _packs,
        _ignored,
        _accepted,
        _honoured,
        _attested,
        _targets,
        _services,
        _links,
        _environments,
        _limits,
    ),
)


def _inline(base: Judging, head: Judging, pair: _Pair) -> Iterator[Weakening]:
    for waiver, day in added(base, head, pair.rules):
        before = "" if day is False else f"; before {_until(day)}"
        yield Weakening(waiver.span, f"a comment waives {waiver.rule} here {_until(waiver.until)}{before}")


def added(
    base: Judging, head: Judging, rules: Mapping[str, RuleInfo]
) -> Iterator[tuple[RiskWaiver, date | Literal[False] | None]]:
    """Waivers in files that the base does not have (``False``), or has to an earlier day. One may move."""
    known: dict[tuple[str, str], list[date | None]] = {}
    for waiver in base.waivers:
        if not waiver.fault:
            known.setdefault((code_of(waiver.rule, rules), base.marked(waiver)), []).append(waiver.until)
    for waiver in head.waivers:
        if waiver.fault:
            continue
        days = known.get((code_of(waiver.rule, rules), head.marked(waiver)), [])
        lasting = [day for day in days if _lasts(day, waiver.until)]
        if lasting:
            days.remove(lasting[0])
        else:
            yield waiver, days.pop() if days else False


def code_of(name: str, rules: Mapping[str, RuleInfo]) -> str:
    """The code of a rule; a name that no rule has is itself."""
    wanted = name.lower()
    found = (code for code, info in rules.items() if wanted in (code.lower(), info.slug.lower()))
    return next(found, name)
