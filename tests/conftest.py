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
