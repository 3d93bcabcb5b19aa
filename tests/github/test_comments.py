"""The sticky comment: written once, edited afterwards, and never somebody else's."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.github.api import Api, Refused, Unreachable
from scanner.github.comments import put

MARKER = "<!-- riskscan:scan -->"
BODY = f"{MARKER}\n## riskscan: 1 new finding\n"


def test_the_first_run_writes_it_and_the_next_edits_it(api: Api, github: Any) -> None:
    first = put(api, "o/r", 7, BODY, MARKER)
    assert (first.done, first.id, first.url) == ("created", 1, "https://github.com/o/r/pull/7#issuecomment-1")
    second = put(api, "o/r", 7, f"{MARKER}\nother\n", MARKER)
    assert (second.done, second.id) == ("edited", 1)
    assert [comment["body"] for comment in github.comments] == [f"{MARKER}\nother\n"]


def test_the_same_body_is_not_written_again(api: Api, github: Any) -> None:
    github.add(BODY.replace("\n", "\r\n").rstrip())
    assert put(api, "o/r", 7, BODY, MARKER).done == "unchanged"
    assert not any(method == "PATCH" for method, _ in github.calls)


@pytest.mark.parametrize("before", [99, 100, 150, 250])
def test_it_is_found_on_any_page(api: Api, github: Any, before: int) -> None:
    for _ in range(before):
        github.add("a remark", "octocat")
    own = github.add(BODY)
    assert put(api, "o/r", 7, f"{MARKER}\nnew", MARKER).id == own["id"]
    assert len(github.comments) == before + 1
    asked = [path for method, path in github.calls if method == "GET"]
    assert asked == [f"/repos/o/r/issues/7/comments?per_page=100&page={n + 1}" for n in range(before // 100 + 1)]


@pytest.mark.parametrize("author", ["octocat", "github-actions", "dependabot[bot]", "GITHUB-ACTIONS[bot]"])
def test_a_marker_of_somebody_else_is_not_ours(api: Api, github: Any, author: str) -> None:
    github.add(BODY, author)
    assert put(api, "o/r", 7, f"{MARKER}\nnew", MARKER).done == "created"
    assert github.comments[0]["body"] == BODY
    assert github.comments[1]["user"]["login"] == "github-actions[bot]"


@pytest.mark.parametrize("body", ["<!-- riskscan:prod -->\nx", f"quoted:\n{MARKER}\nx", f"> {MARKER}\nx", "", None])
def test_a_comment_that_does_not_begin_with_the_marker_is_another(api: Api, github: Any, body: str | None) -> None:
    github.add(body)
    assert put(api, "o/r", 7, BODY, MARKER).done == "created"
    assert github.comments[0]["body"] == body


def test_a_person_s_token_edits_that_person_s_comment(api: Api, github: Any) -> None:
    github.login = "octocat"
    github.add(BODY, "octocat")
    assert put(api, "o/r", 7, f"{MARKER}\nnew", MARKER).done == "edited"


def test_nothing_to_tell_is_told_only_where_there_was_something(api: Api, github: Any) -> None:
    assert put(api, "o/r", 7, BODY, MARKER, only_edit=True).done == "none"
    assert github.comments == []
    github.add(BODY)
    assert put(api, "o/r", 7, f"{MARKER}\nall well", MARKER, only_edit=True).done == "edited"
    assert github.comments[0]["body"] == f"{MARKER}\nall well"


@pytest.mark.parametrize("status", [500, 502, 0])
def test_a_comment_that_was_written_unheard_is_not_written_twice(
    api: Api, github: Any, fault: Any, status: int
) -> None:
    github.faults.append(fault("POST", "/repos/o/r/issues/7/comments", status, after=True))
    assert put(api, "o/r", 7, BODY, MARKER).done == "unchanged"
    assert len(github.comments) == 1


@pytest.mark.parametrize("status", [502, 0])
def test_a_comment_that_was_not_written_is_written(api: Api, github: Any, fault: Any, status: int) -> None:
    github.faults.append(fault("POST", "/repos/o/r/issues/7/comments", status))
    assert put(api, "o/r", 7, BODY, MARKER).done == "created"
    assert len(github.comments) == 1


def test_a_comment_that_vanishes_is_written_anew(api: Api, github: Any, fault: Any) -> None:
    github.add(BODY)
    # Between our seeing and our editing it, somebody deletes it.
    github.faults.append(fault("PATCH", "/repos/o/r/issues/comments/1", 404, body=b'{"message": "Not Found"}'))
    assert put(api, "o/r", 7, f"{MARKER}\nnew", MARKER).done == "edited"


def test_a_server_that_stays_down_ends_it(api: Api, github: Any, fault: Any) -> None:
    github.faults.append(fault("POST", "/repos/o/r/issues/7/comments", 503, times=99))
    with pytest.raises(Unreachable):
        put(api, "o/r", 7, BODY, MARKER)
    assert sum(method == "POST" and "issues" in path for method, path in github.calls) == 3


def test_a_token_that_may_only_read_is_refused_at_once(api: Api, github: Any, clock: Any) -> None:
    github.may_write = False
    with pytest.raises(Refused) as refused:
        put(api, "o/r", 7, BODY, MARKER)
    assert (refused.value.status, clock.slept) == (403, [])


def test_no_such_pull_request(api: Api) -> None:
    with pytest.raises(Refused) as refused:
        put(api, "o/r", 8, BODY, MARKER)
    assert refused.value.status == 404
