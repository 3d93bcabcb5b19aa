"""Endpoints: whose a host is, and which hosts a text mentions."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

from scanner.catalog.endpoints import MAX_HOSTS, MAX_TEXT, TABLE, hosts_in, named_before, owner_of
from scanner.model.span import MAX_SEARCHED

CATEGORIES = frozenset(
    {
        *("ai-model", "auth", "cdn", "cicd", "custody", "dns", "email-sms", "exchange-api", "fiat", "indexer"),
        *("observability", "oracle", "registry", "rpc", "screening", "secrets", "storage-ipfs", "wallet-relay"),
        *("checkpoint", "mev-relay"),
    }
)


@pytest.mark.parametrize(
    ("host", "provider", "owner"),
    [
        ("infura.io", "Infura", "Consensys"),
        ("mainnet.infura.io", "Infura", "Consensys"),
        ("Mainnet.Infura.IO.", "Infura", "Consensys"),
        ("eth-mainnet.g.alchemy.com", "Alchemy", "Alchemy"),
        ("docs-demo.quiknode.pro", "QuickNode", "QuickNode"),
        ("rpc.ankr.com", "Ankr", "Ankr"),
        ("app.bitgo.com", "BitGo", "BitGo"),
        ("api.copper.co", "Copper (custody)", "Copper.co"),
        ("api.ramp.network", "Ramp Network", "Ramp Network"),
        # name servers as Route 53 and Cloud DNS give them out
        ("ns-2048.awsdns-64.com", "Amazon Route 53", "AWS"),
        ("ns-1536.awsdns-00.co.uk", "Amazon Route 53", "AWS"),
        ("ns-cloud-a3.googledomains.com", "Google Cloud DNS", "Google"),
        # documented forms of AWS hosts: service.region, account.dkr.ecr.region
        ("cognito-idp.eu-central-1.amazonaws.com", "Amazon Cognito", "AWS"),
        ("123456789012.dkr.ecr.ap-northeast-1.amazonaws.com", "Amazon ECR", "AWS"),
        ("kms.us-east-1.amazonaws.com", "AWS KMS", "AWS"),
        ("my-vault.vault.azure.net", "Azure Key Vault", "Microsoft"),
    ],
)
def test_owner_of_known_hosts(host: str, provider: str, owner: str) -> None:
    found = owner_of(host)
    assert found is not None
    assert (found.provider, found.owner_group) == (provider, owner)


@pytest.mark.parametrize(
    "host",
    [
        "",
        ".",
        "io",
        "notinfura.io",  # a suffix, but not at a label's boundary
        "infura.io.evil.example",
        "api.copper.com",  # a customer relations product, not the custodian
        "api.ramp.com",  # expense cards, not the on-ramp
        "polygon.io",  # only its api host is listed
        "dkr.ecr.amazonaws.com",  # the wildcard stands for one character or more
        "awsdns.com",
        "a" * 300 + ".infura.io",  # longer than a name can be
    ],
)
def test_other_hosts_have_no_owner(host: str) -> None:
    assert owner_of(host) is None


@pytest.mark.parametrize(
    ("host", "match"),
    [
        ("safe-transaction-mainnet.safe.global", "safe-transaction-mainnet.safe.global"),
        ("app.safe.global", "safe.global"),
        ("pro-api.coingecko.com", "pro-api.coingecko.com"),
        ("raw.githubusercontent.com", "raw.githubusercontent.com"),
        ("token.actions.githubusercontent.com", "githubusercontent.com"),
    ],
)
def test_the_longest_match_decides(host: str, match: str) -> None:
    found = owner_of(host)
    assert found is not None
    assert found.match == match


def test_two_vendors_of_one_owner_share_the_group() -> None:
    groups = {(found := owner_of(host)) and found.owner_group for host in ("mainnet.infura.io", "rpc.linea.build")}
    assert groups == {"Consensys"}


def test_unverified_entries_say_so() -> None:
    verified, remembered = owner_of("mainnet.infura.io"), owner_of("x.infura-ipfs.io")
    assert verified is not None
    assert remembered is not None
    assert (verified.verified, remembered.verified) == (True, False)


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("https://mainnet.infura.io/v3/0123", ["mainnet.infura.io"]),
        ("HTTPS://User:p%40ss@API.Example.COM:8443/x?y=https://b.example.org#z", ["api.example.com", "b.example.org"]),
        ("postgres://u:p@db.example.com:5432/app?sslmode=require", ["db.example.com"]),
        ("jdbc:postgresql://db.example.com/app", ["db.example.com"]),
        ("mongodb://a.example.com:27017,b.example.com:27017/x", ["a.example.com", "b.example.com"]),
        ("https://a.example.com,https://b.example.com", ["a.example.com", "b.example.com"]),
        ("see https://a.example.com; then (wss://b.example.com).", ["a.example.com", "b.example.com"]),
        ('{"url": "https://a.example.com", "again": "https://a.example.com/2"}', ["a.example.com"]),
        ("redis.example.com:6379", ["redis.example.com"]),
        ("--brokers=b-1.example.com:9092,b-2.example.com:9092", ["b-1.example.com", "b-2.example.com"]),
        ("http://payments:8080/health", ["payments"]),
        ("app.bitgo.com", ["app.bitgo.com"]),
        (" api.fireblocks.io. ", ["api.fireblocks.io"]),
        ("https://xn--bcher-kva.example.xn--p1ai/", ["xn--bcher-kva.example.xn--p1ai"]),
        # what is no host name
        ("", []),
        ("https://10.0.0.1:8080/ and [::1]:80 and http://[2001:db8::1]/", []),
        ("10.0.0.1:5432", []),
        ("arn:aws:kms:us-east-1:123456789012:key/abc", []),
        ("s3://bucket/key gs://bucket/key file:///etc/hosts", []),
        ("https://${var.host}/v1", []),
        ("nginx:1.25", []),
        ("quay.io/org/image.base:80", []),
        ("at 12:30:00", []),
        ("main.tf", []),
        ("https://-bad-.example.com", []),
        ("https://" + "a" * 64 + ".example.com", []),
        ("example.com:99999", []),
        ("user.name:80@host", []),
    ],
)
def test_hosts_in(text: str, hosts: list[str]) -> None:
    assert hosts_in(text) == hosts


def test_texts_and_answers_are_bounded() -> None:
    many = " ".join(f"https://h{i}.example.com" for i in range(MAX_HOSTS + 500))
    assert len(hosts_in(many)) == MAX_HOSTS
    assert hosts_in("x" * MAX_TEXT + " https://late.example.com") == []


@pytest.mark.parametrize(
    "unit", ["a", "a.", "://", "a://", "https://a,", "@", "a:1", "a.b:80 ", "a.b:", "-", "a@b:", ":" * 9]
)
def test_hostile_texts_end_and_name_nobody(unit: str) -> None:
    text = unit * (400_000 // len(unit))
    hosts_in(text)
    assert owner_of(text) is None


def test_table_is_well_formed() -> None:
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    header, rows = lines[0].split("\t"), [line.split("\t") for line in lines[1:]]
    assert header == ["match", "provider", "category", "owner_group", "status", "note"]
    assert all(len(row) in (5, 6) for row in rows)
    assert [match for match, count in Counter(row[0] for row in rows).items() if count > 1] == []
    assert {row[2] for row in rows} == CATEGORIES
    assert {row[4] for row in rows} == {"verified", "memory"}
    for match, provider, *_ in rows:
        assert match == match.strip().lower()
        assert provider
        host = match.replace("*", "x")
        found = owner_of(host)
        assert found is not None, host
        assert found.match == match


def test_importing_reads_no_table() -> None:
    code = "import scanner.catalog.endpoints as e; print(e._table.cache_info().currsize)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("https://a.example.org", 0),
        ("a.example.org:443", 0),
        ("# a.example.org is slow\nurl: https://a.example.org/", 1),
        ("b.a.example.org and a.example.organic are others: https://u@a.example.org", 0),
        ("a.example.org", 0),
        ("nothing of it", None),
        (" " * MAX_SEARCHED + "https://a.example.org", None),
    ],
)
def test_names_before_the_mention(text: str, before: int | None) -> None:
    assert named_before(text, "a.example.org") == before
