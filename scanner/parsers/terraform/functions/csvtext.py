"""``csvdecode``, by the rules of Go's reader (https://pkg.go.dev/encoding/csv), which is stricter than Python's."""

from __future__ import annotations

from scanner.model.value import Unknown, Value
from scanner.parsers.terraform.functions.calling import FunctionError
from scanner.parsers.terraform.values import ELEMENTS_LIMIT, TOO_MANY, ListValue, normal


def decode(text: str) -> Value:
    """A list of objects, one for every line after the first, which names the attributes."""
    rows = _rows(text)
    if not rows:
        raise FunctionError("there is no header line")
    header = rows[0]
    if len(set(header)) != len(header):
        raise FunctionError("two columns have the same name")
    if len(rows) * len(header) > ELEMENTS_LIMIT:
        return Unknown(TOO_MANY)
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            raise FunctionError(f"record {number} has {len(row)} fields, not {len(header)}")
    return ListValue(dict(zip(map(normal, header), map(normal, row), strict=True)) for row in rows[1:])


def _rows(text: str) -> list[list[str]]:
    text = text.replace("\r\n", "\n").removesuffix("\r")
    rows: list[list[str]] = []
    position = 0
    while position < len(text):
        if text[position] == "\n":
            position += 1
            continue
        row, position = _row(text, position)
        rows.append(row)
    return rows


def _row(text: str, position: int) -> tuple[list[str], int]:
    fields: list[str] = []
    while True:
        read = _quoted if text[position : position + 1] == '"' else _plain
        field, position = read(text, position)
        fields.append(field)
        if text[position : position + 1] != ",":
            return fields, position + 1
        position += 1


def _plain(text: str, start: int) -> tuple[str, int]:
    ends = [end for end in (text.find(",", start), text.find("\n", start)) if end >= 0]
    field = text[start : min(ends, default=len(text))]
    if '"' in field:
        raise FunctionError("a quote inside an unquoted field")
    return field, start + len(field)


def _quoted(text: str, start: int) -> tuple[str, int]:
    pieces: list[str] = []
    position = start + 1
    while True:
        end = text.find('"', position)
        if end < 0:
            raise FunctionError("a quoted field has no end")
        pieces.append(text[position:end])
        position = end + 1
        if text[position : position + 1] != '"':
            break
        pieces.append('"')
        position += 1
    if text[position : position + 1] not in ("", ",", "\n"):
        raise FunctionError("text after a quoted field")
    return "".join(pieces), position
