"""What a report's reader chose, besides the format."""

from __future__ import annotations

from msgspec import Struct

from scanner.model.finding import Outcome, Severity


class Options(Struct, frozen=True):
    """How to show a report.

    ``show`` names the outcomes that are listed one by one besides failures, ``hide`` those that are only counted;
    milder findings than ``min_severity`` are only counted too. ``full`` lifts the caps on lists. ``unknown_fails``
    makes unknown findings count as failures. ``prefix`` is the scan's base relative to the repository's root, empty
    or ending with a slash: SARIF, GitHub and GitLab want paths from there. ``category`` tells the SARIF files of one
    commit apart. ``max_bytes`` limits Markdown (UTF-8). ``width`` counts terminal columns. ``only_new`` leaves out of
    SARIF what failed before, where the report knows. ``repository_url`` is where the repository is shown,
    ``revision`` the commit that was scanned and ``run_url`` the page of the run: nothing is linked while they are
    empty. ``timestamp`` is when the report was made (``2025-01-31T12:00:00Z``), for formats that must tell it.
    """

    color: bool = False
    width: int = 100
    show: frozenset[Outcome] = frozenset()
    hide: frozenset[Outcome] = frozenset()
    min_severity: Severity = Severity.INFO
    full: bool = False
    unknown_fails: bool = False
    quiet: bool = False
    prefix: str = ""
    category: str = "scan"
    max_bytes: int = 1_000_000
    only_new: bool = False
    repository_url: str = ""
    revision: str = ""
    run_url: str = ""
    timestamp: str = ""


DEFAULT = Options()
"""No colour, no extras, paths from the scan's base."""
