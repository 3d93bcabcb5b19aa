"""The shipped examples, judged as a reader of their files would judge them.

The expectations were written from the configurations, not from a report: what stands in one zone, what one company or
key alone can release, and the line that a change would have to touch.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from scanner.config import Config, load_config
from scanner.model.finding import Finding, Outcome, Severity
from scanner.model.report import Report
from scanner.pipeline import scan

EXAMPLES = Path(__file__).parent.parent / "examples"

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
]


@cache
def report(name: str) -> Report:
    return scan([EXAMPLES / name], Config())


def of(name: str, outcome: Outcome) -> list[Finding]:
    return [f for f in report(name).findings if f.outcome is outcome]


def marked_line(name: str, finding: Finding) -> str:
    return report(name).sources[finding.span.file][finding.span.line - 1]


@pytest.mark.parametrize(("slug", "resource", "file", "text"), TOKYO)
def test_tokyo_hangs_on(slug: str, resource: str, file: str, text: str) -> None:
    found = [f for f in of("tokyo-exchange", Outcome.FAIL) if f.slug == slug and f.resource == resource]
    assert len(found) == 1
    assert found[0].span.file.endswith(f"/{file}")
    assert text in marked_line("tokyo-exchange", found[0])


def test_tokyo_leaves_one_question_to_a_variable() -> None:
    found = [f for f in of("tokyo-exchange", Outcome.UNKNOWN) if f.resource == "aws_db_instance.market_data"]
    assert {f.slug for f in found} == {"zone-database-single"}
    assert "market_data_multi_az" in found[0].reason
    assert any("variables.tf" in place.span.file for place in found[0].related)


def test_tokyo_does_some_things_right() -> None:
    passed = {(f.slug, f.resource) for f in of("tokyo-exchange", Outcome.PASS)}
    assert ("zone-container-service-in-one-zone", 'module.service["market-data"].aws_ecs_service.this') in passed
    assert ("zone-load-balancer-in-one-zone", "aws_lb.main") in passed


def test_two_clouds_have_nothing_that_one_failure_or_one_party_ends() -> None:
    assert [f for f in of("two-cloud-exchange", Outcome.FAIL) if f.severity >= Severity.HIGH] == []


def test_two_clouds_score_better_on_every_axis() -> None:
    worse, better = (report(name).score for name in ("tokyo-exchange", "two-cloud-exchange"))
    assert worse.low < better.low
    assert all(a.low <= b.low for a, b in zip(worse.axes, better.axes, strict=True))


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


@pytest.mark.parametrize("name", ["tokyo-exchange", "two-cloud-exchange", "custody-wallet", "custody-wallet-repaired"])
def test_every_resource_is_known_and_every_file_read(name: str) -> None:
    found = report(name)
    assert found.uncatalogued == {}
    assert found.problems == ()
    assert all(part.found == part.read for part in found.coverage.values())


def test_two_runs_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # where the command is run from does not matter inside a repository
    assert scan([EXAMPLES / "tokyo-exchange"], Config()).findings == report("tokyo-exchange").findings
