"""What a YAML or JSON file is, told by what it says: folders and names promise nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

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
_STACK_KEY: Final = re.compile(rb"""^["']?AWSTemplateFormatVersion["']?[ \t]*:""", re.MULTILINE)
_RESOURCES_KEY: Final = re.compile(rb"""^["']?(?:Resources|resources)["']?[ \t]*:""", re.MULTILINE)
_STACK_TYPE: Final = re.compile(rb"""\bType["']?[ \t]*:[ \t]*["']?(?:AWS|Custom|Alexa)::""")
_STACK_KEY_JSON: Final = re.compile(rb'"AWSTemplateFormatVersion"\s*:')
_RESOURCES_KEY_JSON: Final = re.compile(rb'"Resources"\s*:\s*\{')
_STACK_TYPE_JSON: Final = re.compile(rb'"Type"\s*:\s*"(?:AWS|Custom|Alexa)::')
_ASSEMBLY: Final = re.compile(rb'"type"\s*:\s*"aws:cloudformation:stack"')
_MANIFEST: Final = "manifest.json"
_SERVICE_NAME: Final = re.compile(r"serverless(?:[-.][\w-]+)?\.(?:ya?ml|json)")
_SERVICE_KEY: Final = re.compile(rb"""^[ \t]*["']?provider["']?[ \t]*:""", re.MULTILINE)
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
_WIDE: Final = (b"\xff\xfe", b"\xfe\xff")
_MARK: Final = b"\xef\xbb\xbf"
"""The mark that editors of Windows put before UTF-8."""


def named_format(path: Path) -> str | None:
    """The format of files that tools find by their name alone."""
    return "kustomize" if path.name in _KUSTOMIZATION else None


def format_by_content(path: Path) -> str | None:
    """The format of a YAML or JSON file, or ``None`` for a file that is none of ours."""
    try:
        with path.open("rb") as file:
            head = file.read(SNIFFED)
    except OSError:
        return None  # whoever asks for the file by name is told; one of thousands that is not ours is not
    if head.startswith(_WIDE):
        head = head.decode("utf-16", "replace").encode()
    head = head.removeprefix(_MARK)
    if _is_of_cloudformation(path, head):
        return "cloudformation"
    if path.suffix.lower() == ".json":
        quoted = b'"apiVersion"' in head and b'"kind"' in head
        return "kubernetes" if quoted and _API.search(head) and _KIND.search(head) else None
    if b"apiVersion" in head and b"kind" in head and _API.search(head) and _KIND.search(head):
        return "kubernetes"
    if _COMPOSE_NAME.fullmatch(path.name.lower()) and _COMPOSE_KEY.search(head):
        return "compose"
    return "compose" if _SERVICES.search(head) and _CONTAINER.search(head) and _only_compose(head) else None


def _is_of_cloudformation(path: Path, head: bytes) -> bool:
    """Whether it is a template, the manifest of what the CDK wrote, or a service of the Serverless Framework.

    The keys of a template stand at its first level: start-up scripts in it may well hold manifests of Kubernetes.
    """
    if _SERVICE_NAME.fullmatch(path.name.lower()) and _SERVICE_KEY.search(head):
        return True
    if head.lstrip()[:1] == b"{":
        if path.name == _MANIFEST and _ASSEMBLY.search(head):
            return True
        told = b'"AWSTemplateFormatVersion"' in head and _STACK_KEY_JSON.search(head)
        return bool(told or (_RESOURCES_KEY_JSON.search(head) and _STACK_TYPE_JSON.search(head)))
    told = b"AWSTemplateFormatVersion" in head and _STACK_KEY.search(head)
    return bool(told or (b"::" in head and _RESOURCES_KEY.search(head) and _STACK_TYPE.search(head)))


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
