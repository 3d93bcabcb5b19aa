"""What all parts of the program know of Docker Compose: the platform's name, and the host that a project runs on."""

from __future__ import annotations

import re
from typing import Final

from scanner.model.resource import Declaration

PLATFORM: Final = "compose"
"""The platform of declarations that Compose files make."""
SERVICE: Final = "compose/service"
PROJECT: Final = "compose/project"
VOLUME: Final = "compose/volume"
RUNNABLE: Final = frozenset({"image", "build", "extends", "provider"})
"""Keys of which a service has one in the end."""
FOR_DEVELOPMENT: Final = re.compile(
    r"(?:^|[-._/])(?:dev|devel|development|local|test|tests|testing|e2e|ci|debug|examples?|samples?|demos?|tutorials?"
    r"|devcontainer|sandbox|playground|fixtures?|testdata|testnet|devnet|regtest|quickstart)(?:$|[-._/])"
)
"""Words in the path of a file, in lower case, that say that it is not for production."""


def host_name(declaration: Declaration) -> str:
    """The name of the host, or swarm of hosts, that a project's declarations share."""
    named = declaration.provider.attributes.get("project")
    return named if isinstance(named, str) and named else PLATFORM
