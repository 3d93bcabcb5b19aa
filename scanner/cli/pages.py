"""Where the scanned repository is shown, as the runner of a workflow says it.

https://docs.github.com/en/actions/reference/workflows-and-actions/variables#default-environment-variables
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

_SERVER: Final = re.compile(r"https://[A-Za-z0-9.-]+(?::\d{1,5})?")
_REPOSITORY: Final = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_RUN: Final = re.compile(r"\d+")


class Pages(Struct, frozen=True):
    """Addresses that reports may link to; empty where nothing tells them."""

    repository: str = ""
    revision: str = ""
    run: str = ""


NOWHERE: Final = Pages()
"""For what lies in no repository."""


def pages(environment: Mapping[str, str]) -> Pages:
    """The pages of the repository, its commit and the run. What is not exactly of their form is no address."""
    server, name = environment.get("GITHUB_SERVER_URL", ""), environment.get("GITHUB_REPOSITORY", "")
    if not _SERVER.fullmatch(server) or not _REPOSITORY.fullmatch(name):
        return NOWHERE
    commit, run = environment.get("GITHUB_SHA", ""), environment.get("GITHUB_RUN_ID", "")
    return Pages(
        f"{server}/{name}",
        commit if _COMMIT.fullmatch(commit) else "",
        f"{server}/{name}/actions/runs/{run}" if _RUN.fullmatch(run) else "",
    )
