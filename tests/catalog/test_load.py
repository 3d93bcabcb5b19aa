"""The shipped tables keep their own rules, and a table that breaks them is told by file and type."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from scanner.catalog import load
from scanner.catalog.load import CatalogError, Region, catalog, compile_catalog, faults, source_state

TABLES = catalog()


@pytest.fixture(scope="module")
def from_yaml() -> dict[str, Any]:
    return compile_catalog(load.FOLDER)


def test_every_entry_keeps_the_rules() -> None:
    found = {
        name: told for name, data in TABLES.types.items() if (told := list(faults(data, TABLES.kinds, TABLES.common)))
    }
    assert found == {}


def test_every_kind_is_used() -> None:
    assert TABLES.kinds.keys() - {data["kind"] for data in TABLES.types.values()} == set()


@pytest.mark.parametrize(("prefix", "promised"), [("aws_", 170), ("azurerm_", 80), ("google_", 70)])
def test_at_least_as_many_types_as_promised(prefix: str, promised: int) -> None:
    assert (
        sum(1 for name, data in TABLES.types.items() if name.startswith(prefix) and data["kind"] != "other") >= promised
    )


def test_every_entry_can_be_made() -> None:
    kinds = Counter(entry.kind for name in TABLES.types if (entry := TABLES.entry(name)) is not None)
    assert sum(kinds.values()) == len(TABLES.types)
    assert TABLES.entry("aws_no_such_thing") is None


def test_a_property_that_types_read_has_a_type() -> None:
    missing = {
        (name, prop)
        for name, data in TABLES.types.items()
        for prop in data.get("properties") or {}
        if TABLES.property_type(data["kind"], prop) not in ("bool", "int", "str", "list", "ref", "any")
    }
    assert missing == set()
    assert TABLES.property_type("database", "no_such_property") is None


# https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html,
# https://cloud.google.com/compute/docs/regions-zones, https://learn.microsoft.com/azure/reliability/regions-list
@pytest.mark.parametrize(
    ("provider", "region", "zones"),
    [
        ("aws", "us-east-1", 6),
        ("aws", "eu-west-1", 3),
        ("google", "us-central1", 4),
        ("google", "asia-northeast1", 3),
        ("azure", "japaneast", 3),
    ],
)
def test_zones_of_regions(provider: str, region: str, zones: int) -> None:
    found = TABLES.region(provider, region)
    assert isinstance(found, Region)
    assert found.zones == zones


def test_pairs_of_azure_regions_exist() -> None:
    regions = TABLES.regions["azure"]
    assert TABLES.region("azure", "japaneast") == Region(
        3, "Japan", TABLES.regions["azure"]["japaneast"]["area"], "japanwest"
    )
    assert {name for name, data in regions.items() if data.get("pair") and data["pair"] not in regions} == set()


def test_members_of_multi_regions_exist() -> None:
    missing = {
        (provider, name, member)
        for provider, table in TABLES.multi_regions.items()
        for name, members in table.items()
        for member in members
        if member not in TABLES.regions[provider]
    }
    assert {member for _, _, member in missing} == {"us-central2"}  # a region that Google keeps for itself
    assert TABLES.region("aws", "atlantis-1") is None


def strings(value: Any) -> Any:
    """Mapping keys as the compiled form has them. What a reader's ``map`` compares is the key's text in lower case."""
    if isinstance(value, dict):
        return {str(key).lower() if isinstance(key, bool) else str(key): strings(item) for key, item in value.items()}
    return [strings(item) for item in value] if isinstance(value, list) else value


def test_the_compiled_form_says_the_same(
    from_yaml: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = tmp_path / "catalog.json"
    compiled.write_text(json.dumps(from_yaml), encoding="utf-8")
    monkeypatch.setattr(load, "COMPILED", compiled)
    assert load._compiled() == strings(from_yaml)


def test_a_compiled_form_of_other_sources_is_not_used(
    from_yaml: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = tmp_path / "catalog.json"
    monkeypatch.setattr(load, "COMPILED", compiled)
    assert load._compiled() is None  # there is none
    compiled.write_text(json.dumps({**from_yaml, "sources": []}), encoding="utf-8")
    assert load._compiled() is None  # of other files
    compiled.write_text("{", encoding="utf-8")
    assert load._compiled() is None  # cut off
    compiled.write_text(json.dumps({**from_yaml, "sources": None}), encoding="utf-8")
    assert load._compiled() is not None  # installed, where no source can change


VOCABULARY = """
common: {encrypted: [bool, encrypted]}
kinds:
  database: {about: A store, properties: {engine: [str, engine]}}
  glue: {about: Connects, properties: {}}
