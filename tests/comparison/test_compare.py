"""One architecture in two dialects is the same estate: all of it is matched, and neither side is more centralized."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.config import Config
from scanner.model.comparison import Effect
from scanner.since import diff

DIALECTS = sorted((Path(__file__).parent.parent / "fixtures" / "dialects").iterdir())
CONFIG = Config(region="eu-west-1")


@pytest.mark.parametrize("folder", DIALECTS, ids=lambda folder: folder.name)
def test_one_architecture_in_two_dialects(folder: Path) -> None:
    head = next(file for file in sorted(folder.iterdir()) if file.name in ("template.yaml", "main.bicep"))
    report = diff(folder / "main.tf", head, CONFIG)
    assert report.matches
    assert (report.ambiguous, report.only_base) == ((), ())
    assert [match.base.resource for match in report.matches if match.effect is Effect.MORE] == []
    assert [service.name for service in report.services if service.effect is Effect.MORE] == []


@pytest.mark.parametrize("name", ["tokyo-exchange", "two-cloud-exchange"])
def test_an_estate_is_itself(name: str) -> None:
    folder = Path(__file__).parents[2] / "examples" / name
    report = diff(folder, folder, CONFIG)
    assert {match.base.resource for match in report.matches} == {match.head.resource for match in report.matches}
    assert [(m.base.resource, m.head.resource) for m in report.matches if m.base.resource != m.head.resource] == []
    assert not any((report.ambiguous, report.only_base, report.only_head, report.estate))
    assert [shift for match in report.matches for shift in match.shifts] == []
    assert [(m.base.resource, d.name) for m in report.matches for d in m.differences if not d.reason] == []
    assert all(c.base == c.head for service in report.services for c in service.coefficients)
    assert not any(service.reason for service in report.services)
