"""The Markdown report: a golden page, the size limit, and what a Markdown parser makes of hostile text."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from markdown_it import MarkdownIt
from msgspec.structs import replace

from scanner.model.finding import Finding, Outcome, Severity
from scanner.model.problem import Problem, ProblemKind
from scanner.model.report import Report
from scanner.model.span import Span
from scanner.reporters.gfm import code, escaped
from scanner.reporters.markdown import render
from scanner.reporters.options import Options

Make = Callable[..., Report]
MakeFinding = Callable[..., Finding]

BLOB = "https://github.com/example/exchange/blob/0123456789abcdef0123456789abcdef01234567"
WEB = Options(repository_url="https://github.com/example/exchange", revision=BLOB.rpartition("/")[2])

GOLDEN = f"""\
## riskscan: 2 findings: 1 critical, 1 high

**Grade D: 40 to 61.5 of 100; the unknowns decide where.** 1 unknown, 1 passed, 1 suppressed, 1 rule error.

| Axis | Score | Failing | Judged |
|---|--:|--:|--:|
| zone | 40 to 61.5 | 1 | 2 |
| edge | - | 0 | 0 |

### Findings

| Severity | Rule | Place | Resource | What |
|---|---|---|---|---|
| critical | `RS101` `database-single-zone` | [`infra/db/main.tf:1`]({BLOB}/infra/db/main.tf#L1) | `aws_db_instance.main` | \
The database runs in one zone: multi_az is false. |
| high | `RS101` `database-single-zone` | [`infra/db/main.tf:3`]({BLOB}/infra/db/main.tf#L3) | `aws_db_instance.main` | \
The database runs in one zone: multi_az is false. |

<details><summary>1 question that the files do not decide</summary>

* `RS101` [`infra/a.tf:9`]({BLOB}/infra/a.tf#L9) `aws_db_instance.main`: variable zones has no default (variables.tf:2)

</details>

<details><summary>Other answers</summary>

* error: `RS101` [`infra/db/main.tf:3`]({BLOB}/infra/db/main.tf#L3) `aws_db_instance.odd`: the rule failed

</details>

<details><summary>2 problems, 1 of which cost input</summary>

* [`infra/bad.tf:4`]({BLOB}/infra/bad.tf#L4) invalid: unexpected }}
* [`infra/main.tf:3`]({BLOB}/infra/main.tf#L3) module-unavailable: the source of module vpc is not on this machine

</details>

Read 3 of 5 files (helm 0 of 1; terraform 3 of 4, 1 of them in part).
Not judged: 4 resources of 2 types that the catalog does not know.
"""


def test_a_full_report(full: Report) -> None:
    assert render(full, replace(WEB, prefix="infra/")) == GOLDEN


def html(text: str) -> str:
    return str(MarkdownIt("commonmark").enable("table").render(text))


@pytest.mark.parametrize("limit", [600, 1_500, 5_000, 65_536])
def test_the_limit_holds_and_what_is_cut_is_told(report: Make, finding: MakeFinding, limit: int) -> None:
    findings = [finding(resource=f"aws_db_instance.日本{n}", severity=Severity(n % 5)) for n in range(3_000)]
    findings += [finding(Outcome.UNKNOWN, why="cause " * 20) for _ in range(500)]
    problems = tuple(Problem(Span("x.tf", n + 1), ProblemKind.INVALID, "unexpected }") for n in range(500))
    text = render(report(findings, problems=problems), Options(max_bytes=limit))
    assert len(text.encode()) <= limit
    assert "left out" in text
    assert text.startswith("## riskscan: 3000 findings: 600 critical, 600 high, 600 medium, 600 low, 600 info\n")
    rows = text.count("\n| critical |") + text.count("\n| high |")
    told = re.search(r"(\d+) of 3000 are left out", text)
    if told:
        assert int(told[1]) == 3_000 - rows
    assert text.count("<details>") == text.count("</details>")


def test_the_worst_survive_a_cut(report: Make, finding: MakeFinding) -> None:
    findings = [finding(severity=Severity.LOW) for _ in range(500)] + [finding(severity=Severity.CRITICAL)]
    assert "| critical | `RS101`" in render(report(findings), Options(max_bytes=2_000))


def test_a_tiny_limit_still_holds(full: Report) -> None:
    for limit in range(0, 400, 7):
        assert len(render(full, Options(max_bytes=limit)).encode()) <= limit


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</details><script>alert(1)</script>",
    "[click](javascript:alert(1))",
    "![x](https://evil.example/p.png)",
    "[x]: https://evil.example",
    "https://evil.example/a www.evil.example",
    "a | b | c",
    "`code` ``x` | `",
    "**bold** _it_ __x__ a__b__c _a b_ é_é_é ~~gone~~ # head",
    "line\n\n## heading\n| a | b |",
    "&lt;img&gt; &amp;",
    "\\| \\` \\<b>",
    "$\\href{javascript:alert(1)}{x}$",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_it_is(report: Make, finding: MakeFinding, text: str) -> None:
    page = report(
        [finding(message=text, resource=text, slug=text), finding(Outcome.UNKNOWN, why=text, resource=text)],
        problems=(Problem(Span("a.tf", 1), ProblemKind.INVALID, text),),
    )
    shown = html(render(page, WEB))
    ours = "h2 h3 p strong table thead tbody tr th td a code details summary ul li span"
    assert set(re.findall(r"<(\w+)", shown)) <= set(ours.split())
    assert set(re.findall(r'href="([^"]*)"', shown)) == {f"{BLOB}/db/main.tf#L3", f"{BLOB}/a.tf#L1"}
    # Each finding is one row of five cells under the head, after the two rows of the axis table.
    assert shown.count("<td>") + shown.count("<td style") == 2 * 4 + 1 * 5


@pytest.mark.parametrize("text", HOSTILE)
def test_a_parser_gives_back_the_text(text: str) -> None:
    one_line = " ".join(text.split()) if "\n" in text else text
    back = MarkdownIt("commonmark").render(escaped(text)).replace("\u200b", "").replace("<span>$</span>", "$")
    assert back == f"<p>{one_line.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')}</p>\n"


@pytest.mark.parametrize("text", ["@admin", "a@b.org", "see #12", "org/repo#12", "GH-12", "www.a.b", "http://a.b"])
def test_nobody_is_mentioned_and_nothing_is_linked(text: str) -> None:
    # GitHub makes mentions, issue links and links of bare text; a zero-width space in them keeps it from that.
    assert not re.search(r"@\w|#\d|GH-\d|www\.|https?:", escaped(text).replace("\\", ""))


@pytest.mark.parametrize("text", ["a", "`", "``", "a`b", "`a``", " x ", "", "|", "@admin <b>"])
def test_code_spans_hold_any_text(text: str) -> None:
    back = MarkdownIt("commonmark").render(f"x {code(text)} y")
    assert f"<p>x <code>{(text or ' ').replace('<', '&lt;').replace('>', '&gt;')}</code> y</p>\n".replace(
        "<code> x </code>", "<code>x</code>"
    ) == back.replace("<code> x </code>", "<code>x</code>")


def test_paths_are_encoded(report: Make, finding: MakeFinding) -> None:
    text = render(report([finding(span=Span("a b/(x)|é.tf", 2))]), WEB)
    assert f"[`a b/(x)\\|é.tf:2`]({BLOB}/a%20b/%28x%29%7C%C3%A9.tf#L2)" in text
