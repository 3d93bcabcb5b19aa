"""What the reports of a scan say of services: the table, the riskiest outage, the groups and their reasons."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from markdown_it import MarkdownIt

import scanner.reporters
from scanner.model.outage import LEVELS, RiskGroup, ServiceRisk
from scanner.model.report import Report
from scanner.model.service import Criticality
from scanner.reporters import Options, json_, markdown, sarif, services, text
from scanner.reporters.sarif_contract import check

Make = Callable[..., Report]
MakeRisk = Callable[..., ServiceRisk]
MakeGroup = Callable[..., RiskGroup]

SCHEMA = json.loads(Path(scanner.reporters.__file__).with_name("report_schema.json").read_text(encoding="utf-8"))
SARIF = json.loads((Path(__file__).parents[1] / "fixtures" / "sarif-2.1.0.json").read_text(encoding="utf-8-sig"))

TEXT = """\
How many failures stop a service
                      zone  account
  orders   critical      1   1-more
  a|b <i>  low           2        -
Riskiest outage: zone:aws/a alone stops 1 of 2 services and custody items: orders
  zone:aws/a stops orders
    -> aws_db_instance.main  db/main.tf:1
    -> zone:aws/a  db/main.tf:3
  an account of aws that is not named stops orders, perhaps
    -> aws_db_instance.main  db/main.tf:1
    -> account:aws/?x  db/main.tf:3
  zone:aws/b + zone:aws/c stop a|b <i>; a person can bring it back
    -> aws_db_instance.main  db/main.tf:1
    -> zone:aws/b  db/main.tf:3
    -> aws_db_instance.main  db/main.tf:1
    -> zone:aws/c  db/main.tf:3
"""

MARKDOWN = """\
### How many failures stop a service

| Service | Criticality | zone | account |
|---|---|--:|--:|
| orders | critical | 1 | 1-more |
| a\\|b &lt;i&gt; | low | 2 | - |

**Riskiest outage:** zone:aws/a alone stops 1 of 2 services and custody items: orders.

### What stops them

