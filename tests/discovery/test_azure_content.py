"""What a file of JSON is, by what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.discovery.content import format_by_content

_SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # The schemas of https://learn.microsoft.com/azure/azure-resource-manager/templates/syntax#template-format
        (f'{{"$schema": "{_SCHEMA}deploymentTemplate.json#", "resources": []}}', "arm"),
        (f'{{"$schema": "{_SCHEMA}subscriptionDeploymentTemplate.json#"}}', "arm"),
        (f'{{"$schema": "{_SCHEMA}managementGroupDeploymentTemplate.json#"}}', "arm"),
        (f'{{"$schema": "{_SCHEMA}tenantDeploymentTemplate.json#"}}', "arm"),
        (f'{{"$schema": "{_SCHEMA}deploymentParameters.json#"}}', "arm-parameters"),
        (
            f'// "x": {{\n{{ /* {{ */ "contentVersion": "1", "$schema" : "{_SCHEMA.replace("https", "http")}deploymentTemplate.json#"}}',
            "arm",
        ),
        # a policy that deploys a template holds one; it is none
        (f'{{"properties": {{"template": {{"$schema": "{_SCHEMA}deploymentTemplate.json#"}}}}}}', None),
        (f'{{"a": "$schema", "b": "{_SCHEMA}deploymentTemplate.json#"}}', None),
        (f'[{{"$schema": "{_SCHEMA}deploymentTemplate.json#"}}]', None),
        (
            '{"$schema": "https://schema.management.azure.com/schemas/0.1.2-preview/CreateUIDefinition.MultiVm.json#"}',
            None,
        ),
    ],
)
def test_templates_of_azure_are_told_by_their_own_schema(tmp_path: Path, text: str, expected: str | None) -> None:
    for ending in (".json", ".jsonc"):
        path = tmp_path / f"any{ending}"
        path.write_text(text)
        assert format_by_content(path) == expected
