"""Templates of Azure Resource Manager and their files of parameters: told by the schema that they name themselves."""

from __future__ import annotations

import re
from typing import Final

ARM: Final = "arm"
ARM_PARAMETERS: Final = "arm-parameters"

_HOST: Final = b"schema.management.azure.com"
_TOKEN: Final = re.compile(
    rb"""//[^\n]*|/\*.*?\*/|"(?P<text>[^"\\]*(?:\\.[^"\\]*)*)"(?P<key>\s*:)?|(?P<open>[{\[])|(?P<close>[}\]])""",
    re.DOTALL,
)
_SCHEMA: Final = re.compile(
    rb"https?://schema\.management\.azure\.com/\S*?Deployment(?P<kind>Template|Parameters)\.json#?", re.IGNORECASE
)
_FORMATS: Final = {b"template": ARM, b"parameters": ARM_PARAMETERS}


def azure_format(head: bytes) -> str | None:
    """The format of a file that begins with ``head``, or ``None`` for none of these.

    Only the schema of the whole counts: a policy may hold a template further inside.
    """
    if _HOST not in head.lower():
        return None
    depth, schema = 0, False
    for token in _TOKEN.finditer(head):
        if token["open"] or token["close"]:
            depth += 1 if token["open"] else -1
        elif schema and token["text"] is not None:
            found = _SCHEMA.fullmatch(token["text"])
            return None if found is None else _FORMATS[found["kind"].lower()]
        schema = depth == 1 and token["key"] is not None and token["text"] == b"$schema"
    return None
