"""The one comment of a pull request that is edited rather than repeated."""

from __future__ import annotations

from typing import Any, Final, Literal

from msgspec import Struct

from scanner.github.api import Api, Refused, Unreachable

_TRIES: Final = 3

Done = Literal["created", "edited", "unchanged", "none"]


class Outcome(Struct, frozen=True):
    """What became of the comment, and where it is: ``none`` has no place."""

    done: Done
    id: int = 0
    url: str = ""


def put(api: Api, repository: str, number: int, body: str, marker: str, *, only_edit: bool = False) -> Outcome:
    """Edit our comment, or write it where there is none; with ``only_edit`` then nothing is written.

    Ours is one that the token's owner wrote and that begins with ``marker``: anybody can write a marker, and GitHub
    would let us edit the comment of anybody. Raises as :meth:`Api.call` does.
    """
    login = api.login()
    for attempt in range(1, _TRIES + 1):
        try:
            return _once(api, repository, number, body, marker, login, only_edit)
        except Unreachable:
            # It may have been written all the same: look before writing a second one.
            if attempt == _TRIES:
                raise
        except Refused as refusal:
            # It may have been deleted since we saw it.
            if refusal.status not in (404, 410) or attempt == _TRIES:
                raise
    raise AssertionError("the last attempt raises")


def _once(api: Api, repository: str, number: int, body: str, marker: str, login: str, only_edit: bool) -> Outcome:
    own = _own(api, repository, number, marker, login)
    if own is None and only_edit:
        return Outcome("none")
    if own is None:
        made = api.call("POST", f"/repos/{repository}/issues/{number}/comments", {"body": body}, again=False)
        return _outcome("created", made)
    if _lines(str(own.get("body"))) == _lines(body):
        return _outcome("unchanged", own)
    return _outcome(
        "edited", api.call("PATCH", f"/repos/{repository}/issues/comments/{int(own['id'])}", {"body": body})
    )


def _own(api: Api, repository: str, number: int, marker: str, login: str) -> dict[str, Any] | None:
    """The oldest of our comments: a second one, of runs side by side, is left alone."""
    for comment in api.pages(f"/repos/{repository}/issues/{number}/comments"):
        if written_by(comment, login) and _lines(str(comment.get("body")))[:1] == [marker]:
            return dict(comment)
    return None


def written_by(comment: dict[str, Any], login: str) -> bool:
    """Whether a comment's author is the token's owner. The name of an app's user ends with ``[bot]`` in both."""
    author = comment.get("user")
    return isinstance(author, dict) and author.get("login") == login


def _lines(body: str) -> list[str]:
    """Lines as GitHub may give them back: with other line ends, and none at the end."""
    return body.replace("\r\n", "\n").rstrip().split("\n")


def _outcome(done: Done, comment: Any) -> Outcome:
    known = comment if isinstance(comment, dict) else {}
    return Outcome(done, int(known.get("id") or 0), str(known.get("html_url") or ""))
