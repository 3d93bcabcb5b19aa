"""Values of a chart: which file sets a key, and whether they turn a dependency off."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from scanner.model.span import Span
from scanner.model.value import Value
from scanner.parsers.kubernetes.helm_charts import Copied, Dependency
from scanner.parsers.positioned_yaml import Document

_GLOBAL: Final = "global"
_LAST: Final = re.compile(r"(?:\.[^.\[\]]+|\[\d+\]|\.\[\*\])$")


class Setting(Struct, frozen=True):
    """Where a key is set, by its name there; where it is not (``exact``), where the nearest key around it is."""

    key: str
    span: Span
    nearest: str
    document: Document

    @property
    def exact(self) -> bool:
        """Whether the key itself is set."""
        return self.key == self.nearest

    def span_in(self, word: str, nth: int) -> Span:
        """The line of the value in which a word stands, where it takes several, else the key's."""
        return self.document.places.line_of(self.nearest, word, nth) or self.span


class Values(Struct, frozen=True):
    """The values that a release is made with.

    ``given`` are files beside the charts', the last of which wins; ``own`` the values of each chart by its folder in
    reports.
    """

    given: tuple[Document, ...]
    own: Mapping[str, Document]

    def setting(self, root: Copied, names: Sequence[str], key: str) -> Setting | None:
        """Where a key that a template of a chart reads is set; the nearest key above it where it is not.

        ``names`` lead from the root to the chart. Charts above may set it, and win.
        """
        best: Setting | None = None
        for document, inner in self._documents(root, names):
            wanted = [".".join((*inner, key))]
            if key.partition(".")[0] == _GLOBAL:
                wanted.append(key)
            for each in wanted:
                found = _nearest(document, each)
                if found is None:
                    continue
                if found.exact:
                    return found
                beyond = len(found.nearest) > len(".".join(inner))
                best = best or (found if beyond else None)
        return best

    def of(self, root: Copied, names: Sequence[str]) -> Mapping[str, Value]:
        """The values that a chart is rendered with."""
        merged: dict[str, Value] = {}
        for document, inner in reversed(self._documents(root, names)):
            data: Value = document.data
            for name in inner:
                data = data.get(name) if isinstance(data, dict) else None
            if isinstance(data, dict):
                merged = _over(merged, data)
        return merged

    def _documents(self, root: Copied, names: Sequence[str]) -> list[tuple[Document, tuple[str, ...]]]:
        """The files that may set a chart's values, the one that wins first, each with the key under which it does."""
        found: list[tuple[Document, tuple[str, ...]]] = [(each, tuple(names)) for each in reversed(self.given)]
        for depth in range(len(names) + 1):
            chart = root.at(names[:depth])
            document = self.own.get(chart.origin.name) if chart is not None and chart.origin is not None else None
            if document is not None:
                found.append((document, tuple(names[depth:])))
        return found


def enabled(dependency: Dependency, values: Mapping[str, Value]) -> bool:
    """Whether values turn a dependency on: its condition where they have it, else its tags.

    https://helm.sh/docs/topics/charts/#tags-and-condition-fields-in-dependencies
    """
    for condition in dependency.condition.split(","):
        found: Value = dict(values)
        for name in condition.strip().split("."):
            found = found.get(name) if isinstance(found, dict) else None
        if isinstance(found, bool):
            return found
    tags = values.get("tags")
    told = [tags[tag] for tag in dependency.tags if isinstance(tags, dict) and isinstance(tags.get(tag), bool)]
    return any(told) if told else True


def _nearest(document: Document, key: str) -> Setting | None:
    path = key
    while path:
        span = document.places.get(path)
        if span is not None:
            return Setting(key.partition(".[*]")[0], span, path, document)
        shorter = _LAST.sub("", path)
        path = shorter if shorter != path else ""
    return None


def _over(under: Mapping[str, Value], over: Mapping[str, Value]) -> dict[str, Value]:
    """Values laid over others: mappings are merged, all else replaced."""
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = _over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged
