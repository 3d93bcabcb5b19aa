"""Recorded incidents: those that ship, how they load, and what is said about a wrong file."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from scanner.catalog.endpoints import TABLE
from scanner.catalog.load import catalog
from scanner.model.domain import parse, region_of_zone
from scanner.simulation import incidents
from scanner.simulation.incidents import (
    Incident,
    IncidentError,
    compile_incidents,
    load_incidents,
    nearest,
    shipped_folder,
)

SHIPPED = load_incidents()

INCIDENT = """\
id: a-2024-01-02-fire
title: A fire
status: verified
start: 2024-01-02T03:04:00Z
end: 2024-01-02T05:00:00Z
duration: 2 h
cause: >
  It burned
  down.
down:
  - region:ovh/SBG
  - zone:aws/euw1-az1
control: [control:aws/ec2@eu-west-1]
services: [Public Cloud]
hit: ["Somebody: all of it"]
post_mortem: no
sources:
  - https://example.org/fire
notes: None.
approximate: [end]
from_memory: [hit]
"""


def folder(where: Path, text: str = INCIDENT, name: str = "a-2024-01-02-fire") -> Path:
    where.mkdir(parents=True, exist_ok=True)
    (where / f"{name}.yaml").write_text(text, encoding="utf-8")
    return where


# -- what ships ------------------------------------------------------------------------------------


def test_how_many_ship() -> None:
    assert len(SHIPPED) == len(list(shipped_folder().glob("*.yaml")))
    assert sum(incident.status == "verified" for incident in SHIPPED.values()) >= 40


@pytest.mark.parametrize("incident", SHIPPED.values(), ids=list(SHIPPED))
def test_what_holds_for_each_that_ships(incident: Incident) -> None:
    assert incident.sources
    assert incident.start or incident.status == "scenario"
    assert incident.down or incident.control
    for domain in (*incident.down, *incident.control):
        assert parse(domain.text, patterns=True) == domain
    for text in (incident.title, incident.cause, incident.notes, *incident.services, *incident.hit):
        assert "[memory]" not in text
        assert "unverified" not in text
    assert incident.title[0].isupper()
    assert not incident.title.endswith(".")
    assert incident.cause.endswith(".")


@pytest.mark.parametrize("incident", SHIPPED.values(), ids=list(SHIPPED))
def test_places_owners_and_providers_are_those_of_the_catalog(incident: Incident) -> None:
    regions = catalog().regions
    owners = {row.split("\t")[3] for row in TABLE.read_text(encoding="utf-8").splitlines() if row.count("\t") >= 3}
    for domain in (*incident.down, *incident.control):
        if domain.level == "owner":
            assert domain.name in owners
        if domain.level == "zone":
            assert domain.region in regions[domain.provider]
        if domain.level in {"service", "control"} and not domain.is_pattern and domain.place:
            assert (region_of_zone(domain.provider, domain.place) or domain.place) in regions[domain.provider]
        if domain.level == "region" and domain.provider != "ovh":  # buildings of a site are no regions of its catalog
            assert domain.place in regions[domain.provider]


def test_the_incidents_that_other_things_name_are_as_the_sources_tell() -> None:
    tokyo = SHIPPED["aws-2025-04-15-tokyo"]
    assert (tokyo.start, tokyo.end, tokyo.down) == (
        "2025-04-15T07:40:00Z",
        "2025-04-15T08:43:00Z",
        (parse("zone:aws/apne1-az4"),),
    )
    assert SHIPPED["cloudflare-2023-11-02-control-plane"].down == ()
    assert "Coinbase" in " ".join(SHIPPED["aws-2026-05-07-use1-az4-thermal"].hit)


def test_what_is_left_out_does_not_ship() -> None:
    readme = (shipped_folder() / "README.md").read_text(encoding="utf-8")
    rows = readme.partition("## What is left out")[2].splitlines()
    left_out = {row.split("`")[1] for row in rows if row.startswith("| `")}
    assert len(left_out) == 7
    assert not left_out & set(SHIPPED)


def test_compiled_incidents_load_without_yaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = tmp_path / "incidents.json"
    compiled.write_text(json.dumps(compile_incidents(shipped_folder())), encoding="utf-8")
    monkeypatch.setattr(incidents, "COMPILED", compiled)
    monkeypatch.setitem(sys.modules, "yaml", None)
    incidents._shipped.cache_clear()
    assert load_incidents() == SHIPPED
    incidents._shipped.cache_clear()


def test_a_stale_compiled_file_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for content in (json.dumps({"sources": [], "incidents": []}), "{", json.dumps({"incidents": []})):
        compiled = tmp_path / "incidents.json"
        compiled.write_text(content, encoding="utf-8")
        monkeypatch.setattr(incidents, "COMPILED", compiled)
        incidents._shipped.cache_clear()
        assert load_incidents() == SHIPPED
    incidents._shipped.cache_clear()


# -- those of users --------------------------------------------------------------------------------


def test_every_key_is_read(tmp_path: Path) -> None:
    assert load_incidents([folder(tmp_path / "mine")])["a-2024-01-02-fire"] == Incident(
        id="a-2024-01-02-fire",
        title="A fire",
        status="verified",
        cause="It burned down.",
        down=(parse("region:ovh/SBG"), parse("zone:aws/euw1-az1")),
        control=(parse("control:aws/ec2@eu-west-1"),),
        start="2024-01-02T03:04:00Z",
        end="2024-01-02T05:00:00Z",
        duration="2 h",
        services=("Public Cloud",),
        hit=("Somebody: all of it",),
        post_mortem="no",
        sources=("https://example.org/fire",),
        notes="None.",
        approximate=("end",),
        from_memory=("hit",),
        file="mine/a-2024-01-02-fire.yaml",
    )


def test_users_incidents_stand_beside_those_that_ship_in_order(tmp_path: Path) -> None:
    known = load_incidents(
        [
            folder(tmp_path / "one"),
            folder(tmp_path / "two", INCIDENT.replace("a-2024", "zz-2024"), "zz-2024-01-02-fire"),
        ]
    )
    assert list(known) == sorted([*SHIPPED, "a-2024-01-02-fire", "zz-2024-01-02-fire"])
    assert known["a-2024-01-02-fire"].day == "2024-01-02"


def test_little_is_needed(tmp_path: Path) -> None:
    text = (
        "id: a\ntitle: A\nstatus: partial\ncause: B.\ncontrol: ['control:google/*']\nsources: [http://example.org/]\n"
    )
    incident = load_incidents([folder(tmp_path, text, "a")])["a"]
    assert (incident.day, incident.down, incident.hit) == ("", (), ())


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("title: A fire", "titel: A fire", "2: unknown key titel; did you mean title?"),
        ("title: A fire", "x: A fire", "2: unknown key x"),
        ("title: A fire\n", "", "1: title is missing"),
        ("title: A fire", "title: ''", "2: title is missing"),
        ("title: A fire", "title: [A fire]", "2: title is a text"),
        ("title: A fire", f"title: {'x' * 81}", "2: title is one line of at most 80 characters"),
        ("title: A fire", "title: |\n  A\n  fire", "2: title is one line of at most 80 characters"),
        ("title: A fire", "title: A fire\ntitle: Another", "3: title is written twice"),
        ("id: a-2024-01-02-fire", "id: A_fire", "1: id A_fire is not lowercase words joined by hyphens"),
        ("id: a-2024-01-02-fire", "id: b-fire", "1: id b-fire is not the name of the file, a-2024-01-02-fire"),
        ("status: verified", "status: memory", "3: status is one of verified, partial, scenario"),
        ("start: 2024-01-02T03:04:00Z\n", "", "3: start is missing: a verified incident has one"),
        ("start: 2024-01-02T03:04:00Z", "start: about noon", "4: start about noon is no time in UTC"),
        ("start: 2024-01-02T03:04:00Z", "start: 2024-13-02", "4: start 2024-13-02 is no time in UTC"),
        ("start: 2024-01-02T03:04:00Z", "start: 2024-01-02T03:04:00+09:00", "4: start 2024-01-02T03:04:00+09:00 is no time in UTC"),
        ("start: 2024-01-02T03:04:00Z", "start: 2024-01-03", "5: end 2024-01-02T05:00:00Z is before start 2024-01-03"),
        ("region:ovh/SBG", "region:ovh", "11: `region:ovh` is no failure domain; a region is written region:PROVIDER/REGION"),
        ("region:ovh/SBG", "building:ovh", "11: `building:ovh` is no failure domain; they are written zone:PROVIDER/ZONE,"),
        ("region:ovh/SBG", "zone:aws/euw*", "11: `zone:aws/euw*` is no failure domain"),
        ("region:ovh/SBG", "zone:aws/EUW1-az1", "12: zone:aws/euw1-az1 is written twice"),
        ("region:ovh/SBG", "control:aws/ec2", "11: control:aws/ec2 does not belong to down: control planes stand under control"),
        ("[control:aws/ec2@eu-west-1]", "['service:aws/ec2@eu-west-1']", "13: service:aws/ec2@eu-west-1 does not belong to control"),
        ("region:ovh/SBG\n  - zone:aws/euw1-az1", "zone:aws/*\n  - 'account:*'", "12: account:* is the second pattern of which any one fails"),
        ("down:\n  - region:ovh/SBG\n  - zone:aws/euw1-az1\ncontrol: [control:aws/ec2@eu-west-1]\n", "", "1: neither down nor control says what failed"),
        ("down:\n  - region:ovh/SBG\n  - zone:aws/euw1-az1", "down: region:ovh/SBG", "10: down is a list"),
        ("  - zone:aws/euw1-az1", "  - [zone:aws/euw1-az1]", "12: down is a list of texts"),
        ("  - zone:aws/euw1-az1", "  -", "12: down is a list of texts"),
        ("sources:\n  - https://example.org/fire\n", "", "1: there is no source"),
        ("sources:\n  - https://example.org/fire", "sources: []", "17: there is no source"),
        ("https://example.org/fire", "a newspaper", "18: a newspaper is no address of a page: a source begins with https://"),
        ("approximate: [end]", "approximate: [down]", "20: approximate names keys of this file, and down is not one of cause, "),
        ("from_memory: [hit]", "from_memory: [victims]", "21: from_memory names keys of this file, and victims is not one of cause, "),
        ("title: A fire", "title: A: fire", "2: not valid YAML: mapping values are not allowed in this context"),
        ("title: A fire", "title: &t A fire\nnotes: *t", "3: aliases are not allowed"),
        (INCIDENT, "- a list", "1: an incident is a mapping"),
        (INCIDENT, "", "1: an incident is a mapping"),
        (INCIDENT, "[" * 100_000 + "]" * 100_000, "1: nested deeper than 50 levels"),
        (INCIDENT, "{{}: 1}", "1: "),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line(old: str, new: str, told: str, tmp_path: Path) -> None:
    assert old in INCIDENT
    with pytest.raises(IncidentError) as caught:
        load_incidents([folder(tmp_path / "mine", INCIDENT.replace(old, new, 1))])
    assert str(caught.value).startswith(f"mine/a-2024-01-02-fire.yaml:{told}")


def test_ids_are_used_once(tmp_path: Path) -> None:
    with pytest.raises(
        IncidentError, match=r"two/a-2024-01-02-fire.yaml: id a-2024-01-02-fire is already used by one/a-"
    ):
        load_incidents([folder(tmp_path / "one"), folder(tmp_path / "two")])
    with pytest.raises(IncidentError, match="is already used by incidents/fastly"):
        load_incidents(
            [folder(tmp_path / "x", INCIDENT.replace("a-2024-01-02-fire", "fastly-2021-06-08"), "fastly-2021-06-08")]
        )


def test_a_folder_that_is_none_and_a_link_that_leads_out(tmp_path: Path) -> None:
    with pytest.raises(IncidentError, match="no such folder of incidents"):
        load_incidents([tmp_path / "absent"])
    outside = folder(tmp_path / "outside")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/link.yaml").symlink_to(outside / "a-2024-01-02-fire.yaml")
    with pytest.raises(IncidentError, match=r"mine/link.yaml: a link that leads out"):
        load_incidents([tmp_path / "mine"])


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ("tokyo", ["aws-2025-04-15-tokyo", "aws-2021-09-01-tokyo-direct-connect", "aws-2021-02-19-tokyo"]),
        ("Tokyo 2019", ["aws-2019-08-23-tokyo"]),
        ("aws-2025-04-15-toyko", ["aws-2025-04-15-tokyo"]),
        ("multichain", ["multichain-2023-05-21-mpc-account"]),
        ("nothing like it", []),
        ("", []),
    ],
)
def test_the_ids_that_a_wrong_one_may_mean(wanted: str, ids: list[str]) -> None:
    found = list(nearest(wanted, SHIPPED))
    assert found[: len(ids)] == ids
    assert len(found) <= 3
    assert ids or not found
