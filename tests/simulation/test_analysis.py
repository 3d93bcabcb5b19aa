"""Coefficients, intervals, risk groups and their reasons; the last over all examples and architectures."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from scanner.config import Config, Link, Service, load_config
from scanner.model.domain import parse
from scanner.model.objects import PLATFORM
from scanner.model.outage import LEVELS, RiskGroup, ServiceRisk, Step
from scanner.model.resource import Resource
from scanner.model.span import Span
from scanner.pipeline import read_estate, wishes
from scanner.simulation.analysis import SHOWN_GROUPS, coefficients, levels_of
from scanner.simulation.study import Study, study
from scanner.simulation.taken import is_unnamed

StudyOf = Callable[..., Study]

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").iterdir())
CASES: list[Mapping[str, Any]] = [
    case
    for path in sorted(Path(__file__).with_name("architectures").glob("*.yaml"))
    for case in yaml.safe_load(path.read_text("utf-8"))
]
SOURCES = {"terraform": "main.tf", "kubernetes": "manifests.yaml", "config": ".riskscan.yaml"}
SAMPLE = CASES[::3]
"""For what takes long."""

TOKYO = 'provider "aws" {\n  region = "ap-northeast-1"\n}\n'


def server(name: str, zone: str, more: str = "") -> str:
    return f'resource "aws_instance" "{name}" {{\n  availability_zone = {zone}\n{more}}}\n'


# -- coefficients ----------------------------------------------------------------------------------


def test_coefficients_count_domains_of_one_level_only() -> None:
    cuts = [
        ("region:aws/a",),
        ("zone:aws/a1", "zone:aws/a2"),
        ("zone:aws/a1", "owner:Alchemy"),
        ("owner:Alchemy", "owner:Infura", "owner:QuickNode"),
    ]
    found = coefficients(cuts)
    assert found == {**dict.fromkeys(LEVELS), "region": 1, "zone": 2, "owner": 3}
    assert coefficients([]) == dict.fromkeys(LEVELS)


def test_what_is_down_already_takes_no_failure() -> None:
    assert coefficients([()]) == dict.fromkeys(LEVELS, 0)


@pytest.mark.parametrize(
    ("domain", "levels"),
    [
        ("zone:aws/eu-west-1a", {"zone"}),
        ("registrar:x", {"edge"}),
        ("ca:letsencrypt", {"edge"}),
        ("edge:cloudflare", {"edge"}),
        ("service:aws/route53", {"service", "edge"}),
        ("service:aws/cloudfront", {"service", "edge"}),
        ("service:aws/kms@eu-west-1", {"service"}),
        ("node-group:a/b", {"cluster"}),
        ("custodian:fireblocks", {"custodian"}),
    ],
)
def test_levels(domain: str, levels: set[str]) -> None:
    assert levels_of(domain) == levels


@pytest.mark.parametrize(
    ("domain", "expected"),
    [("zone:aws/?var.zone", True), ("zone:aws/eu-west-1a", False), ("owner:?", False), ("region:aws/?(x)a", True)],
)
def test_which_places_are_unnamed(domain: str, expected: bool) -> None:
    assert is_unnamed(domain) is expected


def only(found: Study) -> ServiceRisk:
    (risk,) = found.analysis.risks()
    return risk


def groups(risk: ServiceRisk, level: str) -> list[tuple[str, ...]]:
    return [g.domains for g in risk.risk_groups if all(d.startswith(f"{level}:") for d in g.domains)]


def test_two_zones_of_which_one_is_enough(study_of: StudyOf) -> None:
    text = TOKYO + server("a", '"ap-northeast-1a"') + server("c", '"ap-northeast-1c"')
    risk = only(study_of(text, services=(Service("s", ("aws_instance.*",)),)))
    assert (risk.coefficients["zone"], risk.coefficients["region"], risk.coefficients["edge"]) == (2, 1, None)
    assert groups(risk, "zone") == [("zone:aws/ap-northeast-1a", "zone:aws/ap-northeast-1c")]
    assert risk.cone == {"aws_instance.a", "aws_instance.c"}
    assert risk.exact == 3
    assert risk.groups_total == len(risk.risk_groups)


def test_an_unknown_widens_the_interval(study_of: StudyOf) -> None:
    text = TOKYO + 'variable "zone" {\n}\n' + server("a", '"ap-northeast-1a"') + server("v", "var.zone")
    risk = only(study_of(text, services=(Service("s", ("aws_instance.*",)),)))
    assert (risk.coefficients["zone"], risk.coefficients_high["zone"]) == (1, 2)
    (group,) = [g for g in risk.risk_groups if g.domains == ("zone:aws/ap-northeast-1a",)]
    assert not group.certain
    assert "variable zone has no default" in group.path[-1].text


def test_people_take_a_coefficient_up(study_of: StudyOf) -> None:
    text = TOKYO + (
        'resource "aws_db_instance" "d" {\n  availability_zone = "ap-northeast-1a"\n  backup_retention_period = 7\n}\n'
    )
    risk = only(study_of(text, services=(Service("s", ("aws_db_instance.d",)),)))
    assert (risk.coefficients["zone"], risk.coefficients_manual["zone"]) == (1, None)
    recoverable = {group.domains[0]: group.recoverable for group in risk.risk_groups}
    assert recoverable["zone:aws/ap-northeast-1a"] is True
    assert recoverable["region:aws/ap-northeast-1"] is False


def test_another_name_of_an_unknown_place_is_left_out(study_of: StudyOf) -> None:
    """A server in an unnamed zone falls with that zone; that it may be one of the named ones says nothing more."""
    text = TOKYO + 'variable "zone" {\n}\n' + server("v", "var.zone") + server("a", '"ap-northeast-1a"')
    risk = only(study_of(text, services=(Service("s", ("aws_instance.v",)),)))
    assert groups(risk, "zone") == [("zone:aws/?var.zone",)]
    assert risk.coefficients["zone"] == 1


def test_planes_and_the_zones_of_a_service_take_no_part(study_of: StudyOf) -> None:
    risk = only(study_of(TOKYO + server("a", '"ap-northeast-1a"')))
    named = {domain for group in risk.risk_groups for domain in group.domains}
    assert not any(domain.startswith("control:") for domain in named)
    assert "service:aws/ec2@ap-northeast-1a" not in named
    assert {"zone:aws/ap-northeast-1a", "service:aws/ec2@ap-northeast-1", "account:aws/?account"} <= named


def test_only_so_many_groups_have_reasons_and_all_are_counted(study_of: StudyOf) -> None:
    settings = "\n".join(
        f'      {name}_URL = "https://{host}"'
        for name, host in (("A", "mainnet.infura.io"), ("B", "x.g.alchemy.com"), ("C", "x.quiknode.pro"), ("D", "rpc.ankr.com"))
    )  # fmt: skip
    pairs = "".join(
        f'resource "aws_lambda_function" "f{n}" {{\n  provider = aws.p{n}\n  environment {{\n    variables = {{\n{settings}\n'
        f'    }}\n  }}\n}}\nprovider "aws" {{\n  alias  = "p{n}"\n  region = "{region}"\n  allowed_account_ids = ["11112222333{n}"]\n}}\n'
        for n, region in enumerate(("eu-west-1", "eu-west-2", "eu-west-3"))
    )  # fmt: skip
    risk = only(study_of(TOKYO + pairs, services=(Service("s", ("aws_lambda_function.*",)),)))
    # one of region, account and service for each of three functions: 27 triples; each of four vendors; the provider
    assert risk.groups_total == 27 + 4 + 1
    assert len(risk.risk_groups) == min(risk.groups_total, SHOWN_GROUPS)
    assert all(len(group.paths) == len(group.domains) for group in risk.risk_groups)


def test_a_mesh_that_cannot_start_again_is_told(study_of: StudyOf) -> None:
    text = TOKYO + (
        'resource "aws_lambda_function" "a" {\n  environment {\n    variables = { B = "b" }\n  }\n}\n'
        'resource "aws_lambda_function" "b" {\n}\n'
    )
    links = (
        Link("aws_lambda_function.a", "aws_lambda_function.b"),
        Link("aws_lambda_function.b", "aws_lambda_function.a"),
    )
    found = study_of(text, services=(Service("s", ("aws_lambda_function.a",)),), links=links)
    assert only(found).cold_start == ("aws_lambda_function.a", "aws_lambda_function.b")


SHARED = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: addresses}
data: {LEDGER: "http://ledger:8080"}
---
apiVersion: v1
kind: Service
metadata: {name: ledger}
spec: {selector: {app: ledger}, ports: [{port: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: ledger}
spec:
  selector: {matchLabels: {app: ledger}}
  template:
    metadata: {labels: {app: ledger}}
    spec:
      containers:
        - name: ledger
          image: shop/ledger
          envFrom: [{configMapRef: {name: addresses}}]
"""


