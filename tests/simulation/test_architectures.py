"""Truth tables: architectures worked out by hand from the providers' documentation, against what the program says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from scanner.cli.main import run

ARCHITECTURES = Path(__file__).with_name("architectures")
SOURCES = {"terraform": "main.tf", "kubernetes": "manifests.yaml", "config": ".riskscan.yaml"}
VERDICTS = ("up", "down", "unknown")
BETTER = {"down": 0, "unknown": 1, "up": 2}
DATA = ("safe", "lost", "unknown")
LEVELS = ("zone", "region", "provider", "account", "edge", "owner", "custodian", "cluster", "service")
DOMAIN = re.compile(
    r"(zone|region|account|service|control):[a-z]+/[A-Za-z0-9@-]+|(provider|edge|registrar|owner|custodian|cluster):[A-Za-z0-9-]+"
    r"|node-group:[A-Za-z0-9-]+/[A-Za-z0-9-]+"
)

Case = Mapping[str, Any]
Verdict = tuple[str, str, str | None]


@dataclass(frozen=True)
class Answer:
    """What a command left behind: its exit code and its report."""

    code: int
    report: Mapping[str, Any]


def load() -> list[Case]:
    return [case for path in sorted(ARCHITECTURES.glob("*.yaml")) for case in yaml.safe_load(path.read_text("utf-8"))]


CASES = load()


def outages() -> Iterator[Any]:
    for case in CASES:
        for outage in case.get("outages", ()):
            known = outage.get("wrong")  # what the program still gets wrong, and why the expectation is right
            marks = [pytest.mark.xfail(reason=known, strict=True)] if known else []
            yield pytest.param(case, outage, id=f"{case['name']} / {' + '.join(outage['down'])}", marks=marks)


def measured() -> Iterator[Any]:
    for case in CASES:
        if "coefficients" in case:
            yield pytest.param(case, id=case["name"])


def write_case(folder: Path, case: Case) -> Path:
    """The architecture as a folder that can be scanned."""
    texts = {name: case[key] for key, name in SOURCES.items() if key in case} | case.get("files", {})
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def answer(capsys: pytest.CaptureFixture[str], arguments: Sequence[str]) -> Answer:
    """Run the command in process and read its JSON."""
    capsys.readouterr()
    code = run(arguments)
    output = capsys.readouterr()
    assert output.out, f"exit code {code} and no report: {output.err}"
    return Answer(code, json.loads(output.out))


def simulate_case(path: Path, down: Sequence[str], capsys: pytest.CaptureFixture[str]) -> dict[str, Verdict]:
    """What every service and custody item is while these domains are down together: automatic, manual, data."""
    flags = [flag for domain in down for flag in ("--down", domain)]
    report = answer(capsys, ["simulate", str(path), "--format", "json", *flags]).report
    (scenario,) = report["scenarios"]
    return {s["name"]: (s["automatic"], s["manual"], s.get("data")) for s in scenario["services"]}


def coefficients_of(path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Mapping[str, Any]]:
    """The coefficients of every service, in the automatic reading."""
    report = answer(capsys, ["scan", str(path), "--format", "json", "--exit-zero"]).report
    return {service["name"]: service["coefficients"] for service in report["services"]}


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the caller's working directory or environment decides an answer."""
    monkeypatch.chdir(tmp_path)
    for name in ("TF_WORKSPACE", "RISKSCAN_CONFIG", "RISKSCAN_REGION"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(("case", "outage"), list(outages()))
def test_outage(case: Case, outage: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = simulate_case(write_case(tmp_path, case), outage["down"], capsys)
    expected = {
        name: (verdict["automatic"], verdict["manual"], verdict.get("data"))
        for name, verdict in outage["services"].items()
    }
    compared = {
        name: (automatic, manual, data if expected[name][2] is not None else None)
        for name, (automatic, manual, data) in found.items()
        if name in expected
    }
    assert compared == expected, case["why"]


@pytest.mark.parametrize("case", list(measured()))
def test_coefficients(case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = coefficients_of(write_case(tmp_path, case), capsys)
    compared = {
        name: {level: found[name].get(level) for level in levels} for name, levels in case["coefficients"].items()
    }
    assert compared == case["coefficients"], case["why"]


def test_there_are_enough_architectures() -> None:
    names = [case["name"] for case in CASES]
    assert len(names) >= 60
    assert len(set(names)) == len(names)
    assert sum("kubernetes" in case for case in CASES) >= 30


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in CASES])
def test_an_architecture_explains_itself(case: Case) -> None:
    assert set(case) <= {"name", "why", "sources", *SOURCES, "files", "outages", "coefficients"}
    assert "config" in case
    assert {"terraform", "kubernetes", "files"} & set(case)
    assert len(case["why"].strip()) >= 80
    assert case["sources"]
    assert all(source.startswith("https://") for source in case["sources"])
    assert case["outages"]
    downs = [tuple(sorted(outage["down"])) for outage in case["outages"]]
    assert len(set(downs)) == len(downs)


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in CASES])
def test_an_architecture_is_consistent(case: Case) -> None:
    """More that fails never helps, hands never harm, and every verdict is about something that the case names."""
    config = yaml.safe_load(case["config"])
    names = {item["name"] for key in ("services", "custody") for item in config.get(key, ())}
    assert names
    assert set(case.get("coefficients", {})) <= names
    for levels in case.get("coefficients", {}).values():
        assert set(levels) <= set(LEVELS)
        assert all(value is None or value in (1, 2, 3) for value in levels.values())
    for outage in case["outages"]:
        assert {"down", "services"} <= set(outage) <= {"down", "services", "wrong"}
        assert all(DOMAIN.fullmatch(domain) for domain in outage["down"])
        assert set(outage["services"]) <= names
        for verdict in outage["services"].values():
            assert set(verdict) <= {"automatic", "manual", "data"}
            assert verdict["automatic"] in VERDICTS
            assert verdict["manual"] in VERDICTS
            assert verdict.get("data", "safe") in DATA
            assert BETTER[verdict["manual"]] >= BETTER[verdict["automatic"]]
    for less in case["outages"]:
        for more in case["outages"]:
            if set(less["down"]) < set(more["down"]):
                for name in set(less["services"]) & set(more["services"]):
                    for reading in ("automatic", "manual"):
                        assert BETTER[less["services"][name][reading]] >= BETTER[more["services"][name][reading]]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in CASES if "coefficients" in case])
def test_coefficients_agree_with_the_outages(case: Case) -> None:
    """A set of domains of one level that surely stops a service bounds that level's coefficient from above."""
    for outage in case["outages"]:
        levels = {domain.partition(":")[0] for domain in outage["down"]}
        if len(levels) != 1:
            continue
        (level,) = levels
        for name, verdict in outage["services"].items():
            stated = case["coefficients"].get(name, {})
            if verdict["automatic"] == "down" and level in stated and stated[level] is not None:
                assert stated[level] <= len(outage["down"])
            if verdict["automatic"] == "down" and level in stated and stated[level] is None:
                assert len(outage["down"]) > 3
