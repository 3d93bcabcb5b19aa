"""Failure domain ids: the shapes of the design, what is refused, and the regions that zones tell."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from scanner.catalog.load import FOLDER
from scanner.model.domain import (
    _REGIONS_OF_ZONE_IDS,
    SHAPES,
    Domain,
    DomainError,
    is_zone_id,
    parse,
    region_of_zone,
    region_of_zone_id,
)

IDS = {
    "provider:aws": Domain("provider", "aws"),
    "account:aws/123456789012": Domain("account", "aws", "123456789012"),
    "account:azure/Prod Subscription": Domain("account", "azure", "Prod Subscription"),
    "region:aws/ap-northeast-1": Domain("region", "aws", place="ap-northeast-1"),
    "zone:aws/ap-northeast-1a": Domain("zone", "aws", place="ap-northeast-1a"),
    "zone:aws/apne1-az4": Domain("zone", "aws", place="apne1-az4"),
    "zone:azure/japaneast-1": Domain("zone", "azure", place="japaneast-1"),
    "zone:oracle/Uocm:PHX-AD-1": Domain("zone", "oracle", place="Uocm:PHX-AD-1"),
    "region:ovh/EU-WEST-PAR": Domain("region", "ovh", place="EU-WEST-PAR"),
    "service:aws/kms@ap-northeast-1": Domain("service", "aws", "kms", "ap-northeast-1"),
    "service:aws/ec2@ap-northeast-1a": Domain("service", "aws", "ec2", "ap-northeast-1a"),
    "service:aws/route53": Domain("service", "aws", "route53"),
    "control:aws/ec2@ap-northeast-1": Domain("control", "aws", "ec2", "ap-northeast-1"),
    "control:aws/route53": Domain("control", "aws", "route53"),
    "edge:cloudflare": Domain("edge", name="cloudflare"),
    "registrar:markmonitor": Domain("registrar", name="markmonitor"),
    "ca:letsencrypt": Domain("ca", name="letsencrypt"),
    "owner:Consensys": Domain("owner", name="Consensys"),
    "owner:CoW/Consensys SMG": Domain("owner", name="CoW/Consensys SMG"),
    "custodian:fireblocks": Domain("custodian", name="fireblocks"),
    "cluster:prod": Domain("cluster", name="prod"),
    "node-group:prod/workers": Domain("node-group", name="workers", place="prod"),
    # Places that files do not decide: reports name them, so they must be readable again.
    "zone:aws/?var.zone": Domain("zone", "aws", place="?var.zone"),
    'region:aws/?module.a["x"].var.region': Domain("region", "aws", place='?module.a["x"].var.region'),
    "service:aws/kms@?not_written@envs/main.tf:3": Domain("service", "aws", "kms", "?not_written@envs/main.tf:3"),
}

PATTERNS = {
    "account:google/*": Domain("account", "google", "*"),
    "zone:aws/*": Domain("zone", "aws", place="*"),
    "zone:aws/ap-southeast-2/*": Domain("zone", "aws", "ap-southeast-2", "*"),
    "service:aws/kms@*": Domain("service", "aws", "kms", "*"),
    "service:aws/*": Domain("service", "aws", "*"),
    "control:google/*": Domain("control", "google", "*"),
    "account:*": Domain("account", name="*"),
    "zone:*": Domain("zone", place="*"),
    "region:*": Domain("region", place="*"),
    "region:aws/*": Domain("region", "aws", place="*"),
    "provider:*": Domain("provider", "*"),
    "cluster:*": Domain("cluster", name="*"),
    "node-group:prod/*": Domain("node-group", name="*", place="prod"),
}


@pytest.mark.parametrize(("text", "domain"), (IDS | PATTERNS).items())
def test_an_id_and_its_domain(text: str, domain: Domain) -> None:
    assert parse(text, patterns=True) == domain
    assert domain.text == str(domain) == text
    assert domain.is_pattern == (text in PATTERNS)


def test_every_level_has_a_shape_and_an_example_that_is_one() -> None:
    assert {domain.level for domain in IDS.values()} == set(SHAPES)
    for level, (shape, example) in SHAPES.items():
        assert parse(example).level == level
        assert shape.startswith(f"{level}:")


@pytest.mark.parametrize("text", PATTERNS)
def test_a_pattern_is_no_single_domain(text: str) -> None:
    with pytest.raises(DomainError, match="stands for several domains"):
        parse(text)


@pytest.mark.parametrize("text", ["", "aws", "zones:aws/a", "Zone:aws/a", ":aws", "/", "zone aws/a"])
def test_without_a_known_level_all_shapes_are_shown(text: str) -> None:
    with pytest.raises(DomainError) as error:
        parse(text)
    assert str(error.value).startswith(f"`{text}` is no failure domain; they are written zone:PROVIDER/ZONE, ")
    for shape, _ in SHAPES.values():
        assert shape in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "zone:", "zone:aws", "zone:aws/", "zone:/a", "zone:aws/a/b", "zone:aws/ap-*", "zone:a b/c", "zone:aws/a b", "zone:*/*", "zone:aws/*/*",
        "zone:aws//*", "zone:aws/a/*/*", "region:aws", "region:aws/a/b", "region:aws/a/*", "region:aws/*a", "region:**", "provider:", "provider:aws/x", "provider:a*",
        "account:aws", "account:aws/", "account:aws/1*", "account:aws/ 1", "account:aws/1 ", "account:aws/1\n2", "service:aws", "service:aws/",
        "service:aws/kms@", "service:aws/@eu-west-1", "service:aws/kms@eu-*", "service:aws/*@eu-west-1", "service:aws/a/b", "control:aws/ec2@a/b", "service:*", "control:*", "node-group:*",
        "edge:", "edge:cloud*", "owner: x", "owner:\x1b[31m", "ca:", "registrar:", "custodian:", "cluster:", "node-group:prod", "node-group:/x",
        "node-group:prod/", "node-group:*/x", "node-group:*/*", "node-group:prod/a*",
    ],
)  # fmt: skip
def test_a_malformed_id_is_refused_with_its_level_s_shape(text: str) -> None:
    level = text.partition(":")[0]
    shape, example = SHAPES[level]
    with pytest.raises(DomainError) as error:
        parse(text, patterns=True)
    assert str(error.value).endswith(f"{level} is written {shape}, such as {example}")


def test_an_error_is_a_value_error() -> None:
    assert issubclass(DomainError, ValueError)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("owner:Consensys", "owner:consensys"),
        ("custodian:Fireblocks", "custodian:fireblocks"),
        ("zone:AWS/AP-Northeast-1a", "zone:aws/ap-northeast-1a"),
    ],
)
def test_names_match_without_regard_to_case(one: str, other: str) -> None:
    assert parse(one).matches(parse(other))
    assert parse(other).matches(parse(one))
    assert parse(one).key == parse(other).key


def test_the_case_of_names_and_places_is_kept_for_showing() -> None:
    assert parse("owner:Consensys").text == "owner:Consensys"
    assert parse("region:OVH/EU-WEST-PAR").text == "region:ovh/EU-WEST-PAR"
    assert parse("service:AWS/KMS@eu-west-1").text == "service:aws/kms@eu-west-1"


@pytest.mark.parametrize(
    ("pattern", "inside", "outside"),
    [
        ("account:google/*", ["account:google/prod", "account:google/?var.project"], ["account:aws/1", "provider:google", "account:google-x/1"]),
        ("zone:aws/*", ["zone:aws/eu-west-1a", "zone:aws/apne1-az4"], ["zone:google/europe-west1-b", "region:aws/eu-west-1"]),
        (
            "zone:aws/ap-southeast-2/*",
            ["zone:aws/ap-southeast-2a", "zone:aws/apse2-az1", "zone:aws/AP-Southeast-2A"],
            ["zone:aws/ap-southeast-1a", "zone:aws/?var.zone", "zone:aws/apse1-az1"],
        ),
        ("zone:azure/australiaeast/*", ["zone:azure/australiaeast-3"], ["zone:azure/australiasoutheast-1", "zone:azure/eastus-3"]),
        ("service:aws/kms@*", ["service:aws/kms@eu-west-1"], ["service:aws/kms", "service:aws/rds@eu-west-1", "control:aws/kms@eu-west-1"]),
        ("service:aws/*", ["service:aws/route53", "service:aws/kms@eu-west-1"], ["service:awsx/kms", "control:aws/kms@eu-west-1"]),
        ("account:*", ["account:aws/1", "account:google/prod"], ["provider:aws"]),
        ("zone:*", ["zone:aws/eu-west-1a", "zone:google/europe-west1-b"], ["region:aws/eu-west-1"]),
        ("provider:*", ["provider:aws"], ["edge:cloudflare"]),
        ("node-group:prod/*", ["node-group:prod/a"], ["node-group:production/a"]),
        ("edge:cloudflare", ["edge:Cloudflare"], ["edge:fastly"]),
    ],
)  # fmt: skip
def test_what_a_pattern_stands_for(pattern: str, inside: list[str], outside: list[str]) -> None:
    wanted = parse(pattern, patterns=True)
    assert [text for text in inside if not wanted.matches(parse(text))] == []
    assert [text for text in outside if wanted.matches(parse(text))] == []


def test_services_fail_everywhere_at_once_and_others_one_at_a_time() -> None:
    everywhere = {text for text in PATTERNS if parse(text, patterns=True).is_everywhere}
    assert everywhere == {"service:aws/kms@*", "service:aws/*", "control:google/*"}
    assert not parse("service:aws/kms@eu-west-1").is_everywhere


def test_a_pattern_does_not_stand_for_a_pattern() -> None:
    wanted = parse("account:aws/*", patterns=True)
    assert not wanted.matches(wanted)


# -- zones -----------------------------------------------------------------------------------------


def test_every_zone_id_s_region_is_one_of_the_catalog_and_every_region_has_one() -> None:
    regions = yaml.safe_load((FOLDER / "regions/aws.yaml").read_bytes())
    named = {name for name in regions.get("regions", regions) if name != "multi_regions"}
    assert set(_REGIONS_OF_ZONE_IDS.values()) <= named
    # AWS has published no zone ids of its European Sovereign Cloud.
    assert named - set(_REGIONS_OF_ZONE_IDS.values()) == {"eusc-de-east-1"}


@pytest.mark.parametrize(
    ("zone_id", "region"),
    [
        ("apne1-az4", "ap-northeast-1"),
        ("use1-az6", "us-east-1"),
        ("euw1-az1", "eu-west-1"),
        ("eun1-az2", "eu-north-1"),
        ("mec1-az1", "me-central-1"),
        ("mes1-az3", "me-south-1"),
        ("apse2-az1", "ap-southeast-2"),
        ("aps2-az1", "ap-south-2"),
        ("usgw1-az1", "us-gov-west-1"),
        ("usw2-lax1-az1", "us-west-2"),
        ("zzz9-az1", None),
    ],
)
def test_the_region_of_a_zone_id(zone_id: str, region: str | None) -> None:
    assert is_zone_id(zone_id)
    assert region_of_zone_id(zone_id) == region
    assert region_of_zone("aws", zone_id) == region


@pytest.mark.parametrize(
    "zone", ["ap-northeast-1a", "asia-northeast1-b", "japaneast-1", "", "1", "us-east-1-az1x", "az1"]
)
def test_a_zone_s_name_is_no_zone_id(zone: str) -> None:
    assert not is_zone_id(zone)
    assert region_of_zone_id(zone) is None


@pytest.mark.parametrize(
    ("provider", "zone", "region"),
    [
        ("aws", "ap-northeast-1a", "ap-northeast-1"),
        ("aws", "us-gov-east-1b", "us-gov-east-1"),
        ("aws", "eusc-de-east-1a", "eusc-de-east-1"),
        ("aws", "us-west-2-lax-1a", "us-west-2"),
        ("aws", "us-east-1-wl1-bos-wlz-1", "us-east-1"),
        ("aws", "ap-northeast-1", None),
        ("aws", "?var.zone", None),
        ("google", "asia-northeast1-b", "asia-northeast1"),
        ("google", "us-south1-ai1b", "us-south1"),
        ("google", "asia-northeast1", None),
        ("azure", "japaneast-1", "japaneast"),
        ("azure", "eastus2-3", "eastus2"),
        ("azure", "1", None),
        ("hetzner", "fsn1-dc14", None),
    ],
)
def test_the_region_that_a_zone_tells(provider: str, zone: str, region: str | None) -> None:
    assert region_of_zone(provider, zone) == region
    assert parse(f"zone:{provider}/{zone}").region == region


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("service:aws/kms@eu-west-1", "eu-west-1"),
        ("service:aws/ec2@euw1-az1", "eu-west-1"),
        ("control:azure/compute@japaneast-1", "japaneast"),
        ("service:aws/route53", None),
        ("service:aws/kms@*", None),
        ("region:google/europe-west1", "europe-west1"),
        ("zone:azure/australiaeast/*", "australiaeast"),
        ("account:aws/1", None),
        ("edge:cloudflare", None),
    ],
)
def test_the_region_of_a_domain(text: str, region: str | None) -> None:
    assert parse(text, patterns=True).region == region


# -- laws ------------------------------------------------------------------------------------------

WORDS = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,12}", fullmatch=True)
NAMES = st.text(min_size=1, max_size=20).filter(
    lambda text: text.isprintable() and text == text.strip() and "*" not in text
)
PLACES = st.one_of(
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,12}", fullmatch=True), NAMES.map(lambda text: f"?{text}")
)
DOMAINS = st.one_of(
    st.builds(Domain, st.just("provider"), WORDS),
    st.builds(Domain, st.just("account"), WORDS, NAMES),
    st.builds(Domain, st.sampled_from(["zone", "region"]), WORDS, st.just(""), PLACES),
    st.builds(Domain, st.sampled_from(["service", "control"]), WORDS, WORDS, st.one_of(st.just(""), PLACES)),
    st.builds(
        Domain, st.sampled_from(["edge", "registrar", "ca", "owner", "custodian", "cluster"]), st.just(""), NAMES
    ),
    st.builds(Domain, st.just("node-group"), st.just(""), NAMES.filter(lambda text: "/" not in text), NAMES),
)


@given(DOMAINS)
def test_an_id_reads_back_as_its_domain(domain: Domain) -> None:
    assert parse(domain.text) == domain
    assert domain.matches(domain)
    assert not domain.is_pattern


@given(DOMAINS, DOMAINS)
def test_different_domains_have_different_ids(one: Domain, other: Domain) -> None:
    assume(one != other)
    assert one.text != other.text


@given(st.one_of(st.text(), st.builds("{}:{}".format, st.sampled_from([*SHAPES]), st.text())))
def test_any_text_is_a_domain_with_that_id_or_refused(text: str) -> None:
    try:
        domain = parse(text, patterns=True)
    except DomainError:
        return
    assert domain.key == text.casefold()
    assert parse(domain.text, patterns=True) == domain
