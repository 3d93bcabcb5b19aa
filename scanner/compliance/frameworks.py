"""Framework files → frameworks. Every mistake in a file is told with its line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec.json

from scanner.catalog.documents import Document, DocumentError, read_document, yaml_files
from scanner.catalog.load import is_current, source_state
from scanner.model.assessment import Control, Framework, Status
from scanner.model.finding import Axis

_PACKAGE: Final = Path(__file__).parent.parent
COMPILED: Final = _PACKAGE / "_compiled" / "frameworks.json"

MAX_TITLE: Final = 140

_TEXTS: Final = ("id", "title", "status", "unprovable")
_KEYS: Final = frozenset({*_TEXTS, "axes", "supporting", "remark"})
_HEAD: Final = ("id", "name", "version", "url")
_AXES: Final = frozenset(axis.value for axis in Axis)
_STATUSES: Final = frozenset(status.value for status in Status)


class FrameworkError(Exception):
    """A framework's file, or a citation of a control, that can't be used; the message begins with the file."""


def shipped_folder() -> Path:
    """The folder of the shipped frameworks: inside an installed package, beside it in a checkout."""
    inside = _PACKAGE / "_data" / "rules" / "frameworks"
    return inside if inside.is_dir() else _PACKAGE.parent / "rules" / "frameworks"


@cache
def frameworks() -> Mapping[str, Framework]:
    """The shipped frameworks by id. Raises :class:`FrameworkError` for a wrong file."""
    folder = shipped_folder()
    compiled = _compiled(folder)
    documents = compiled if compiled is not None else compile_frameworks(folder)["frameworks"]
    return {data["id"]: _framework(data) for data in documents}


def _compiled(folder: Path) -> Any:
    try:
        data = msgspec.json.decode(COMPILED.read_bytes())
    except (OSError, ValueError):
        return None
    return data["frameworks"] if is_current(data, folder) else None


def compile_frameworks(folder: Path) -> dict[str, Any]:
    """Read and check every file of ``folder``: plain data for :data:`COMPILED`. Raises :class:`FrameworkError`."""
    documents = []
    try:
        for path in yaml_files(folder):
            document = read_document(path, f"{folder.name}/{path.name}")
            for line, fault in _faults(document, path.stem):
                raise FrameworkError(f"{folder.name}/{path.name}:{line}: {fault}")
            documents.append(document.data)
    except DocumentError as error:
        raise FrameworkError(str(error)) from None
    return {"sources": source_state(folder), "frameworks": documents}


def _framework(data: Mapping[str, Any]) -> Framework:
    return Framework(
        id=data["id"],
        name=data["name"],
        version=data["version"],
        url=data["url"],
        controls=tuple(map(_control, data["controls"])),
    )


def _control(data: Mapping[str, Any]) -> Control:
    return Control(
        id=data["id"],
        title=data["title"],
        axes=tuple(map(Axis, data["axes"])),
        supporting=tuple(map(Axis, data.get("supporting", ()))),
        status=Status(data["status"]),
        unprovable=data["unprovable"],
        remark=data.get("remark", ""),
    )


# -- checking --------------------------------------------------------------------------------------


def _faults(document: Document, name: str) -> Iterator[tuple[int, str]]:
    """What is wrong with a framework's file, each with its line."""
    data = document.data
    if not isinstance(data, dict) or set(data) != {*_HEAD, "controls"}:
        yield 1, f"a framework has the keys {', '.join(_HEAD)} and controls"
    elif any(not isinstance(data[key], str) or not data[key] for key in _HEAD):
        yield 1, f"{', '.join(_HEAD)} are texts"
    elif data["id"] != name:
        yield 1, f"the id is the file's name, {name}"
    elif not isinstance(data["controls"], list) or not data["controls"]:
        yield 1, "controls is a list"
    else:
        seen: set[str] = set()
        for line, control in zip(_lines(document), data["controls"], strict=True):
            for fault in _control_faults(control, seen):
                yield line, fault


def _lines(document: Document) -> list[int]:
    """The line on which each control begins."""
    values = next(value for key, value in document.node.value if key.value == "controls")
    return [item.start_mark.line + 1 for item in values.value]


def _control_faults(control: Any, seen: set[str]) -> Iterator[str]:
    if not isinstance(control, dict) or control.keys() - _KEYS or not {*_TEXTS, "axes"} <= control.keys():
        yield f"a control has the keys {', '.join((*_TEXTS, 'axes'))} and may have supporting and remark"
        return
    for key in (*_TEXTS, "remark"):
        text = control.get(key, "-")
        if not isinstance(text, str) or not text or text != text.strip():
            yield f"{key} is a text, quoted where it looks like a number"
            return
    axes = [*control["axes"], *control.get("supporting", [])]
    if not axes or not set(axes) <= _AXES or len(set(axes)) < len(axes):
        yield "axes and supporting name at least one axis, each once"
    if control["status"] not in _STATUSES:
        yield f"status is one of {', '.join(Status)}"
    if len(control["title"]) > MAX_TITLE:
        yield f"the title is longer than {MAX_TITLE} characters"
    if not control["unprovable"].endswith(".") or not control.get("remark", ".").endswith("."):
        yield "unprovable and remark are complete sentences"
    if control["id"] in seen:
        yield f"the control {control['id']} is listed twice"
    seen.add(control["id"])
