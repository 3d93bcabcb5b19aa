"""What is taken out of an answer before anybody else sees it.

The SDK's own models mark what is sensitive; that goes, except where it only names things. What the models leave
unmarked stands in the tables below. Of environment variables and the like, only what says whom a program talks to
stays: the host of a URL, an ARN, and the name of a resource where the variable's name says that it is one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final, Protocol

DROPPED: Final = frozenset(
    {
        *("UserData", "authKey", "customerRouterConfig", "ExtraConnectionAttributes", "requestParameters"),
        *("RequestParameters", "Input", "InputTransformer", "HttpParameters", "requestTemplates", "RequestTemplates"),
        *("BootstrapActions", "Configurations", "Properties", "options", "parameters", "SearchString"),
    }
)
"""Members that hold scripts, passwords or payloads, though no model says so."""

NAMING: Final = frozenset({"AccountName", "SSEKMSKeyId", "RepositoryCredentials", "Definition"})
"""Shapes that a model calls sensitive and that only name things; a state machine's definition is cut down."""

VARIABLES: Final = frozenset({"EnvironmentVariables", "RuntimeEnvironmentVariables", "variables", "StageVariables"})
"""Shapes and members that hold a program's settings: objects, or lists of ``name`` and ``value``."""

HOSTS: Final = frozenset({"HttpEndpointUrl", "SnowflakeAccountUrl", "InvocationEndpoint", "subscriptionEndpoint"})
"""Shapes and members that hold addresses of which the path may be a password."""

_URL: Final = re.compile(r"([a-z][a-z0-9+.-]*)://(?:[^/@\s]*@)?(\[[0-9a-fA-F:.]+\]|[\w.-]+)(:[0-9]{1,5})?", re.ASCII)
_ARN: Final = re.compile(r"arn:aws[\w-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]*:[\w+=,.@/:*$-]+")
_HOST: Final = re.compile(r"(?=[^.]*[a-z])[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.[a-z]{2,}(?::[0-9]{1,5})?")
_QUEUE: Final = re.compile(r"https://(?:sqs\.|queue\.|[a-z0-9-]+\.queue\.)[\w./-]+")
_NAMED: Final = re.compile(
    r"(?:TABLE|BUCKET|QUEUE|TOPIC|STREAM|FUNCTION|CLUSTER|DOMAIN|DATABASE|STATE_?MACHINE|BUS|REPOSITORY|KMS_?KEY"
    r"|SECRET_?ARN|REGION)S?(?:_?(?:NAME|ID|ARN|URL|URI))?",
    re.IGNORECASE,
)
_SECRET: Final = re.compile(r"passw|secret|token|private_?key|api_?key|access_?key|credential|mnemonic", re.IGNORECASE)
_PLAIN: Final = re.compile(r"[A-Za-z0-9._/:-]{1,128}")
_PAYLOADS: Final = frozenset(
    {"Parameters", "Arguments", "Result", "Assign", "ItemSelector", "ResultSelector", "Output"}
)


class Shape(Protocol):
    """What is used of the SDK's description of a value."""

    name: str
    type_name: str
    metadata: Mapping[str, Any]


def cleaned(value: Any, shape: Any, member: str = "") -> Any:
    """An answer without what nobody should see. ``shape`` is the SDK's description of it, ``member`` its name."""
    if shape.name in VARIABLES or member in VARIABLES:
        return variables(value)
    if shape.name in HOSTS or member in HOSTS:
        return address(value)
    if shape.metadata.get("sensitive") and shape.name not in NAMING:
        return None
    if shape.name == "Definition" and isinstance(value, str):
        return _definition(value)
    if shape.type_name == "structure" and isinstance(value, dict) and shape.members:
        return _structure(value, shape.members)
    if shape.type_name == "list" and isinstance(value, list):
        return [cleaned(item, shape.member) for item in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {key: cleaned(item, shape.value) for key, item in value.items() if key not in DROPPED}
    return value


def _structure(value: Mapping[str, Any], members: Mapping[str, Any]) -> dict[str, Any]:
    """Its members that may be kept; what the model does not know is not kept either."""
    kept = {k: cleaned(v, members[k], k) for k, v in value.items() if k in members and k not in DROPPED}
    if value.get("Protocol") in ("http", "https") and "Endpoint" in kept:
        kept["Endpoint"] = address(value["Endpoint"])  # a subscription: what stands in the path of a hook is a password
    return {k: v for k, v in kept.items() if v is not None}


def variables(value: Any) -> Any:
    """A program's settings, of which only hosts, ARNs and names of resources stay; the others are empty."""
    if isinstance(value, dict):
        return {str(name): meant(str(name), text) for name, text in value.items()}
    if isinstance(value, list):
        return [_pair(item) for item in value if isinstance(item, dict)]
    return None


def _pair(item: Mapping[str, Any]) -> dict[str, str]:
    name = str(item.get("name", item.get("Name", "")))
    return {"name": name, "value": meant(name, item.get("value", item.get("Value", "")))}


def meant(name: str, text: Any) -> str:
    """What a setting tells of the program's surroundings; empty when that is nothing."""
    if not isinstance(text, str):
        return ""
    if _ARN.fullmatch(text) or _QUEUE.fullmatch(text):
        return text
    if _HOST.fullmatch(text):
        return "" if _SECRET.search(name) else text
    if hosts := [address(found[0]) for found in _URL.finditer(text)]:
        return ",".join(hosts)
    return text if _NAMED.search(name) and _names_a_thing(name, text) else ""


def _names_a_thing(name: str, text: str) -> bool:
    """Whether a plain text can be a resource's name: the variable ends with what it names."""
    end = [match.end() for match in _NAMED.finditer(name)][-1]
    return end == len(name) and _PLAIN.fullmatch(text) is not None


def address(text: Any) -> str:
    """The scheme, host and port of a URL; a text that is none stays, if it is a host."""
    if not isinstance(text, str):
        return ""
    found = _URL.match(text)
    if found is None:
        return text if _HOST.fullmatch(text) else ""
    return f"{found[1]}://{found[2]}{found[3] or ''}"


def _definition(text: str) -> str | None:
    """A state machine without what its steps are given, except ARNs and names."""
    try:
        return json.dumps(_cut(json.loads(text)))
    except (ValueError, RecursionError):
        return None


def _cut(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _reduced(k, v) if k in _PAYLOADS else _cut(v) for k, v in value.items()}
    return [_cut(item) for item in value] if isinstance(value, list) else value


def _reduced(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _reduced(key.removesuffix(".$"), item) for key, item in value.items()}
    if isinstance(value, list):
        return [_reduced(name, item) for item in value]
    return meant(name, value) if isinstance(value, str) else None
