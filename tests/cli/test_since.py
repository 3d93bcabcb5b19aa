"""``riskscan scan --base`` and ``riskscan diff`` of revisions, over real repositories."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from scanner.cli.earlier import opened
from scanner.config import Config, UnknownPolicy
from scanner.model.report import Report
from scanner.since import scan_since
from scanner.states import State

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is asked")

Run = Callable[..., Any]

SAFE = """\
resource "aws_db_instance" "main" {
  identifier                = "main"
  engine                    = "postgres"
  multi_az                  = true
  backup_retention_period   = 14
  deletion_protection       = true
  final_snapshot_identifier = "last"
}
"""
STANDBY = "multi_az                  = true"
RISKY = SAFE.replace(STANDBY, "multi_az                  = false")
OLD_RISK = SAFE.replace('"main"', '"old"').replace(
    "deletion_protection       = true", "deletion_protection       = false"
)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a risk of its own, in the working directory."""
    root = tmp_path / "repository"
    edit(root, "infra/main.tf", SAFE)
    edit(root, "infra/old.tf", OLD_RISK)
    for name in ("CONFIG", "FAIL_ON", "BASE", "FAIL_ON_NEW", "CONFIG_FROM"):
        monkeypatch.delenv(f"RISKSCAN_{name}", raising=False)
    monkeypatch.chdir(root)
    git(root, "init", "-q", "-b", "main")
    commit(root)
    return root


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)
    return done.stdout.decode().strip()


def commit(root: Path) -> str:
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "change")
    return git(root, "rev-parse", "HEAD")


def edit(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text, encoding="utf-8")


def since(*paths: Path, base: str = "HEAD", config: Config | None = None) -> Report:
    config = config or Config()
    with opened(base, paths, config) as before:
        return scan_since(State(paths), before, config)


def news(report: Report) -> list[str]:
    assert report.since is not None
    return [turn.finding.rule for turn in report.since.new]


# -- what a report holds ----------------------------------------------------------------------------


def test_the_report_knows_what_is_new_and_what_was_there(root: Path) -> None:
    edit(root, "infra/main.tf", RISKY)
    report = since(root)
    assert report.since is not None
    assert news(report) == ["RS101"]
    assert "RS704" in {finding.rule for finding in report.since.lasting}
    assert report.since.fixed == ()
    assert report.since.base.revision == git(root, "rev-parse", "HEAD")
    assert report.since.head.revision == ""
    assert (report.since.base.base, report.base) == (str(root), str(root))


def test_nothing_of_the_report_leads_into_the_folder_that_is_gone(root: Path) -> None:
    edit(root, "infra/broken.tf", "resource {")
    commit(root)
    edit(root, "infra/main.tf", RISKY)
    report = since(root)
    assert report.since is not None
    assert report.since.base.sources["infra/main.tf"][3] == f"  {STANDBY}"
    assert {problem.span.file for problem in report.since.base.problems} == {"infra/broken.tf"}
    assert f"{tempfile.gettempdir()}/riskscan-" not in repr(report)


def test_a_sub_directory_is_compared_with_itself(root: Path) -> None:
    edit(root, "elsewhere/main.tf", RISKY)
    edit(root, "infra/main.tf", RISKY)
    report = since(root / "infra")
    assert report.since is not None
    assert [turn.finding.span.file for turn in report.since.new] == ["infra/main.tf"]


def test_a_folder_that_is_new_is_new(root: Path) -> None:
    edit(root, "more/main.tf", RISKY)
    report = since(root / "more")
    assert report.since is not None
    assert "RS101" in news(report)
    assert report.since.base.resources == 0


def test_installed_modules_are_lent_to_the_base(root: Path) -> None:
    """https://developer.hashicorp.com/terraform/cli/init: init installs into .terraform, which nobody commits."""
    edit(root, "infra/old.tf", 'module "db" {\n  source = "example/db/aws"\n}\n')
    edit(root, ".gitignore", ".terraform\n")
    commit(root)
    module = {"Key": "db", "Source": "registry.terraform.io/example/db/aws", "Dir": ".terraform/modules/db"}
    edit(root, "infra/.terraform/modules/modules.json", json.dumps({"Modules": [module]}))
    edit(root, "infra/.terraform/modules/db/main.tf", RISKY.replace('"main"', '"inner"'))
    edit(root, "infra/main.tf", SAFE + "\n# a comment\n")
    report = since(root)
    assert any(finding.resource.startswith("module.db.") for finding in report.findings)
    assert news(report) == []
    assert report.since is not None
    assert [p.span.file for p in report.since.base.problems] == ["infra/.terraform/modules"]


# -- the gate ---------------------------------------------------------------------------------------


def test_the_gate_judges_what_is_new_alone(root: Path, riskscan: Run) -> None:
    edit(root, "infra/old.tf", OLD_RISK.replace(STANDBY, "multi_az                  = false"))
    commit(root)
    edit(root, "infra/notes.tf", "# nothing\n")
    assert riskscan("scan").code == 1
    assert riskscan("scan", "--base", "HEAD").code == 1
    assert riskscan("scan", "--base", "HEAD", "--fail-on-new").code == 0
    edit(root, "infra/main.tf", RISKY)
    assert riskscan("scan", "--base", "HEAD", "--fail-on-new").code == 1
    assert riskscan("scan", "--base", "HEAD", "--fail-on-new", "--fail-on", "critical").code == 0
    assert riskscan("scan", "--base", "HEAD", "--fail-on-new", "--axis", "region").code == 0


