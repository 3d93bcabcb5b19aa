"""What a page must tell, from the other outputs of the same program: the JSON report and ``riskscan simulate``."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from click.testing import CliRunner
from msgspec.structs import replace

from scanner.cli.main import riskscan
from scanner.config import Config, Service, load_config
from scanner.model.outage import LEVELS
from scanner.reporters.inert import inert

EXAMPLES: Final = Path(__file__).parents[2] / "examples"
NAMES: Final = tuple(sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir()))
LISTED: Final = ("fail", "error", "unknown", "suppressed")
"""Outcomes that reports list unless more is asked for."""

Verdicts = Counter[tuple[str, str, str]]
"""Name (as every report writes it), automatic and manual of every service and custody item, which may have the same name."""


@dataclass
class Told:
    """One estate, its page, and what the program says of it elsewhere.

    ``outages`` holds the verdicts of every single domain of every level; :meth:`down` asks about others.
    """

    name: str
    estate: Path
    page: Path
    report: Mapping[str, Any]
    flags: tuple[str, ...] = ()
    outages: dict[str, Verdicts] = field(default_factory=dict)

    def down(self, domain: str) -> Verdicts:
        """What every service does when a domain is down, as ``riskscan simulate`` says."""
        if domain not in self.outages:
            (scenario,) = simulated(self.estate, ("--down", domain), self.flags)
            self.outages[domain] = verdicts(scenario)
        return self.outages[domain]

    def incidents(self, ids: Sequence[str]) -> dict[str, Verdicts]:
        """What every service does in recorded incidents; one that hits each account apart has an entry for each."""
        asked = [flag for each in ids for flag in ("--incident", each)]
        return {each["id"]: verdicts(each) for each in simulated(self.estate, asked, self.flags)}


TellOf = Callable[[str], Told]
"""What is told of an example by its name, of the generated estates ``medium`` and ``large``, and of the ``hostile`` one."""


def listed(told: Told) -> list[Mapping[str, Any]]:
    """The findings that a page lists."""
    return [finding for finding in told.report["findings"] if finding["outcome"] in LISTED]


def tell(estate: Path, folder: Path, *flags: str, incidents: Path | None = None) -> Told:
    """Scan an estate into a page and a JSON report in ``folder``, and replay every single outage."""
    page, report = folder / f"{estate.name}.html", folder / f"{estate.name}.json"
    outputs = ("--exit-zero", "--quiet", "--output", f"html={page}", "--output", f"json={report}")
    run("scan", *outputs, *flags, "--", str(estate), incidents=incidents)
    told = Told(estate.name, estate, page, json.loads(report.read_text(encoding="utf-8")))
    every = [flag for level in LEVELS for flag in ("--every", level)]
    told.outages = {each["id"]: verdicts(each) for each in simulated(estate, every)}
    return told


def run(*arguments: str, incidents: Path | None = None) -> str:
    """What a command prints. The environment is ours alone."""
    environment: dict[str, str | None] = {name: None for name in os.environ if name.startswith("RISKSCAN_")}
    if incidents is not None:
        environment["RISKSCAN_INCIDENTS"] = str(incidents)
    result = CliRunner().invoke(riskscan, list(arguments), env=environment, standalone_mode=False)
    assert result.exception is None, f"riskscan {' '.join(arguments)}: {result.output}\n{result.exception!r}"
    return result.stdout


def simulated(estate: Path, asked: Sequence[str], flags: Sequence[str] = ()) -> list[Any]:
    """The scenarios that ``riskscan simulate --format json`` answers with."""
    answer = json.loads(run("simulate", *asked, *flags, "--format", "json", "--", str(estate)))
    return list(answer["scenarios"])


def verdicts(scenario: Mapping[str, Any]) -> Verdicts:
    """What a scenario does to each service."""
    return Counter((inert(each["name"]), each["automatic"], each["manual"]) for each in scenario["services"])


_EVERY: Final = (*LEVELS, "control", "registrar", "ca", "node-group")


def stopped_resources(estate: Path) -> dict[str, tuple[int, int]]:
    """By domain how many resources stop for certain, and how many perhaps.

    Asked another way than the page does: each resource is a service of its own, reached at itself. Keys that sign for funds
    are custody items even then, and not asked about.
    """
    from scanner.pipeline import replay, scan

    file = estate / ".riskscan.yaml"
    config = load_config(file) if file.exists() else Config()
    ids = sorted(resource.id for resource in scan([estate], config).resources)
    asked = replace(config, services=tuple(Service(each, (each,), "low", 1, None) for each in ids), custody=())
    answer = replay([estate], asked, lambda study: tuple(study.replay.every(_EVERY)))
    return {
        each.id: _stopped(s.automatic.value for s in each.services if s.kind == "service") for each in answer.scenarios
    }


def _stopped(verdicts: Iterable[str]) -> tuple[int, int]:
    counted = Counter(verdicts)
    return counted["down"], counted["unknown"]
