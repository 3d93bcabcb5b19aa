"""What runs only while something is deployed."""

from __future__ import annotations

from typing import Final

from scanner.graph.graph import Graph
from scanner.model.resource import Resource

_DEPLOYING: Final = frozenset(
    {"AWS::CloudFormation::CustomResource", "AWS::CloudFormation::LambdaHook", "AWS::CloudFormation::Macro"}
)


def deploys(resource: Resource, graph: Graph) -> bool:
    """Whether CloudFormation calls it while it deploys a stack, which nobody waits for afterwards.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources.html
    """
    callers = (graph.resources[edge.source] for edge in graph.incoming.get(resource.id, ()))
    return resource.kind == "function" and any(caller.type in _DEPLOYING for caller in callers)
