"""What a YAML or JSON file is, told by what it says: folders and names promise nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from scanner.discovery.templates import template_format
from scanner.model.encodings import encoding_of

MACHINE_WRITTEN: Final = frozenset({".json", ".jsonc", ".tfstate", ".ndjson", ".jsonl"})
"""Endings of JSON files."""
SNIFFED: Final = 256 * 1024
"""Bytes of a file within which it must say what it is."""

_API: Final = re.compile(
    rb"""^(?:[ \t]*(?:-[ \t]+)*|.*[{,][ \t]*)["']?apiVersion["']?[ \t]*:[ \t]*["'\w]""", re.MULTILINE
)
_KIND: Final = re.compile(rb"""^(?:[ \t]*(?:-[ \t]+)*|.*[{,][ \t]*)["']?kind["']?[ \t]*:[ \t]*["'\w]""", re.MULTILINE)
_SERVICES: Final = re.compile(
    rb"^services:[ \t]*(?:#.*)?\r?\n(?:[ \t]*(?:#.*)?\r?\n)*[ \t]+[\"'\w.${}-]+:", re.MULTILINE
)
_CONTAINER: Final = re.compile(rb"^[ \t]+(?:image|build|extends):", re.MULTILINE)
_COMPOSE_NAME: Final = re.compile(r"(?:[\w.-]*[-_.])?compose[\w.-]*\.ya?ml")
_TOP_KEY: Final = re.compile(rb"^[\"']?([A-Za-z_][\w.-]*)[\"']?[ \t]*:", re.MULTILINE)
_COMPOSE_TOP: Final = frozenset(
    {b"version", b"name", b"services", b"volumes", b"networks", b"secrets", b"configs", b"include", b"models"}
)
"""What stands at the top of a Compose file, beside extensions; of a file with another name nothing else may."""
_COMPOSE_KEY: Final = re.compile(rb"^(?:services|include|x-[\w-]+|version|name):", re.MULTILINE)
_KUSTOMIZATION: Final = frozenset({"kustomization.yaml", "kustomization.yml", "Kustomization"})
CHART: Final = "Chart.yaml"
_OF_CHARTS: Final = frozenset({CHART, "values.yaml", "requirements.yaml"})
_TEMPLATES: Final = frozenset({".yaml", ".yml", ".tpl", ".json"})
AWS_SNAPSHOT: Final = "aws-snapshot"
_SNAPSHOT: Final = b'{"kind":"snapshot"'


def named_format(path: Path) -> str | None:
    """The format of files that tools find by their name alone."""
    return "kustomize" if path.name in _KUSTOMIZATION else None


def format_by_content(path: Path, suffix: str = "") -> str | None:
    """The format of a YAML or JSON file, or ``None`` for a file that is none of ours.

    ``suffix`` is the ending that it should have, whatever it is called.
    """
    suffix = suffix or path.suffix.lower()
    try:
        with path.open("rb") as file:
            head = file.read(SNIFFED)
    except OSError:
        return None  # whoever asks for the file by name is told; one of thousands that is not ours is not
    if suffix == ".gz":
        return _format_of_json(_unpacked(head), "aws-config")
    encoding = encoding_of(head)
    if encoding != "utf-8":
        head = head.decode(encoding, "replace").encode()
    if head.startswith(_SNAPSHOT):
        return AWS_SNAPSHOT
    if suffix in MACHINE_WRITTEN:
        if (machine := _format_of_json(head)) is not None:
            return machine
        if suffix != ".json":
            return None
    if (template := template_format(path, head)) is not None or suffix == ".template":
        return template  # .template may be for another tool to fill in: it is CloudFormation's or none of ours
    if suffix == ".json":
        quoted = b'"apiVersion"' in head and b'"kind"' in head
        return "kubernetes" if quoted and _API.search(head) and _KIND.search(head) else None
    if b"apiVersion" in head and b"kind" in head and _API.search(head) and _KIND.search(head):
        return "kubernetes"
    if _COMPOSE_NAME.fullmatch(path.name.lower()) and _COMPOSE_KEY.search(head):
        return "compose"
    return "compose" if _SERVICES.search(head) and _CONTAINER.search(head) and _only_compose(head) else None


def _format_of_json(head: bytes, wanted: str = "") -> str | None:
    """The format of JSON that says what it is, or ``None``; with ``wanted`` only that one."""
    # Their patterns are compiled only for such files.
    from scanner.discovery.azure_templates import azure_format
    from scanner.discovery.machine_written import machine_format

    found = machine_format(head) or azure_format(head)
    return found if not wanted or found == wanted else None


def _unpacked(head: bytes) -> bytes:
    """What the beginning of a gzip file holds: AWS Config delivers its snapshots packed."""
    import zlib

    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, SNIFFED)
    except zlib.error:
        return b""


def _only_compose(head: bytes) -> bool:
    return all(key in _COMPOSE_TOP or key.startswith(b"x-") for key in _TOP_KEY.findall(head))


def is_of_chart(path: Path, charts: frozenset[str]) -> bool:
    """Whether a file is one that a chart is rendered from. ``charts`` are the folders of all charts.

    These are the chart's own description and values, and whatever lies in its templates. Examples, values of
    environments and tests beside them are read for what they say.
    """
    if path.name in _OF_CHARTS and str(path.parent) in charts:
        return True
    if path.suffix.lower() not in _TEMPLATES:
        return False
    return any(folder.name == "templates" and str(folder.parent) in charts for folder in path.parents)
