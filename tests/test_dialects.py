"""The same architecture in several dialects gives the same findings and the same coefficients.

Live accounts are compared in ``parsers/aws_live/test_architectures.py``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "architectures"))

from dialects import ARCHITECTURES, FOLDER, coefficients, judged, kinds, of_template, of_terraform

from scanner.config import Config
from scanner.pipeline import scan


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_clouds_own_language_and_terraform_are_judged_alike(architecture: str) -> None:
    terraform, template = of_terraform(architecture), of_template(architecture)
    assert not [p for p in (*terraform.problems, *template.problems) if p.kind.incomplete]
    assert kinds(template) == kinds(terraform)
    assert judged(template) == judged(terraform)
    assert coefficients(template) == coefficients(terraform)


@pytest.mark.parametrize("architecture", [name for name in ARCHITECTURES if (FOLDER / name / "main.json").exists()])
def test_templates_of_json_are_judged_as_those_of_bicep(architecture: str) -> None:
    bicep, template = of_template(architecture), scan([FOLDER / architecture / "main.json"], Config())
    assert not [p for p in template.problems if p.kind.incomplete]
    assert kinds(template) == kinds(bicep)
    assert judged(template) == judged(bicep)
    assert coefficients(template) == coefficients(bicep)
