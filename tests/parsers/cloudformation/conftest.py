"""Templates written into a folder and read from there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from scanner.discovery import discover
from scanner.model.resource import Declaration
from scanner.parsers.cloudformation.project import read
from scanner.parsers.cloudformation.reading import InputFile, Options
from scanner.parsers.parsed import Parsed

Reader = Callable[..., Parsed]
Properties = Callable[..., dict[str, Any]]


@pytest.fixture
def parse(tmp_path: Path) -> Reader:
    """Reads templates by name; one alone is called ``stack.yaml``."""

    def run(files: str | Mapping[str, str], region: str | None = None, parameter_files: tuple[str, ...] = ()) -> Parsed:
        written = {"stack.yaml": files} if isinstance(files, str) else files
        for name, text in written.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text if "\n  Thing:" in text else dedent(text), encoding="utf-8")
        found = discover([tmp_path], 5_000_000)
        inputs = [InputFile(f.path, f.path.relative_to(tmp_path).as_posix()) for f in found.files]
        return read(inputs, Options(tmp_path, tmp_path, region, tuple(tmp_path / name for name in parameter_files)))

    return run


@pytest.fixture
def properties(parse: Reader) -> Properties:
    """What the properties of one resource come to, between the other sections of a template."""

    def run(text: str, rest: str = "", region: str | None = "ap-northeast-1") -> dict[str, Any]:
        lines = "\n".join(f"      {line}" for line in dedent(text).strip().splitlines())
        template = f"Resources:\n  Thing:\n    Type: AWS::Test::Thing\n    Properties:\n{lines}\n{rest}"
        parsed = parse(template, region)
        return dict(resource(parsed, "Thing").attributes)

    return run


def resource(parsed: Parsed, name: str) -> Declaration:
    """The declaration of an id."""
    return next(declaration for declaration in parsed.declarations if declaration.id == name)
