"""What a plan says that its apply will do.

https://developer.hashicorp.com/terraform/internals/json-format#plan-representation
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct

from scanner.model.change import Action, Change
from scanner.model.span import Span
from scanner.model.value import Value
from scanner.parsers.positioned_json import JsonDocument
from scanner.parsers.terraform.plan_references import listed, mapping

_ACTIONS: Final[Mapping[tuple[str, ...], Action]] = {
    ("no-op",): Action.UNCHANGED,
    ("create",): Action.CREATED,
    ("read",): Action.READ,
    ("update",): Action.UPDATED,
    ("delete",): Action.DELETED,
    ("delete", "create"): Action.REPLACED,
    ("create", "delete"): Action.REPLACED,
    ("forget",): Action.FORGOTTEN,
    ("create", "forget"): Action.REPLACED,
    ("forget", "create"): Action.REPLACED,
}

_REASONS: Final[Mapping[str, str]] = {
    "replace_because_cannot_update": "cannot be changed in place",
    "replace_because_tainted": "marked as tainted",
    "replace_by_request": "asked for with -replace",
    "replace_by_triggers": "asked for by replace_triggered_by",
    "delete_because_no_resource_config": "no longer in the configuration",
    "delete_because_wrong_repetition": "count or for_each was added or taken away",
    "delete_because_count_index": "beyond count",
    "delete_because_each_key": "no longer a key of for_each",
    "delete_because_no_module": "its module is no longer called",
    "delete_because_no_move_target": "moved to what is not in the configuration",
    "read_because_config_unknown": "its arguments are known after apply",
    "read_because_dependency_pending": "what it depends on changes",
    "read_because_check_nested": "read by a check",
}
"""Why, in the words of ``action_reason``. One that is not listed is shown as it is."""


class Planned(Struct, frozen=True):
    """What a plan says of one resource: what happens to it, what of it is unknown, and which values are sensitive."""

    address: str
    type: str
    action: Action
    span: Span
    reason: str = ""
    attributes: tuple[str, ...] = ()
    before: Value = None
    after: Value = None
    unknown: Value = None
    before_sensitive: Value = None
    sensitive: Value = None

    def change(self, prefix: str, plan: str) -> Change:
        """The same for reports."""
        return Change(prefix + self.address, self.type, self.action, plan, self.span, self.reason, self.attributes)


def planned(document: JsonDocument) -> Iterator[Planned]:
    """Every entry of ``resource_changes`` whose actions are known."""
    places = document.places.step("resource_changes")
    for index, entry in enumerate(listed(document.data, "resource_changes")):
        change = mapping(entry, "change")
        action = _ACTIONS.get(tuple(map(str, listed(change, "actions"))))
        address = entry.get("address") if isinstance(entry, dict) else None
        if action is None or not isinstance(address, str):
            continue
        own = places.step(index)
        deposed = entry.get("deposed")
        yield Planned(
            address=f"{address} (deposed {deposed})" if isinstance(deposed, str) else address,
            type=str(entry.get("type") or ""),
            action=action,
            span=own.get("address") or own.span,
            reason="left over from a replacement" if isinstance(deposed, str) else _reason(entry),
            attributes=tuple(_path(path) for path in listed(change, "replace_paths")),
            before=change.get("before"),
            after=change.get("after"),
            unknown=change.get("after_unknown"),
            before_sensitive=change.get("before_sensitive"),
            sensitive=change.get("after_sensitive"),
        )


def _reason(entry: Mapping[str, Value]) -> str:
    reason = entry.get("action_reason")
    return _REASONS.get(reason, reason) if isinstance(reason, str) else ""


def _path(steps: Value) -> str:
    """``["network", 0, "ip"]`` → ``network[0].ip``."""
    text = ""
    for step in steps if isinstance(steps, list) else [steps]:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text
