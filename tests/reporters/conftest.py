"""Reports made by hand: what a scan would hand to the reporters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from scanner.model.comparison import Coefficient, Comparison, Effect, Interval, ServicePair, Side
from scanner.model.finding import Axis, Finding, Outcome, Related, Severity
from scanner.model.outage import (
    LEVELS,
    Cause,
    DataVerdict,
    OutageReport,
    RiskGroup,
    Scenario,
    ServiceOutage,
    ServiceRisk,
    Step,
    Verdict,
)
from scanner.model.problem import Problem, ProblemKind
from scanner.model.report import AxisScore, FormatCoverage, Report, Score
from scanner.model.resource import Declaration, Edge, EdgeKind, Placement, Reference, Resource, Scope
from scanner.model.rule import RuleInfo
from scanner.model.score import Stage
from scanner.model.service import Criticality, CutSet, ServiceCuts
from scanner.model.span import Span
from scanner.model.value import Unknown

SOURCE = """\
resource "aws_db_instance" "main" {
  engine   = "postgres"
  multi_az = false
}
"""

RULE = RuleInfo(
    code="RS101",
    slug="database-single-zone",
    axis=Axis.ZONE,
    severity=Severity.HIGH,
    precision="high",
    title="A database runs in one zone",
    why="If the zone fails, the database is down until somebody restores it.",
    remediation={
        "terraform/aws": "Set multi_az:\n\n```hcl\nmulti_az = true\n```",
        "terraform/google": 'Set availability_type = "REGIONAL".',
    },
    controls={"nist-800-53": ("CP-7", "CP-10")},
    references=("https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.MultiAZ.html",),
    tags=("availability",),
)


def make_finding(outcome: Outcome = Outcome.FAIL, **changes: Any) -> Finding:
    """The finding on ``multi_az = false`` of :data:`SOURCE`, with changes."""
    finding = Finding(
        rule="RS101",
        slug="database-single-zone",
        axis=Axis.ZONE,
        severity=Severity.HIGH,
        outcome=outcome,
        resource="aws_db_instance.main",
        span=Span("db/main.tf", 3, 3, 3, 19),
        message="The database runs in one zone: multi_az is false.",
        why="If that zone fails, what reads it stops.",
        attribute="multi_az",
        fingerprint="aa11",
    )
    return replace(finding, **changes)


def make_resource(address: str = "aws_db_instance.main", **placement: Any) -> Resource:
    """A database that mentions a subnet group, in Tokyo."""
    span = Span("db/main.tf", 1, 1, 1, 34)
    references = (Reference("db_subnet_group_name", "aws_db_subnet_group.b", "name", span),)
    declaration = Declaration(address, "aws_db_instance", "main", "terraform", span, {}, references=references)
    place = replace(Placement("aws", None, "ap-northeast-1", ("ap-northeast-1a",), Scope.ZONAL), **placement)
    return Resource(declaration, "database", {}, {}, place, tier="production")


def make_report(findings: Sequence[Finding] = (), **changes: Any) -> Report:
    """A report with one file read, and a score for one axis."""
    report = Report(
        tool_version="1.2.3",
        base="/repository",
        resources=(make_resource(),),
        edges=(),
        findings=tuple(findings),
        rules={"RS101": RULE},
        problems=(),
        coverage={"terraform": FormatCoverage(found=1, read=1)},
        score=Score(
            1, 40.0, 61.5, "D", (AxisScore(Axis.ZONE, 40.0, 61.5, 1, 2), AxisScore(Axis.EDGE, 0.0, 100.0, 0, 0))
        ),
        sources={"db/main.tf": tuple(SOURCE.split("\n"))},
    )
    return replace(report, **changes)


def make_risk(name: str = "orders", *groups: RiskGroup, **changes: Any) -> ServiceRisk:
    """A service that one zone stops, perhaps an account, and both other zones together."""
    certain = tuple(CutSet(group.domains) for group in groups if group.certain)
    risk = ServiceRisk(
        name=name,
        kind="service",
        criticality=Criticality.CRITICAL,
        entry=("aws_lb.api",),
        found=False,
        span=Span(".riskscan.yaml", 3),
        cone=frozenset({"aws_db_instance.main"}),
        coefficients=dict.fromkeys(LEVELS) | {"zone": 1, "account": 1},
        coefficients_high=dict.fromkeys(LEVELS) | {"zone": 1},
        coefficients_manual=dict.fromkeys(LEVELS) | {"zone": 2},
        cuts=ServiceCuts(
            name, "service", Criticality.CRITICAL, tuple(CutSet(group.domains) for group in groups), certain
        ),
        risk_groups=groups,
        groups_total=len(groups),
    )
    return replace(risk, **changes)


def make_group(*domains: str, certain: bool = True, recoverable: bool = False) -> RiskGroup:
    """A risk group whose every path leads over the database to the domain."""
    database = Step("aws_db_instance.main", "aws_db_instance.main", Span("db/main.tf", 1))
    paths = tuple((database, Step(domain, domain, Span("db/main.tf", 3))) for domain in domains)
    return RiskGroup(domains, certain, recoverable, paths)


def make_outage(name: str = "orders", **changes: Any) -> ServiceOutage:
    """A service that a zone's failure stops."""
    zone = "zone:aws/ap-northeast-1a"
    outage = ServiceOutage(
        name=name,
        kind="service",
        criticality=Criticality.CRITICAL,
        automatic=Verdict.DOWN,
        manual=Verdict.DOWN,
        data=DataVerdict.LOST,
        because=(
            Cause("aws_db_instance.main", zone, Span("db/main.tf", 3)),
            Cause("aws_instance.beside", zone, Span("db/main.tf", 2)),
        ),
        path=(
            Step("aws_db_instance.main", "aws_db_instance.main", Span("db/main.tf", 1)),
            Step(zone, zone, Span("db/main.tf", 3)),
        ),
        lost=("aws_db_instance.main",),
    )
    return replace(outage, **changes)


