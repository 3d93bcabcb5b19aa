"""Both kinds of files: what is put in comes out, in one order, each commit once; nothing is lost or overwritten."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.history.store import HistoryError, add, read
from scanner.model.finding import Axis
from scanner.model.history import Entry, Place, ServiceSizes, Sizes, Summary
from scanner.model.score import Interval, Stage
from scanner.model.service import Criticality, Level

Make = Callable[..., Entry]
KINDS = ("history.jsonl", "history.db", "history.sqlite")
SEVERITIES = ("critical", "high", "medium", "low", "info")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
counts = st.integers(0, 1_000_000_000)
points = st.floats(0, 100, allow_nan=False, allow_subnormal=False)
intervals = st.tuples(points, points).map(lambda pair: Interval(*sorted(pair)))
hashes = st.text("0123456789abcdef", min_size=7, max_size=64)
ends = st.sampled_from([1, 2, 3, None])
sizes = st.tuples(ends, ends).map(lambda pair: Sizes(*sorted(pair, key=lambda size: size or 4)))
stages = st.sampled_from([*Stage, None])
services = st.builds(
    ServiceSizes,
    texts,
    st.sampled_from(["service", "custody"]),
    st.sampled_from(Criticality),
    st.fixed_dictionaries({}, optional=dict.fromkeys(Level, sizes)),
)
summaries = st.builds(
    Summary,
    tool_version=texts,
    score_model=counts,
    rule_set=st.text("0123456789abcdef", max_size=40),
    stage=stages,
    stage_high=stages,
    grade=st.sampled_from(["", *"ABCDF"]),
    score=intervals,
    axes=st.fixed_dictionaries({}, optional=dict.fromkeys(Axis, intervals)),
    severities=st.fixed_dictionaries(dict.fromkeys(SEVERITIES, counts)),
    unknown=counts,
    suppressed=counts,
    problems=counts,
    resources=counts,
    services=st.lists(services, max_size=3).map(tuple),
    complete=st.booleans(),
)
places = st.builds(Place, st.lists(texts, max_size=3).map(tuple), texts, st.sampled_from(["", "0123abcd"]))
entries = st.builds(
    Entry,
    date=st.datetimes().map(lambda moment: moment.strftime("%Y").zfill(4) + moment.strftime("-%m-%dT%H:%M:%SZ")),
    commit=st.just("") | hashes,
    branch=texts,
    depth=counts,
    place=places,
    summary=summaries,
)


@pytest.fixture(params=KINDS)
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / str(request.param)


@pytest.mark.parametrize("name", ["history.jsonl", "history.db"])
@given(found=st.lists(entries, max_size=6, unique_by=lambda each: each.identity))
@settings(max_examples=60)
def test_what_is_put_in_comes_out(name: str, found: list[Entry]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        add(path, found)
        history = read(path)
        assert list(history.entries) == sorted(found, key=lambda each: each.order)
        assert history.problems == ()


def test_one_commit_has_one_entry_for_each_place(file: Path, entry: Make) -> None:
    add(file, [entry(low=10.0), entry(low=20.0, place=Place(("infra",))), entry("2026-01-02", "b" * 40)])
    add(file, [entry(low=30.0)])
    found = read(file).entries
    assert [(each.commit[0], each.place.paths, each.summary.score.low) for each in found] == [
        ("b", (".",), 40.0),
        ("a", (".",), 30.0),
        ("a", ("infra",), 20.0),
    ]


def test_without_git_a_date_has_one_entry(file: Path, entry: Make) -> None:
    add(file, [entry("2026-01-03", "", low=1.0), entry("2026-01-04", "", low=2.0)])
    add(file, [entry("2026-01-03", "", low=3.0)])
    assert [each.summary.score.low for each in read(file).entries] == [3.0, 2.0]


def test_commits_of_one_second_stand_in_the_order_of_their_history(file: Path, entry: Make) -> None:
    add(file, [entry(commit=letter * 40, depth=depth) for letter, depth in (("a", 3), ("b", 1), ("c", 2))])
    assert [each.commit[0] for each in read(file).entries] == ["b", "c", "a"]


def test_lines_are_the_same_bytes_in_whatever_order_entries_come(tmp_path: Path, entry: Make) -> None:
    found = [entry(f"2026-01-0{day}", f"{day}" * 40) for day in (1, 2, 3)]
    first, second = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    add(first, found)
    for each in reversed(found):
        add(second, [each])
    assert first.read_bytes() == second.read_bytes()


def test_a_file_that_is_missing_is_told(file: Path) -> None:
    with pytest.raises(HistoryError, match=r"there is no such history; `riskscan history add` makes it"):
        read(file)


def test_what_could_not_be_read_again_is_not_written(file: Path, entry: Make) -> None:
    add(file, [entry()])
    for changes in ({"branch": "x" * 500}, {"commit": "HEAD"}, {"unknown": -1}, {"low": 101.0}, {"rule_set": "?"}):
        with pytest.raises(HistoryError, match="the entry cannot be kept"):
            add(file, [entry("2026-02-02", "b" * 40), entry(**({"day": "2026-03-03", "commit": "c" * 40} | changes))])
    assert read(file).entries == (entry(),)


@pytest.mark.parametrize("name", ["history", "history.json", "history.txt"])
def test_a_name_that_tells_no_kind_is_refused(tmp_path: Path, entry: Make, name: str) -> None:
    for use in (read, lambda path: add(path, [entry()])):
        with pytest.raises(HistoryError, match="a history is called"):
            use(tmp_path / name)


def test_a_folder_that_is_missing_is_told(tmp_path: Path, entry: Make) -> None:
    with pytest.raises(HistoryError, match="does not exist"):
        add(tmp_path / "nowhere" / "history.db", [entry()])
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(HistoryError, match="not a file"):
        add(tmp_path / "folder.db", [entry()])


def test_an_empty_file_is_an_empty_history(file: Path, entry: Make) -> None:
    file.touch()
    assert read(file).entries == ()
    add(file, [entry()])
    assert read(file).entries == (entry(),)


WRITER = """
    import sys
    from pathlib import Path
    from scanner.history.entry_text import read_entry
    from scanner.history.store import add
    import msgspec
    line, who = Path(sys.argv[2]).read_bytes(), sys.argv[3]
    for number in range(25):
        entry = read_entry(line)
        add(Path(sys.argv[1]), [msgspec.structs.replace(entry, commit=f"{who}{number:06d}" + "0" * 32)])
