"""What counts for which control besides the rules' own citations: ``rules/evidence/evidence.yaml``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec.json
from msgspec import Struct

from scanner.catalog.documents import DocumentError, read_document
from scanner.catalog.load import is_current, source_state
from scanner.compliance import frameworks as shipped
from scanner.compliance.citations import Cited, faults
from scanner.compliance.frameworks import FrameworkError
from scanner.model.service import Level

_PACKAGE: Final = Path(__file__).parent.parent
COMPILED: Final = _PACKAGE / "_compiled" / "evidence.json"
_FILE: Final = "evidence.yaml"

ABOUT: Final = ("coefficient", "gatekeeper", "stage", "outage", "incident", "dependency")
"""What an observation can be."""

_KEYS: Final = frozenset({"about", "of", "level", "levels", "open", "instead_of", "controls"})
_OF: Final = ("service", "custody")
_LEVELS: Final = frozenset(level.value for level in Level)

Citations = frozenset[Cited]


class Observation(Struct, frozen=True):
    """Something that the fault graph tells, and the controls for which it counts.

    ``of``, ``level`` and ``levels`` narrow it as the README tells. ``open`` makes it count neither for nor against.
    ``instead_of`` holds codes of rules that say the same.
    """

    about: str
    controls: Citations
    of: str = ""
    level: str = ""
    levels: tuple[str, ...] = ()
    open: bool = False
    instead_of: frozenset[str] = frozenset()


class Mapped(Struct, frozen=True):
    """The whole table. ``crosswalk`` maps a cited control to the others that ask for the same thing.

    ``reversed`` maps a rule's code to the controls that ask for the opposite.
    """

    observations: tuple[Observation, ...]
    crosswalk: Mapping[Cited, Citations]
    reversed: Mapping[str, Citations]


@cache
def mapped() -> Mapped:
    """The shipped table. Raises :class:`FrameworkError` for a wrong file."""
    folder = shipped_folder()
    try:
        compiled = msgspec.json.decode(COMPILED.read_bytes())
    except (OSError, ValueError):
        compiled = {}
    data = compiled["evidence"] if compiled and is_current(compiled, folder) else _read(folder)
    return table(data)


def shipped_folder() -> Path:
    """The folder of the table, beside that of the frameworks."""
    return shipped.shipped_folder().parent / "evidence"


def compile_evidence(folder: Path) -> dict[str, Any]:
    """Read and check the table: plain data for :data:`COMPILED`. Raises :class:`FrameworkError`."""
    data = _read(folder)
    table(data)
    return {"sources": source_state(folder), "evidence": data}


def _read(folder: Path) -> Any:
    try:
        return read_document(folder / _FILE, f"{folder.name}/{_FILE}").data
    except DocumentError as error:
        raise FrameworkError(str(error)) from None


def table(data: Any) -> Mapped:
    """The table of a file's data. Raises :class:`FrameworkError` with everything that is wrong, a line each."""
    wrong = list(_shape_faults(data))
    if not wrong:
        wrong = [text for where, controls in _cited(data) for text in faults(f"evidence/{_FILE}: {where}", controls)]
    if wrong:
        raise FrameworkError("\n".join(wrong))
    return Mapped(
        tuple(map(_observation, data["observations"])),
        {
            (name, control): _citations(item["also"])
            for item in data["crosswalk"]
            for name, control in item["of"].items()
        },
        {code: _citations(item["controls"]) for item in data["reversed"] for code in item["rules"]},
    )


def _observation(data: Mapping[str, Any]) -> Observation:
    return Observation(
        about=data["about"],
        controls=_citations(data["controls"]),
        of=data.get("of", ""),
        level=data.get("level", ""),
        levels=tuple(data.get("levels", ())),
        open=bool(data.get("open", False)),
        instead_of=frozenset(data.get("instead_of", ())),
    )


def _citations(controls: Mapping[str, list[str]]) -> Citations:
    return frozenset((framework, control) for framework, ids in controls.items() for control in ids)


def _cited(data: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Everything that cites controls, with words for where that stands."""
    for item in data["observations"]:
        yield " ".join(filter(None, (item["about"], item.get("of"), item.get("level")))), item["controls"]
    for item in data["crosswalk"]:
        yield "crosswalk", {name: [control] for name, control in item["of"].items()}
        yield "crosswalk", item["also"]
    for item in data["reversed"]:
        yield f"reversed {', '.join(item['rules'])}", item["controls"]


def _shape_faults(data: Any) -> Iterator[str]:
    where = f"evidence/{_FILE}"
    if not isinstance(data, dict) or set(data) != {"observations", "crosswalk", "reversed"}:
        yield f"{where}: it has the keys observations, crosswalk and reversed"
        return
    for item in data["observations"]:
        if not item.keys() <= _KEYS or item.get("about") not in ABOUT or not item.get("controls"):
            yield f"{where}: an observation is about one of {', '.join(ABOUT)} and cites controls: {item}"
        elif item["about"] == "coefficient" and (item.get("of") not in _OF or item.get("level") not in _LEVELS):
            yield f"{where}: a coefficient is of service or custody, at a level: {item}"
        elif item["about"] == "outage" and not set(item.get("levels", [""])) <= _LEVELS:
            yield f"{where}: an outage has levels: {item}"
    for name, keys in (("crosswalk", {"of", "also"}), ("reversed", {"rules", "controls"})):
        if any(set(item) != keys for item in data[name]):
            yield f"{where}: each of {name} has the keys {' and '.join(sorted(keys))}"
