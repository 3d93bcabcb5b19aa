"""Generated estates, the same ones that the benchmarks measure, and the study of a configuration."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from msgspec.structs import replace

from scanner.config import Config
from scanner.pipeline import read_estate, wishes
from scanner.simulation.study import Study, study

ESTATE = Path(__file__).parents[2] / "benchmarks" / "estate.py"


@pytest.fixture(scope="session")
def estates() -> ModuleType:
    """The module that generates them, which belongs to no package."""
    spec = spec_from_file_location("estate", ESTATE)
    assert spec
    assert spec.loader
    module = sys.modules[spec.name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def study_of(tmp_path: Path) -> Callable[..., Study]:
    """The study of a configuration; keyword arguments are fields of riskscan's own configuration."""

    def call(files: str | Mapping[str, str], **settings: Any) -> Study:
        for name, text in ({"main.tf": files} if isinstance(files, str) else files).items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
        config = replace(Config(), **settings)
        return study(read_estate([tmp_path], config).graph, wishes(config))

    return call
