"""Recorded incidents: files of facts about real outages → what to take down to see whether one would repeat.

Every mistake in a file is told with its line.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec.json
from msgspec import Struct

from scanner.catalog.documents import DocumentError, read_document, yaml_files
from scanner.catalog.load import is_current, source_state
from scanner.model.domain import Domain, DomainError, parse
from scanner.model.outage import Recorded

_PACKAGE: Final = Path(__file__).parent.parent
COMPILED: Final = _PACKAGE / "_compiled" / "incidents.json"

SCENARIO: Final = "scenario"
"""The status of what has not happened yet."""

STATUSES: Final = ("verified", "partial", SCENARIO)
"""What was read on the pages of ``sources``: date, scope and cause; not all of them; or that it did not happen yet."""

MAX_TITLE: Final = 80

_TEXTS: Final = ("id", "title", "status", "start", "end", "duration", "cause", "post_mortem", "notes")
_LISTS: Final = ("down", "control", "services", "hit", "sources", "approximate", "from_memory")
_REQUIRED: Final = ("id", "title", "status", "cause", "sources")
_TOLD: Final = frozenset({"start", "end", "duration", "cause", "services", "hit", "post_mortem"})
"""Keys that ``approximate`` and ``from_memory`` may name."""

_ID: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_TIMES: Final[Mapping[re.Pattern[str], str]] = {
    re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"): "%Y-%m-%dT%H:%M:%SZ",
    re.compile(r"\d{4}-\d\d-\d\d"): "%Y-%m-%d",
    re.compile(r"\d{4}-\d\d"): "%Y-%m",
}
_URL: Final = re.compile(r"https?://[^\s/]+\.[^\s]+")


class IncidentError(Exception):
    """A file of an incident that can't be used; the message begins with file and line."""


class Incident(Struct, frozen=True):
    """A recorded outage.

    ``down`` did not serve; in ``control`` only changes failed, and what ran went on. A domain of ``down`` may be a
    pattern: see :func:`scanner.model.domain.parse`. ``start`` and ``end`` are UTC, as exact as the sources tell
    (``2025-04-15T07:40:00Z``, ``2024-07-09``, ``2021-12``), or empty; ``approximate`` names those that sources give
    only about. ``from_memory`` names the keys of which something is left out because no page was read that tells it.
    """

    id: str
    title: str
    status: str
    cause: str
    down: tuple[Domain, ...] = ()
    control: tuple[Domain, ...] = ()
    start: str = ""
    end: str = ""
    duration: str = ""
    services: tuple[str, ...] = ()
    hit: tuple[str, ...] = ()
    post_mortem: str = ""
    sources: tuple[str, ...] = ()
    notes: str = ""
    approximate: tuple[str, ...] = ()
    from_memory: tuple[str, ...] = ()
    file: str = ""

    @property
    def day(self) -> str:
        """The day, or month, on which it began; empty when nobody tells."""
        return self.start[: len("2025-04-15")]


def recorded(incident: Incident) -> Recorded:
    """What reports tell of an incident."""
    down = tuple(domain.text for domain in (*incident.down, *incident.control))
    return Recorded(incident.id, incident.title, incident.day, down, incident.sources)


def shipped_folder() -> Path:
    """The folder of the shipped incidents: inside an installed package, beside it in a checkout."""
    inside = _PACKAGE / "_data" / "rules" / "incidents"
    return inside if inside.is_dir() else _PACKAGE.parent / "rules" / "incidents"


def load_incidents(folders: Sequence[Path] = ()) -> Mapping[str, Incident]:
    """The shipped incidents and those in folders of the user, by id. Raises :class:`IncidentError` for a wrong file."""
    incidents = dict(_shipped())
    for folder in folders:
        if not folder.is_dir():
            raise IncidentError(f"{folder}: no such folder of incidents")
        for data, file in _read(folder):
            _add(incidents, _incident(data, file))
    return dict(sorted(incidents.items()))


def nearest(wanted: str, known: Iterable[str], limit: int = 3) -> tuple[str, ...]:
    """The ids that a wrong one may mean: those with all its words, the newest first, and those spelled much like it."""
    ids = sorted(known)
    folded = wanted.casefold()
    words = [word for word in re.split(r"[^a-z0-9]+", folded) if word]
    having = [name for name in ids if words and all(word in name.split("-") for word in words)]
    having.sort(key=lambda name: re.sub(r"^\D*", "", name), reverse=True)
    spelled = difflib.get_close_matches(folded, ids, n=limit)
    return tuple(dict.fromkeys([*having, *spelled]))[:limit]


@cache
def _shipped() -> Mapping[str, Incident]:
    folder = shipped_folder()
    compiled = _compiled(folder)
    documents = compiled if compiled is not None else compile_incidents(folder)["incidents"]
    incidents: dict[str, Incident] = {}
    for document in documents:
        _add(incidents, _incident(document["data"], document["file"]))
    return incidents


def _compiled(folder: Path) -> Any:
    try:
        data = msgspec.json.decode(COMPILED.read_bytes())
    except (OSError, ValueError):
        return None
    return data["incidents"] if is_current(data, folder) else None


def compile_incidents(folder: Path) -> dict[str, Any]:
    """Read and check every incident of ``folder``: plain data for :data:`COMPILED`. Raises :class:`IncidentError`."""
    documents = [{"data": data, "file": file} for data, file in _read(folder)]
    return {"sources": source_state(folder), "incidents": documents}


def _add(incidents: dict[str, Incident], incident: Incident) -> None:
    present = incidents.get(incident.id)
    if present is not None:
        raise IncidentError(f"{incident.file}: id {incident.id} is already used by {present.file}")
    incidents[incident.id] = incident


