"""What a pull request did: the headline, the page that a reviewer reads, and what is left to the folds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from msgspec.structs import replace

from scanner.model.comparison import Cause, Comparison, Effect, ServicePair, Side, Turn, Weakening
from scanner.model.finding import Finding, Outcome, Severity
from scanner.model.outage import RiskGroup, ServiceRisk
from scanner.model.problem import Problem, ProblemKind
from scanner.model.report import Report
from scanner.model.service import Criticality
from scanner.model.span import Span
from scanner.reporters import COMPARISONS, MODULES, json_, render_comparison, sarif, text
from scanner.reporters import render as render_report
from scanner.reporters import since as words
from scanner.reporters.comment import CLEAN, MAX_BYTES, marker
from scanner.reporters.comment import render as comment
from scanner.reporters.markdown import render
from scanner.reporters.options import Options
from scanner.reporters.sarif_contract import check

Make = Callable[..., Report]
MakeFinding = Callable[..., Finding]
MakeSince = Callable[..., Comparison]
MakeTurned = Callable[..., ServicePair]

FIXTURES = Path(__file__).parent.parent / "fixtures"
VALIDATOR = jsonschema.Draft7Validator(json.loads((FIXTURES / "sarif-2.1.0.json").read_text(encoding="utf-8-sig")))
SCHEMA = Path(json_.__file__).with_name("report_schema.json")
REPORT = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
SOURCE = 'resource "aws_db_instance" "main" {\n  engine   = "postgres"\n  multi_az = false\n}\n'

HOST = "https://github.com/example/exchange"
WEB = Options(repository_url=HOST, revision="c0ffee", run_url=f"{HOST}/actions/runs/7")

PAGE = f"""\
## riskscan: 2 new findings (1 critical, 1 high), 1 fixed

* withdrawals: one zone now stops it; before it took two

