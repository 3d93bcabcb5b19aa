"""Data sources whose answer the configuration itself decides."""

from __future__ import annotations

from scanner.model.resource import ProviderContext
from scanner.model.value import Value
from scanner.parsers.terraform.source import ResourceKey


def attribute(key: ResourceKey, name: str, provider: ProviderContext) -> Value:
    """The value of a data source's attribute, or ``None`` when only the provider can tell."""
    mode, kind, _ = key
    if mode != "data":
        return None
    configured = provider.attributes
    match kind, name:
        case "aws_region", ("name" | "region" | "id"):
            return configured.get("region")
        case "aws_caller_identity", "account_id":
            accounts = configured.get("allowed_account_ids")
            return accounts[0] if isinstance(accounts, list) and len(accounts) == 1 else None
        case "aws_partition", "partition":
            return _partition(configured.get("region"))
        case "aws_partition", "dns_suffix":
            partition = _partition(configured.get("region"))
            return {"aws": "amazonaws.com", "aws-us-gov": "amazonaws.com", "aws-cn": "amazonaws.com.cn"}.get(
                partition or ""
            )
        case (("google_client_config" | "google_project"), ("project" | "project_id")):
            return configured.get("project")
        case "google_client_config", ("region" | "zone"):
            return configured.get(name)
        case (("azurerm_client_config" | "azurerm_subscription"), "subscription_id"):
            return configured.get("subscription_id")
    return None


def _partition(region: Value) -> str | None:
    if not isinstance(region, str):
        return None
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"