def _incident(data: Mapping[str, Any], file: str) -> Incident:
    texts = {key: " ".join(data[key].split()) for key in _TEXTS if key in data}
    lists = {key: tuple(" ".join(text.split()) for text in data[key]) for key in _LISTS if key in data}
    down, control = (tuple(parse(text, patterns=True) for text in lists.pop(key, ())) for key in ("down", "control"))
    return Incident(**texts, **lists, down=down, control=control, file=file)  # type: ignore[arg-type]  # as checked


# -- reading and checking --------------------------------------------------------------------------


def _read(folder: Path) -> Iterator[tuple[dict[str, Any], str]]:
    try:
        for path in yaml_files(folder):
            name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
            document = read_document(path, name, as_text=True)
            if not isinstance(document.data, dict):
                raise IncidentError(f"{name}:1: an incident is a mapping")
            for line, fault in _faults(document.data, document.node, path.stem):
                raise IncidentError(f"{name}:{line}: {fault}")
            yield document.data, name
    except DocumentError as error:
        raise IncidentError(str(error)) from None


Faults = Iterator[tuple[int, str]]
"""What is wrong: line and words."""


def _faults(data: Mapping[str, Any], node: Any, stem: str) -> Faults:
    lines: dict[str, int] = {}
    items: dict[str, list[int]] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if key.value in lines:
            yield line, f"{key.value} is written twice"
        lines[key.value] = line
        items[key.value] = [item.start_mark.line + 1 for item in value.value] if isinstance(value.value, list) else []
    yield from _shape_faults(data, lines, items)
    yield from _identity_faults(data, lines, stem)
    yield from _time_faults(data, lines)
    yield from _domain_faults(data, lines, items)
    for place, url in zip(items["sources"], data["sources"], strict=True):
        if not _URL.fullmatch(url):
            yield place, f"{url} is no address of a page: a source begins with https://"
    for key in ("approximate", "from_memory"):
        for place, name in zip(items.get(key, ()), data.get(key, ()), strict=True):
            if name not in _TOLD:
                yield place, f"{key} names keys of this file, and {name} is not one of {', '.join(sorted(_TOLD))}"


def _shape_faults(data: Mapping[str, Any], lines: Mapping[str, int], items: Mapping[str, list[int]]) -> Faults:
    known = (*_TEXTS, *_LISTS)
    for key in data:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            yield lines.get(key, 1), f"unknown key {key}" + (f"; did you mean {near[0]}?" if near else "")
    for key in _REQUIRED:
        if not data.get(key):
            yield lines.get(key, 1), "there is no source" if key == "sources" else f"{key} is missing"
    for key, value in data.items():
        if key in _TEXTS and not isinstance(value, str):
            yield lines[key], f"{key} is a text"
        if key in _LISTS:
            if not isinstance(value, list):
                yield lines[key], f"{key} is a list"
            for place, item in zip(items[key], value, strict=True):
                if not isinstance(item, str) or not item:
                    yield place, f"{key} is a list of texts"


def _identity_faults(data: Mapping[str, Any], lines: Mapping[str, int], stem: str) -> Faults:
    if not _ID.fullmatch(data["id"]):
        yield lines["id"], f"id {data['id']} is not lowercase words joined by hyphens"
    if data["id"] != stem:
        yield lines["id"], f"id {data['id']} is not the name of the file, {stem}"
    if "\n" in data["title"].strip() or len(data["title"]) > MAX_TITLE:
        yield lines["title"], f"title is one line of at most {MAX_TITLE} characters"
    if data["status"] not in STATUSES:
        yield lines["status"], f"status is one of {', '.join(STATUSES)}"


def _time_faults(data: Mapping[str, Any], lines: Mapping[str, int]) -> Faults:
    for key in ("start", "end"):
        if key in data and not _is_time(data[key]):
            yield lines[key], f"{key} {data[key]} is no time in UTC such as 2025-04-15T07:40:00Z, 2025-04-15 or 2025-04"
    if data["status"] == "verified" and "start" not in data:
        yield lines["status"], "start is missing: a verified incident has one"
    start, end = data.get("start", ""), data.get("end", "")
    shared = min(len(start), len(end), len("2025-04-15T07:40:00"))
    if start[:shared] > end[:shared]:
        yield lines["end"], f"end {end} is before start {start}"


def _is_time(text: str) -> bool:
    for pattern, form in _TIMES.items():
        if pattern.fullmatch(text):
            try:
                datetime.strptime(text, form)  # noqa: DTZ007  # only asked whether there is such a day
            except ValueError:
                return False
            return True
    return False


def _domain_faults(data: Mapping[str, Any], lines: Mapping[str, int], items: Mapping[str, list[int]]) -> Faults:
    if not data.get("down") and not data.get("control"):
        yield lines.get("down", 1), "neither down nor control says what failed"
    seen: set[str] = set()
    patterns = 0
    for key in ("down", "control"):
        for place, text in zip(items.get(key, ()), data.get(key, ()), strict=True):
            try:
                domain = parse(text, patterns=True)
            except DomainError as error:
                yield place, str(error)
                continue
            if (domain.level == "control") != (key == "control"):
                yield place, f"{text} does not belong to {key}: control planes stand under control, all else under down"
            if domain.key in seen:
                yield place, f"{text} is written twice"
            seen.add(domain.key)
            patterns += domain.is_pattern and not domain.is_everywhere
            if patterns > 1:
                yield place, f"{text} is the second pattern of which any one fails; an incident has at most one"
