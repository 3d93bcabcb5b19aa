"""The shipped examples, judged as a reader of their files would judge them.

The expectations were written from the configurations, not from a report: what stands in one zone, what one company or
key alone can release, and the line that a change would have to touch.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from msgspec.structs import replace

from scanner.config import Config, load_config
from scanner.model.domain import parse
from scanner.model.finding import Finding, Outcome, Severity
from scanner.model.report import Report
from scanner.parsers.kubernetes import helm_render
from scanner.pipeline import replay, scan
from scanner.reporters import Options, render

EXAMPLES = Path(__file__).parent.parent / "examples"

needs_helm = pytest.mark.skipif(
    shutil.which("helm") is None and importlib.util.find_spec(helm_render.PACKAGE) is None,
    reason="neither helm nor riskscan[helm] is installed",
)

# slug, resource, file, what stands on the marked line
TOKYO = [
    # multi_az is off: the ledger has no standby, and the read replica beside it takes over for nobody
    ("zone-database-single", "aws_db_instance.ledger", "data.tf", "multi_az"),
    # one cache node and no failover behind the order book
    ("zone-cache-in-one-zone", "aws_elasticache_replication_group.book", "data.tf", ""),
    # subnets of both zones send their traffic through the one NAT gateway in the home zone
    ("zone-nat-of-other-zones", "aws_nat_gateway.main", "network.tf", ""),
    # three Raft nodes of the matching engine are packed into one cluster placement group
    ("zone-placement-group-packs-cluster", "aws_placement_group.engine", "engine.tf", "strategy"),
    # both critical services are given the subnet of one zone
    ("zone-container-service-in-one-zone", 'module.service["order-api"].aws_ecs_service.this', "main.tf", "subnets"),
    (
        "zone-container-service-in-one-zone",
        'module.service["withdrawal-api"].aws_ecs_service.this',
        "main.tf",
        "subnets",
    ),
    # the replication rule's destination is a bucket of the same provider configuration, hence region
    ("region-replication-same-region", "aws_s3_bucket.wallet", "storage.tf", ""),
    # the plan's only rule has no copy action, and its vault belongs to the account that it protects
    ("region-backups-stay", "aws_backup_plan.daily", "backup.tf", ""),
    ("account-backup-copies-in-own", "aws_backup_plan.daily", "backup.tf", ""),
    # secp256k1, made inside KMS, single region: funds that only this account can move
    ("custody-signing-key-nonexportable-funds", "aws_kms_key.hot_wallet", "custody.tf", ""),
    ("custody-signing-key-single-region", "aws_kms_key.hot_wallet", "custody.tf", ""),
    # Infura and Linea's endpoint are both Consensys
    ("edge-rpc-single-owner", "estate", "custody.tf", ""),
    # Fireblocks is the only custodian that the configuration names
    ("custody-custodian-single", "estate", "custody.tf", ""),
    # Route 53 alone answers for the public zone
    ("edge-dns-single-operator", "aws_route53_zone.public", "edge.tf", ""),
    # what those subnets stop is a service behind a public name, whatever else stands in two zones
    ("zone-service-stopped-by-one", 'module.service["order-api"].aws_ecs_service.this', "main.tf", "subnets"),
    ("zone-service-stopped-by-one", 'module.service["withdrawal-api"].aws_ecs_service.this', "main.tf", "subnets"),
    # every name leads to the one distribution
    ("edge-service-stopped-by-one", "aws_cloudfront_distribution.main", "edge.tf", "aws_cloudfront_distribution"),
    # the withdrawal service's container asks Infura and Linea, both Consensys, before it pays out
    (
        "edge-service-stopped-by-third-party",
        'module.service["withdrawal-api"].aws_ecs_task_definition.this',
        "main.tf",
        "container_definitions",
    ),
]

# what more can be said with the example's own configuration, which names two critical services and the hot wallet
TOKYO_NAMED = [
    ("zone-service-stopped-by-one", 'module.service["order-api"].aws_ecs_service.this', "main.tf", "subnets"),
    ("zone-service-stopped-by-one", 'module.service["withdrawal-api"].aws_ecs_service.this', "main.tf", "subnets"),
    # the name of both services, asked for at Route 53 alone
    ("edge-service-stopped-by-one", 'aws_route53_record.alias["api"]', "edge.tf", "aws_route53_record"),
    ("edge-service-stopped-by-one", "aws_cloudfront_distribution.main", "edge.tf", "aws_cloudfront_distribution"),
    # one region and one account: all comes from one provider block
    ("region-service-stopped-by-one", 'module.service["order-api"].aws_ecs_service.this', "providers.tf", "region "),
    ("region-service-stopped-by-one", "aws_ecs_cluster.main", "providers.tf", "region "),
    ("provider-service-stopped-by-one", 'aws_route53_record.alias["api"]', "providers.tf", 'provider "aws"'),
    ("account-service-stopped-by-one", 'aws_route53_record.alias["api"]', "providers.tf", "allowed_account_ids"),
    # the signer asks Fireblocks and Consensys' endpoints, and runs in the one account of the one provider
    ("custody-item-locked-by-one-party", "aws_instance.signer", "custody.tf", "user_data"),
]
CLOUDFORMATION = [
    # two tasks in the subnet of one zone
    ("zone-container-service-in-one-zone", "Withdrawals", "Subnets: [!Ref PrivateA]"),
    ("zone-service-stopped-by-one", "Withdrawals", "Subnets: [!Ref PrivateA]"),
    # the routes of both zones lead to the one gateway
    ("zone-nat-of-other-zones", "Nat", "SubnetId: !Ref PublicA"),
    # Infura and Linea's endpoint are both Consensys
    ("edge-rpc-spare-of-same-owner", "WithdrawalTask", "rpc.linea.build"),
    # secp256k1, made inside KMS, single region
    ("custody-signing-key-nonexportable-funds", "HotWallet", "KeyUsage: SIGN_VERIFY"),
    ("custody-signing-key-single-region", "HotWallet", "KeyUsage: SIGN_VERIFY"),
]
GRAPH_RULES = {slug for slug, *_ in TOKYO_NAMED} | {"region-service-coupled-to-second", "edge-service-stopped-by-one"}


@cache
def report(name: str, *, named: bool = False) -> Report:
    """The report of an example; with its own configuration where services are ``named``."""
    config = load_config(EXAMPLES / name / ".riskscan.yaml") if named else Config()
    return scan([EXAMPLES / name], config)


def of(name: str, outcome: Outcome, *, named: bool = False) -> list[Finding]:
    return [f for f in report(name, named=named).findings if f.outcome is outcome]


def marked_line(name: str, finding: Finding) -> str:
    return report(name).sources[finding.span.file][finding.span.line - 1]


@pytest.mark.parametrize(
    ("slug", "resource", "file", "text", "named"),
    [*((*each, False) for each in TOKYO), *((*each, True) for each in TOKYO_NAMED)],
)
def test_tokyo_hangs_on(slug: str, resource: str, file: str, text: str, named: bool) -> None:
    failing = of("tokyo-exchange", Outcome.FAIL, named=named)
    found = [f for f in failing if f.slug == slug and f.resource == resource]
    assert len(found) == 1
    assert found[0].span.file.endswith(f"/{file}")
    assert text in marked_line("tokyo-exchange", found[0])


def test_tokyo_names_its_services_where_they_hang() -> None:
    failing = of("tokyo-exchange", Outcome.FAIL, named=True)
    told = {f.message for f in failing if f.slug == "zone-service-stopped-by-one"}
    assert told == {
        f'zone:aws/ap-northeast-1a stops {service}, which needs module.service["{module}"].aws_ecs_service.this'
        for service, module in (("orders", "order-api"), ("withdrawals", "withdrawal-api"))
    }
    lock = next(f for f in failing if f.slug == "custody-item-locked-by-one-party")
    assert lock.severity is Severity.CRITICAL
    assert "custodian:fireblocks, owner:Consensys" in lock.message


def test_two_clouds_name_services_that_no_one_stops() -> None:
    assert [f for f in of("two-cloud-exchange", Outcome.FAIL, named=True) if f.severity >= Severity.HIGH] == []
    passed = {f.slug for f in of("two-cloud-exchange", Outcome.PASS, named=True)}
    assert passed >= GRAPH_RULES


def test_tokyo_leaves_one_question_to_a_variable() -> None:
    found = [f for f in of("tokyo-exchange", Outcome.UNKNOWN) if f.resource == "aws_db_instance.market_data"]
    # the database itself, and the service behind a public name that it would stop
    assert {f.slug for f in found} == {"zone-database-single", "zone-service-stopped-by-one"}
    assert all("market_data_multi_az" in f.reason for f in found)
    single = next(f for f in found if f.slug == "zone-database-single")
    assert any("variables.tf" in place.span.file for place in single.related)


def test_tokyo_does_some_things_right() -> None:
    passed = {(f.slug, f.resource) for f in of("tokyo-exchange", Outcome.PASS)}
    assert ("zone-container-service-in-one-zone", 'module.service["market-data"].aws_ecs_service.this') in passed
    assert ("zone-load-balancer-in-one-zone", "aws_lb.main") in passed


def test_two_clouds_have_nothing_that_one_failure_or_one_party_ends() -> None:
    assert [f for f in of("two-cloud-exchange", Outcome.FAIL) if f.severity >= Severity.HIGH] == []


def test_two_clouds_score_better_on_every_axis() -> None:
    # With their configurations: which keys sign together, no file but that one says.
    names = ("tokyo-exchange", "two-cloud-exchange")
    worse, better = (scan([EXAMPLES / n], load_config(EXAMPLES / n / ".riskscan.yaml")).score for n in names)
    assert worse.low < better.low
    assert all(a.low <= b.low for a, b in zip(worse.axes, better.axes, strict=True))


@pytest.mark.parametrize(("slug", "resource", "text"), CLOUDFORMATION)
def test_the_exchange_in_cloudformation_hangs_on(slug: str, resource: str, text: str) -> None:
    failing = of("cloudformation-exchange", Outcome.FAIL, named=True)
    [found] = [f for f in failing if f.slug == slug and f.resource == resource]
    assert found.span.file.endswith("/template.yaml")
    assert text in marked_line("cloudformation-exchange", found)


def test_the_exchange_in_cloudformation_leaves_one_question_to_a_parameter() -> None:
    found = [f for f in of("cloudformation-exchange", Outcome.UNKNOWN, named=True) if f.resource == "Ledger"]
    assert [f.slug for f in found] == ["zone-database-single"]
    assert "Stage" in found[0].reason
    assert "MultiAZ: !If [Prod, true, false]" in marked_line("cloudformation-exchange", found[0])


def test_resources_of_a_template_keep_the_types_that_it_writes() -> None:
    text = (EXAMPLES / "cloudformation-exchange" / "template.yaml").read_text(encoding="utf-8")
    written = set(re.findall(r"^    Type: (AWS::\S+)$", text, re.MULTILINE))
    shown = json.loads(render("json", report("cloudformation-exchange"), Options()))
    assert written
    assert {resource["type"] for resource in shown["resources"]} == written


def test_the_exchange_in_cloudformation_does_some_things_right() -> None:
    passed = {(f.slug, f.resource) for f in of("cloudformation-exchange", Outcome.PASS, named=True)}
    assert passed >= {
        ("zone-load-balancer-in-one-zone", "Balancer"),
        ("custody-key-destroyable-by-plan", "HotWallet"),  # DeletionPolicy: Retain
        ("data-database-backup-off", "Ledger"),
    }


WALLET = [
    ("hot-wallet", ["account:aws/111122223333", "provider:aws", "administrator:KEY-OFFICER"]),
    ("cold-wallets", ["custodian:fireblocks", "account:aws/111122223333", "provider:aws"]),
    ("approvals", ["account:aws/111122223333", "provider:aws"]),
    ("requests-backup", ["account:aws/111122223333", "provider:aws"]),
    ("client-name", ["account:aws/111122223333", "registrar:route53", "provider:aws"]),
]


def gatekeepers(name: str) -> dict[str, list[str]]:
    """Who alone can lock what the example's configuration lists under ``custody``."""
    config = replace(load_config(EXAMPLES / name / ".riskscan.yaml"), today=date(2026, 1, 1))
    found = scan([EXAMPLES / name], config).services
    return {s.name: list(s.gatekeepers) for s in found if s.kind == "custody"}


