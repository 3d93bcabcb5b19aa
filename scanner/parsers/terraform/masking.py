"""A text of the same length that is easier to parse: quotes, heredocs and comments found and painted over.

What a bracket, a quote or a line break means in HCL depends on what surrounds it. This pass decides that, as
HashiCorp's scanner does (https://github.com/hashicorp/hcl/blob/main/hclsyntax/scan_tokens.rl), for the
pure-Python front end, whose grammar does not know it all, and for cutting broken files into readable pieces.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from scanner.parsers.terraform.positions import MAX_NESTING, Lines, SyntaxInvalid, too_deep
from scanner.parsers.terraform.strings import Style

_TOKEN: Final = re.compile(
    r"""(?P<line_comment>\#[^\n]*|//[^\n]*)
      | (?P<comment>/\*)
      | <<(?P<flush>-?)(?P<heredoc>[^\W\d][\w-]*)\r?\n
      | (?P<quote>")
      | (?P<open>[\[({])
      | (?P<close>~?\}|[\])])
      | (?P<newline>\n)
      | (?P<code>[^\s\#/<"\[\](){}~]+|[/<~])""",
    re.VERBOSE,
)
_FOR_OBJECT: Final = re.compile(
    r"(?:\s|#[^\n]*\n|//[^\n]*\n|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/)*+for\s+[^\W\d]",
)
# A run of dollar signs is looked at once, from its beginning: else a long one takes its length squared.
_ESCAPED: Final = r"(?<!\$)\$\$++\{|(?<!%)%%++\{"
_QUOTED: Final = re.compile(rf'\\.|{_ESCAPED}|(?P<sequence>[$%]\{{)|(?P<end>["\n])', re.DOTALL)
_BARE: Final = re.compile(rf"{_ESCAPED}|(?P<sequence>[$%]\{{)|(?P<end>\n)")
# What python-hcl2 has no letters for: names are looked up in the original again.
_FOREIGN: Final = re.compile(r"\r|[^\x00-\x7f]|(?<=[\w-])::(?=[^\W\d])")
_CLOSERS: Final = {"[": "]", "(": ")", "{": "}", "for": "}"}


@dataclass(slots=True)
class Code:
    """Code from ``start`` to ``end``. ``masked`` is as long; ``quotes`` are the texts in it by their beginning."""

    masked: str
    start: int
    end: int
    quotes: dict[int, Quote]


@dataclass(slots=True)
class Embedded:
    """One ``${ }`` or, as a ``directive``, ``%{ }``."""

    start: int
    end: int
    directive: bool
    strips_before: bool
    strips_after: bool
    code: Code


@dataclass(slots=True)
class Quote:
    """A quoted text or heredoc from ``start`` to ``end``; its content lies between ``inner`` and ``inner_end``."""

    style: Style
    start: int
    end: int
    inner: int
    inner_end: int
    embedded: list[Embedded]


class Masker:
    """Looks through one text. ``heredocs`` are the content ranges of those found so far.

    All methods raise :class:`SyntaxInvalid` where a bracket, quote, heredoc or comment is not closed.
    """

    def __init__(self, source: str, lines: Lines) -> None:
        self.heredocs: list[tuple[int, int]] = []
        self._source = source
        self._lines = lines
        self._depth = 0

    def code(self, start: int, *, opened: str = "", one_item: bool = False, bare: bool = False) -> Code:
        """Mask code up to the end; or to the bracket that closes ``opened``; or to the end of its first item.

        Line breaks that mean nothing become spaces: inside of ``( )``, ``[ ]``, ``${ }`` and ``{for }``, and in a
        ``bare`` expression.
        """
        brackets: list[tuple[str, int]] = []
        pieces: list[str] = []
        quotes: dict[int, Quote] = {}
        place, blank = start, True
        while (token := _TOKEN.search(self._source, place)) is not None:
            kind = token.lastgroup
            if kind == "close" and not brackets and opened and token[0] != "]" and token[0] != ")":
                pieces.append(_native(self._source[place : token.start()]))
                return Code("".join(pieces), start, token.start(), quotes)
            if kind == "newline" and one_item and not brackets and not blank:
                return Code("".join(pieces), start, token.end(), quotes)
            blank = blank and kind in ("newline", "comment", "line_comment")
            pieces.append(_native(self._source[place : token.start()]))
            place = token.end()
            if kind == "quote" or kind == "heredoc":
                quote = self._quote(token.start()) if kind == "quote" else self._heredoc(token)
                quotes[quote.start] = quote
                place = quote.end
                pieces.append(f'"{"_" * (place - quote.start - 2)}"')
            elif kind == "comment":
                place = self._comment_end(token.start())
                pieces.append(" " * (place - token.start()))
            elif kind == "newline":
                meant = brackets[-1][0] == "{" if brackets else not (opened or bare)
                pieces.append("\n" if meant else " ")
            else:
                self._track(token, brackets)
                pieces.append(" " * len(token[0]) if kind == "line_comment" else _native(token[0]))
        if brackets or opened:
            bracket, where = brackets[-1] if brackets else (opened, start - len(opened))
            message = f"this {bracket.replace('for', '{')} is not closed: expected {_CLOSERS.get(bracket, '}')}"
            raise self._invalid(message, where, len(opened) or 1)
        pieces.append(_native(self._source[place:]))
        return Code("".join(pieces), start, len(self._source), quotes)

    def template(self) -> Quote:
        """Look through the whole text as a template without quotes."""
        embedded: list[Embedded] = []
        place = 0
        while (token := _BARE.search(self._source, place)) is not None:
            place = token.end()
            if token["sequence"]:
                embedded.append(self._embedded(token.start()))
                place = embedded[-1].end
        return Quote(Style.HEREDOC, 0, len(self._source), 0, len(self._source), embedded)

    def _track(self, token: re.Match[str], brackets: list[tuple[str, int]]) -> None:
        if token["open"]:
            is_for = token[0] == "{" and _FOR_OBJECT.match(self._source, token.end()) is not None
            brackets.append(("for" if is_for else token[0], token.start()))
        elif token["close"]:
            if not brackets:
                raise self._invalid(f"this {token[0]} closes nothing", token.start(), len(token[0]))
            if _CLOSERS[brackets[-1][0]] != token[0]:
                message = f"expected {_CLOSERS[brackets[-1][0]]}, found {token[0]}"
                raise self._invalid(message, token.start(), len(token[0]))
            brackets.pop()

    def _comment_end(self, start: int) -> int:
        if (end := self._source.find("*/", start + 2)) < 0:
            raise self._invalid("this comment is not closed: expected */", start, 2)
        return end + 2

    def _quote(self, start: int) -> Quote:
        embedded: list[Embedded] = []
        place = start + 1
        while (token := _QUOTED.search(self._source, place)) is not None:
            place = token.end()
            if token["sequence"]:
                embedded.append(self._embedded(token.start()))
                place = embedded[-1].end
            elif token["end"] == '"':
                return Quote(Style.QUOTED, start, place, start + 1, place - 1, embedded)
            elif token["end"]:
                break
        raise self._invalid('this text is not closed in its line: expected "', start, 1)

    def _heredoc(self, opening: re.Match[str]) -> Quote:
        marker = opening["heredoc"]
        closing = re.compile(rf"[^\S\n]*({re.escape(marker)})[^\S\n]*\n")
        style = Style.FLUSH if opening["flush"] else Style.HEREDOC
        embedded: list[Embedded] = []
        place, at_line_start = opening.end(), True
        while True:
            if at_line_start and (end := closing.match(self._source, place)) is not None:
                self.heredocs.append((opening.end(), place))
                return Quote(style, opening.start(), end.end(1), opening.end(), place, embedded)
            if (token := _BARE.search(self._source, place)) is None:
                message = f"this heredoc is not closed: expected a line with {marker}"
                raise self._invalid(message, opening.start(), len(opening[0].rstrip()))
            place, at_line_start = token.end(), token["end"] is not None
            if token["sequence"]:
                embedded.append(self._embedded(token.start()))
                place = embedded[-1].end

    def _embedded(self, start: int) -> Embedded:
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise too_deep(self._lines.at(start, start + 2))
        strips = self._source.startswith("~", start + 2)
        code = self.code(
            start + 3 if strips else start + 2, opened=self._source[start : start + 3 if strips else start + 2]
        )
        self._depth -= 1
        strips_after = self._source.startswith("~", code.end)
        end = code.end + 2 if strips_after else code.end + 1
        return Embedded(start, end, self._source[start] == "%", strips, strips_after, code)

    def _invalid(self, message: str, start: int, length: int) -> SyntaxInvalid:
        return SyntaxInvalid(message, self._lines.at(start, start + length))


def _native(code: str) -> str:
    """Code in letters that python-hcl2 knows."""
    if code.isascii() and "\r" not in code and "::" not in code:
        return code
    return _FOREIGN.sub(_substitute, code)


def _substitute(match: re.Match[str]) -> str:
    if match[0] == "\r":
        return " "
    return "__" if match[0] == "::" else "x" if match[0].isalpha() else match[0]
