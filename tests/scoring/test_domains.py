"""What failure domains count as, by the ids that DESIGN names."""

from __future__ import annotations

import pytest

from scanner.model.score import ScoreAxis
from scanner.model.service import Criticality, CutSet, Level, ServiceCuts
from scanner.scoring import coefficient_intervals, coefficients
from scanner.scoring.domains import meaning
from scanner.scoring.weights import weights


@pytest.mark.parametrize(
    ("domain", "levels", "axes", "severity"),
    [
        ("zone:aws/ap-northeast-1a", "zone", "zone", 1),
        ("zone:aws/ap-northeast-1?var.zone", "zone", "zone", 1),
        ("region:aws/ap-northeast-1", "region", "region", 2),
        ("region:aws/?var.region", "region", "region", 2),
        ("provider:aws", "provider", "provider", 4),
        ("account:aws/123456789012", "account", "account", 3),
        ("edge:cloudflare", "edge", "edge", 3),
        ("registrar:gandi", "edge", "edge", 3),
        ("ca:letsencrypt", "edge", "edge", 2),
        ("owner:Consensys", "owner", "edge", 2),
        ("custodian:fireblocks", "custodian", "custody", 3),
        ("cluster:prod", "cluster", "zone", 1),
        ("node-group:prod/a", "", "zone", 1),
        ("service:aws/kms@ap-northeast-1", "service", "region", 3),
        ("service:aws/ec2@ap-northeast-1a", "service", "zone", 2),
        ("service:aws/ec2@apne1-az4", "service", "zone", 2),
        ("service:aws/ec2@us-west-2-lax-1a", "service", "zone", 2),
        ("service:aws/ec2@ap-northeast-1?var.zone", "service", "zone", 2),
        ("service:aws/s3@?var.region", "service", "region", 2),
        ("service:google/sql@asia-northeast1", "service", "region", 2),
        ("service:google/sql@asia-northeast1-b", "service", "zone", 2),
        ("service:azure/sql@japaneast", "service", "region", 2),
        ("service:azure/sql@japaneast-1", "service", "zone", 2),
        ("service:aws/route53", "edge service", "provider edge", 3),
        ("service:aws/cloudfront", "edge service", "provider edge", 2),
        ("service:azure/front-door", "edge service", "provider edge", 2),
        ("service:google/dns", "edge service", "provider edge", 3),
        ("service:aws/iam", "service", "provider", 2),
        ("control:aws/ec2@ap-northeast-1", "service", "region", 1),
        ("control:aws/route53", "edge service", "provider edge", 1),
        ("something:else", "", "", 1),
    ],
)
def test_a_domain(domain: str, levels: str, axes: str, severity: int) -> None:
    found = meaning(domain, "service", weights())
    assert found.levels == set(map(Level, levels.split()))
    assert found.axes == {ScoreAxis.ANY, *map(ScoreAxis, axes.split())}
    assert found.severity == severity


@pytest.mark.parametrize(
    "domain", ["provider:aws", "account:aws/1", "service:aws/kms@r-1", "owner:X", "edge:cloudflare"]
)
def test_who_can_lock_funds_counts_at_custody(domain: str) -> None:
    assert ScoreAxis.CUSTODY in meaning(domain, "custody", weights()).axes
    assert ScoreAxis.CUSTODY not in meaning(domain, "service", weights()).axes


@pytest.mark.parametrize("domain", ["zone:aws/r-1a", "region:aws/r-1", "cluster:prod"])
def test_a_place_locks_nothing(domain: str) -> None:
    assert meaning(domain, "custody", weights()).axes == meaning(domain, "service", weights()).axes


@pytest.mark.parametrize(
    ("domain", "capped"),
    [
        ("account:aws/1", True),
        ("service:aws/kms@r-1", True),
        ("custodian:fireblocks", True),
        ("service:aws/route53", True),
        ("edge:cloudflare", True),
        ("service:aws/cloudfront", False),
        ("region:aws/r-1", False),
        ("provider:aws", False),
    ],
)
def test_what_caps_the_grade_of_a_critical_service(domain: str, capped: bool) -> None:
    assert meaning(domain, "service", weights()).capped is capped


def cuts(*sets: str) -> tuple[CutSet, ...]:
    return tuple(CutSet(tuple(sorted(each.split()))) for each in sets)


CUTS = cuts(
    "provider:aws",
    "zone:aws/a zone:aws/c",
    "owner:X owner:Y owner:Z",
    "service:aws/route53 zone:aws/a",
    "edge:cloudflare service:aws/route53",
)


def test_coefficients() -> None:
    # Route 53 with Cloudflare is a pair at the edge; Route 53 with a zone is of no one level.
    assert coefficients(CUTS) == {
        Level.ZONE: 2,
        Level.REGION: None,
        Level.PROVIDER: 1,
        Level.ACCOUNT: None,
        Level.EDGE: 2,
        Level.OWNER: 3,
        Level.CUSTODIAN: None,
        Level.CLUSTER: None,
        Level.SERVICE: None,
    }


def test_the_interval_of_coefficients() -> None:
    service = ServiceCuts("s", "service", Criticality.HIGH, cuts("zone:aws/a", "provider:aws"), CUTS)
    found = coefficient_intervals(service)
    assert (found[Level.ZONE], found[Level.PROVIDER], found[Level.EDGE]) == ((1, 2), (1, 1), (None, 2))