"""


def test_processes_that_write_at_once_lose_nothing(file: Path, tmp_path: Path, entry: Make) -> None:
    template = tmp_path / "line.json"
    one = tmp_path / "one.jsonl"
    add(one, [entry()])
    template.write_bytes(one.read_bytes().strip())
    running = [
        subprocess.Popen([sys.executable, "-c", textwrap.dedent(WRITER), str(file), str(template), who])
        for who in "abc"
    ]
    assert [process.wait() for process in running] == [0, 0, 0]
    history = read(file)
    assert history.problems == ()
    expected = {f"{who}{number:06d}" + "0" * 32 for who in "abc" for number in range(25)}
    assert {each.commit for each in history.entries} == expected
    assert {path.name for path in file.parent.iterdir()} == {file.name, "line.json", "one.jsonl"}


def test_what_git_merges_as_a_union_is_read(tmp_path: Path, entry: Make) -> None:
    def git(*arguments: str) -> None:
        who = ("-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True)

    file = tmp_path / "history.jsonl"
    (tmp_path / ".gitattributes").write_text("*.jsonl merge=union\n", encoding="utf-8")
    shared = entry("2026-01-01", "0" * 40)
    add(file, [shared])
    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-q", "-m", "one")
    git("checkout", "-q", "-b", "other")
    theirs, twice = entry("2026-01-02", "b" * 40), entry("2026-01-03", "c" * 40, tool_version="1.10.0", low=50.0)
    add(file, [theirs, twice])
    git("commit", "-q", "-am", "theirs")
    git("checkout", "-q", "main")
    add(file, [entry("2026-01-03", "c" * 40, tool_version="1.9.0"), entry("2026-01-04", "d" * 40)])
    git("commit", "-q", "-am", "ours")
    git("merge", "-q", "other")
    history = read(file)
    assert [each.commit[0] for each in history.entries] == ["0", "b", "c", "d"]
    assert history.entries[2] == twice  # of version 1.10, which is newer than 1.9
    assert ["is there twice with different numbers" in problem.message for problem in history.problems] == [True]
    add(file, [entry("2026-01-05", "e" * 40)])
    assert read(file).problems == ()


def test_lines_are_plain_json_with_keys_in_one_order(tmp_path: Path, entry: Make) -> None:
    file = tmp_path / "history.jsonl"
    add(file, [entry(branch="ü\u202e\x9b")])
    data = file.read_bytes()
    assert data.isascii()
    assert data.endswith(b"}\n")
    assert list(json.loads(data))[:4] == ["schema_version", "date", "commit", "branch"]
    assert json.loads(data)["score"] == [40.0, 40.0]
    assert json.loads(data)["services"][0]["coefficients"] == {"zone": [1, 1], "region": [None, None]}
