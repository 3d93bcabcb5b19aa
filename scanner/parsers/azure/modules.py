"""Modules, linked and nested templates: deployments inside of deployments."""

from __future__ import annotations

import os
from typing import Final

from scanner.model.problem import ProblemKind
from scanner.model.value import Unknown, Value
from scanner.parsers.azure.deployment import Deployment
from scanner.parsers.azure.evaluate import Handle, plain, safe_value
from scanner.parsers.azure.instance import Instance
from scanner.parsers.azure.limits import MAX_DEPLOYMENT_DEPTH
from scanner.parsers.azure.place import KEPT, Place
from scanner.parsers.azure.texts import brief, shown
from scanner.parsers.azure.tree import Module, Template

REMOTE: Final = ("br:", "br/", "ts:", "ts/", "http:", "https:", "oci:")
"""How the names of templates begin that are kept elsewhere."""


def deployed(instance: Instance) -> Deployment | None:
    """The deployment of what a module or nested template deploys; none, with a problem, when it cannot be read."""
    module, outer = instance.declared.module, instance.deployment
    run = outer.run
    if module is None or not run.counted_deployment(instance.span) or _too_deep(instance):
        return None
    template = module.template or _file(instance, module)
    if template is None:
        return None
    entries = module.parameters.named() if module.parameters is not None else []
    given = {key.lower(): (e.value, instance.frame.moved(e.at)) for key, e in entries}
    whole = (module.given, instance.frame.moved(module.at)) if module.given is not None else None
    return Deployment(
        run=run,
        template=template,
        prefix=f"{instance.id}.",
        given=given,
        place=_place(instance),
        owner=instance,
        seen=instance.frame if module.outer else None,
        everything=whole if module.parameters is None else None,
    )


def _too_deep(instance: Instance) -> bool:
    depth, owner = 0, instance.deployment.owner
    while owner is not None:
        depth, owner = depth + 1, owner.deployment.owner
    if depth >= MAX_DEPLOYMENT_DEPTH:
        message = f"deployments nest deeper than {MAX_DEPLOYMENT_DEPTH} levels"
        instance.deployment.run.reading.report(instance.span, ProblemKind.LIMIT, message)
    return depth >= MAX_DEPLOYMENT_DEPTH


def pass_over(instance: Instance) -> None:
    """Note the template of a module that is certainly not deployed: it is a part of this one all the same."""
    reading, run = instance.deployment.run.reading, instance.deployment.run
    run.guesses += 1
    path, _ = _path(instance)
    run.guesses -= 1
    if path is not None:
        reading.reached.add(reading.name_of(path))


def _file(instance: Instance, module: Module) -> Template | None:
    """The template of a local file."""
    path, fault = _path(instance)
    if path is not None:
        return _read(instance, path, module)
    instance.deployment.run.reading.report(instance.deployment.span(module.at), ProblemKind.MODULE, fault)
    return None


def _path(instance: Instance) -> tuple[str | None, str]:
    """The path of the template that a module names, or why there is none."""
    module, reading = instance.declared.module, instance.deployment.run.reading
    if module is None or module.path is None:
        return None, "it names no template"
    path = safe_value(module.path, instance.frame.moved(module.at))
    if isinstance(path, Unknown) and path.parts[:1] == (KEPT,) and len(path.parts) == 2:
        within = str(path.parts[1]).lstrip("/").partition("?")[0]
        return os.path.normpath(reading.options.base / within), ""
    if not isinstance(path, str):
        return None, f"which template is deployed is not known: {brief(path)}"
    if not path or path.startswith((*REMOTE, "/")):
        return None, f"the template {path or 'that is linked'} is not on this machine"
    return reading.path_of(path, instance.deployment.template.name), ""


def _read(instance: Instance, full: str, module: Module) -> Template | None:
    """The template of a file, unless it is one of those that lead here."""
    reading, span = instance.deployment.run.reading, instance.deployment.span(module.at)
    owner: Instance | None = instance
    while owner is not None:
        if full == _path_of(owner.deployment):
            reading.report(span, ProblemKind.UNRESOLVED, f"{reading.name_of(full)} deploys itself")
            return None
        owner = owner.deployment.owner
    template = reading.template(full, span)
    if template is not None:
        reading.reached.add(template.name)
    return template


def _path_of(deployment: Deployment) -> str:
    reading = deployment.run.reading
    return reading.path_of(deployment.template.name.rpartition("/")[2], deployment.template.name)


def _place(instance: Instance) -> Place:
    """Where a module is deployed: its scope, else where the template around it is."""
    around, frame = instance.deployment.place, instance.frame
    body = instance.declared.body
    location = body.entry("location")
    told = plain(safe_value(location.value, frame.moved(location.at))) if location is not None else None
    subscription, group, declared = around.subscription, around.group, around.declared
    scope = body.entry("scope")
    if (entry := body.entry("subscriptionId")) is not None:
        subscription = plain(safe_value(entry.value, frame.moved(entry.at)))
    if (entry := body.entry("resourceGroup")) is not None:
        group = plain(safe_value(entry.value, frame.moved(entry.at)))
        declared = instance.deployment.find("Microsoft.Resources/resourceGroups", shown(group))
    elif scope is not None:
        found = safe_value(scope.value, frame.moved(scope.at))
        subscription, group, declared = _scoped(found, around)
    return Place(subscription, group, declared, around.region, told)


def _scoped(scope: Value, around: Place) -> tuple[Value, Value, Instance | None]:
    match scope:
        case Handle():
            return around.subscription, scope.instance.name, scope.instance
        case {"type": "Microsoft.Resources/resourceGroups"}:
            return scope["subscriptionId"], scope["name"], None
        case {"subscriptionId": _}:
            return scope["subscriptionId"], around.group, None
        case Unknown():
            return scope.derived(), scope.derived(), None
        case _:
            return around.subscription, around.group, around.declared
