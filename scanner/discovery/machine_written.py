"""Plans, states and inventories: JSON that programs write, told by the keys that no other file has."""

from __future__ import annotations

import re
from typing import Final

TERRAFORM_PLAN: Final = "terraform-plan"
TERRAFORM_STATE: Final = "terraform-state"
AWS_CONFIG: Final = "aws-config"
AZ_GRAPH: Final = "az-graph"
GCP_ASSETS: Final = "gcp-assets"

_FORMAT_VERSION: Final = re.compile(rb'"format_version"\s*:\s*"\d')
_STATE_VERSION: Final = re.compile(rb'"version"\s*:\s*\d')
_CONFIG_ITEMS: Final = re.compile(rb'"(?:configurationItems|baseConfigurationItems)"\s*:\s*\[')
_CONFIG_RESULTS: Final = re.compile(rb'"Results"\s*:\s*\[')
_AWS_TYPE: Final = re.compile(rb'\\?"resourceType\\?"\s*:\s*\\?"[A-Z][A-Za-z0-9]+::')
_AZURE_LIST: Final = re.compile(rb'\s*(?:\[|\{.*"(?:data|value)"\s*:\s*\[)', re.DOTALL)
_AZURE_ID: Final = re.compile(rb'"id"\s*:\s*"/subscriptions/', re.IGNORECASE)
_AZURE_TYPE: Final = re.compile(rb'"type"\s*:\s*"[\w-]+(?:\.[\w-]+)+/[\w/-]+"')
_ASSET_TYPE: Final = re.compile(rb'"asset_?[tT]ype"\s*:\s*"[\w.-]+/[\w./-]+"')
_ASSET_NAME: Final = re.compile(rb'"name"\s*:\s*"//')


def machine_format(head: bytes) -> str | None:
    """The format of a file that begins with ``head``, or ``None`` for none of these."""
    if b'"format_version"' in head or b'"lineage"' in head or b'"serial"' in head:
        return _terraform(head)
    if b'"asset' in head and _ASSET_TYPE.search(head) and _ASSET_NAME.search(head):
        return GCP_ASSETS
    return AWS_CONFIG if _is_aws_config(head) else AZ_GRAPH if _is_azure(head) else None


def _terraform(head: bytes) -> str | None:
    """Other output of Terraform has a ``format_version``, too: schemas of providers, results of a validation."""
    if _FORMAT_VERSION.search(head):
        if b'"planned_values"' in head or b'"resource_changes"' in head:
            return TERRAFORM_PLAN
        return TERRAFORM_STATE if b'"values"' in head and b'"root_module"' in head else None
    stored = b'"terraform_version"' in head and b'"serial"' in head and _STATE_VERSION.search(head)
    return TERRAFORM_STATE if stored else None


def _is_aws_config(head: bytes) -> bool:
    """Whether it is a snapshot or history of AWS Config, or what it answered to a query."""
    listed = _CONFIG_ITEMS.search(head) or _CONFIG_RESULTS.search(head)
    return listed is not None and _AWS_TYPE.search(head) is not None


def _is_azure(head: bytes) -> bool:
    """Whether it lists Azure resources. Templates name theirs otherwise, and say by ``$schema`` what they are."""
    if b"/subscriptions/" not in head or b'"$schema"' in head or not _AZURE_LIST.match(head):
        return False
    known = b'"resourceGroup"' in head and (b'"properties"' in head or b'"managedBy"' in head)
    return known and _AZURE_ID.search(head) is not None and _AZURE_TYPE.search(head) is not None
