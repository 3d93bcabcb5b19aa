"""The configuration file: what it means, and what it says about mistakes."""

from __future__ import annotations

import copy
import datetime
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from scanner.config import (
    SCHEMA_PATH,
    Attestation,
    Config,
    ConfigError,
    Limits,
    Link,
    Service,
    Waiver,
    find_config,
    load_config,
    with_rule_codes,
)
from scanner.config_file import KEYWORDS, MAX_BYTES, read_yaml, violations
from scanner.model.finding import Acceptance, Severity
from scanner.model.path_placement import PathPlacement
from scanner.model.resource import EdgeKind
from scanner.model.service import Criticality, Level
from scanner.model.span import Span

SCHEMA: dict[str, Any] = json.loads(SCHEMA_PATH.read_text())

FULL = """\
version: 1
region: ap-northeast-3
services:
  - name: withdrawals
    entry: ["aws_lb.api", "tag:app=withdrawals"]
    criticality: critical
    threshold: all
custody:
  - name: hot-wallet
    entry: ["aws_kms_key.signer"]
    threshold: 1
targets:
  critical: {region: 2, custodian: 0}
environments:
  production: ["envs/prod/**"]
placements:
  - paths: ["k8s/**"]
    provider: aws
    account: 012345678901
    region: ap-northeast-1
    zones: [ap-northeast-1a, 2]
    cluster: prod
links:
  - {from: "payments/Deployment/api", to: "aws_db_instance.main", kind: control}
attest:
  - {resource: "aws_kms_key.signer", claim: material-escrowed, holder: "Ops", until: 2027-01-31}
helm: {values: [prod.yaml, more.yaml], release: prod, namespace: pay}
fail_on: medium
rules:
  packs: ["./policies"]
  disable: [RS101]
  severity: {some-slug: low}
ignore:
  - {rule: RS102, resource: "aws_db_instance.report*", reason: "Rebuilt nightly.", until: 2027-01-31}
cloudformation: {parameters: [prod.yaml]}
limits: {max_file_bytes: 1000}
"""


def write(folder: Path, text: str | bytes) -> Path:
    file = folder / ".riskscan.yaml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def load(folder: Path, text: str | bytes) -> Config:
    return load_config(write(folder, text), "c.yaml")


def without_span(value: Any) -> Any:
    assert isinstance(value.span, Span)
    return type(value)(**{name: getattr(value, name) for name in value.__slots__ if name != "span"})


