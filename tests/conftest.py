"""Configurations written into a folder, and what the stages make of them. Each fixture imports only what it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from msgspec.structs import replace

if TYPE_CHECKING:
    from scanner.graph.graph import Graph
    from scanner.model.history import Entry
    from scanner.model.report import Report
    from scanner.parsers.terraform.project import TerraformResult
    from scanner.pipeline import Estate

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

Files = str | Mapping[str, str | bytes]
"""File names → contents; a text alone is ``main.tf``."""


def written(folder: Path, files: Files) -> Path:
    """The folder, with the files in it."""
    for name, content in ({"main.tf": files} if isinstance(files, str) else files).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


@pytest.fixture
def read_files(tmp_path: Path) -> Callable[..., TerraformResult]:
    """What the Terraform front end reads; keyword arguments are fields of the configuration."""

    def call(files: Files, **settings: Any) -> TerraformResult:
        from scanner.config import Config
        from scanner.discovery import discover
        from scanner.front_ends import read_terraform

        config = replace(Config(), **settings)
        return read_terraform(discover([written(tmp_path, files)], config.limits.max_file_bytes), config)

    return call


@pytest.fixture
def graph_of(read_files: Callable[..., TerraformResult]) -> Callable[..., Graph]:
    """The graph of a configuration."""

    def call(files: Files, **settings: Any) -> Graph:
        from scanner.normalize import Settings, normalize

        read = read_files(files, **settings)
        wishes = Settings(settings.get("region"), settings.get("environments", {}), (), read.sources)
        return normalize(read.declarations, wishes)[0]

    return call


@pytest.fixture
def estate_of(tmp_path: Path) -> Callable[..., Estate]:
    """Everything that is read of files of any format: declarations, problems and the graph."""

    def call(files: Files, **settings: Any) -> Estate:
        from scanner.config import Config
        from scanner.pipeline import read_estate

        return read_estate([written(tmp_path, files)], replace(Config(), **settings))

    return call


@pytest.fixture
def report_of(tmp_path: Path) -> Callable[..., Report]:
    """The whole report of a configuration."""

    def call(files: Files, **settings: Any) -> Report:
        from scanner.config import Config
        from scanner.pipeline import scan

        return scan([written(tmp_path, files)], replace(Config(), **settings))

    return call


def _sizes(levels: Mapping[str, Mapping[str, tuple[int | None, int | None]]]) -> Any:
    from scanner.model.history import ServiceSizes, Sizes
    from scanner.model.service import Criticality, Level

    return tuple(
        ServiceSizes(name, "service", Criticality.HIGH, {Level(level): Sizes(*pair) for level, pair in pairs.items()})
        for name, pairs in levels.items()
    )


@pytest.fixture
def entry() -> Callable[..., Entry]:
    """An entry of a history, made by hand: of the whole repository on ``main``.

    ``services`` maps a name to levels and their sizes; what is no field of an entry is one of its summary.
    """

    def call(day: str = "2026-01-03", commit: str = "a" * 40, **changes: Any) -> Entry:
        from scanner.model.finding import Axis
        from scanner.model.history import Entry, Place, Summary
        from scanner.model.score import Interval, Stage

        own = {name: changes.pop(name) for name in ("branch", "depth", "place") if name in changes}
        low, high = changes.pop("low", 40.0), changes.pop("high", None)
        services = changes.pop("services", {"orders": {"zone": (1, 1), "region": (None, None)}})
        summary = Summary(
            tool_version="1.2.3",
            score_model=1,
            rule_set="ab12",
            stage=Stage.R0,
            stage_high=Stage.R0,
            grade="F",
            score=Interval(low, low if high is None else high),
            axes={Axis.ZONE: Interval(10.0, 20.5)},
            severities={"critical": 1, "high": 2, "medium": 0, "low": 0, "info": 0},
            unknown=3,
            suppressed=0,
            problems=0,
            resources=12,
            services=_sizes(services),
            complete=True,
        )
        date = day if "T" in day else f"{day}T00:00:00Z"
        made = Entry(date, commit, "main", 1, Place(), replace(summary, **changes))
        return replace(made, **own)

    return call
