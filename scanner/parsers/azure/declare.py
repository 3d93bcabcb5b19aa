"""Deployments → declarations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scanner.model.problem import ProblemKind
from scanner.model.resource import Declaration, ProviderContext
from scanner.model.value import Value
from scanner.parsers.azure.bodies import Body, PlacesOf
from scanner.parsers.azure.deployment import Deployment
from scanner.parsers.azure.instance import Instance
from scanner.parsers.azure.modules import pass_over
from scanner.parsers.azure.reports import Fault
from scanner.parsers.azure.same import merged, same

PLATFORM: Final = "arm"


def declarations(deployment: Deployment, root: str) -> Iterator[Declaration]:
    """Everything that a deployment deploys, with what its modules deploy.

    All resources of a template are known by name before the first is evaluated: any may refer to any.
    """
    deployments = list(_deployments(deployment))
    instances = (each for deployed in deployments for each in _instances(deployed) if each.exists is not False)
    found = [_declaration(instance, root) for instance in instances]
    yield from merged(found, same(deployment.run.registry))


def _deployments(deployment: Deployment) -> Iterator[Deployment]:
    """A deployment and those inside of it, in the order of the files."""
    yield deployment
    for instance in _instances(deployment):
        if instance.declared.module is None:
            continue
        if instance.exists is False:
            pass_over(instance)
        elif (inner := instance.inside()) is not None:
            yield from _deployments(inner)


def _instances(deployment: Deployment) -> list[Instance]:
    found: list[Instance] = []
    run = deployment.run
    try:
        for each in deployment.every():
            if each.counted is None:
                each.counted = run.counted_resource(each.span)
            if each.counted:
                found.append(each)
    except Fault as fault:
        span = deployment.span((1, 1, 1, 1))
        run.reading.report(span, ProblemKind.UNRESOLVED, f"some resources are not declared: {fault}")
    return found


def _declaration(instance: Instance, root: str) -> Declaration:
    body, deployment = Body(instance), instance.deployment
    try:
        body.read()
        depends = body.depends_on()
    except RecursionError:
        depends = ()
        deployment.run.reading.report(instance.span, ProblemKind.LIMIT, "its expressions lead too far")
    subscription = deployment.place.subscription
    known: dict[str, Value] = {"subscription_id": subscription} if isinstance(subscription, str) else {}
    if deployment.template.scope == "resourceGroup":
        known["resource_group"] = deployment.place.group
    module = deployment.owner.id if deployment.owner is not None else ""
    return Declaration(
        id=instance.id,
        type=instance.type,
        name=instance.name_shown,
        platform=PLATFORM,
        span=instance.span,
        attributes=body.attributes,
        places=PlacesOf(instance, body.ats, body.written),
        references=tuple(sorted(body.references, key=lambda r: (r.path, r.target, r.target_path, r.span))),
        provider=ProviderContext("azurerm", "", known, None, True),
        exists=instance.exists,
        root=root,
        module=module,
        mode=_mode(instance),
        depends_on=depends,
        written="" if deployment.template.dialect == PLATFORM else deployment.template.dialect,
    )


def _mode(instance: Instance) -> str:
    if instance.declared.module is not None:
        return "module"
    return "data" if instance.declared.existing else "managed"