def test_every_key_of_the_design_is_read(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    for name in ("prod.yaml", "more.yaml"):
        (tmp_path / name).touch()
    config = load(tmp_path, FULL)
    until = datetime.date(2027, 1, 31)
    assert [without_span(s) for s in config.services] == [
        Service("withdrawals", ("aws_lb.api", "tag:app=withdrawals"), "critical", "all")
    ]
    assert [without_span(s) for s in config.custody] == [Service("hot-wallet", ("aws_kms_key.signer",), "high", 1)]
    assert config.targets == {Criticality.CRITICAL: {Level.REGION: 2, Level.CUSTODIAN: 0}}
    assert config.environments == {"production": ("envs/prod/**",)}
    assert [without_span(p) for p in config.placements] == [
        PathPlacement(("k8s/**",), "aws", "012345678901", "ap-northeast-1", ("ap-northeast-1a", "2"), "prod")
    ]
    assert [without_span(link) for link in config.links] == [
        Link("payments/Deployment/api", "aws_db_instance.main", EdgeKind.CONTROL)
    ]
    assert [without_span(a) for a in config.attest] == [
        Attestation("aws_kms_key.signer", "material-escrowed", "Ops", until)
    ]
    assert config.fail_on is Severity.MEDIUM
    assert config.packs == ((tmp_path / "policies").resolve(),)
    assert config.disable == {"RS101"}
    assert config.severities == {"some-slug": Severity.LOW}
    assert [without_span(w) for w in config.waivers] == [
        Waiver("RS102", "aws_db_instance.report*", "Rebuilt nightly.", until)
    ]
    assert config.waivers[0].span == Span("c.yaml", 34, 5, 34, 102)
    assert config.limits == Limits(1000)
    assert config.region == "ap-northeast-3"
    assert config.helm_values == tuple((tmp_path / name).resolve() for name in ("prod.yaml", "more.yaml"))
    assert (config.helm_release, config.helm_namespace) == ("prod", "pay")
    assert config.parameter_files == ((tmp_path / "prod.yaml").resolve(),)


@pytest.mark.parametrize("text", ["", "# nothing\n", "version: 1\n", "---\n"])
def test_an_empty_file_changes_nothing(tmp_path: Path, text: str) -> None:
    file = write(tmp_path, text)
    assert replace(load_config(file), places={}) == Config(file=file, root=tmp_path.resolve())


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("servces: []\n", ["c.yaml:1:1: unknown key `servces`; did you mean `services`?"]),
        ("xyzzy: 1\n", ["c.yaml:1:1: unknown key `xyzzy`"]),
        (
            "services: [{name: a, entry: [b], criticality: hihg}]\n",
            ["c.yaml:1:47: services[0].criticality: expected critical, high, medium or low, found `hihg`;"],
        ),
        (
            "fail_on: hihg\n",
            ["c.yaml:1:10: fail_on: expected critical, high, medium, low, info or never, found `hi"],
        ),
        (
            "services:\n  - name: a\n    entry: x\n",
            ["c.yaml:3:12: services[0].entry: expected a list, found a text"],
        ),
        ("services:\n  - name: a\n", ["c.yaml:2:5: services[0]: the key `entry` is missing"]),
        ("services:\n  - {name: a, entry: []}\n", ["c.yaml:2:22: services[0].entry: must not be empty"]),
        (
            "services:\n  - {name: a, entry: [b], threshold: some}\n",
            ["c.yaml:2:38: services[0].threshold: expected a whole number, found a text or expected all, found `some`"],
        ),
        (
            "targets:\n  critical: {region: 5}\n",
            ["c.yaml:2:22: targets.critical.region: expected 0, 1, 2, 3 or 4, found `5`"],
        ),
        (
            "targets: {critical: {regoin: 2}, hihg: {}}\n",
            [
                "c.yaml:1:22: unknown key `regoin`; did you mean `region`?",
                "c.yaml:1:34: unknown key `hihg`; did you mean `high`?",
            ],
        ),
        ("targets: {low: {zone: two}}\n", ["c.yaml:1:23: targets.low.zone: expected a whole number, found a text"]),
        ("limits: {max_file_bytes: 0}\n", ["c.yaml:1:26: limits.max_file_bytes: must be at least 1"]),
        (
            "limits: {max_file_bytes: 0x10}\n",
            ["c.yaml:1:26: limits.max_file_bytes: expected a whole number, found a text"],
        ),
        (
            "ignore:\n- {rule: a, resource: b, until: 2027-13-01}\n",
            ["c.yaml:2:33: ignore[0].until: expected a day as YYYY-MM-DD, found `2027-13-01`"],
        ),
        ("version: 2\n", ["c.yaml:1:10: version: expected 1, found `2`"]),
        ("version: true\n", ["c.yaml:1:10: version: expected 1, found `True`"]),
        ("rules:\n", ["c.yaml:1:7: rules: expected a mapping, found nothing"]),
        ("- a\n", ["c.yaml:1:1: expected a mapping, found a list"]),
        ('environments: {"a b": []}\n', ["c.yaml:1:16: the name `a b` does not match ^[A-Za-z][A-Za-z0-9_-]*$"]),
        # All mistakes at once, in the order of the file.
        ("limits: {}\nxa: 1\nfail_on: []\n", ["c.yaml:2:1: unknown key `xa`", "c.yaml:3:10: fail_on: expected"]),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, lines: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert len(caught.value.lines) == len(lines)
    for line, expected in zip(caught.value.lines, lines, strict=True):
        assert line.startswith(expected)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"a: \x00\n", "invalid YAML"),
        ("a: [1\n", "c.yaml:2:1: invalid YAML"),
        ("a: 1\na: 2\n", "c.yaml:2:1: duplicate key `a`"),
        ("a: 1\n---\nb: 2\n", "invalid YAML"),
        ("a: !!python/object:os.system {}\n", "is not supported"),
        ("a: !custom x\n", "is not supported"),
        ("? [a]\n: b\n", "c.yaml:1:3: a key must be a text"),
        ("[" * 5_000, "nested too deeply"),
        ("a: &a [*a]\n", "nested too deeply"),
        ("a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
            f"{chr(b)}: &{chr(b)} [{', '.join([f'*{chr(b - 1)}'] * 9)}]\n" for b in range(ord("b"), ord("j"))
        ), "more than 100000 values"),
        ("#" * (MAX_BYTES + 1), "larger than"),
    ],
)  # fmt: skip
def test_hostile_or_broken_yaml_ends_in_one_line(tmp_path: Path, text: str | bytes, part: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert len(caught.value.lines) == 1
    assert part in caught.value.lines[0]


def test_names_of_services_and_custody_items_are_their_own(tmp_path: Path) -> None:
    text = "version: 1\nservices:\n  - {name: pay, entry: [a]}\ncustody:\n  - {name: keys, entry: [b]}\n  - {name: pay, entry: [c]}\n"
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    (line,) = caught.value.lines
    assert "c.yaml:6:5: the name `pay` is taken at line 3; give it another" in line


def test_words_that_old_yaml_takes_for_something_else_stay_texts() -> None:
    # YAML 1.1 reads these as false, octal 342391, 12 hours and 30 minutes, and a date.
    document = read_yaml("a: no\nb: 0123456\nc: 12:30\nd: 2027-01-31\ne: 0b1\nf: 1_0\n", "c.yaml")
    assert document.data == {"a": "no", "b": "0123456", "c": "12:30", "d": "2027-01-31", "e": "0b1", "f": "1_0"}
    assert read_yaml("a: [1, -2, 0, true, False, null, ~, 1.5, '1']", "c").data == {
        "a": [1, -2, 0, True, False, None, None, 1.5, "1"]
    }


# -- the schema and the code say the same ------------------------------------------------------------------------------


def test_the_schema_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_schema_uses_only_what_the_walker_knows() -> None:
    annotations = {"$schema", "$defs", "title", "description", "default"}

    def keywords(schema: Any) -> set[str]:
        if not isinstance(schema, dict):
            return set()
        nested = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values(), *schema.get("anyOf", [])]
        nested += [schema.get(name) for name in ("items", "additionalProperties", "propertyNames")]
        return set(schema) | set().union(*map(keywords, nested))

    assert keywords(SCHEMA) <= KEYWORDS | annotations


