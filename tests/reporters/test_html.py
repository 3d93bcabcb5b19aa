"""The HTML report: what its elements say against the report and its JSON, and the policy against the bytes it allows."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from html import unescape
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import pytest
from msgspec.structs import replace

from scanner.config import load_config
from scanner.model.comparison import Comparison, Turn
from scanner.model.finding import Acceptance, Finding, Outcome
from scanner.model.history import Entry, History
from scanner.model.outage import Effect, Outages, Scenario, ServiceOutage, ServiceRisk, Verdict
from scanner.model.report import Report
from scanner.model.resource import Resource
from scanner.model.value import Unknown
from scanner.pipeline import scan
from scanner.reporters import Options, render
from scanner.simulation.incidents import load_incidents

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
NAMES = sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir())


@cache
def example(name: str) -> Report:
    """The report on an example, with its outages."""
    return scan([EXAMPLES / name], load_config(EXAMPLES / name / ".riskscan.yaml"), load_incidents().values())


@cache
def page(name: str) -> str:
    return render("html", example(name), Options())


def read(text: str) -> Element:
    """The page as a browser reads it; a parse error of any kind is an error here."""
    tree: Element = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    return tree


@cache
def tree(name: str) -> Element:
    return read(page(name))


def said(element: Element | None) -> str:
    """The text in an element as it is read."""
    assert element is not None
    return " ".join("".join(element.itertext()).split())


def found(root: Element, tag: str, **attributes: str) -> list[Element]:
    wanted = {name.replace("_", "-"): value for name, value in attributes.items()}
    return [e for e in root.iter(tag) if all(e.get(name) == value for name, value in wanted.items())]


def elements(root: Element) -> list[Element]:
    """Everything but comments and instructions, which are elements of another kind to this parser."""
    tags: list[tuple[object, Element]] = [(e.tag, e) for e in root.iter()]
    return [e for tag, e in tags if isinstance(tag, str)]


def with_class(root: Element, name: str) -> list[Element]:
    return [e for e in elements(root) if name in (e.get("class") or "").split()]


def by_id(root: Element, name: str) -> Element:
    (element,) = [e for e in elements(root) if e.get("id") == name]
    return element


def data(root: Element) -> dict[str, Any]:
    return dict(json.loads("".join(by_id(root, "riskscan-data").itertext())))


# -- one file that asks the network for nothing --------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_policy_allows_the_page_s_own_style_and_script_alone(name: str) -> None:
    # https://www.w3.org/TR/CSP3/#match-element-to-source-list: the hash is that of the element's text.
    text = page(name)
    (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', text)
    directives = dict(part.strip().split(" ", 1) for part in unescape(policy).split(";"))
    for directive, pattern in (("style-src", r"<style>(.*?)</style>"), ("script-src", r"<script>(.*?)</script>")):
        (body,) = re.findall(pattern, text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert directives[directive] == f"'sha256-{digest}'"
    assert directives["default-src"] == "'none'"
    assert "unsafe" not in policy


LOADS = {"src", "srcset", "poster", "data", "background", "formaction", "action", "manifest", "xlink:href", "style"}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_loaded(name: str) -> None:
    all_of_them = elements(tree(name))
    assert not {e.tag for e in all_of_them} & {"link", "img", "iframe", "object", "embed", "base", "audio", "video"}
    for element in all_of_them:
        assert not LOADS & set(element.attrib), element.attrib
        assert not [attribute for attribute in element.attrib if attribute.startswith("on")]
    (style,) = re.findall(r"<style>(.*?)</style>", page(name), re.DOTALL)
    assert "url(" not in style
    assert "@import" not in style


@pytest.mark.parametrize("name", NAMES)
def test_two_runs_give_the_same_bytes_and_a_small_page(name: str) -> None:
    assert render("html", example(name), Options()) == page(name)
    assert len(page(name).encode()) < 400_000


def test_the_script_builds_elements_and_never_markup() -> None:
    (script,) = re.findall(r"<script>(.*?)</script>", page("tokyo-exchange"), re.DOTALL)
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
        "fetch(",
        "XMLHttp",
    ):
        assert word not in script


# -- a document that can be walked through -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_headings_go_down_one_level_at_a_time(name: str) -> None:
    levels = [int(e.tag[1]) for e in elements(tree(name)) if re.fullmatch("h[1-6]", e.tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("name", NAMES)
def test_ids_are_unique_and_what_is_linked_is_there(name: str) -> None:
    all_of_them = elements(tree(name))
    ids = [e.get("id") for e in all_of_them if e.get("id")]
    assert len(ids) == len(set(ids))
    linked = {str(e.get("href"))[1:] for e in all_of_them if str(e.get("href")).startswith("#")}
    assert {target for target in linked if "=" not in target} <= set(ids)
    single = {effect.scenario.id for effect in (example(name).outages or Outages((), ())).single}
    assert {
        target.removeprefix("down=").replace("%3F", "?") for target in linked if target.startswith("down=")
    } <= single
    labels = {e.get("aria-labelledby") for e in all_of_them if e.get("aria-labelledby")}
    assert labels <= set(ids)


# -- the same answers as everywhere else ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_first_screen_says_what_the_scores_are(name: str) -> None:
    scores = json.loads(render("json", example(name), Options()))["scores"]
    front = with_class(tree(name), "front")[0]
    marks = [said(mark) for mark in with_class(front, "mark")]
    assert marks == [scores["stage"], scores["grade"]]
    shown = f"{scores['low']:g}" if scores["low"] == scores["high"] else f"{scores['low']:g}–{scores['high']:g}"
    assert said(with_class(front, "grade")[0]).startswith(f"{scores['grade']}{shown} of 100")
    rows = {said(row[0]): said(row[1]) for row in by_tag(front, "tr") if row[0].get("scope") == "row"}
    assert rows.keys() == {axis["axis"] for axis in scores["axes"]}


def by_tag(root: Element, tag: str) -> list[Element]:
    return list(root.iter(tag))


@pytest.mark.parametrize("name", NAMES)
def test_every_service_has_its_coefficients(name: str) -> None:
    services = json.loads(render("json", example(name), Options()))["services"]
    (table,) = with_class(tree(name), "coefficients")
    head, *rows = by_tag(table, "tr")
    levels = [said(cell) for cell in head][2:]
    assert [said(row[0]) for row in rows] == [service["name"] for service in services]
    for row, service in zip(rows, services, strict=True):
        for level, cell in zip(levels, list(row)[2:], strict=True):
            ends = service["intervals"][level]
            low, high = ("–" if ends[end] is None else str(ends[end]) for end in ("low", "high"))
            wanted = low if low == high else f"{low}–{'more' if high == '–' else high}"
            assert said(cell).split(" ")[0] == wanted, (service["name"], level)


@pytest.mark.parametrize("name", NAMES)
def test_every_finding_is_there_with_its_place(name: str) -> None:
    findings = json.loads(render("json", example(name), Options()))["findings"]
    wanted = sorted(
        (f["outcome"], f["severity"], f["axis"], f["file"], f"{f['file']}:{f['line']}", f["resource"])
        for f in findings
        if f["outcome"] != "pass"
    )
    shown = sorted(
        (
            *(str(row.get(f"data-{key}")) for key in ("outcome", "severity", "axis", "file")),
            said(with_class(row, "at")[0]),
            said(next(with_class(row, "where")[0].iter("code"))),
        )
        for row in tree(name).iter("li")
        if row.get("data-finding") is not None
    )
    assert shown == wanted


@pytest.mark.parametrize("name", NAMES)
def test_the_data_tells_of_every_outage_what_the_report_does(name: str) -> None:
    report, told = example(name), data(tree(name))
    assert report.outages is not None
    ids = [told["texts"][number] for number, _, _ in told["resources"]]
    for effects, scenarios in ((report.outages.single, told["single"]), (report.outages.incidents, told["incidents"])):
        assert [scenario["id"] for scenario in scenarios] == [effect.scenario.id for effect in effects]
        for effect, scenario in zip(effects, scenarios, strict=True):
            for key in ("standing", "stopped", "doubtful", "recoverable"):
                known = set(getattr(effect, key)) & set(ids)
                assert {ids[number] for number in unrolled(scenario[key])} == known
            verdicts = dict(hits(scenario))
            for number, service in enumerate(effect.scenario.services):
                assert verdicts.get(number, ("up", "up")) == (service.automatic.value, service.manual.value)


def unrolled(runs: list[int]) -> Iterator[int]:
    """Gaps and lengths, read as the page's script reads them."""
    at = 0
    for gap, length in zip(runs[::2], runs[1::2], strict=True):
        at += gap
        yield from range(at, at + length)
        at += length


