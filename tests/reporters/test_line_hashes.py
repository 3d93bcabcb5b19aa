"""``primaryLocationLineHash`` of scanned files is what GitHub computes from their bytes.

``upload-sarif`` reads the file as UTF-8, keeps a mark of byte order, and ends lines at LF, CR LF and CR
(https://github.com/github/codeql-action/blob/main/src/fingerprints.ts). Another value makes it warn at each result.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from scanner.model.report import Report
from scanner.reporters.sarif import render

TERRAFORM: Final = 'resource "aws_db_instance" "d" {\n  engine = "postgres"\n  multi_az = false\n}\n'
TEMPLATE: Final = (
    'AWSTemplateFormatVersion: "2010-09-09"\nResources:\n  Db:\n    Type: AWS::RDS::DBInstance\n'
    "    Properties:\n      Engine: postgres\n      MultiAZ: false\n"
)
OBJECTS: Final = (
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\nspec:\n  replicas: 1\n"
    "  selector: {matchLabels: {app: api}}\n  template:\n    metadata: {labels: {app: api}}\n"
    "    spec: {containers: [{name: api, image: api}]}\n---\n"
    "apiVersion: v1\nkind: Service\nmetadata: {name: api}\nspec: {selector: {app: api}}\n"
)
BICEP: Final = (
    "resource kv 'Microsoft.KeyVault/vaults@2023-07-01' = {\n  name: 'kv'\n  location: 'japaneast'\n  properties: {\n"
    "    tenantId: subscription().tenantId\n    sku: { family: 'A', name: 'standard' }\n  }\n}\n"
)
COMPOSE: Final = "name: app\nservices:\n  api:\n    image: nginx:1.27\n    container_name: api\n"
FILES: Final = {
    "main.tf": TERRAFORM,
    "t.yaml": TEMPLATE,
    "a.yaml": OBJECTS,
    "main.bicep": BICEP,
    "compose.yaml": COMPOSE,
}


def github(text: str) -> list[str]:
    """Each line's hash by the definition: the 100 units from its start that are no blank, zeros after the end."""
    kept = "".join(c for c in text.replace("\r\n", "\n").replace("\r", "\n") if c not in " \t")
    units = [*array("H", kept.encode("utf-16-le")), 0xFFFF]
    starts = [0] + [i + 1 for i, unit in enumerate(units) if unit == 10]
    seen: dict[int, int] = {}
    hashes = []
    for start in starts:
        value = 0
        for unit in (units[start:] + [0] * 100)[:100]:
            value = (value * 37 + unit) % 2**64
        seen[value] = seen.get(value, 0) + 1
        hashes.append(f"{value:x}:{seen[value]}")
    return hashes


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "form",
    [
        lambda text: text,
        lambda text: text.rstrip("\n"),
        lambda text: text + "\n\n",
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text,
        lambda text: f"{'//' if 'resource kv' in text else '#'} h\u00e9\U0001d11e\n{text}",
    ],
    ids=["plain", "no last line feed", "empty lines", "CR LF", "mark of byte order", "accents"],
)
def test_of_files_in_every_form(
    name: str, form: Callable[[str], str], report_of: Callable[..., Report], tmp_path: Path
) -> None:
    report = report_of({name: form(FILES[name]).encode()}, environments={"production": ("**",)})
    results = json.loads(render(report))["runs"][0]["results"]
    assert results
    expected = github((tmp_path / name).read_bytes().decode())
    for result in results:
        line = result["locations"][0]["physicalLocation"]["region"]["startLine"]
        assert result["partialFingerprints"]["primaryLocationLineHash"] == expected[line - 1]
