"""Summaries of scans over time: one entry a commit, and what may be compared with what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from scanner.model.finding import Axis
from scanner.model.problem import Problem
from scanner.model.score import Interval, Stage
from scanner.model.service import Criticality, Level


class Sizes(Struct, frozen=True):
    """How many domains of one level stop a service: unknowns taken for bad (``low``) and for good (``high``).

    ``None``: no set of up to three domains does.
    """

    low: int | None
    high: int | None


class ServiceSizes(Struct, frozen=True):
    """A service or custody item, and its coefficients. Levels at which no set of up to three stops it are left out."""

    name: str
    kind: Literal["service", "custody"]
    criticality: Criticality
    coefficients: Mapping[Level, Sizes]


class Summary(Struct, frozen=True):
    """What is kept of one report.

    ``rule_set`` is a fingerprint of the rules that were asked, empty where nothing tells. ``grade`` is empty where
    nothing was judged; ``axes`` holds those on which something was. ``stage`` takes unknowns for bad, ``stage_high``
    for good. ``severities`` counts failures, ``unknown`` questions that the files do not decide. ``complete`` is false
    where input was lost.
    """

    tool_version: str
    score_model: int
    rule_set: str
    stage: Stage | None
    stage_high: Stage | None
    grade: str
    score: Interval
    axes: Mapping[Axis, Interval]
    severities: Mapping[str, int]
    unknown: int
    suppressed: int
    problems: int
    resources: int
    services: tuple[ServiceSizes, ...]
    complete: bool


class Place(Struct, frozen=True):
    """What was scanned, and how that is told apart from what else is kept of the same commits.

    ``paths`` are relative to the repository; ``configuration`` is a fingerprint of the flags that decide what a scan
    reads, empty without any; ``name`` is the user's own word.
    """

    paths: tuple[str, ...] = (".",)
    name: str = ""
    configuration: str = ""


class Entry(Struct, frozen=True):
    """One summary and its commit.

    ``date`` is UTC, as ``2026-11-27T10:00:00Z``. ``depth`` is how many commits lead to this one by first parents, which
    orders those of the same second; 0 where it is not known. ``commit`` and ``branch`` are empty outside of git.
    """

    date: str
    commit: str
    branch: str
    depth: int
    place: Place
    summary: Summary

    @property
    def identity(self) -> tuple[str, Place]:
        """What no two entries of a history share."""
        return self.commit or self.date, self.place

    @property
    def order(self) -> tuple[str, int, str, str, tuple[str, ...], str]:
        """The order of every list of entries: the oldest first."""
        place = self.place
        return self.date, self.depth, self.commit, place.name, place.paths, place.configuration


class History(Struct, frozen=True):
    """The entries of a file, oldest first, and what of the file could not be used. ``file`` is its name for people."""

    file: str
    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...] = ()


class Series(Struct, frozen=True):
    """The entries of one place on one branch, oldest first, never empty."""

    place: Place
    branch: str
    entries: tuple[Entry, ...]

    @property
    def last(self) -> Entry:
        """The newest entry."""
        return self.entries[-1]


def series(history: History) -> tuple[Series, ...]:
    """The entries by what they are about, those first that were added to last."""
    found: dict[tuple[Place, str], list[Entry]] = {}
    for entry in history.entries:
        found.setdefault((entry.place, entry.branch), []).append(entry)
    made = [Series(place, branch, tuple(entries)) for (place, branch), entries in found.items()]
    made.sort(key=lambda each: (each.place.name, each.place.paths, each.place.configuration, each.branch))
    return tuple(sorted(made, key=lambda each: each.last.date, reverse=True))


def breaks(before: Summary, after: Summary) -> tuple[str, ...]:
    """Why the numbers of two summaries must not be compared, as clauses; empty where they may be.

    Where nothing tells the rules of one of them, those of one version of riskscan are taken for the same.
    """
    reasons = []
    if before.score_model != after.score_model:
        reasons.append(f"score model {before.score_model} became {after.score_model}")
    known = bool(before.rule_set and after.rule_set)
    if known and before.rule_set != after.rule_set:
        reasons.append("the rules changed")
    if not known and before.tool_version != after.tool_version:
        reasons.append(f"riskscan {before.tool_version} became {after.tool_version}, and the rules are not told")
    return tuple(reasons)
