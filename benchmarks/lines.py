"""Whether the line that a finding marks holds what it talks about: read in the file, not asked of the scanner."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from scanner.model.finding import Finding
from scanner.model.report import Report
from scanner.model.resource import Resource

_STEP: Final = re.compile(r"(?:[^.\[]+)|\[[^\]]*\]")
_WORD: Final = re.compile(r"[A-Za-z0-9_-]{3,}")
_ITEM: Final = re.compile(r"^\s*-(?:\s|$)")
_EXPRESSION: Final = "{{"
_TEXTS: Final = ("container_definitions", "metadata", "image", "name", "environment", "command", "https://")
_MARKED: Final[Mapping[str, tuple[str, ...]]] = {
    "RS128": ("node_count",),
    "RS144": ("subnet",),
    "RS145": ("subnet", "services:"),
    "RS160": ("services:",),
    "RS172": ("beacon-node",),
    "RS173": ("execution-endpoint",),
    "RS307": ("policy", "statement", "arn:aws:", ".windows.net", ".azure.net"),
    "RS308": ("env_file",),
    "RS310": _TEXTS,
    "RS313": _TEXTS,
    "RS407": ("backend", "provider", "terraform"),
    "RS408": ("backend", "provider", "terraform"),
    "RS409": ("versioning", "enabled", "status"),
    "RS410": ("backend", "provider", "terraform"),
    "RS373": ("imagepullpolicy",),
    "RS470": ("failurepolicy",),
    "RS502": ("name_server", "content"),
    "RS523": _TEXTS,
    "RS524": _TEXTS,
    "RS525": ("env_file",),
    "RS530": _TEXTS,
    "RS533": _TEXTS,
    "RS534": ("domain",),
    "RS629": _TEXTS,
    "RS638": _TEXTS,
    "RS653": _TEXTS,
    "RS660": ("lock",),
    "RS661": ("lock",),
    "RS706": ("deletionpolicy",),
    "RS717": ("services:",),
}
"""What stands where these rules point besides: messages speak of owners and outcomes, the line of what decides."""


def misplaced(report: Report) -> Iterator[tuple[Finding, str]]:
    """The findings whose line holds nothing that they talk about, each with that line."""
    base = Path(report.base)
    files: dict[str, list[str]] = {}
    resources = {each.id: each for each in report.resources}
    for finding in report.findings:
        name, number = finding.span.file, finding.span.line
        if name not in files:
            files[name] = (base / name).read_text(encoding="utf-8", errors="replace").splitlines()
        lines = files[name]
        if not 1 <= number <= len(lines):
            yield finding, f"(the file has {len(lines)} lines)"
        elif not holds(finding, lines, resources.get(finding.resource)):
            yield finding, lines[number - 1].strip()


def holds(finding: Finding, lines: list[str], resource: Resource | None) -> bool:
    """Whether the marked line says the attribute's key or one above it, what is declared, or a word of the message.

    An item of a list is as good as the key of the list above it; of a chart any expression may make the field. What
    is told of the estate stands where something is declared.
    """
    number = finding.span.line
    line = lines[number - 1]
    near = line + "\n" + above(lines, number)
    if (
        any(key in near or _squeezed(key) in _squeezed(near) for key in keys(finding.attribute))
        or _EXPRESSION in line
        or _said(finding, near)
    ):
        return True
    if any(word in line.lower() for word in _MARKED.get(finding.rule, ())):
        return True
    if resource is None:
        declares = any(word in line for word in ("kind:", "resource", "services:", "image:", "provider"))
        return declares or any("Type: AWS::" in below for below in lines[number : number + 1])
    names = (resource.declaration.name, resource.type.rpartition("/")[2])
    return any(name and name in line for name in names) or any(
        key in near for _, path in resource.deciders.values() for key in keys(path)
    )


def _squeezed(words: str) -> str:
    """Words as templates and the catalog both write them: ``KeyUsage`` and ``key_usage``."""
    return words.replace("_", "").lower()


def keys(path: str) -> list[str]:
    """The keys of a path, last first: what stands nearest is looked for, and marked where the last is not written."""
    return [step for step in reversed(_STEP.findall(path)) if not step.startswith("[")]


def above(lines: list[str], number: int) -> str:
    """The line that an item of a list stands below; nothing for other lines."""
    line = lines[number - 1]
    if not _ITEM.match(line):
        return ""
    indent = len(line) - len(line.lstrip())
    for other in reversed(lines[: number - 1]):
        if other.strip() and not other.lstrip().startswith("#"):
            own = len(other) - len(other.lstrip())
            if own < indent or (own == indent and not _ITEM.match(other)):
                return other
    return ""


def _said(finding: Finding, line: str) -> bool:
    """Whether the line has a word of the message: what it tells of stands elsewhere, as an image or an option."""
    words = set(_WORD.findall(line.lower()))
    told = (finding.message, *(each.message for each in finding.related if each.span == finding.span))
    return any(words & set(_WORD.findall(text.lower())) for text in told)
