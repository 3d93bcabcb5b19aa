"""Controls worked out by hand on estates of a few lines."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pytest

from scanner.compliance.services import _survives
from scanner.config import Service, Waiver
from scanner.model.assessment import (
    Attested,
    ComplianceReport,
    ControlEvidence,
    Direction,
    Evidence,
    Origin,
)
from scanner.model.finding import Acceptance
from scanner.model.outage import ServiceRisk
from scanner.model.service import Criticality, Level, ServiceCuts
from scanner.model.span import Span

Assess = Callable[..., ComplianceReport]

PROVIDER = 'provider "aws" {\n  region = "eu-central-1"\n}\n'
DATABASE = """\
resource "aws_db_instance" "ledger" {
  engine            = "postgres"
  availability_zone = "eu-central-1a"
  multi_az          = false
}
"""
ORDERS = {"services": (Service("orders", ("aws_db_instance.ledger",), "critical"),)}


def control(report: ComplianceReport, framework: str, control_id: str) -> ControlEvidence:
    (found,) = (each for each in report.assessments if each.framework.id == framework)
    return next(each for each in found.controls if each.control.id == control_id)


def of_rule(each: ControlEvidence, rule: str) -> list[Evidence]:
    return [claim for claim in each.evidence if claim.rule == rule]


# -- DORA Art. 12(4): redundant capacity -----------------------------------------------------------


def test_a_database_in_one_zone_speaks_against_redundant_capacity(assessed: Assess) -> None:
    report = assessed({"main.tf": PROVIDER + DATABASE}, "dora", **ORDERS)
    each = control(report, "dora", "Art. 12(4)")
    (rule,) = of_rule(each, "RS101")
    assert rule.direction is Direction.AGAINST
    assert rule.text == "The database “aws_db_instance.ledger” has no standby in another zone."
    assert (rule.span.file, rule.span.line) == ("main.tf", 7)  # multi_az
    graph = {claim.domains: claim for claim in each.evidence if claim.origin is Origin.COEFFICIENT}
    zone, region = graph["zone:aws/eu-central-1a",], graph["region:aws/eu-central-1",]
    assert zone.text.startswith(
        "The failure of the availability zone eu-central-1a of Amazon Web Services alone stops the service “orders”."
    )
    assert (zone.span.file, zone.span.line) == ("main.tf", 6)  # availability_zone
    assert region.text.startswith(
        "The failure of the region eu-central-1 (Frankfurt) of Amazon Web Services alone stops the service “orders”."
    )
    assert (region.span.file, region.span.line) == ("main.tf", 2)  # the provider's region


def test_a_standby_speaks_for_it_and_the_single_region_still_against(assessed: Assess) -> None:
    text = DATABASE.replace("false", "true").replace('  availability_zone = "eu-central-1a"\n', "")
    each = control(assessed({"main.tf": PROVIDER + text}, "dora", **ORDERS), "dora", "Art. 12(4)")
    (rule,) = of_rule(each, "RS101")
    assert rule.direction is Direction.FOR
    assert rule.text == (
        "The check “Database runs in a single zone” found nothing wrong with the database “aws_db_instance.ledger”."
    )
    against = {claim.domains for claim in each.of(Direction.AGAINST) if claim.origin is Origin.COEFFICIENT}
    assert ("region:aws/eu-central-1",) in against
    assert not any(name.startswith("zone:") for names in against for name in names)


def test_what_the_files_do_not_decide_is_open_and_never_in_favour(assessed: Assess) -> None:
    text = DATABASE.replace("false", "var.standby").replace('  availability_zone = "eu-central-1a"\n', "")
    text += 'variable "standby" {\n  type = bool\n}\n'
    each = control(assessed({"main.tf": PROVIDER + text}, "dora", **ORDERS), "dora", "Art. 12(4)")
    (rule,) = of_rule(each, "RS101")
    assert rule.direction is Direction.OPEN
    assert "variable standby has no default" in rule.text.lower()
    zones = [claim for claim in each.evidence if any(name.startswith("zone:") for name in claim.domains)]
    assert {claim.direction for claim in zones} == {Direction.OPEN}
    assert zones[0].text.startswith("The files do not decide whether the failure of an availability zone of Amazon")


# -- PCI DSS 3.6.1.4 against DORA RTS Art. 7(2): how many places a key should be in -----------------


def test_one_region_for_a_key_speaks_for_few_places_and_against_its_protection_from_loss(assessed: Assess) -> None:
    text = PROVIDER + (
        'resource "aws_kms_key" "wallet" {\n'
        '  description              = "hot wallet"\n'
        '  key_usage                = "SIGN_VERIFY"\n'
        '  customer_master_key_spec = "ECC_SECG_P256K1"\n'
        "}\n"
    )
    report = assessed({"main.tf": text}, "pci-dss", "dora-rts-risk")
    (few,) = of_rule(control(report, "pci-dss", "3.6.1.4"), "RS603")
    (lost,) = of_rule(control(report, "dora-rts-risk", "Art. 7(2)"), "RS603")
    assert (few.direction, lost.direction) == (Direction.FOR, Direction.AGAINST)
    assert few.span == lost.span
    assert few.text == lost.text
    assert "in several regions" in control(report, "pci-dss", "3.6.1.4").control.remark


# -- NIS2 Annex 5.2: the directory of suppliers ----------------------------------------------------


def test_each_supplier_is_named_where_the_files_bring_it_in(assessed: Assess) -> None:
    cloudflare = (
        'resource "cloudflare_record" "api" {\n  zone_id = "z"\n  name = "api.example.com"\n  type = "A"\n'
        "  content = aws_instance.api.public_ip\n}\n"
        'resource "aws_instance" "api" {\n  ami = "a"\n  availability_zone = "eu-central-1a"\n}\n'
    )
    services = (Service("api", ("cloudflare_record.api",), "high"),)
    each = control(assessed({"main.tf": PROVIDER + cloudflare}, "nis2", services=services), "nis2", "Annex 5.2")
    assert [claim.direction for claim in each.evidence] == [Direction.OPEN] * len(each.evidence)
    told = {claim.domains[0]: claim for claim in each.evidence}
    assert told["provider:aws"].text == (
        "“api” depends on the provider Amazon Web Services. No file shows the contract, or whether a register names it."
    )
    assert (told["provider:aws"].span.file, told["provider:aws"].span.line) == ("main.tf", 1)
    assert "Cloudflare" in told["edge:cloudflare"].text
    assert told["edge:cloudflare"].span.file == "main.tf"


def test_a_service_that_nothing_names_stands_where_it_is_reached(assessed: Assess) -> None:
    text = "".join(
        f'resource "aws_instance" "{zone}" {{\n  availability_zone = "eu-central-1{zone}"\n}}\n' for zone in "ab"
    )
    services = (Service("web", ("aws_instance.a", "aws_instance.b"), "high"),)
    report = assessed({"main.tf": PROVIDER + text}, "dora", services=services)
    told = {claim.text: (claim.span.file, claim.span.line) for claim in report.evidence}
    survived = "No failure of one availability zone stops the service “web”; it takes at least two availability zones"
    assert told[f"{survived} at once."] == ("main.tf", 4)


@pytest.mark.parametrize(
    ("low", "exact", "told"),
    [
        (None, 3, "No failure of up to three regions at once stops the service “orders”."),
        (None, 1, "No failure of one region at once stops the service “orders”."),
        (2, 3, "No failure of one region stops the service “orders”; it takes at least two regions at once."),
        (3, 1, "No failure of one region stops the service “orders”; it takes at least two regions at once."),
        (None, 0, "The scan did not look through all failures of one region for what stops the service “orders”."),
    ],
)
def test_no_more_is_said_than_was_looked_through(low: int | None, exact: int, told: str) -> None:
    risk = ServiceRisk(
        *("orders", "service", Criticality.HIGH, (), False, Span("a", 1), frozenset()),
        *({"region": low}, {"region": low}, {"region": low}),
        ServiceCuts("orders", "service", Criticality.HIGH, (), ()),
        exact=exact,
    )
    claim = _survives(risk, Level.REGION)
    assert claim.text == told
    assert claim.direction is (Direction.FOR if exact else Direction.OPEN)


# -- laws ------------------------------------------------------------------------------------------


def test_an_unread_file_leaves_every_control_open(assessed: Assess) -> None:
    report = assessed({"main.tf": PROVIDER + DATABASE, "broken.tf": "resource {{{\n"}, "dora", "ccss", **ORDERS)
    for assessment in report.assessments:
        for each in assessment.controls:
            (problem,) = (claim for claim in each.evidence if claim.origin is Origin.PROBLEM)
            assert problem.direction is Direction.OPEN
            assert problem.span.file == "broken.tf"
            assert any("may be incomplete" in limit for limit in each.limits)


def test_an_accepted_finding_stays_evidence_against_and_tells_the_reason(assessed: Assess) -> None:
    waivers = (Waiver("RS101", "aws_db_instance.ledger", "Rebuilt within the hour.", span=Span(".riskscan.yaml", 3)),)
    report = assessed({"main.tf": PROVIDER + DATABASE}, "dora", waivers=waivers, **ORDERS)
    (rule,) = of_rule(control(report, "dora", "Art. 12(4)"), "RS101")
    assert rule.direction is Direction.AGAINST
    assert (rule.accepted, rule.accepted_by) == ("Rebuilt within the hour.", Acceptance.CONFIGURATION)
    assert rule not in report.assessments[0].summary.worst


def test_a_control_without_evidence_says_so(assessed: Assess) -> None:
    each = control(assessed({"main.tf": PROVIDER + DATABASE}, "dora", **ORDERS), "dora", "Art. 12(7)")
    assert each.evidence == ()
    assert each.limits == ("The scan found nothing in the files that speaks for this control or against it.",)


def test_a_claim_has_one_number_under_every_control_and_framework(assessed: Assess) -> None:
    report = assessed({"main.tf": PROVIDER + DATABASE}, "dora", "iso27001", "nis2", **ORDERS)
    assert [claim.number for claim in report.evidence] == list(range(1, len(report.evidence) + 1))
    by_number = {claim.number: claim for claim in report.evidence}
    shown = [claim for a in report.assessments for each in a.controls for claim in each.evidence]
    assert all(by_number[claim.number] == claim for claim in shown)
    assert {claim.number for claim in shown} == set(by_number)
    places = [(claim.span.file, claim.span.line) for claim in report.evidence]
    assert places == sorted(places)


def test_the_services_of_one_failure_share_a_claim(assessed: Assess) -> None:
    services = tuple(Service(name, ("aws_db_instance.ledger",), "critical") for name in ("orders", "withdrawals"))
    report = assessed({"main.tf": PROVIDER + DATABASE}, "dora", services=services)
    zone = [
        claim
        for claim in control(report, "dora", "Art. 12(4)").evidence
        if claim.domains == ("zone:aws/eu-central-1a",) and claim.origin is Origin.COEFFICIENT
    ]
    assert [claim.services for claim in zone] == [("orders", "withdrawals")]
    assert "the services “orders” and “withdrawals”" in zone[0].text


def test_rules_in_whose_place_the_graph_speaks_are_not_repeated(assessed: Assess) -> None:
    report = assessed({"main.tf": PROVIDER + DATABASE}, "dora", "aws-waf", "nist-800-53", **ORDERS)
    assert not {"RS144", "RS232", "RS314", "RS422"} & {claim.rule for claim in report.evidence}
    # What RS232 cites is cited by the claim about the region.
    assert any(
        claim.domains == ("region:aws/eu-central-1",) and claim.origin is Origin.COEFFICIENT
        for claim in control(report, "aws-waf", "REL10-BP01").evidence
    )


def test_the_worst_are_three_that_differ_and_are_relevant(assessed: Assess) -> None:
    report = assessed({"main.tf": PROVIDER + DATABASE}, "dora", **ORDERS)
    worst = report.assessments[0].summary.worst
    assert len({claim.number for claim in worst}) == 3
    assert len({claim.axis for claim in worst}) == 3
    assert all(claim.direction is Direction.AGAINST for claim in worst)


def test_nothing_to_say_gives_no_worst(assessed: Assess) -> None:
    report = assessed({"main.tf": 'output "a" {\n  value = 1\n}\n'}, "dora")
    summary = report.assessments[0].summary
    assert summary.worst == ()
    assert any("nothing about 36" in text for text in summary.scope)


# -- attestations ----------------------------------------------------------------------------------


def attested(**changes: object) -> Attested:
    fields = {
        "claim": "The exit plan was tested.",
        "holder": "Outsourcing officer",
        "until": date(2027, 1, 31),
        "expired": False,
        "span": Span(".riskscan.yaml", 9),
    }
    return Attested(**(fields | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("about", "where"),
    [
        ({"control": "dora:Art. 28(8)"}, {"Art. 28(8)"}),
        ({"control": "dora"}, {"whole"}),
        ({"control": "nis2:Annex 5.2"}, set()),
        ({"resource": "aws_db_instance.other"}, set()),
    ],
)
def test_an_attestation_stands_beside_what_it_is_about(
    assessed: Assess, about: dict[str, str], where: set[str]
) -> None:
    word = attested(**about)
    report = assessed({"main.tf": PROVIDER + DATABASE}, "dora", attested=[word], **ORDERS)
    (each,) = report.assessments
    found = {c.control.id for c in each.controls if word in c.attestations}
    assert found | ({"whole"} if word in each.attestations else set()) == where


def test_an_attestation_of_a_resource_stands_beside_every_control_with_evidence_about_it(assessed: Assess) -> None:
    word = attested(resource="aws_db_instance.l*r")
    report = assessed({"main.tf": PROVIDER + DATABASE}, "dora", attested=[word], **ORDERS)
    for each in report.assessments[0].controls:
        about = any(
            "aws_db_instance.ledger" in (claim.resource, *(r.resource for r in claim.related))
            for claim in each.evidence
        )
        assert (word in each.attestations) == about, each.control.id
    assert word in control(report, "dora", "Art. 12(1)").attestations


def test_an_ended_attestation_is_told_and_counts_for_nothing(assessed: Assess) -> None:
    words = [attested(control="dora:Art. 28(8)", expired=True), attested(control="dora:Art. 12(1)")]
    remaining = (
        assessed({"main.tf": PROVIDER + DATABASE}, "dora", attested=words, **ORDERS).assessments[0].summary.remaining
    )
    assert "One attestation has ended and no longer counts." in remaining
    assert "For 35 of 36 controls nobody has put on record what only people can show." in remaining


def test_only_what_can_fail_is_named_as_a_provider(assessed: Assess) -> None:
    # Terraform calls these providers, too: https://registry.terraform.io/providers/hashicorp/random/latest/docs
    made = 'resource "random_id" "a" {\n  byte_length = 4\n}\nresource "local_file" "b" {\n  filename = "b"\n  content = "b"\n}\n'
    (assessment,) = assessed({"main.tf": PROVIDER + DATABASE + made}, "dora", **ORDERS).assessments
    told = next(sentence for sentence in assessment.summary.scope if sentence.startswith("They declare"))
    # The fourth is Terraform's state, in a file by default: https://developer.hashicorp.com/terraform/language/backend/local
    assert told == "They declare 4 resources at Amazon Web Services, in eu-central-1 (Frankfurt)."


def test_every_claim_is_a_sentence(assessed: Assess) -> None:
    report = assessed({"main.tf": PROVIDER + DATABASE}, "dora", "iso27001", **ORDERS)
    for claim in report.evidence:
        assert re.match(r"[A-Z“]", claim.text), claim.text
        assert claim.text.endswith("."), claim.text
