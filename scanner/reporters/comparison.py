"""The words and choices that all formats of a comparison share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from scanner.model.comparison import (
    Basis,
    Cause,
    Coefficient,
    Comparison,
    Effect,
    Interval,
    Lone,
    Match,
    ServicePair,
    Shift,
    Turn,
)
from scanner.model.finding import Finding, Outcome
from scanner.model.outage import LEVELS
from scanner.model.score import Score
from scanner.reporters import summary
from scanner.reporters.services import called

ROOTS: Final = 20
"""So many roots are named in one line; the rest is counted."""
BASES: Final = {
    Basis.ADDRESS: "the same address",
    Basis.MOVED: "moved to",
    Basis.IDENTIFIER: "the same identifier",
    Basis.NAME: "the same name",
    Basis.LOGICAL_ID: "the logical id of its stack",
    Basis.PREFIX: "a name that begins with",
    Basis.TAG: "the same tag Name",
    Basis.CONTENT: "the same content as another",
    Basis.RELATION: "the only one of its type",
    Basis.ALONE: "the only one left of its type,",
}

SHARED: Final = {
    **BASES,
    Basis.ADDRESS: "the address",
    Basis.NAME: "the name",
    Basis.IDENTIFIER: "the identifier",
    Basis.TAG: "the tag Name",
    Basis.CONTENT: "the content of a",
    Basis.ALONE: "the type alone,",
}
"""What resources that are not told apart have in common."""

_COUNTS: Final = ("none", "one", "two", "three")
_NOUNS: Final = {
    **{level: level for level in LEVELS},
    "edge": "edge service",
    "owner": "owner of endpoints",
    "service": "service of a provider",
}
"""What a domain of a level is called."""
_PLURALS: Final = {
    "edge": "edge services",
    "owner": "owners of endpoints",
    "service": "services of providers",
}

EFFECTS: Final = {
    Effect.MORE: "more centralized",
    Effect.LESS: "less centralized",
    Effect.NEITHER: "neither more nor less centralized",
    Effect.UNDECIDED: "not decided",
}


def why(basis: Basis, evidence: str) -> str:
    """By what two resources are one: ``the same name orders``."""
    if basis is Basis.ADDRESS:
        return BASES[basis]
    return f"{BASES[basis]} {evidence}"


def verdict(report: Comparison) -> str:
    """The answer in one sentence."""
    more = sum(match.effect is Effect.MORE for match in report.matches)
    worse = sum(service.effect is Effect.MORE for service in report.services)
    alone = sum(bool(lone.failing) for lone in report.only_head)
    estate = sum(shift.effect is Effect.MORE for shift in report.estate)
    parts = [f"{more} of {summary.plural(len(report.matches), 'matched resource')}"] if more else []
    parts += [f"{worse} of {summary.plural(len(report.services), 'service')}"] if worse else []
    parts += [f"{summary.plural(estate, 'question')} about the whole"] if estate else []
    parts += [f"{summary.plural(alone, 'resource')} that the {report.base.label} does not have"] if alone else []
    if not parts:
        return f"Nothing in the {report.head.label} was found more centralized than in the {report.base.label}."
    return f"The {report.head.label} is more centralized than the {report.base.label}: {', '.join(parts)}."


def counts(report: Comparison) -> str:
    """How many resources are what."""
    base = sum(len(group.base) for group in report.ambiguous)
    head = sum(len(group.head) for group in report.ambiguous)
    words = [f"{len(report.matches)} matched"]
    words += [f"{base} in the {report.base.label} and {head} in the {report.head.label} not told apart"] if base else []
    words += [f"{len(report.only_base)} only in the {report.base.label}"]
    words += [f"{len(report.only_head)} only in the {report.head.label}"]
    return ", ".join(words)


def roots(report: Comparison, *, full: bool = False) -> str:
    """Which roots a change touches, in one sentence; empty where it touches none."""
    found = report.touched
    shown = found if full else found[:ROOTS]
    rest = f" and {len(found) - len(shown)} more" if len(found) > len(shown) else ""
    return f"Roots touched: {', '.join(shown)}{rest}" if found else ""


def rows(report: Comparison) -> Iterator[tuple[str, str, str, str]]:
    """What is told side by side: its name, both sides, and the effect where there is one."""
    base, head = report.base, report.head
    yield "resources", str(base.resources), str(head.resources), ""
    if base.uncatalogued or head.uncatalogued:
        yield "not in the catalog", str(base.uncatalogued), str(head.uncatalogued), ""
    yield "stage", stage(base.score), stage(head.score), ""
    yield "score", points(base.score), points(head.score), ""
    for service in report.services:
        for each in service.coefficients:
            effect = "" if each.effect is Effect.NEITHER else EFFECTS[each.effect]
            yield f"{service.name}, {each.level}", interval(each.base), interval(each.head), effect
        if service.reason:
            there, missing = "found", "-"
            yield service.name or service.head, *((there, missing) if service.name else (missing, there)), ""


def stage(score: Score) -> str:
    """``R0``, ``R0 to R1`` where unknowns decide, ``-`` without services."""
    if score.stage is None:
        return "-"
    return score.stage.value if score.stage is score.stage_high else f"{score.stage} to {score.stage_high}"


def points(score: Score) -> str:
    """The score, ``-`` where nothing was judged."""
    nothing = not score.services and not any(axis.judged for axis in score.axes)
    return "-" if nothing else f"{score.grade}: {summary.score_range(score.low, score.high)}"


def interval(each: Interval) -> str:
    """``2``, ``1-2`` where unknowns decide, ``-`` for more than three."""
    low, high = each.low, each.high
    if low == high:
        return "-" if low is None else str(low)
    return f"{low}-{'more' if high is None else high}"


def told(service: ServicePair) -> Iterator[str]:
    """What changed for a service, a sentence a level: ``withdrawals: one zone now stops it; before it took two``."""
    return (f"{service.head or service.name}: {sentence}" for sentence in turns(service))


def turns(service: ServicePair) -> Iterator[str]:
    """The same without its name."""
    return filter(None, (_told(service, each) for each in service.coefficients))


def _told(service: ServicePair, each: Coefficient) -> str:
    """One level; empty where nothing changed for sure or for the worse."""
    verb = "stop" if service.kind == "service" else "lock"
    before = _number(each.base)
    if each.effect is Effect.LESS:
        if each.head.low is None:
            return f"no three {_nouns(each)} {verb} it any more; before {before} did"
        return f"it now takes {_noun(_number(each.head), each)} to {verb} it; before {before} did"
    perhaps = each.effect is Effect.UNDECIDED and _beyond(each.head.low) < _beyond(each.base.low)
    if each.effect is not Effect.MORE and not perhaps:
        return ""
    held = "no three did" if each.base.low is None else f"it took {_count(each.base.low) if perhaps else before}"
    if perhaps:
        return f"{_noun(_count(each.head.low), each)} may now {verb} it{_whom(service.stops, each)}; before {held}"
    ending = "s" if each.head.high == 1 else ""
    return f"{_noun(_number(each.head), each)} now {verb}{ending} it{_whom(service.stops, each)}; before {held}"


def _beyond(number: int | None) -> int:
    return 4 if number is None else number


def _count(number: int | None) -> str:
    return "more than three" if number is None else _COUNTS[number]


def _number(each: Interval) -> str:
    """``one``, ``one or two``, ``one to three``: how many it takes, with what unknowns leave open."""
    if each.low == each.high:
        return _count(each.low)
    near = each.low is not None and each.high == each.low + 1
    return f"{_count(each.low)} {'or' if near else 'to'} {_count(each.high)}"


def _noun(count: str, each: Coefficient) -> str:
    return f"{count} {_NOUNS[each.level] if count == 'one' else _nouns(each)}"


def _nouns(each: Coefficient) -> str:
    return _PLURALS.get(each.level, f"{each.level}s")


def _whom(found: Sequence[tuple[str, ...]], each: Coefficient) -> str:
    """The one domain of a level that it is, where it is one: `` (zone:aws/ap-northeast-1a)``."""
    names = [" and ".join(map(called, names)) for names in found if _all_of(names, each.level)]
    return f" ({names[0]})" if len(names) == 1 else ""


def _all_of(names: Sequence[str], level: str) -> bool:
    return all(name.partition(":")[0] == level for name in names)


def of_finding(finding: Finding) -> str:
    """A finding in a line: ``high RS101 database-single-zone: aws_db_instance.main (data.tf:3), …``."""
    place = f"{finding.resource} ({finding.span.file}:{finding.span.line})"
    return f"{finding.severity.label} {finding.rule} {finding.slug}: {place}, {finding.message}"


def of_turn(turn: Turn) -> str:
    """The same of a finding that fails on one side alone, with what the other says where that is less than a pass."""
    if turn.other in (None, Outcome.PASS):
        return of_finding(turn.finding)
    return f"{of_finding(turn.finding)} ({outcome(turn.other)} on the other side)"


def of_cause(cause: Cause) -> str:
    """A cause in a line: ``because of main.tf:3, the default of variable zones changed``."""
    where = f"{cause.span.file}:{cause.span.line}"
    return f"because of {where}{' of the base' if cause.removed else ''}: {cause.text}"


def changed(report: Comparison, effect: Effect) -> list[Match]:
    """The matches of an effect, the most severe first."""
    found = (match for match in report.matches if match.effect is effect)
    return sorted(found, key=lambda match: (-max(s.severity for s in match.shifts), match.base.resource))


def drifted(report: Comparison) -> list[Match]:
    """The matches that differ in what no rule minds."""
    return [m for m in report.matches if not m.shifts and any(not d.reason for d in m.differences)]


def open_questions(report: Comparison) -> int:
    """How many properties of matched resources cannot be compared."""
    return sum(bool(difference.reason) for match in report.matches for difference in match.differences)


def outcome(each: Outcome | None) -> str:
    """An answer, or that the question does not arise."""
    return "not asked" if each is None else each.value


def sentence(shift: Shift) -> str:
    """What a rule says on both sides: ``high RS101 …: pass -> fail, …``."""
    told = f"{shift.severity.label} {shift.rule} {shift.slug}: {outcome(shift.base)} -> {outcome(shift.head)}"
    return f"{told}, {shift.reason or shift.message}"


def lone(each: Lone) -> str:
    """The findings and notes of a resource that one side alone has, in a clause; empty when there are none."""
    words = [f"{f.severity.label} {f.rule} {f.slug}" for f in each.failing]
    return "; ".join([*words, each.note] if each.note else words)


def unpaired(report: Comparison) -> Iterator[ServicePair]:
    """The services that cannot be compared."""
    return (service for service in report.services if service.reason)


def worse(service: ServicePair) -> Iterator[Coefficient]:
    """The levels at which a service takes fewer failures."""
    return (each for each in service.coefficients if each.effect is Effect.MORE)
