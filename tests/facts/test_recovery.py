"""Recovery: levers, copies, the start from nothing and what fails together, on services and losses made by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from scanner.facts import recovery
from scanner.facts.fact import Answer
from scanner.graph.graph import Graph, with_services
from scanner.model.outage import Loss, RiskGroup, ServiceRisk, Step
from scanner.model.service import Criticality, CutSet, ServiceCuts
from scanner.model.span import Span
from scanner.model.value import ABSENT, Unknown
from scanner.rules.evaluate import estate

LINE = Span("main.tf", 1)


def group(*domains: str, tie: str = "r", certain: bool = True, recoverable: bool = False) -> RiskGroup:
    return RiskGroup(domains, certain, recoverable, ((Step(tie, tie, LINE), Step(domains[0], domains[0], LINE)),))


def service(name: str, *groups: RiskGroup, cone: Iterable[str] = (), kind: Any = "service", **rest: Any) -> ServiceRisk:
    critical = Criticality.CRITICAL
    cuts = tuple(CutSet(g.domains) for g in groups)
    return ServiceRisk(
        name=name,
        kind=kind,
        criticality=rest.pop("criticality", critical),
        entry=rest.pop("entry", ("r",)),
        found=rest.pop("found", False),
        span=None,
        cone=frozenset(cone),
        coefficients={},
        coefficients_high={},
        coefficients_manual={},
        cuts=ServiceCuts(name, kind, critical, cuts, cuts),
        risk_groups=groups,
        groups_total=len(groups),
        **rest,
    )


def value(answer: Any) -> Any:
    return answer.value if isinstance(answer, Answer) else answer


Ask = Callable[..., Any]


@pytest.fixture
def ask(graph_of: Callable[..., Graph]) -> Ask:
    """The value of a fact about a resource of some files, or about the estate."""

    def call(name: str, files: str, resource: str, *found: ServiceRisk, losses: Iterable[Loss] = ()) -> Any:
        graph = with_services(graph_of(files), found, losses)
        subject = estate(graph) if resource == "estate" else graph.resources[resource]
        return value(recovery.FACTS[name].compute(subject, graph))

    return call


RECORD = 'resource "aws_route53_record" "r" {\n  zone_id = "Z"\n  name = "api"\n  type = "A"\n}\n'
NAME = "aws_route53_record.r"
# Route 53's control plane is in us-east-1:
# https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/global-services.html
HOME, OTHER = "region:aws/us-east-1", "region:aws/us-west-2"


def test_a_lever_is_lost_where_the_region_that_fails_holds_it(ask: Ask) -> None:
    moved = service("api", group(HOME), group(OTHER, recoverable=True), cone=[NAME])
    assert ask("lever_lost", RECORD, NAME, moved) == ["api"]
    assert ask("lever_home", RECORD, NAME) == HOME


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ([group(OTHER, recoverable=True), group("region:aws/eu-west-1", recoverable=True)], []),
        ([group(HOME, recoverable=True), group(OTHER, recoverable=True)], []),
        ([group(HOME), group(OTHER)], ABSENT),  # no hand brings it back from either
        ([group(HOME)], ABSENT),
    ],
)
def test_other_levers_are_at_hand_or_of_no_use(groups: list[RiskGroup], expected: Any, ask: Ask) -> None:
    assert ask("lever_lost", RECORD, NAME, service("api", *groups, cone=[NAME])) == expected


def test_levers_of_services_that_nobody_named_are_not_asked_about(ask: Ask) -> None:
    groups = (group(HOME), group(OTHER, recoverable=True))
    high = service("api", *groups, cone=[NAME], found=True, criticality=Criticality.HIGH)
    assert ask("lever_lost", RECORD, NAME, high) is ABSENT
    assert ask("lever_lost", RECORD, NAME, service("api", *groups)) is ABSENT


def test_whether_a_lever_is_needed_may_be_open(ask: Ask) -> None:
    doubtful = service("api", group(HOME, certain=False), group(OTHER, recoverable=True), cone=[NAME])
    assert isinstance(ask("lever_lost", RECORD, NAME, doubtful), Unknown)


STORE = 'resource "aws_db_instance" "r" {\n  backup_retention_period = DAYS\n}\n'
DB, ACCOUNT = "aws_db_instance.r", "account:aws/1"
PLAN = """
resource "aws_backup_plan" "p" {
  name = "p"
}
resource "aws_backup_selection" "p" {
  name         = "p"
  plan_id      = aws_backup_plan.p.id
  iam_role_arn = "r"
  resources    = [aws_db_instance.r.arn]
}
"""


def test_what_an_account_takes_with_all_backups(ask: Ask) -> None:
    files, stopped = STORE.replace("DAYS", "7"), service("orders", group(ACCOUNT), cone=[DB])
    lost = [Loss(DB, ACCOUNT, True), Loss(DB, "region:aws/eu-west-1", True)]
    assert ask("lost_with_account", files, DB, stopped, losses=lost) == ["orders"]
    assert ask("taking_account", files, DB, stopped, losses=lost) == [ACCOUNT]
    assert ask("lost_with_account", files, DB, stopped) == []
    assert isinstance(ask("lost_with_account", files, DB, stopped, losses=[Loss(DB, ACCOUNT, False)]), Unknown)


def test_other_rules_ask_for_backups_plans_and_replicas(ask: Ask) -> None:
    stopped, lost = service("orders", group(ACCOUNT), cone=[DB]), [Loss(DB, ACCOUNT, True)]
    kept = STORE.replace("DAYS", "7")
    assert ask("lost_with_account", STORE.replace("DAYS", "0"), DB, stopped, losses=lost) is ABSENT
    assert ask("lost_with_account", kept + PLAN, DB, stopped, losses=lost) is ABSENT
    assert ask("lost_with_region", kept, DB, stopped, losses=lost) is ABSENT
    replica = STORE.replace("backup_retention_period = DAYS", 'replicate_source_db = "other"')
    assert ask("lost_with_account", replica, DB, stopped, losses=lost) is ABSENT


def test_a_store_of_one_cell_of_several_is_not_the_services_data(ask: Ask) -> None:
    spread = service("orders", group(ACCOUNT, "account:aws/2"), cone=[DB])
    assert ask("lost_with_account", STORE.replace("DAYS", "7"), DB, spread, losses=[Loss(DB, ACCOUNT, True)]) is ABSENT


def test_a_copy_elsewhere_may_be_lost_with_the_first(ask: Ask) -> None:
    files = """