def test_settings_of_all_that_name_their_reader_too_are_no_circle(study_of: StudyOf) -> None:
    found = study_of({"k8s/ledger.yaml": SHARED})
    assert only(found).cone >= {"default/ConfigMap/addresses", "default/Service/ledger"}
    assert only(found).cold_start == ()


# -- reasons ---------------------------------------------------------------------------------------


@cache
def analyzed(name: str) -> tuple[Study, tuple[ServiceRisk, ...], Mapping[str, tuple[str, ...]]]:
    """An example or architecture: its study, its risks, and the lines of all files."""
    example = next((folder for folder in EXAMPLES if folder.name == name), None)
    if example is not None:
        return _analyzed(example, load_config(example / ".riskscan.yaml"))
    case = next(case for case in CASES if case["name"] == name)
    with tempfile.TemporaryDirectory() as scratch:
        texts = {name: case[key] for key, name in SOURCES.items() if key in case} | case.get("files", {})
        for file, text in texts.items():
            path = Path(scratch, file)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        return _analyzed(Path(scratch), load_config(Path(scratch, ".riskscan.yaml")))


def _analyzed(folder: Path, config: Config) -> tuple[Study, tuple[ServiceRisk, ...], Mapping[str, tuple[str, ...]]]:
    estate = read_estate([folder], config)
    found = study(estate.graph, wishes(estate.config))
    lines = dict(estate.parsed.sources)
    for service in found.services:
        if service.span is not None and service.span.file not in lines:
            text = (estate.found.base / service.span.file).read_text("utf-8")
            lines[service.span.file] = tuple(text.splitlines())
    return found, found.analysis.risks(), lines


