"""One entry as a line of JSON, and back. Anybody may have written the line: it is checked to its last value."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from scanner.model.finding import Axis, Severity
from scanner.model.history import Entry, Place, ServiceSizes, Sizes, Summary
from scanner.model.score import Interval, Stage
from scanner.model.service import Criticality, Level

VERSION: Final = 1
"""The version of the line's form."""
MAX_LINE: Final = 16 * 1024 * 1024
"""Bytes of the longest line: some 100,000 services."""
DATE: Final = "%Y-%m-%dT%H:%M:%SZ"
LABELS: Final = tuple(severity.label for severity in sorted(Severity, reverse=True))

_KEY: Final = re.compile(r" - at `\$\.?(.*?)`$")
_MERGE: Final = re.compile(rb"(?:<{7}|={7}|>{7}|\|{7})(?: |\r?$)")

Text = Annotated[str, Meta(max_length=400)]
Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Points = Annotated[float, Meta(ge=0, le=100)]
Size = Annotated[int, Meta(ge=1, le=3)]


class LineError(Exception):
    """A line is no entry; the message says why."""


class _Service(Struct, forbid_unknown_fields=True):
    name: Text
    kind: Literal["service", "custody"]
    criticality: Criticality
    coefficients: dict[Level, tuple[Size | None, Size | None]]


class _Line(Struct, forbid_unknown_fields=True):
    schema_version: Annotated[int, Meta(ge=1, le=VERSION)]
    date: Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
    commit: Annotated[str, Meta(pattern=r"^([0-9a-f]{7,64})?$")]
    branch: Text
    depth: Count
    name: Text
    paths: Annotated[tuple[Text, ...], Meta(max_length=1000)]
    configuration: Annotated[str, Meta(pattern="^[0-9a-f]{0,64}$")]
    tool_version: Text
    score_model: Count
    rule_set: Annotated[str, Meta(pattern="^[0-9a-f]{0,64}$")]
    stage: Stage | None
    stage_high: Stage | None
    grade: Annotated[str, Meta(pattern="^[A-F]?$")]
    score: tuple[Points, Points]
    axes: dict[Axis, tuple[Points, Points]]
    severities: dict[Literal["critical", "high", "medium", "low", "info"], Count]
    unknown: Count
    suppressed: Count
    problems: Count
    resources: Count
    complete: bool
    services: Annotated[tuple[_Service, ...], Meta(max_length=100_000)]


class _Version(Struct):
    schema_version: Any | UnsetType = UNSET


def entry_text(entry: Entry) -> str:
    """The line of an entry, without its end: ASCII, keys in one order, the same bytes for the same entry."""
    return json.dumps(document(entry), ensure_ascii=True, separators=(",", ":"))


def document(entry: Entry) -> dict[str, Any]:
    """The entry as plain data."""
    summary = entry.summary
    return {
        "schema_version": VERSION,
        "date": entry.date,
        "commit": entry.commit,
        "branch": entry.branch,
        "depth": entry.depth,
        "name": entry.place.name,
        "paths": list(entry.place.paths),
        "configuration": entry.place.configuration,
        "tool_version": summary.tool_version,
        "score_model": summary.score_model,
        "rule_set": summary.rule_set,
        "stage": summary.stage and summary.stage.value,
        "stage_high": summary.stage_high and summary.stage_high.value,
        "grade": summary.grade,
        "score": _pair(summary.score),
        "axes": {axis.value: _pair(summary.axes[axis]) for axis in Axis if axis in summary.axes},
        "severities": {label: summary.severities.get(label, 0) for label in LABELS},
        "unknown": summary.unknown,
        "suppressed": summary.suppressed,
        "problems": summary.problems,
        "resources": summary.resources,
        "complete": summary.complete,
        "services": [_service(each) for each in summary.services],
    }


def _pair(interval: Interval) -> list[float]:
    return [float(interval.low), float(interval.high)]


def _service(each: ServiceSizes) -> dict[str, Any]:
    sizes = {level.value: each.coefficients[level] for level in Level if level in each.coefficients}
    return {
        "name": each.name,
        "kind": each.kind,
        "criticality": each.criticality.value,
        "coefficients": {level: [found.low, found.high] for level, found in sizes.items()},
    }


def read_entry(line: bytes) -> Entry:
    """The entry of a line. Raises :class:`LineError` with what is wrong with it."""
    if len(line) > MAX_LINE:
        raise LineError(f"longer than {MAX_LINE} bytes")
    if _MERGE.match(line):
        raise LineError("a merge was not finished; keep the lines of both sides")
    try:
        _check_version(msgspec.json.decode(line, type=_Version).schema_version)
        return _entry(msgspec.json.decode(line, type=_Line))
    except msgspec.ValidationError as error:
        raise LineError(_KEY.sub(_named, str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LineError(f"invalid JSON: {error}") from None
    except RecursionError:
        raise LineError("nested too deeply") from None


def _check_version(version: object) -> None:
    if version is UNSET:
        raise LineError("not an entry of a history: the key `schema_version` is missing")
    if isinstance(version, int) and not isinstance(version, bool) and version > VERSION:
        raise LineError(f"version {version} is newer than this riskscan reads ({VERSION}); update riskscan")


def _named(match: re.Match[str]) -> str:
    return f" (key `{match[1]}`)" if match[1] else ""


def _entry(line: _Line) -> Entry:
    try:
        datetime.strptime(line.date, DATE).replace(tzinfo=UTC)
    except ValueError:
        raise LineError(f"{line.date} is no date (key `date`)") from None
    summary = Summary(
        tool_version=line.tool_version,
        score_model=line.score_model,
        rule_set=line.rule_set,
        stage=line.stage,
        stage_high=line.stage_high,
        grade=line.grade,
        score=_interval("score", line.score),
        axes={axis: _interval(f"axes.{axis}", line.axes[axis]) for axis in Axis if axis in line.axes},
        severities={label: line.severities.get(label, 0) for label in LABELS},  # type: ignore[call-overload]
        unknown=line.unknown,
        suppressed=line.suppressed,
        problems=line.problems,
        resources=line.resources,
        services=tuple(map(_sizes, line.services)),
        complete=line.complete,
    )
    place = Place(line.paths, line.name, line.configuration)
    return Entry(line.date, line.commit, line.branch, line.depth, place, summary)


def _interval(key: str, pair: tuple[float, float]) -> Interval:
    if pair[0] > pair[1]:
        raise LineError(f"the interval begins after its end (key `{key}`)")
    return Interval(*pair)


def _sizes(each: _Service) -> ServiceSizes:
    found = {level: Sizes(*each.coefficients[level]) for level in Level if level in each.coefficients}
    if any((sizes.low or 4) > (sizes.high or 4) for sizes in found.values()):
        raise LineError("the interval begins after its end (key `services[...].coefficients`)")
    return ServiceSizes(each.name, each.kind, each.criticality, found)
