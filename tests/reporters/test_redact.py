"""No secret in any format, and nothing else lost."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest

from scanner.model.finding import Finding, Outcome, Related
from scanner.model.outage import Cause, OutageReport, RiskGroup, Scenario, ServiceOutage, ServiceRisk, Step, Verdict
from scanner.model.problem import Problem, ProblemKind
from scanner.model.report import Report
from scanner.model.resource import Resource
from scanner.model.score import Contribution, DomainPoints, MissedTarget, Policy, Score, ScoreAxis
from scanner.model.service import Level
from scanner.model.span import Span
from scanner.model.value import Unknown
from scanner.reporters import MODULES, OUTAGES, Options, render, render_outages
from scanner.reporters.redact import MASK, cleaner, masked_line, redacted, redacted_outages

Make = Callable[..., Report]
MakeFinding = Callable[..., Finding]
SECRET = 'p4ss"w|rd<&*'


@pytest.mark.parametrize("format_name", MODULES)
def test_a_secret_planted_everywhere_appears_nowhere(
    report: Make,
    finding: MakeFinding,
    resource: Callable[..., Resource],
    risk: Callable[..., ServiceRisk],
    format_name: str,
) -> None:
    text = f"before {SECRET} after"
    place = Span("db/main.tf", 3, 3, 3, 9).under(Span("main.tf", 1).under(Span("x.tf", 1), text), text)
    outcomes = [
        finding(o, message=text, why=text, reason=text, span=place, related=(Related(place, text),)) for o in Outcome
    ]
    unknown = Unknown(text)
    page = report(
        outcomes,
        resources=(
            resource(account=text, region=unknown, zones=(text, unknown), cluster=text),
            resource("b", zones=unknown),
        ),
        problems=(Problem(place, ProblemKind.INVALID, text),),
        sources={"db/main.tf": (text, text, text)},
        secrets=frozenset({SECRET, "", "unused"}),
        services=(secret_risk(risk),),
        score=secret_score(),
    )
    shown = render(format_name, page, Options(show=frozenset(Outcome), full=True))
    for form in (SECRET, "p4ss", "w|rd", "w\\|rd"):
        assert form not in shown
    assert "sensitive" in shown


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("default/StatefulSet/ledger-db, default/Pod/x run", "default/StatefulSet/ledger-db, default/Pod/x run"),
        ("default/StatefulSet/ledger-db: is up", "default/StatefulSet/ledger-db: is up"),
        ("ledger-db is up", f"{MASK} is up"),
        ("default/StatefulSet/ledger-db-2 is up", f"default/StatefulSet/{MASK}-2 is up"),  # no name of the files
    ],
)
def test_a_name_that_a_secret_holds_too_stays(
    message: str, shown: str, report: Make, finding: MakeFinding, resource: Callable[..., Resource]
) -> None:
    page = report(
        [finding(Outcome.FAIL, message=message)],
        resources=(resource("default/StatefulSet/ledger-db"),),
        secrets=frozenset({"ledger-db"}),
    )
    assert [each.message for each in redacted(page).findings] == [shown]


def test_a_secret_of_several_words_with_a_name_in_it_is_hidden_whole() -> None:
    clean = cleaner({"correct aws_lb.a staple"}, {"aws_lb.a"})
    assert clean is not None
    assert clean("correct aws_lb.a staple aws_lb.a") == f"{MASK} aws_lb.a"


ACCOUNT = f"account:aws/{SECRET}"


def secret_path() -> tuple[Step, ...]:
    return Step("aws_lb.api", f"because of {SECRET}"), Step(ACCOUNT, f"{ACCOUNT}: {SECRET}")


def secret_risk(risk: Callable[..., ServiceRisk]) -> ServiceRisk:
    groups = (
        RiskGroup((ACCOUNT,), True, False, (secret_path(),)),
        RiskGroup((ACCOUNT, "edge:x"), False, True, (secret_path(), secret_path())),
    )
    return risk("orders", *groups, kind="custody", gatekeepers=(ACCOUNT,), attestations=(f"says {SECRET}",))


def secret_score() -> Score:
    missed = MissedTarget("orders", Level.ACCOUNT, 2, 1, ((ACCOUNT,),), certain=True)
    return Score(
        1, 40.0, 60.0, "D", (),
        contributions=(Contribution(ScoreAxis.ACCOUNT, Fraction(3), "orders", (ACCOUNT,)),),
        domains=(DomainPoints(ACCOUNT, Fraction(3)),),
        policy=Policy(40.0, 60.0, (missed,)),
    )  # fmt: skip


@pytest.mark.parametrize("format_name", OUTAGES)
def test_no_secret_in_a_simulation(
    outage: Callable[..., ServiceOutage], outages: Callable[..., OutageReport], format_name: str
) -> None:
    text = f"before {SECRET} after"
    services = tuple(
        outage(
            f"s{number}",
            automatic=verdict,
            manual=verdict,
            condition=text,
            because=(Cause("aws_lb.other", ACCOUNT, None),),
            path=secret_path(),
            remedies=(text,),
        )
        for number, verdict in enumerate(Verdict)
    )
    scenario = Scenario(f"i ({ACCOUNT})", (ACCOUNT, "edge:x"), services, "A title", (ACCOUNT,), (text,))
    problems = (Problem(Span("a.tf", 1), ProblemKind.INVALID, text),)
    page = outages(scenarios=(scenario,), problems=problems, secrets=frozenset({SECRET}))
    shown = render_outages(format_name, page, Options())
    for form in (SECRET, "p4ss", "w|rd", "w\\|rd"):
        assert form not in shown
    assert "account:aws/(sensitive)" in shown


def test_a_simulation_without_secrets_is_left_alone(
    outage: Callable[..., ServiceOutage], outages: Callable[..., OutageReport]
) -> None:
    page = outages(outage())
    assert redacted_outages(page) is page
    other = redacted_outages(outages(outage(), secrets=frozenset({"unused"})))
    assert other.scenarios == page.scenarios


def test_a_value_under_a_secret_s_name_is_one(report: Make, finding: MakeFinding) -> None:
    page = report([finding(message="master_password is tiger99", values={"master_password": "tiger99", "zone": "a"})])
    found = redacted(page).findings[0]
    assert found.message == f"master_password is {MASK}"
    assert found.values == {"master_password": MASK, "zone": "a"}


def test_names_of_things_stay(report: Make, finding: MakeFinding) -> None:
    page = report([finding(resource="aws_lb.prod", span=Span("envs/prod/main.tf", 1))], secrets=frozenset({"prod"}))
    assert redacted(page).findings[0].resource == "aws_lb.prod"
    assert redacted(page).findings[0].span.file == "envs/prod/main.tf"


def test_files_stay_in_messages(report: Make, finding: MakeFinding) -> None:
    """A default password may be the name of a folder, too."""
    message = "parameter x has no default (wordpress/ha.yaml:72:3), wordpress/other.yaml says wordpress"
    page = report(
        [finding(message=message, span=Span("wordpress/ha.yaml", 1))],
        secrets=frozenset({"wordpress"}),
        sources={"wordpress/ha.yaml": ("",)},
    )
    found = redacted(page).findings[0].message
    assert found == f"parameter x has no default (wordpress/ha.yaml:72:3), {MASK}/other.yaml says {MASK}"


@pytest.mark.parametrize(
    ("secrets", "text", "expected"),
    [
        ({"abcd"}, "xabcdx abcd", f"x{MASK}x {MASK}"),
        ({"abcd", "abcdef"}, "abcdef", MASK),
        ({"a.c*"}, "abcc a.c*", f"abcc {MASK}"),
        # Short ones only as words, or a secret 1 would tear every number apart.
        ({"1"}, "10 of 1", f"10 of {MASK}"),
        ({"abc"}, "abcd abc", f"abcd {MASK}"),
    ],
)
def test_replacement(secrets: set[str], text: str, expected: str) -> None:
    clean = cleaner(secrets)
    assert clean is not None
    assert clean(text) == expected


def test_no_secrets_no_work() -> None:
    assert cleaner({""}) is None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('  password = "hunter2"', f'  password = "{MASK}"'),
        ('  master_password="a\\"b" # "c"', f'  master_password="{MASK}" # "{MASK}"'),
        ("  password = var.password", "  password = var.password"),
        ('  token = var.x == "" ? "abc" : y', f'  token = var.x == "{MASK}" ? "{MASK}" : y'),
        ('  password = "unfinished', f'  password = "{MASK}"'),
        ("password: hunter2", f"password: {MASK}"),
        ('  "SecretKey": "abc",', f'  "SecretKey": "{MASK}",'),
        ("secretName: x", f"secretName: {MASK}"),
        ("  password: !Ref Parameter", "  password: !Ref Parameter"),
        ("  private_key = <<EOT", "  private_key = <<EOT"),
        ("  multi_az = false", "  multi_az = false"),
        ("  # a secret is kept elsewhere", "  # a secret is kept elsewhere"),
    ],
)
def test_lines_lose_the_literals_of_secret_names(line: str, expected: str) -> None:
    assert masked_line(line) == expected
