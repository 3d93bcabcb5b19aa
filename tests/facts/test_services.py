"""Services: whom one failure domain stops, asked of the resource that ties it there, on services made by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from scanner.facts import services
from scanner.facts.fact import Answer
from scanner.facts.services import level_of, said
from scanner.graph.graph import Graph, with_services
from scanner.model.outage import RiskGroup, ServiceRisk, Step
from scanner.model.service import Criticality, CutSet, ServiceCuts
from scanner.model.span import Span
from scanner.model.value import ABSENT, Unknown

FILES = """
resource "aws_lb" "api" {
}
resource "aws_db_instance" "orders" {
  availability_zone = "eu-west-1a"
}
resource "aws_kms_key" "wallet" {
}
"""
ENTRY, TIE, KEY = "aws_lb.api", "aws_db_instance.orders", "aws_kms_key.wallet"
LINE = Span("main.tf", 5, 3)


def group(*domains: str, tie: str = TIE, certain: bool = True, text: str = "", recoverable: bool = False) -> RiskGroup:
    path = (Step(ENTRY, ENTRY, Span("main.tf", 2)), Step(tie, tie, Span("main.tf", 4)), Step(domains[0], text, LINE))
    return RiskGroup(domains, certain, recoverable, (path,))


def service(*groups: RiskGroup, **changes: Any) -> ServiceRisk:
    cuts = tuple(CutSet(g.domains) for g in groups)
    made = ServiceRisk(
        name="orders",
        kind="service",
        criticality=Criticality.CRITICAL,
        entry=(ENTRY,),
        found=False,
        span=None,
        cone=frozenset((ENTRY, TIE, KEY)),
        coefficients={},
        coefficients_high={},
        coefficients_manual={},
        cuts=ServiceCuts("orders", "service", Criticality.CRITICAL, cuts, cuts),
        risk_groups=groups,
        groups_total=len(groups),
    )
    return replace(made, **changes)


Ask = Callable[..., Any]


@pytest.fixture
def ask(graph_of: Callable[..., Graph]) -> Ask:
    """The answer of a fact about one resource where there are these services."""

    def call(name: str, resource: str, *found: ServiceRisk) -> Any:
        graph = with_services(graph_of(FILES), found)
        return services.FACTS[name].compute(graph.resources[resource], graph)

    return call


def value(answer: Any) -> Any:
    return answer.value if isinstance(answer, Answer) else answer


ZONE = "zone:aws/eu-west-1a"


def test_the_tie_names_the_services_and_marks_the_line_that_ties(ask: Ask) -> None:
    second = service(group(ZONE), name="reports", criticality=Criticality.HIGH)
    answer = ask("stopped_by_zone", TIE, second, service(group(ZONE)))
    assert answer.value == ["orders", "reports"]
    assert answer.mark == LINE
    assert [(r.resource, r.span.line) for r in answer.related[:2]] == [(ENTRY, 2), (TIE, 4)]
    assert answer.related[0].message == "orders needs aws_lb.api"
    assert value(ask("stopping_zone", TIE, service(group(ZONE)))) == [ZONE]


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        ("stopped_by_zone", ZONE),
        ("stopped_by_region", "region:aws/eu-west-1"),
        ("stopped_by_provider", "provider:aws"),
        ("stopped_by_account", "account:aws/1"),
        ("stopped_by_edge", "edge:cloudflare"),
        ("stopped_by_registrar", "registrar:gandi"),
        ("stopped_by_edge", "service:aws/route53"),
        ("stopped_by_owner", "owner:Consensys"),
    ],
)
def test_each_level_is_asked_for_itself(name: str, domain: str, ask: Ask) -> None:
    assert value(ask(name, TIE, service(group(domain)))) == ["orders"]
    others = [n for n in services.FACTS if n.startswith("stopped_by_") and n != name]
    assert {n: value(ask(n, TIE, service(group(domain)))) for n in others} == dict.fromkeys(others, ABSENT)


def test_the_host_of_a_zone_is_asked_about_the_zone(graph_of: Callable[..., Graph]) -> None:
    hosted = graph_of('resource "aws_route53_zone" "z" {\n  name = "example.com"\n}\n')
    graph = with_services(hosted, [service(group("service:aws/route53", tie="aws_route53_zone.z"))])
    assert services.FACTS["stopped_by_edge"].compute(graph.resources["aws_route53_zone.z"], graph) is ABSENT


def test_other_resources_are_not_asked(ask: Ask) -> None:
    assert ask("stopped_by_zone", ENTRY, service(group(ZONE))) is ABSENT
    assert ask("stopped_by_zone", KEY, service(group(ZONE))) is ABSENT


def test_only_one_domain_at_a_time_counts(ask: Ask) -> None:
    pair = service(group(ZONE, "zone:aws/eu-west-1b"))
    assert ask("stopped_by_zone", TIE, pair) is ABSENT
    assert ask("stopped_by_zone", ENTRY, pair) == []


def test_a_service_that_no_zone_stands_under_says_nothing_about_zones(ask: Ask) -> None:
    assert ask("stopped_by_zone", ENTRY, service(group("region:aws/eu-west-1"))) is ABSENT


def test_what_is_not_listed_is_not_passed(ask: Ask) -> None:
    listed = group("region:aws/eu-west-1")
    more = ServiceCuts("orders", "service", Criticality.CRITICAL, (CutSet((ZONE,)), CutSet(listed.domains)), ())
    assert ask("stopped_by_zone", ENTRY, service(listed, cuts=more, groups_total=2)) is ABSENT


def test_an_uncertain_cut_is_unknown_with_its_reason(ask: Ask) -> None:
    open_ = group(ZONE, certain=False, text=f"{ZONE} (not decided: variable zone has no default (set it))")
    answer = ask("stopped_by_zone", TIE, service(open_))
    assert isinstance(answer.value, Unknown)
    assert answer.value.reason == f"whether {ZONE} stops orders: variable zone has no default (set it)"
    assert answer.value.origin == answer.mark == LINE
    assert ask("stopped_by_zone", ENTRY, service(open_)) is ABSENT


def test_a_certain_cut_makes_uncertain_ones_of_its_level_idle(ask: Ask) -> None:
    both = service(group(ZONE, tie=KEY), group("zone:aws/eu-west-1b", certain=False, text="maybe"))
    assert value(ask("stopped_by_zone", KEY, both)) == ["orders"]
    assert ask("stopped_by_zone", TIE, both) is ABSENT


def test_a_doubt_on_another_level_keeps_a_service_from_passing(ask: Ask) -> None:
    pair = group(ZONE, "zone:aws/eu-west-1b")
    assert ask("stopped_by_zone", ENTRY, service(pair, group("region:aws/eu-west-1", certain=False))) is ABSENT


def test_what_matters_little_is_left_out(ask: Ask) -> None:
    for criticality in (Criticality.MEDIUM, Criticality.LOW):
        assert ask("stopped_by_zone", TIE, service(group(ZONE), criticality=criticality)) is ABSENT
    assert ask("stopped_by_zone", TIE, service(group(ZONE), kind="custody")) is ABSENT


@pytest.mark.parametrize("domain", ["region:aws/eu-west-1", "provider:aws", "account:aws/1"])
def test_what_was_only_found_is_asked_about_zones_but_not_about_places_above(domain: str, ask: Ask) -> None:
    name = f"stopped_by_{domain.split(':', maxsplit=1)[0]}"
    found = {"found": True, "criticality": Criticality.HIGH}
    assert value(ask("stopped_by_zone", TIE, service(group(ZONE), **found))) == ["orders"]
    assert ask(name, TIE, service(group(domain), **found)) is ABSENT
    assert value(ask(name, TIE, service(group(domain), found=True))) == ["orders"]  # a tag calls it critical


def test_who_can_lock_a_custody_item(ask: Ask) -> None:
    item = service(
        group("owner:Consensys", tie=KEY),
        group("provider:aws", tie=KEY),
        group("region:aws/eu-west-1", tie=TIE),
        kind="custody",
        name="hot-wallet",
        entry=(KEY,),
        gatekeepers=("owner:Consensys", "provider:aws"),
    )
    assert value(ask("locked_items", KEY, item)) == ["hot-wallet"]
    assert ask("locking_parties", KEY, item) == ["owner:Consensys", "provider:aws"]
    assert ask("locked_items", TIE, item) is ABSENT
    assert ask("locked_items", KEY, replace(item, found=True)) is ABSENT
    assert ask("locked_items", KEY, replace(item, gatekeepers=())) is not ABSENT  # escrowed: nobody needs be asked
    assert value(ask("locked_items", KEY, replace(item, gatekeepers=()))) == []
    shared = replace(item, risk_groups=(group("provider:aws", "provider:google", tie=KEY),), gatekeepers=())
    assert ask("locked_items", KEY, shared) == []


def test_places_that_the_files_do_not_name_are_said_so() -> None:
    assert said("zone:aws/?aws_instance.a.zone") == "a zone that the files do not name"
    assert said("account:aws/?..account") == "an account that the files do not name"
    assert said("owner:Consensys") == "owner:Consensys"


def test_levels() -> None:
    assert level_of("service:aws/kms@eu-west-1") == "service"
    assert level_of("service:aws/cloudfront") == "edge"
    assert level_of("ca:letsencrypt") == "ca"


@pytest.mark.parametrize("name", [name for name, fact in services.FACTS.items() if fact.only is not None])
@pytest.mark.parametrize("level", ["zone", "region", "provider", "account", "registrar", "owner"])
def test_resources_beside_those_that_a_fact_names_have_no_answer(
    graph_of: Callable[..., Graph], name: str, level: str
) -> None:
    found = service(group(f"{level}:aws/x"), entry=(ENTRY,))
    custody = replace(found, name="keys", kind="custody", entry=(KEY,), gatekeepers=(f"{level}:aws/x",))
    graph = with_services(graph_of(FILES), (found, custody))
    fact = services.FACTS[name]
    assert fact.only is not None
    assert fact.only(graph) == {ENTRY, TIE, KEY}
    alone = with_services(graph_of(FILES), (found,))
    assert KEY not in fact.only(alone)
    assert fact.compute(alone.resources[KEY], alone) is ABSENT
