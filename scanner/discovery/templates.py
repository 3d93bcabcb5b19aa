"""Which of the clouds' own templates a file is, told by what stands at its first level."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

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


def template_format(path: Path, head: bytes) -> str | None:
    """The format of a template by the beginning of its file, or ``None`` for a file that is none."""
    return "cloudformation" if _is_of_cloudformation(path, head) else None


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
