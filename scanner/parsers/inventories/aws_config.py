"""Snapshots and histories of AWS Config, and what it answers to queries.

https://docs.aws.amazon.com/config/latest/developerguide/example-s3-snapshot.html and
https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigurationItem.html. A configuration is what the service's
own describe call answers, in camel case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from scanner.model.problem import Problem, ProblemKind
from scanner.model.resource import Declaration, ProviderContext
from scanner.model.span import Span
from scanner.model.value import Value
from scanner.parsers.inventories.listing import Entry, Mention, text, texts
from scanner.parsers.positioned_json import JsonDocument, JsonPlaces, parsed

PLATFORM: Final = "aws"
FORMAT: Final = "aws-config"

_LISTS: Final = ("configurationItems", "baseConfigurationItems", "Results")
_GONE: Final = frozenset({"ResourceDeleted", "ResourceDeletedNotRecorded", "ResourceNotRecorded"})
_NO_ZONE: Final = frozenset({"", "Not Applicable", "Regional", "Multiple Availability Zones"})
_INVERSE: Final = ("Contains ", "Has ", "Is parent of ", "Is used by ")
"""How relationships begin that tell what needs or belongs to the resource, not what it needs."""
_ACRONYM: Final = re.compile(r"([a-z])(?=[A-Z])")
_RUN_ON: Final = re.compile(r"db(cluster|instance|subnet|parameter|security|system|proxy|name)(?=[A-Z]|s?$)")
"""Names whose first acronym AWS Config writes half or all in lower case: ``dBInstanceClass``, ``dbclusterMembers``."""
_RUN_ON_WORDS: Final = {
    "vpczoneIdentifier": "VPCZoneIdentifier",
    "iamdatabaseAuthenticationEnabled": "IAMDatabaseAuthenticationEnabled",
}
_USERS_OWN: Final = frozenset({"tags", "variables", "labels", "parameters", "dockerLabels"})
"""Fields whose keys are the user's own."""
_FREE: Final = frozenset({"tags", "tagList", "tagSet", "description"})


def entries(document: JsonDocument) -> Iterator[Entry | Problem]:
    """The resources of one file."""
    data = document.data if isinstance(document.data, dict) else {}
    name = document.places.source.name
    found = next((key for key in _LISTS if isinstance(data.get(key), list)), None)
    if found is None:
        yield Problem(
            Span(name, 1), ProblemKind.INVALID, "not a snapshot of AWS Config: it lists no configurationItems"
        )
        return
    listed = document.places.step(found)
    for index, written in enumerate(data[found]):
        places = listed.step(index)
        item = parsed(written) if isinstance(written, str) else written
        if not isinstance(item, dict) or not text(item, "resourceType") or not text(item, "resourceId"):
            yield Problem(places.span, ProblemKind.INVALID, "an item without resourceType or resourceId is left out")
        elif text(item, "configurationItemStatus") not in _GONE:
            entry = _entry(item, places, name)
            if entry is not None:
                yield entry


def _entry(item: Mapping[str, Value], places: JsonPlaces, root: str) -> Entry | None:
    """An item as an entry; ``None`` for a part of another one."""
    from scanner.parsers.aws_live.answers import counts, further, pascal

    kind, own = item["resourceType"], item["resourceId"]
    account, region = text(item, "awsAccountId", "accountId"), text(item, "awsRegion")
    arn, called = text(item, "arn", "ARN"), text(item, "resourceName")
    span = places.get("resourceId") or places.span
    written: dict[str, str] = {}
    attributes = _attributes(item, written)
    told = pascal(attributes)
    if not counts(kind, told):
        return None
    attributes |= further(kind, told)  # what CloudFormation tells in other words than the describe call
    configured = _Places(places.step("configuration"), written)
    context = {"region": region} if region and region != "global" else {}
    place = f"{account}/{region}"
    return Entry(
        id=arn if arn.startswith("arn:") else f"{place}/{kind}/{own}",
        type=kind,
        name=called or own,
        span=span,
        attributes=attributes | {"Id": own} | ({"Arn": arn} if arn else {}),
        places=configured,
        provider=ProviderContext(
            PLATFORM, attributes=context | ({"account_id": account} if account else {}), span=span, declared=True
        ),
        root=root,
        keys=tuple(dict.fromkeys(key for each in (own, called, arn) if each for key in _keys(place, kind, each))),
        mentions=tuple(_mentions(item, attributes, place, configured, span)),
        taken=text(item, "configurationItemCaptureTime"),
    )


