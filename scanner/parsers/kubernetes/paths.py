"""Paths into plain data, as steps (``("spec", "containers", 0)``) and as text (``spec.containers[0]``)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from scanner.model.value import ABSENT, Value

Steps = tuple[str | int, ...]

_INDEX: Final = re.compile(r"\[(\d+)\]")


def written(steps: Steps) -> str:
    """The path as text."""
    text = ""
    for step in steps:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def steps_of(data: Value, path: str) -> Steps | None:
    """The steps of a path that the data has. Keys may hold dots: the longest that fits is meant."""
    steps: list[str | int] = []
    while path:
        index = _INDEX.match(path)
        if index is not None and isinstance(data, list) and int(index[1]) < len(data):
            steps.append(int(index[1]))
            path, data = path[index.end() :], data[int(index[1])]
        elif index is None and isinstance(data, dict):
            path = path.removeprefix(".")
            fitting = [k for k in data if path.startswith(k) and path[len(k) : len(k) + 1] in ("", ".", "[")]
            if not fitting:
                return None
            key = max(fitting, key=len)
            steps.append(key)
            path, data = path[len(key) :], data[key]
        else:
            return None
    return tuple(steps)


def value_at(data: Value, steps: Steps) -> Value:
    """What stands there, or ``ABSENT``."""
    for step in steps:
        if isinstance(step, int):
            if not isinstance(data, list) or step >= len(data):
                return ABSENT
            data = data[step]
        elif isinstance(data, dict) and step in data:
            data = data[step]
        else:
            return ABSENT
    return data


def all_paths(data: Value) -> Iterator[str]:
    """The paths of all fields, outermost first."""
    stack: list[tuple[str, Value]] = [("", data)]
    while stack:
        path, held = stack.pop()
        children: list[tuple[str, Value]] = []
        if isinstance(held, dict):
            children = [(f"{path}.{key}" if path else key, value) for key, value in held.items()]
        elif isinstance(held, list):
            children = [(f"{path}[{index}]", value) for index, value in enumerate(held)]
        yield from (child[0] for child in children)
        stack.extend(reversed(children))


def entries(data: Value, key: str) -> list[tuple[int, Value]]:
    """The numbered items of a list in a mapping; none when it is something else."""
    held = data.get(key) if isinstance(data, dict) else None
    return list(enumerate(held)) if isinstance(held, list) else []
