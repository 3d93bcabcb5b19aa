"""What was said of an estate before, as long as everything that it follows from is the same.

That is what was read, the configuration, the rules, and the code that judges. A verdict in which a rule crashed is not
kept: it is to be seen again as it happens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from scanner.cache.codec import NotStorableError, canonical, encode, packed_declaration
from scanner.cache.keys import digest, of_content, origin_of_all
from scanner.config import Config
from scanner.model.finding import Finding
from scanner.model.outage import Loss, ServiceRisk
from scanner.model.problem import Problem, ProblemKind
from scanner.parsers.parsed import Parsed
from scanner.rules.rule import RuleSet

MAX_OTHERS: Final = 64 * 1024 * 1024
"""Bytes of files beside Terraform's up to which they are hashed: snapshots of accounts may have a gigabyte."""


class Verdict(Struct, frozen=True):
    """What rules and the fault graph say, before waivers. ``secrets`` are texts that were recognised as keys."""

    answers: tuple[Finding, ...]
    problems: frozenset[Problem]
    services: tuple[ServiceRisk, ...]
    losses: tuple[Loss, ...]
    secrets: frozenset[str]


def recalled(parsed: Parsed, config: Config, rules: RuleSet, judge: Callable[[], Verdict]) -> Verdict:
    """The verdict of ``judge``, or that of an earlier run if it would be the same."""
    cache = config.cache
    key = _key(parsed, config, rules) if cache is not None and cache.folder is not None and parsed.state else ""
    if cache is None or not key:
        return judge()
    found = cache.get(key, Verdict)
    if found is None:
        found = judge()
        if not any(problem.kind is ProblemKind.CRASHED for problem in found.problems):
            cache.put(key, found)
    return found


def _key(parsed: Parsed, config: Config, rules: RuleSet) -> str:
    try:
        # What only decides how files are read is a part of the state; values of variables may be secrets.
        judging = canonical(replace(config, cache=None, variables={}, environment_variables={}))
        return digest("verdict", origin_of_all(), parsed.state, judging, canonical(rules))
    except NotStorableError:
        return ""


def state_of(terraform: str, others: Sequence[Parsed], files: Sequence[Path]) -> str:
    """The hash of all that was read: that of the Terraform files, and what ``files``, all others, were read to be.

    Empty where it is not known. Places in them are looked up only when somebody asks, which takes long: they follow
    from the files and from what is declared.
    """
    if not terraform:
        return ""
    try:
        if sum(path.stat().st_size for path in files) > MAX_OTHERS:
            return ""
        contents = [of_content(path.read_bytes()) for path in files]
        return digest("read", terraform, *contents, *map(_told, others))
    except (NotStorableError, OSError):
        return ""


def _told(parsed: Parsed) -> bytes:
    sets = (sorted(parsed.unread), sorted(parsed.partly), sorted(parsed.secrets))
    maps = (dict(parsed.sources), dict(parsed.zone_ids), dict(parsed.moves))
    declarations = [packed_declaration(replace(each, places={})) for each in parsed.declarations]
    return encode((declarations, parsed.roots, parsed.problems, parsed.changes, sets, maps))
