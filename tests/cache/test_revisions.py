"""What changed since a revision: the same answer with a cache, the base neither written out nor read a second time."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from scanner.cli.main import run
from scanner.revisions.tree import Writer

ROOT = 'provider "aws" {\n  region = "eu-west-1"\n}\nmodule "m" {\n  source = "../../modules/m"\n}\n'
FILES = {
    "envs/a/main.tf": ROOT,
    "envs/b/main.tf": ROOT + 'resource "aws_sns_topic" "t" {\n  name = file("${path.module}/name.txt")\n}\n',
    "envs/b/name.txt": "topic",
    "envs/c/main.tf": 'variable "size" {}\nresource "aws_db_instance" "d" {\n  multi_az = true\n  instance_class = var.size\n}\n',
    "envs/c/terraform.tfvars": 'size = "db.m6g.large"\n',
    "modules/m/main.tf": 'resource "aws_db_instance" "d" {\n  multi_az = false\n}\n',
    "k8s/app.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: app}\nspec: {replicas: 1}\n",
    "README.md": "words",
}


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "repository"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "base")
    monkeypatch.chdir(folder)
    for name in ("RISKSCAN_CACHE", "RISKSCAN_BASE", "RISKSCAN_CONFIG", "TF_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files of revisions that were written out."""
    names: list[str] = []
    file = Writer._file

    def noted(self: Writer, name: str, data: bytes) -> None:
        names.append(name)
        file(self, name, data)

    monkeypatch.setattr(Writer, "_file", noted)
    return names


@pytest.fixture
def answer(capfd: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def call(*arguments: str) -> str:
        assert run(arguments) in (0, 1)
        return capfd.readouterr().out

    return call


Answer = Callable[..., str]


@pytest.mark.parametrize("form", ["json", "text", "markdown"])
def test_the_base_is_written_out_once(
    form: str, repository: Path, tmp_path: Path, answer: Answer, written: list[str]
) -> None:
    (repository / "modules/m/main.tf").write_text('resource "aws_db_instance" "d" {\n  multi_az = true\n}\n')
    plain = answer("diff", "HEAD", "--format", form)
    assert set(written) == set(FILES)
    written.clear()
    cached = ("--cache", str(tmp_path / "cache"))
    assert answer("diff", "HEAD", "--format", form, *cached) == plain
    assert written
    written.clear()
    assert answer("diff", "HEAD", "--format", form, *cached) == plain
    assert written == []
    scanned = answer("scan", "--base", "HEAD", "--format", "json")
    assert answer("scan", "--base", "HEAD", "--format", "json", *cached) == scanned


RELAYER = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: relayer}
spec:
  replicas: 2
  template:
    spec:
      containers:
        - name: relayer
          image: "ghcr.io/example/relayer:1"
          args:
            - |
              export CHAIN=1
              exec relayer --rpc https://mainnet.infura.io/v3/key
"""


def test_a_line_within_a_text_is_found_again(
    repository: Path, tmp_path: Path, answer: Answer, written: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line of the text that names the vendor is the 14th, the text begins in the 12th."""
    (repository / "k8s/relayer.yaml").write_text(RELAYER)
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "relayer")
    changed = RELAYER.replace("https://mainnet.infura.io/v3/key", "http://node:8545")
    (repository / "k8s/relayer.yaml").write_text(changed)
    answer("diff", "HEAD", "--cache", str(tmp_path / "cache"))
    written.clear()
    monkeypatch.setattr("scanner.pipeline.recalled", lambda _parsed, _config, _rules, judge: judge())
    found = json.loads(answer("diff", "HEAD", "--format", "json", "--cache", str(tmp_path / "cache")))
    assert written == []
    assert {f["line"] for f in found["fixed"] if f["rule"] == "RS523"} == {14}


TOUCHED = {
    "envs/a/main.tf": ["envs/a"],
    "envs/b/name.txt": ["envs/b"],
    "envs/c/terraform.tfvars": ["envs/c"],
    "modules/m/main.tf": ["envs/a", "envs/b"],
    "README.md": [],
    "envs/d/main.tf": ["envs/d"],
}


@pytest.mark.parametrize("name", TOUCHED)
def test_a_changed_file_names_exactly_the_roots_that_it_touches(
    name: str, repository: Path, tmp_path: Path, answer: Answer
) -> None:
    path = repository / name
    path.parent.mkdir(exist_ok=True)
    added = "# more\n" if path.exists() else 'provider "aws" {}\nresource "aws_vpc" "v" {}\n'
    path.write_text((path.read_text() if path.exists() else "") + added)
    for cached in ((), ("--cache", str(tmp_path / "cache")), ("--cache", str(tmp_path / "cache"))):
        assert json.loads(answer("diff", "HEAD", "--format", "json", *cached))["touched"] == TOUCHED[name]
        line = f"Roots touched: {', '.join(TOUCHED[name])}"
        assert (line in answer("diff", "HEAD", *cached)) == bool(TOUCHED[name])
        assert (f"{line}." in answer("diff", "HEAD", "--format", "markdown", *cached)) == bool(TOUCHED[name])


def test_a_root_that_is_gone_is_touched(repository: Path, answer: Answer) -> None:
    (repository / "envs/a/main.tf").unlink()
    assert json.loads(answer("diff", "HEAD", "--format", "json"))["touched"] == ["envs/a"]


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("given", [("--var", "size=x"), ("--var-file", "envs/c/terraform.tfvars")])
def test_with_values_of_its_own_a_run_reads_the_base(
    given: tuple[str, str], tmp_path: Path, answer: Answer, written: list[str]
) -> None:
    cached = ("--cache", str(tmp_path / "cache"))
    answer("diff", "HEAD", *cached)
    plain = answer("diff", "HEAD", *given, "--format", "json")
    written.clear()
    assert answer("diff", "HEAD", *given, *cached, "--format", "json") == plain
    assert written


def test_what_is_not_in_the_tree_is_not_kept(
    repository: Path, tmp_path: Path, answer: Answer, written: list[str]
) -> None:
    # a pointer of git LFS stands for what lies elsewhere: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 3\n"
    (repository / "envs/b/name.txt").write_text(pointer)
    git(repository, "commit", "-q", "-a", "-m", "pointer")
    for _ in range(2):
        written.clear()
        answer("diff", "HEAD", "--cache", str(tmp_path / "cache"))
        assert written


def test_a_revision_that_lacks_something_is_not_kept(repository: Path, tmp_path: Path, answer: Answer) -> None:
    (repository / "out.tf").symlink_to("../../elsewhere.tf")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "link")
    (repository / "out.tf").unlink()
    told = [answer("diff", "HEAD", "--format", "json", "--cache", str(tmp_path / "cache")) for _ in range(2)]
    assert told[0] == told[1]
    assert "left out of that revision" in told[0]


@pytest.mark.usefixtures("repository")
def test_the_environment_names_the_folder_and_a_flag_overrides_it(
    tmp_path: Path, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "cache"
    monkeypatch.setenv("RISKSCAN_CACHE", str(folder))
    answer("scan", "--no-cache", "--exit-zero")
    assert not folder.exists()
    answer("scan", "--exit-zero")
    assert list(folder.glob("*.entry"))


@pytest.mark.usefixtures("repository")
def test_a_folder_that_cannot_be_written_is_told_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert run(("scan", "--exit-zero", "--cache", str(tmp_path / "file" / "cache"))) == 0
    assert capfd.readouterr().err.count("warning: nothing is kept in the cache") == 1
    assert run(("scan", "--cache", str(tmp_path / "file"))) == 2
