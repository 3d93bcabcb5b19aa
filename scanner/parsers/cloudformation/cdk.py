"""What `cdk synth` writes: a manifest that names the stacks, their templates and where each is deployed.

https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/cloud-assembly-schema/lib/cloud-assembly/schema.ts
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

from scanner.model.problem import ProblemKind
from scanner.model.span import Span
from scanner.parsers.cloudformation.fields import Field, Origin
from scanner.parsers.cloudformation.reading import Reading, root_of
from scanner.parsers.positioned_yaml import Document

_STACK: Final = "aws:cloudformation:stack"
_ENVIRONMENT: Final = re.compile(r"aws://([^/]+)/([^/]+)")
_AGNOSTIC: Final = frozenset({"unknown-account", "unknown-region"})


class CdkStack(Struct, frozen=True):
    """One stack of a manifest. ``path`` is its template; account and region are ``None`` for any."""

    artifact: str
    path: str
    name: str
    account: str | None
    region: str | None
    parameters: dict[str, Field]
    span: Span


def is_manifest(data: Any) -> bool:
    """Whether data is a cloud assembly's manifest."""
    return isinstance(data, dict) and isinstance(data.get("artifacts"), dict) and "version" in data


def stacks(document: Document, path: str, reading: Reading) -> Iterator[CdkStack]:
    """The stacks of a manifest; those of nested assemblies have manifests of their own."""
    name = reading.name_of(path)
    folder = posixpath.dirname(path)
    for artifact, about in document.data["artifacts"].items():
        if not isinstance(about, dict) or about.get("type") != _STACK:
            continue
        at = f"artifacts.{artifact}"
        span = document.places.get(at, document.span)
        properties = about.get("properties")
        file = properties.get("templateFile") if isinstance(properties, dict) else None
        if not isinstance(properties, dict) or not isinstance(file, str):
            reading.report(span, ProblemKind.INVALID, f"the stack {artifact} names no template")
            reading.partly.add(name)
            continue
        account, region = _environment(about.get("environment"))
        yield CdkStack(
            artifact,
            posixpath.normpath(posixpath.join(folder, file)),
            str(properties.get("stackName") or artifact),
            account,
            region,
            _parameters(properties.get("parameters"), document, name),
            span,
        )


def _environment(text: Any) -> tuple[str | None, str | None]:
    found = _ENVIRONMENT.fullmatch(text) if isinstance(text, str) else None
    account, region = (found[1], found[2]) if found else (None, None)
    return (None if account in _AGNOSTIC else account), (None if region in _AGNOSTIC else region)


def _parameters(given: Any, document: Document, name: str) -> dict[str, Field]:
    """What the app gives to the stack's parameters. The empty text that stands for no asset is none."""
    texts = {key: value for key, value in given.items() if isinstance(value, str)} if isinstance(given, dict) else {}
    return {key: Field(value, root_of(document), Origin(name)) for key, value in texts.items() if value}