resource "azurerm_postgresql_flexible_server" "r" {
  name                         = "r"
  location                     = "japaneast"
  geo_redundant_backup_enabled = true
}
"""
    store, region = "azurerm_postgresql_flexible_server.r", "region:azure/japaneast"
    stopped = service("orders", group(region), cone=[store])
    assert ask("lost_with_region", files, store, stopped, losses=[Loss(store, region, True)]) == ["orders"]
    assert ask("lost_with_region", files, store, stopped) == []


SHARE = """
provider "aws" {
  region = "eu-west-1"
}
resource "aws_kms_key" "hot_wallet" {
}
resource "aws_secretsmanager_secret" "s" {
  name = "NAME"
}
"""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("wallet/recovery-share", ["aws_kms_key.hot_wallet"]),
        ("hot-wallet-backup", ["aws_kms_key.hot_wallet"]),
        ("wallet/api", ABSENT),  # what a program reads every day
        ("database/backup", ABSENT),  # nothing of value
        ("wallet/shared-config", ABSENT),
    ],
)
def test_backups_of_keys_beside_the_signer(name: str, expected: Any, ask: Ask) -> None:
    item = service("hot-wallet", kind="custody", entry=("aws_kms_key.hot_wallet",), found=True)
    secret = "aws_secretsmanager_secret.s"
    assert ask("beside_signers", SHARE.replace("NAME", name), secret, item) == expected
    assert ask("beside_signers", SHARE.replace("NAME", name), secret) is ABSENT


PAIR = 'resource "aws_instance" "a" {\n}\nresource "aws_db_instance" "b" {\n}\nresource "aws_lb" "c" {\n}\n'


@pytest.mark.parametrize(
    ("cycle", "expected"),
    [
        (("aws_db_instance.b", "aws_instance.a"), ["aws_db_instance.b", "aws_instance.a"]),
        (("aws_instance.a", "aws_lb.c"), []),  # a front waits for nothing when it starts
        ((), []),
    ],
)
def test_what_waits_for_each_other(cycle: tuple[str, ...], expected: Any, ask: Ask) -> None:
    assert ask("cold_start", PAIR, "estate", service("s", cold_start=cycle)) == expected
    low = service("s", cold_start=cycle, criticality=Criticality.LOW)
    assert ask("cold_start", PAIR, "estate", low) is ABSENT


@pytest.mark.parametrize(
    ("other", "circle", "apart"),
    [
        (("aws_instance.e", "aws_instance.f"), ["aws_db_instance.b", "aws_instance.a"], 2),
        (("aws_instance.a", "aws_instance.e"), ["aws_db_instance.b", "aws_instance.a", "aws_instance.e"], 0),
        (("aws_instance.e", "aws_lb.c"), ["aws_db_instance.b", "aws_instance.a"], 0),
    ],
)
def test_two_circles_are_not_told_as_one(
    other: tuple[str, ...], circle: list[str], apart: int, graph_of: Callable[..., Graph]
) -> None:
    files = PAIR + 'resource "aws_instance" "e" {\n}\nresource "aws_instance" "f" {\n}\n'
    services = service("s", cold_start=("aws_db_instance.b", "aws_instance.a")), service("t", cold_start=other)
    graph = with_services(graph_of(files), services, ())
    answer = recovery.FACTS["cold_start"].compute(estate(graph), graph)
    assert isinstance(answer, Answer)
    assert answer.value == circle
    assert sum("another circle" in each.message for each in answer.related) == apart


def zonal(name: str, zone: str, *, certain: bool = True) -> ServiceRisk:
    return service(name, group(zone, certain=certain))


A, B, OPEN = "zone:aws/eu-west-1a", "zone:aws/eu-west-1b", "zone:aws/?var.zone"


@pytest.mark.parametrize(
    ("zones", "expected"),
    [
        ((A, A, A), ["s0", "s1", "s2"]),
        ((A, A, B), ["s0", "s1"]),
        ((A, A, B, B), []),  # a half is not most
        ((A, B, "zone:aws/eu-west-1c"), []),
        ((A, A), ABSENT),
        ((A, OPEN, B), None),
    ],
)
def test_a_zone_that_stops_most(zones: tuple[str, ...], expected: Any, ask: Ask) -> None:
    answer = ask("zone_of_most", PAIR, "estate", *(zonal(f"s{n}", zone) for n, zone in enumerate(zones)))
    assert isinstance(answer, Unknown) if expected is None else answer == expected


def test_a_reason_names_a_few_services_only(ask: Ask) -> None:
    services = [zonal(f"s{n}", zone, certain=False) for n, zone in enumerate([A] * 5)]
    answer = ask("zone_of_most", PAIR, "estate", *services)
    assert isinstance(answer, Unknown)
    assert answer.reason == "whether one zone stops s0, s1, s2 and 2 more"


def test_the_zone_is_named(ask: Ask) -> None:
    assert ask("widest_zone", PAIR, "estate", zonal("s0", B), zonal("s1", A), zonal("s2", A)) == A
    assert ask("widest_zone", PAIR, "estate") is ABSENT
