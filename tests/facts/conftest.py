"""Facts about Kubernetes objects, asked of manifests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scanner.facts import FACTS, Answer
from scanner.model.rule import ESTATE
from scanner.model.value import Unknown
from scanner.pipeline import Estate
from scanner.rules.evaluate import estate


@pytest.fixture
def told(estate_of: Callable[..., Estate]) -> Callable[..., Any]:
    """What a fact says of an object of manifests: its value, ``"unknown"``. Without an object, of the estate."""

    def call(files: Any, fact: str, resource: str = ESTATE) -> Any:
        graph = estate_of({"a.yaml": files} if isinstance(files, str) else files).graph
        found = FACTS[fact].compute(estate(graph) if resource == ESTATE else graph.resources[resource], graph)
        value = found.value if isinstance(found, Answer) else found
        return "unknown" if isinstance(value, Unknown) else value

    return call
