"""Templates in a folder, and what comes of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scanner.discovery import discover
from scanner.parsers.azure.project import read
from scanner.parsers.azure.reading import InputFile, Options
from scanner.parsers.parsed import Parsed

Reads = Callable[..., Parsed]


@pytest.fixture
def reads(tmp_path: Path) -> Reads:
    """Writes files and reads them; a text alone is the template ``main.bicep``."""

    def reader(files: dict[str, str] | str, region: str | None = None, given: tuple[str, ...] = ()) -> Parsed:
        for name, content in ({"main.bicep": files} if isinstance(files, str) else files).items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        found = discover([tmp_path], 5_000_000)
        inputs = [InputFile(f.path, f.path.relative_to(tmp_path).as_posix(), f.format) for f in found.files]
        return read(inputs, Options(tmp_path, tmp_path, region, tuple(tmp_path / name for name in given)))

    return reader
