"""The architectures that are written in several dialects, and what of their reports has to be the same.

``tests/fixtures/dialects`` holds each architecture in Terraform and in the cloud's own language, written side by side
from the documentation of both. The names of resources differ, so findings are compared by rule, outcome and the kind
of the resource.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from scanner.config import Config
from scanner.model.report import Report
from scanner.pipeline import scan

FOLDER = Path(__file__).parents[1] / "fixtures" / "dialects"
ARCHITECTURES = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())
REGIONS = {
    "aws-cache": "us-east-1",
    "aws-cluster": "us-west-2",
    "aws-dns": "eu-central-1",
    "aws-key": "ap-northeast-1",
    "aws-one-zone": "ap-northeast-1",
    "aws-queue": "eu-west-1",
    "aws-stream": "eu-west-1",
    "aws-two-zones": "eu-central-1",
}
"""Where the templates are deployed: they do not say, as Terraform's provider blocks do."""
BESIDES = {"glue", "other", "resource_group", "state_backend"}
"""Kinds of what only one of the languages declares: where Terraform keeps its state, the resource group that a Bicep
file is deployed to, and glue (an attachment may be an attribute elsewhere)."""


def of_terraform(architecture: str) -> Report:
    return scan([FOLDER / architecture / "main.tf"], Config())


def of_template(architecture: str) -> Report:
    name = "template.yaml" if architecture.startswith("aws-") else "main.bicep"
    return scan([FOLDER / architecture / name], Config(region=REGIONS.get(architecture, "")))


def judged(report: Report) -> Counter[tuple[str, ...]]:
    resources = {resource.id: resource for resource in report.resources}
    found = ((f, resources.get(f.resource)) for f in report.findings)
    return Counter(
        (finding.rule, finding.outcome.value, resource.kind if resource is not None else "estate")
        for finding, resource in found
        if resource is None or resource.kind not in BESIDES
    )


def coefficients(report: Report) -> list[tuple[str, str, tuple[tuple[str, int | None], ...]]]:
    found = [(s.kind, str(s.criticality), tuple(sorted(s.coefficients.items()))) for s in report.services]
    return sorted(found, key=str)


def kinds(report: Report) -> Counter[str]:
    return Counter(resource.kind for resource in report.resources if resource.kind not in BESIDES)
