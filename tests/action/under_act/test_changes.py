"""Pull requests and merge groups under ``act``: what is new fails, what was there before may stay."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.action.under_act.conftest import Act, Estate, Job

pytestmark = pytest.mark.act

CACHE = """
resource "aws_db_instance" "history" {
  engine                  = "postgres"
  instance_class          = "db.m7g.large"
  allocated_storage       = 100
  multi_az                = false
  backup_retention_period = 14
}
"""
"""One more database in a single zone, on line 6."""

HARMLESS = "# Nothing changes.\n"


def rules(job: Job) -> set[tuple[str, str, int]]:
    """What was uploaded: rule, file, line."""
    (run,) = json.loads((job.results / "uploaded.sarif").read_bytes())["runs"]
    places = [(result["ruleId"], result["locations"][0]["physicalLocation"]) for result in run["results"]]
    return {(rule, place["artifactLocation"]["uri"], place["region"]["startLine"]) for rule, place in places}


def test_new_findings_fail_and_old_ones_do_not(act: Act, estate: Estate) -> None:
    """On a clone of depth 2, as the documentation says. Only what is new stands on lines and is uploaded."""
    start = estate.merge({"risky/history.tf": CACHE})
    uses = {"change": {"paths": "risky", "sarif": "new"}}
    job = act.run(estate.shallow(act.folder / "clone", 2), uses, event="pull_request", base=start)
    (use,) = job.uses.values()
    assert (use.outcome, use.outputs["exit-code"]) == ("failure", "1"), job.log
    assert int(use.outputs["findings"]) > int(use.outputs["new-findings"]) > 0
    assert use.outputs["fixed-findings"] == "0"
    assert {file for _, file, _ in rules(job)} == {"risky/history.tf"}
    assert ("RS101", "risky/history.tf", 6) in rules(job)
    assert ("error", "risky/history.tf", "6") in {annotation[:3] for annotation in job.annotations}
    assert "risky/main.tf" not in {file for level, file, *_ in job.annotations if level == "error"}
    assert "risky/history.tf" in job.summaries


def test_a_change_that_adds_nothing_passes_although_the_rest_fails(act: Act, estate: Estate) -> None:
    start = estate.merge({"risky/notes.tf": HARMLESS})
    uses = {
        "auto": {"paths": "risky", "category": "auto"},
        "everything": {"paths": "risky", "category": "everything", "fail-on-new": "false"},
        "alone": {"paths": "risky", "category": "alone", "base": "none"},
    }
    job = act.run(estate, uses, event="pull_request", base=start)
    assert {name: (use.outcome, use.outputs["exit-code"]) for name, use in job.uses.items()} == {
        "auto": ("success", "0"),
        "everything": ("failure", "1"),
        "alone": ("failure", "1"),
    }, job.log
    numbers = {name: use.outputs["new-findings"] for name, use in job.uses.items()}
    assert numbers == {"auto": "0", "everything": "0", "alone": ""}
    assert len({use.outputs["findings"] for use in job.uses.values()}) == 1


def test_fixed_findings_are_told(act: Act, estate: Estate) -> None:
    risky = (estate.folder / "risky" / "main.tf").read_text()
    fixed = risky.replace("multi_az                = false", "multi_az                = true")
    start = estate.merge({"risky/main.tf": fixed})
    job = act.run(estate, {"change": {"paths": "risky"}}, event="pull_request", base=start)
    (use,) = job.uses.values()
    assert (use.outcome, use.outputs["exit-code"], use.outputs["new-findings"]) == ("success", "0", "0"), job.log
    assert int(use.outputs["fixed-findings"]) >= 1
    assert ("error", "risky/main.tf") not in {annotation[:2] for annotation in job.annotations}
    assert any(text.startswith("no new findings") for text in job.said("notice"))
    assert "zone-database-single" in job.summaries


def test_a_change_cannot_judge_itself(act: Act, estate: Estate) -> None:
    """It adds a database and a configuration that lets it pass; ``config-from: base`` does not ask that."""
    start = estate.merge({"risky/history.tf": CACHE, ".riskscan.yaml": "version: 1\nfail_on: never\n"})
    uses = {
        "head": {"paths": "risky", "category": "head"},
        "base": {"paths": "risky", "category": "base", "config-from": "base"},
    }
    job = act.run(estate, uses, event="pull_request", base=start)
    outcomes = {name: (use.outcome, use.outputs["exit-code"]) for name, use in job.uses.items()}
    assert outcomes == {"head": ("success", "0"), "base": ("failure", "1")}, job.log


def test_a_merge_group_is_compared_with_what_it_is_put_on(act: Act, estate: Estate) -> None:
    estate.merge({"risky/history.tf": CACHE})
    job = act.run(estate, {"change": {"paths": "risky"}}, event="merge_group")
    (use,) = job.uses.values()
    assert (use.outcome, use.outputs["exit-code"]) == ("failure", "1"), job.log
    assert int(use.outputs["findings"]) > int(use.outputs["new-findings"]) > 0


def test_a_base_that_is_not_there_is_wrong_input(act: Act, estate: Estate) -> None:
    job = act.run(estate, {"change": {"paths": "risky", "base": "origin/release"}})
    (use,) = job.uses.values()
    assert (use.outcome, use.outputs["exit-code"], use.outputs["findings"]) == ("failure", "2", ""), job.log
    assert any("origin/release" in text for text in job.said("error"))


def test_a_baseline_lets_old_findings_pass(act: Act, estate: Estate) -> None:
    uses = {"change": {"paths": "risky", "baseline": "accepted.json"}}
    write = '"$RUNNER_TEMP/riskscan/environment/bin/riskscan" baseline write --baseline accepted.json risky'
    job = act.run(estate, uses, before=write)
    (use,) = job.uses.values()
    assert (use.outcome, use.outputs["exit-code"], use.outputs["findings"]) == ("success", "0", "0"), job.log
    assert int(use.outputs["suppressed"]) > 0


def test_a_pull_request_of_the_repository_gets_a_comment(act: Act, estate: Estate) -> None:
    """The body is riskscan's own; a script stands for the command that talks with GitHub."""
    start = estate.merge({"risky/history.tf": CACHE})
    act = act.with_program(
        f"""
[ "$1" = comment ] || exec {act.environment}/bin/riskscan "$@"
printf '%s\\n' "$GITHUB_TOKEN" "$@" >"$RESULTS/call"
for argument; do case "$argument" in --file=*) cp "${{argument#--file=}}" "$RESULTS/body.md" ;; esac; done
echo "comment created 12 https://github.com/exchange/estate/pull/7#issuecomment-12"
"""
    )
    uses = {"change": {"paths": "risky", "comment": "update", "suggestions": "true", "category": "prod"}}
    job = act.run(estate, uses, event="pull_request", base=start)
    (use,) = job.uses.values()
    assert (use.outcome, use.outputs["exit-code"]) == ("failure", "1"), job.log
    assert use.outputs["comment"] == "https://github.com/exchange/estate/pull/7#issuecomment-12"
    token, command, *flags = (job.results / "call").read_text().split()
    assert (token, command) == ("ghs_for_tests", "comment")
    assert {"--number=7", "--category=prod", "--review=riskscan.sarif"} < set(flags)
    body = (job.results / "body.md").read_text()
    assert body.startswith("<!-- riskscan:prod -->\n")
    assert "risky/history.tf" in body


def test_a_cache_changes_no_answer(act: Act, estate: Estate) -> None:
    kept = act.folder / "kept"
    uses = {name: {"paths": "risky", "category": name, "cache": str(kept)} for name in ("cold", "warm")}
    job = act.run(estate, uses)
    cold, warm = (
        {key: value for key, value in job.uses[name].outputs.items() if key != "report-file"}
        for name in ("cold", "warm")
    )
    assert cold["exit-code"] == "1", job.log
    assert cold == warm
    assert list(kept.iterdir())
