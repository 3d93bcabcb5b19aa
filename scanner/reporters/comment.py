"""The one comment of a pull request that is edited rather than repeated: the job summary within a comment's size.

Its first line marks it as ours. The second, where it stands, says that there is nothing to tell: then no comment is
begun for it.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec.structs import replace

from scanner.model.finding import Outcome
from scanner.model.report import Report
from scanner.reporters import markdown, since, summary
from scanner.reporters.gfm import CUT, size
from scanner.reporters.options import DEFAULT, Options

MAX_BYTES: Final = 65_000
"""GitHub refuses more than 65,536 characters; no text has more of them than bytes."""

CLEAN: Final = "<!-- nothing to tell -->"


def render(report: Report, options: Options = DEFAULT) -> str:
    """The body of the comment, of at most :data:`MAX_BYTES` bytes."""
    clean = [CLEAN] if nothing_to_tell(report, options) else []
    head = "".join(f"{line}\n" for line in (marker(options.category), *clean))
    rest = f"\n[The summary of the run]({options.run_url}) has it all.\n" if options.run_url else ""
    room = max(0, min(options.max_bytes, MAX_BYTES) - size(head) - size(rest))
    body = markdown.render(report, replace(options, max_bytes=room))
    return head + body + (rest if CUT in body else "")


def marker(category: str) -> str:
    """The first line of the comment of a category; no category ends an HTML comment or looks like another one."""
    return f"<!-- riskscan:{re.sub('[^A-Za-z0-9._/-]|-(?=-)|-$|^-', _spelled, category.strip('/'))} -->"


def _spelled(sign: re.Match[str]) -> str:
    return f"%{ord(sign.group()):x}"


def nothing_to_tell(report: Report, options: Options) -> bool:
    """Whether a comment would say nothing: without an earlier state, that nothing is found and everything was read."""
    if report.since is not None:
        return since.quiet(report.since)
    counts = summary.count(report)
    failing = counts.outcomes[Outcome.FAIL] + (counts.outcomes[Outcome.UNKNOWN] if options.unknown_fails else 0)
    return not failing and not counts.incomplete
