"""The tree of failure domains, and places that the files do not name."""

from __future__ import annotations

import pytest

from scanner.catalog.load import catalog
from scanner.model.span import Span
from scanner.model.value import Ref, Unknown
from scanner.simulation.gates import Gates
from scanner.simulation.places import MAX_ALIKE, Place, Places, certainly_differ, key_of
from scanner.simulation.sweep import failing


def unknown(address: str, path: str = "") -> Unknown:
    return Unknown(f"{address} has no default", None, Ref(address, path))


def partly(*parts: str | Unknown) -> Unknown:
    return Unknown("partly known", None, None, parts=parts)


@pytest.fixture
def places() -> Places:
    return Places(Gates(), catalog())


def fails(places: Places, node: int, *domains: str, undecided: bool = False) -> bool:
    told = [places.events[name] for name in domains] + ([places.gates.undecided] if undecided else [])
    return bool(failing(places.gates.build(), told)[node])


def test_a_parent_s_failure_fails_its_children(places: Places) -> None:
    zone = places.zone("aws", "eu-west-1", "eu-west-1a")
    other = places.zone("aws", "eu-west-1", "eu-west-1b")
    account = places.account("aws", "111122223333")
    for domain in ("zone:aws/eu-west-1a", "region:aws/eu-west-1", "provider:aws"):
        assert fails(places, zone, domain)
    assert not fails(places, other, "zone:aws/eu-west-1a")
    assert fails(places, account, "provider:aws")
    assert not fails(places, account, "region:aws/eu-west-1")
    assert not fails(places, zone, "account:aws/111122223333")


def test_a_region_outlives_all_its_zones(places: Places) -> None:
    for zone in "abc":
        places.zone("aws", "eu-west-1", f"eu-west-1{zone}")
    region = places.region("aws", "eu-west-1")
    assert not fails(places, region, *(f"zone:aws/eu-west-1{zone}" for zone in "abc"))


def test_a_service_stands_in_its_region_and_a_global_one_with_the_provider(places: Places) -> None:
    keys, names = places.service("aws", "kms", "eu-west-1"), places.service("aws", "route53", None)
    assert fails(places, keys, "service:aws/kms@eu-west-1")
    assert fails(places, keys, "region:aws/eu-west-1")
    assert fails(places, names, "service:aws/route53")
    assert fails(places, names, "provider:aws")
    assert not fails(places, names, "region:aws/eu-west-1")


def test_a_global_control_plane_stands_in_its_home_region(places: Places) -> None:
    # https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/global-services.html
    control = places.control("aws", "route53", None)
    assert fails(places, control, "region:aws/us-east-1")
    answers = places.service("aws", "route53", None)
    assert not fails(places, answers, "region:aws/us-east-1", "control:aws/route53")


def test_a_regional_control_plane_stands_in_its_region(places: Places) -> None:
    control = places.control("aws", "rds", "eu-west-1")
    assert fails(places, control, "control:aws/rds@eu-west-1")
    assert fails(places, control, "region:aws/eu-west-1")


def test_the_zonal_part_of_a_service_falls_with_zone_region_and_service(places: Places) -> None:
    part = places.zonal_service("aws", "ec2", "eu-west-1", "eu-west-1a")
    for domain in (
        "zone:aws/eu-west-1a", "service:aws/ec2@eu-west-1", "service:aws/ec2@eu-west-1a", "region:aws/eu-west-1",
    ):  # fmt: skip
        assert fails(places, part, domain)
    assert places.zonal == {"service:aws/ec2@eu-west-1a"}


def test_an_edge_vendor_is_one_domain(places: Places) -> None:
    assert places.provider("cloudflare") == places.service("cloudflare", "dns", None)
    assert places.service("cloudflare", "workers", "weur") == places.provider("cloudflare")
    assert set(places.events) == {"edge:cloudflare"}


def test_azure_zones_carry_their_region(places: Places) -> None:
    one, other = places.zone("azure", "japaneast", "1"), places.zone("azure", "japanwest", "1")
    assert one != other
    assert {"zone:azure/japaneast-1", "zone:azure/japanwest-1"} <= set(places.events)


def test_a_zone_s_id_is_another_name_of_one_zone() -> None:
    places = Places(Gates(), catalog(), {"apne1-az4": "ap-northeast-1a"})
    by_id = places.zone("aws", "ap-northeast-1", "apne1-az4")
    assert by_id == places.zone("aws", "ap-northeast-1", "ap-northeast-1a")
    assert "zone:aws/apne1-az4" not in places.events


def test_a_zone_known_by_its_id_may_be_any_zone_with_a_name(places: Places) -> None:
    by_id = places.zone("aws", "ap-northeast-1", "apne1-az4")
    places.zone("aws", "ap-northeast-1", "ap-northeast-1a")
    places.zone("aws", "ap-northeast-1", "apne1-az1")
    places.close()
    assert fails(places, by_id, "zone:aws/ap-northeast-1a", undecided=True)
    assert not fails(places, by_id, "zone:aws/ap-northeast-1a")
    assert not fails(places, by_id, "zone:aws/apne1-az1", undecided=True), "two ids are two zones"