def test_who_can_lock_the_custody_wallet() -> None:
    officer = "arn:aws:iam::111122223333:role/key-officer"
    found = {
        name: [g.replace(officer, "KEY-OFFICER") for g in held] for name, held in gatekeepers("custody-wallet").items()
    }
    assert found == dict(WALLET)


def test_the_readme_of_the_custody_wallet_shows_what_is_printed() -> None:
    readme = (EXAMPLES / "custody-wallet" / "README.md").read_text("utf-8")
    for name, held in gatekeepers("custody-wallet").items():
        assert f"\n{name}: {', '.join(held)}\n" in readme


def test_nobody_alone_locks_the_repaired_custody_wallet() -> None:
    assert gatekeepers("custody-wallet-repaired") == {name: [] for name, _ in WALLET}


def test_who_can_lock_the_exchanges() -> None:
    parties = ["owner:Consensys", "custodian:fireblocks", "account:aws/111122223333", "provider:aws"]
    assert gatekeepers("tokyo-exchange") == {"hot-wallet": parties}
    assert gatekeepers("two-cloud-exchange") == {"hot-wallet": []}


def test_the_repaired_custody_wallet_has_no_high_finding() -> None:
    assert [f for f in of("custody-wallet-repaired", Outcome.FAIL) if f.severity >= Severity.HIGH] == []
    worse, better = (report(name).score for name in ("custody-wallet", "custody-wallet-repaired"))
    assert worse.low < better.low


