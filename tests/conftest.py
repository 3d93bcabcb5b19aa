"""Configurations written into a folder, and what the stages make of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from scanner.config import Config
from scanner.discovery import discover
from scanner.graph.graph import Graph
from scanner.model.report import Report
from scanner.normalize import Settings, normalize
from scanner.parsers.terraform.project import TerraformResult
from scanner.pipeline import read_terraform, scan

Files = str | Mapping[str, str | bytes]
"""File names → contents; a text alone is ``main.tf``."""


def write(folder: Path, files: Files) -> Path:
    """Write the files below the folder."""
    for name, content in ({"main.tf": files} if isinstance(files, str) else files).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


@pytest.fixture
def read_files(tmp_path: Path) -> Callable[..., TerraformResult]:
    """What the Terraform front end reads; keyword arguments are those of :class:`Config`."""

    def call(files: Files, **settings: object) -> TerraformResult:
        config = replace(Config(), **settings)  # type: ignore[arg-type]
        return read_terraform(discover([write(tmp_path, files)], config.limits.max_file_bytes), config)

    return call


@pytest.fixture
def graph_of(read_files: Callable[..., TerraformResult]) -> Callable[..., Graph]:
    """The graph of a configuration."""

    def call(files: Files, **settings: object) -> Graph:
        result = read_files(files, **settings)
        region = settings.get("region")
        return normalize(result.declarations, Settings(region if isinstance(region, str) else None))[0]

    return call


@pytest.fixture
def report_of(tmp_path: Path) -> Callable[..., Report]:
    """The whole report of a configuration."""

    def call(files: Files, **settings: object) -> Report:
        return scan([write(tmp_path, files)], replace(Config(), **settings))  # type: ignore[arg-type]

    return call
