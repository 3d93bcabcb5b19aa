"""Records as declarations: zones of several accounts, references, and files that are no snapshots."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scanner.model.problem import ProblemKind
from scanner.model.value import Unknown
from scanner.parsers.aws_live.reading import SnapshotFile, declared, read_lines, read_snapshots
from scanner.parsers.parsed import Parsed

HEAD = {"kind": "snapshot", "version": 1, "tool": "0"}
COMPLETE = {"kind": "complete", "accounts": [], "regions": []}


def thing(
    name: str, attributes: dict[str, Any], account: str = "1", type_: str = "AWS::EC2::Subnet", **more: Any
) -> Any:
    about = {"account": account, "listing": "eu-west-1/x", "region": "eu-west-1", "type": type_, "id": name, "arn": ""}
    return {"kind": "resource", **about, "attributes": attributes, **more}


def zones(account: str, names: dict[str, str]) -> Any:
    return {"kind": "zones", "account": account, "listing": "eu-west-1/z", "region": "eu-west-1", "zones": names}


def parsed(*records: Any) -> Parsed:
    return declared(read_lines(enumerate((json.dumps(record).encode() for record in records), 1)))


def test_accounts_that_name_zones_alike_keep_the_names() -> None:
    same = {"euw1-az1": "eu-west-1a", "euw1-az2": "eu-west-1b"}
    found = parsed(zones("1", same), zones("2", same), thing("subnet-0123456789", {"AvailabilityZone": "eu-west-1a"}))
    assert found.zone_ids == same
    assert found.declarations[0].attributes["AvailabilityZone"] == "eu-west-1a"


def test_accounts_that_name_zones_apart_go_by_ids() -> None:
    """One name is two places then: https://docs.aws.amazon.com/ram/latest/userguide/working-with-az-ids.html"""
    found = parsed(
        zones("1", {"euw1-az1": "eu-west-1a", "euw1-az2": "eu-west-1b"}),
        zones("2", {"euw1-az1": "eu-west-1b", "euw1-az2": "eu-west-1a"}),
        thing("subnet-0123456781", {"AvailabilityZone": "eu-west-1a"}, "1"),
        thing("subnet-0123456782", {"AvailabilityZone": "eu-west-1a"}, "2"),
    )
    assert found.zone_ids == {}
    assert {d.root: d.attributes["AvailabilityZone"] for d in found.declarations} == {"1": "euw1-az1", "2": "euw1-az2"}


def test_references() -> None:
    database = {"Endpoint": {"Address": "ledger.abc.eu-west-1.rds.amazonaws.com"}}
    function = {
        "VpcConfig": {"SubnetIds": ["subnet-0123456789"]},
        "Environment": {"Variables": {"HOST": "ledger.abc.eu-west-1.rds.amazonaws.com"}},
    }
    found = parsed(
        thing("subnet-0123456789", {}),
        thing("ledger", database, type_="AWS::RDS::DBInstance"),
        thing("pay", function, type_="AWS::Lambda::Function"),
    )
    [pay] = [d for d in found.declarations if d.name == "pay"]
    assert {(r.path, r.target) for r in pay.references} == {
        ("VpcConfig.SubnetIds[0]", "1/eu-west-1/AWS::EC2::Subnet/subnet-0123456789"),
        ("Environment.Variables.HOST", "1/eu-west-1/AWS::RDS::DBInstance/ledger"),
    }


def test_what_could_not_be_asked_is_unknown() -> None:
    found = parsed(thing("subnet-0123456789", {}, unknown={"Tier": "denied"}))
    value = found.declarations[0].attributes["Tier"]
    assert isinstance(value, Unknown)
    assert value.reason == "Tier could not be read: denied"


def snapshot(tmp_path: Path, *lines: bytes) -> Parsed:
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    return read_snapshots([SnapshotFile(tmp_path / "a.jsonl", "a.jsonl")])


def test_spoiled_lines_are_told_and_the_others_count(tmp_path: Path) -> None:
    good = json.dumps(thing("subnet-0123456789", {})).encode()
    deep = b'{"kind":"resource","attributes":' + b"[" * 100_000
    found = snapshot(
        tmp_path, json.dumps(HEAD).encode(), b"\xff\x00", deep, b'{"kind":"other"}', good, json.dumps(COMPLETE).encode()
    )
    assert [d.span.line for d in found.declarations] == [5]
    assert [(p.span.line, p.kind) for p in found.problems] == [(n, ProblemKind.INVALID) for n in (2, 3, 4)]
    assert found.partly == {"a.jsonl"}


def test_unfinished_snapshot_is_not_whole(tmp_path: Path) -> None:
    [problem] = snapshot(tmp_path, json.dumps(HEAD).encode()).problems
    assert problem.kind is ProblemKind.UNREADABLE


def test_secrets_of_other_hands_are_hidden(tmp_path: Path) -> None:
    found = snapshot(
        tmp_path,
        json.dumps(HEAD).encode(),
        json.dumps(thing("subnet-0123456789", {"MasterUserPassword": "Correct-Horse-1"})).encode(),
        json.dumps(COMPLETE).encode(),
    )
    assert found.secrets == {"Correct-Horse-1"}
