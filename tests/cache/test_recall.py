"""A root is read again exactly when something that it was read from reads otherwise."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from scanner.cache.store import Cache
from scanner.config import Config
from scanner.discovery import discover
from scanner.front_ends import read_terraform
from scanner.parsers.terraform.project import Evaluation, TerraformResult

MODULE = 'variable "zone" {}\nresource "aws_instance" "i" {\n  availability_zone = var.zone\n}\n'
CALL = 'module "m" {\n  source = "../../modules/m"\n  zone   = "a"\n}\n'
FILES = {
    "roots/plain/main.tf": 'resource "aws_sqs_queue" "q" {\n  name = "q"\n}\n',
    "roots/calling/main.tf": CALL,
    "roots/reading/main.tf": 'resource "aws_sns_topic" "t" {\n  name = file("${path.module}/name.txt")\n}\n',
    "roots/reading/name.txt": "one",
    "roots/asking/main.tf": 'resource "aws_sns_topic" "t" {\n  count = fileexists("${path.module}/on") ? 1 : 2\n}\n',
    "roots/listing/main.tf": 'resource "aws_sns_topic" "t" {\n  for_each = fileset(path.module, "parts/**/*.json")\n}\n',
    "roots/listing/parts/a.json": "{}",
    "roots/templated/main.tf": 'resource "aws_sns_topic" "t" {\n  name = templatefile("${path.module}/n.tpl", {x = 1})\n}\n',
    "roots/templated/n.tpl": "n${x}",
    "roots/valued/main.tf": 'variable "v" {}\nresource "aws_sns_topic" "t" {\n  name = var.v\n}\n',
    "roots/valued/terraform.tfvars": 'v = "one"\n',
    "roots/installed/main.tf": 'module "i" {\n  source = "org/thing/aws"\n}\n',
    "roots/missing/main.tf": 'module "gone" {\n  source = "../../modules/gone"\n}\n',
    "modules/m/main.tf": MODULE,
    "modules/unused/README.md": "nothing",
}
ROOTS = ("asking", "calling", "installed", "listing", "missing", "plain", "reading", "templated", "valued")


def lay_out(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    lay_out(folder, FILES)
    (folder / ".git").mkdir()
    return folder


@pytest.fixture
def evaluated(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The roots that were evaluated, in order."""
    names: list[str] = []
    outcome = Evaluation.outcome

    def noted(self: Evaluation, id_prefix: str) -> Any:
        names.append(self.root_info.name.rpartition("/")[2])
        return outcome(self, id_prefix)

    monkeypatch.setattr(Evaluation, "outcome", noted)
    return names


def read(folder: Path, cache: Cache | None, **settings: Any) -> TerraformResult:
    config = replace(Config(cache=cache), **settings)
    return read_terraform(discover([folder], config.limits.max_file_bytes), config)


def same(left: TerraformResult, right: TerraformResult) -> bool:
    told = [
        repr(replace(each, inputs={}, state="", unread=frozenset(), partly=frozenset(), secrets=frozenset()))
        for each in (left, right)
    ]
    sets = [(each.unread, each.partly, each.secrets) for each in (left, right)]
    return told[0] == told[1] and sets[0] == sets[1]


def test_what_did_not_change_is_not_read_again(repository: Path, tmp_path: Path, evaluated: list[str]) -> None:
    plain = read(repository, None)
    evaluated.clear()
    first = read(repository, Cache(tmp_path / "cache"))
    assert tuple(evaluated) == ROOTS
    evaluated.clear()
    second = read(repository, Cache(tmp_path / "cache"))
    assert evaluated == []
    assert same(plain, first)
    assert same(first, second)
    assert first.inputs == second.inputs
    assert first.state == second.state


def append(name: str, text: str = "\n# more\n") -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((path.read_text() if path.exists() else "") + text)

    return change


def install(folder: Path) -> None:
    lay_out(folder / "roots/installed/.terraform/modules", {"i/main.tf": 'resource "aws_vpc" "v" {}\n'})
    modules = {"Modules": [{"Key": "", "Dir": "."}, {"Key": "i", "Dir": ".terraform/modules/i"}]}
    (folder / "roots/installed/.terraform/modules/modules.json").write_text(json.dumps(modules))