def test_the_schema_states_the_defaults_and_words_of_the_code() -> None:
    keys, service = SCHEMA["properties"], SCHEMA["$defs"]["service"]["properties"]
    severities = [severity.label for severity in sorted(Severity, reverse=True)]
    assert SCHEMA["$defs"]["severity"]["enum"] == severities
    assert keys["fail_on"]["enum"] == [*severities, "never"]
    fail_on = Config().fail_on
    assert fail_on is not None
    assert keys["fail_on"]["default"] == fail_on.label
    assert keys["limits"]["properties"]["max_file_bytes"]["default"] == Limits().max_file_bytes
    assert keys["helm"]["properties"]["namespace"]["default"] == Config().helm_namespace
    kind = keys["links"]["items"]["properties"]["kind"]
    assert kind["enum"] == [kind.value for kind in EdgeKind]
    assert kind["default"] == Link("a", "b").kind
    assert service["criticality"]["default"] == Service("a", ("b",)).criticality
    assert list(keys["targets"]["properties"]) == list(Criticality)
    assert list(SCHEMA["$defs"]["target"]["properties"]) == list(Level)
    assert service["threshold"]["default"] == Service("a", ("b",)).threshold


WORDS = st.sampled_from(["", "x", "all", "high", "never", "2027-01-31", "runtime"])
KEYS = st.sampled_from(["name", "entry", "x", "until"])
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | WORDS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=2),
    max_leaves=4,
)


def paths_in(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, item in items for found in paths_in(item, (*path, key)))]


def replaced(data: Any, path: tuple[str | int, ...], junk: Any) -> Any:
    if not path:
        return junk
    changed = copy.deepcopy(data)
    parent = changed
    for step in path[:-1]:
        parent = parent[step]
    parent[path[-1]] = junk
    return changed


FULL_DATA = read_yaml(FULL, "c.yaml").data


@given(st.sampled_from(paths_in(FULL_DATA)), JUNK)
@settings(max_examples=300)
def test_our_walker_accepts_exactly_what_a_json_schema_validator_accepts(
    path: tuple[str | int, ...], junk: Any
) -> None:
    data = replaced(FULL_DATA, path, junk)
    oracle = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker(["date"]))
    assert (violations(data, SCHEMA) == []) == oracle.is_valid(data)


