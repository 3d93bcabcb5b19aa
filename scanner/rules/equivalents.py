"""Which checks of other tools ask what rules of ours ask: the tables of ``rules/equivalents``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from scanner.catalog.documents import read_document
from scanner.model.finding import Acceptance
from scanner.rules.load import shipped_folder

FOLDER: Final = "equivalents"
_Texts = Annotated[tuple[str, ...], Meta(min_length=1)]


class Equivalent(Struct, frozen=True, forbid_unknown_fields=True):
    """One check of another tool: its names and title, the rules that it stands for, and on which native types."""

    id: str
    title: str
    rules: _Texts
    types: _Texts
    why: str
    aliases: tuple[str, ...] = ()


@cache
def equivalents(tool: Acceptance) -> Mapping[str, Equivalent]:
    """The checks of a tool by each of their names. trivy took over tfsec's, and takes upper and lower case for one."""
    folds = tool is not Acceptance.CHECKOV
    return {
        name.lower() if folds else name: row
        for row in _rows("trivy" if folds else tool.value)
        for name in (row.id, *row.aliases)
    }


def _rows(table: str) -> Iterator[Equivalent]:
    path: Path = shipped_folder() / FOLDER / f"{table}.yaml"
    for row in read_document(path, path.name).data:
        yield msgspec.convert(row, Equivalent)