"""


def folder(root: Path, **files: str) -> Path:
    (root / "regions").mkdir(parents=True)
    (root / "vocabulary.yaml").write_text(VOCABULARY, encoding="utf-8")
    (root / "refs.yaml").write_text("runtime: [endpoint]\ncontrol: [role]\n", encoding="utf-8")
    (root / "regions" / "aws.yaml").write_text(
        "eu-west-1: {zones: 3}\nmulti_regions: {eu: [eu-west-1]}\n", encoding="utf-8"
    )
    for name, text in files.items():
        (root / f"{name}.yaml").write_text(text, encoding="utf-8")
    return root


def test_a_folder_of_tables(tmp_path: Path) -> None:
    entry = "aws_db: {kind: database, properties: {engine: engine, encrypted: {const: true}}, refs: {x: control}}"
    found = compile_catalog(folder(tmp_path, aws=entry))
    assert found["types"] == {"aws_db": yaml.safe_load(entry)["aws_db"]}
    assert found["references"] == {"endpoint": "runtime", "role": "control"}
    assert found["regions"] == {"aws": {"eu-west-1": {"zones": 3}}}
    assert found["multi_regions"] == {"aws": {"eu": ["eu-west-1"]}}
    assert [name for name, _, _ in found["sources"]] == ["aws.yaml", "refs.yaml", "regions/aws.yaml", "vocabulary.yaml"]


def test_the_state_of_sources_changes_with_a_file(tmp_path: Path) -> None:
    root = folder(tmp_path, aws="aws_db: {kind: database}")
    before = source_state(root)
    assert source_state(root) == before
    (root / "aws.yaml").write_text("aws_dbs: {kind: database}", encoding="utf-8")
    assert source_state(root) != before


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("kind: databse", "kind 'databse' is not in vocabulary.yaml"),
        ("scope: zonal", "kind None is not in vocabulary.yaml"),
        ("kind: database, zone: [a]", "unknown key zone"),
        ("kind: database, scope: local", "unknown scope local"),
        ("kind: database, scope: {pth: a}", "scope: unknown reader key pth"),
        ("kind: database, properties: {engin: engine}", "engin is no property of database"),
        ("kind: database, properties: {engine: {path: a, defalt: b}}", "engine: unknown reader key defalt"),
        ("kind: database, properties: {engine: {default: b}}", "engine: says no path"),
        ("kind: database, properties: {engine: [a, b]}", "engine: a reader is a path or a mapping"),
        ("kind: database, properties: {engine: {any: [{path: a, iss: b}]}}", "engine: unknown reader key iss"),
        ("kind: database, properties: {engine: {path: a, matches: '('}}", "engine: matches: not a regular expression"),
        (
            "kind: database, properties: {engine: {path: a, extract: a}}",
            "engine: extract: the regular expression has no",
        ),
        ("kind: database, refs: {role: contrl}", "refs: role: contrl is no kind of dependency"),
        ("kind: glue, connects: [{from: a, to: b, kind: often}]", "connects: often is no kind of dependency"),
        ("kind: glue, connects: [{from: a, kind: runtime}]", "connects: each link has from, to and kind"),
    ],
)
def test_a_faulty_entry_is_told_by_file_and_type(entry: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(CatalogError) as caught:
        compile_catalog(folder(tmp_path, aws=f"aws_db: {{{entry}}}"))
    assert str(caught.value).startswith(f"aws.yaml: aws_db: {told}")


def test_an_entry_that_is_no_mapping_is_told(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"^aws\.yaml: aws_db: kind 'database' is not in vocabulary\.yaml$"):
        compile_catalog(folder(tmp_path, aws="aws_db: database"))


def test_a_type_in_two_files_is_told(tmp_path: Path) -> None:
    entry = "aws_db: {kind: database}"
    with pytest.raises(CatalogError, match=r"^more.yaml: aws_db: listed twice$"):
        compile_catalog(folder(tmp_path, aws=entry, more=entry))


def test_invalid_yaml_is_told_by_file(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"^aws\.yaml: (?s:.*)line 1"):
        compile_catalog(folder(tmp_path, aws="aws_db: {kind: database"))


def test_a_type_that_is_read_as_another_has_its_meaning_and_references_of_its_own(tmp_path: Path) -> None:
    tables = "aws_db: {kind: database, refs: {a: none}}\naws_alias: {as: aws_db, refs: {b: control}}"
    found = compile_catalog(folder(tmp_path, aws=tables))["types"]["aws_alias"]
    assert found == {"kind": "database", "as": "aws_db", "refs": {"b": "control"}}


@pytest.mark.parametrize(
    ("alias", "told"),
    [
        ("as: aws_none", "aws_none is no type of the catalog"),
        ("as: aws_db, kind: cache", "unknown key kind"),
        ("as: aws_db, refs: {a: often}", "refs: a: often is no kind of dependency"),
    ],
)
def test_a_faulty_alias_is_told(alias: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(CatalogError) as caught:
        compile_catalog(folder(tmp_path, aws=f"aws_db: {{kind: database}}\naws_alias: {{{alias}}}"))
    assert str(caught.value) == f"aws_alias: {told}"