NAMES = [*(folder.name for folder in EXAMPLES), *(case["name"] for case in CASES)]

_ELSEWHERE = re.compile(r"\b(?:var|local|each|module|data)\.|\b(?:count|self)\b|templatefile\(")
"""A value that another place gives: the line names the attribute, and the value leads on."""
_PLACED = re.compile(
    r"subnet|zone|region|location|vpc|network|provider|cluster|requiredDuringScheduling|nodeSelector", re.IGNORECASE
)


_NAMES = ("identifier", "name")
"""Attributes by which texts call a resource."""


def block(lines: tuple[str, ...], span: Span) -> str:
    """The line of a span, and the block that it begins."""
    first = lines[span.line - 1]
    indent = len(first) - len(first.lstrip())
    text = [first]
    for line in lines[span.line :]:
        if not re.search(r"[{\[(]\s*$|<<-?\w+\s*$", first):
            break
        text.append(line)
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            break
    return "\n".join(text)


def paths(risks: tuple[ServiceRisk, ...]) -> Iterator[tuple[ServiceRisk, RiskGroup, tuple[Step, ...]]]:
    for risk in risks:
        for group in risk.risk_groups:
            for path in group.paths:
                yield risk, group, path


@pytest.mark.parametrize("name", NAMES)
def test_every_hop_stands_on_a_line_that_exists(name: str) -> None:
    _, risks, lines = analyzed(name)
    seen = 0
    for risk, _, path in paths(risks):
        for step in path:
            assert step.span is not None, (risk.name, step.name)
            assert step.span.file in lines, (risk.name, step)
            assert 1 <= step.span.line <= len(lines[step.span.file]), (risk.name, step)
            assert lines[step.span.file][step.span.line - 1].strip(), (risk.name, step)
            seen += 1
    assert seen


def mentions(text: str, resource: Resource) -> bool:
    declaration = resource.declaration
    words = [re.escape(declaration.name), re.escape(declaration.type)]
    words += [re.escape(value) for name in _NAMES if isinstance(value := declaration.attributes.get(name), str)]
    return re.search(rf"(?<![\w-])(?:{'|'.join(words)})(?![\w-])", text) is not None


