"""Which files of a chart Helm leaves out: ``.helmignore``.

Helm reads it for folders only, and charts are handed to it as archives, so its rules are followed here. They are not
those of Git: patterns are Go's ``filepath.Match``, one without a slash is compared with the last name, and one that
begins with ``!`` leaves out whatever it does *not* match: https://github.com/helm/helm/blob/main/internal/ignore/rules.go.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from msgspec import Struct

IGNORE: Final = ".helmignore"
_ALWAYS: Final = "templates/.?*"
_MARK: Final = "\ufeff"


class BadPattern(ValueError):
    """A line that Helm refuses, and the chart with it."""


class Pattern(Struct, frozen=True):
    """One line."""

    regex: re.Pattern[str]
    whole: bool
    negated: bool
    folders: bool

    def leaves_out(self, path: str, *, folder: bool) -> bool:
        """Whether it alone leaves a file or folder out."""
        if self.folders and not folder:
            return self.negated
        matched = self.regex.fullmatch(path if self.whole else path.rpartition("/")[2]) is not None
        return matched != self.negated


@lru_cache(maxsize=256)
def patterns(text: str) -> tuple[Pattern, ...]:
    """The patterns of a ``.helmignore``. Raises :class:`BadPattern`."""
    lines = [line.strip() for line in text.removeprefix(_MARK).splitlines()]
    return tuple(_pattern(line) for line in (*lines, _ALWAYS) if line and not line.startswith("#"))


def kept(names: Iterable[str], ignored: tuple[Pattern, ...]) -> Iterator[str]:
    """The names of files that are not left out, themselves or with a folder that they lie in."""
    folders: dict[str, bool] = {"": True}
    for name in names:
        if _enters(name.rpartition("/")[0], ignored, folders) and not _left_out(name, ignored, folder=False):
            yield name


def _enters(folder: str, ignored: tuple[Pattern, ...], known: dict[str, bool]) -> bool:
    found = known.get(folder)
    if found is None:
        above = _enters(folder.rpartition("/")[0], ignored, known)
        found = known[folder] = above and not _left_out(folder, ignored, folder=True)
    return found


def _left_out(path: str, ignored: tuple[Pattern, ...], *, folder: bool) -> bool:
    by_path, by_name = _parted(ignored)
    if any(each.leaves_out(path, folder=folder) for each in by_path):
        return True
    return _named_out(path.rpartition("/")[2], by_name, folder)


@lru_cache(maxsize=256)
def _parted(ignored: tuple[Pattern, ...]) -> tuple[tuple[Pattern, ...], tuple[Pattern, ...]]:
    """Those that are compared with a whole path, and those with its last name."""
    return tuple(each for each in ignored if each.whole), tuple(each for each in ignored if not each.whole)


@lru_cache(maxsize=4096)
def _named_out(name: str, ignored: tuple[Pattern, ...], folder: bool) -> bool:
    """Kept, since the files of charts have the same few names."""
    return any(each.leaves_out(name, folder=folder) for each in ignored)


def _pattern(line: str) -> Pattern:
    if "**" in line:
        raise BadPattern(f"{line}: double-star (**) syntax is not supported")
    negated, rest = line.startswith("!"), line.removeprefix("!")
    folders, rest = rest.endswith("/"), rest.removesuffix("/")
    try:
        regex = re.compile(_translated(rest.removeprefix("/")), re.DOTALL)
    except (IndexError, re.error):
        raise BadPattern(f"{line}: syntax error in pattern") from None
    return Pattern(regex, "/" in rest, negated, folders)


def _translated(pattern: str) -> str:
    """A regular expression for a pattern of https://pkg.go.dev/path/filepath#Match. Raises :class:`IndexError`."""
    made = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "[":
            written, at = _class(pattern, at + 1)
            made.append(written)
            continue
        if char == "\\":
            at += 1
            char = pattern[at]
            made.append(re.escape(char))
        else:
            made.append({"*": "[^/]*", "?": "[^/]"}.get(char) or re.escape(char))
        at += 1
    return "".join(made)


def _class(pattern: str, at: int) -> tuple[str, int]:
    """A class of characters from behind its bracket, and where the pattern goes on."""
    made = ["["]
    if pattern[at] == "^":
        made.append("^")
        at += 1
    start = at
    while pattern[at] != "]" or at == start:
        first, at = _character(pattern, at)
        made.append(first)
        if pattern[at] == "-":
            last, at = _character(pattern, at + 1)
            made.append(f"-{last}")
    return "".join((*made, "]")), at + 1


def _character(pattern: str, at: int) -> tuple[str, int]:
    if pattern[at] in "-]":
        raise IndexError
    if pattern[at] == "\\":
        at += 1
    return re.escape(pattern[at]), at + 1
