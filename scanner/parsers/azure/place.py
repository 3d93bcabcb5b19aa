"""Where a deployment goes: the subscription and the resource group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from scanner.model.value import Unknown, Value
from scanner.parsers.azure.evaluate import Frame, Handle
from scanner.parsers.azure.texts import brief, joined

if TYPE_CHECKING:
    from scanner.parsers.azure.instance import Instance

NO_SUBSCRIPTION = Unknown("the subscription is told when it is deployed")
NO_GROUP = Unknown("the resource group is told when it is deployed")

KEPT = Unknown("where the templates are kept is told when they are deployed")
"""What stands before the path of a template in the address that it is deployed from."""


class Place(Struct, frozen=True):
    """``declared`` is set when a file declares the resource group; ``region`` is where others lie.

    ``told`` is the location that the deployment itself is given.
    """

    subscription: Value = NO_SUBSCRIPTION
    group: Value = NO_GROUP
    declared: Instance | None = None
    region: str | None = None
    told: Value = None

    def group_value(self, frame: Frame) -> Value:
        """What ``resourceGroup()`` tells."""
        if self.declared is not None:
            return Handle(self.declared)
        found = group_of(self.subscription, self.group, frame)
        if isinstance(self.group, Unknown):
            found["location"] = self.region or frame.unknown("location of the resource group")
            found["tags"] = frame.unknown("tags of the resource group")
        return found

    def deployment_location(self, frame: Frame) -> Value:
        """Where a deployment to a subscription keeps its own data."""
        if self.told is not None:
            return self.told
        return self.region or frame.unknown("location of the deployment")


def group_of(subscription: Value, name: Value, frame: Frame) -> dict[str, Value]:
    """A resource group that no file declares."""
    label = f"location of the resource group {brief(name)}"
    return {
        "id": joined(["/subscriptions/", subscription, "/resourceGroups/", name]),
        "name": name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": frame.unknown(label),
        "tags": frame.unknown(f"tags of the resource group {brief(name)}"),
        "subscriptionId": subscription,
    }
