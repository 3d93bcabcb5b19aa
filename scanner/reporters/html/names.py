"""What the page calls things: failure domains, resources, kinds and frameworks, as people say them."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from scanner.model.domain import SHAPES, UNKNOWN, Domain, DomainError, parse
from scanner.model.outage import Step
from scanner.model.resource import Resource

PROVIDERS: Final = {
    "alibaba": "Alibaba Cloud",
    "aws": "AWS",
    "azure": "Azure",
    "cloudflare": "Cloudflare",
    "digitalocean": "DigitalOcean",
    "equinix": "Equinix",
    "google": "Google Cloud",
    "hetzner": "Hetzner",
    "ibm": "IBM Cloud",
    "kubernetes": "Kubernetes, whose cloud no file names",
    "linode": "Linode",
    "oracle": "Oracle Cloud",
    "ovh": "OVH",
    "scaleway": "Scaleway",
    "vultr": "Vultr",
}
LEVELS: Final = {
    "ca": "certificate authority",
    "control": "control plane",
    "edge": "edge",
    "node-group": "node group",
    "owner": "endpoint owner",
    "service": "provider service",
}
"""Levels that people call otherwise than ids do."""
PLURALS: Final = {
    "ca": "certificate authorities",
    "edge": "edge networks",
}
FRAMEWORKS: Final = {
    "apra-cps230": "APRA CPS 230",
    "aws-waf": "AWS Well-Architected",
    "azure-waf": "Azure Well-Architected",
    "ccss": "CCSS",
    "csa-ccm": "CSA CCM",
    "dora": "DORA",
    "dora-rts-risk": "DORA RTS on ICT risk",
    "dora-rts-services": "DORA RTS on ICT services",
    "eu-cloud-sovereignty": "EU Cloud Sovereignty Framework",
    "ffiec": "FFIEC",
    "google-waf": "Google Well-Architected",
    "hkma": "HKMA",
    "iso27001": "ISO/IEC 27001",
    "mas-trm": "MAS TRM",
    "mica": "MiCA",
    "nis2": "NIS2",
    "nist-800-53": "NIST SP 800-53",
    "nist-csf": "NIST CSF",
    "nydfs": "NYDFS",
    "pci-dss": "PCI DSS",
    "soc2": "SOC 2",
    "uk-pra": "UK PRA",
}
DIALECTS: Final = {
    "bicep": "Bicep",
    "cloudformation": "CloudFormation",
    "compose": "Docker Compose",
    "helm": "Helm",
    "kubernetes": "Kubernetes",
    "terraform": "Terraform",
}

_THOUSANDS: Final = re.compile(r"(?<=\d)(?=(?:\d{3})+(?!\d))")
_PLAIN: Final = frozenset({"this", "main", "default", "self"})
"""Names that say nothing beside the module's."""
_STEP: Final = re.compile(r"""((?:"(?:\\.|[^"\\])*"|\[[^\]]*\]|[^.\["])+)(?:\.|$)""")


class Name(Struct, frozen=True):
    """A failure domain as it is read: ``level`` in words, ``text`` within its parent, ``of`` its provider.

    Of one that is not named, ``text`` is what would tell its name.
    """

    id: str
    level: str
    text: str
    of: str
    unnamed: bool = False

    @property
    def sentence(self) -> str:
        """The domain in the middle of a sentence: ``zone ap-northeast-1a (AWS)``."""
        if self.unnamed:
            return f"{'an' if self.level[0] in 'aeo' else 'a'} {self.level} of {self.of} that is not named"
        if self.level == "provider":
            return self.text
        return f"{self.level} {self.text}{f' ({self.of})' if self.of else ''}"


def provider(name: str) -> str:
    """A provider as people write it."""
    return PROVIDERS.get(name, name)


def level(word: str, number: int = 1) -> str:
    """A level in words."""
    one = LEVELS.get(word, word)
    return one if number == 1 else PLURALS.get(word, f"{one}s")


def domain(text: str) -> Name:
    """The name of a failure domain; of what is none (``administrator:alice``) its two parts."""
    word, _, rest = text.partition(":")
    found = read(text)
    if found is None:
        return Name(text, level(word) if rest else "", rest or text, "")
    of = provider(found.provider) if found.provider else ""
    match found.level:
        case "provider":
            return Name(text, "provider", of, "")
        case "service" | "control":
            place = f" in {found.place}" if found.place else ""
            return Name(text, level(word), f"{found.name}{place}", of)
        case "node-group":
            return Name(text, level(word), f"{found.place}/{found.name}", "")
        case "zone" | "region" | "account":
            place = found.place or found.name
            if place.startswith(UNKNOWN):
                return Name(text, level(word), place.removeprefix(UNKNOWN), of, unnamed=True)
            return Name(text, level(word), place, of)
    return Name(text, level(word), found.name, "")


def told(step: Step) -> str:
    """A hop of a reason, with failure domains as people call them."""
    found = domain(step.name) if step.name.partition(":")[0] in SHAPES else None
    return step.text if found is None or found.unnamed else step.text.replace(step.name, found.sentence)


def untold(name: Name) -> str:
    """Why a domain has no name, as its id tells."""
    if name.text == name.level:
        return "no file names it"
    whose = name.text.removesuffix(f".{name.level}")
    if whose == name.text or f".{whose}".endswith(".var"):
        return f"{name.text} would tell it"
    return f"the {name.level} of {whose} is not in the files"


def read(text: str) -> Domain | None:
    """A failure domain, where its name is none that an id can have by its shape alone; ``None`` for other texts."""
    try:
        return parse(text, patterns=True)
    except DomainError:
        word, _, rest = text.partition(":")
    provider, slash, last = rest.partition("/")
    match word:
        case "zone" | "region" if slash:
            return Domain(word, provider, place=last)
        case "account" if slash:
            return Domain(word, provider, last)
        case "service" | "control" if slash:
            name, _, place = last.partition("@")
            return Domain(word, provider, name, place)
        case "node-group" if slash:
            cluster, _, name = rest.rpartition("/")
            return Domain(word, name=name, place=cluster)
    return Domain(word, name=rest) if word in SHAPES else None


def kind(word: str) -> str:
    """A resource's kind in words."""
    return word.replace("_", " ")


def short(resource: Resource) -> str:
    """What tells a resource from others of its kind: its address without types and ``module.``."""
    declaration = resource.declaration
    if declaration.dialect != "terraform":
        return resource.id.rpartition("#")[2].rpartition("/")[2]
    steps = [step for step in _STEP.findall(resource.id.rpartition("#")[2]) if step not in ("data", "module")]
    kept = [step for step in steps if step != declaration.type]
    if len(kept) > 1 and kept[-1] in _PLAIN:
        kept.pop()
    return ".".join(kept) or resource.id


def grouped(text: str) -> str:
    """Counts in a sentence of ours with their thousands apart; it must hold no year and no one's account."""
    return _THOUSANDS.sub("\u202f", text)


def framework(word: str) -> str:
    """A framework as it calls itself."""
    return FRAMEWORKS.get(word, word)


def dialect(word: str) -> str:
    """``terraform/aws`` → ``Terraform, AWS``."""
    language, _, cloud = word.partition("/")
    named = DIALECTS.get(language, language)
    return f"{named}, {provider(cloud) if cloud != 'kubernetes' else 'Kubernetes'}" if cloud else named
