"""Functions that tell of resources and of where they are deployed.

https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-resource
https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-scope
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin

from scanner.model.value import Unknown, Value, is_known, unknown_from
from scanner.parsers.azure.evaluate import Frame, Handle, Special, member, plain, value
from scanner.parsers.azure.functions.encoding import FUNCTIONS as ENCODING
from scanner.parsers.azure.functions.encoding import plain_data
from scanner.parsers.azure.json_reader import read_json
from scanner.parsers.azure.place import KEPT, group_of
from scanner.parsers.azure.reports import Fault, Refused
from scanner.parsers.azure.texts import brief, joined, segments, shown
from scanner.parsers.azure.tree import Call, Expression

if TYPE_CHECKING:
    from scanner.parsers.azure.instance import Instance

PROVIDERS: Final = "/providers/"


def _plain_arguments(node: Call, frame: Frame) -> list[Value]:
    return [plain(value(each, frame)) for each in node.arguments]


# -- ids -------------------------------------------------------------------------------------------


def _is_type(found: Value) -> bool:
    return isinstance(found, str) and "/" in found and "." in found.split("/")[0] and not found.startswith("/")


def _id_of(base: Value, kind: Value, names: list[Value], frame: Frame) -> Value:
    """The id of a resource under a base; where the files declare the resource, a reference to it."""
    space, *types = segments(kind)
    names = [piece for name in names for piece in segments(name)]
    pieces: list[Value] = [base, PROVIDERS, space]
    for step, name in zip(types, names, strict=False):
        pieces += ["/", step, "/", name]
    text = joined(pieces)
    found = frame.deployment.find(shown(kind), "/".join(map(shown, names)))
    if found is not None:
        return found.id_value(text)
    return text


def _resource_id(node: Call, frame: Frame) -> Value:
    """``resourceId([subscription], [group], type, name…)``."""
    arguments = _plain_arguments(node, frame)
    start = next((n for n, each in enumerate(arguments) if _is_type(each)), None)
    if start is None:
        return unknown_from(arguments, f"the type of resource in {node.function}() is not known")
    if start > 2 or start + 1 >= len(arguments):
        raise Fault(f"{node.function} takes a type and names")
    place = frame.deployment.place
    subscription = arguments[0] if start == 2 else place.subscription
    group = arguments[start - 1] if start else place.group
    base = joined(["/subscriptions/", subscription, "/resourceGroups/", group])
    if frame.deployment.template.scope == "tenant" and not start:
        base = ""
    elif frame.deployment.template.scope == "subscription" and not start:
        base = joined(["/subscriptions/", subscription])
    return _id_of(base, arguments[start], arguments[start + 1 :], frame)


def _subscription_id(node: Call, frame: Frame) -> Value:
    arguments = _plain_arguments(node, frame)
    subscription = frame.deployment.place.subscription
    if arguments and not _is_type(arguments[0]):
        subscription = arguments.pop(0)
    if len(arguments) < 2:
        raise Fault(f"{node.function} takes a type and names")
    return _id_of(joined(["/subscriptions/", subscription]), arguments[0], arguments[1:], frame)


def _tenant_id(node: Call, frame: Frame) -> Value:
    arguments = _plain_arguments(node, frame)
    if len(arguments) < 2:
        raise Fault(f"{node.function} takes a type and names")
    return _id_of("", arguments[0], arguments[1:], frame)


def _management_group_id(node: Call, frame: Frame) -> Value:
    arguments = _plain_arguments(node, frame)
    group: Value = frame.unknown("the management group is told when it is deployed")
    if arguments and not _is_type(arguments[0]):
        group = arguments.pop(0)
    if len(arguments) < 2:
        raise Fault(f"{node.function} takes a type and names")
    base = joined(["/providers/Microsoft.Management/managementGroups/", group])
    return _id_of(base, arguments[0], arguments[1:], frame)


def _extension_id(node: Call, frame: Frame) -> Value:
    arguments = _plain_arguments(node, frame)
    if len(arguments) < 3:
        raise Fault(f"{node.function} takes an id, a type and names")
    return _id_of(arguments[0], arguments[1], arguments[2:], frame)


def named_resource(text: Value, frame: Frame) -> Instance | None:
    """The resource that an id, a name or ``type/name`` stands for, where the files declare it."""
    deployment = frame.deployment
    if isinstance(text, Unknown) and text.ref is not None and not text.ref.is_variable:
        return deployment.run.declared.get(text.ref.address)
    whole = shown(text)
    if PROVIDERS in whole:
        whole = whole.rpartition(PROVIDERS)[2]
    space, *steps = whole.split("/")
    if "." in space and len(steps) >= 2:
        if len(steps) % 2 == 0 and (found := deployment.find("/".join([space, *steps[::2]]), "/".join(steps[1::2]))):
            return found
        half = (len(steps) + 1) // 2
        return deployment.find("/".join([space, *steps[:half]]), "/".join(steps[half:]))
    return deployment.symbol(whole) or deployment.find_by_name(whole)


def _reference(node: Call, frame: Frame) -> Value:
    """``reference(id, [version], ['Full'])``: what a resource tells once it is deployed."""
    if not node.arguments:
        raise Fault("reference takes the id or name of a resource")
    target = value(node.arguments[0], frame)
    full = len(node.arguments) > 2 and str(plain(value(node.arguments[2], frame))).lower() == "full"
    instance = target.instance if isinstance(target, Handle) else named_resource(target, frame)
    if instance is None:
        reason = f"{brief(target)} is known once it is deployed"
        return frame.unknown(reason, plain(target))
    return Handle(instance) if full else member(Handle(instance), "properties")


def _references(node: Call, frame: Frame) -> Value:
    return frame.unknown("what references() finds is known once it is deployed", *_plain_arguments(node, frame))


# -- scopes ----------------------------------------------------------------------------------------


def _resource_group(node: Call, frame: Frame) -> Value:
    arguments = _plain_arguments(node, frame)
    deployment = frame.deployment
    if not arguments:
        return deployment.place.group_value(frame)
    subscription = arguments[0] if len(arguments) > 1 else deployment.place.subscription
    found = deployment.find("Microsoft.Resources/resourceGroups", shown(arguments[-1]))
    if found is not None:
        return Handle(found)
    return group_of(subscription, arguments[-1], frame)


def _subscription(node: Call, frame: Frame) -> Value:
    arguments = _plain_arguments(node, frame)
    subscription = arguments[0] if arguments else frame.deployment.place.subscription
    return {
        "id": joined(["/subscriptions/", subscription]),
        "subscriptionId": subscription,
        "tenantId": frame.unknown("the tenant is told when it is deployed"),
        "displayName": frame.unknown("the name of the subscription is told when it is deployed"),
    }


def _management_group(node: Call, frame: Frame) -> Value:
    arguments = _plain_arguments(node, frame)
    name = arguments[0] if arguments else frame.unknown("the management group is told when it is deployed")
    return {
        "id": joined(["/providers/Microsoft.Management/managementGroups/", name]),
        "name": name,
        "type": "Microsoft.Management/managementGroups",
        "properties": frame.unknown("the properties of the management group are told when it is deployed"),
    }


def _tenant(_: Call, frame: Frame) -> Value:
    unknown = frame.unknown("the tenant is told when it is deployed")
    return {"tenantId": unknown, "id": "/", "countryCode": unknown, "displayName": unknown}


def _deployment(_: Call, frame: Frame) -> Value:
    place = frame.deployment.place
    return {
        "name": frame.deployment.shown_name(),
        "location": place.deployment_location(frame),
        "properties": {
            "mode": frame.unknown("the mode of the deployment is told when it is deployed"),
            "templateLink": {"uri": joined([KEPT, f"/{frame.deployment.template.name}"], KEPT.reason)},
        },
        "id": frame.unknown("the id of the deployment is told when it is deployed"),
        "scope": frame.unknown("the scope of the deployment is told when it is deployed"),
    }


def _told(reason: str) -> Special:
    return lambda _, frame: frame.unknown(reason)


def _uri(node: Call, frame: Frame) -> Value:
    """``uri(base, relative)``; of the address that a template comes from, the path to another template."""
    base, *rest = _plain_arguments(node, frame)
    if len(rest) != 1:
        raise Fault("uri takes an address and what is relative to it")
    if isinstance(base, Unknown) and base.parts[:1] == (KEPT,) and len(base.parts) == 2 and isinstance(rest[0], str):
        return joined([KEPT, urljoin(str(base.parts[1]), rest[0])], KEPT.reason)
    return unknown_from([base, *rest]) if not is_known([base, *rest]) else urljoin(base, rest[0])


# -- files -----------------------------------------------------------------------------------------


def _loaded(node: Call, frame: Frame) -> str | Unknown:
    path = plain(value(node.arguments[0], frame)) if node.arguments else None
    if not isinstance(path, str):
        raise Fault(f"{node.function} takes a path")
    deployment = frame.deployment
    reading, span = deployment.run.reading, deployment.span(frame.at)
    text = reading.text(reading.path_of(path, deployment.template.name), span)
    return frame.unknown(f"{path} is not read") if text is None else text


def _load_text(node: Call, frame: Frame) -> Value:
    return _loaded(node, frame)


def _load_base64(node: Call, frame: Frame) -> Value:
    return ENCODING["base64"].value(_loaded(node, frame))


def _load_json(node: Call, frame: Frame) -> Value:
    text = _loaded(node, frame)
    if isinstance(text, Unknown):
        return text
    try:
        found = plain_data(read_json(text))
    except Refused as refused:
        raise Fault(f"{node.function}: {refused}") from None
    return _selected(found, node.arguments[1:2], frame)


def _load_yaml(node: Call, frame: Frame) -> Value:
    from scanner.parsers.positioned_yaml import read_yaml

    text = _loaded(node, frame)
    if isinstance(text, Unknown):
        return text
    documents = read_yaml(text.encode(), "").documents
    if not documents:
        raise Fault(f"{node.function}: the file is not valid YAML")
    return _selected(documents[0].data, node.arguments[1:2], frame)


def _selected(found: Value, path: tuple[Expression, ...], frame: Frame) -> Value:
    """The part of a file that a simple path (``$.a.b``) names."""
    wanted = value(path[0], frame) if path else ""
    if not isinstance(wanted, str) or any(mark in wanted for mark in "[*?@"):
        return frame.unknown("a part of the file is taken by a path that is not followed here")
    for step in wanted.removeprefix("$").split("."):
        found = member(found, step) if step else found
    return found


PLACES: Final[dict[str, Special]] = {
    "resourceid": _resource_id,
    "subscriptionresourceid": _subscription_id,
    "tenantresourceid": _tenant_id,
    "managementgroupresourceid": _management_group_id,
    "extensionresourceid": _extension_id,
    "reference": _reference,
    "references": _references,
    "uri": _uri,
    "resourcegroup": _resource_group,
    "subscription": _subscription,
    "managementgroup": _management_group,
    "tenant": _tenant,
    "deployment": _deployment,
    "deployer": _told("who deploys is told when it is deployed"),
    "environment": _told("the cloud is told when it is deployed"),
    "providers": _told("what a provider of resources offers is told when it is deployed"),
    "getsecret": _told("the value is kept in a key vault"),
    "readenvironmentvariable": _told("a variable of the environment is told when it is deployed"),
    "externalinput": _told("an input from outside is told when it is deployed"),
    "loadtextcontent": _load_text,
    "loadfileasbase64": _load_base64,
    "loadjsoncontent": _load_json,
    "loadyamlcontent": _load_yaml,
}
"""Functions by name in small letters."""