def hits(scenario: dict[str, Any]) -> Iterator[tuple[int, tuple[str, str]]]:
    words = ("up", "down", "unknown")
    for number, automatic, manual, *_ in scenario["services"]:
        yield number, (words[automatic], words[manual])
    for (automatic, manual, *_), runs in scenario.get("alike", []):
        for number in unrolled(runs):
            yield number, (words[automatic], words[manual])


@pytest.mark.parametrize("name", NAMES)
def test_every_single_outage_that_hits_a_service_is_in_the_table(name: str) -> None:
    outages = example(name).outages
    assert outages is not None
    hit = [e for e in outages.single if any(s.automatic is not Verdict.UP for s in e.scenario.services)]
    tables = [e for e in with_class(tree(name), "outages") if "incidents" not in str(e.get("class"))]
    assert sum(len(by_tag(table, "tr")) - 1 for table in tables) == len(hit)


def test_the_riskiest_outage_and_what_is_lost_with_it() -> None:
    # Worked out in tests/test_outages.py: the one account holds everything.
    sentence = said(with_class(tree("tokyo-exchange"), "worst")[0])
    assert sentence.startswith(
        "The loss of account 111122223333 at AWS alone stops 4 of 4 services and custody items: orders, withdrawals, "
    )
    assert "out of reach with every copy" in sentence


