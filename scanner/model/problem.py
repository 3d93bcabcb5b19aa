"""What could not be read, resolved or rendered."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from scanner.model.span import Span


class ProblemKind(StrEnum):
    """Why something is not fully known. The first group makes a scan incomplete (exit 3), the second does not."""

    UNREADABLE = "unreadable"  # the file could not be opened or decoded
    INVALID = "invalid"  # the file is not what its name says
    LIMIT = "limit"  # a safety limit cut the input off
    CRASHED = "crashed"  # a rule or fact of ours failed on this input

    MODULE = "module-unavailable"  # a child module's source is not on this machine
    UNRESOLVED = "unresolved"  # a name, value or reference that the files do not decide
    UNSUPPORTED = "unsupported"  # a construct that is read but not interpreted
    WAIVER = "waiver"  # a waiver without a reason, past its date, or matching nothing
    TWICE = "written-twice"  # says what another file says, which is judged

    @property
    def incomplete(self) -> bool:
        """Whether input was lost."""
        return self in (ProblemKind.UNREADABLE, ProblemKind.INVALID, ProblemKind.LIMIT, ProblemKind.CRASHED)


class Problem(Struct, frozen=True, order=True):
    """One thing that was not understood, and where."""

    span: Span
    kind: ProblemKind
    message: str