def test_the_sample_is_valid_for_others_too() -> None:
    text = yaml.safe_load(FULL.replace("2027-01-31", "'2027-01-31'").replace("012345678901", "'012345678901'"))
    jsonschema.validate(text, SCHEMA)


# -- finding the file --------------------------------------------------------------------------------------------------


def test_the_nearest_file_up_to_the_repository_counts(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    (repository / ".git").mkdir(parents=True)
    (repository / "a" / "b").mkdir(parents=True)
    write(tmp_path, "")
    assert find_config([repository / "a" / "b"], tmp_path) is None
    outer = write(repository, "")
    assert find_config([repository / "a" / "b"], tmp_path) == outer
    inner = write(repository / "a", "")
    assert find_config([repository / "a" / "b"], tmp_path) == inner
    assert find_config([repository / "a", repository], tmp_path) == outer


def test_without_a_repository_the_working_directory_is_the_limit(tmp_path: Path) -> None:
    (tmp_path / "here" / "infra").mkdir(parents=True)
    write(tmp_path, "")
    assert find_config([tmp_path / "here" / "infra"], tmp_path / "elsewhere") is None
    own = write(tmp_path / "here", "")
    assert find_config([tmp_path / "here" / "infra"], tmp_path / "here") == own
    file = tmp_path / "here" / "infra" / "main.tf"
    file.touch()
    assert find_config([file], tmp_path / "here") == own


def test_a_link_or_pack_that_leads_outside_is_refused(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    inside = tmp_path / "inside"
    outside.mkdir()
    (inside / ".git").mkdir(parents=True)
    (outside / "secret").write_text("root:x:0:0\n")
    (inside / ".riskscan.yaml").symlink_to(outside / "secret")
    with pytest.raises(ConfigError, match="leads outside") as caught:
        load_config(inside / ".riskscan.yaml")
    assert "x:0:0" not in str(caught.value)
    (inside / ".riskscan.yaml").unlink()
    with pytest.raises(ConfigError, match=r"c\.yaml:1:17: the rule pack `\.\./outside` is outside"):
        load(inside, 'rules: {packs: ["../outside"]}\n')
    with pytest.raises(ConfigError, match="is not a folder"):
        load(inside, 'rules: {packs: ["nowhere"]}\n')


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load_config(tmp_path / "none.yaml")


# -- names of rules ----------------------------------------------------------------------------------------------------

RULES = {"RS101": "database-single-zone", "RS102": "cache-single-node"}


def test_rules_are_known_by_code_or_slug_in_any_case(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        "rules: {disable: [rs101], severity: {Cache-Single-Node: low}}\n"
        "ignore: [{rule: database-single-zone, resource: a}]\n",
    )
    known = with_rule_codes(config, RULES)
    assert known.disable == {"RS101"}
    assert known.severities == {"RS102": Severity.LOW}
    assert known.waivers[0].rule == "RS101"


def test_an_unknown_rule_is_an_error_with_the_nearest(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        "rules:\n  disable: [RS999999]\n  severity: {databse-single-zone: low}\nignore: [{rule: xyzzy, resource: a}]\n",
    )
    with pytest.raises(ConfigError) as caught:
        with_rule_codes(config, RULES)
    assert caught.value.lines == (
        "c.yaml:2:13: unknown rule `RS999999`",
        "c.yaml:3:14: unknown rule `databse-single-zone`; did you mean `database-single-zone`?",
        "c.yaml:4:17: unknown rule `xyzzy`",
    )


def test_the_baseline_and_whom_to_honour(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    file = tmp_path / "conf" / ".riskscan.yaml"
    file.parent.mkdir()
    file.write_text("baseline: ../accepted.json\nhonour: [tfsec]\n")
    config = load_config(file)
    assert (config.baseline, config.honour) == (tmp_path / "accepted.json", {Acceptance.TFSEC})
    file.write_text("honour: []\n")
    config = load_config(file)
    assert (config.baseline, config.honour) == (None, frozenset())
    file.write_text("honour: [snyk]\nbaseline: ''\n")
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert [line.split(": ", 1)[1] for line in caught.value.lines] == [
        "honour[0]: expected checkov, trivy or tfsec, found `snyk`",
        "baseline: must not be empty",
    ]
    file.write_text("baseline: ../../elsewhere.json\n")
    with pytest.raises(
        ConfigError,
        match=r"1:11: the baseline `../../elsewhere.json` is outside of .*; name it with --baseline instead",
    ):
        load_config(file)
