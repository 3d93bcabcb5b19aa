"""Findings that were accepted all at once: which of today's they cover, and which of them are no longer needed.

An entry accepts as many findings of one fingerprint as it counts, so that one more of the same fails.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from scanner.model.baseline import Baseline, Entry
from scanner.model.finding import Acceptance, Finding, Outcome, Severity
from scanner.model.problem import Problem, ProblemKind
from scanner.model.rule import ESTATE
from scanner.model.span import Span

REASON: Final = "in the baseline"
"""Why a finding is suppressed; what the entry says follows."""

_INSTALLED: Final = ".terraform"


class Scope(Struct, frozen=True):
    """What a scan can tell of: entries about anything else may be needed still.

    ``known`` are the codes of all rules, ``rules`` of those that were asked, ``roots`` the paths scanned, ``accounts``
    what was read that is no path. In folders ``lost`` something could not be read. ``crashed`` are fingerprints
    of rules that failed, ``sources`` the files read. All paths are from the anchor.
    """

    known: frozenset[str] = frozenset()
    rules: frozenset[str] = frozenset()
    roots: tuple[str, ...] = ()
    accounts: frozenset[str] = frozenset()
    lost: tuple[str, ...] = ()
    crashed: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()

    def judges(self, entry: Entry, paths: Sequence[str]) -> bool:
        """Whether the scan would have found what an entry of a baseline over some paths accepts."""
        if entry.rule not in self.known:
            return True
        if entry.rule not in self.rules or entry.fingerprint in self.crashed:
            return False
        if entry.resource == ESTATE:
            return not self.lost and all(_inside(path, self.roots) for path in paths or (".",))
        if entry.home in self.accounts:
            return True
        if _INSTALLED in entry.file.split("/") and entry.file not in self.sources:
            return False  # a module that is not installed today
        places = (entry.home or ".", entry.file)
        return all(_inside(place, self.roots) for place in places) and not _inside(entry.file, self.lost)


class Stale(Struct, frozen=True):
    """An entry that accepts more than there is: ``found`` of its findings are left."""

    entry: Entry
    found: int
    message: str


def _inside(path: str, folders: Iterable[str]) -> bool:
    return any(
        path == folder or path.startswith(f"{folder}/") or (folder == "." and not path.startswith("../"))
        for folder in folders
    )


def suppressed(findings: Sequence[Finding], baseline: Baseline, today: date | None) -> tuple[Finding, ...]:
    """The findings with those marked that the baseline accepts: failures before what is undecided."""
    held = {name: entry for name, entry in _by_fingerprint(baseline.entries).items() if not entry.expired(today)}
    left = {name: entry.count for name, entry in held.items()}
    result = list(findings)
    for outcome in (Outcome.FAIL, Outcome.UNKNOWN):
        for index, finding in enumerate(result):
            if finding.outcome is outcome and left.get(finding.fingerprint, 0) > 0:
                left[finding.fingerprint] -= 1
                result[index] = _accepted(finding, held[finding.fingerprint])
    return tuple(result)


def _accepted(finding: Finding, entry: Entry) -> Finding:
    reason = f"{REASON}: {entry.reason}" if entry.reason else REASON
    return replace(finding, outcome=Outcome.SUPPRESSED, reason=reason, accepted_by=Acceptance.BASELINE)


def _by_fingerprint(entries: Iterable[Entry]) -> dict[str, Entry]:
    """The entries, of which a merge may have left two of one fingerprint: the larger counts."""
    found: dict[str, Entry] = {}
    for entry in entries:
        other = found.get(entry.fingerprint)
        if other is None or other.count < entry.count:
            found[entry.fingerprint] = entry
    return found


def stale(findings: Iterable[Finding], baseline: Baseline, scope: Scope) -> Iterator[Stale]:
    """The entries that accept more than there is. The findings are those before the baseline was laid over them."""
    there = matches(findings)
    for entry in baseline.entries:
        found = there[entry.fingerprint]
        if found >= entry.count or not scope.judges(entry, baseline.paths):
            continue
        yield Stale(entry, found, _told(entry, found, scope))


def matches(findings: Iterable[Finding]) -> Counter[str]:
    """How many findings of each fingerprint an entry could accept."""
    return Counter(f.fingerprint for f in findings if f.outcome in (Outcome.FAIL, Outcome.UNKNOWN))


def _told(entry: Entry, found: int, scope: Scope) -> str:
    if entry.rule not in scope.known:
        return f"the baseline accepts {entry.rule} for {entry.resource}, but there is no such rule"
    if found:
        return f"the baseline accepts {entry.rule} {entry.count} times for {entry.resource}, where {found} are left"
    return f"the baseline accepts {entry.rule} for {entry.resource}, which matches no finding any more"


def problems(
    findings: Sequence[Finding], baseline: Baseline, scope: Scope, today: date | None, file: str
) -> Iterator[Problem]:
    """What is to be said of a baseline, shown as ``file``: entries that are past their day, and stale ones."""
    there = matches(findings)
    for entry in baseline.entries:
        if entry.expired(today) and there[entry.fingerprint]:
            message = f"the baseline's acceptance of {entry.rule} for {entry.resource} expired on {entry.until}"
            yield Problem(Span(file, entry.line), ProblemKind.WAIVER, message)
    for each in stale(findings, baseline, scope):
        message = f"{each.message}; `riskscan baseline prune` takes it out"
        yield Problem(Span(file, each.entry.line), ProblemKind.WAIVER, message)


def entries_of(findings: Iterable[Finding], names: Mapping[str, str], place: Callable[[str], str]) -> tuple[Entry, ...]:
    """Today's failures as entries.

    ``names`` are what entries call resources, ``place`` leads from a reported file to its path from the anchor.
    """
    found: dict[str, Entry] = {}
    for each in findings:
        if each.outcome is not Outcome.FAIL:
            continue
        entry = Entry(
            each.fingerprint,
            each.rule,
            names[each.resource],
            place(each.span.file),
            note=each.slug,
        )
        known = found.get(each.fingerprint)
        found[each.fingerprint] = entry if known is None else replace(known, count=known.count + 1)
    return _sorted(found.values())


def at_least(findings: Iterable[Finding], severity: Severity) -> tuple[Finding, ...]:
    """The findings that are not milder."""
    return tuple(finding for finding in findings if finding.severity >= severity)


def written(today: Sequence[Entry], baseline: Baseline, scope: Scope, left: Mapping[str, int], reason: str) -> Baseline:
    """The baseline that accepts all of today's, keeps what was said to earlier entries, and what was not judged.

    ``left`` counts what could be accepted: an entry whose finding is undecided today stays. ``reason`` is said to what
    is new.
    """
    before = _by_fingerprint(baseline.entries)
    found = {each.fingerprint: _with_words(each, before.get(each.fingerprint), reason) for each in today}
    for name, entry in before.items():
        if name not in found and (left.get(name) or not scope.judges(entry, baseline.paths)):
            found[name] = entry
    paths = tuple(sorted({*baseline.paths, *scope.roots}))
    widest = tuple(path for path in paths if not _inside(path, [other for other in paths if other != path]))
    return replace(baseline, entries=_sorted(found.values()), paths=widest)


def _with_words(entry: Entry, before: Entry | None, reason: str) -> Entry:
    if before is None:
        return replace(entry, reason=reason)
    return replace(entry, reason=before.reason, until=before.until)


def pruned(baseline: Baseline, scope: Scope, left: Mapping[str, int]) -> Baseline:
    """The baseline without what matches nothing, and with counts lowered to what is left."""
    kept = []
    for entry in _by_fingerprint(baseline.entries).values():
        found = left.get(entry.fingerprint, 0)
        if found >= entry.count or not scope.judges(entry, baseline.paths):
            kept.append(entry)
        elif found:
            kept.append(replace(entry, count=found))
    return replace(baseline, entries=_sorted(kept))


def _sorted(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    return tuple(sorted(entries, key=lambda e: (e.file, e.resource, e.rule, e.fingerprint)))
