"""Outages replayed: how a domain is read on an estate, and the order of single outages."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scanner.config import Service
from scanner.model.domain import parse
from scanner.model.outage import Effect, Scenario
from scanner.simulation import outage
from scanner.simulation.incidents import Incident, load_incidents
from scanner.simulation.outage import MOST_READINGS
from scanner.simulation.study import Study

StudyOf = Callable[..., Study]

TOKYO = 'provider "aws" {\n  region = "ap-northeast-1"\n}\n'


def server(name: str, zone: str, more: str = "") -> str:
    return f'resource "aws_instance" "{name}" {{\n  availability_zone = {zone}\n{more}}}\n'


TWO = TOKYO + server("a", '"ap-northeast-1a"') + server("c", '"ap-northeast-1c"')
VARIABLE = TOKYO + 'variable "zone" {\n}\n' + server("v", "var.zone")


def down(found: Study, *domains: str) -> Scenario:
    return found.replay.run("x", [parse(domain, patterns=True) for domain in domains])


def verdicts(scenario: Scenario) -> dict[str, str]:
    return {service.name: service.automatic.value for service in scenario.services}


# -- zones by their ids: https://docs.aws.amazon.com/ram/latest/userguide/working-with-az-ids.html -----------------------


def test_a_zone_s_id_may_be_any_zone_of_its_region(study_of: StudyOf) -> None:
    scenario = down(study_of(TWO), "zone:aws/apne1-az4")
    assert verdicts(scenario) == {"a": "unknown", "c": "unknown"}
    assert [service.condition for service in scenario.services] == [
        "if your ap-northeast-1a is apne1-az4",
        "if your ap-northeast-1c is apne1-az4",
    ]
    assert scenario.unused == ()


@pytest.mark.parametrize("asked", ["zone:aws/apne1-az4", "zone:aws/ap-northeast-1a"])
def test_a_mapped_zone_is_that_zone(study_of: StudyOf, asked: str) -> None:
    scenario = down(study_of(TWO, zone_ids={"apne1-az4": "ap-northeast-1a"}), asked)
    assert verdicts(scenario) == {"a": "down", "c": "up"}
    assert [service.condition for service in scenario.services] == ["", ""]


def test_another_id_is_none_of_the_mapped_zones(study_of: StudyOf) -> None:
    found = study_of(TWO, zone_ids={"apne1-az4": "ap-northeast-1a"})
    assert verdicts(down(found, "zone:aws/apne1-az1")) == {"a": "up", "c": "unknown"}


def test_a_mapped_zone_in_which_nothing_stands(study_of: StudyOf) -> None:
    scenario = down(study_of(TWO, zone_ids={"apne1-az4": "ap-northeast-1d"}), "zone:aws/apne1-az4")
    assert verdicts(scenario) == {"a": "up", "c": "up"}
    assert scenario.unused == ("zone:aws/apne1-az4",)


def test_an_id_of_another_region_is_none_of_them(study_of: StudyOf) -> None:
    scenario = down(study_of(TWO), "zone:aws/use1-az4")
    assert verdicts(scenario) == {"a": "up", "c": "up"}
    assert scenario.unused == ("zone:aws/use1-az4",)


def test_when_all_zones_of_a_region_are_used_one_of_them_is_meant(study_of: StudyOf) -> None:
    # ap-southeast-1 has three zones, and the service stands in all of them and needs each.
    text = 'provider "aws" {\n  region = "ap-southeast-1"\n}\n' + "".join(
        server(z, f'"ap-southeast-1{z}"') for z in "abc"
    )
    wanted = Service("all", tuple(f"aws_instance.{z}" for z in "abc"), threshold="all")
    found = study_of(text, services=(wanted,))
    assert verdicts(down(found, "zone:aws/apse1-az1")) == {"all": "down"}
    two = study_of(text, services=(Service("two", ("aws_instance.a", "aws_instance.b"), threshold="all"),))
    assert verdicts(down(two, "zone:aws/apse1-az1")) == {"two": "unknown"}


def test_files_may_name_zones_by_id(study_of: StudyOf) -> None:
    found = study_of(TOKYO + server("i", '"apne1-az4"'))
    assert verdicts(down(found, "zone:aws/apne1-az4")) == {"i": "down"}
    assert verdicts(down(found, "zone:aws/apne1-az1")) == {"i": "up"}
    by_name = down(found, "zone:aws/ap-northeast-1a")
    assert verdicts(by_name) == {"i": "unknown"}
    assert by_name.services[0].condition == "if your apne1-az4 is ap-northeast-1a"


# -- places that the files do not name -----------------------------------------------------------------------------------


def test_a_named_zone_may_be_the_one_that_is_not_named(study_of: StudyOf) -> None:
    found = study_of(VARIABLE)
    scenario = down(found, "zone:aws/ap-northeast-1a")
    assert verdicts(scenario) == {"v": "unknown"}
    assert "variable zone has no default" in scenario.services[0].condition
    assert verdicts(down(found, "zone:aws/apne1-az1")) == {"v": "unknown"}
    assert verdicts(down(found, "zone:aws/us-east-1a")) == {"v": "up"}
    assert verdicts(down(found, "zone:aws/?var.zone")) == {"v": "down"}


REGION = 'variable "region" {\n}\nprovider "aws" {\n  region = var.region\n}\n' + server("r", '"${var.region}a"')


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("region:aws/eu-west-1", "unknown"),
        ("zone:aws/eu-west-1a", "unknown"),
        ("zone:aws/eu-west-1b", "up"),  # it ends with another letter
        ("zone:aws/apne1-az4", "unknown"),
        ("region:google/europe-west1", "up"),
        ("account:aws/111122223333", "unknown"),
        ("provider:aws", "down"),
    ],
)
def test_a_region_that_is_not_named(study_of: StudyOf, domain: str, expected: str) -> None:
    assert verdicts(down(study_of(REGION), domain)) == {"r": expected}


def test_an_account_that_is_not_named_has_the_name_of_its_root(study_of: StudyOf) -> None:
    one = study_of(TWO)
    assert [name for name in one.faults.events if name.startswith("account:")] == ["account:aws/?account"]
    several = study_of({"envs/prod/main.tf": TWO, "envs/dev/main.tf": TWO})
    assert {name for name in several.faults.events if name.startswith("account:")} >= {
        "account:aws/?envs/prod.account",
        "account:aws/?envs/dev.account",
    }


def test_every_domain_that_a_report_names_can_be_asked_about(study_of: StudyOf) -> None:
    found = study_of(VARIABLE + REGION.replace('provider "aws" {', 'provider "aws" {\n  alias = "r"'))
    for name in found.faults.events:
        assert parse(name).text == name
        assert down(found, name).unused == ()


# -- several domains and patterns ----------------------------------------------------------------------------------------


def test_all_domains_of_a_scenario_are_down_at_once(study_of: StudyOf) -> None:
    wanted = Service("either", ("aws_instance.a", "aws_instance.c"))
    found = study_of(TWO, services=(wanted,))
    assert verdicts(down(found, "zone:aws/ap-northeast-1a")) == {"either": "up"}
    both = down(found, "zone:aws/ap-northeast-1a", "zone:aws/ap-northeast-1c")
    assert verdicts(both) == {"either": "down"}
    assert [(cause.resource, cause.domain) for cause in both.services[0].because] == [
        ("aws_instance.a", "zone:aws/ap-northeast-1a"),
        ("aws_instance.c", "zone:aws/ap-northeast-1c"),
    ]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("zone:aws/ap-northeast-1/*", {"a": "unknown", "c": "unknown"}),  # some zone of the region, nobody knows which
        ("zone:aws/eu-west-1/*", {"a": "up", "c": "up"}),
        ("region:aws/*", {"a": "down", "c": "down"}),  # there is but one
        ("service:aws/ec2@*", {"a": "down", "c": "down"}),  # in all places at once
        ("service:google/storage@*", {"a": "up", "c": "up"}),
        ("account:*", {"a": "down", "c": "down"}),
    ],
)
def test_patterns(study_of: StudyOf, pattern: str, expected: dict[str, str]) -> None:
    scenario = down(study_of(TWO), pattern)
    assert verdicts(scenario) == expected
    assert (scenario.unused == (pattern,)) is (set(expected.values()) == {"up"})


def test_names_are_compared_without_regard_to_case(study_of: StudyOf) -> None:
    found = study_of(TOKYO + 'resource "aws_eks_cluster" "c" {\n  name = "Prod"\n}\n')
    assert verdicts(down(found, "cluster:prod")) == {"Prod": "down"}


def test_a_vendor_at_the_edge_by_any_of_its_names(study_of: StudyOf) -> None:
    record = 'resource "cloudflare_record" "r" {\n  zone_id = "z"\n  name = "shop.example.org"\n  type = "A"\n'
    text = TWO + record + "  content = aws_instance.a.public_ip\n}\n"
    found = study_of(text, services=(Service("shop", ("cloudflare_record.r",)),))
    for name in ("edge:cloudflare", "provider:cloudflare", "service:cloudflare/dns", "edge:Cloudflare"):
        assert verdicts(down(found, name)) == {"shop": "down"}, name


def test_a_domain_on_which_nothing_depends(study_of: StudyOf) -> None:
    scenario = down(study_of(TWO), "edge:fastly", "zone:aws/ap-northeast-1a", "region:aws/eu-west-1")
    assert scenario.unused == ("edge:fastly", "region:aws/eu-west-1")
    assert verdicts(scenario) == {"a": "down", "c": "up"}


def test_too_many_readings_are_cut_off_and_told(study_of: StudyOf, monkeypatch: pytest.MonkeyPatch) -> None:
    found = study_of(TWO)
    every = down(found, "zone:aws/apne1-az1", "zone:aws/apne1-az2")  # three readings each: a, c, or neither
    assert every.notes == ()
    monkeypatch.setattr(outage, "MOST_READINGS", 9)
    assert down(found, "zone:aws/apne1-az1", "zone:aws/apne1-az2").notes == ()
    monkeypatch.setattr(outage, "MOST_READINGS", 8)
    cut = down(found, "zone:aws/apne1-az1", "zone:aws/apne1-az2")
    assert cut.notes == ("only the first 8 ways to read it were tried",)


def test_very_many_domains_end_soon(study_of: StudyOf) -> None:
    scenario = down(study_of(TWO), *(f"zone:aws/apne1-az{n}" for n in range(1, 41)))  # 3 to the power of 40 readings
    assert scenario.notes == (f"only the first {MOST_READINGS} ways to read it were tried",)


# -- single outages ------------------------------------------------------------------------------------------------------


def test_what_stops_most_and_most_critical_comes_first(study_of: StudyOf) -> None:
    text = TWO + server("d", '"ap-northeast-1d"') + server("e", '"ap-northeast-1d"')
    services = (
        Service("critical", ("aws_instance.a",), "critical"),
        Service("low one", ("aws_instance.d",), "low"),
        Service("low two", ("aws_instance.e",), "low"),
        Service("high", ("aws_instance.c",), "high"),
    )
    found = study_of(text, services=services)
    assert [scenario.id for scenario in found.replay.every(["zone"])] == [
        "zone:aws/ap-northeast-1a",
        "zone:aws/ap-northeast-1c",
        "zone:aws/ap-northeast-1d",
    ]
    both = found.replay.every(["zone", "region"])
    assert both[0].id == "region:aws/ap-northeast-1"


def test_what_people_can_bring_back_comes_after_what_stays_down(study_of: StudyOf) -> None:
    kept = (
        'resource "aws_db_instance" "d" {\n  availability_zone = "ap-northeast-1a"\n  backup_retention_period = 7\n}\n'
    )
    services = (Service("kept", ("aws_db_instance.d",)), Service("server", ("aws_instance.c",)))
    found = study_of(TWO + kept, services=services)
    assert [scenario.id for scenario in found.replay.every(["zone"])] == [
        "zone:aws/ap-northeast-1c",
        "zone:aws/ap-northeast-1a",
    ]


def test_single_outages_are_those_of_run(study_of: StudyOf) -> None:
    text = VARIABLE + server("a", '"ap-northeast-1a"') + 'resource "aws_s3_bucket" "b" {\n}\n'
    found = study_of(text)
    scenarios = found.replay.every(["zone", "region", "provider", "account", "service"])
    assert len(scenarios) > 5
    for scenario in scenarios:
        again = down(found, scenario.id)
        # a name that is asked for may also be the place that is not named
        if scenario.id != "zone:aws/ap-northeast-1a":
            assert again.services == scenario.services, scenario.id


# -- incidents -----------------------------------------------------------------------------------------------------------


def incident(*domains: str) -> Incident:
    down = tuple(parse(domain, patterns=True) for domain in domains)
    return Incident(
        id="i", title="I", status="verified", cause="It broke.", down=down, sources=("https://example.org/",)
    )


def test_an_incident_of_one_account_is_asked_of_each_account(study_of: StudyOf) -> None:
    text = "".join(
        f'provider "aws" {{\n  alias = "{name}"\n  region = "eu-west-1"\n  allowed_account_ids = ["{number}"]\n}}\n'
        f'resource "aws_lambda_function" "{name}" {{\n  provider = aws.{name}\n}}\n'
        for name, number in (("one", "111122223333"), ("two", "444455556666"))
    )
    found = study_of(text)
    scenarios = found.replay.incident(incident("account:aws/*"))
    assert [(s.id, verdicts(s)) for s in scenarios] == [
        ("i (account:aws/111122223333)", {"one": "down", "two": "up"}),
        ("i (account:aws/444455556666)", {"one": "up", "two": "down"}),
    ]
    (none,) = found.replay.incident(incident("account:google/*"))
    assert (none.unused, set(verdicts(none).values())) == (("account:google/*",), {"up"})


@pytest.mark.parametrize("name", ["prod *", "*", " prod ", "a\tb", "prod/*", ""])
def test_names_that_no_id_can_have_do_not_stop_a_replay(study_of: StudyOf, name: str) -> None:
    text = (
        f'provider "google" {{\n  project = "{name}"\n  region = "europe-west1"\n}}\n'.replace("\t", "\\t")
        + f'resource "google_container_cluster" "c" {{\n  name = "{name}"\n  location = "europe-west1"\n}}\n'.replace("\t", "\\t")
    )  # fmt: skip
    found = study_of(text)
    for pattern in ("account:google/*", "account:*", "cluster:*", "service:google/gke@*", "region:google/*"):
        assert found.replay.incident(incident(pattern))
    assert all(verdicts(scenario) for scenario in found.replay.every(["account", "cluster", "region"]))


# -- every outage at once ------------------------------------------------------------------------------------------------


def effects(found: Study, *incidents: Incident) -> dict[str, Effect]:
    outages = found.replay.outages(incidents)
    return {effect.scenario.id: effect for effect in (*outages.single, *outages.incidents)}


def test_resources_of_a_zone_stop_with_it_and_what_needs_them_too(study_of: StudyOf) -> None:
    # An address of the one instance is in no zone of its own, and nobody is reached through it when the instance is gone.
    address = 'resource "aws_eip" "a" {\n  instance = aws_instance.a.id\n}\n'
    effect = effects(study_of(TWO + address))["zone:aws/ap-northeast-1a"]
    assert effect.standing == ("aws_instance.a",)
    assert "aws_instance.a" in effect.stopped
    assert "aws_instance.c" not in (*effect.stopped, *effect.doubtful)
    assert effect.recoverable == ()


def test_what_may_stand_in_a_zone_is_doubtful(study_of: StudyOf) -> None:
    tokyo = Incident(
        "tokyo", "Tokyo", "scenario", "power", down=(parse("zone:aws/ap-northeast-1a"),), start="2025-04-15"
    )
    effect = effects(study_of(VARIABLE), tokyo)["tokyo"]
    assert (effect.stopped, effect.doubtful, effect.day) == ((), ("aws_instance.v",), "2025-04-15")


def test_a_database_with_a_copy_elsewhere_comes_back_when_people_act(study_of: StudyOf) -> None:
    # A read replica in another region has to be promoted by a person:
    # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ReadRepl.html
    replica = (
        'provider "aws" {\n  alias = "osaka"\n  region = "ap-northeast-3"\n}\n'
        'resource "aws_db_instance" "main" {\n  multi_az = true\n}\n'
        'resource "aws_db_instance" "copy" {\n  provider = aws.osaka\n  replicate_source_db = aws_db_instance.main.arn\n}\n'
    )
    effect = effects(study_of(TOKYO + replica))["region:aws/ap-northeast-1"]
    assert "aws_db_instance.main" in effect.stopped
    assert "aws_db_instance.main" in effect.recoverable


def test_incidents_that_touch_nothing_are_left_out(study_of: StudyOf) -> None:
    virginia = Incident("virginia", "Virginia", "scenario", "power", down=(parse("region:aws/us-east-1"),))
    assert "virginia" not in effects(study_of(TWO), virginia)


def test_all_that_happened_is_recorded_with_its_sources(study_of: StudyOf) -> None:
    """Also what touches nothing here; what has not happened is left out."""
    shipped = load_incidents()
    recorded = {each.id: each for each in study_of(TWO).replay.outages(shipped.values()).recorded}

    assert set(recorded) == {name for name, incident in shipped.items() if incident.status != "scenario"}
    assert "scenario-solana-teraswitch-latitude" in shipped
    dyn = recorded["dyn-2016-10-21"]
    assert (dyn.day, dyn.down) == ("2016-10-21", ("edge:dyn",))
    assert dyn.sources == shipped[dyn.id].sources


def test_single_outages_say_the_same_as_when_each_is_asked_for(study_of: StudyOf) -> None:
    found = study_of(TWO)
    for effect in found.replay.outages().single:
        assert effect.scenario.services == down(found, effect.scenario.id).services


def test_of_many_places_without_a_name_verdicts_are_told_and_some_reasons(study_of: StudyOf) -> None:
    count = outage.MOST_ALIKE + 4
    found = study_of(TOKYO + "".join(f'variable "z{n}" {{\n}}\n' + server(f"v{n}", f"var.z{n}") for n in range(count)))
    alone = {scenario.id: scenario for scenario in found.replay.every(["zone"])}
    told = 0
    for effect in found.replay.outages().single:
        if effect.scenario.id in alone:
            for service, asked in zip(effect.scenario.services, alone[effect.scenario.id].services, strict=True):
                assert (service.automatic, service.manual, service.data) == (asked.automatic, asked.manual, asked.data)
                told += service.automatic.value == "unknown" and bool(service.path)
    assert told == count * outage.MOST_ALIKE  # each server may stand where each of the others does


def test_of_accounts_an_incident_is_replayed_on_the_one_that_stops_most(study_of: StudyOf) -> None:
    accounts = "".join(
        f'provider "aws" {{\n  alias = "p{n}"\n  region = "eu-west-1"\n  allowed_account_ids = ["{n}{n}{n}{n}{n}{n}{n}{n}{n}{n}{n}{n}"]\n}}\n'
        + "".join(f'resource "aws_instance" "s{n}{m}" {{\n  provider = aws.p{n}\n}}\n' for m in range(n))
        for n in (1, 2)
    )
    gone = Incident("gone", "An account is closed", "scenario", "x", down=(parse("account:aws/*", patterns=True),))
    (replayed,) = study_of(accounts).replay.outages([gone]).incidents
    assert replayed.scenario.id == "gone (account:aws/222222222222)"
    assert replayed.scenario.notes[-1] == "the account, of 2 here, whose loss stops most"
