"""Locations as providers write them."""

from __future__ import annotations

import re
from typing import Final

GOOGLE_ZONE: Final = re.compile(r"-[a-z]$")
"""The end of a Google zone's name, after its region's."""


def region_of(text: str, provider: str) -> str:
    """A location as a region: a Google zone's region, an Azure display name's programmatic name."""
    if provider == "google":
        text = text.rsplit("/", 1)[-1].removeprefix("regional-").lower()
        return GOOGLE_ZONE.sub("", text) if text.count("-") == 2 and GOOGLE_ZONE.search(text) else text
    if provider == "azure":
        return text.replace(" ", "").lower()
    return text
