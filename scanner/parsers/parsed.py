"""What every front end hands over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from scanner.model.change import Change
from scanner.model.problem import Problem
from scanner.model.resource import Declaration


class Parsed(Struct, frozen=True):
    """What files declare, and how well they were read.

    ``roots`` are the names of what is applied as one (a Terraform root, a chart, an overlay), ``unread`` and ``partly``
    names of files, ``sources`` the lines of each file, ``secrets`` texts that no report may show, ``changes`` what an
    apply will do, ``zone_ids`` what an account calls its zones, by their ids, ``moves`` the new address of what had
    another one before, ``inputs`` the hash of all that was read for a root, by its name, where that is known. ``state``
    is the hash of all that was read; empty where it is not known or must not be kept.
    """

    declarations: tuple[Declaration, ...] = ()
    roots: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    unread: frozenset[str] = frozenset()
    partly: frozenset[str] = frozenset()
    sources: Mapping[str, tuple[str, ...]] = {}
    secrets: frozenset[str] = frozenset()
    changes: tuple[Change, ...] = ()
    zone_ids: Mapping[str, str] = {}
    moves: Mapping[str, str] = {}
    inputs: Mapping[str, str] = {}
    state: str = ""


def joined(results: Iterable[Parsed]) -> Parsed:
    """The results of several front ends as one. Of equal ids, which different formats cannot make, the first counts."""
    found = list(results)
    declarations = {d.id: d for result in reversed(found) for d in reversed(result.declarations)}
    sources: dict[str, tuple[str, ...]] = {}
    zone_ids: dict[str, str] = {}
    for result in found:
        sources.update(result.sources)
        zone_ids.update(result.zone_ids)
    moves = {old: new for result in found for old, new in result.moves.items()}
    return Parsed(
        tuple(declarations[name] for name in sorted(declarations)),
        tuple(root for result in found for root in result.roots),
        tuple(problem for result in found for problem in result.problems),
        frozenset().union(*(result.unread for result in found)),
        frozenset().union(*(result.partly for result in found)),
        sources,
        frozenset().union(*(result.secrets for result in found)),
        tuple(change for result in found for change in result.changes),
        zone_ids,
        moves,
        {name: told for result in found for name, told in result.inputs.items()},
    )
