"""The fixes that a SARIF file of ours holds: one literal of one line for another."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import unquote

from msgspec import Struct

_FINGERPRINT: Final = re.compile(r"[0-9a-f]+")


class Proposal(Struct, frozen=True):
    """A literal to write in place of another. ``path`` is the repository's; columns count from 1, exclusive at the end.

    ``about`` is the finding in one line; ``fingerprint`` stays the same when lines move.
    """

    path: str
    line: int
    column: int
    end_column: int
    old: str
    new: str
    about: str
    fingerprint: str


def proposals(text: str) -> list[Proposal]:
    """The fixes of a SARIF file, in its order. Raises ``ValueError`` for what is not SARIF."""
    log = json.loads(text)
    try:
        return [proposal for run in log["runs"] for result in run["results"] for proposal in _of(result)]
    except (KeyError, TypeError, IndexError, AttributeError):
        raise ValueError("it is not SARIF as riskscan writes it") from None


def _of(result: Any) -> Iterator[Proposal]:
    fingerprint = str(result.get("partialFingerprints", {}).get("riskscan/v1", ""))
    for fix in result.get("fixes", ()) if _FINGERPRINT.fullmatch(fingerprint) else ():
        [change] = fix["artifactChanges"]
        [replacement] = change["replacements"]
        region = replacement["deletedRegion"]
        yield Proposal(
            path=unquote(change["artifactLocation"]["uri"]),
            line=int(region["startLine"]),
            column=int(region["startColumn"]),
            end_column=int(region["endColumn"]),
            old=str(region["snippet"]["text"]),
            new=str(replacement["insertedContent"]["text"]),
            about=f"{result['ruleId']}: {str(result['message']['text']).partition(chr(10))[0]}",
            fingerprint=fingerprint,
        )
