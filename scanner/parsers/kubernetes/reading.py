"""What all readers of Kubernetes files share: the files, the user's options, what is applied as one, what was read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from msgspec import Struct

from scanner.cache.store import Cache
from scanner.model.problem import Problem, ProblemKind
from scanner.model.span import Span
from scanner.parsers.kubernetes.objects import KubernetesObject, secret_texts
from scanner.parsers.positioned_yaml import YamlFile, read_yaml
from scanner.parsers.source_lines import source_lines

_FILLED_IN: Final = "is filled in by a program that is not run here"
_SHORTEST_SECRET: Final = 4
"""Shorter texts (``yes``) would hide too much of a report."""


class InputFile(Struct, frozen=True):
    """One file to read: absolute path, the name in reports, and its format as discovery names it."""

    path: Path
    name: str
    format: str = "kubernetes"


class Options(Struct, frozen=True):
    """What a user can tell: ``helm_values`` are more files of values for every chart, later ones win.

    A release is called ``helm_release``, or else as its chart is.
    ``base`` is the folder that names in reports are relative to; nothing outside of ``scan_root`` is read. ``cache``
    keeps what was rendered.
    """

    base: Path
    scan_root: Path
    helm_values: tuple[Path, ...] = ()
    helm_release: str = ""
    helm_namespace: str = "default"
    cache: Cache | None = None


class Root(Struct, frozen=True):
    """What is applied as one: a chart, an overlay, or the manifests of a folder. ``name`` is its folder or file."""

    name: str
    found: tuple[KubernetesObject, ...]


@dataclass(slots=True)
class Reading:
    """What has been read so far."""

    problems: list[Problem] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    partly: set[str] = field(default_factory=set)
    sources: dict[str, tuple[str, ...]] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)

    def yaml(self, file: InputFile) -> YamlFile:
        """A file's documents; what is wrong with it is noted."""
        try:
            content = file.path.read_bytes()
        except OSError as error:
            fault = Problem(Span(file.name, 1), ProblemKind.UNREADABLE, f"file not read: {error.strerror}")
            result = YamlFile((), (fault,))
        else:
            result = read_yaml(content, file.name)
            self.sources[file.name] = source_lines(content)
        self.problems.extend(result.problems)
        if any(problem.kind.incomplete for problem in result.problems):
            (self.partly if result.documents else self.unread).add(file.name)
        return result

    def note_placeholders(self, file: str, found: Iterable[KubernetesObject]) -> None:
        """Note objects whose name is no text: ``{pod_name}`` is for a program to fill in."""
        for each in found:
            metadata = each.data.get("metadata")
            if isinstance(metadata, dict) and isinstance(metadata.get("name"), (dict, list)):
                self.problems.append(Problem(each.named_at, ProblemKind.INVALID, f"the name {each.name} {_FILLED_IN}"))
                self.partly.add(file)

    def keep_secrets(self, found: Iterable[KubernetesObject]) -> None:
        """Note what Secrets hold."""
        for each in found:
            self.secrets.update(text for text in secret_texts(each.data) if len(text) >= _SHORTEST_SECRET)
