"""Uses of the action under ``act``: each must tell the right outputs, annotations, summary and end."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.action.under_act.conftest import Act, Estate

pytestmark = pytest.mark.act

SINGLE_ZONE = ("risky/main.tf", "10")
"""Where ``multi_az = false`` stands."""


def test_nothing_found_something_found_wrong_input_and_nothing_to_scan(act: Act, estate: Estate) -> None:
    """Several uses in one job do not get in each other's way."""
    job = act.run(
        estate,
        {
            "clean": {"paths": "clean", "sarif-file": "clean.sarif", "upload-sarif": "false"},
            "risky": {"paths": "risky", "fail-on": "low", "category": "risky"},
            "wrong": {"fail-on": "terrible"},
            "empty": {"paths": "nothing", "upload-sarif": "false"},
        },
    )
    assert {name: (use.outcome, use.outputs["exit-code"]) for name, use in job.uses.items()} == {
        "clean": ("success", "0"),
        "risky": ("failure", "1"),
        "wrong": ("failure", "2"),
        "empty": ("failure", "3"),
    }, job.log
    clean, risky, wrong = (job.uses[name].outputs for name in ("clean", "risky", "wrong"))
    assert (clean["findings"], clean["critical"], clean["sarif-file"]) == ("0", "0", "clean.sarif")
    assert int(risky["findings"]) >= int(risky["critical"]) + int(risky["high"]) > 0
    assert clean["new-findings"] == risky["fixed-findings"] == ""
    assert wrong["sarif-file"] == wrong["findings"] == ""
    assert ("error", *SINGLE_ZONE) in {annotation[:3] for annotation in job.annotations}
    assert "the input fail-on is 'terrible'" in "\n".join(job.said("error"))
    assert job.summaries.count("## riskscan: ") == 4
    assert "## riskscan: 0 findings" in job.summaries
    assert "## riskscan: no report" in job.summaries
    sarif = json.loads((job.results / "uploaded.sarif").read_bytes())
    (run,) = sarif["runs"]
    assert run["automationDetails"]["id"] == "riskscan/risky/"
    places = [result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in run["results"]]
    assert set(places) == {"risky/main.tf"}
    assert (job.results / "token").read_text() == "ghs_for_tests"


def test_an_upload_that_fails_hides_nothing(act: Act, estate: Estate) -> None:
    job = act.run(
        estate,
        {
            "auto": {"paths": "clean"},
            "wanted": {"paths": "clean", "upload-sarif": "true"},
            "risky": {"paths": "risky"},
        },
        variables={"UPLOAD_FAILS": "yes"},
    )
    assert {name: (use.outcome, use.outputs["exit-code"]) for name, use in job.uses.items()} == {
        "auto": ("success", "0"),
        "wanted": ("failure", "0"),
        "risky": ("failure", "1"),
    }, job.log
    assert sum("could not be uploaded" in text for text in job.said("warning")) == 2
    assert sum("could not be uploaded" in text for text in job.said("error")) == 1


@pytest.mark.parametrize(("signal", "code"), [("KILL", "137"), ("", "3")], ids=["killed", "exit-1"])
def test_a_riskscan_that_dies(act: Act, estate: Estate, signal: str, code: str) -> None:
    """Killed as by a machine without memory, or by an interpreter that cannot start and exits as for findings."""
    act = act.with_program(f"kill -{signal} $$" if signal else "exit 1")
    job = act.run(estate, {"risky": {"paths": "risky"}})
    (use,) = job.uses.values()
    assert use.outcome == "failure"
    assert {name: value for name, value in use.outputs.items() if value} == {"exit-code": code}
    assert "no report" in job.summaries
    assert len(job.said("error")) == 1
    assert not (job.results / "uploaded.sarif").exists()


def test_a_folder_of_the_repository(act: Act, estate: Estate) -> None:
    """Files are named from the root, where GitHub looks for them; blanks, dashes and umlauts are no trouble."""
    estate.git("mv", "--", "risky", "- rïsky dir")
    estate.commit()
    job = act.run(estate, {"sub": {"working-directory": "- rïsky dir", "paths": "main.tf"}})
    (use,) = job.uses.values()
    assert (use.outcome, use.outputs["exit-code"]) == ("failure", "1"), job.log
    assert use.outputs["sarif-file"] == "- rïsky dir/riskscan.sarif"
    assert ("error", "- rïsky dir/main.tf", "10") in {annotation[:3] for annotation in job.annotations}
    assert "- rïsky dir/main.tf:10" in job.summaries
    sarif = json.loads((job.results / "uploaded.sarif").read_bytes())
    location = sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "-%20r%C3%AFsky%20dir/main.tf"


