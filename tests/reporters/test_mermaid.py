"""The picture: what is drawn of services and domains, and how much."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scanner.model.outage import RiskGroup, ServiceRisk
from scanner.model.report import Report
from scanner.reporters.mermaid import MAX_LABEL, MAX_SERVICES, label, picture

Make = Callable[..., Report]
MakeRisk = Callable[..., ServiceRisk]
MakeGroup = Callable[..., RiskGroup]


def test_the_smallest_sets_of_each_service(report: Make, risk: MakeRisk, group: MakeGroup) -> None:
    zone, pair = group("zone:aws/a"), group("region:aws/b", "zone:aws/a", certain=False)
    services = (
        risk("orders", zone, pair, group("service:aws/kms@b")),
        risk("reports", group("region:aws/b", "zone:aws/a", certain=False), group("edge:x", "edge:y")),
        risk("archive", group("service:aws/s3@b")),
        risk("safe"),
    )
    assert picture(report(services=services)) == (
        "flowchart LR\n"
        '  d0(["edge:x + edge:y"])\n'
        '  d1(["region:aws/b + zone:aws/a"])\n'
        '  d2(["service:aws/s3@b"])\n'
        '  d3(["zone:aws/a"])\n'
        '  s0["orders"]\n'
        "  d3 -->|stops| s0\n"
        '  s1["reports"]\n'
        "  d1 -.->|perhaps together stop| s1\n"
        "  d0 -->|together stop| s1\n"
        '  s2["archive"]\n'
        "  d2 -->|stops| s2\n"
    )


def test_of_each_long_name_the_beginning_is_shown(report: Make, risk: MakeRisk, group: MakeGroup) -> None:
    drawn = picture(report(services=(risk("a", group("account:aws/" + "1" * 80, "edge:x")),)))
    assert f'(["account:aws/{"1" * (MAX_LABEL - 13)}… + edge:x"])' in drawn


def test_nothing_to_draw(report: Make, risk: MakeRisk) -> None:
    assert picture(report()) == ""
    assert picture(report(services=(risk("safe"),))) == ""


def test_a_picture_stays_small(report: Make, risk: MakeRisk, group: MakeGroup) -> None:
    services = tuple(
        risk("x" * 500 + str(n), *(group(f"zone:aws/{n}-{m}" + "y" * 500) for m in range(50))) for n in range(500)
    )
    drawn = picture(report(services=services))
    # https://mermaid.js.org/config/schema-docs/config.html: maxTextSize 50,000 and maxEdges 500
    assert len(drawn) < 50_000
    assert drawn.count("|stops|") < 500
    assert drawn.count("  s") == MAX_SERVICES


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("zone:aws/ap-northeast-1a", "zone:aws/ap-northeast-1a"),
        ("payments/Deployment/api", "payments/Deployment/api"),
        ('module.a["x"].aws_lb.b[0]', "module.a［”x”］.aws_lb.b［0］"),
        ("%%{init: x}%%", "％％｛init: x｝％％"),
        ("#35; #quot;", "＃35； ＃quot；"),
        ("", "?"),
        ("- a", "·- a"),
        ("1. a", "·1. a"),
        ("取引所 ü", "取引所 ü"),
        ("a\u200bb", "a·b"),
        ("x" * 80, "x" * (MAX_LABEL - 1) + "…"),
    ],
)
def test_labels_mean_nothing_to_mermaid(text: str, expected: str) -> None:
    assert label(text) == expected
