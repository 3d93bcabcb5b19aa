"""What other tools were told to skip counts for our rules that ask the same: checkov, trivy and tfsec.

A comment reaches as far as it does for the tool that it was written for. One that ends on a day, names a condition or
means every check is honoured only as far as that can be decided here.

https://www.checkov.io/2.Basics/Suppressing%20and%20Skipping%20Policies.html
https://trivy.dev/docs/latest/configuration/filtering/#by-inline-comments
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from scanner.model.finding import Acceptance
from scanner.model.objects import PLATFORM as KUBERNETES
from scanner.model.objects import annotations_of
from scanner.model.resource import Declaration
from scanner.model.span import Span
from scanner.rules.commented import IGNORE, SKIP, may_waive
from scanner.rules.equivalents import equivalents
from scanner.rules.waivers import RiskWaiver

_SKIP: Final = re.compile(
    r"(?:#|//|/\*).*?(?:checkov|bridgecrew|cortex):skip= *"
    r"(?P<ids>[A-Za-z_\d-]+(?:,[A-Za-z_\d-]+)*)(?::(?P<reason>.*))?"
)
_IGNORE: Final = re.compile(r"(?P<tool>trivy|tfsec):(?P<said>ignore:\S+)")
_MARK: Final = re.compile(r"#|//|/\*")
_SKIPPED_BY: Final = re.compile(r"(?:checkov|bridgecrew|cortex)\.io/skip")
_BRACES: Final = (".tf", ".tofu", ".bicep")
_STRICTLY_INSIDE: Final = (".tf", ".tofu")
_INDENTED: Final = (".yaml", ".yml", ".template")
_UNSAID: Final = "no reason given"


def peer_waivers(
    sources: Mapping[str, Sequence[str]],
    declarations: Sequence[Declaration],
    honour: frozenset[Acceptance],
    today: date | None,
) -> Iterator[RiskWaiver]:
    """The waivers for tools in ``honour`` that stand for rules of ours and have not ended."""
    if Acceptance.CHECKOV in honour:
        yield from _skips(sources, declarations)
        yield from _noted(declarations)
    tools = honour - {Acceptance.CHECKOV}
    for file, lines in sources.items() if tools else ():
        if may_waive(lines, IGNORE):
            yield from _ignores(file, lines, tools, today)


def _meant(tool: Acceptance, name: str, reason: str, span: Span, **reach: Any) -> Iterator[RiskWaiver]:
    """A waiver of each rule that a check stands for. ``reach`` says which findings it covers."""
    row = equivalents(tool).get(name if tool is Acceptance.CHECKOV else name.lower())
    said = f"{name}: {reason.strip() or _UNSAID}"
    for rule in row.rules if row else ():
        yield RiskWaiver(rule, said, span, by=tool, types=row.types if row else (), optional=True, **reach)


# -- trivy and tfsec -------------------------------------------------------------------------------


def _ignores(file: str, lines: Sequence[str], tools: frozenset[Acceptance], today: date | None) -> Iterator[RiskWaiver]:
    """One covers its line, and alone on a line the next, comments of the same kind in between left out."""
    for number, text in enumerate(lines, 1):
        mark = _MARK.search(text)
        found = list(_IGNORE.finditer(text, mark.start())) if mark else []
        if mark is None or not found:
            continue
        covered = number if text[: mark.start()].strip() else _next(lines, number)
        span = Span(file, number, mark.start() + 1, number, len(text) + 1)
        reason = text[found[-1].end() :].strip(" \t\r-:—*/#")
        for each in found:
            name = _still_ignored(each["said"], today)
            if name and Acceptance(each["tool"]) in tools:
                yield from _meant(Acceptance(each["tool"]), name, reason, span, lines=frozenset({covered}))


def _next(lines: Sequence[str], number: int) -> int:
    return next(
        (n for n in range(number + 1, len(lines) + 1) if not _only_ignores(lines[n - 1])),
        number,
    )


def _only_ignores(text: str) -> bool:
    return bool(_MARK.match(text.strip())) and bool(_IGNORE.search(text))


def _still_ignored(said: str, today: date | None) -> str:
    """The check of ``ignore:ID:exp:2027-01-01``; empty where its day has come, or something else limits it."""
    parts = said.split(":")
    pairs = dict(zip(parts[::2], parts[1::2], strict=False))
    name = pairs.pop("ignore", "")
    until = pairs.pop("exp", None)
    if pairs or "[" in name or (until is not None and not _before(until, today)):
        return ""
    return name


def _before(text: str, today: date | None) -> bool:
    """Whether a day is still to come. One that is no date never is, as for trivy."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return False
    return day.isoformat() == text and (today is None or today < day)


