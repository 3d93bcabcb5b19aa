"""``riskscan report``: from flags and files to evidence, its formats, its mistakes and its exit codes."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from scanner.compliance.frameworks import frameworks

Run = Callable[..., Any]

FILES = """\
provider "aws" {
  region = "eu-central-1"
}

resource "aws_db_instance" "ledger" {
  engine   = "postgres"
  multi_az = false
}
"""

ATTESTED = """\
version: 1
attest:
  - control: "dora:Art. 28(8)"
    claim: The exit plan was tested.
    holder: Outsourcing officer
    until: {until}
    evidence: https://wiki.example/exit-test
  - {{resource: "aws_db_instance.ledger", claim: restored-in-a-test, holder: Operations}}
"""


@pytest.fixture(autouse=True)
def estate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one database, in which the command runs."""
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_ACTIONS", "GITHUB_REPOSITORY", "CI_PROJECT_URL", "RISKSCAN_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "main.tf").write_text(FILES, encoding="utf-8")
    return tmp_path


def test_markdown_is_what_people_get(riskscan: Run) -> None:
    done = riskscan("report", "--framework", "dora")
    assert done.code == 0, done.err
    assert done.out.startswith("# Evidence relevant to EU Digital Operational Resilience Act (DORA)\n")
    assert "“aws\\_db\\_instance.ledger”" in done.out or "“aws_db_instance.ledger”" in done.out
    assert "`main.tf:7`" in done.out
    assert done.err == ""


def test_the_list_counts_the_controls(riskscan: Run) -> None:
    done = riskscan("report", "--list")
    assert done.code == 0
    lines = done.out.splitlines()
    assert len(lines) == 1 + len(frameworks())
    (dora,) = (line.split() for line in lines if line.startswith("dora "))
    assert dora[:5] == ["dora", "36", "36", "0", "0"]
    listed = json.loads(riskscan("report", "--list", "--format", "json").out)
    assert {each["id"] for each in listed} == frameworks().keys()
    assert all(each["controls"] == each["verified"] + each["partly"] + each["memory"] for each in listed)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "say which framework: --framework NAME; --list shows all"),
        (("--framework", "dorra"), "unknown framework `dorra`; did you mean `dora`?; --list shows all"),
        (("--framework", "DORA"), "unknown framework `DORA`; did you mean `dora`?"),
        (
            ("--framework", "dora", "--output", "pdf=x.pdf"),
            "is not FORMAT=FILE with FORMAT one of markdown, html, json",
        ),
        (("--framework", "dora", "--output", "html=none/x.html"), "the folder none does not exist"),
        (("--framework", "dora", "--output", "html=-", "--format", "csv"), "two reports cannot both go to stdout"),
    ],
)
def test_mistakes_are_told_before_anything_is_read(riskscan: Run, arguments: tuple[str, ...], told: str) -> None:
    done = riskscan("report", *arguments)
    assert done.code == 2
    assert told in done.err
    assert done.out == ""


def test_several_frameworks_and_files_at_once(riskscan: Run, estate: Path) -> None:
    outputs = [f"{name}={name}.out" for name in ("markdown", "html", "json", "csv")]
    flags = [word for output in outputs for word in ("--output", output)]
    done = riskscan("report", "--framework", "dora", "--framework", "nis2", "--framework", "dora", *flags)
    assert (done.code, done.out) == (0, "")
    document = json.loads((estate / "json.out").read_text(encoding="utf-8"))
    assert [each["id"] for each in document["frameworks"]] == ["dora", "nis2"]
    markdown = (estate / "markdown.out").read_text(encoding="utf-8")
    assert markdown.count("\n# Evidence relevant to ") + markdown.startswith("# ") == 2
    assert (estate / "html.out").read_text(encoding="utf-8").startswith("<!doctype html>")
    rows = csv.DictReader(StringIO((estate / "csv.out").read_text(encoding="utf-8"), newline=""))
    assert {row["framework"] for row in rows} == {"dora", "nis2"}


def test_all_frameworks(riskscan: Run) -> None:
    document = json.loads(riskscan("report", "--framework", "all", "--format", "json").out)
    assert {each["id"] for each in document["frameworks"]} == frameworks().keys()