def test_files_that_no_git_knows(act: Act, estate: Estate) -> None:
    shutil.rmtree(estate.folder / ".git")
    job = act.run(estate, {"risky": {"paths": "risky"}}, event="pull_request", base="0" * 40)
    (use,) = job.uses.values()
    assert (use.outcome, use.outputs["exit-code"]) == ("failure", "1"), job.log
    assert use.outputs["new-findings"] == ""
    assert any("no base: full report" in text for text in job.said("notice"))
    assert ("error", *SINGLE_ZONE) in {annotation[:3] for annotation in job.annotations}
    assert "zone-database-single" in job.summaries


def test_a_shallow_clone_without_the_base(act: Act, estate: Estate) -> None:
    """``actions/checkout`` as it is: one commit. The report is full, and says what would change that."""
    start = estate.merge({"risky/notes.md": "Nothing changes.\n"})
    clone = estate.shallow(act.folder / "clone", 1)
    job = act.run(clone, {"all": {"paths": "risky"}}, event="pull_request", base=start)
    (use,) = job.uses.values()
    assert (use.outcome, use.outputs["exit-code"]) == ("failure", "1"), job.log
    assert use.outputs["new-findings"] == use.outputs["fixed-findings"] == ""
    assert any("fetch-depth: 2" in text for text in job.said("notice"))
    assert ("error", *SINGLE_ZONE) in {annotation[:3] for annotation in job.annotations}
    assert "zone-database-single" in job.summaries


def test_a_pull_request_of_a_fork(act: Act, estate: Estate) -> None:
    """Its token can only read: nothing is uploaded or commented, the summary and the annotations tell all the same."""
    uses = {"risky": {"paths": "risky", "comment": "update", "base": "none"}}
    job = act.run(estate, uses, event="pull_request", fork=True)
    (use,) = job.uses.values()
    assert (use.outcome, use.outputs["exit-code"], use.outputs["comment"]) == ("failure", "1", ""), job.log
    assert not (job.results / "uploaded.sarif").exists()
    assert any("no comment" in text for text in job.said("notice"))
    assert ("error", *SINGLE_ZONE) in {annotation[:3] for annotation in job.annotations}
    assert "zone-database-single" in job.summaries


def test_without_a_network(act: Act, estate: Estate) -> None:
    """The same outputs, annotations and report in a network namespace without interfaces."""
    alone = ("unshare", "--net", "--map-root-user")
    if not shutil.which("unshare") or subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("unshare does not work here")
    online = act.run(estate, {"risky": {"paths": "risky"}})
    shutil.move(act.folder / "job", act.folder / "online")
    offline = act.run(estate, {"risky": {"paths": "risky"}}, prefix=alone)
    assert offline.annotations == online.annotations
    assert offline.summaries == online.summaries
    shown = [{k: v for k, v in job.uses["risky"].outputs.items() if k != "report-file"} for job in (online, offline)]
    assert shown[0] == shown[1]
    assert shown[0]["exit-code"] == "1", online.log


def test_nothing_of_the_repository_becomes_a_command(act: Act, estate: Estate) -> None:
    """Names of files and resources are text, wherever they are shown."""
    name = "%0A::error::forged"
    estate.git("mv", "risky/main.tf", f"risky/{name}.tf")
    estate.commit({".riskscan.yaml": 'version: 1\n"\\n::error::forged": 1\n'})
    uses = {"findings": {"paths": "risky", "config": "ok.yaml"}, "settings": {"paths": "risky"}}
    job = act.run(estate, uses, before="printf 'version: 1\\n' >ok.yaml")
    assert [use.outputs["exit-code"] for _, use in sorted(job.uses.items())] == ["1", "2"], job.log
    assert job.annotations
    assert [text for text in job.said("error") if text.startswith("forged")] == []
    assert any("could not start: .riskscan.yaml:2:1: unknown key" in text for text in job.said("error")), job.log
