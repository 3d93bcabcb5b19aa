"""Functions over RFC 3339 timestamps. https://developer.hashicorp.com/terraform/language/functions, "Date and Time"."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from typing import Final, NamedTuple

from scanner.model.value import Unknown, Value
from scanner.parsers.terraform.functions.calling import FunctionError

_TIMESTAMP: Final = (
    r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)T(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
    r"(?:\.(?P<fraction>\d+))?(?:Z|(?P<sign>[+-])(?P<hours>\d\d):(?P<minutes>\d\d))"
)
_DURATION: Final = r"(?P<whole>\d*)(?:\.(?P<fraction>\d*))?(?P<unit>ns|us|µs|μs|ms|s|m|h)"
_UNITS: Final = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
_INT64: Final = 1 << 63
_FORMAT_TOKEN: Final = r"''|'(?P<quoted>(?:[^']|'')*)'(?!')|(?P<verb>(?P<letter>[a-zA-Z])(?P=letter)*)|[^a-zA-Z']+"
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Moment(NamedTuple):
    """A time to the second, and the nanoseconds after it."""

    time: datetime
    nanoseconds: int


def parse_timestamp(text: str) -> Moment:
    """The moment that an RFC 3339 timestamp names; raises :class:`FunctionError`."""
    match = re.fullmatch(_TIMESTAMP, text, re.ASCII)
    if match is None:
        raise FunctionError(f"{text!r} is not an RFC 3339 timestamp")
    hours, minutes = int(match["hours"] or 0), int(match["minutes"] or 0)
    if hours > 23 or minutes > 59:
        raise FunctionError(f"{text!r} has an offset out of range")
    offset = timedelta(hours=hours, minutes=minutes) * (-1 if match["sign"] == "-" else 1)
    parts = [int(match[name]) for name in ("year", "month", "day", "hour", "minute", "second")]
    try:
        time = datetime(*parts, tzinfo=timezone(offset))  # type: ignore[arg-type,misc]  # six numbers
    except ValueError as error:
        raise FunctionError(f"{text!r} is not a valid time: {error}") from None
    return Moment(time, int((match["fraction"] or "")[:9].ljust(9, "0")))


def parse_duration(text: str) -> int:
    """The nanoseconds of a Go duration such as ``1h30m`` or ``-2.5s``; raises :class:`FunctionError`."""
    sign, rest = (-1 if text.startswith("-") else 1), text[1:] if text[:1] in ("-", "+") else text
    if rest == "0":
        return 0
    total = 0
    while rest:
        match = re.match(_DURATION, rest, re.ASCII)
        if match is None or not (match["whole"] or match["fraction"]):
            raise FunctionError(f"{text!r} is not a duration")
        fraction = Fraction(int(match["fraction"] or 0), 10 ** len(match["fraction"] or ""))
        total += int((int(match["whole"] or 0) + fraction) * _UNITS[match["unit"]])
        rest = rest[match.end() :]
    if not text.strip("+-") or total >= _INT64:
        raise FunctionError(f"{text!r} is not a duration")
    return sign * total


def _zone(time: datetime, *, colon: bool) -> str:
    offset = time.utcoffset() or timedelta()
    minutes = abs(offset) // timedelta(minutes=1)
    return f"{'-' if offset < timedelta() else '+'}{minutes // 60:02d}{':' if colon else ''}{minutes % 60:02d}"


def rfc3339(time: datetime) -> str:
    """The time to the second in RFC 3339."""
    zone = _zone(time, colon=True) if time.utcoffset() else "Z"
    return f"{time.year:04d}-{time.month:02d}-{time.day:02d}T{time.hour:02d}:{time.minute:02d}:{time.second:02d}{zone}"


def time_add(timestamp: str, duration: str) -> Value:
    """The timestamp so much later."""
    moment = parse_timestamp(timestamp)
    seconds = (moment.nanoseconds + parse_duration(duration)) // 10**9
    try:
        return rfc3339(moment.time + timedelta(seconds=seconds))
    except OverflowError:
        return Unknown("the time is outside of the years 1 to 9999")


def time_compare(left: str, right: str) -> int:
    """-1, 0 or 1: whether the first is earlier, the same moment or later."""
    first, second = parse_timestamp(left), parse_timestamp(right)
    return (first > second) - (first < second)


_FORMS: Final[dict[str, Callable[[datetime], str]]] = {
    "YY": lambda time: f"{time.year % 100:02d}",
    "YYYY": lambda time: f"{time.year:04d}",
    "M": lambda time: str(time.month),
    "MM": lambda time: f"{time.month:02d}",
    "MMM": lambda time: _MONTHS[time.month - 1][:3],
    "MMMM": lambda time: _MONTHS[time.month - 1],
    "D": lambda time: str(time.day),
    "DD": lambda time: f"{time.day:02d}",
    "EEE": lambda time: _WEEKDAYS[time.weekday()][:3],
    "EEEE": lambda time: _WEEKDAYS[time.weekday()],
    "h": lambda time: str(time.hour),
    "hh": lambda time: f"{time.hour:02d}",
    "H": lambda time: str(time.hour % 12 or 12),
    "HH": lambda time: f"{time.hour % 12 or 12:02d}",
    "AA": lambda time: "PM" if time.hour >= 12 else "AM",
    "aa": lambda time: "pm" if time.hour >= 12 else "am",
    "m": lambda time: str(time.minute),
    "mm": lambda time: f"{time.minute:02d}",
    "s": lambda time: str(time.second),
    "ss": lambda time: f"{time.second:02d}",
    "Z": lambda time: _zone(time, colon=True) if time.utcoffset() else "Z",
    "ZZZ": lambda time: _zone(time, colon=False) if time.utcoffset() else "UTC",
    "ZZZZ": lambda time: _zone(time, colon=False),
    "ZZZZZ": lambda time: _zone(time, colon=True),
}
"""The letters of a date format, and what each writes."""


def format_date(pattern: str, timestamp: str) -> str:
    """The timestamp written as the pattern says."""
    time = parse_timestamp(timestamp).time
    pieces: list[str] = []
    position = 0
    for match in re.finditer(_FORMAT_TOKEN, pattern):
        if match.start() != position:
            break
        position = match.end()
        if match["verb"]:
            if match["verb"] not in _FORMS:
                raise FunctionError(f"invalid date format verb {match['verb']!r}")
            pieces.append(_FORMS[match["verb"]](time))
        elif match["quoted"] is not None:
            pieces.append(match["quoted"].replace("''", "'"))
        else:
            pieces.append("'" if match[0] == "''" else match[0])
    if position != len(pattern):
        raise FunctionError("a quoted part of the format has no end")
    return "".join(pieces)
