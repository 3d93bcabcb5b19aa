"""The parts that the HTML page is made of: names, prose, source lines, runs of numbers, boxes within boxes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from scanner.model.coverage import FormatCoverage
from scanner.model.outage import Effect, Outages, Scenario, ServiceOutage, Step, Verdict
from scanner.model.report import Report
from scanner.model.resource import Resource
from scanner.model.span import Span
from scanner.model.value import Unknown
from scanner.reporters.html import frames, names, places, prose
from scanner.reporters.html.estate import estate, runs
from scanner.reporters.html.front import title
from scanner.reporters.options import Options

# -- names ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("domain", "sentence"),
    [
        ("zone:aws/ap-northeast-1a", "zone ap-northeast-1a (AWS)"),
        ("provider:google", "Google Cloud"),
        ("account:azure/00000000-0000", "account 00000000-0000 (Azure)"),
        ("service:aws/kms@ap-northeast-1", "provider service kms in ap-northeast-1 (AWS)"),
        ("control:aws/route53", "control plane route53 (AWS)"),
        ("owner:Consensys", "endpoint owner Consensys"),
        ("ca:letsencrypt", "certificate authority letsencrypt"),
        ("node-group:prod/workers", "node group prod/workers"),
        ("zone:aws/?var.zone", "a zone of AWS that is not named"),
        ("account:google/?account", "an account of Google Cloud that is not named"),
        ("administrator:alice", "administrator alice"),
        ("nonsense", " nonsense"),
    ],
)
def test_domains_as_people_call_them(domain: str, sentence: str) -> None:
    assert names.domain(domain).sentence == sentence


@pytest.mark.parametrize(
    ("domain", "why"),
    [
        ("zone:aws/?aws_db_instance.main.zone", "the zone of aws_db_instance.main is not in the files"),
        ("zone:aws/?var.zone", "var.zone would tell it"),
        ("zone:aws/?module.a.var.zone", "module.a.var.zone would tell it"),
        ("account:aws/?template.yaml.account", "the account of template.yaml is not in the files"),
        ("account:aws/?account", "no file names it"),
    ],
)
def test_what_would_name_a_place(domain: str, why: str) -> None:
    assert names.untold(names.domain(domain)) == why


@pytest.mark.parametrize(
    ("address", "short"),
    [
        ("aws_db_instance.main", "main"),
        ("aws_db_instance.ledger[0]", "ledger[0]"),
        ('module.service["order-api"].aws_db_instance.this', 'service["order-api"]'),
        ('module.a["x.y"].module.b.aws_db_instance.copy', 'a["x.y"].b.copy'),
        ("envs/prod#aws_db_instance.main", "main"),
    ],
)
def test_resources_by_what_tells_them_apart(resource: Callable[..., Resource], address: str, short: str) -> None:
    assert names.short(resource(address)) == short


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("999 services", "999 services"),
        ("1 of 1000", "1 of 1\u202f000"),
        ("12345678 resources", "12\u202f345\u202f678 resources"),
    ],
)
def test_thousands_stand_apart(text: str, shown: str) -> None:
    assert names.grouped(text) == shown


def test_equal_names_stand_behind_their_roots(report: Callable[..., Report], resource: Callable[..., Resource]) -> None:
    one = resource("a#aws_db_instance.main", zones=())
    two, other = resource("b#aws_db_instance.main", zones=()), resource("b#aws_db_instance.other", zones=())
    roots = [
        replace(each, declaration=replace(each.declaration, root=each.id.partition("#")[0]))
        for each in (one, two, other)
    ]
    found = drawn(report(resources=tuple(roots)), effect("provider:aws", *(each.id for each in roots)))
    (row,) = found.clouds.boxes[0].rows
    assert [name for _, name, _ in row.shown] == ["a#main", "b#main", "other"]


def test_a_hop_names_its_domain_in_words() -> None:
    step = Step("zone:aws/a-1a", "zone:aws/a-1a (not decided: variable zone has no default)")
    assert names.told(step) == "zone a-1a (AWS) (not decided: variable zone has no default)"
    assert names.told(Step("aws_lb.a", "aws_lb.a")) == "aws_lb.a"


@pytest.mark.parametrize(
    ("files", "prefix", "name"),
    [
        (["a/b/main.tf", "a/b/modules/x/main.tf"], "", "a/b"),
        (["main.tf"], "infra/", "infra"),
        (["main.tf", "b/main.tf"], "", "repository"),
        (["../outside/main.tf"], "", "repository"),
        ([], "", "repository"),
    ],
)
def test_the_page_is_called_after_the_folder_that_holds_everything(
    report: Callable[..., Report], resource: Callable[..., Resource], files: list[str], prefix: str, name: str
) -> None:
    one = resource()
    placed = [replace(one, declaration=replace(one.declaration, id=f, span=Span(f, 1))) for f in files]
    assert title(report(resources=tuple(placed)), Options(prefix=prefix)) == name


def test_a_live_scan_is_called_after_its_accounts(report: Callable[..., Report]) -> None:
    live = report(coverage={"aws": FormatCoverage(found=4, read=4)}, roots=("111", "222", "333", "444"))
    assert title(live, Options(prefix="cwd/")) == "AWS 111, 222, 333 and 1 more"


# -- what rules are written in -------------------------------------------------------------------------------------------


def test_paragraphs_and_code() -> None:
    text = "Set `multi_az`\nto true:\n\n```hcl\nresource {\n\n  a = 1\n}\n```\n\nThen apply."
    first, code, last = prose.blocks(text)
    assert [(piece.text, piece.code) for piece in first.pieces] == [
        ("Set ", False),
        ("multi_az", True),
        (" to true:", False),
    ]
    assert code.lines == ("resource {", "", "  a = 1", "}")
    assert last.pieces[0].text == "Then apply."


@given(st.text())
def test_no_word_of_a_text_is_lost(text: str) -> None:
    found = "".join(
        "".join(piece.text for piece in block.pieces) + "".join(block.lines) for block in prose.blocks(text)
    )
    ignored = set("`~ \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\u2028\u2029\xa0")
    kept = [c for c in found if c not in ignored and not c.isspace()]
    lines = [line for line in text.strip().splitlines() if not line.strip().startswith(("```", "~~~"))]
    assert kept == [c for line in lines for c in line if c not in ignored and not c.isspace()]


# -- source lines --------------------------------------------------------------------------------------------------------

LINES = {"a.tf": ('resource "x" "y" {', "  tags = {", '  password = "hunter2"', "\tzone = var.zone # \u202e", "}")}


def test_the_mark_is_the_span() -> None:
    (line,) = frames.excerpt(LINES, Span("a.tf", 2, 3, 2, 7))
    assert (line.before, line.marked, line.after) == ("  ", "tags", " = {")


def test_what_hides_a_secret_is_marked_as_a_whole() -> None:
    (line,) = frames.excerpt(LINES, Span("a.tf", 3, 15, 3, 22))
    assert line.marked == 'password = "(sensitive)"'


def test_tabs_are_blanks_and_controls_are_visible() -> None:
    (line,) = frames.excerpt(LINES, Span("a.tf", 4, 2, 4, 6))
    assert (line.before, line.marked, line.after) == ("    ", "zone", " = var.zone # \\u202e")


def test_a_line_that_is_not_there_is_no_excerpt() -> None:
    assert frames.excerpt(LINES, Span("a.tf", 9)) == ()
    assert frames.excerpt(LINES, Span("b.tf", 1)) == ()


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=700), st.integers(1, 800), st.integers(1, 800))
def test_a_long_line_is_cut_around_its_mark(text: str, start: int, end: int) -> None:
    line = text.replace("\n", " ").replace("\r", " ")
    (shown,) = frames.excerpt({"a": (line,)}, Span("a", 1, start, 1, end))
    assert not shown.before.endswith("\n")
    if len(line) <= frames.WIDEST and line.isascii() and line.isprintable() and "=" not in line and ":" not in line:
        assert f"{shown.before}{shown.marked}{shown.after}" == line.rstrip() or line.rstrip() != line


# -- numbers in runs -----------------------------------------------------------------------------------------------------


@given(st.sets(st.integers(0, 400)))
def test_runs_hold_their_numbers(numbers: set[int]) -> None:
    at = 0
    found: list[int] = []
    told = runs(sorted(numbers))
    for gap, length in zip(told[::2], told[1::2], strict=True):
        at += gap
        found += range(at, at + length)
        at += length
    assert found == sorted(numbers)
    assert len(told) <= 2 * len(numbers)


# -- boxes in boxes ------------------------------------------------------------------------------------------------------


def effect(name: str, *standing: str, outage: ServiceOutage | None = None) -> Effect:
    return Effect(Scenario(name, (name,), (outage,) if outage else ()), tuple(sorted(standing)), (), (), ())


def ids(group: places.Group) -> list[str]:
    return [box.name.id for box in group.boxes]


def drawn(report: Report, *single: Effect) -> places.Map:
    return places.drawn(estate(replace(report, outages=Outages(single, ()))))


def test_a_region_of_two_accounts_is_drawn_in_both(
    report: Callable[..., Report], resource: Callable[..., Resource]
) -> None:
    found = drawn(
        report(resources=(resource("a", zones=()), resource("b", zones=()))),
        effect("provider:aws", "a", "b"),
        effect("account:aws/1", "a"),
        effect("account:aws/2", "b"),
        effect("region:aws/ap-northeast-1", "a", "b"),
    )
    (provider,) = found.clouds.boxes
    accounts = provider.groups[0]
    assert ids(accounts) == ["account:aws/1", "account:aws/2"]
    for account, name in zip(accounts.boxes, ("a", "b"), strict=True):
        assert ids(account.groups[0]) == ["region:aws/ap-northeast-1"]
        (row,) = account.groups[0].boxes[0].rows
        assert [shown[2] for shown in row.shown] == [name]


def test_what_is_more_than_is_drawn_is_kept_behind_a_search(
    report: Callable[..., Report], resource: Callable[..., Resource]
) -> None:
    names_ = [f"n{number:03}" for number in range(40)]
    resources = tuple(resource(name, region=Unknown("no default"), zones=()) for name in names_)
    single = [effect(f"region:aws/?{name}.region", name) for name in names_]
    found = drawn(report(resources=resources), effect("provider:aws", *names_), *single)
    (regions,) = found.clouds.boxes[0].groups
    assert len(regions.boxes) == places.DRAWN
    assert len(regions.more) == regions.unnamed == 40 - places.DRAWN
    assert {*ids(regions), *regions.more} == {one.scenario.id for one in single}


def test_the_worst_domains_are_the_ones_that_are_drawn(
    report: Callable[..., Report], resource: Callable[..., Resource], outage: Callable[..., ServiceOutage]
) -> None:
    zones = [f"zone:aws/ap-northeast-1{letter}" for letter in "abcdefghijklmnop"]
    worst = effect(zones[-1], outage=outage())
    found = drawn(
        report(resources=(resource("a"),)),
        worst,
        effect("provider:aws", "a"),
        effect("region:aws/ap-northeast-1", "a"),
        *(effect(zone, "a", outage=outage(automatic=Verdict.UP, manual=Verdict.UP)) for zone in zones[:-1]),
    )
    (region,) = found.clouds.boxes[0].groups[0].boxes
    assert ids(region.groups[0])[0] == zones[-1]


def test_what_stands_beside_the_clouds(report: Callable[..., Report]) -> None:
    parties = ["edge:cloudflare", "registrar:x", "ca:letsencrypt", "owner:Consensys", "custodian:fireblocks"]
    found = drawn(report(), *(effect(party) for party in parties))
    assert [name for group in found.beside for name in ids(group)] == parties
    assert found.clouds.boxes == ()


def test_no_domain_is_left_out(report: Callable[..., Report]) -> None:
    odd = [
        "zone:gone/z-1",
        "region:gone/r",
        "account:gone/1",
        "cluster:lone",
        "node-group:nowhere/x",
        "service:gone/x@r",
    ]
    odd += ["control:gone/y", "zone:aws/<b>", "region:aws/__proto__", "nonsense", "administrator:a"]
    found = drawn(report(), *(effect(name) for name in odd))
    boxes = [box for group in found.beside for box in group.boxes]
    assert {box.name.id for box in boxes} | {v.name.id for box in boxes for v in box.vendors} == set(odd)
