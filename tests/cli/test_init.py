"""``riskscan init``: what it writes is a configuration, with and without its comments."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from scanner.cli.init import TEMPLATE
from scanner.config import SCHEMA_PATH, Config, load_config
from scanner.config_file import read_yaml, violations

pytestmark = pytest.mark.usefixtures("scan")

SCHEMA = json.loads(SCHEMA_PATH.read_text())


def test_it_writes_a_configuration_once(riskscan: Callable[..., Any], tmp_path: Path) -> None:
    result = riskscan("init")
    assert (result.code, result.out) == (0, "")
    file = tmp_path / ".riskscan.yaml"
    assert replace(load_config(file), places={}) == Config(file=file, root=tmp_path)
    file.write_text("fail_on: low\n")
    result = riskscan("init")
    assert result.code == 2
    assert ".riskscan.yaml exists; --force overwrites it" in result.err
    assert file.read_text() == "fail_on: low\n"
    assert riskscan("init", "--force").code == 0
    assert file.read_text() == TEMPLATE


def test_the_other_spelling_counts_as_existing(riskscan: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / ".riskscan.yml").touch()
    assert riskscan("init", "sub").code == 2
    assert riskscan("init", "nowhere").code == 2


def test_every_commented_part_is_valid_and_every_key_is_shown() -> None:
    # "# key:" and what is indented below it become YAML; sentences stay comments.
    uncommented = re.sub(r"(?m)^# (?=[a-z_]+:(?: \S+)?$|  )", "", TEMPLATE)
    document = read_yaml(uncommented, "template").data
    assert violations(document, SCHEMA) == []
    assert set(document) == set(SCHEMA["properties"])