CHANGES: dict[str, tuple[Callable[[Path], None], set[str]]] = {
    "its own file": (append("roots/plain/main.tf"), {"plain"}),
    "a new file of it": (append("roots/plain/more.tf"), {"plain"}),
    "a module": (append("modules/m/main.tf"), {"calling"}),
    "a new file of a module": (append("modules/m/more.tf"), {"calling"}),
    "a file that a function reads": (append("roots/reading/name.txt"), {"reading"}),
    "a file that was not there": (append("roots/asking/on"), {"asking"}),
    "a new name in a listed folder": (append("roots/listing/parts/b/c.json"), {"listing"}),
    "a template": (append("roots/templated/n.tpl"), {"templated"}),
    "values": (append("roots/valued/terraform.tfvars"), {"valued"}),
    "new values": (append("roots/valued/x.auto.tfvars", 'v = "two"\n'), {"valued"}),
    "a module that was not there": (append("modules/gone/main.tf", MODULE), {"missing"}),
    "an installed module": (install, {"installed"}),
    "the folder of a module taken away": (lambda folder: shutil.rmtree(folder / "modules/m"), {"calling"}),
    "a file that nothing reads": (append("modules/unused/README.md"), set()),
    "a file beside those that are read": (append("roots/reading/other.txt"), set()),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_is_read_by_those_that_it_touches(
    what: str, repository: Path, tmp_path: Path, evaluated: list[str]
) -> None:
    change, expected = CHANGES[what]
    before = read(repository, Cache(tmp_path / "cache"))
    evaluated.clear()
    change(repository)
    after = read(repository, Cache(tmp_path / "cache"))
    assert set(evaluated) == expected
    assert same(after, read(repository, None))
    touched = {name for name in {**before.inputs, **after.inputs} if before.inputs.get(name) != after.inputs.get(name)}
    assert touched - {"modules/gone"} == {f"roots/{name}" for name in expected}


def test_the_same_files_elsewhere_are_the_same(repository: Path, tmp_path: Path, evaluated: list[str]) -> None:
    first = read(repository, Cache(tmp_path / "cache"))
    shutil.move(repository, tmp_path / "else" / "where")
    evaluated.clear()
    second = read(tmp_path / "else" / "where", Cache(tmp_path / "cache"))
    assert evaluated == []
    assert first.inputs == second.inputs
    assert repr(first.declarations) == repr(second.declarations)


def test_branches_in_turn_keep_both_results(repository: Path, tmp_path: Path, evaluated: list[str]) -> None:
    texts = {"one": MODULE, "two": MODULE + "# two\n"}
    for text in texts.values():
        (repository / "modules/m/main.tf").write_text(text)
        read(repository, Cache(tmp_path / "cache"))
    evaluated.clear()
    for text in (*texts.values(), *texts.values()):
        (repository / "modules/m/main.tf").write_text(text)
        read(repository, Cache(tmp_path / "cache"))
    assert evaluated == []


@pytest.mark.parametrize(
    "settings",
    [{"workspace": "prod"}, {"variables": {"v": "x"}}, {"environment_variables": {"v": "x"}}],
)
def test_options_are_a_part_of_the_question(settings: dict[str, Any], repository: Path, tmp_path: Path) -> None:
    read(repository, Cache(tmp_path / "cache"))
    assert same(read(repository, Cache(tmp_path / "cache"), **settings), read(repository, None, **settings))


@pytest.mark.parametrize("given", ["variables", "environment_variables"])
def test_values_from_outside_of_files_are_not_written(given: str, repository: Path, tmp_path: Path) -> None:
    (repository / "roots/valued/terraform.tfvars").unlink()  # it would win over the environment
    cache = Cache(tmp_path / "cache")
    found = read(repository, cache, **{given: {"v": "hunter2-from-outside"}})
    assert any(d.attributes.get("name") == "hunter2-from-outside" for d in found.declarations)
    assert found.state == ""
    kept = b"".join(path.read_bytes() for path in (tmp_path / "cache").iterdir())
    assert b"hunter2" not in kept
    assert b"aws_sqs_queue" in kept


def test_values_from_a_file_elsewhere_are_not_written(repository: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.tfvars"
    secret.write_text('v = "hunter2-from-outside"\n')
    read(repository, Cache(tmp_path / "cache"), var_files=(secret,))
    assert b"hunter2" not in b"".join(path.read_bytes() for path in (tmp_path / "cache").glob("*"))


def test_what_a_stranger_asks_for_is_not_opened(repository: Path, tmp_path: Path) -> None:
    from scanner.parsers.terraform.disk import Disk

    outside = tmp_path / "outside.txt"
    outside.write_text("secret")
    disk = Disk(repository.resolve())
    for name in (str(outside), "../outside.txt", f".{'/..'}/outside.txt", "/dev/zero", "/etc"):
        assert disk.answer("content", name) == ""
        assert disk.answer("entries", name) == ""
    assert disk.answer("remove", "./roots") == ""
    assert disk.answer("content", "./roots/reading/name.txt") != ""


def test_in_one_run_equal_contents_are_read_once(repository: Path, tmp_path: Path, evaluated: list[str]) -> None:
    other = tmp_path / "other"
    shutil.copytree(repository, other)
    (other / "modules/m/main.tf").write_text(MODULE + "# more\n")
    cache = Cache()
    read(repository, cache)
    evaluated.clear()
    read(other, cache)
    assert evaluated == ["calling"]
