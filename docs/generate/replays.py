"""The recorded incidents, replayed on the examples of the repository."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from msgspec import Struct

from scanner.cli.incident_sets import load
from scanner.config import Config, load_config
from scanner.model.outage import Scenario, ServiceOutage, Verdict
from scanner.pipeline import scan

EXAMPLES: Final = Path(__file__).parents[2] / "examples"


class Hit(Struct, frozen=True):
    """What an incident does to an example. ``variant`` is the domain, where any one of several may have failed."""

    example: str
    variant: str
    stopped: tuple[str, ...]
    recoverable: tuple[str, ...]
    doubtful: tuple[str, ...]


def examples() -> Sequence[Path]:
    """The folders of the examples."""
    return [path for path in sorted(EXAMPLES.iterdir()) if path.is_dir()]


@cache
def hits() -> Mapping[str, tuple[Hit, ...]]:
    """What each incident does to each example that it touches, by the incident's id."""
    found: dict[str, list[Hit]] = {}
    for path in examples():
        for scenario in _scenarios(path):
            name, _, variant = scenario.id.partition(" (")
            found.setdefault(name, []).append(_hit(path.name, variant.removesuffix(")"), scenario.services))
    return {name: tuple(several) for name, several in found.items()}


def _scenarios(path: Path) -> Iterator[Scenario]:
    file = path / ".riskscan.yaml"
    config = load_config(file, file.name) if file.is_file() else Config()
    outages = scan([path], config, load(()).values()).outages
    for effect in outages.incidents if outages else ():
        yield effect.scenario


def _hit(example: str, variant: str, services: Sequence[ServiceOutage]) -> Hit:
    down = [service for service in services if service.automatic is Verdict.DOWN]
    return Hit(
        example,
        variant,
        tuple(service.name for service in down if service.manual is not Verdict.UP),
        tuple(service.name for service in down if service.manual is Verdict.UP),
        tuple(service.name for service in services if service.automatic is Verdict.UNKNOWN),
    )
