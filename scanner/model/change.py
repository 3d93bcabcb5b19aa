"""What an apply will do, as a plan tells it."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from scanner.model.span import Span


class Action(StrEnum):
    """What happens to a resource, in the order in which reports show it."""

    DELETED = "deleted"
    REPLACED = "replaced"  # destroyed and made anew, in whatever order
    CREATED = "created"
    UPDATED = "updated"  # in place
    FORGOTTEN = "forgotten"  # stands on, but no longer in the state
    READ = "read"  # a data source
    UNCHANGED = "unchanged"


class Change(Struct, frozen=True):
    """One resource of a plan. ``id`` is the one that it has in the report, where it stands after the apply.

    ``reason`` says in a clause why it is replaced or deleted, ``attributes`` are the paths that force a replacement.
    """

    id: str
    type: str
    action: Action
    plan: str
    span: Span
    reason: str = ""
    attributes: tuple[str, ...] = ()
