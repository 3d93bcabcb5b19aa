"""What readers who write no code are told instead of ids."""

from __future__ import annotations

import pytest

from scanner.compliance import spoken
from scanner.compliance.spoken import Speaker
from scanner.model.service import Level


@pytest.mark.parametrize(
    ("domain", "told"),
    [
        ("provider:aws", "the provider Amazon Web Services"),
        ("provider:kubernetes", "a provider that the files do not name"),
        ("zone:aws/ap-northeast-1a", "the availability zone ap-northeast-1a of Amazon Web Services"),
        ("region:aws/ap-northeast-1", "the region ap-northeast-1 (Tokyo) of Amazon Web Services"),
        ("region:google/no-such-1", "the region no-such-1 of Google Cloud"),
        ("account:azure/?subscription", "an account of Microsoft Azure that the files do not name"),
        ("account:aws/111122223333", "the account 111122223333 at Amazon Web Services"),
        ("service:aws/route53", "the service Route 53 (names on the internet) of Amazon Web Services"),
        ("service:aws/kms@eu-central-1", "the service KMS (keys) of Amazon Web Services in eu-central-1 (Frankfurt)"),
        (
            "control:aws/ec2@eu-central-1",
            "the control of EC2 (servers) of Amazon Web Services in eu-central-1 (Frankfurt)",
        ),
        ("edge:cloudflare", "the network company Cloudflare"),
        ("registrar:markmonitor", "the domain registrar MarkMonitor"),
        ("ca:letsencrypt", "the certificate authority Let's Encrypt"),
        ("owner:Consensys", "the company Consensys"),
        ("custodian:fireblocks", "the custodian Fireblocks"),
        ("cluster:prod-1", "the cluster prod-1"),
        ("node-group:prod/workers", "the group of servers workers in the cluster prod"),
        ("administrator:root", "the administrator root"),
        ("cluster:*", "any cluster"),
        ("account:google/*", "any account of Google Cloud"),
        ("registrar:route53", "the domain registrar Amazon Registrar (Route 53)"),
        ("nothing", "nothing"),
    ],
)
def test_a_domain_is_a_noun_phrase(domain: str, told: str) -> None:
    assert spoken.domain(domain) == told


KINDS = {"aws_db_instance.a": "database", "aws_lb.b": "load_balancer", 'm["k"].x': "queue", "aws_kms_key.k": "key"}


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (
            "zone:aws/eu-central-1a stops orders, which needs the balancer aws_lb.b",
            "The availability zone eu-central-1a of Amazon Web Services stops orders, which needs the balancer “aws_lb.b”.",
        ),
        ("aws_db_instance.a runs in one zone", "The database “aws_db_instance.a” runs in one zone."),
        ('m["k"].x, aws_lb.b and more', 'The queue “m["k"].x”, the load balancer “aws_lb.b” and more.'),
        ("AWS alone answers for the zone aws_lb.b", "Amazon Web Services alone answers for the zone “aws_lb.b”."),
        ("aws_kms_key.k was made inside aws", "The key “aws_kms_key.k” was made inside Amazon Web Services."),
        (
            "all of it lies in aws/eu-central-1.",
            "All of it lies in eu-central-1 (Frankfurt) of Amazon Web Services.",
        ),
        ("service:api is a Compose service", "Service:api is a Compose service."),
        ("", ""),
    ],
)
def test_a_message_of_a_rule_is_a_sentence(message: str, told: str) -> None:
    assert Speaker(KINDS).message(message) == told


@pytest.mark.parametrize(
    ("items", "told"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (list("abcdefg"), "a, b, c, d and 3 more"),
    ],
)
def test_lists_read_as_people_write_them(items: list[str], told: str) -> None:
    assert spoken.listed(items) == told


@pytest.mark.parametrize(
    ("day", "told"),
    [("2025-04-15", "15 April 2025"), ("2021-12", "December 2021"), ("", ""), ("2021-13-01", "2021-13-01")],
)
def test_days(day: str, told: str) -> None:
    assert spoken.day(day) == told


def test_counts() -> None:
    assert spoken.count(1, Level.ZONE) == "one availability zone"
    assert spoken.count(3, Level.EDGE) == "three companies or services for names and delivery"