# -- checkov ---------------------------------------------------------------------------------------


def _skips(sources: Mapping[str, Sequence[str]], declarations: Sequence[Declaration]) -> Iterator[RiskWaiver]:
    """A comment covers the block that it stands in: a resource, or all that a module call makes."""
    files = {
        file: lines
        for file, lines in sources.items()
        if file.lower().endswith((*_BRACES, *_INDENTED)) and may_waive(lines, SKIP)
    }
    starts = _starts(declarations, files.keys()) if files else {}
    for file, lines in files.items():
        for number, text in enumerate(lines, 1):
            found = _SKIP.search(text) if SKIP in text else None
            start = _block_around(file, lines, starts.get(file, ()), number) if found else None
            if found is None or start is None:
                continue
            span = Span(file, number, found.start() + 1, number, len(text) + 1)
            for name in found["ids"].split(","):
                reason = (found["reason"] or "").removesuffix("*/")
                yield from _meant(Acceptance.CHECKOV, name, reason, span, lines=frozenset({start}))


def _starts(declarations: Iterable[Declaration], files: Iterable[str]) -> dict[str, list[int]]:
    """The lines on which blocks begin, module calls included. checkov reads no comments of Kubernetes objects."""
    wanted = frozenset(files)
    found: dict[str, set[int]] = {}
    for declaration in declarations:
        if declaration.platform != KUBERNETES:
            for place in declaration.span.chain():
                if place.file in wanted:
                    found.setdefault(place.file, set()).add(place.line)
    return {file: sorted(lines) for file, lines in found.items()}


def _block_around(file: str, lines: Sequence[str], starts: Sequence[int], number: int) -> int | None:
    """The first line of the block that a line is in."""
    position = bisect_right(starts, number)
    if position == 0:
        return None
    start = starts[position - 1]
    if file.lower().endswith(_BRACES):
        end = _closed(lines, start)
        inside = start < number < end if file.lower().endswith(_STRICTLY_INSIDE) else number <= end
    else:
        inside = number <= _dedented(lines, start)
    return start if inside else None


def _closed(lines: Sequence[str], start: int) -> int:
    """The line of the brace that closes a block, counted as checkov counts them."""
    depth = 0
    for number in range(start, len(lines) + 1):
        text = lines[number - 1]
        depth += text.count("{") - text.count("}")
        if depth <= 0 and "}" in text:
            return number
    return start


def _dedented(lines: Sequence[str], start: int) -> int:
    """The last line of what is indented below a key."""
    margin = _margin(lines[start - 1]) if start <= len(lines) else 0
    last = start
    for number in range(start + 1, len(lines) + 1):
        text = lines[number - 1]
        if not text.strip() or text.lstrip().startswith("#"):
            continue
        if _margin(text) <= margin:
            break
        last = number
    return last


def _margin(text: str) -> int:
    return len(text) - len(text.lstrip(" "))


def _noted(declarations: Iterable[Declaration]) -> Iterator[RiskWaiver]:
    """What resources say of themselves: annotations of objects, the metadata of templates."""
    for declaration in declarations:
        if declaration.platform == KUBERNETES:
            for key, value in annotations_of(declaration.attributes).items():
                if _SKIPPED_BY.search(key) and isinstance(value, str):
                    name, _, reason = value.partition("=")
                    yield from _of(declaration, f"metadata.annotations.{key}", name, reason)
        for tool in ("checkov", "bridgecrew"):
            held = declaration.metadata.get(tool)
            skipped = held.get("skip") if isinstance(held, dict) else None
            for item in skipped if isinstance(skipped, list) else ():
                if isinstance(item, dict) and isinstance(item.get("id"), str):
                    yield from _of(declaration, f"metadata.{tool}", item["id"], str(item.get("comment") or ""))


def _of(declaration: Declaration, path: str, name: str, reason: str) -> Iterator[RiskWaiver]:
    span = declaration.span_of(path)
    yield from _meant(Acceptance.CHECKOV, name.strip(), reason, span, resource=declaration.id)