def says(text: str, one: Resource, other: Resource, studied: Study) -> bool:
    """Whether a text tells a hop: it names either end, a third that stands for the other, or a value given elsewhere."""
    if mentions(text, other) or mentions(text, one) or _ELSEWHERE.search(text):
        return True
    if one.kind == "load_balancer" and re.match(r"\s*selector:", text):  # by labels, which test_objects.py compares
        return True
    if other.kind == "nat" and _PLACED.search(text):  # the way out of its subnets
        return True
    if one.platform == PLATFORM and other.kind in ("cluster", "node_group"):  # it is the cluster of all objects
        return text.startswith("kind: ")
    between = {edge.target for edge in studied.faults.graph.outgoing.get(one.id, ())}
    return any(mentions(text, studied.faults.graph.resources[n]) for n in between) and bool(
        between & {e.source for e in studied.faults.graph.incoming.get(other.id, ())}
        or between & {e.target for e in studied.faults.graph.outgoing.get(other.id, ())}
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_hop_from_resource_to_resource_is_written_on_its_line(name: str) -> None:
    studied, risks, lines = analyzed(name)
    resources = studied.faults.graph.resources
    for risk, group, path in paths(risks):
        for one, other in pairwise(path):
            if one.name in resources and other.name in resources:
                assert other.span is not None
                text = block(lines[other.span.file], other.span)
                assert says(text, resources[one.name], resources[other.name], studied), (
                    risk.name, group.domains, one.name, other.name, str(other.span), text,
                )  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_zone_is_written_where_a_place_is_given(name: str) -> None:
    studied, risks, lines = analyzed(name)
    of_clusters = [r for r in studied.faults.graph.resources.values() if r.platform == PLATFORM]
    for risk, _, path in paths(risks):
        if len(path) > 1 and path[-1].name.startswith("zone:") and not is_unnamed(path[-1].name):
            last = path[-1]
            assert last.span is not None
            text = block(lines[last.span.file], last.span)
            zone = last.name.partition("/")[2]
            words = {zone, zone[-1], zone.rpartition("-")[2]}
            there = [
                r for r in studied.faults.graph.resources.values() if r.placement.zones == (zone.rpartition("-")[2],)
            ]
            named = any(mentions(text, resource) for resource in there)  # an address that is pinned to the zone
            # what no manifest pins runs where its cluster has nodes: the object itself is shown
            named = named or any(r.span == last.span and not r.get("pinned_zones") for r in of_clusters)
            assert named or _PLACED.search(text) or any(word in text for word in words), (risk.name, last.name, text)
    assert studied.services


@pytest.mark.parametrize("name", [case["name"] for case in CASES if "kubernetes" in case])
def test_losing_more_never_helps(name: str) -> None:
    """Of all outages that a case names, and of any two of them at once."""
    studied, _, _ = analyzed(name)
    case = next(case for case in CASES if case["name"] == name)
    alone = {tuple(outage["down"]): _replayed(studied, outage["down"]) for outage in case["outages"]}
    for one, other in combinations(alone, 2):
        both = _replayed(studied, sorted({*one, *other}))
        for less in (alone[one], alone[other]):
            assert all(min(a, b) == b for a, b in zip(less, both, strict=True)), (one, other)


def _replayed(studied: Study, down: Sequence[str]) -> list[int]:
    """How good the verdicts are, of both readings of all services, from down to up."""
    order = {"down": 0, "unknown": 1, "up": 2}
    found = studied.replay.run("x", [parse(domain) for domain in down])
    return [order[verdict] for s in found.services for verdict in (s.automatic.value, s.manual.value)]


@pytest.mark.parametrize("name", NAMES)
def test_reasons_lead_from_the_service_to_each_domain(name: str) -> None:
    studied, risks, _ = analyzed(name)
    entries = {service.name: set(service.entry) for service in studied.services}
    for risk, group, path in paths(risks):
        assert path, (risk.name, group.domains)
        inside = risk.cone | entries[risk.name]
        assert all(step.name in inside for step in path[:-1]), (risk.name, [step.name for step in path])
    for risk in risks:
        for group in risk.risk_groups:
            assert len(group.paths) == len(group.domains)
            assert tuple(sorted(group.domains)) == group.domains


# -- cuts against outages (law 15 of reference/metrics.md) -----------------------------------------


@pytest.mark.parametrize("name", [*(folder.name for folder in EXAMPLES), *(case["name"] for case in SAMPLE)])
def test_each_group_stops_its_service_and_no_part_of_it_surely_does(name: str) -> None:
    studied, risks, _ = analyzed(name)
    for position, risk in enumerate(risks):
        for group in risk.risk_groups[:20]:
            whole = studied.replay.run("all", [parse(domain) for domain in group.domains]).services[position]
            assert whole.name == risk.name
            assert whole.automatic.value != "up", (risk.name, group.domains)
            if group.certain:
                assert whole.automatic.value == "down", (risk.name, group.domains)
            if group.recoverable:
                assert whole.manual.value == "up", (risk.name, group.domains)
            elif whole.condition == "":
                assert whole.manual.value != "up", (risk.name, group.domains)
            for left_out in group.domains:
                rest = [parse(domain) for domain in group.domains if domain != left_out]
                part = studied.replay.run("all but one", rest).services[position]
                assert part.automatic.value != "down", (risk.name, group.domains, left_out)


@pytest.mark.parametrize("name", [*(folder.name for folder in EXAMPLES), *(case["name"] for case in SAMPLE)])
def test_single_outages_are_the_groups_of_one(name: str) -> None:
    studied, risks, _ = analyzed(name)
    alone = {s.id: s for s in studied.replay.every([*LEVELS])}
    assert alone
    for position, risk in enumerate(risks):
        certain = {cut.domains[0] for cut in risk.cuts.high if len(cut.domains) == 1}
        down = {d for d, s in alone.items() if s.services[position].automatic.value == "down"}
        assert certain & set(alone) == down, risk.name


@pytest.mark.parametrize("name", NAMES)
def test_what_only_unknowns_stop_says_what_is_unknown(name: str) -> None:
    _, risks, _ = analyzed(name)
    for risk in risks:
        for group in risk.risk_groups:
            told = any("(not decided: " in path[-1].text for path in group.paths)
            unnamed = any(map(is_unnamed, group.domains))
            assert told is not group.certain or unnamed, (risk.name, group.domains)
