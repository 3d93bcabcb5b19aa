"""What a baseline is written and checked by."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from scanner.config import Config
from scanner.model.baseline import Entry
from scanner.model.finding import Severity
from scanner.model.report import Report
from scanner.pipeline import judged, read_estate
from scanner.reporters.redact import cleaner
from scanner.rules.baseline import Scope, at_least, entries_of
from scanner.rules.identity import identities
from scanner.rules.load import load_rules
from scanner.scope import frame_of, scope_of


class Survey(Struct, frozen=True):
    """Today's findings, those that fail as entries, and what the scan can tell of. No baseline hides any of them."""

    report: Report
    entries: tuple[Entry, ...]
    scope: Scope


def survey(paths: Sequence[Path], config: Config, least: Severity) -> Survey:
    """Scan without a baseline. Findings milder than ``least`` become no entries. Raises as a scan does."""
    rules = load_rules(config.packs)
    estate = read_estate(paths, replace(config, accepted=None))
    report, graph = judged(estate, rules)
    frame = frame_of(estate.found, estate.config)
    named = identities((r.declaration for r in graph.resources.values()), frame)
    clean = cleaner(report.secrets) or str
    names = {name: str(replace(known, name=clean(known.name))) for name, known in named.items()}
    entries = entries_of(at_least(report.findings, least), names, frame.file)
    return Survey(report, entries, scope_of(estate.found, estate.parsed, estate.config, rules, report.findings))
