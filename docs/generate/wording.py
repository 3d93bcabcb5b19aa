"""Names as people write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from generate.markup import slug

_NAMES: Final[Mapping[str, str]] = {
    "aws": "AWS",
    "azure": "Azure",
    "google": "Google Cloud",
    "kubernetes": "Kubernetes",
    "compose": "Docker Compose",
    "cloudformation": "CloudFormation",
    "bicep": "Bicep",
    "terraform": "Terraform",
    "alibaba": "Alibaba Cloud",
    "oracle": "Oracle Cloud",
    "ibm": "IBM Cloud",
    "ovh": "OVHcloud",
    "digitalocean": "DigitalOcean",
    "dnsimple": "DNSimple",
    "pagerduty": "PagerDuty",
    "openstack": "OpenStack",
    "auth0": "Auth0",
}


def named(name: str) -> str:
    """A provider or dialect as its own pages write it."""
    return _NAMES.get(name, name.capitalize())


def dialect(name: str) -> str:
    """A dialect of remediation or examples: ``terraform/aws`` is *Terraform, AWS*."""
    return ", ".join(map(named, name.split("/")))


def anchor(text: str) -> str:
    """Where a heading that begins with ``text`` is found on its page."""
    return slug(text)


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number of things."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
