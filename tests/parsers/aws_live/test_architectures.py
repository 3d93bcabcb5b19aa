"""The architectures of ``tests/fixtures/dialects`` as accounts are judged as Terraform's files are.

What differs in an account by its nature (default networks, members of scaling groups, records that Route 53 writes) the
tables of ``services/`` tell apart. Findings compare by rule, outcome and kind, as in ``tests/test_dialects.py``.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

import accounts
import pytest
from dialects import FOLDER, REGIONS, coefficients, judged, kinds, of_terraform
from moto_server import NOT_THERE

from scanner.config import Config
from scanner.model.report import Report
from scanner.parsers.aws_live import collecting
from scanner.parsers.aws_live.access import Wanted
from scanner.parsers.aws_live.project import read_account
from scanner.parsers.aws_live.specification import listings
from scanner.pipeline import scan_account

PLANNED = {"RS624", "RS713"}
"""Judge what Terraform's next plan may destroy (``prevent_destroy``); an account knows of no plan."""


@pytest.fixture(autouse=True)
def _plain_moto(monkeypatch: pytest.MonkeyPatch) -> None:
    """Moto gives each account the snapshots of a thousand public images, and looks for the code of functions."""
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    monkeypatch.setenv("VALIDATE_LAMBDA_S3", "false")


def live(architecture: str, cloud: Any, monkeypatch: pytest.MonkeyPatch) -> Report:
    region, template = REGIONS[architecture], FOLDER / architecture / "template.yaml"
    accounts.make(template, partial(cloud.client, region=region))
    asked = tuple(each for each in listings() if each.service in accounts.services(template))
    monkeypatch.setattr(collecting, "listings", lambda: asked)
    read = partial(read_account, Wanted(regions=(region,)), None, "", lambda *_: None)
    return scan_account(read, lambda parsed: {"aws": parsed.roots}, Config(region=region))


def without(findings: Counter[tuple[str, ...]]) -> Counter[tuple[str, ...]]:
    return Counter({found: count for found, count in findings.items() if found[0] not in PLANNED})


@pytest.mark.parametrize("architecture", sorted(REGIONS))
def test_an_account_and_terraform_are_judged_alike(
    architecture: str, cloud: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    account, terraform = live(architecture, cloud, monkeypatch), of_terraform(architecture)
    assert not [p for p in account.problems if p.kind.incomplete and NOT_THERE not in p.message]
    assert kinds(account) == kinds(terraform)
    assert without(judged(account)) == without(judged(terraform))
    assert coefficients(account) == coefficients(terraform)
