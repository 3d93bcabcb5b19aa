"""Settings by which members of one system find each other.

Whom they name is asked once, at the start, and any other member will do: a peer that gossips starts without its
neighbour (https://hyperledger-fabric.readthedocs.io/en/latest/gossip.html), a node without its boot nodes.
Addresses at which clients find their servers, Kafka's ``bootstrap.servers`` among them, are none of these.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_ALONE: Final = frozenset({"gossip", "bootnode", "bootnodes", "peers", "seeds", "join", "voters"})
_TOGETHER: Final = frozenset(
    {
        *(("initial", "cluster"), ("initial", "master"), ("initial", "members"), ("cluster", "members")),
        *(("static", "nodes"), ("static", "peer"), ("trusted", "nodes"), ("trusted", "peer"), ("boot", "nodes")),
        *(("bootstrap", "node"), ("bootstrap", "nodes"), ("bootstrap", "peer"), ("zoo", "servers")),
        *(("seed", "host"), ("seed", "hosts"), ("seed", "node"), ("seed", "nodes"), ("seed", "providers")),
    }
)
_SETTING: Final = re.compile(
    r"(?<![\w.-])(?:--?([a-z][\w.-]*)|([a-z][\w.-]*)[\"']?\s*(?:=|:(?=[\s\"'\[]|$)))", re.IGNORECASE
)
"""What is set in a line of a file or command: a flag, or a word before ``=`` or ``:``, but no scheme, no host."""


def finds_members(name: str) -> bool:
    """Whether a setting of this name only tells a member of a system who the others are."""
    words = [word.lower() for word in _WORDS.findall(name)]
    return any(word in _ALONE for word in words) or any(pair in _TOGETHER for pair in pairwise(words))


def setting_at(text: str, position: int) -> str:
    """The setting to which a position in a text belongs: the last one named before it in its line; empty for none."""
    start = text.rfind("\n", 0, position) + 1
    found = ""
    for match in _SETTING.finditer(text, start, position):
        found = match[1] or match[2]
    return found