# -- the map -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_every_failure_domain_can_be_taken_down(name: str) -> None:
    outages = example(name).outages
    assert outages is not None
    buttons = {e.get("data-domain") for e in tree(name).iter("button") if e.get("data-domain")}
    assert buttons == {effect.scenario.id for effect in outages.single}
    assert all(e.get("aria-pressed") == "false" for e in tree(name).iter("button") if e.get("data-domain"))


def parents(root: Element) -> dict[Element, Element]:
    return {child: parent for parent in root.iter() for child in parent}


def around(root: Element, domain: str) -> list[str]:
    """The domains of the boxes around the first box of a domain, the innermost first."""
    above = parents(root)
    element = next(e for e in root.iter("button") if e.get("data-domain") == domain)
    names = []
    while (element := above.get(element)) is not None:  # type: ignore[assignment]
        if "box" in (element.get("class") or "").split():
            names.append(str(element[0].get("data-domain")))
    return names


def test_boxes_stand_in_each_other_as_their_domains_do() -> None:
    root = tree("tokyo-exchange")
    assert around(root, "zone:aws/ap-northeast-1a") == [
        "zone:aws/ap-northeast-1a",
        "region:aws/ap-northeast-1",
        "account:aws/111122223333",
        "provider:aws",
    ]
    assert around(root, "service:aws/kms@ap-northeast-1")[0] == "region:aws/ap-northeast-1"
    assert around(root, "service:aws/route53")[0] == "provider:aws"
    assert around(root, "custodian:fireblocks") == ["custodian:fireblocks"]
    fleet = tree("validator-fleet")
    assert around(fleet, "node-group:frankfurt/validators")[:3] == [
        "node-group:frankfurt/validators",
        "cluster:frankfurt",
        "region:aws/eu-central-1",
    ]


def test_a_resource_is_drawn_where_it_stands() -> None:
    root = tree("tokyo-exchange")
    ids = [data(root)["texts"][number] for number, _, _ in data(root)["resources"]]
    (zone,) = [e for e in root.iter("li") if "zone" in (e.get("class") or "").split() and "1a" in said(e[0])]
    drawn = {ids[int(str(e.get("data-r")))] for e in zone.iter("span") if e.get("data-r")}
    # availability_zone of the ledger and of the engine's nodes is the home zone; the balancer has a subnet in both.
    assert {"aws_db_instance.ledger", "aws_instance.engine[0]", "aws_lb.main"} <= drawn
    assert "aws_kms_key.hot_wallet" not in drawn


