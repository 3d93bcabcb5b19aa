"""Base64, JSON and data URIs.

https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-string#base64
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote_to_bytes

from scanner.model.value import Unknown, Value
from scanner.parsers.azure.functions.signature import Pure
from scanner.parsers.azure.json_reader import read_json
from scanner.parsers.azure.reports import Fault, Refused
from scanner.parsers.azure.tree import Expression, Fields, Items, Literal

_DATA: Final = "data:text/plain;charset=utf8;base64,"


def _base64(value: Value) -> Value:
    if isinstance(value, Unknown):
        known = value.parts and value.ref is None
        return Unknown(value.reason, value.origin, None, value.refs, content=value) if known else value.derived()
    return base64.b64encode(value.encode()).decode()


def _from_base64(value: Value) -> str:
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise Fault("this is no text in base64") from None


def _json(value: Value) -> Value:
    try:
        return plain_data(read_json(value))
    except Refused as refused:
        raise Fault(str(refused)) from None


def plain_data(value: Expression) -> Value:
    """The data of a text of JSON in which nothing is evaluated."""
    match value:
        case Fields():
            return {key: plain_data(entry.value) for key, entry in value.named()}
        case Items():
            return [plain_data(item) for item in value.values]
        case Literal():
            return value.value
    return None


def _from_data_uri(value: Value) -> str:
    head, comma, body = value.partition(",")
    if not comma or not head.startswith("data:"):
        raise Fault("this is no data URI")
    return _from_base64(body) if head.endswith(";base64") else unquote_to_bytes(body).decode("utf-8", "replace")


FUNCTIONS: Final[Mapping[str, Pure]] = {
    "base64": Pure(_base64, (1, 1), "none"),
    "base64tostring": Pure(_from_base64, (1, 1)),
    "base64tojson": Pure(lambda value: _json(_from_base64(value)), (1, 1)),
    "datauri": Pure(lambda value: _DATA + base64.b64encode(value.encode()).decode(), (1, 1)),
    "datauritostring": Pure(_from_data_uri, (1, 1)),
    "json": Pure(_json, (1, 1)),
}
