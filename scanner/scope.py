"""Where a scan stands in its repository, and what it can say of a baseline over more than it read."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import replace

from scanner.cache.codec import canonical
from scanner.cache.keys import digest
from scanner.config import Config, common_folder, repository_root
from scanner.discovery import Discovery
from scanner.discovery.content import CHART
from scanner.discovery.files import relative_name
from scanner.front_ends import scan_root
from scanner.model.finding import Finding, Outcome
from scanner.parsers.parsed import Parsed
from scanner.rules.baseline import Scope
from scanner.rules.identity import Frame
from scanner.rules.rule import RuleSet


def anchor(found: Discovery, config: Config) -> Path:
    """What paths in fingerprints and baselines are relative to, however the scan was called.

    That is the repository, else the folder of the configuration that lies above what is scanned, else what is scanned.
    """
    repository = repository_root(found.base)
    if repository is not None or not found.roots:
        return repository or found.base
    scanned = common_folder(found.roots)
    return config.root if config.root is not None and scanned.is_relative_to(config.root) else scanned


def frame_of(found: Discovery, config: Config) -> Frame:
    """How the scan's paths lead to those of its anchor."""
    start = anchor(found, config)
    plain = Frame(start.as_posix(), found.base.as_posix(), scan_root(found).as_posix())
    rendered = (f.name for f in found.files if f.format == "kustomize" or posixpath.basename(f.name) == CHART)
    return replace(plain, rendered=frozenset(plain.file(posixpath.dirname(name)) for name in rendered))


def asked(loaded: RuleSet, config: Config) -> frozenset[str]:
    """The codes of the rules that a scan asks: those of its axes that are not disabled."""
    off = {loaded.by_name(name).info.code for name in config.disable}
    return frozenset(c for c, r in loaded.rules.items() if c not in off and r.info.axis in config.axes)


def rule_set_of(loaded: RuleSet, config: Config) -> str:
    """A fingerprint of the rules that a scan asks: of what they compare, with their severities, not of their words."""
    codes = asked(loaded, config)
    severities = {loaded.by_name(name).info.code: value for name, value in config.severities.items()}
    told = [
        (
            code,
            rule.info.axis,
            severities.get(code, rule.info.severity),
            rule.kinds,
            rule.types,
            rule.when,
            rule.fails_when,
        )
        for code, rule in sorted(loaded.rules.items())
        if code in codes
    ]
    return digest("rules", canonical(told))


def scope_of(found: Discovery, parsed: Parsed, config: Config, loaded: RuleSet, findings: Iterable[Finding]) -> Scope:
    """What this scan can say of the entries of a baseline. ``config`` names rules as the user did."""
    start, frame = anchor(found, config), frame_of(found, config)
    lost = (p.span.file for p in (*found.problems, *parsed.problems) if p.kind.incomplete)
    return Scope(
        known=frozenset(loaded.rules),
        rules=asked(loaded, config),
        roots=tuple(relative_name(root, start) for root in found.roots),
        accounts=frozenset() if found.roots else frozenset(parsed.roots),
        lost=tuple(sorted({posixpath.dirname(frame.file(name)) or "." for name in lost})),
        crashed=frozenset(f.fingerprint for f in findings if f.outcome is Outcome.ERROR),
        sources=frozenset(map(frame.file, parsed.sources)),
    )
