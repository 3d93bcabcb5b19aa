"""A corpus of hostile names and words in every field, through every format, read back by parsers that are not ours.

Markdown is read by GitHub's own parser (cmark-gfm), HTML by html5lib as the standard says that browsers read it, XML by
expat, JSON by the standard library. What GitHub does to text
beyond its Markdown (mentions, issue numbers, alerts, drawings) is asked of the text that the parser leaves outside of
code: https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import html5lib
import pytest
from cmarkgfm import github_flavored_markdown_to_html
from cmarkgfm.cmark import Options as Cmark
from msgspec.structs import replace

from scanner.model.comparison import (
    Ambiguity,
    Basis,
    Cause,
    Coefficient,
    Comparison,
    Difference,
    Effect,
    Interval,
    Lone,
    Match,
    Place,
    ServicePair,
    Shift,
    Side,
    Turn,
    Weakening,
)
from scanner.model.finding import Axis, Finding, Outcome, Related, Severity
from scanner.model.outage import Cause as Because
from scanner.model.outage import Effect as Hit
from scanner.model.outage import (
    OutageReport,
    Outages,
    RiskGroup,
    Scenario,
    ServiceOutage,
    ServiceRisk,
    Step,
)
from scanner.model.problem import Problem, ProblemKind
from scanner.model.report import Report
from scanner.model.resource import Resource
from scanner.model.rule import RuleInfo
from scanner.model.service import Criticality
from scanner.model.span import Span
from scanner.reporters import COMPARISONS, MODULES, OUTAGES, Options, render, render_comparison, render_outages
from scanner.reporters.inert import inert

HOST = "https://github.com/example/exchange"
OPTIONS = Options(
    show=frozenset(Outcome), full=True, repository_url=HOST, revision="c" * 40, run_url=f"{HOST}/actions/runs/7"
)

CORPUS = {
    "markdown": "**b** _i_ ~~s~~ # h > q - l 1. n [a](https://evil.example) ![p](https://evil.example/p.png) <https://evil.example>",
    "reference": "[x]: https://evil.example 'x'",
    "heading": "x\n# owned\n\n* item\n> [!CAUTION]\n> owned",
    "html": "<img src=x onerror=alert(1)><a href='javascript:alert(1)'>x</a><!-- --><br><h1>owned</h1>",
    "closing": "</details></summary></td></tr></table><script>alert(1)</script><details open>",
    "comment": "--> <b>owned</b> <!-- riskscan:scan -->",
    "entities": "&lt;img src=x&gt; &#60;img&#62; &amp;lt;b&amp;gt; &copy;",
    "script": "</script><script>alert(1)</script>",
    "command": "::error file=x::owned",
    "lines": "a\n::set-output name=x::owned\r\n::stop-commands::x\r::add-mask::y",
    "percent": "%0A::error::owned%0D%25",
    "azure": "##vso[task.setvariable variable=x]y ##[group]z",
    "csi": "\x1b[2J\x1b[31mowned\x1b[0m\x9b31m\x1b[?1049h",
    "osc": "\x1b]0;owned\x07\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\\x1bPq\x1b\\\x90q\x9c\x9d0;x\x9c",
    "backspace": "fail\b\b\b\bpass\x7f\x00\x0c\x0b",
    "mention": "@octocat @github/security-team a@b.example cc:@octocat (@octocat) \\@octocat",
    "issue": "#1 o/r#1 GH-1 o/r@c0ffee1 fixes #1 closes GH-2",
    "links": "https://evil.example www.evil.example ftp://evil.example mailto:a@b.example xmpp:a@b.example HTTPS://EVIL.EXAMPLE",
    "bidi": "\u202eowned\u202c \u2066x\u2069 \u200f\u200e\u061c \u2067y",
    "breaks": "a\u2028b\u2029c\x85d\ufeff",
    "backticks": "` `` ``` ```` x ` ~~~",
    "fence": '```\n```mermaid\nflowchart LR\n  click d0 "javascript:alert(1)"\n```',
    "table": "a | b || c \\| d |\n|---|---|\n| e",
    "math": "$x$ $$\\href{javascript:alert(1)}{x}$$ $`y`$",
    "mermaid": 'x"]\n  click s0 call alert(1)\n  s0["y',
    "directive": '%%{init: {"securityLevel": "loose"}}%% %% x ;--- #quot; #60;img#62; `**md**`',
    "mermaid shapes": "a-->b; subgraph x; end; style s0 fill:#f00; classDef x y; @{ shape: rect } ::: c",
    "list": "1. x - y + z",
    "list with a bracket": "12) x",
    "dash": "- x",
    "plus": "+ x",
    "rule": "---",
    "dashes": "- - -",
    "underline": "===",
    "number": "7.",
    "xml": "]]><testcase/><!ENTITY x SYSTEM 'file:///etc/passwd'><?x?>&x;",
    "json": '"}],"x":[{"y":"\\u0000\\',
    "surrogate": "\udcff\ud800x",
    "yaml": "!!python/object x: {y: &a *a}",
    "empty": "",
    "long": "x" * 5_000,
    "wide": "日本 é 🛢️ ᚠ",
}


def findings(finding: Callable[..., Finding], text: str) -> list[Finding]:
    place = Span("db/main.tf", 3, 3, 3, 9).under(Span(f"{text}.tf", 1), text)
    everywhere = [
        finding(
            outcome,
            rule=text,
            slug=text,
            message=text,
            why=text,
            reason=text,
            resource=text,
            attribute=text,
            span=place,
            related=(Related(place, text, text),),
        )
        for outcome in Outcome
    ]
    return [*everywhere, finding(span=Span(text or "x", 1)), finding(resource=text)]


def risk_of(risk: Callable[..., ServiceRisk], text: str) -> ServiceRisk:
    domain, steps = f"owner:{text}", (Step(text, text, Span(text, 1)), Step(f"owner:{text}", text, Span(text, 1)))
    groups = [RiskGroup((domain,), True, True, (steps,)), RiskGroup((domain, "zone:a/b"), False, False, (steps, steps))]
    return risk(text, *groups, entry=(text,), gatekeepers=(domain,), attestations=(text,), cold_start=(text,))


def changed(
    since: Callable[..., Comparison], side: Callable[..., Side], finding: Callable[..., Finding], text: str
) -> Comparison:
    span, problem = Span(text, 1), Problem(Span(text, 1), ProblemKind.INVALID, text)
    shift = Shift(text, text, Axis.ZONE, Severity.HIGH, None, Outcome.FAIL, Effect.MORE, text, span, text)
    difference = Difference(text, text, text, span, span, Effect.MORE, text)
    pairs = [
        ServicePair(
            text, text, kind, Criticality.HIGH, (Coefficient("zone", Interval(2, 2), Interval(1, 1), Effect.MORE),)
        )
        for kind in ("service", "custody")
    ]
    found = findings(finding, text)
    return since(
        base=side("base", 70.0, problems=(problem,)),
        head=side("head", 60.0, problems=(problem,)),
        matches=(Match(text, text, Place(text, span), Place(text, span), Basis.NAME, text, (difference,), (shift,)),),
        ambiguous=(Ambiguity(text, (Place(text, span),), (Place(text, span),), Basis.TAG, text),),
        only_base=(Lone(text, text, Place(text, span), text, tuple(found)),),
        only_head=(Lone(text, text, Place(text, span), text, tuple(found)),),
        estate=(shift,),
        services=(*pairs, ServicePair(text, "", "service", Criticality.LOW, (), text)),
        new=tuple(Turn(each, Outcome.PASS, (Cause(span, text), Cause(span, text, removed=True))) for each in found),
        fixed=tuple(Turn(each) for each in found),
        lasting=tuple(found),
        weakened=(Weakening(span, text),),
    )


@pytest.fixture(params=["whole", "since"])
def hostile(
    request: pytest.FixtureRequest,
    report: Callable[..., Report],
    finding: Callable[..., Finding],
    risk: Callable[..., ServiceRisk],
    since: Callable[..., Comparison],
    side: Callable[..., Side],
    outage: Callable[..., ServiceOutage],
    resource: Callable[..., Resource],
) -> Callable[[str], Report]:
    def make(text: str) -> Report:
        rule = RuleInfo(
            text,
            text,
            Axis.ZONE,
            Severity.HIGH,
            "high",
            text or "x",
            text or "x",
            {"terraform": text},
            {text: (text,)},
            (),
            (text,),
        )
        page = report(
            findings(finding, text),
            problems=(Problem(Span(text, 1), ProblemKind.INVALID, text),),
            sources={"db/main.tf": ("", "", f"  multi_az = false # {text}")},
            uncatalogued={text: 1},
            services=(risk_of(risk, text), risk_of(risk, f"{text} 2")),
        )
        page = replace(page, resources=(*page.resources, resource(text, account=text)), outages=hit(outage, text))
        known = {code: replace(each, suggest={"multi_az": {"": "true"}}) for code, each in page.rules.items()}
        page = replace(page, rules={**known, text: rule})
        return replace(page, since=changed(since, side, finding, text)) if request.param == "since" else page

    return make


@pytest.mark.parametrize("name", CORPUS)
@pytest.mark.parametrize("format_name", MODULES)
def test_reports(hostile: Callable[[str], Report], format_name: str, name: str) -> None:
    inert_in(format_name, render(format_name, hostile(CORPUS[name]), OPTIONS))


@pytest.mark.parametrize("name", CORPUS)
@pytest.mark.parametrize("format_name", COMPARISONS)
def test_comparisons(
    since: Callable[..., Comparison],
    side: Callable[..., Side],
    finding: Callable[..., Finding],
    format_name: str,
    name: str,
) -> None:
    inert_in(format_name, render_comparison(format_name, changed(since, side, finding, CORPUS[name]), OPTIONS))


@pytest.mark.parametrize("name", CORPUS)
@pytest.mark.parametrize("format_name", OUTAGES)
@pytest.mark.parametrize("ranking", ["", "zone"])
def test_outages(
    outages: Callable[..., OutageReport],
    outage: Callable[..., ServiceOutage],
    format_name: str,
    name: str,
    ranking: str,
) -> None:
    page = failing(outages, outage, CORPUS[name], ranking)
    inert_in(format_name, render_outages(format_name, page, OPTIONS))


def failing(
    outages: Callable[..., OutageReport], outage: Callable[..., ServiceOutage], text: str, ranking: str
) -> OutageReport:
    place, domain = Span(text, 1), f"owner:{text}"
    service = outage(
        text, condition=text, remedies=(text,), lost=(text,), because=(Because(text, domain, place),),
        path=(Step(f"x{text}", text, place), Step(domain, text, place)),
    )  # fmt: skip
    return outages(
        scenarios=(Scenario(text, (domain, "edge:x"), (service,), text, (domain,), (text,)),),
        problems=(Problem(place, ProblemKind.INVALID, text),),
        ranking=ranking,
    )


def hit(outage: Callable[..., ServiceOutage], text: str) -> Outages:
    """Domains of every shape by hostile names, and an incident that somebody wrote."""
    place = Span(text, 1)
    levels = ("zone:aws/", "region:aws/", "account:aws/?", "owner:", "cluster:", "node-group:x/", "service:aws/x@")
    scenarios = [
        Scenario(
            f"{level}{text}",
            (f"{level}{text}",),
            (
                outage(
                    text,
                    condition=text,
                    remedies=(text,),
                    lost=(text,),
                    because=(Because(text, f"{level}{text}", place),),
                    path=(Step(text, text, place), Step(f"{level}{text}", text, Span("db/main.tf", 3))),
                ),
            ),
        )
        for level in levels
    ]
    single = tuple(Hit(scenario, (text,), (text,), (), ()) for scenario in scenarios)
    incident = replace(scenarios[0], id=f"{text} x", title=text or "x", notes=(text,))
    return Outages(single, (Hit(incident, (), (), (text,), (text,), text),))


def inert_in(format_name: str, text: str) -> None:
    visible(text)
    READERS[format_name](text)


ESCAPES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff]")
"""ECMA-48 controls, the bidirectional ones of Unicode (UAX #9), and its line breaks."""


def visible(text: str) -> None:
    assert not ESCAPES.search(text), ESCAPES.search(text)
    text.encode("utf-8")


def log(text: str) -> None:
    """https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands: only at the beginning of a line."""
    assert not re.search(r"^\s*::", text, re.MULTILINE)
    assert "##[" not in text
    assert "##vso[" not in text


def commands(text: str) -> None:
    for line in text.splitlines():
        if line.lstrip().startswith("::"):
            found = re.fullmatch(r"::(error|warning|notice) ([^:]*)::(.*)", line)
            assert found, line
            assert {part.partition("=")[0] for part in found[2].split(",")} <= {
                "file",
                "line",
                "col",
                "endColumn",
                "title",
            }
    assert "##[" not in text
    assert "##vso[" not in text


def plain_json(text: str) -> None:
    def walk(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            for key, each in value.items():
                yield key
                yield from walk(each)
        elif isinstance(value, list):
            for each in value:
                yield from walk(each)
        elif isinstance(value, str):
            yield value

    assert list(walk(json.loads(text)))


def sarif(text: str) -> None:
    plain_json(text)
    for run in json.loads(text)["runs"]:
        for result in run["results"]:
            # Code scanning makes links of these, and we write numbers of related places alone.
            assert all(
                re.fullmatch(r"\d+", target) for target in re.findall(r"\]\(([^)]*)\)", result["message"]["text"])
            )
            for location in result["locations"]:
                assert re.fullmatch(r"[\w./%~-]*", location["physicalLocation"]["artifactLocation"]["uri"], re.ASCII)


def junit(text: str) -> None:
    tags = {element.tag for element in ElementTree.fromstring(text).iter()}  # noqa: S314 - our own report
    assert tags <= {
        "testsuites",
        "testsuite",
        "testcase",
        "failure",
        "skipped",
        "error",
        "properties",
        "property",
        "system-out",
    }
    assert "<!DOCTYPE" not in text


OURS = {
    *(
        "h1",
        "h2",
        "h3",
        "p",
        "strong",
        "del",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "a",
        "code",
        "pre",
        "details",
    ),
    *("summary", "ul", "ol", "li", "br", "blockquote", "span"),
}
REFERENCES = re.compile(r"@\w|(?<!\w)#\d|GH-\d|\bwww\.|(?:https?|ftp|mailto|xmpp):", re.IGNORECASE)


class Shown(HTMLParser):
    """What a browser would make of it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.inside: list[str] = []
        self.tags: list[str] = []
        self.language = ""
        self.drawings: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in OURS, tag
        allowed = {"a": {"href"}, "td": {"align"}, "th": {"align"}, "pre": {"lang"}, "ol": {"start"}}.get(tag, set())
        assert {name for name, _ in attrs} <= allowed, attrs
        known = dict(attrs)
        if tag == "a":
            assert str(known["href"]).startswith(f"{HOST}/"), known
        if tag == "pre":
            self.language = known.get("lang") or ""
            assert self.language in ("diff", "mermaid"), known
        if tag != "br":
            self.inside.append(tag)
        if tag != "span":  # around a dollar
            self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.inside.pop() == tag

    def handle_data(self, data: str) -> None:
        if "pre" in self.inside:
            if self.language == "mermaid":
                self.drawings.append(data)
        elif "code" not in self.inside:
            assert not REFERENCES.search(data), data
            assert "$" not in data or (data, self.inside[-1]) == ("$", "span")

    def handle_comment(self, data: str) -> None:
        assert data in (" riskscan:scan ", " nothing to tell "), data

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)


def read(text: str) -> Shown:
    shown = Shown()
    shown.feed(github_flavored_markdown_to_html(text, Cmark.CMARK_OPT_UNSAFE | Cmark.CMARK_OPT_GITHUB_PRE_LANG))
    shown.close()
    assert shown.inside == []
    return shown


def markdown(text: str) -> None:
    log(text)
    shown = read(text)
    assert len(shown.drawings) <= 1
    for drawing in shown.drawings:
        mermaid(drawing)


PAGE = {
    *(
        "a",
        "aside",
        "b",
        "body",
        "br",
        "button",
        "code",
        "dd",
        "del",
        "details",
        "div",
        "dl",
        "dt",
        "em",
        "footer",
        "form",
    ),
    *("h1", "h2", "h3", "h4", "head", "header", "html", "input", "ins", "label", "li", "main", "mark", "meta", "nav"),
    *(
        "noscript",
        "ol",
        "option",
        "p",
        "pre",
        "rect",
        "script",
        "section",
        "select",
        "span",
        "strong",
        "style",
        "summary",
    ),
    *("svg", "table", "tbody", "td", "th", "thead", "title", "tr", "ul"),
}


def built(text: str) -> list[str]:
    """The elements of a page, with what could act: parsed as the standard says, and without a single parse error."""
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    elements = [element for element in tree.iter() if isinstance(element.tag, str)]
    names = [element.tag.rpartition("}")[2] for element in elements]
    assert set(names) <= PAGE, set(names) - PAGE
    assert (names.count("script"), names.count("style")) == (2, 1)
    for element in elements:
        for name, value in element.attrib.items():
            assert not name.startswith("on"), name
            assert name not in ("style", "src", "srcset", "action", "formaction", "ping", "srcdoc", "xlink:href"), name
            if name == "href":
                assert value.startswith(("#", f"{HOST}/", "https://docs.aws.amazon.com/")), value  # ours, or a rule's
    return names


def html(text: str) -> None:
    built(text)


LABEL = r'[^"`<>&#%;{}\[\]|*$~\\\x00-\x1f]+'
STATEMENT = re.compile(
    rf'flowchart LR|  d\d+\(\["{LABEL}"\]\)|  s\d+\["{LABEL}"\]|  d\d+ (-->|-\.->)\|(perhaps )?(together )?(stops?)\| s\d+'
)


def mermaid(text: str) -> None:
    for line in text.rstrip("\n").split("\n"):
        assert STATEMENT.fullmatch(line), line
    assert len(text) < 50_000  # maxTextSize: https://mermaid.js.org/config/schema-docs/config.html#maxtextsize


READERS: dict[str, Callable[[str], None]] = {
    "text": log,
    "markdown": markdown,
    "comment": markdown,
    "github": commands,
    "gitlab": plain_json,
    "json": plain_json,
    "sarif": sarif,
    "junit": junit,
    "html": html,
}


BUILT = sorted(CORPUS.keys() - {"empty", "surrogate", "long"})
"""What is neither absent, nor cut, nor two names for one."""


@pytest.mark.parametrize("name", BUILT)
@pytest.mark.parametrize("format_name", ["markdown", "comment"])
def test_the_page_is_built_as_with_plain_words(hostile: Callable[[str], Report], format_name: str, name: str) -> None:
    """No heading, list, quote, table, link or emphasis is added, ended or lost."""
    page = hostile(CORPUS[name])
    # The same lines: of one that hides something no change is suggested.
    plain = replace(hostile("plain words"), sources=page.sources)
    assert read(render(format_name, page, OPTIONS)).tags == read(render(format_name, plain, OPTIONS)).tags


@pytest.mark.parametrize("name", sorted({*BUILT} - {"surrogate"}))
def test_a_page_of_html_is_too(hostile: Callable[[str], Report], name: str) -> None:
    # The same lines and files, so that the same are framed and linked.
    page = hostile(CORPUS[name])
    plain = replace(hostile("plain words"), sources=page.sources)
    assert built(render("html", page, OPTIONS)).count("mark") >= 1
    assert {*built(render("html", page, OPTIONS))} == {*built(render("html", plain, OPTIONS))}


@pytest.mark.parametrize("name", BUILT)
def test_pages_of_comparisons_and_outages_are_too(
    since: Callable[..., Comparison], side: Callable[..., Side], finding: Callable[..., Finding],
    outages: Callable[..., OutageReport], outage: Callable[..., ServiceOutage], name: str,
) -> None:  # fmt: skip
    pages = [
        [
            render_comparison("markdown", changed(since, side, finding, text), OPTIONS),
            *(render_outages("markdown", failing(outages, outage, text, ranking), OPTIONS) for ranking in ("", "zone")),
        ]
        for text in (CORPUS[name], "plain words")
    ]
    for hostile, plain in zip(*pages, strict=True):
        assert read(hostile).tags == read(plain).tags


def test_every_format_has_a_reader() -> None:
    assert {*MODULES, *COMPARISONS, *OUTAGES} == READERS.keys()


@pytest.mark.parametrize("name", CORPUS)
def test_the_corpus_is_not_lost_on_the_way(hostile: Callable[[str], Report], name: str) -> None:
    """Inert is not gone: the report still says what the files say."""
    messages = {
        finding["message"] for finding in json.loads(render("json", hostile(CORPUS[name]), OPTIONS))["findings"]
    }
    assert CORPUS[name] in messages or inert(CORPUS[name]) in messages
