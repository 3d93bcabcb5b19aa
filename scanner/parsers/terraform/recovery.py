"""Reading what can still be read of a broken HCL file.

The file is cut into its top-level arguments and blocks by looking at brackets, quotes and heredocs alone; each piece is
then read on its own. A piece that cannot be read is one problem and is left out whole, since a block without the one
argument that could not be read would say something else than what is written.
"""

from __future__ import annotations

import re
from typing import Final

from scanner.parsers.terraform import front_end
from scanner.parsers.terraform.build import body
from scanner.parsers.terraform.masking import Masker
from scanner.parsers.terraform.positions import Lines, SyntaxInvalid, too_deep
from scanner.parsers.terraform.tree import Attribute, Block, ParsedFile, SyntaxProblem

MAX_BROKEN_ITEMS: Final = 50
"""After so many unreadable pieces the rest of a file is given up."""

MAX_SEARCHED: Final = 5_000_000
"""So many characters may be looked through in vain for the end of pieces that have none."""

_HEADER: Final = re.compile(
    r"""^[A-Za-z_][\w-]*(?:[ \t]*=(?![=>])|(?:[ \t]+(?:"[^"\n]*"|[A-Za-z_][\w-]*))*[ \t]*\{)""", re.MULTILINE
)
"""The beginning of an argument or block at the left margin."""

_BLANK: Final = re.compile(r"(?:\s|#[^\n]*(?:\n|$)|//[^\n]*(?:\n|$)|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/)*+")


def recover(source: str) -> ParsedFile:
    """Read every top-level argument and block that can be read, with a problem for each that can not."""
    lines = Lines(source)
    items: list[Attribute | Block] = []
    problems: list[SyntaxProblem] = []
    broken = searched = start = 0
    while start < len(source):
        masker = Masker(source, lines)
        end = None
        try:
            end = masker.code(start, one_item=True).end
            read, found = front_end.body(source[start:end].encode(), lines.place(start)[0])
        except (SyntaxInvalid, RecursionError) as error:
            problems.append(_problem(error, lines, start))
            broken += 1
            if end is None:
                searched += len(source) - start
                end = _next_header(source, start, masker.heredocs)
        else:
            items.extend((*read.attributes.values(), *read.blocks))
            problems.extend(found)
        if end < len(source) and (broken == MAX_BROKEN_ITEMS or searched > MAX_SEARCHED):
            message = f"too much before this cannot be read ({broken} parts); the rest is left out"
            problems.append(SyntaxProblem(message, lines.at(end, end + 1)))
            break
        start = end
    return ParsedFile(body(((item, 0) for item in items), problems), tuple(problems))


def _problem(error: SyntaxInvalid | RecursionError, lines: Lines, start: int) -> SyntaxProblem:
    invalid = error if isinstance(error, SyntaxInvalid) else too_deep(lines.at(start, start + 1))
    return SyntaxProblem(invalid.message, invalid.at)


def _next_header(source: str, start: int, heredocs: list[tuple[int, int]]) -> int:
    """Where the next item begins after the first line of the one at ``start``, outside of the heredocs of that."""
    begin = blank.end() if (blank := _BLANK.match(source, start)) else start
    line_end = source.find("\n", begin)
    for match in _HEADER.finditer(source, len(source) if line_end < 0 else line_end + 1):
        if not any(first <= match.start() < last for first, last in heredocs):
            return match.start()
    return len(source)
