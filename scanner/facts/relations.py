"""How two resources stand to each other: the same region, the same account, one provider configuration."""

from __future__ import annotations

from scanner.model.resource import Resource
from scanner.model.value import Truth, Unknown, equal


def same_configuration(left: Resource, right: Resource) -> bool:
    """Whether both are created with the same provider configuration: its name, its alias and what it says."""
    mine, other = left.declaration.provider, right.declaration.provider
    return (mine.name, mine.alias, mine.attributes) == (other.name, other.alias, other.attributes)


def same_region(left: Resource, right: Resource) -> Truth:
    """Whether both run in one region of one provider; unknown when the files don't tell.

    Two unknown regions are one region when both are left to the same provider configuration.
    """
    mine, other = left.placement.region, right.placement.region
    if left.placement.provider != right.placement.provider:
        return False
    if _undecided_alike(mine, other) and same_configuration(left, right):
        return True
    return equal(mine, other)


def _undecided_alike(mine: object, other: object) -> bool:
    """Whether two regions are left open by the same thing: one value, or a configuration that names no region."""
    if not isinstance(mine, Unknown) or not isinstance(other, Unknown):
        return False
    return mine == other or (mine.reason == other.reason and not (mine.refs or other.refs or mine.parts or other.parts))


def same_account(left: Resource, right: Resource) -> Truth:
    """Whether both belong to one account, subscription or project of one provider; unknown when the files don't tell.

    A configuration that names no account uses that of whoever runs it, so two resources of it share one.
    """
    if left.placement.provider != right.placement.provider:
        return False
    if same_configuration(left, right) and left.placement.account == right.placement.account:
        return True
    mine, other = left.placement.account, right.placement.account
    if mine is None and other is None and _same_credentials(left, right):
        return True
    if mine is None or other is None or _is_profile(mine) != _is_profile(other):
        return Unknown("an account is not written in the files", left.declaration.provider.span or left.span)
    return equal(mine, other)


def _is_profile(account: str | Unknown) -> bool:
    """Whether an account is only known by the name of a local profile of credentials."""
    return isinstance(account, str) and account.startswith("profile:")


def _same_credentials(left: Resource, right: Resource) -> bool:
    """Whether two configurations differ in nothing but their alias and place."""
    mine, other = left.declaration.provider, right.declaration.provider
    places = ("alias", "region", "zone", "location", "default_tags", "default_labels")
    return mine.name == other.name and _without(mine.attributes, places) == _without(other.attributes, places)


def _without(attributes: object, names: tuple[str, ...]) -> object:
    if not isinstance(attributes, dict):
        return attributes
    return {name: value for name, value in attributes.items() if name not in names}
