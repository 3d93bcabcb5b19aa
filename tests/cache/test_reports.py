"""Reports are the same bytes without a cache, with an empty one, with a full one and with a broken one."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from scanner import verdict
from scanner.cache.store import Cache
from scanner.config import Config
from scanner.model.problem import ProblemKind
from scanner.model.report import Report
from scanner.parsers.terraform.project import Evaluation
from scanner.pipeline import scan
from scanner.reporters import json_, junit, markdown, sarif, text
from scanner.rules.evaluate import ask

EXAMPLES = Path(__file__).parents[2] / "examples"
FORMATS = (json_, sarif, text, markdown, junit)

HOSTILE: dict[str, str | bytes] = {
    "broken/main.tf": 'resource "aws_db_instance" "d" {\n  multi_az = \n}\nresource "aws_vpc" "v" {}\n',
    "bytes/main.tf": b'resource "aws_vpc" "\xff\xfe" {\n  cidr_block = "\x00"\n}\n',
    "wide/main.tf": 'resource "aws_vpc" "v" {}\n'.encode("utf-16"),
    "circle/main.tf": 'module "a" {\n  source = "../circle"\n}\n',
    "deep/main.tf": "locals {\n  a = " + "[" * 400 + "]" * 400 + "\n}\n",
    "large/main.tf": "locals {\n  a = 9" + "9" * 300 + "\n  b = 1e4999\n  c = -0.5\n}\n"
    'resource "aws_vpc" "v" {\n  tags = { a = local.a, b = local.b, c = local.c }\n}\n',
    "words/main.tf": 'resource "aws_s3_bucket" "b\u202e" {\n  bucket = "::error::@here <b>\\u001b[31m"\n}\n',
    "outside/main.tf": 'resource "aws_vpc" "v" {\n  cidr_block = file("../../../etc/passwd")\n}\n'
    'resource "aws_vpc" "w" {\n  cidr_block = file("/etc/passwd")\n}\n',
    "secret/main.tf": 'variable "p" {\n  sensitive = true\n  default   = "hunter2hunter2"\n}\n'
    'resource "aws_db_instance" "d" {\n  password = var.p\n  multi_az = false\n}\n',
    "crowd/main.tf": 'resource "aws_vpc" "v" {\n  count = 100000\n}\n',
    "states/main.tf": 'data "terraform_remote_state" "s" {\n  backend = "s3"\n}\noutput "o" {\n  value = data.terraform_remote_state.s.outputs.x\n}\n',
    "waived/main.tf": "# riskscan: ignore[RS101]\n# riskscan: ignore[none] because\n"
    'resource "aws_db_instance" "d" {\n  multi_az = false # riskscan: ignore[zone-database-single] until=2020-01-01 old\n}\n',
    "kubernetes/a.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: &s\n  replicas: 1\n  template: {}\n---\napiVersion: v1\nkind: [\n",
    "compose/compose.yaml": "services:\n  a:\n    image: ${X:-a}\n",
    "cf/template.yaml": "AWSTemplateFormatVersion: 2010-09-09\nResources:\n  A:\n    Type: AWS::RDS::DBInstance\n    Properties: {MultiAZ: !Ref Nope}\n",
}


def hostile(folder: Path) -> Path:
    for name, content in HOSTILE.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    (folder / "linked").mkdir()
    (folder / "linked" / "main.tf").symlink_to("/etc/passwd")
    (folder / "nowhere.tf").symlink_to("gone.tf")
    return folder


def shown(report: Report) -> list[str]:
    return [module.render(report) for module in FORMATS]


def report_on(folder: Path, cache: Cache | None) -> Report:
    found = scan([folder], Config(cache=cache, today=date(2026, 1, 1)))
    if cache is not None:
        cache.close()
    return found


@pytest.fixture(params=[*sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir()), "hostile"])
def estate(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return hostile(tmp_path / "hostile") if request.param == "hostile" else EXAMPLES / request.param


def test_no_report_tells_whether_there_is_a_cache(estate: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    expected = shown(report_on(estate, None))
    assert shown(report_on(estate, Cache())) == expected
    assert shown(report_on(estate, Cache(folder))) == expected
    warm = Cache(folder)
    assert shown(report_on(estate, warm)) == expected
    assert warm.hits > 0


def test_a_broken_cache_is_none(estate: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    expected = shown(report_on(estate, Cache(folder)))
    chance = random.Random(1)  # noqa: S311 - where bytes are broken is no secret
    entries = sorted(folder.glob("*.entry"))
    for number, path in enumerate(entries):
        data = bytearray(path.read_bytes())
        match number % 3:
            case 0:
                data[chance.randrange(len(data))] ^= 0xFF
            case 1:
                data = data[: chance.randrange(len(data))]
            case _:
                data = bytearray(entries[number - 1].read_bytes())
        path.write_bytes(data)
    assert shown(report_on(estate, Cache(folder))) == expected
    assert shown(report_on(estate, Cache(folder))) == expected


@pytest.mark.parametrize("after", [0, 3, 7])
def test_a_scan_that_is_interrupted_leaves_nothing_wrong(
    after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    estate = hostile(tmp_path / "hostile")
    expected = shown(report_on(estate, None))
    outcome, left = Evaluation.outcome, [after]

    def interrupted(self: Evaluation, id_prefix: str) -> object:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return outcome(self, id_prefix)

    with monkeypatch.context() as patched:
        patched.setattr(Evaluation, "outcome", interrupted)
        with pytest.raises(KeyboardInterrupt):
            report_on(estate, Cache(tmp_path / "cache"))
    assert shown(report_on(estate, Cache(tmp_path / "cache"))) == expected


def test_a_rule_that_crashes_is_seen_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> object:
        raise RuntimeError("a defect")

    estate = EXAMPLES / "tokyo-exchange"
    with monkeypatch.context() as patched:
        patched.setattr("scanner.rules.evaluate." + ask.__name__, crash)
        for _ in range(2):
            report = report_on(estate, Cache(tmp_path / "cache"))
            assert any(problem.kind is ProblemKind.CRASHED for problem in report.problems)
    report = report_on(estate, Cache(tmp_path / "cache"))
    assert shown(report) == shown(report_on(estate, None))


def test_the_verdict_follows_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    estate = EXAMPLES / "tokyo-exchange"
    asked: list[bool] = []
    recalled = verdict.recalled

    def noted(parsed: object, config: Config, rules: object, judge: Callable[[], object]) -> object:
        asked.append(False)

        def judging() -> object:
            asked[-1] = True
            return judge()

        return recalled(parsed, config, rules, judging)  # type: ignore[arg-type]

    monkeypatch.setattr("scanner.pipeline.recalled", noted)
    settings = [{}, {}, {"region": "eu-west-1"}, {"disable": frozenset({"RS101"})}, {}, {"today": date(2027, 1, 1)}]
    for changed in settings:
        scan([estate], Config(cache=Cache(tmp_path / "cache"), **changed))  # type: ignore[arg-type]
    assert asked == [True, False, True, True, False, True]


def test_without_being_asked_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Cache, "_write", lambda *_: pytest.fail("written"))
    report_on(EXAMPLES / "tokyo-exchange", None)
    report_on(EXAMPLES / "tokyo-exchange", Cache())
    assert list(tmp_path.iterdir()) == []
