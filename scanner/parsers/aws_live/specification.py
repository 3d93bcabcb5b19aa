"""What is asked of an account, as tables: one file a family of services in ``services/``.

A listing is one call that answers with many items, and what is then asked about each item. Paths are JMESPath
expressions (https://jmespath.org/specification.html). In ``with``, ``<path>`` stands for a value of the item (of the
parent's item in a child's listing); everything else is sent as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import yaml
from msgspec import Struct, field

FOLDER: Final = Path(__file__).with_name("services")

Argument = Any
"""Text, a truth, a list or an object of such, as an operation's parameters ask for."""


class Call(Struct, frozen=True, forbid_unknown_fields=True):
    """One more question about an item.

    ``take`` is the part of the answer that becomes the attribute ``as``; without a name it is merged into the item.
    Errors in ``absent`` only say that nothing is configured. It is asked only of items for which ``when`` is true.
    """

    operation: str
    arguments: Mapping[str, Argument] = field(default={}, name="with")
    take: str = "@"
    attribute: str = field(default="", name="as")
    absent: tuple[str, ...] = ()
    when: str = ""


class Description(Struct, frozen=True, forbid_unknown_fields=True):
    """A call that describes up to ``size`` items at once: their ``from`` values are sent as ``batch``."""

    operation: str
    batch: str
    source: str = field(name="from")
    items: str
    size: int
    arguments: Mapping[str, Argument] = field(default={}, name="with")


class Lasting(Struct, frozen=True, forbid_unknown_fields=True):
    """How listings go on that answer with ``more`` and want the last item's name in ``argument``."""

    more: str
    argument: str


class Chosen(Struct, frozen=True, forbid_unknown_fields=True):
    """A value by what stands at a path; what is not listed stays as it is."""

    path: str
    values: Mapping[str, str]


class Listing(Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of things and how they are found.

    ``record`` says what the items become: resources, or the account's zones or tags. Items that are plain texts become
    objects with that one attribute, ``named``. ``arn`` is a path, or a template if it begins with ``arn:``. A listing
    is made once per region, or once per account when its scope is global, then in ``region`` if one is given.
    ``token`` names the output and the input that carry the place of the next page where the SDK does not know.
    ``adds`` are further attributes, told in CloudFormation's names what the answer tells otherwise. Of complete items
    those count for which ``only`` holds. Those for which ``unasked`` holds AWS makes by itself: they count if something
    else uses them, and so does what ``belongs`` to them, by their id. ``inherits`` gives the item attributes of its
    parent's. ``service`` is the SDK's name.
    """

    operation: str = field(name="list")
    items: str
    type: str = ""
    service: str = ""
    record: Literal["resource", "zones", "tags"] = "resource"
    types: Chosen | None = None
    id: str = ""
    arn: str = ""
    scope: Literal["regional", "global"] = "regional"
    region: str = ""
    lies_in: Chosen | None = None
    arguments: Mapping[str, Argument] = field(default={}, name="with")
    token: tuple[str, str] | None = None
    last: Lasting | None = None
    named: str = ""
    inherits: Mapping[str, str] = {}
    adds: Mapping[str, str] = {}
    only: str = ""
    unasked: str = ""
    belongs: str = ""
    absent: tuple[str, ...] = ()
    when: str = ""
    describe: Description | None = None
    calls: tuple[Call, ...] = ()
    children: tuple[Listing, ...] = ()

    @property
    def key(self) -> str:
        """What tells this listing from all others at the top of the tables."""
        return f"{self.service}.{self.operation}.{self.type or self.record}.{self.scope}"

    def operations(self) -> Iterator[tuple[str, str]]:
        """Every service and operation that may be called."""
        yield self.service, self.operation
        if self.describe is not None:
            yield self.service, self.describe.operation
        for call in self.calls:
            yield self.service, call.operation
        for child in self.children:
            yield from child.operations()


@cache
def listings() -> tuple[Listing, ...]:
    """All listings, by service. Raises :class:`msgspec.ValidationError` for a table with a mistake."""
    found: list[Listing] = []
    for file in sorted(FOLDER.glob("*.yaml")):
        table = yaml.load(file.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - a safe loader, in C or not
        for service, items in msgspec.convert(table, dict[str, list[Listing]]).items():
            found.extend(_of_service(each, service) for each in items)
    return tuple(sorted(found, key=lambda each: each.service))


def operations() -> tuple[tuple[str, str], ...]:
    """Every service and operation that the tables name, once."""
    return tuple(sorted({pair for listing in listings() for pair in listing.operations()}))


def services(wanted: Sequence[Listing]) -> tuple[str, ...]:
    """The services of some listings."""
    return tuple(sorted({listing.service for listing in wanted}))


def _of_service(listing: Listing, service: str) -> Listing:
    children = tuple(_of_service(child, service) for child in listing.children)
    return msgspec.structs.replace(listing, service=service, children=children)


_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
