"""The generated estate is the same everywhere, and as large as was asked for."""

from __future__ import annotations

from pathlib import Path

import large_estate

from scanner.config import load_config
from scanner.pipeline import scan


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_the_same_number_gives_the_same_files(tmp_path: Path) -> None:
    sizes = [large_estate.write(tmp_path / name, 300) for name in ("a", "b")]
    assert sizes[0] == sizes[1]
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_everything_in_it_is_read_and_every_service_found(tmp_path: Path) -> None:
    made = large_estate.write(tmp_path / "estate", 300)
    config = load_config(tmp_path / "estate" / ".riskscan.yaml")
    report = scan([tmp_path / "estate"], config)
    assert made >= 300
    assert len({resource.id for resource in report.resources}) >= made
    assert report.problems == ()
    assert report.uncatalogued == {}
    assert {service.name for service in report.services} == {wish.name for wish in (*config.services, *config.custody)}
