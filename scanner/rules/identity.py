"""By what a finding is known from one scan to the next: the fingerprint ``riskscan/v1``, which baselines hold too.

It is made of the rule, of what is applied as one (a Terraform root, a template, a chart) and of the resource's name in
it. Nothing of it moves with lines, with the order of blocks and files, or with the folder that is scanned.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from scanner.model.finding import Finding
from scanner.model.objects import PLATFORM as KUBERNETES
from scanner.model.resource import Declaration
from scanner.model.rule import ESTATE

_FROM_SCAN_ROOT: Final = ("terraform", "cloudformation")
_FROM_BASE: Final = ("arm", "bicep", "compose")
_PROJECT: Final = "compose/project"
_WRITTEN_AGAIN: Final = re.compile(r"@\d+$")


class Frame(Struct, frozen=True):
    """How the paths of a scan lead to those from its anchor, the repository's root where there is one.

    ``anchor``, ``base`` and ``scan_root`` are absolute. ``rendered`` are the folders of charts and overlays, from the
    anchor.
    """

    anchor: str = "/"
    base: str = "/"
    scan_root: str = "/"
    rendered: frozenset[str] = frozenset()

    def file(self, name: str) -> str:
        """A reported file by its path from the anchor."""
        return self._from_anchor(self.base, name)

    def _from_anchor(self, folder: str, name: str) -> str:
        path = posixpath.normpath(f"{folder}/{name}")
        top = self.anchor.rstrip("/")
        return path[len(top) + 1 :] if path.startswith(f"{top}/") else posixpath.relpath(path, self.anchor)

    def home(self, declaration: Declaration) -> str:
        """What a declaration is applied with, by its path from the anchor; of accounts their name.

        A manifest stands for itself: which others it is applied with changes whenever one is added to its folder.
        """
        dialect, root = declaration.dialect, declaration.root
        if dialect == KUBERNETES:
            place = self._from_anchor(self.scan_root, root)
            return place if place in self.rendered else self.file(declaration.span.file)
        if root == declaration.span.file:  # a plan or state without its configuration
            return self.file(root)
        if dialect in _FROM_SCAN_ROOT:
            return self._from_anchor(self.scan_root, root)
        return self.file(root) if dialect in _FROM_BASE else root


class Identity(Struct, frozen=True):
    """A resource from one scan to the next: what it is applied with, and its name there."""

    home: str
    name: str

    def __str__(self) -> str:
        return f"{self.home}#{self.name}" if self.home not in ("", ".") else self.name


def identity(declaration: Declaration, frame: Frame) -> Identity:
    """By what a resource is known."""
    name = declaration.id.removeprefix(f"{declaration.root}#")
    if declaration.platform == KUBERNETES:
        name = _WRITTEN_AGAIN.sub("", name)
    return Identity(frame.home(declaration), "project" if declaration.type == _PROJECT else name)


def fingerprint(rule: str, known: Identity) -> str:
    """``riskscan/v1`` of a rule's answer for a resource."""
    return sha256(f"{rule}\0{known.home}\0{known.name}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def identities(declarations: Iterable[Declaration], frame: Frame) -> Mapping[str, Identity]:
    """By what each resource is known, by its id. The estate is one, wherever its reading began."""
    return {ESTATE: Identity("", ESTATE), **{each.id: identity(each, frame) for each in declarations}}


def identified(findings: Sequence[Finding], known: Mapping[str, Identity]) -> tuple[Finding, ...]:
    """The findings with their fingerprints."""
    return tuple(replace(f, fingerprint=fingerprint(f.rule, known[f.resource])) for f in findings)
