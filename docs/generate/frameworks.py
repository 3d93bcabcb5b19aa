"""The frameworks whose controls rules cite: ``rules/frameworks/``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import msgspec
from msgspec import Struct

from scanner.catalog.documents import read_document, yaml_files
from scanner.rules.load import load_rules, shipped_folder
from scanner.rules.rule import Rule


class Control(Struct, frozen=True):
    """One control: ``title`` in our words, ``status`` tells how well its text was read.

    ``unprovable`` says what no file can show, ``remark`` what a reader must know besides.
    """

    id: str
    title: str
    axes: tuple[str, ...]
    status: str
    supporting: tuple[str, ...] = ()
    unprovable: str = ""
    remark: str = ""


class Framework(Struct, frozen=True):
    """One file of the folder."""

    id: str
    name: str
    version: str
    url: str
    controls: tuple[Control, ...]

    def control(self, wanted: str) -> Control:
        """The control with an id. Raises ``KeyError``."""
        for control in self.controls:
            if control.id == wanted:
                return control
        raise KeyError(f"{self.id}: {wanted}")


@cache
def load() -> Mapping[str, Framework]:
    """Every framework by its id."""
    found = (read_document(path, path.name).data for path in yaml_files(shipped_folder() / "frameworks"))
    return {framework.id: framework for framework in (msgspec.convert(data, Framework) for data in found)}


@cache
def citing() -> Mapping[tuple[str, str], tuple[Rule, ...]]:
    """The rules that cite each control, by framework and control."""
    cited: dict[tuple[str, str], list[Rule]] = {}
    for rule in load_rules().rules.values():
        for framework, ids in rule.info.controls.items():
            for wanted in ids:
                cited.setdefault((framework, wanted), []).append(rule)
    return {key: tuple(rules) for key, rules in cited.items()}
