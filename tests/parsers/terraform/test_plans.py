"""Evaluation against what Terraform itself plans (recorded by record_plans.py)."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from scanner.discovery import discover
from scanner.model.value import Value
from scanner.parsers.terraform.folders import InputFile
from scanner.parsers.terraform.options import TerraformOptions
from scanner.parsers.terraform.project import TerraformResult, read

HERE = Path(__file__).parent
CASES: dict[str, dict[str, Any]] = yaml.safe_load((HERE / "plan_cases.yaml").read_text(encoding="utf-8"))
ORACLE: dict[str, dict[str, Any]] = json.loads((HERE / "plan_oracle.json").read_text(encoding="utf-8"))


def evaluated(case: dict[str, Any], folder: Path) -> TerraformResult:
    for name, text in case["files"].items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    arguments = case.get("arguments", [])
    pairs = list(zip(arguments[::2], arguments[1::2], strict=True))
    options = TerraformOptions(
        variables=dict(value.split("=", 1) for flag, value in pairs if flag == "-var"),
        var_files=tuple(folder / value for flag, value in pairs if flag == "-var-file"),
        environment={k.removeprefix("TF_VAR_"): v for k, v in case.get("environment", {}).items()},
        workspace="default",
    )
    found = discover([folder], 1 << 20)
    files = [InputFile(f.path, f.name, f.format == "terraform-variables") for f in found.files]
    return read(files, folder, folder, options)


def as_json(value: Value) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, list):
        return [as_json(item) for item in value]
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    return value


def test_every_case_is_recorded() -> None:
    assert CASES.keys() == ORACLE.keys()


@pytest.mark.parametrize("name", CASES)
def test_addresses_and_inputs_are_those_of_the_plan(name: str, tmp_path: Path) -> None:
    result = evaluated(CASES[name], tmp_path)
    assert [p.message for p in result.problems] == []
    found = {d.id: as_json(d.attributes.get("input")) for d in result.declarations if d.mode == "managed"}
    assert found == ORACLE[name]


def test_an_unknown_leaves_open_only_what_its_values_decide_differently(tmp_path: Path) -> None:
    """The case's module as a root of its own, where nothing sets ``enabled``: both plans have what is certain."""
    name = "counts_of_either_branch"
    module = {"main.tf": CASES[name]["files"]["label/main.tf"]}
    found = {d.id for d in evaluated({"files": module}, tmp_path).declarations}
    on, off = (
        {address.removeprefix(prefix) for address in ORACLE[name] if address.startswith(prefix)}
        for prefix in ('module.label["on"].', 'module.label["off"].')
    )
    assert {address for address in found if "[*]" not in address} == on & off
    assert {address.replace("[*]", "[0]") for address in found if "[*]" in address} == on ^ off