class _Places(Mapping[str, Span]):
    """Where a configuration's fields stand. ``written`` maps the names that were set right to those in the file."""

    def __init__(self, places: JsonPlaces, written: Mapping[str, str]) -> None:
        self._places, self._written = places, written

    def __getitem__(self, path: str) -> Span:
        return self._places[_STEP.sub(lambda step: self._written.get(step[0], step[0]), path)]

    def __iter__(self) -> Iterator[str]:
        right = {written: name for name, written in self._written.items()}
        return (_STEP.sub(lambda step: right.get(step[0], step[0]), path) for path in self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __bool__(self) -> bool:
        return True


_STEP: Final = re.compile(r"[^.\[\]]+")


def _right(name: str) -> str:
    if name in _RUN_ON_WORDS:
        return _RUN_ON_WORDS[name]
    spelled = _RUN_ON.sub(lambda match: f"DB{match[1].capitalize()}", name) if name.startswith("db") else name
    return spelled[:1].upper() + spelled[1:] if _ACRONYM.match(spelled) else spelled


def _named_right(value: Value, written: dict[str, str]) -> Value:
    """A configuration with its names as the service's API has them; ``written`` gathers those that were changed."""
    if isinstance(value, list):
        return [_named_right(item, written) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"value"} and not isinstance(value["value"], (dict, list)):
        return value["value"]  # some lists of texts are written as lists of these
    found: dict[str, Value] = {}
    for name, item in value.items():
        right = _right(name)
        if right != name:
            written[right] = name
        found[right] = item if name in _USERS_OWN else _named_right(item, written)
    return found


def _keys(place: str, kind: str, name: str) -> tuple[str, str]:
    """What one is called in its own account and region, and anywhere."""
    return f"{place}/{kind}/{name}", f"{kind}/{name}"


def _attributes(item: Mapping[str, Value], names: dict[str, str]) -> dict[str, Value]:
    """The configuration, which calls answer as a text, with the tags, zone and further parts that stand beside it."""
    written = item.get("configuration")
    found = parsed(written) if isinstance(written, str) else written
    attributes: dict[str, Value] = _named_right(found, names) if isinstance(found, dict) else {}
    beside = item.get("supplementaryConfiguration")
    if isinstance(beside, dict) and beside:
        attributes["supplementaryConfiguration"] = {
            name: parsed(value) if isinstance(value, str) else value for name, value in beside.items()
        }
    tags, zone = item.get("tags"), text(item, "availabilityZone", "availibilityZone")
    if isinstance(tags, dict) and tags:
        attributes["tags"] = tags
    if zone not in _NO_ZONE:
        attributes.setdefault("availabilityZone", zone)
    return attributes


def asked_for(declarations: Sequence[Declaration]) -> Sequence[Declaration]:
    """The declarations without what AWS makes in each account by itself and nothing uses, as its default networks."""
    from scanner.parsers.aws_live.answers import without_unasked

    return without_unasked(declarations)


def _mentions(
    item: Mapping[str, Value], attributes: Mapping[str, Value], place: str, places: Mapping[str, Span], span: Span
) -> Iterator[Mention]:
    """Its relationships, each at the attribute that holds it; without one by themselves, unless it is an inverse."""
    related = item.get("relationships")
    held: dict[str, list[str]] = {}
    for path, value in texts(attributes):
        if path.partition(".")[0].partition("[")[0] not in _FREE:
            for part in value.split(","):  # the subnets of a scaling group are one text
                held.setdefault(part.strip(), []).append(path)
    for index, each in enumerate(related if isinstance(related, list) else []):
        if not isinstance(each, dict) or not text(each, "resourceType"):
            continue
        names = [name for name in (text(each, "resourceId"), text(each, "resourceName")) if name]
        keys = tuple(key for name in names for key in _keys(place, each["resourceType"], name))
        paths = [path for name in names for path in held.get(name, ())]
        for path in paths:
            yield Mention(path, keys, "Id", places.get(path) or span)
        if not paths and not text(each, "relationshipName", "name").startswith(_INVERSE):
            yield Mention(f"relationships[{index}]", keys, "Id", span)
