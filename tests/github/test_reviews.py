"""Suggestions on lines of a pull request: only where the diff shows the line, each once, ten at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from scanner.github.api import Api
from scanner.github.proposals import Proposal, proposals
from scanner.github.reviews import MAX_SUGGESTIONS, right_lines, suggest

MARKER = "<!-- riskscan:scan -->"

# As `GET /repos/{owner}/{repo}/pulls/{number}/files` gives it: https://docs.github.com/en/rest/pulls/pulls#list-pull-requests-files
PATCH = """\
@@ -1,4 +1,5 @@
 resource "aws_db_instance" "main" {
-  engine = "mysql"
+  engine   = "postgres"
+  multi_az = false
   name     = "orders"
 }
@@ -40,2 +41,2 @@ resource "aws_lb" "web" {
-  internal = true
+  internal = false
 }
\\ No newline at end of file"""

SHOWN = {
    1: 'resource "aws_db_instance" "main" {',
    2: '  engine   = "postgres"',
    3: "  multi_az = false",
    4: '  name     = "orders"',
    5: "}",
    41: "  internal = false",
    42: "}",
}

FIX = Proposal("db/main.tf", 3, 14, 19, "false", "true", "RS101: aws_db_instance.main has no standby", "aa11")


def with_file(github: Any, patch: str | None = PATCH, name: str = "db/main.tf") -> None:
    github.files.append({"filename": name, "patch": patch, "shown": set(right_lines(patch or ""))})


def test_the_lines_that_a_patch_shows() -> None:
    assert right_lines(PATCH) == SHOWN
    assert right_lines("") == {}


def test_a_suggestion_is_a_review_on_the_line(api: Api, github: Any) -> None:
    with_file(github)
    assert suggest(api, "o/r", 7, [FIX], MARKER) == 1
    [review] = github.reviews
    assert (review["event"], review["commit_id"]) == ("COMMENT", "c" * 40)
    assert review["comments"] == [
        {
            "path": "db/main.tf",
            "line": 3,
            "side": "RIGHT",
            "body": "<!-- riskscan:scan suggests aa11 -->\nRS101: aws_db_instance.main has no standby\n\n"
            "```suggestion\n  multi_az = true\n```\n",
        }
    ]


def test_it_is_not_repeated(api: Api, github: Any) -> None:
    with_file(github)
    suggest(api, "o/r", 7, [FIX], MARKER)
    assert suggest(api, "o/r", 7, [FIX], MARKER) == 0
    # Another finding of the same line neither, nor the same finding where a push moved it.
    assert suggest(api, "o/r", 7, [replace(FIX, fingerprint="bb22")], MARKER) == 0
    github.review_comments[0]["line"] = None
    assert suggest(api, "o/r", 7, [FIX], MARKER) == 0
    assert len(github.reviews) == 1


@pytest.mark.parametrize(
    "change", [{"user": {"login": "octocat"}}, {"body": "<!-- riskscan:prod suggests aa11 -->\nx"}]
)
def test_what_others_suggest_does_not_count(api: Api, github: Any, change: dict[str, Any]) -> None:
    with_file(github)
    suggest(api, "o/r", 7, [FIX], MARKER)
    github.review_comments[0].update(change)
    assert suggest(api, "o/r", 7, [FIX], MARKER) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"line": 30},  # not in the diff: GitHub would refuse the whole review
        {"path": "other.tf"},
        {"line": 2},  # another text stands there
        {"old": "True"},
        {"column": 13, "end_column": 18},
        {"column": 0},
    ],
)
def test_only_what_the_diff_shows_as_the_scan_saw_it(api: Api, github: Any, change: dict[str, Any]) -> None:
    with_file(github)
    assert suggest(api, "o/r", 7, [replace(FIX, **change)], MARKER) == 0
    assert github.reviews == []


def test_a_file_without_a_patch_gets_none(api: Api, github: Any) -> None:
    with_file(github, None)
    assert suggest(api, "o/r", 7, [FIX], MARKER) == 0


def test_ten_at_a_time(api: Api, github: Any) -> None:
    lines = "\n".join("+multi_az = false" for _ in range(30))
    with_file(github, f"@@ -0,0 +1,30 @@\n{lines}")
    found = [replace(FIX, line=n + 1, column=12, end_column=17, fingerprint=f"{n:x}") for n in range(30)]
    assert [suggest(api, "o/r", 7, found, MARKER) for _ in range(4)] == [MAX_SUGGESTIONS] * 3 + [0]


def test_nothing_is_asked_where_there_is_nothing_to_suggest(api: Api, github: Any) -> None:
    assert suggest(api, "o/r", 7, [], MARKER) == 0
    assert github.calls == []


def test_backticks_in_a_line_do_not_end_the_suggestion(api: Api, github: Any) -> None:
    with_file(github, "@@ -0,0 +1 @@\n+multi_az = false # ```")
    suggest(api, "o/r", 7, [replace(FIX, line=1, column=12, end_column=17)], MARKER)
    assert github.reviews[0]["comments"][0]["body"].endswith("````suggestion\nmulti_az = true # ```\n````\n")


@pytest.mark.parametrize("sign", ["\u202e", "\x1b", "\u2066"])
def test_a_line_that_hides_something_is_not_suggested(api: Api, github: Any, sign: str) -> None:
    with_file(github, f"@@ -0,0 +1 @@\n+multi_az = false # {sign}")
    assert suggest(api, "o/r", 7, [replace(FIX, line=1, column=12, end_column=17)], MARKER) == 0


def test_names_in_a_suggestion_are_text(api: Api, github: Any) -> None:
    with_file(github)
    suggest(api, "o/r", 7, [replace(FIX, about="@octocat <img src=x> [a](javascript:b)")], MARKER)
    body = github.reviews[0]["comments"][0]["body"]
    assert "@octocat" not in body
    assert "<img" not in body
    assert "[a](" not in body


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"runs": [{}]}',
        '{"runs": [{"results": [{"fixes": [{}], "partialFingerprints": {"riskscan/v1": "a"}}]}]}',
    ],
)
def test_what_is_not_our_sarif_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        proposals(text)


def test_our_own_sarif_is_read(tmp_path: Path) -> None:
    from scanner import pipeline
    from scanner.config import Config
    from scanner.reporters import render
    from scanner.reporters.options import Options

    (tmp_path / "a b.tf").write_text(
        'resource "aws_db_instance" "main" {\n  engine = "postgres"\n  multi_az = false\n}\n'
    )
    found = proposals(render("sarif", pipeline.scan([tmp_path], Config()), Options(prefix="infra/")))
    [fix] = [each for each in found if each.about.startswith("RS101:")]
    assert replace(fix, fingerprint="", about="") == Proposal("infra/a b.tf", 3, 14, 19, "false", "true", "", "")