def test_a_place_without_a_name_says_why() -> None:
    root = tree("cloudformation-exchange")
    unnamed = with_class(root, "unnamed")
    assert unnamed
    assert all("Not named: " in said(box) for box in unnamed)


def test_a_report_without_outages_says_so(full: Report) -> None:
    root = read(render("html", full, Options()))
    assert "This report was made without outages." in said(by_id(root, "map"))
    assert data(root)["single"] == []


# -- findings ------------------------------------------------------------------------------------------------------------


def test_accepted_findings_are_shown_with_their_reason(
    report: Callable[..., Report], finding: Callable[..., Finding]
) -> None:
    accepted = finding(Outcome.SUPPRESSED, reason="Rebuilt nightly.", accepted_by=Acceptance.WAIVER)
    root = read(render("html", report([accepted]), Options()))
    (row,) = [e for e in root.iter("li") if e.get("data-finding") is not None]
    assert row.get("data-outcome") == "suppressed"
    assert said(with_class(row, "reason")[0]) == "Accepted (waiver): Rebuilt nightly."


def test_a_finding_shows_its_line_under_the_one_that_begins_its_block(
    report: Callable[..., Report], finding: Callable[..., Finding]
) -> None:
    root = read(render("html", report([finding()]), Options()))
    (frame,) = with_class(root, "frame")
    assert [said(line) for line in with_class(frame, "line")] == [
        '1resource "aws_db_instance" "main" {',
        "3 multi_az = false",
    ]
    assert [said(mark) for mark in by_tag(frame, "mark")] == ["multi_az = false"]


def test_advice_is_in_the_language_of_the_files_first(
    report: Callable[..., Report], finding: Callable[..., Finding]
) -> None:
    root = read(render("html", report([finding()]), Options()))
    (about,) = with_class(root, "about")
    assert said(with_class(about, "dialect")[0]) == "Terraform, AWS"
    (others,) = with_class(about, "dialects")
    assert [said(h) for h in by_tag(others, "h4")] == ["Terraform, Google Cloud"]
    assert said(by_tag(about, "pre")[0]) == "multi_az = true"


def test_controls_are_evidence_and_nothing_is_called_compliant() -> None:
    text = said(by_id(tree("tokyo-exchange"), "main"))
    assert "Evidence relevant to DORA Art. 12(4)" in text
    assert "compliant" not in text.lower()


def test_passes_are_counted_and_listed_when_asked_for(
    report: Callable[..., Report], finding: Callable[..., Finding]
) -> None:
    both = report([finding(), finding(Outcome.PASS, resource="aws_db_instance.good")])
    counted = read(render("html", both, Options()))
    listed = read(render("html", both, Options(show=frozenset({Outcome.PASS}))))
    assert [said(e) for e in with_class(counted, "cnt")] == ["1 failing, 1 passed"]
    assert len([e for e in counted.iter("li") if e.get("data-finding") is not None]) == 1
    assert len([e for e in listed.iter("li") if e.get("data-finding") is not None]) == 2


def test_many_findings_are_listed_without_their_lines(
    report: Callable[..., Report], finding: Callable[..., Finding]
) -> None:
    many = [finding(resource=f"aws_db_instance.n{number}") for number in range(501)]
    root = read(render("html", report(many), Options()))
    assert len([e for e in root.iter("li") if e.get("data-finding") is not None]) == 501
    assert with_class(root, "frame") == []
    # The script has them, once for all: the line that begins the block, and the marked one below.
    told = data(root)["excerpts"]
    assert {e.get("data-excerpt") for e in root.iter("li") if e.get("data-finding") is not None} == {"0"}
    assert [[line[0], line[2]] for line in told[0]] == [[3, "multi_az = false"]]


# -- what is not known ---------------------------------------------------------------------------------------------------


def test_one_undecided_variable_is_one_row(resource: Callable[..., Resource], report: Callable[..., Report]) -> None:
    region = Unknown("variable region has no default")
    resources = [resource(f"aws_db_instance.n{number}", region=region) for number in range(3)]
    root = read(render("html", report(resources=tuple(resources)), Options()))
    rows = by_tag(by_id(root, "unknowns"), "tr")[1:]
    assert [said(row[0]) for row in rows] == ["variable region has no default"]
    assert said(next(rows[0].iter("summary"))) == "3 places"


