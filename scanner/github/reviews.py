"""A review that suggests fixes on the lines of a pull request: each once, and no more than a reader can bear.

GitHub shows suggestions on lines of the diff only, and applies them to the head of the pull request. So a line is taken
from GitHub's own diff and must hold what the fix replaces where the fix says: the scan may have seen a merge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from scanner.github.api import Api, Unreachable
from scanner.github.comments import written_by
from scanner.github.proposals import Proposal
from scanner.reporters.gfm import escaped, fenced
from scanner.reporters.inert import inert

MAX_SUGGESTIONS: Final = 10
"""So many are made at once; the others follow when these are settled."""

_HUNK: Final = re.compile(r"@@ -\d+(?:,\d+)? \+(\d+)(?:,\d+)? @@")
_MARKED: Final = re.compile(r"<!-- (riskscan:\S+) suggests ([0-9a-f]+) -->")

Json = dict[str, Any]


def suggest(api: Api, repository: str, number: int, found: Sequence[Proposal], marker: str) -> int:
    """Post one review with suggestions that are not there yet, and return how many. Raises as :meth:`Api.call` does.

    ``marker`` is that of the pull request's comment: suggestions of another category are not ours.
    """
    if not found:
        return 0
    name = marker.removeprefix("<!-- ").removesuffix(" -->")
    pull = f"/repos/{repository}/pulls/{number}"
    head = _head(api.call("GET", pull))
    diff = {str(file.get("filename")): right_lines(str(file.get("patch") or "")) for file in api.pages(f"{pull}/files")}
    known, taken = _made(api, pull, name)
    comments: list[Json] = []
    for proposal in found:
        place = proposal.path, proposal.line
        line = _changed(proposal, diff.get(proposal.path, {}))
        if line is None or place in taken or proposal.fingerprint in known or len(comments) == MAX_SUGGESTIONS:
            continue
        taken.add(place)
        known.add(proposal.fingerprint)
        comments.append(_comment(proposal, line, name))
    if comments:
        words = "riskscan suggests a change of one line." if len(comments) == 1 else "riskscan suggests changes."
        data = {"commit_id": head, "event": "COMMENT", "body": words, "comments": comments}
        api.call("POST", f"{pull}/reviews", data, again=False)
    return len(comments)


def _head(pull: Any) -> str:
    """The commit that the suggestions are for: on a later one GitHub marks them as outdated."""
    try:
        return str(pull["head"]["sha"])
    except (KeyError, TypeError):
        raise Unreachable("GitHub does not say what the pull request's head is") from None


def right_lines(patch: str) -> dict[int, str]:
    """The lines of head that a patch shows, by number: added ones and those around them."""
    shown: dict[int, str] = {}
    number = 0
    for line in patch.split("\n"):
        hunk = _HUNK.match(line)
        if hunk:
            number = int(hunk[1])
        elif line[:1] in ("+", " ") and number:
            shown[number] = line[1:].rstrip("\r")
            number += 1
    return shown


def _changed(proposal: Proposal, lines: Mapping[int, str]) -> str | None:
    """The line with the fix; ``None`` where the diff does not show it or it is another one by now."""
    line = lines.get(proposal.line)
    start, end = proposal.column - 1, proposal.end_column - 1
    if line is None or start < 0 or line[start:end] != proposal.old:
        return None
    changed = f"{line[:start]}{proposal.new}{line[end:]}"
    plain = changed.replace("\t", " ")
    return changed if inert(plain) == plain else None


def _made(api: Api, pull: str, name: str) -> tuple[set[str], set[tuple[str, int]]]:
    """What we suggested before, by fingerprint and by place, settled or not."""
    login = api.login()
    known: set[str] = set()
    taken: set[tuple[str, int]] = set()
    for comment in api.pages(f"{pull}/comments"):
        marked = _MARKED.match(str(comment.get("body")))
        if marked is not None and marked[1] == name and written_by(comment, login):
            known.add(marked[2])
            taken.update(_places(comment))
    return known, taken


def _places(comment: Json) -> Iterator[tuple[str, int]]:
    """``line`` is null once the diff has left the comment behind."""
    line = comment.get("line")
    if isinstance(line, int):
        yield str(comment.get("path")), line


def _comment(proposal: Proposal, line: str, name: str) -> Json:
    marked = f"<!-- {name} suggests {proposal.fingerprint} -->"
    body = f"{marked}\n{escaped(proposal.about)}\n\n{fenced('suggestion', [line])}"
    return {"path": proposal.path, "line": proposal.line, "side": "RIGHT", "body": body}
