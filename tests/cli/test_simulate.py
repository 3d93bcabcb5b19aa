"""``riskscan simulate``: from flags and files to an answer, its formats and its exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import scanner.reporters
from scanner.model.domain import SHAPES

Run = Callable[..., Any]

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").iterdir())
SCHEMA = json.loads(Path(scanner.reporters.__file__).with_name("outage_schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

FILES = """\
provider "aws" {
  region = "ap-northeast-1"
}

resource "aws_instance" "a" {
  availability_zone = "ap-northeast-1a"
}

resource "aws_instance" "c" {
  availability_zone = "ap-northeast-1c"
}
"""

CONFIG = """\
version: 1
services:
  - name: one
    entry: ["aws_instance.a"]
    criticality: critical
  - name: either
    entry: ["aws_instance.a", "aws_instance.c"]
"""

STOPPED = """\
zone:aws/ap-northeast-1a
  Of 2 services and custody items, 1 stops: one.

STOPS    one  (critical service)
    because aws_instance.a  .riskscan.yaml:3
         -> zone:aws/ap-northeast-1a  main.tf:6
    what to do: wait for the domain to return: nothing else in these files can serve

UP       either  (high service)
"""


@pytest.fixture(autouse=True)
def estate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two servers and two services in the working directory, without settings from outside."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "TF_WORKSPACE", "RISKSCAN_CONFIG", "RISKSCAN_REGION"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "main.tf").write_text(FILES, encoding="utf-8")
    (tmp_path / ".riskscan.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def answer(riskscan: Run, *flags: str) -> Any:
    result = riskscan("simulate", "--format", "json", *flags)
    assert result.code == 0, result.err
    return json.loads(result.out)


def verdicts(riskscan: Run, *flags: str) -> dict[str, str]:
    (scenario,) = answer(riskscan, *flags)["scenarios"]
    return {service["name"]: service["automatic"] for service in scenario["services"]}


# -- formats ---------------------------------------------------------------------------------------


def test_text(riskscan: Run) -> None:
    result = riskscan("simulate", "--down", "zone:aws/ap-northeast-1a")
    assert (result.code, result.out, result.err) == (0, STOPPED, "")


def test_the_place_of_the_configuration_does_not_depend_on_where_it_is_asked_from(
    riskscan: Run, estate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (estate / ".git").mkdir()
    (estate / "sub").mkdir()
    monkeypatch.chdir(estate / "sub")
    assert riskscan("simulate", "..", "--down", "zone:aws/ap-northeast-1a").out == STOPPED


def test_markdown(riskscan: Run) -> None:
    out = riskscan("simulate", "-f", "markdown", "--down", "zone:aws/ap-northeast-1a").out
    assert out == (
        "## zone:aws/ap-northeast-1a\n\n"
        "Down: `zone:aws/ap-northeast-1a`. Of 2 services and custody items, 1 stops: one.\n\n"
        "| Service | Criticality | By itself | With people | Data |\n|---|---|---|---|---|\n"
        "| one | critical | down | down | safe |\n| either | high | up | up | safe |\n\n"
        "**🔴 stops: one**\n\n"
        "1. aws\u200b_instance.a".replace("\u200b", "")
        + " `.riskscan.yaml:3`\n"
        "1. zone:aws/ap-northeast-1a `main.tf:6`\n\n"
        "What to do: wait for the domain to return: nothing else in these files can serve.\n\n"
    )


def test_json(riskscan: Run) -> None:
    document = answer(riskscan, "--down", "zone:aws/ap-northeast-1a")
    one, either = document["scenarios"][0].pop("services")
    assert document["scenarios"] == [
        {"id": "zone:aws/ap-northeast-1a", "title": None, "down": ["zone:aws/ap-northeast-1a"], "unused": [], "notes": []}
    ]  # fmt: skip
    assert document["coverage"] == {"terraform": {"found": 1, "read": 1, "partly_read": 0, "not_read": 0}}
    assert document["problems"] == []
    assert either["automatic"] == either["manual"] == "up"
    assert one == {
        "name": "one",
        "kind": "service",
        "criticality": "critical",
        "automatic": "down",
        "manual": "down",
        "data": "safe",
        "condition": None,
        "because": [
            {"resource": "aws_instance.a", "domain": "zone:aws/ap-northeast-1a", "file": "main.tf", "line": 6}
        ],
        "path": ["aws_instance.a"],
        "steps": [
            {"name": "aws_instance.a", "text": "aws_instance.a", "file": ".riskscan.yaml", "line": 3},
            {"name": "zone:aws/ap-northeast-1a", "text": "zone:aws/ap-northeast-1a", "file": "main.tf", "line": 6},
        ],
        "remedies": [],
        "lost": [],
    }  # fmt: skip


def test_the_schema_is_one_and_knows_the_shapes_of_ids() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    levels = SCHEMA["$defs"]["domain"]["pattern"].removeprefix("^(").removesuffix("):.").split("|")
    assert sorted(levels) == sorted(SHAPES)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_every_example_follows_the_schema(riskscan: Run, example: Path) -> None:
    levels = [
        flag for level in ("zone", "region", "provider", "account", "edge", "service") for flag in ("--every", level)
    ]
    document = answer(
        riskscan, str(example), "--down", "zone:aws/apne1-az4", "--incident", "aws-2025-04-15-tokyo", *levels
    )
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []
    assert document["scenarios"][0]["id"] == "zone:aws/apne1-az4"
    assert document["scenarios"][1]["title"]
    assert len(document["scenarios"]) > 10


def test_a_file_instead_of_stdout(riskscan: Run, estate: Path) -> None:
    result = riskscan("simulate", "--down", "zone:aws/ap-northeast-1a", "--output", "x.txt")
    assert (result.code, result.out) == (0, "")
    assert (estate / "x.txt").read_text(encoding="utf-8") == STOPPED
    failed = riskscan("simulate", "--down", "zone:aws/ap-northeast-1a", "--output", "no/where.txt")
    assert failed.code == 2
    assert "cannot write" in failed.err


@pytest.mark.parametrize(
    ("flags", "environment", "coloured"),
    [
        ([], {}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colour(
    riskscan: Run, monkeypatch: pytest.MonkeyPatch, flags: list[str], environment: dict[str, str], coloured: bool
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    out = riskscan("simulate", "--down", "zone:aws/ap-northeast-1a", *flags).out
    assert ("\x1b[" in out) is coloured


# -- exit codes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ([], "say what is down: --down DOMAIN, --incident ID or --every LEVEL"),
        (["--down", "zone:ap-northeast-1a"], "a zone is written zone:PROVIDER/ZONE, such as zone:aws/ap-northeast-1a"),
        (["--down", "zon:aws/ap-northeast-1a"], "did you mean zone:PROVIDER/ZONE, such as zone:aws/ap-northeast-1a"),
        (["--down", "Region:aws/eu-west-1"], "did you mean region:PROVIDER/REGION"),
        (["--down", "ap-northeast-1a"], "they are written zone:PROVIDER/ZONE, region:PROVIDER/REGION"),
        (["--down", "zone:aws/*"], "stands for several domains; name one of them"),
        (["--down", "zone:aws/\x1b[31m"], "`zone:aws/\\x1b[31m` is no failure domain"),
        (["--incident", "aws-2025-04-15-toky"], "unknown incident `aws-2025-04-15-toky`; did you mean `aws-2025-04-15-tokyo`"),
        (["--every", "rack"], "'rack' is not one of"),
        (["--down", "edge:x", "--format", "sarif"], "'sarif' is not one of"),
        (["--down", "edge:x", "nowhere"], "Path 'nowhere' does not exist."),
        (["--down", "edge:x", "--config", "x", "--no-config"], "'x' does not exist"),
    ],
)  # fmt: skip
def test_mistakes_end_in_2(riskscan: Run, flags: list[str], message: str) -> None:
    result = riskscan("simulate", *flags)
    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert result.err.startswith("error: ")
    assert result.err.count("\n") == 1
    assert "\x1b" not in result.err


def test_a_mistake_in_the_configuration_ends_in_2(riskscan: Run, estate: Path) -> None:
    (estate / ".riskscan.yaml").write_text("servises: []\n", encoding="utf-8")
    result = riskscan("simulate", "--down", "edge:x")
    assert (result.code, result.out) == (2, "")
    assert ".riskscan.yaml:1:1: unknown key `servises`; did you mean `services`?" in result.err


@pytest.mark.parametrize("format_name", ["text", "markdown", "json"])
def test_unreadable_input_is_answered_and_ends_in_3(riskscan: Run, estate: Path, format_name: str) -> None:
    (estate / "broken.tf").write_text('resource "aws_lb" "x" {\n', encoding="utf-8")
    result = riskscan("simulate", "--down", "zone:aws/ap-northeast-1a", "--format", format_name)
    assert result.code == 3
    assert result.err == "incomplete: 1 problem kept input from being read\n"
    assert "one" in result.out
    assert "broken.tf" in result.out
    assert riskscan("simulate", "--down", "edge:x", "--allow-incomplete").code == 0


def test_nothing_to_read_ends_in_3(riskscan: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = riskscan("simulate", "empty", "--every", "zone", "--no-config")
    assert (result.code, result.err) == (3, "incomplete: there was nothing to scan\n")
    assert result.out == "Single outages, by zone: 0 of 0 stop something\n"
    assert riskscan("simulate", "empty", "--down", "edge:x", "--allow-incomplete", "--no-config").code == 0


def test_strict_counts_every_problem(riskscan: Run, estate: Path) -> None:
    (estate / ".riskscan.yaml").write_text(CONFIG.replace('"aws_instance.c"', '"aws_instance.z"'), encoding="utf-8")
    flags = ("--down", "zone:aws/ap-northeast-1a")
    assert riskscan("simulate", *flags).code == 0
    assert riskscan("simulate", *flags, "--strict").code == 3


# -- what is asked ---------------------------------------------------------------------------------


def test_all_that_is_down_is_one_scenario(riskscan: Run) -> None:
    flags = ("--down", "zone:aws/ap-northeast-1a", "--down", "zone:aws/ap-northeast-1c")
    document = answer(riskscan, *flags)
    assert [scenario["id"] for scenario in document["scenarios"]] == [
        "zone:aws/ap-northeast-1a + zone:aws/ap-northeast-1c"
    ]
    assert document["scenarios"][0]["down"] == ["zone:aws/ap-northeast-1a", "zone:aws/ap-northeast-1c"]
    assert verdicts(riskscan, *flags) == {"one": "down", "either": "down"}


def test_what_nothing_depends_on_leaves_everything_up_and_is_said(riskscan: Run) -> None:
    result = riskscan("simulate", "--down", "edge:fastly")
    assert result.code == 0
    assert "  All 2 stay up.\n  nothing here depends on edge:fastly\n" in result.out
    assert answer(riskscan, "--down", "edge:fastly")["scenarios"][0]["unused"] == ["edge:fastly"]
    assert "Nothing here depends on edge:fastly." in riskscan("simulate", "-f", "markdown", "--down", "edge:fastly").out


def test_down_then_incidents_then_single_outages(riskscan: Run) -> None:
    document = answer(
        riskscan, "--every", "zone", "--incident", "aws-2025-04-15-tokyo", "--down", "region:aws/ap-northeast-1"
    )
    assert [scenario["id"] for scenario in document["scenarios"]] == [
        "region:aws/ap-northeast-1",
        "aws-2025-04-15-tokyo",
        "zone:aws/ap-northeast-1a",
        "zone:aws/ap-northeast-1c",
    ]


def test_single_outages_are_ranked(riskscan: Run) -> None:
    assert riskscan("simulate", "--every", "zone").out == (
        "Single outages, by zone: 1 of 2 stop something\n\nzone:aws/ap-northeast-1a\n  stops    one\n"
    )


def test_zone_ids_of_the_configuration(riskscan: Run, estate: Path) -> None:
    assert verdicts(riskscan, "--down", "zone:aws/apne1-az4") == {"one": "unknown", "either": "up"}
    (estate / ".riskscan.yaml").write_text(CONFIG + "zone_ids: {ap-northeast-1a: apne1-az4}\n", encoding="utf-8")
    assert verdicts(riskscan, "--down", "zone:aws/apne1-az4") == {"one": "down", "either": "up"}
    (estate / ".riskscan.yaml").write_text(CONFIG + "zone_ids: {ap-northeast-1a: apne1-az1}\n", encoding="utf-8")
    assert verdicts(riskscan, "--down", "zone:aws/apne1-az4") == {"one": "up", "either": "up"}


def test_links_of_the_configuration(riskscan: Run, estate: Path) -> None:
    link = 'links: [{from: "aws_instance.a", to: "aws_instance.c"}]\n'
    assert verdicts(riskscan, "--down", "zone:aws/ap-northeast-1c") == {"one": "up", "either": "up"}
    (estate / ".riskscan.yaml").write_text(CONFIG + link, encoding="utf-8")
    assert verdicts(riskscan, "--down", "zone:aws/ap-northeast-1c") == {"one": "down", "either": "down"}


def test_placements_of_the_configuration(riskscan: Run, estate: Path) -> None:
    (estate / "main.tf").write_text(FILES.replace('  availability_zone = "ap-northeast-1a"\n', ""), encoding="utf-8")
    assert verdicts(riskscan, "--down", "zone:aws/ap-northeast-1d")["one"] == "unknown"
    place = "placements: [{paths: ['**'], provider: aws, zones: [ap-northeast-1d], account: '111122223333'}]\n"
    (estate / ".riskscan.yaml").write_text(CONFIG + place, encoding="utf-8")
    assert verdicts(riskscan, "--down", "zone:aws/ap-northeast-1d") == {"one": "down", "either": "up"}
    assert verdicts(riskscan, "--down", "zone:aws/ap-northeast-1c") == {"one": "up", "either": "up"}
    assert verdicts(riskscan, "--down", "account:aws/111122223333") == {"one": "down", "either": "down"}


def test_an_attestation_past_its_day_is_a_problem_and_does_not_help(riskscan: Run, estate: Path) -> None:
    (estate / "key.tf").write_text('resource "aws_kms_key" "k" {\n}\n', encoding="utf-8")
    (estate / ".riskscan.yaml").write_text(
        'version: 1\ncustody: [{name: keys, entry: ["aws_kms_key.k"]}]\n'
        'attest:\n  - {resource: "aws_kms_key.k", claim: material-escrowed, holder: Notary, until: 2027-01-31}\n',
        encoding="utf-8",
    )
    for today, manual, problems in (("2027-01-31", "up", []), ("2027-02-01", "down", [(".riskscan.yaml", 4)])):
        document = answer(riskscan, "--down", "region:aws/ap-northeast-1", "--today", today)
        (keys,) = [s for s in document["scenarios"][0]["services"] if s["name"] == "keys"]
        assert (keys["automatic"], keys["manual"]) == ("down", manual)
        assert [(p["file"], p["line"]) for p in document["problems"]] == problems


# -- the process -----------------------------------------------------------------------------------


def started(*arguments: str, **environment: str) -> subprocess.Popen[bytes]:
    code = "from scanner.cli.main import main; main()"
    needed = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env=needed | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_a_closed_pipe_makes_no_noise() -> None:
    levels = ("--every", "zone", "--every", "service", "--every", "region")
    process = started("simulate", str(EXAMPLES[0]), "--format", "json", *levels)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(60) == 0


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
@pytest.mark.parametrize("command", ["scan", "simulate"])
def test_the_same_bytes_whatever_the_seed_of_hashes_and_the_order_of_files(
    tmp_path: Path, example: Path, command: str
) -> None:
    """Law 12 of reference/metrics.md: through the real command."""
    backwards = tmp_path / "sitecustomize.py"
    backwards.write_text(
        "import os\n"
        "_walk, _scandir, _listdir = os.walk, os.scandir, os.listdir\n"
        "def walk(*given, **named):\n"
        "    open(os.environ['TURNED'], 'w').close()\n"
        "    for folder, folders, files in _walk(*given, **named):\n"
        "        folders.reverse()\n"
        "        files.reverse()\n"
        "        yield folder, folders, files\n"
        "os.walk = walk\n"
        "os.listdir = lambda *given: sorted(_listdir(*given), reverse=True)\n",
        encoding="utf-8",
    )
    flags = {
        "scan": ["--exit-zero", "--show", "all"],
        "simulate": ["--every", "zone", "--every", "account", "--every", "service", "--down", "zone:aws/apne1-az4"],
    }[command]
    outputs = set()
    turned = tmp_path / "turned"
    for seed, path in (("0", str(ROOT)), ("1", str(ROOT)), ("2", f"{tmp_path}{os.pathsep}{ROOT}")):
        process = started(
            command, str(example), "--format", "json", *flags,
            PYTHONHASHSEED=seed, PYTHONPATH=path, TURNED=str(turned),
        )  # fmt: skip
        out, err = process.communicate(timeout=120)
        assert (process.returncode, err) == (0, b"")
        outputs.add(out)
    assert turned.exists()
    assert len(outputs) == 1
    assert json.loads(outputs.pop())