def make_outages(*services: ServiceOutage, **changes: Any) -> OutageReport:
    """The answer to one zone's failure."""
    zone = "zone:aws/ap-northeast-1a"
    scenario = Scenario(zone, (zone,), services)
    report = OutageReport("1.2.3", "/repository", (scenario,), (), {"terraform": FormatCoverage(found=1, read=1)})
    return replace(report, **changes)


@pytest.fixture
def risk() -> Callable[..., ServiceRisk]:
    return make_risk


@pytest.fixture
def group() -> Callable[..., RiskGroup]:
    return make_group


@pytest.fixture
def outage() -> Callable[..., ServiceOutage]:
    return make_outage


@pytest.fixture
def outages() -> Callable[..., OutageReport]:
    return make_outages


@pytest.fixture
def finding() -> Callable[..., Finding]:
    return make_finding


@pytest.fixture
def resource() -> Callable[..., Resource]:
    return make_resource


@pytest.fixture
def report() -> Callable[..., Report]:
    return make_report


@pytest.fixture
def full() -> Report:
    """Every outcome and section at once: a failure reached through a module call, a worse one, and the rest."""
    called = Span("db/main.tf", 3, 3, 3, 19).under(Span("main.tf", 7, 1, 7, 12), "in the module called")
    findings = [
        make_finding(span=called, related=(Related(Span("main.tf", 12), "called here too", "module.other"),)),
        make_finding(severity=Severity.CRITICAL, span=Span("db/main.tf", 1, 1, 4, 2), fingerprint="bb22"),
        make_finding(Outcome.UNKNOWN, why="variable zones has no default (variables.tf:2)", span=Span("a.tf", 9, 5)),
        make_finding(Outcome.PASS, resource="aws_db_instance.good"),
        make_finding(Outcome.SUPPRESSED, resource="aws_db_instance.known", reason="Rebuilt nightly."),
        make_finding(Outcome.ERROR, resource="aws_db_instance.odd", message="the rule failed"),
    ]
    unknown = Unknown("variable region has no default", Span("variables.tf", 5))
    return make_report(
        findings,
        resources=(
            make_resource(),
            make_resource("a.b", region=unknown, zones=("ap-northeast-1a", unknown), account=unknown),
            make_resource("c.d", zones=unknown, cluster="prod"),
        ),
        edges=(Edge("c.d", "a.b", EdgeKind.RUNTIME, "x", Span("db/main.tf", 2)),),
        problems=(
            Problem(Span("main.tf", 3, 2), ProblemKind.MODULE, "the source of module vpc is not on this machine"),
            Problem(Span("bad.tf", 4, 1), ProblemKind.INVALID, "unexpected }"),
        ),
        coverage={"terraform": FormatCoverage(4, 2, 1, 1), "helm": FormatCoverage(1, 0, 0, 1)},
        uncatalogued={"aws_new_thing": 3, "aws_other": 1},
    )


def make_side(label: str, low: float, **changes: Any) -> Side:
    """One side of a comparison: one service, and a score on the axis zone."""
    score = Score(1, low, low, "D", (AxisScore(Axis.ZONE, low, low, 1, 2),), Stage.R0, Stage.R0, services=1)
    side = Side(label, "/repository", False, 3, 0, score, (), {"terraform": FormatCoverage(found=1, read=1)})
    return replace(side, **changes)


def make_turned(
    name: str, level: str, base: int | None, head: int | None, effect: Effect, **changes: Any
) -> ServicePair:
    """A service whose coefficient at one level is another than before."""
    each = Coefficient(level, Interval(base, base), Interval(head, head), effect)
    return replace(ServicePair(name, name, "service", Criticality.CRITICAL, (each,)), **changes)


def make_since(**changes: Any) -> Comparison:
    """A pull request that changes nothing, with changes."""
    sides = make_side("base", 70.0, revision="b" * 40), make_side("head", 70.0)
    return replace(Comparison("1.2.3", *sides, (), (), (), (), (), ()), **changes)


@pytest.fixture
def side() -> Callable[..., Side]:
    return make_side


@pytest.fixture
def turned() -> Callable[..., ServicePair]:
    return make_turned


@pytest.fixture
def since() -> Callable[..., Comparison]:
    return make_since
