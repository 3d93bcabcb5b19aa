"""Generated estates, the same ones that the benchmarks measure."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

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
