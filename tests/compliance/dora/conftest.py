"""Reports with outages, of the examples and of a small estate whose tables are worked out by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest

from scanner.compliance.frameworks import frameworks
from scanner.config import Config, load_config
from scanner.model.assessment import Framework
from scanner.model.report import Report
from scanner.pipeline import scan
from scanner.simulation.incidents import load_incidents

EXAMPLES = Path(__file__).parents[3] / "examples"

SMALL = {
    "main.tf": """\
provider "aws" {
  region              = "eu-west-1"
  allowed_account_ids = ["111122223333"]
}

provider "google" {
  project = "payments"
  region  = "europe-west4"
}

resource "aws_instance" "pay" {
  ami               = "ami-1"
  availability_zone = "eu-west-1a"
}

resource "google_compute_instance" "pay" {
  name = "pay"
  zone = "europe-west4-a"
}

resource "aws_instance" "sign" {
  ami               = "ami-1"
  availability_zone = "eu-west-1a"
  user_data         = <<-EOT
    ETH_RPC_URL=https://mainnet.infura.io/v3/key
    LINEA_RPC_URL=https://rpc.linea.build
    FIREBLOCKS_BASE_PATH=https://api.fireblocks.io/v1
  EOT
}

resource "aws_kms_key" "wallet" {}

resource "aws_s3_bucket" "books" {}
""",
    ".riskscan.yaml": """\
version: 1
services:
  - name: pay
    entry: [aws_instance.pay, google_compute_instance.pay]
    criticality: critical
  - name: sign
    entry: [aws_instance.sign, aws_kms_key.wallet, aws_s3_bucket.books]
    threshold: all
custody:
  - name: wallet
    entry: [aws_kms_key.wallet]
""",
}
"""Two services on two clouds, two names of one owner, one custodian, one key."""


def scanned(folder: Path) -> Report:
    """The report of a folder with its own configuration, outages included."""
    file = folder / ".riskscan.yaml"
    config = load_config(file) if file.exists() else Config()
    return scan([folder], config, load_incidents().values())


@cache
def _example(name: str) -> Report:
    return scanned(EXAMPLES / name)


@pytest.fixture
def example() -> Callable[[str], Report]:
    """The report of an example, made once for all tests."""
    return _example


@pytest.fixture
def dora() -> Framework:
    """The framework that asks for every table."""
    return frameworks()["dora"]


@pytest.fixture
def estate_of(tmp_path: Path) -> Callable[[Mapping[str, str]], Report]:
    """The report of some files."""

    def call(files: Mapping[str, str]) -> Report:
        for name, content in files.items():
            (tmp_path / name).write_text(content, encoding="utf-8")
        return scanned(tmp_path)

    return call


@pytest.fixture
def small(estate_of: Callable[[Mapping[str, str]], Report]) -> Report:
    """The report of the small estate."""
    return estate_of(SMALL)