> [!WARNING]
> This change makes the gate milder:
>
> * [`.riskscan.yaml:4`]({HOST}/blob/c0ffee/.riskscan.yaml#L4) fail_on is critical and was high

**Riskiest outage:** zone:aws/ap-northeast-1a alone stops 1 of 1 services and custody items: withdrawals.

| | base | → head | |
|---|--:|--:|---|
| stage | R0 | R0 |  |
| score | D: 70 | D: 55.5 | worse |
| zone | 70 | 55.5 | worse |
| withdrawals, zone | 2 | 1 | more centralized |

### New findings

| Severity | Rule | Place | Resource | What |
|---|---|---|---|---|
| critical | `RS101` `database-single-zone` | [`db/main.tf:1`]({HOST}/blob/c0ffee/db/main.tf#L1) | `aws_db_instance.main` | \
The database runs in one zone: multi_az is false. |
| high | `RS101` `database-single-zone` | [`db/main.tf:3`]({HOST}/blob/c0ffee/db/main.tf#L3) | `aws_db_instance.main` | \
The database runs in one zone: multi_az is false.\
<br>because of [`variables.tf:9`]({HOST}/blob/c0ffee/variables.tf#L9) the default of multi_az is false\
<br>because of `peer.tf:2` aws_db_instance.peer (removed) |

### Suggested changes

[`db/main.tf:3`]({HOST}/blob/c0ffee/db/main.tf#L3) fixes `RS101`:

```diff
-  multi_az = false
+  multi_az = true
```

### Fixed

* ~~high `RS101` `database-single-zone` `aws_db_instance.old`: The database runs in one zone: multi_az is false.~~ \
[`db/old.tf:5`]({HOST}/blob/{"b" * 40}/db/old.tf#L5)

### What stops the services

```mermaid
flowchart LR
  d0(["zone:aws/ap-northeast-1a"])
  s0["withdrawals"]
  d0 -->|stops| s0
```

<details><summary>How many failures stop each service</summary>

| Service | Criticality | zone | account |
|---|---|--:|--:|
| withdrawals | critical | 1 | 1-more |

</details>

<details><summary>What stops them</summary>

* `zone:aws/ap-northeast-1a` stops **withdrawals**: \
aws_db_instance.main [`db/main.tf:1`]({HOST}/blob/c0ffee/db/main.tf#L1) → \
zone:aws/ap-northeast-1a [`db/main.tf:3`]({HOST}/blob/c0ffee/db/main.tf#L3)

</details>

<details><summary>1 finding from before</summary>

| Severity | Rule | Place | Resource | What |
|---|---|---|---|---|
| low | `RS101` `database-single-zone` | [`db/main.tf:3`]({HOST}/blob/c0ffee/db/main.tf#L3) | `aws_db_instance.before` | \
The database runs in one zone: multi_az is false. |

</details>

Read 1 of 1 file (terraform 1 of 1).
"""


@pytest.fixture
def reviewed(
    report: Make,
    finding: MakeFinding,
    since: MakeSince,
    side: Callable[..., Side],
    turned: MakeTurned,
    risk: Callable[..., ServiceRisk],
    group: Callable[..., RiskGroup],
) -> Report:
    worst = finding(severity=Severity.CRITICAL, span=Span("db/main.tf", 1, 1, 4, 2), fingerprint="bb22")
    causes = (
        Cause(Span("variables.tf", 9), "the default of multi_az is false"),
        Cause(Span("peer.tf", 2), "aws_db_instance.peer", removed=True),
    )
    before = finding(severity=Severity.LOW, resource="aws_db_instance.before", fingerprint="cc33")
    fixed = finding(resource="aws_db_instance.old", span=Span("db/old.tf", 5), fingerprint="dd44")
    compared = since(
        head=side("head", 55.5),
        services=(turned("withdrawals", "zone", 2, 1, Effect.MORE),),
        new=(Turn(finding(), None, causes), Turn(worst, Outcome.PASS)),
        fixed=(Turn(fixed),),
        lasting=(before,),
        weakened=(Weakening(Span(".riskscan.yaml", 4), "fail_on is critical and was high"),),
    )
    page = report(
        [worst, finding(), before], since=compared, services=(risk("withdrawals", group("zone:aws/ap-northeast-1a")),)
    )
    return with_suggestion(page)


def with_suggestion(page: Report) -> Report:
    rules = {code: replace(rule, suggest={"multi_az": {"": "true"}}) for code, rule in page.rules.items()}
    return replace(page, rules=rules)


def test_the_whole_page(reviewed: Report) -> None:
    assert render(reviewed, WEB) == PAGE


def test_the_comment_is_the_page_under_a_marker(reviewed: Report) -> None:
    assert comment(reviewed, WEB) == f"<!-- riskscan:scan -->\n{PAGE}"


def test_nothing_is_linked_while_the_repository_is_unknown(reviewed: Report) -> None:
    shown = render(reviewed)
    assert "](" not in shown
    assert "`db/main.tf:3`" in shown


def test_the_headline_tells_three_changes_the_worse_off_first(since: MakeSince, turned: MakeTurned) -> None:
    pairs = [turned(f"a{n}", "zone", 1, n + 2, Effect.LESS) for n in range(2)]
    pairs += [turned("b", "region", 1, 2, Effect.LESS), turned("z", "edge", 2, 1, Effect.MORE)]
    assert words.headline(since(services=tuple(pairs))) == (
        "no new findings. z: one edge service now stops it; before it took two. a0: it now takes two zones to stop it; "
        "before one did. a1: it now takes three zones to stop it; before one did. 1 more change of services"
    )


def test_services_that_changed_alike_share_a_sentence(since: MakeSince, turned: MakeTurned) -> None:
    pairs = [turned(name, "zone", 2, 1, Effect.MORE) for name in ("orders", "withdrawals")]
    assert words.headline(since(services=tuple(pairs))) == (
        "no new findings. orders, withdrawals: one zone now stops it; before it took two"
    )


def test_a_service_of_one_side_only_is_told(since: MakeSince, report: Make) -> None:
    pair = ServicePair("gone", "", "service", Criticality.HIGH, (), "it is no service of the head any more")
    compared = since(services=(pair,))
    assert ("gone", "found", "-", "it is no service of the head any more") in words.table(
        report(since=compared), compared
    )


def test_what_neither_side_could_read_is_said(since: MakeSince, side: Callable[..., Side], report: Make) -> None:
    lost = (Problem(Span("bad.tf", 1), ProblemKind.INVALID, "unexpected }"),)
    compared = since(base=side("base", 70.0, problems=lost), head=side("head", 70.0, problems=lost))
    shown = render(report(since=compared))
    assert "1 problem kept input of the head from being read: what is new in it is not told." in shown
    assert "1 problem kept input of the base from being read: what was there may look new." in shown


def test_what_is_milder_than_wanted_is_only_counted(reviewed: Report) -> None:
    shown = render(reviewed, Options(min_severity=Severity.CRITICAL))
    assert "1 new finding below critical not listed." in shown
    assert "2 new findings (1 critical, 1 high)" in shown
    assert "| high |" not in shown


def test_new_findings_of_one_line_are_one_row_with_all_their_causes(
    report: Make, finding: MakeFinding, since: MakeSince
) -> None:
    causes = [Cause(Span("a.tf", n), f"cause {n}") for n in (1, 2)]
    turns = tuple(Turn(finding(resource=f"db[{n}]"), None, (causes[0], causes[n])) for n in (0, 1))
    [each] = words.new(report(since=since(new=turns)), Options())
    assert [place.resource for place in each.finding.related] == ["db[1]"]
    assert each.causes == tuple(causes)


@pytest.mark.parametrize(
    ("changes", "clean"),
    [
        ({}, True),
        ({"fixed": True}, True),
        ({"new": True}, False),
        ({"weakened": True}, False),
        ({"worse": True}, False),
        ({"lost": True}, False),
    ],
)
def test_a_comment_is_clean_when_a_reviewer_has_nothing_to_do(
    report: Make,
    finding: MakeFinding,
    since: MakeSince,
    side: Callable[..., Side],
    turned: MakeTurned,
    changes: dict[str, bool],
    clean: bool,
) -> None:
    turn, lost = (Turn(finding()),), (Problem(Span("bad.tf", 1), ProblemKind.INVALID, "x"),)
    compared = since(
        new=turn if "new" in changes else (),
        fixed=turn if "fixed" in changes else (),
        weakened=(Weakening(Span("a", 1), "x"),) if "weakened" in changes else (),
        services=(turned("x", "zone", 2, 1, Effect.MORE),) if "worse" in changes else (),
        head=side("head", 70.0, problems=lost if "lost" in changes else ()),
    )
    shown = comment(report([finding()], since=compared)).split("\n")
    assert shown[0] == "<!-- riskscan:scan -->"
    assert (shown[1] == CLEAN) is clean


@pytest.mark.parametrize("clean", [True, False])
def test_without_an_earlier_state_a_comment_is_clean_without_findings(
    report: Make, finding: MakeFinding, clean: bool
) -> None:
    outcome = Outcome.PASS if clean else Outcome.FAIL
    assert (CLEAN in comment(report([finding(outcome)]))) is clean


def test_a_comment_that_is_cut_leads_to_the_summary(reviewed: Report, finding: MakeFinding) -> None:
    assert reviewed.since is not None
    turns = tuple(Turn(finding(resource=f"服务{n}", span=Span("a.tf", n + 1))) for n in range(2_000))
    shown = comment(replace(reviewed, since=replace(reviewed.since, new=turns)), WEB)
    assert len(shown.encode()) <= MAX_BYTES
    # The characters that GitHub counts: https://github.com/orgs/community/discussions/27190
    assert len(shown.encode("utf-16-le")) // 2 < 65_536
    assert "are left out here" in shown
    assert shown.endswith(f"[The summary of the run]({HOST}/actions/runs/7) has it all.\n")
    assert shown.count("<details>") == shown.count("</details>")
    assert shown.count("```") % 2 == 0


@pytest.mark.parametrize(
    ("category", "expected"),
    [
        ("scan", "<!-- riskscan:scan -->"),
        ("infra/prod", "<!-- riskscan:infra/prod -->"),
        ("--><script>", "<!-- riskscan:%2d-%3e%3cscript%3e -->"),
        ("a b-c", "<!-- riskscan:a%20b-c -->"),
    ],
)
def test_no_category_ends_the_marker(category: str, expected: str) -> None:
    assert marker(category) == expected


def test_sarif_holds_all_or_what_is_new(reviewed: Report) -> None:
    def results(options: Options) -> list[dict[str, Any]]:
        log = json.loads(sarif.render(reviewed, options))
        VALIDATOR.validate(log)
        assert check(log) == []
        return list(log["runs"][0]["results"])

    new = [result["partialFingerprints"]["riskscan/v1"] for result in results(Options(only_new=True))]
    assert sorted(new) == ["aa11", "bb22"]
    # One alert for the line of `multi_az`, whatever is new in it.
    assert len(results(Options())) == 2


def test_new_alone_is_everything_where_no_earlier_state_is_known(report: Make, finding: MakeFinding) -> None:
    page = report([finding()])
    assert sarif.render(page, Options(only_new=True)) == sarif.render(page, Options())


def test_a_fix_in_sarif_is_one_literal_for_another(reviewed: Report) -> None:
    [_, result] = json.loads(sarif.render(reviewed, Options(prefix="infra/")))["runs"][0]["results"]
    # https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html#_Toc34317881
    assert result["fixes"] == [
        {
            "description": {"text": "Write true here."},
            "artifactChanges": [
                {
                    "artifactLocation": {"uri": "infra/db/main.tf"},
                    "replacements": [
                        {
                            "deletedRegion": {
                                "startLine": 3,
                                "startColumn": 14,
                                "endColumn": 19,
                                "snippet": {"text": "false"},
                            },
                            "insertedContent": {"text": "true"},
                        }
                    ],
                }
            ],
        }
    ]
    changed = SOURCE.split("\n")[2]
    assert f"{changed[:13]}true{changed[18:]}" == "  multi_az = true"


def test_json_tells_it_as_its_schema_says(reviewed: Report) -> None:
    report = json.loads(json_.render(reviewed))
    REPORT.validate(report)
    since = report["since"]
    assert since["revision"] == "b" * 40
    assert since["headline"].startswith(
        "2 new findings (1 critical, 1 high), 1 fixed. withdrawals: one zone now stops it"
    )
    assert [each["fingerprint"] for each in since["new"]] == ["aa11", "bb22"]
    assert {each["fingerprint"] for each in since["new"]} <= {each["fingerprint"] for each in report["findings"]}
    assert since["new"][0]["causes"] == [
        {"file": "variables.tf", "line": 9, "text": "the default of multi_az is false", "removed": False},
        {"file": "peer.tf", "line": 2, "text": "aws_db_instance.peer", "removed": True},
    ]
    assert ([each["resource"] for each in since["fixed"]], since["lasting"]) == (["aws_db_instance.old"], ["cc33"])
    assert since["weakened"] == [{"file": ".riskscan.yaml", "line": 4, "message": "fail_on is critical and was high"}]
    assert json.loads(json_.render(replace(reviewed, since=None)))["since"] is None


TEXT = """\
Since bbbbbbbbbbbb: 2 new findings (1 critical, 1 high), 1 fixed
  withdrawals: one zone now stops it; before it took two
  milder: .riskscan.yaml:4: fail_on is critical and was high
  new: critical RS101 database-single-zone db/main.tf:1 aws_db_instance.main: The database runs in one zone: multi_az is false.
  new: high RS101 database-single-zone db/main.tf:3 aws_db_instance.main: The database runs in one zone: multi_az is false.
    because of variables.tf:9: the default of multi_az is false
    because of peer.tf:2: aws_db_instance.peer (removed)
  fixed: high RS101 database-single-zone aws_db_instance.old

"""


def test_a_terminal_is_told_first(reviewed: Report) -> None:
    assert text.render(reviewed).startswith(TEXT)


def test_what_was_not_a_pass_before_is_told(report: Make, finding: MakeFinding, since: MakeSince) -> None:
    page = report(since=since(new=(Turn(finding(), Outcome.UNKNOWN),)))
    assert "multi_az is false. (unknown before) |" in render(page)
    assert json.loads(json_.render(page))["since"]["new"][0]["other"] == "unknown"


def test_secrets_of_either_side_are_told_nowhere(reviewed: Report) -> None:
    assert reviewed.since is not None
    spread = f"password {(secret := 'hunter2-hunter2')} here"
    turn = reviewed.since.new[0]
    leaky = replace(
        reviewed.since,
        new=(
            replace(
                turn, finding=replace(turn.finding, message=spread, why=spread), causes=(Cause(Span("a", 1), spread),)
            ),
        ),
        fixed=(replace(turn, finding=replace(turn.finding, message=spread)),),
        lasting=(replace(turn.finding, message=spread),),
        weakened=(Weakening(Span("a", 1), spread),),
        secrets=frozenset({secret}),
    )
    for name in MODULES:
        assert secret not in render_report(name, replace(reviewed, since=leaky), WEB), name
    for name in COMPARISONS:
        assert secret not in render_comparison(name, leaky, WEB), name


def test_new_findings_are_marked_in_a_quiet_list(reviewed: Report) -> None:
    shown = text.render(reviewed, Options(quiet=True, full=True))
    titles = [line.partition(":")[0] for line in shown.splitlines() if "[RS101]" in line]
    assert titles == ["critical[RS101] (new)", "high[RS101] (new)"]  # the old one shares rule and line with a new one
    assert reviewed.since is not None
    other = replace(reviewed, since=replace(reviewed.since, new=reviewed.since.new[1:]))
    assert [line for line in text.render(other, Options(quiet=True, full=True)).splitlines() if "(new)" in line] == [
        "critical[RS101] (new): The database runs in one zone: multi_az is false."
    ]