@pytest.mark.parametrize(
    "name",
    ["tokyo-exchange", "two-cloud-exchange", "custody-wallet", "custody-wallet-repaired", "cloudformation-exchange"],
)
def test_every_resource_is_known_and_every_file_read(name: str) -> None:
    found = report(name)
    assert found.uncatalogued == {}
    assert found.problems == ()
    assert all(part.found == part.read for part in found.coverage.values())


def test_two_runs_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # where the command is run from does not matter inside a repository
    assert scan([EXAMPLES / "tokyo-exchange"], Config()).findings == report("tokyo-exchange").findings


# slug, resource, file, what stands on the marked line
FLEET = [
    # two of four operators on the nodes of zone a; any three must sign
    (
        "zone-service-stopped-by-one",
        "clusters/frankfurt#validators/StatefulSet/charon-0",
        "charon-0.yaml",
        "nodeSelector:",
    ),
    # the one beacon node of Frankfurt, bound to zone b by a value of its chart
    ("zone-service-stopped-by-one", "charts/beacon#validators/StatefulSet/beacon-frankfurt", "beacon.yaml", "zone:"),
    # three of four operators stand in the Frankfurt cluster
    ("provider-service-stopped-by-one", "infra/aws#aws_eks_cluster.frankfurt", "main.tf", ""),
    (
        "custody-cosigners-in-one-cluster",
        "clusters/frankfurt#validators/StatefulSet/charon-0",
        "charon-0.yaml",
        "image",
    ),
    ("provider-consensus-client-single", "estate", "beacon.yaml", "image"),
    ("provider-execution-client-single", "estate", "beacon.yaml", "image"),
    # max-profit and regulated are both bloXroute's
    ("edge-relay-owner-single", "charts/beacon#validators/Deployment/mev-boost", "mev-boost.yaml", "relays="),
]


