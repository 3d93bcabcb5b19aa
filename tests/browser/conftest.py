"""A browser for the session, and each estate's page made once, beside what the other outputs say of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import chromium
import hostile_estate
import large_estate
from oracle import EXAMPLES, NAMES, TellOf, Told, tell

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SIZES = {"medium": 400, "large": 5_000}
"""Resources of the generated estates. The medium one is for what would take minutes in the large one."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if find_spec("playwright") is None:
        pytest.skip("playwright is not installed: pip install 'riskscan[browser]'")
    if chromium.executable() is None:
        pytest.skip("there is no Chromium on the PATH, and CHROMIUM names none")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = chromium.launch(playwright)
        yield found
        found.close()


@pytest.fixture
def opened(browser: Browser) -> chromium.Open:
    return partial(chromium.visit, browser)


@pytest.fixture(scope="session")
def told_of(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> TellOf:
    made: dict[str, Told] = {}

    def call(name: str) -> Told:
        if name not in made:
            made[name] = _made(name, tmp_path_factory.mktemp(name))
        return made[name]

    assert browser.is_connected()
    return call


def _made(name: str, folder: Path) -> Told:
    if name in SIZES:
        large_estate.write(folder / name, SIZES[name])
        return tell(folder / name, folder)
    if name == "hostile":
        estate = hostile_estate.write(folder)
        return tell(estate, folder, "--rules", str(folder / "pack"), incidents=folder / "incidents")
    return tell(EXAMPLES / name, folder)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """``example`` is each shipped example; ``estate`` these and the large one, where a test says nothing else."""
    given = [name for mark in metafunc.definition.iter_markers("parametrize") for name in str(mark.args[0]).split(",")]
    for name, values in (("example", NAMES), ("estate", (*NAMES, "large"))):
        if name in metafunc.fixturenames and name not in given:
            metafunc.parametrize(name, values)