def test_the_configuration_may_ask_for_it(root: Path, riskscan: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(root, "infra/main.tf", RISKY)
    edit(root, ".riskscan.yaml", "version: 1\nfail_on_new: true\n")
    commit(root)
    answer = riskscan("scan")
    assert (answer.code, "--base origin/main" in answer.err) == (2, True)
    monkeypatch.setenv("RISKSCAN_BASE", "HEAD")
    assert riskscan("scan").code == 0


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("flag", ["--fail-on-new", "--base=nowhere", "--base=-x"])
def test_without_a_usable_base_nothing_is_judged(flag: str, riskscan: Run) -> None:
    answer = riskscan("scan", flag)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("error: ")
    assert "Traceback" not in answer.err


def test_what_is_unknown_is_new_where_it_fails(root: Path) -> None:
    unknown = SAFE.replace(STANDBY, "multi_az                  = var.standby")
    edit(root, "infra/main.tf", unknown + 'variable "standby" { type = bool }\n')
    assert news(since(root)) == []
    assert news(since(root, config=replace(Config(), unknown=UnknownPolicy.FAIL))) == ["RS101"]


def test_a_path_may_be_the_base(root: Path, tmp_path: Path, riskscan: Run) -> None:
    shutil.copytree(root / "infra", tmp_path / "before")
    edit(root, "infra/main.tf", RISKY)
    assert riskscan("scan", "infra", "--base", str(tmp_path / "before"), "--fail-on-new").code == 1
    assert riskscan("scan", "infra", "--base", "infra", "--fail-on-new").code == 0


# -- whose configuration ----------------------------------------------------------------------------


def test_the_configuration_of_the_base_holds(root: Path, riskscan: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(root, "infra/main.tf", RISKY)
    edit(root, ".riskscan.yaml", "version: 1\nrules: {disable: [RS101]}\n")
    arguments = ("scan", "--base", "HEAD", "--fail-on-new")
    assert riskscan(*arguments).code == 0
    assert riskscan(*arguments, "--config-from", "base").code == 1
    for name, value in (("BASE", "HEAD"), ("FAIL_ON_NEW", "true"), ("CONFIG_FROM", "base")):
        monkeypatch.setenv(f"RISKSCAN_{name}", value)
    assert riskscan("scan").code == 1
    monkeypatch.setenv("RISKSCAN_CONFIG_FROM", "head")
    assert riskscan("scan").code == 0


def test_waivers_of_the_head_do_not_count_where_the_base_decides(root: Path, riskscan: Run) -> None:
    waived = RISKY.replace("= false", "= false # riskscan: ignore[RS101] until=2099-01-31 accepted")
    edit(root, "infra/main.tf", waived)
    arguments = ("scan", "--base", "HEAD", "--fail-on-new")
    assert riskscan(*arguments).code == 0
    assert riskscan(*arguments, "--config-from", "base").code == 1
    commit(root)
    edit(root, "infra/main.tf", "# moved by a line\n" + waived)
    assert riskscan(*arguments, "--config-from", "base").code == 0


def test_a_configuration_named_by_hand_is_the_bases_own(root: Path, riskscan: Run) -> None:
    edit(root, "gate.yaml", "version: 1\nfail_on: high\n")
    commit(root)
    edit(root, "gate.yaml", "version: 1\nfail_on: never\n")
    edit(root, "infra/main.tf", RISKY)
    arguments = ("scan", "--base", "HEAD", "--fail-on-new", "--config", "gate.yaml")
    assert riskscan(*arguments).code == 0
    assert riskscan(*arguments, "--config-from", "base").code == 1


def test_files_that_the_flags_name_are_each_sides_own(root: Path) -> None:
    variable = 'variable "standby" { type = bool }\n'
    edit(root, "infra/main.tf", SAFE.replace(STANDBY, "multi_az                  = var.standby") + variable)
    edit(root, "values/prod.tfvars", "standby = true\n")
    commit(root)
    edit(root, "values/prod.tfvars", "standby = false\n")
    report = since(root / "infra", config=Config(var_files=(root / "values/prod.tfvars",)))
    assert report.since is not None
    (turn,) = report.since.new
    assert (turn.finding.rule, str(turn.other)) == ("RS101", "pass")


def test_a_broken_configuration_of_the_head_counts_where_it_is_read(root: Path, riskscan: Run) -> None:
    edit(root, "infra/main.tf", RISKY)
    edit(root, ".riskscan.yaml", "version: 1\nnonsense: true\n")
    assert riskscan("scan", "--base", "HEAD").code == 2
    assert riskscan("scan", "--base", "HEAD", "--config-from", "base").code == 1


# -- diff -------------------------------------------------------------------------------------------


def answer_of(riskscan: Run, *arguments: str) -> Any:
    return json.loads(riskscan("diff", *arguments, "--format", "json").out)


def test_two_revisions(root: Path, riskscan: Run) -> None:
    first = git(root, "rev-parse", "HEAD")
    edit(root, "infra/main.tf", RISKY)
    second = commit(root)
    edit(root, "infra/main.tf", SAFE)
    there = answer_of(riskscan, first, second)
    back = answer_of(riskscan, second, first)
    assert [turn["rule"] for turn in there["new"]] == [turn["rule"] for turn in back["fixed"]] == ["RS101"]
    assert (there["base"]["revision"], there["head"]["revision"]) == (first, second)
    assert answer_of(riskscan, "HEAD^")["new"] == []  # the working tree is as it was
    assert [riskscan("diff", *sides).code for sides in ((first, second), (second, first))] == [1, 0]


def test_a_path_wins_over_a_revision_of_its_name(root: Path, riskscan: Run) -> None:
    git(root, "branch", "infra")
    edit(root, "infra/main.tf", RISKY)
    assert answer_of(riskscan, "infra", "infra")["base"]["revision"] is None
    assert answer_of(riskscan, "refs/heads/infra", "infra")["new"][0]["rule"] == "RS101"


@pytest.mark.usefixtures("root")
def test_one_path_is_compared_with_nothing(riskscan: Run) -> None:
    answer = riskscan("diff", "infra")
    assert (answer.code, "a second path or a revision" in answer.err) == (2, True)


@pytest.mark.usefixtures("root")
def test_neither_a_path_nor_a_revision(riskscan: Run) -> None:
    answer = riskscan("diff", "nowhere", "infra")
    assert answer.code == 2
    assert "there is no path and no revision nowhere" in answer.err


def test_no_repository(tmp_path: Path, riskscan: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    answer = riskscan("diff", "main")
    assert answer.code == 2
    assert "there is no path main" in answer.err
    assert "is in no git repository" in answer.err


@pytest.mark.usefixtures("root")
def test_no_git(riskscan: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    answer = riskscan("scan", "--base", "HEAD")
    assert answer.code == 2
    assert "git is not on the PATH" in answer.err


# -- what strangers write ---------------------------------------------------------------------------


@pytest.mark.parametrize("format_name", ["text", "markdown", "json"])
def test_names_are_inert_and_secrets_are_not_told(format_name: str, root: Path, riskscan: Run) -> None:
    """A resource, a waiver and a variable that want to be commands of the runner, Markdown or terminal escapes."""
    secret = "hunter2-hunter2"
    edit(root, "infra/main.tf", SAFE.replace(STANDBY, "multi_az                  = var.standby"))
    edit(root, "infra/variables.tf", 'variable "standby" {\n  default = true\n}\n')
    commit(root)
    edit(
        root,
        "infra/variables.tf",
        'variable "standby" {\n  default = false\n}\n'
        f'variable "password" {{\n  sensitive = true\n  default = "{secret}"\n}}\n'
        f'resource "aws_db_instance" "x" {{\n  identifier = "{secret}"\n  password = var.password\n  multi_az = false\n}}\n',
    )
    edit(
        root,
        ".riskscan.yaml",
        'version: 1\nignore:\n  - {rule: RS704, resource: "a\\n::error::b\\e[31m<img src=x>@everyone", reason: x}\n',
    )
    out = riskscan("diff", "HEAD", "--format", format_name, "--show", "all").out
    assert "infra/variables.tf:2" in out or '"line": 2' in out
    assert secret not in out
    assert "\x1b" not in out
    assert not any(line.lstrip().startswith("::") for line in out.splitlines())
    if format_name == "markdown":
        assert "<img" not in out.replace("&lt;img", "")
        assert "@everyone" not in out


# -- the baseline -----------------------------------------------------------------------------------


def test_a_pull_request_that_accepts_its_own_risk(root: Path, riskscan: Run) -> None:
    edit(root, ".riskscan.yaml", "version: 1\nbaseline: .riskscan-baseline.json\n")
    riskscan("baseline", "write")
    commit(root)
    edit(root, "infra/main.tf", RISKY)
    arguments = ("scan", "--base", "HEAD", "--fail-on-new")
    assert riskscan(*arguments).code == 1
    riskscan("baseline", "write")
    assert riskscan(*arguments).code == 0
    assert riskscan(*arguments, "--config-from", "base").code == 1
    told = [each["message"] for each in answer_of(riskscan, "HEAD")["weakened"]]
    assert told == ["the baseline accepts RS101 at infra#aws_db_instance.main"]


def test_what_the_baseline_accepted_on_both_sides_is_no_news(root: Path, riskscan: Run) -> None:
    edit(root, ".riskscan.yaml", "version: 1\nbaseline: .riskscan-baseline.json\n")
    edit(root, "infra/main.tf", RISKY)
    riskscan("baseline", "write")
    commit(root)
    edit(root, "infra/notes.tf", "# nothing\n")
    answer = answer_of(riskscan, "HEAD")
    assert (answer["new"], answer["fixed"], answer["weakened"]) == ([], [], [])