@needs_helm
@pytest.mark.parametrize(("slug", "resource", "file", "text"), FLEET)
def test_the_fleet_tells_its_concentrations_apart(slug: str, resource: str, file: str, text: str) -> None:
    failing = of("validator-fleet", Outcome.FAIL, named=True)
    found = [f for f in failing if f.slug == slug and f.resource == resource]
    assert len(found) == 1
    assert found[0].span.file.endswith(f"/{file}")
    assert text in marked_line("validator-fleet", found[0])


@pytest.mark.parametrize(
    ("down", "automatic"),
    [
        ("zone:aws/eu-central-1a", "down"),  # charon-0 and charon-1
        ("zone:aws/eu-central-1b", "down"),  # the beacon node of three operators
        ("zone:aws/eu-central-1c", "up"),
        ("node-group:frankfurt/validators", "down"),  # charon-0 and charon-1
        ("provider:aws", "down"),
        ("provider:google", "up"),  # three operators are left
        ("region:google/europe-north1", "up"),
        ("owner:bloXroute", "up"),  # blocks are built without relays
    ],
)
@needs_helm
def test_what_stops_the_fleet(down: str, automatic: str) -> None:
    config = load_config(EXAMPLES / "validator-fleet" / ".riskscan.yaml")
    told = replay([EXAMPLES / "validator-fleet"], config, lambda study: (study.replay.run("one", [parse(down)]),))
    (found,) = [s for s in told.scenarios[0].services if s.name == "attestations"]
    assert found.automatic == automatic
