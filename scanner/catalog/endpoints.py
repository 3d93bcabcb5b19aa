"""Third-party endpoints: which host names a text mentions, and who answers for them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from msgspec import Struct

from scanner.model.span import MAX_SEARCHED, whole_word

TABLE: Final = Path(__file__).with_name("endpoints.tsv")
MAX_TEXT: Final = 1_000_000
"""Characters of a text that are searched for hosts; the rest is left out."""
MAX_HOSTS: Final = 1_000
"""Distinct hosts that are taken from one text."""

_MAX_NAME: Final = 253
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_TOP_LEVEL: Final = re.compile(r"[a-z]{2,63}|xn--[a-z0-9-]{1,59}")
_AUTHORITY: Final = re.compile(r"://(?=([^\s/?#\"'<>\\`|;(){}\[\]]{1,1024}))")
_NAMES_NO_HOST: Final = re.compile(r"(?:^|[^a-z0-9+.-])(?:s3[an]?|gs|file|unix)$", re.IGNORECASE)
"""The end of a text before ``://`` whose scheme is followed by a bucket or a path."""
_HOST_AND_PORT: Final = re.compile(r"(?<![\w./-])([A-Za-z0-9._-]{1,254}):([0-9]{1,5})(?![0-9@])")
_PORT: Final = re.compile(r":[0-9]+$")
_LABELS_OF_A_BARE_NAME: Final = 3


class Endpoint(Struct, frozen=True):
    """A known vendor's host names.

    ``match`` is a name or a name with ``*`` as the table explains; ``owner_group`` is shared by companies of one owner
    and empty when the owner is unknown; ``verified`` says that the name was read in documentation or public code.
    """

    match: str
    provider: str
    category: str
    owner_group: str
    verified: bool


class _Table(Struct, frozen=True):
    names: dict[str, Endpoint]
    patterns: tuple[tuple[re.Pattern[str], Endpoint], ...]


def owner_of(host: str) -> Endpoint | None:
    """Who answers for a host name: the longest entry that it equals or lies below, or ``None``."""
    name = host.strip().rstrip(".").lower()
    if not name or len(name) > _MAX_NAME:
        return None
    found = [*_plain(name), *_wildcard(name)]
    return max(found, key=lambda endpoint: len(endpoint.match), default=None)


def _plain(name: str) -> Iterator[Endpoint]:
    """The longest entry without a wildcard."""
    names = _table().names
    while name:
        if name in names:
            yield names[name]
            return
        name = name.partition(".")[2]


def _wildcard(name: str) -> Iterator[Endpoint]:
    return (endpoint for pattern, endpoint in _table().patterns if pattern.search(name))


def hosts_in(text: str) -> list[str]:
    """The host names that a text mentions, in lower case and in order, each once.

    Taken are the hosts of URLs (all of them where several are listed, without user and port), ``host:port`` with a dot
    in the host, and a text that is nothing but one host name of three labels or more. IP addresses are no names.
    """
    found: dict[str, None] = {}
    for _, name in _mentioned(text[:MAX_TEXT]):
        found[name] = None
        if len(found) >= MAX_HOSTS:
            break
    return list(found)


def named_before(text: str, host: str) -> int | None:
    """How often the name of a host stands in a text before it is mentioned there as a host: in a comment, say.

    ``None`` for one that is mentioned too far behind to be looked for.
    """
    start = next((start for start, name in _mentioned(text[:MAX_SEARCHED]) if name == host), None)
    return None if start is None else len(whole_word(host).findall(text, 0, start))


@lru_cache(maxsize=4)
def _mentioned(text: str) -> tuple[tuple[int, str], ...]:
    """The mentions of hosts in order, each with the character at which it begins."""
    positioned = [
        (m.start(), name)
        for m in _AUTHORITY.finditer(text)
        if not _NAMES_NO_HOST.search(text[max(0, m.start() - 5) : m.start()])
        for name in _of_authority(m.group(1))
    ]
    positioned += [
        (m.start(), name)
        for m in _HOST_AND_PORT.finditer(text)
        if "." in m.group(1) and 0 < int(m.group(2)) <= 65_535 and (name := _host(m.group(1), dotted=True))
    ]
    if not positioned and len(text) <= _MAX_NAME + 2:
        name = _host(text.strip(), dotted=True)
        if name.count(".") + 1 >= _LABELS_OF_A_BARE_NAME:
            positioned.append((0, name))
    return tuple(sorted(positioned, key=lambda item: item[0]))


def _of_authority(authority: str) -> Iterator[str]:
    """The hosts of ``user:password@host:port,host:port``."""
    for part in authority.rpartition("@")[2].split(","):
        name = _host(_PORT.sub("", part))
        if name:
            yield name


def _host(text: str, *, dotted: bool = False) -> str:
    """A text as a host name in lower case, or an empty text when it is none."""
    name = text.rstrip(".").lower()
    labels = name.split(".")
    if len(name) > _MAX_NAME or not all(_LABEL.fullmatch(label) for label in labels):
        return ""
    if len(labels) == 1:
        return "" if dotted or name.isdigit() else name
    return name if _TOP_LEVEL.fullmatch(labels[-1]) else ""


@cache
def _table() -> _Table:
    names: dict[str, Endpoint] = {}
    patterns: list[tuple[re.Pattern[str], Endpoint]] = []
    for endpoint in _read(TABLE.read_text(encoding="utf-8")):
        if "*" in endpoint.match:
            patterns.append((_pattern(endpoint.match), endpoint))
        else:
            names[endpoint.match] = endpoint
    return _Table(names, tuple(patterns))


def _read(text: str) -> Iterator[Endpoint]:
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    for match, provider, category, owner_group, status, *_ in rows[1:]:
        yield Endpoint(match, provider, category, owner_group, status == "verified")


def _pattern(match: str) -> re.Pattern[str]:
    """A name with ``*`` as an expression for the end of a host name, from a label's start."""
    return re.compile(r"(?:^|\.)" + ".+".join(re.escape(part) for part in match.split("*")) + "$")
