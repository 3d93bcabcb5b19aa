"""Outages of the shipped examples, worked out by hand from their files.

Each row takes domains down together and names what does not stay up, with the reason that a reader of the files would
give. ``down``: until the domain returns. ``hand``: a person brings it back. ``unknown``: the files do not decide, and a
person brings it back in any case.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from msgspec.structs import replace

from scanner.config import Config, load_config
from scanner.model.domain import parse
from scanner.model.outage import Scenario, ServiceOutage
from scanner.pipeline import replay
from scanner.simulation.incidents import load_incidents
from scanner.simulation.study import Study

EXAMPLES = Path(__file__).parent.parent / "examples"
INCIDENT = "aws-2025-04-15-tokyo"
WORDS = {"down": "down", "hand": "down, up by hand", "unknown": "unknown, up by hand"}

Row = tuple[str, str, str]
"""Domains, joined by " + "; what does not stay up, as ``word: names``, joined by "; "; why."""

TOKYO: list[Row] = [
    ("zone:aws/ap-northeast-1a", "down: orders withdrawals hot-wallet; unknown: market-data", "home zone of all three"),
    ("zone:aws/ap-northeast-1c", "unknown: market-data", "its database may stand there, its tasks also run in a"),
    ("zone:aws/ap-northeast-1d", "", "nothing stands there"),
    (
        "zone:aws/ap-northeast-1a + zone:aws/ap-northeast-1c",
        "down: orders withdrawals market-data hot-wallet",
        "no subnet is left, and tasks are not made elsewhere by hand",
    ),
    ("region:aws/ap-northeast-1", "down: orders withdrawals market-data hot-wallet", "everything runs there"),
    ("region:aws/ap-northeast-3", "", "Osaka holds the audit trail's copy alone"),
    ("region:aws/us-east-1", "", "home of the certificate and of control planes: what runs goes on"),
    ("account:aws/111122223333", "down: orders withdrawals market-data hot-wallet", "there is one account"),
    ("provider:aws", "down: orders withdrawals market-data hot-wallet", "there is one provider"),
    ("owner:Consensys", "down: withdrawals hot-wallet", "both chain endpoints are Consensys', API and signer use them"),
    ("custodian:fireblocks", "down: withdrawals hot-wallet", "API and signer are given its address and no other"),
    (
        "service:aws/route53",
        "down: orders withdrawals market-data",
        "names of all three; the signer is not asked by name",
    ),
    ("control:aws/route53", "", "names answer, they only can't be changed"),
    ("service:aws/cloudfront", "down: orders withdrawals market-data", "the only way in"),
    (
        "service:aws/kms@ap-northeast-1",
        "down: orders withdrawals market-data hot-wallet",
        "the data key opens both databases, the wallet key signs",
    ),
    (
        "service:aws/rds@ap-northeast-1",
        "down: orders withdrawals market-data",
        "ledger and candles; a backup restores into RDS only",
    ),
    ("service:aws/ecs@ap-northeast-1", "down: orders withdrawals market-data", "all three are ECS services"),
    ("service:aws/elasticache@ap-northeast-1", "down: orders", "only the order API is given the book's cache"),
    ("service:aws/dynamodb@ap-northeast-1", "down: orders", "only the order API keeps sessions"),
    ("ca:amazon", "hand: orders withdrawals market-data", "a certificate of another authority can be put in"),
    ("owner:Alchemy", "", "no setting names it"),
]

TWO_CLOUDS: list[Row] = [
    ("zone:aws/ap-northeast-1a", "", "each cell has three zones"),
    ("zone:google/asia-northeast3-a", "", "instances, database and cache have a second zone"),
    ("region:aws/ap-northeast-1", "", "Singapore can't write meanwhile, Seoul has a ledger of its own"),
    ("region:aws/ap-southeast-1", "", "Tokyo and Seoul remain"),
    ("region:google/asia-northeast3", "", "Tokyo and Singapore remain, the second signer's key is in two regions"),
    ("region:azure/australiaeast", "", "the third signer is one of three"),
    ("provider:aws", "", "Seoul, Cloudflare's names, Cloud CDN and two of three keys remain"),
    ("provider:google", "", "the AWS cells, CloudFront and two of three keys remain"),
    ("provider:azure", "", "two of three keys remain"),
    ("account:aws/111111111111", "", "Seoul is in a Google project"),
    ("account:aws/222222222222", "", "Cloudflare answers for both names"),
    ("account:aws/333333333333", "", "two of three keys remain"),
    ("account:google/two-cloud-exchange", "", "the AWS cells remain"),
    ("service:aws/route53", "", "Cloudflare answers"),
    ("edge:cloudflare", "", "Route 53 answers"),
    ("service:aws/cloudfront", "", "both DNS hosts lead to Cloud CDN"),
    ("owner:Alchemy", "", "QuickNode and Ankr are in the same list"),
    ("custodian:fireblocks", "", "BitGo is in the same list"),
    ("registrar:route53", "down: api-name site", "the one registrar of the domain delegates to both hosts"),
    ("service:aws/route53 + edge:cloudflare", "down: api-name site", "both DNS hosts; the cells themselves run"),
    (
        "custodian:fireblocks + custodian:bitgo",
        "down: withdrawals api-name",
        "both custodians; a name serves all its paths",
    ),
    ("owner:Alchemy + owner:QuickNode", "", "Ankr remains"),
    (
        "region:aws/ap-northeast-1 + region:google/asia-northeast3",
        "hand: orders withdrawals api-name",
        "somebody has to promote Singapore's ledger",
    ),
    (
        "account:aws/333333333333 + account:google/two-cloud-exchange-custody",
        "hand: hot-wallet",
        "one key of three remains; the others' material is in escrow",
    ),
    (
        "provider:aws + provider:google",
        "down: api-name site orders withdrawals; hand: hot-wallet",
        "no cell is left; Azure's key and one from escrow sign",
    ),
]

CUSTODY: list[Row] = [
    ("zone:aws/eu-central-1a", "", "services, Vault and database stand in three zones"),
    (
        "region:aws/eu-central-1",
        "down: withdrawals hot-wallet cold-wallets approvals requests-backup client-name",
        "everything and every copy of it",
    ),
    (
        "account:aws/111122223333",
        "down: withdrawals hot-wallet cold-wallets approvals requests-backup client-name",
        "keys, services, backups and names are in one account",
    ),
    (
        "provider:aws",
        "down: withdrawals hot-wallet cold-wallets approvals requests-backup client-name",
        "there is one provider",
    ),
    ("custodian:fireblocks", "down: cold-wallets", "only the treasury is given the custodian"),
    ("registrar:route53", "down: withdrawals client-name", "one registrar for the one domain"),
    ("service:aws/route53", "down: withdrawals client-name", "one DNS host"),
    ("service:aws/backup@eu-central-1", "down: requests-backup", "recovery points can't be read out"),
    (
        "service:aws/kms@eu-central-1",
        "down: withdrawals hot-wallet cold-wallets approvals requests-backup client-name",
        "wallet key, seal, and one key over database and backups",
    ),
    (
        "service:aws/rds@eu-central-1",
        "down: withdrawals hot-wallet cold-wallets client-name",
        "requests are in one database; Vault and vault do not need it",
    ),
]

REPAIRED: list[Row] = [
    ("region:aws/eu-central-1", "", "the Google side, its Vault, and two keys remain"),
    ("region:google/europe-west6", "", "the Amazon side remains"),
    ("provider:aws", "", "Google: API, treasury, Vault (own seal), export; Cloudflare: names; two keys"),
    ("provider:google", "", "Amazon: API, treasury, Vault (own seal), vault of the backup account; two keys"),
    ("provider:azure", "", "two of three keys remain"),
    ("account:aws/222233334444", "", "the other seal opens both Vaults, two keys remain"),
    ("account:google/custody-wallet-keys", "", "the other seal opens both Vaults, two keys remain"),
    ("account:aws/333344445555", "", "the export at Google remains"),
    ("custodian:fireblocks", "", "BitGo is in the same list"),
    ("registrar:route53", "", "the second domain is registered at OVH"),
    ("edge:cloudflare", "", "Route 53 answers for both domains"),
    ("custodian:fireblocks + custodian:bitgo", "down: cold-wallets", "both custodians"),
    ("registrar:route53 + registrar:ovh", "down: client-name", "both registrars"),
    ("service:aws/route53 + edge:cloudflare", "down: client-name", "both DNS hosts"),
    (
        "account:aws/222233334444 + account:google/custody-wallet-keys",
        "down: approvals; hand: hot-wallet",
        "both seals; of the owners' keys one remains and two are in escrow",
    ),
    (
        "account:aws/111122223333 + account:google/custody-wallet",
        "down: withdrawals cold-wallets approvals client-name",
        "both clouds' workloads; keys and copies lie in other accounts",
    ),
    (
        "account:aws/333344445555 + account:google/custody-wallet-backup",
        "down: requests-backup",
        "both copies",
    ),
    (
        "provider:aws + provider:google",
        "down: withdrawals cold-wallets approvals requests-backup client-name; hand: hot-wallet",
        "Azure's key and one from escrow sign",
    ),
]

TABLES = {
    "tokyo-exchange": TOKYO,
    "two-cloud-exchange": TWO_CLOUDS,
    "custody-wallet": CUSTODY,
    "custody-wallet-repaired": REPAIRED,
}


def config_of(name: str) -> Config:
    return replace(load_config(EXAMPLES / name / ".riskscan.yaml"), today=date(2026, 1, 1))


def study_of(name: str, config: Config) -> Study:
    """What ``riskscan simulate`` asks, kept to ask more than once."""
    held: list[Study] = []

    def keep(study: Study) -> tuple[Scenario, ...]:
        held.append(study)
        return ()

    replay([EXAMPLES / name], config, keep)
    return held[0]


@cache
def shipped(name: str) -> Study:
    return study_of(name, config_of(name))


def verdicts(scenario: Scenario) -> dict[str, str]:
    """What does not stay up, in the words of the tables."""
    found = {s.name: f"{s.automatic}, up by hand" if s.manual == "up" else str(s.automatic) for s in scenario.services}
    return {name: verdict for name, verdict in found.items() if verdict != "up, up by hand"}


def expected(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in filter(None, text.split("; ")):
        word, _, names = part.partition(": ")
        found.update(dict.fromkeys(names.split(), WORDS[word]))
    return found


def by_name(scenario: Scenario) -> Mapping[str, ServiceOutage]:
    return {service.name: service for service in scenario.services}


@pytest.mark.parametrize(
    ("name", "down", "stopped", "why"),
    [pytest.param(name, *row, id=f"{name} / {row[0]}") for name, table in TABLES.items() for row in table],
)
def test_outage(name: str, down: str, stopped: str, why: str) -> None:
    scenario = shipped(name).replay.run(down, [parse(domain) for domain in down.split(" + ")])
    assert verdicts(scenario) == expected(stopped), why


@pytest.mark.parametrize("name", ["two-cloud-exchange", "custody-wallet-repaired"])
def test_no_single_place_account_or_custodian_stops_the_good_examples(name: str) -> None:
    scenarios = shipped(name).replay.every(["zone", "region", "provider", "account", "owner", "custodian"])
    assert len(scenarios) > 10
    assert {s.id: verdicts(s) for s in scenarios if verdicts(s)} == {}


def test_the_power_failure_of_a_tokyo_zone_stops_the_exchange_in_the_account_of_the_files() -> None:
    (scenario,) = shipped("tokyo-exchange").replay.incident(load_incidents()[INCIDENT])
    assert verdicts(scenario) == expected("down: orders withdrawals hot-wallet; unknown: market-data")
    orders = by_name(scenario)["orders"]
    assert orders.condition == ""
    lines = {c.resource: (c.span.file.rpartition("/")[2], c.span.line) for c in orders.because if c.span is not None}
    for resource, file, text in [
        ("aws_db_instance.ledger", "data.tf", "availability_zone      = local.home_zone"),
        ("aws_elasticache_replication_group.book", "data.tf", "preferred_cache_cluster_azs = [local.home_zone]"),
        ("aws_instance.engine[0]", "engine.tf", "subnet_id              = aws_subnet.private[local.home].id"),
    ]:
        found, line = lines[resource]
        assert found == file
        assert (EXAMPLES / "tokyo-exchange" / file).read_text("utf-8").splitlines()[line - 1].strip() == text


def test_without_the_accounts_mapping_the_power_failure_depends_on_it() -> None:
    unmapped = study_of("tokyo-exchange", replace(config_of("tokyo-exchange"), zone_ids={}))
    (scenario,) = unmapped.replay.incident(load_incidents()[INCIDENT])
    found = by_name(scenario)
    assert {name: str(found[name].automatic) for name in found} == dict.fromkeys(found, "unknown")
    for name in ("orders", "withdrawals", "hot-wallet"):
        assert found[name].condition == "if your ap-northeast-1a is apne1-az4"


def test_a_zone_id_of_which_the_mapping_says_that_nothing_stands_there_stops_nothing() -> None:
    scenario = shipped("tokyo-exchange").replay.run("elsewhere", [parse("zone:aws/apne1-az2")])
    assert verdicts(scenario) == {}
    assert scenario.unused == ("zone:aws/apne1-az2",)


@pytest.mark.parametrize(
    ("name", "down", "data"),
    [
        ("custody-wallet", "account:aws/111122223333", "lost"),  # the only recovery points
        ("custody-wallet", "service:aws/kms@eu-central-1", "lost"),  # there they are, and can't be opened
        ("custody-wallet", "custodian:fireblocks", "safe"),
        ("custody-wallet-repaired", "account:aws/111122223333", "safe"),  # the workload's account holds neither copy
        ("custody-wallet-repaired", "provider:aws", "safe"),  # the export is at Google
        ("custody-wallet-repaired", "provider:google", "safe"),  # the vault is at AWS
    ],
)
def test_what_becomes_of_the_recovery_points(name: str, down: str, data: str) -> None:
    scenario = shipped(name).replay.run(down, [parse(down)])
    assert str(by_name(scenario)["requests-backup"].data) == data