* `zone:aws/a` stops **orders**: aws_db_instance.main [`db/main.tf:1`](https://host/a/b/blob/c0ffee/db/main.tf#L1) → zone:aws/a [`db/main.tf:3`](https://host/a/b/blob/c0ffee/db/main.tf#L3)
* `an account of aws that is not named` stops **orders**, perhaps: aws_db_instance.main [`db/main.tf:1`](https://host/a/b/blob/c0ffee/db/main.tf#L1) → account:aws/?x [`db/main.tf:3`](https://host/a/b/blob/c0ffee/db/main.tf#L3)
* `zone:aws/b` + `zone:aws/c` stop **a\\|b &lt;i&gt;**; a person can bring it back: aws_db_instance.main [`db/main.tf:1`](https://host/a/b/blob/c0ffee/db/main.tf#L1) → zone:aws/b [`db/main.tf:3`](https://host/a/b/blob/c0ffee/db/main.tf#L3); aws_db_instance.main [`db/main.tf:1`](https://host/a/b/blob/c0ffee/db/main.tf#L1) → zone:aws/c [`db/main.tf:3`](https://host/a/b/blob/c0ffee/db/main.tf#L3)
"""  # fmt: skip


@pytest.fixture
def page(report: Make, risk: MakeRisk, group: MakeGroup) -> Report:
    """A service that a zone stops, perhaps an account; and one that takes two zones."""
    two = dict.fromkeys(LEVELS) | {"zone": 2}
    other = risk(
        "a|b <i>",
        group("zone:aws/b", "zone:aws/c", recoverable=True),
        criticality=Criticality.LOW,
        coefficients=two,
        coefficients_high=two,
    )
    return report(services=(risk("orders", group("zone:aws/a"), group("account:aws/?x", certain=False)), other))


def test_text(page: Report) -> None:
    assert TEXT in text.render(page)


def test_colour_changes_nothing_but_colour(page: Report) -> None:
    for width in (40, 60, 100):
        coloured = text.render(page, Options(color=True, width=width))
        assert "\x1b[1;31mzone:aws/b\x1b[0m" in coloured
        assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == text.render(page, Options(width=width))


def test_markdown(page: Report) -> None:
    web = Options(repository_url="https://host/a/b", revision="c0ffee")
    assert MARKDOWN in markdown.render(page, web)
    html = MarkdownIt("commonmark").enable("table").render(markdown.render(page))
    assert "<td>a|b &lt;i&gt;</td>" in html


@pytest.mark.parametrize("limit", [0, 300, 900, 2_000, 20_000])
def test_markdown_stays_under_the_limit_and_tells_what_it_leaves_out(
    report: Make, risk: MakeRisk, group: MakeGroup, limit: int
) -> None:
    risks = tuple(risk(f"服务 {n}", *(group(f"zone:aws/{n}-{m}") for m in range(9))) for n in range(400))
    shown = markdown.render(report(services=risks), Options(max_bytes=limit))
    assert len(shown.encode()) <= limit
    if limit == 2_000:
        kept = shown.count("| critical |")
        assert 0 < kept < 400
        assert f"{400 - kept} of 400 are left out" in shown


def test_many_services_are_counted_and_all_listed_on_request(report: Make, risk: MakeRisk, group: MakeGroup) -> None:
    risks = tuple(risk(f"service-{n:03}", group("zone:aws/a")) for n in range(text.SERVICES + 5))
    shown = text.render(report(services=risks))
    assert "  and 5 more; --show all lists them\n" in shown
    assert re.search(r"^  service-024 +critical", shown, re.MULTILINE) is None
    full = text.render(report(services=risks), Options(full=True))
    assert re.search(r"^  service-024 +critical", full, re.MULTILINE)
    assert "(and service-001, service-002, service-003…)" in shown, "one line for a group that stops many"


def test_of_a_long_name_both_ends_are_shown(report: Make, risk: MakeRisk, group: MakeGroup) -> None:
    name = "frontend (src/frontend/k8s/overlays/production-fwi-ingress)"
    assert "  frontend (src/frontend/…/production-fwi-ingress)  " in text.render(
        report(services=(risk(name, group("zone:aws/a")),))
    )


def test_the_columns_of_the_table_never_touch(report: Make, risk: MakeRisk, group: MakeGroup) -> None:
    wide = risk("a", group("zone:aws/a"), coefficients_high=dict.fromkeys(LEVELS))
    line = next(row for row in text.render(report(services=(wide,))).splitlines() if row.startswith("  a "))
    assert line.split() == ["a", "critical", "1-more", "1-more"]


@pytest.mark.parametrize(
    ("low", "high", "shown"), [(1, 1, "1"), (1, 2, "1-2"), (1, None, "1-more"), (None, None, "-"), (0, 0, "0")]
)
def test_a_coefficient(risk: MakeRisk, low: int | None, high: int | None, shown: str) -> None:
    service = risk(coefficients={"zone": low}, coefficients_high={"zone": high})
    assert services.coefficient(service, "zone") == shown


def test_the_riskiest_outage_weighs_criticality_and_prefers_the_smaller(
    report: Make, risk: MakeRisk, group: MakeGroup
) -> None:
    def stopped(name: str, criticality: Criticality, *domains: str) -> ServiceRisk:
        return risk(name, *map(group, domains), criticality=criticality)

    low = [stopped(f"low-{n}", Criticality.LOW, "zone:aws/b", "provider:aws") for n in range(3)]
    critical = stopped("c", Criticality.CRITICAL, "zone:aws/a", "region:aws/r")
    found = services.riskiest(report(services=(*low, critical)))
    assert found == services.Outage("zone:aws/a", ("c",), 4)
    everything = services.riskiest(report(services=(*low, stopped("c", Criticality.CRITICAL, "provider:aws"))))
    assert everything is not None
    assert everything.domain == "provider:aws"
    assert services.riskiest(report()) is None


def test_what_only_unknowns_stop_is_no_riskiest_outage(report: Make, risk: MakeRisk, group: MakeGroup) -> None:
    assert services.riskiest(report(services=(risk("a", group("zone:aws/a", certain=False)),))) is None


def test_the_groups_that_matter_most(report: Make, risk: MakeRisk, group: MakeGroup) -> None:
    page = report(
        services=(
            risk("low", group("zone:aws/a"), group("zone:aws/b"), criticality=Criticality.LOW),
            risk("top", group("zone:aws/b", "zone:aws/c"), group("zone:aws/b"), group("service:aws/ec2@r")),
        )
    )
    found = [(service.name, group.domains) for service, group in services.top_groups(page)]
    assert found == [
        ("top", ("zone:aws/b",)),
        ("low", ("zone:aws/a",)),
        ("top", ("zone:aws/b", "zone:aws/c")),
    ]


def test_json(page: Report) -> None:
    document: dict[str, Any] = json.loads(json_.render(page))
    assert [error.message for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(document)] == []
    orders, other = document["services"]
    assert list(orders) == SCHEMA["$defs"]["service"]["required"]
    assert (orders["coefficients"]["zone"], orders["coefficients"]["edge"]) == (1, None)
    assert orders["intervals"]["account"] == {"low": 1, "high": None, "manual": None}
    assert orders["risk_groups"] == [["zone:aws/a"], ["account:aws/?x"]]
    assert other["reasons"][0]["recoverable_by_hand"] is True
    assert [len(other["reasons"]), len(other["reasons"][0]["paths"])] == [1, 2]
    assert orders["reasons"][1] == {
        "domains": ["account:aws/?x"],
        "certain": False,
        "recoverable_by_hand": False,
        "paths": [
            [
                {"name": "aws_db_instance.main", "text": "aws_db_instance.main", "file": "db/main.tf", "line": 1},
                {"name": "account:aws/?x", "text": "account:aws/?x", "file": "db/main.tf", "line": 3},
            ]
        ],
    }


def test_sarif(page: Report, report: Make) -> None:
    document = json.loads(sarif.render(page))
    validator = jsonschema.validators.validator_for(SARIF)(SARIF)
    assert [error.message for error in validator.iter_errors(document)] == []
    assert check(document) == []
    properties = document["runs"][0]["properties"]
    assert properties["services"]["orders"] == dict.fromkeys(LEVELS) | {"zone": 1, "account": 1}
    assert properties["riskiestOutage"] == (
        "zone:aws/a alone stops 1 of 2 services and custody items: orders"
    )  # fmt: skip
    empty = json.loads(sarif.render(report()))["runs"][0]["properties"]
    assert (empty["services"], empty["riskiestOutage"]) == ({}, None)


def test_a_sentence_names_some_and_counts_the_rest() -> None:
    names = tuple(f"s{n}" for n in range(services.NAMES + 3))
    assert services.some(names[: services.NAMES]) == ", ".join(names[: services.NAMES])
    assert services.some(names).endswith(f", {names[services.NAMES - 1]} and 3 more")
    assert services.some(()) == ""
