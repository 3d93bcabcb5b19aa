"""Every fact by name, in plain sight."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scanner.facts import (
    copies,
    hsms,
    key_material,
    keys,
    place,
    policies,
    secret_servers,
    signers,
    value_bearing,
    vendors,
    zones,
)
from scanner.facts.fact import Fact

FACTS: Final[Mapping[str, Fact]] = {
    **copies.FACTS,
    **hsms.FACTS,
    **key_material.FACTS,
    **keys.FACTS,
    **place.FACTS,
    **policies.FACTS,
    **secret_servers.FACTS,
    **signers.FACTS,
    **value_bearing.FACTS,
    **vendors.FACTS,
    **zones.FACTS,
}
