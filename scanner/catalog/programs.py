"""Blockchain software: what an image or a command runs, and what part it plays there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Final

from msgspec import Struct

from scanner.catalog.load import catalog

WRAPPERS: Final = frozenset(
    {"sh", "bash", "ash", "dash", "env", "exec", "tini", "dumb-init", "gosu", "su-exec", "sudo", "nohup"}
)
"""Programs that only start another one."""
_SHOWN: Final = 400
"""Words of a command line that are looked at for a role."""


class Program(Struct, frozen=True):
    """A kind of blockchain software.

    ``implementation`` is shared by programs with one code base, whose faults strike all of them. ``network`` is empty
    for software of several chains.
    """

    key: str
    name: str
    network: str
    implementation: str
    role: str
    roles: tuple[tuple[str, re.Pattern[str]], ...]
    also: tuple[tuple[str, re.Pattern[str]], ...]

    def roles_of(self, words: Sequence[str]) -> tuple[str, ...]:
        """What it does with a command line: the first role that a word names, else its usual one, and what is added."""
        shown = [*words[:_SHOWN], *(word.rpartition("/")[2] for word in words[:_SHOWN] if "/" in word)]
        named = (role for role, pattern in self.roles if any(map(pattern.fullmatch, shown)))
        first = next(named, self.role)
        added = (role for role, pattern in self.also if any(map(pattern.fullmatch, shown)))
        return tuple(dict.fromkeys((first, *added))) if first == self.role else (first,)

    def may_play(self, role: str) -> bool:
        """Whether some command line gives it the role."""
        return role == self.role or any(role == name for name, _ in (*self.roles, *self.also))


class _Table(Struct, frozen=True):
    images: dict[str, Program]
    patterns: tuple[tuple[int, re.Pattern[str], Program], ...]
    executables: dict[str, Program]


def program(repository: str, words: Sequence[str] = ()) -> Program | None:
    """The program that an image runs, by its name without registry and tag, else by the command's first word."""
    found = _of_image(repository)
    return found if found is not None else _of_command(words)


def implementations(network: str, role: str) -> int:
    """How many independent implementations of a role the table knows for a network."""
    return len({p.implementation for p in _programs() if p.network == network and p.may_play(role)})


@lru_cache(maxsize=4096)
def _of_image(repository: str) -> Program | None:
    parts = repository.lower().split("/")
    table = _table()
    for start in range(len(parts)):
        found = table.images.get("/".join(parts[start:]))
        if found is not None:
            return found
    fitting = [(length, p) for length, pattern, p in table.patterns if pattern.search(repository.lower())]
    return max(fitting, key=lambda item: item[0])[1] if fitting else None


def _of_command(words: Sequence[str]) -> Program | None:
    """By the first word that is no wrapper, no option and no path of a script."""
    for word in words[:12]:
        name = word.rpartition("/")[2]
        found = _table().executables.get(name)
        if found is not None:
            return found
        if name not in WRAPPERS and not word.startswith("-") and not name.endswith(".sh"):
            return None
    return None


@cache
def _programs() -> tuple[Program, ...]:
    return tuple(
        Program(
            key,
            data["name"],
            data.get("network", ""),
            data.get("fork_of", key),
            data["role"],
            tuple((role, _words(words)) for role, words in data.get("roles", {}).items()),
            tuple((role, _words(words)) for role, words in data.get("also", {}).items()),
        )
        for key, data in catalog().programs.items()
    )


@cache
def _table() -> _Table:
    images: dict[str, Program] = {}
    patterns: list[tuple[int, re.Pattern[str], Program]] = []
    executables: dict[str, Program] = {}
    for found in _programs():
        data = catalog().programs[found.key]
        for image in data.get("images", ()):
            if "*" in image:
                patterns.append((len(image), re.compile(rf"(?:^|/){_glob(image)}$"), found))
            else:
                images[image.lower()] = found
        executables.update(dict.fromkeys(data.get("executables", ()), found))
    return _Table(images, tuple(patterns), executables)


def _words(words: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(_glob(word) for word in words), re.DOTALL)


def _glob(text: str) -> str:
    return ".*".join(re.escape(part) for part in text.split("*"))