def test_problems_that_cost_input_come_first(full: Report) -> None:
    root = read(render("html", full, Options()))
    kinds = [said(next(e.iter("summary"))) for e in with_class(root, "problem")]
    assert kinds == ["1 problem: invalid, input was lost", "1 problem: module-unavailable"]
    assert "Not everything could be read." in said(with_class(root, "subject")[0])


# -- since an earlier state ----------------------------------------------------------------------------------------------


def test_what_is_new_and_fixed_comes_right_after_the_first_screen(
    report: Callable[..., Report], finding: Callable[..., Finding], since: Callable[..., Comparison]
) -> None:
    new, fixed = finding(), finding(resource="aws_db_instance.old")
    changed = since(new=(Turn(new, Outcome.PASS),), fixed=(Turn(fixed),))
    root = read(render("html", report([new], since=changed), Options()))
    sections = [e.get("id") for e in by_id(root, "main").iter("section")]
    assert sections[1] == "changes"
    section = by_id(root, "changes")
    assert "1 new finding (1 high), 1 fixed" in said(section)
    assert len(with_class(section, "new")) == len(with_class(section, "fixed")) == 1
    assert "aws_db_instance.old" in said(with_class(section, "fixed")[0])


# -- secrets and strangers' words ----------------------------------------------------------------------------------------


def test_secrets_are_in_no_part_of_the_page(
    report: Callable[..., Report], risk: Callable[..., ServiceRisk], outage: Callable[..., ServiceOutage]
) -> None:
    secret = "hunter2hunter2"
    zone = "zone:aws/ap-northeast-1a"
    hit = outage(condition=f"if {secret}", remedies=(f"ask {secret}",))
    effect = Effect(Scenario(zone, (zone,), (hit,), notes=(secret,)), (), (), (), ())
    page = render(
        "html",
        report(
            services=(risk("orders"),),
            outages=Outages((effect,), (replace(effect, scenario=replace(effect.scenario, title="an incident")),)),
            secrets=frozenset({secret}),
            sources={"db/main.tf": ("", "", f"  multi_az = {secret}")},
        ),
        Options(),
    )
    assert secret not in page
    assert "(sensitive)" in page


def test_a_secret_in_a_line_beside_the_marked_one_is_not_shown(
    report: Callable[..., Report], finding: Callable[..., Finding]
) -> None:
    lines = ('resource "aws_db_instance" "main" {', '  note = "pa55"', "  multi_az = false", '  other = "pa66"', "}")
    page = render("html", report([finding()], sources={"db/main.tf": lines}), Options())
    assert "pa55" not in page
    assert "pa66" not in page


def test_the_data_cannot_end_its_element(report: Callable[..., Report], resource: Callable[..., Resource]) -> None:
    # https://html.spec.whatwg.org/multipage/scripting.html#restrictions-for-contents-of-script-elements
    name = 'a["</script><!--<script>\u2028\u2029"]'
    text = render("html", report(resources=(resource(name),)), Options())
    (raw,) = re.findall(r'id="riskscan-data">(.*?)</script>', text, re.DOTALL)
    assert not re.search("[<>&\u2028\u2029]", raw)
    told = json.loads(raw)
    assert told["texts"][told["resources"][0][0]] == name.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


# -- over time -----------------------------------------------------------------------------------------------------------


def test_a_history_is_drawn_and_changes_nothing_that_the_policy_allows(
    report: Callable[..., Report], entry: Callable[..., Entry]
) -> None:
    history = History("history.jsonl", (entry("2026-01-01", "a" * 40), entry("2026-01-02", "b" * 40)))
    with_it, empty, without = (
        render("html", report(history=history), Options()) for history in (history, History("history.jsonl", ()), None)
    )
    assert said(by_id(read(with_it), "riskscan-trend-title")) == "Centralization risk over time"
    assert 'id="trend"' not in empty
    assert empty == without
    (policy, other) = (re.findall(r'Policy" content="([^"]*)"', text) for text in (with_it, without))
    assert policy == other