def test_what_could_not_be_read_gives_another_exit_code(riskscan: Run, estate: Path) -> None:
    (estate / "broken.tf").write_text("resource {{{\n", encoding="utf-8")
    done = riskscan("report", "--framework", "dora", "--format", "json")
    assert done.code == 3
    assert "incomplete: 1 problem kept input from being read" in done.err
    (dora,) = json.loads(done.out)["frameworks"]
    assert all(control["evidence"]["open"] for control in dora["controls"])
    assert riskscan("report", "--framework", "dora", "--allow-incomplete").code == 0


def test_attestations_stand_beside_their_controls(riskscan: Run, estate: Path) -> None:
    (estate / ".riskscan.yaml").write_text(ATTESTED.format(until="2027-01-31"), encoding="utf-8")
    done = riskscan("report", "--framework", "dora", "--format", "json", "--today", "2026-11-27")
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert document["day"] == "2026-11-27"
    controls = {control["id"]: control for control in document["frameworks"][0]["controls"]}
    (exit_plan,) = (each for each in controls["Art. 28(8)"]["attestations"] if each["control"])
    assert exit_plan == {
        "claim": "The exit plan was tested.",
        "resource": None,
        "control": "dora:Art. 28(8)",
        "holder": "Outsourcing officer",
        "until": "2027-01-31",
        "ended": False,
        "evidence": "https://wiki.example/exit-test",
        "file": ".riskscan.yaml",
        "line": 3,
    }
    (restored,) = controls["Art. 12(1)"]["attestations"]
    assert (restored["resource"], restored["claim"]) == ("aws_db_instance.ledger", "restored-in-a-test")
    assert controls["Art. 6(3)"]["attestations"] == []


def test_an_attestation_past_its_day_is_a_problem_and_shown_with_its_holder(riskscan: Run, estate: Path) -> None:
    (estate / ".riskscan.yaml").write_text(ATTESTED.format(until="2026-01-31"), encoding="utf-8")
    done = riskscan("report", "--framework", "dora", "--today", "2026-11-27")
    assert done.code == 0
    assert "Outsourcing officer attests: The exit plan was tested. The attestation ended on 2026-01-31" in done.out
    told = "the attestation The exit plan was tested. of dora:Art. 28(8) ended on 2026-01-31; it no longer counts"
    assert told in done.out
    assert riskscan("report", "--framework", "dora", "--today", "2026-11-27", "--strict").code == 3


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (
            '{control: "dora:Art. 28(9)", claim: x}',
            ".riskscan.yaml:3:15: attest[0].control: dora has no control Art. 28(9); did you mean Art. 28(8)?",
        ),
        (
            "{control: dorra, claim: x}",
            ".riskscan.yaml:3:15: attest[0].control: there is no framework dorra; did you mean dora?",
        ),
        ("{claim: x}", "attest[0]: the key `resource` is missing or the key `control` is missing"),
        ("{control: dora, resource: a, claim: x}", "attest[0]: name a resource or a control, not both"),
        ("{control: dora, claim: x, until: soon}", "expected a day as YYYY-MM-DD"),
    ],
)
def test_a_wrong_attestation_is_told_with_its_place(riskscan: Run, estate: Path, entry: str, told: str) -> None:
    (estate / ".riskscan.yaml").write_text(f"version: 1\nattest:\n  - {entry}\n", encoding="utf-8")
    done = riskscan("report", "--framework", "dora")
    assert done.code == 2
    assert told in done.err


def test_a_pack_that_cites_an_unknown_control_is_refused(riskscan: Run, estate: Path) -> None:
    from scanner.rules.load import shipped_folder

    text = (shipped_folder() / "zone" / "database-single.yaml").read_text(encoding="utf-8")
    text = text.replace("RS101", "RS999").replace("slug: ", "slug: my-", 1).replace("Art. 12(4)", "Art. 99", 1)
    (estate / "pack").mkdir()
    (estate / "pack" / "mine.yaml").write_text(text, encoding="utf-8")
    done = riskscan("report", "--framework", "dora", "--rules", "pack")
    assert done.code == 2
    assert "rule RS999 (my-" in done.err
    assert "dora has no control Art. 99" in done.err
    tested = riskscan("rules", "test", "RS999", "--rules", "pack")
    assert tested.code == 1
    assert "dora has no control Art. 99" in tested.out
