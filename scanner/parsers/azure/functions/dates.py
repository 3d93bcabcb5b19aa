"""Dates, where the template itself decides them.

https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-date
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from scanner.model.value import Value
from scanner.parsers.azure.functions.signature import Pure
from scanner.parsers.azure.reports import Fault

_DURATION: Final = re.compile(
    r"(?P<sign>-?)P(?:(?P<years>\d{1,4})Y)?(?:(?P<months>\d{1,4})M)?(?:(?P<weeks>\d{1,4})W)?(?:(?P<days>\d{1,6})D)?"
    r"(?:T(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,6})M)?(?:(?P<seconds>\d{1,8})S)?)?"
)
_SHAPES: Final = ("%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d")
_WORDS: Final = (("yyyy", "%Y"), ("MM", "%m"), ("dd", "%d"), ("HH", "%H"), ("mm", "%M"), ("ss", "%S"))


def _date(value: Value) -> datetime:
    for shape in _SHAPES:
        try:
            found = datetime.strptime(value, shape)  # noqa: DTZ007  # the zone follows below
        except ValueError:
            continue
        return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    raise Fault("a date in the form of ISO 8601 is expected")


def _written(value: datetime, style: Value) -> str:
    if style is None:
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    shape = str(style).replace("%", "%%")
    for word, meant in _WORDS:
        shape = shape.replace(word, meant)
    if re.search(r"(?<!%)[A-Za-z]", shape.replace("T", "").replace("Z", "")):
        raise Fault(f"the format {style} is not understood here")
    return value.strftime(shape)


def _add(base: Value, duration: Value, style: Value = None) -> str:
    found = _DURATION.fullmatch(duration)
    if found is None or not any(
        found[name] for name in ("years", "months", "weeks", "days", "hours", "minutes", "seconds")
    ):
        raise Fault("a duration in the form of ISO 8601 is expected")
    part = {name: int(found[name] or 0) for name in found.groupdict() if name != "sign"}
    # .NET adds years as 365 and months as 30 days: a duration there is an interval of time.
    days = part["years"] * 365 + part["months"] * 30 + part["weeks"] * 7 + part["days"]
    added = timedelta(days=days, hours=part["hours"], minutes=part["minutes"], seconds=part["seconds"])
    return _written(_date(base).astimezone(UTC) + (-added if found["sign"] else added), style)


FUNCTIONS: Final[Mapping[str, Pure]] = {
    "datetimeadd": Pure(_add, (2, 3)),
    "datetimefromepoch": Pure(lambda seconds: _written(datetime.fromtimestamp(seconds, UTC), None), (1, 1)),
    "datetimetoepoch": Pure(lambda value: int(_date(value).timestamp()), (1, 1)),
}