def test_an_unknown_zone_may_be_any_named_one_of_its_region(places: Places) -> None:
    somewhere = places.zone("aws", "eu-west-1", unknown("var.zone"))
    named = places.zone("aws", "eu-west-1", "eu-west-1a")
    places.zone("aws", "us-east-1", "us-east-1a")
    places.close()
    assert fails(places, somewhere, "zone:aws/?var.zone")
    assert fails(places, somewhere, "region:aws/eu-west-1")
    assert fails(places, somewhere, "zone:aws/eu-west-1a", undecided=True)
    assert fails(places, named, "zone:aws/?var.zone", undecided=True) is False, "a name is decided"
    assert not fails(places, somewhere, "zone:aws/eu-west-1a"), "at best it is another one"
    assert not fails(places, somewhere, "zone:aws/us-east-1a", undecided=True), "not in another region"
    assert places.unknown["zone:aws/?var.zone"].reason == "var.zone has no default"


def test_two_entries_of_one_listing_are_two_zones(places: Places) -> None:
    first, second = (unknown("data.aws_availability_zones.all", f"names[{n}]") for n in range(2))
    node = places.zone("aws", "eu-west-1", first)
    places.zone("aws", "eu-west-1", second)
    places.close()
    other = f"zone:aws/{key_of(second)}"
    assert not fails(places, node, other, undecided=True)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("eu-west-1a", "eu-west-1b", True),
        ("eu-west-1a", "eu-west-1a", False),
        ("eu-west-1a", "euw1-az1", False),
        ("euw1-az1", "euw1-az2", True),
        ("eu-west-1a", unknown("var.zone"), False),
        (unknown("var.a"), unknown("var.b"), False),
        (unknown("data.aws_availability_zones.x", "names[0]"), unknown("data.aws_availability_zones.x", "names[1]"), True),
        (unknown("data.aws_availability_zones.x", "names[0]"), unknown("data.aws_availability_zones.y", "names[1]"), False),
        (partly(unknown("var.region"), "a"), partly(unknown("var.region"), "b"), True),
        (partly(unknown("var.region"), "a"), "eu-west-1b", True),
        (partly(unknown("var.region"), "a"), "eu-west-1a", False),
    ],
)  # fmt: skip
def test_whether_places_certainly_differ(one: Place, other: Place, expected: bool) -> None:
    assert certainly_differ(one, other) is expected
    assert certainly_differ(other, one) is expected


@pytest.mark.parametrize(
    ("place", "key"),
    [
        ("eu-west-1a", "eu-west-1a"),
        (unknown("var.zone"), "?var.zone"),
        (unknown("aws_subnet.a[0]", "availability_zone"), "?aws_subnet.a[0].availability_zone"),
        (unknown("module.x[\"a b\"].var.zone"), "?module.x[\"a_b\"].var.zone"),
        (partly(unknown("var.region"), "a"), "?(var.region)a"),
        (Unknown("nobody says", Span("main.tf", 7)), "?nobody_says@main.tf:7"),
    ],
)  # fmt: skip
def test_the_id_of_a_place(place: Place, key: str) -> None:
    assert key_of(place) == key


def test_one_of_several_zones_nobody_knows_which(places: Places) -> None:
    node = places.zone_among("aws", "eu-west-1", "aws_db_instance.x", ("eu-west-1a", "eu-west-1b"))
    a, b = "zone:aws/eu-west-1a", "zone:aws/eu-west-1b"
    assert fails(places, node, a, b)
    assert not fails(places, node, a)
    assert fails(places, node, a, undecided=True)
    assert fails(places, node, "zone:aws/?aws_db_instance.x.zone")
    assert fails(places, node, "region:aws/eu-west-1")
    assert places.families()["zone:aws/eu-west-1"] == (a, b, "zone:aws/?aws_db_instance.x.zone")


def test_one_of_no_zones_given_is_a_place_that_is_not_named(places: Places) -> None:
    places.zone_among("aws", "eu-west-1", "aws_instance.x", ())
    assert set(places.unknown) == {"zone:aws/?aws_instance.x.zone"}


def test_very_many_unknown_places_are_not_all_compared(places: Places) -> None:
    nodes = [places.zone("aws", "eu-west-1", unknown(f"var.z{n}")) for n in range(MAX_ALIKE * 3)]
    places.close()
    structure = places.gates.build()
    assert max(len(structure.children(node)) for node in range(len(structure))) <= MAX_ALIKE + 2
    assert fails(places, nodes[-1], "zone:aws/?var.z0", undecided=True)
