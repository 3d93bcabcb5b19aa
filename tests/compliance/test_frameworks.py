"""Framework files against the table that they were written from, and what the loader refuses."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from scanner.compliance import frameworks as module
from scanner.compliance.frameworks import FrameworkError, compile_frameworks, frameworks
from scanner.model.assessment import Control

TABLE: Final = Path(__file__).parents[1] / "fixtures" / "controls.tsv"

WITHOUT_AXES: Final = {("google-waf", "define-reliability-based-on-user-experience-goals")}
"""The table names no axis for them; a framework's file needs one."""


def table() -> list[dict[str, str]]:
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines, delimiter="\t"))


def ours() -> dict[tuple[str, str], Control]:
    return {(name, c.id): c for name, framework in frameworks().items() for c in framework.controls}


def test_every_control_is_one_of_the_table_and_none_is_missing() -> None:
    assert set(ours()) == {(row["framework"], row["control"]) for row in table()}
    assert len(table()) > 250


@pytest.mark.parametrize("row", table(), ids=lambda row: f"{row['framework']} {row['control']}")
def test_the_mark_and_the_axes_agree_with_the_table(row: dict[str, str]) -> None:
    key = row["framework"], row["control"]
    control = ours()[key]
    assert control.status == row["status"]
    if key in WITHOUT_AXES:
        return
    named = {word for column in ("axes", "supporting") for word in row[column].split(",") if word}
    assert {*control.axes, *control.supporting} <= named  # a part of a row may be about less, never about more
    if control.axes and row["axes"]:
        assert set(control.axes) <= set(row["axes"].split(","))


def test_controls_in_tension_say_so() -> None:
    remarks = {key: control.remark for key, control in ours().items()}
    assert "CP-6" in remarks["nist-800-53", "SA-9(5)"]
    assert "SC-12(1)" in remarks["nist-800-53", "SA-9(6)"]
    assert "SA-9(5)" in remarks["nist-800-53", "CP-6"]
    assert "3.6.1.4" in remarks["nist-800-53", "SC-12(1)"]
    assert "escrow" in remarks["pci-dss", "3.6.1.3"]
    assert "availability" in remarks["pci-dss", "3.6.1.4"]
    assert "allows several vendors and does not demand them" in remarks["dora", "Art. 6(9)"]


def test_every_control_says_what_no_file_can_prove() -> None:
    for key, control in ours().items():
        assert control.unprovable.startswith("Only people can show "), key
        assert control.unprovable.endswith("."), key


GOOD: Final = """\
id: mine
name: Mine
version: "1"
url: https://example.org
controls:
  - id: "1.1"
    title: First
    axes: [zone]
    status: verified
    unprovable: Only people can show it.
"""


@pytest.fixture
def compiled(tmp_path: Path) -> Callable[[str], object]:
    def call(text: str) -> object:
        folder = tmp_path / "frameworks"
        folder.mkdir(exist_ok=True)
        (folder / "mine.yaml").write_text(text, encoding="utf-8")
        return compile_frameworks(folder)["frameworks"]

    return call


def test_a_framework_is_read(compiled: Callable[[str], list[dict[str, object]]]) -> None:
    (read,) = compiled(GOOD)
    assert read["id"] == "mine"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("name: Mine\n", "", "mine.yaml:1: a framework has the keys"),
        ("id: mine", "id: other", "mine.yaml:1: the id is the file's name, mine"),
        ("axes: [zone]", "axes: [zoo]", "mine.yaml:6: axes and supporting name at least one axis"),
        ("axes: [zone]", "axes: [zone]\n    supporting: [zone]", "mine.yaml:6: axes and supporting"),
        ("verified", "sure", "mine.yaml:6: status is one of verified, partly, memory"),
        ('id: "1.1"', "id: 1.1", "mine.yaml:6: id is a text, quoted where it looks like a number"),
        ("show it.", "show it", "mine.yaml:6: unprovable and remark are complete sentences"),
        ("    title: First\n", "", "mine.yaml:6: a control has the keys"),
        ("url: https://example.org", 'url: ""', "mine.yaml:1: id, name, version, url are texts"),
        ("First", "F" * 141, "mine.yaml:6: the title is longer than 140 characters"),
        ("version: ", "version: [", "mine.yaml:"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(compiled: Callable[[str], object], old: str, new: str, told: str) -> None:
    assert old in GOOD
    with pytest.raises(FrameworkError) as caught:
        compiled(GOOD.replace(old, new))
    assert told in str(caught.value)


def test_a_control_is_listed_once(compiled: Callable[[str], object]) -> None:
    second = GOOD[GOOD.index('  - id: "1.1"') :]
    with pytest.raises(FrameworkError, match=r"mine\.yaml:11: the control 1\.1 is listed twice"):
        compiled(GOOD + second)


def test_the_yaml_counts_where_nothing_is_compiled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = frameworks()
    monkeypatch.setattr(module, "COMPILED", tmp_path / "none.json")
    assert frameworks.__wrapped__() == before
