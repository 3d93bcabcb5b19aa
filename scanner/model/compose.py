"""What all parts of the program know of Docker Compose: the platform's name, and the host that a project runs on."""

from __future__ import annotations

from typing import Final

from scanner.model.resource import Declaration

PLATFORM: Final = "compose"
"""The platform of declarations that Compose files make."""
SERVICE: Final = "compose/service"
PROJECT: Final = "compose/project"
VOLUME: Final = "compose/volume"


def host_name(declaration: Declaration) -> str:
    """The name of the host, or swarm of hosts, that a project's declarations share."""
    named = declaration.provider.attributes.get("project")
    return named if isinstance(named, str) and named else PLATFORM
