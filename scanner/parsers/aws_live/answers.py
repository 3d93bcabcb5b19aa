"""What the tables say of things that have been told of, whoever told: the account itself, a snapshot, or AWS Config.

Needs no boto3.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache, lru_cache
from typing import Any, Final

import jmespath
import jmespath.exceptions

from scanner.model.resource import Declaration
from scanner.model.value import Unknown, Value
from scanner.parsers.aws_live.specification import Listing, listings

_ACCOUNT: Final = re.compile(r"arn:[^:]+:iam::[0-9]{12}:root")
_TAGS: Final = ("Tags", "TagList", "TagSet")


@lru_cache(maxsize=4096)
def _compiled(path: str) -> Any:
    return jmespath.compile(path)


def search(path: str, value: Any) -> Any:
    """What stands at a path of the tables."""
    return value if path == "@" else _compiled(path).search(value)


def further(type_: str, attributes: Mapping[str, Value]) -> dict[str, Value]:
    """The further attributes of a thing of a type, as far as what is told of it has the shape of an answer."""
    found: dict[str, Value] = {}
    for listing in of_type(type_):
        for name, path in listing.adds.items():
            with suppress(jmespath.exceptions.JMESPathError):
                value = search(path, attributes)
                if value is not None:
                    found[name] = value
    return found


def counts(type_: str, attributes: Mapping[str, Value]) -> bool:
    """Whether a thing stands for itself: a machine of a scaling group, or a machine's own volume, is a part."""
    conditions = [listing.only for listing in of_type(type_) if listing.only]
    try:
        return not conditions or any(search(each, attributes) for each in conditions)
    except jmespath.exceptions.JMESPathError:
        return True  # it has not the shape of an answer


def added(listing: Listing, attributes: Mapping[str, Value]) -> dict[str, Value]:
    """The further attributes of one listing's things."""
    told = ((name, search(path, attributes)) for name, path in listing.adds.items())
    return {name: value for name, value in told if value is not None}


def is_default_policy(policy: Value) -> bool:
    """Whether a key's policy is the one that KMS gives when none is written.

    The account may do everything, through IAM: https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html.
    """
    try:
        told = json.loads(policy) if isinstance(policy, str) else policy
    except (ValueError, RecursionError):
        return False
    statements = told.get("Statement") if isinstance(told, dict) else None
    if not isinstance(statements, list) or len(statements) != 1 or not isinstance(only := statements[0], dict):
        return False
    principal = only.get("Principal")
    named = principal.get("AWS") if isinstance(principal, dict) else None
    given = isinstance(named, str) and _ACCOUNT.fullmatch(named) is not None
    return given and only.get("Effect") == "Allow" and only.get("Action") == "kms:*" and "Condition" not in only


def without_unasked(declarations: Sequence[Declaration]) -> list[Declaration]:
    """The declarations without what AWS makes by itself and nothing uses, and without what belongs to that."""
    unasked = {each.id for each in declarations if _is_unasked(each)}
    if not unasked:
        return list(declarations)
    named = {str(each.attributes.get("Id")): each.id for each in declarations if each.id in unasked}
    whole = {each.id: named[of] for each in declarations for of in _belongs(each) if of in named}
    used = _reached([each.id for each in declarations if each.id not in unasked | whole.keys()], declarations)
    return [each for each in declarations if each.id in used or whole.get(each.id) in used]


def _reached(begin: Sequence[str], declarations: Sequence[Declaration]) -> set[str]:
    targets = {each.id: [reference.target for reference in each.references] for each in declarations}
    reached, waiting = set(begin), list(begin)
    while waiting:
        for target in targets.get(waiting.pop(), ()):
            if target not in reached:
                reached.add(target)
                waiting.append(target)
    return reached


def _is_unasked(declaration: Declaration) -> bool:
    conditions = [listing.unasked for listing in of_type(declaration.type) if listing.unasked]
    return bool(conditions) and any(search(each, pascal(declaration.attributes)) for each in conditions)


def _belongs(declaration: Declaration) -> Iterator[str]:
    for listing in of_type(declaration.type):
        if listing.belongs and isinstance(found := search(listing.belongs, pascal(declaration.attributes)), str):
            yield found


@cache
def _by_type() -> Mapping[str, tuple[Listing, ...]]:
    found: dict[str, list[Listing]] = {}
    waiting = list(listings())
    while waiting:
        listing = waiting.pop()
        waiting.extend(listing.children)
        for name in (listing.type, *(listing.types.values.values() if listing.types else ())):
            found.setdefault(name, []).append(listing)
    return {name: tuple(each) for name, each in found.items() if name}


def of_type(type_: str) -> tuple[Listing, ...]:
    """The listings that give things of a type."""
    return _by_type().get(type_, ())


def pascal(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes with the names of the service's interface, which AWS Config begins with a small letter."""
    told: dict[str, Any] = _pascal(dict(attributes))
    for name in _TAGS:
        if isinstance(tags := told.get(name), dict):
            told[name] = [{"Key": key, "Value": value} for key, value in tags.items()]
    return told


def _pascal(value: Any, *, keep: bool = False) -> Any:
    if isinstance(value, Unknown):
        return None
    if isinstance(value, dict):
        return {k if keep else k[:1].upper() + k[1:]: _pascal(v, keep=k in ("tags", "Tags")) for k, v in value.items()}
    return [_pascal(item) for item in value] if isinstance(value, list) else value
