"""What goes wrong while files are read, and how it is said."""

from __future__ import annotations

from scanner.model.problem import ProblemKind
from scanner.parsers.azure.tree import NOWHERE, At


class Refused(Exception):
    """A file, expression or value that is not taken; with the reason, its kind and its place."""

    def __init__(self, message: str, at: At = NOWHERE, kind: ProblemKind = ProblemKind.INVALID) -> None:
        super().__init__(message)
        self.at = at
        self.kind = kind


class Fault(Exception):
    """A function that cannot have a value with these arguments: Azure would refuse the deployment."""
