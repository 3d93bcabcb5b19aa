"""What readers who write no infrastructure code call things: failure domains, resources, providers, days."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from scanner.catalog.load import catalog
from scanner.model.report import Report
from scanner.model.service import Level

PROVIDERS: Final[Mapping[str, str]] = {
    "aws": "Amazon Web Services",
    "google": "Google Cloud",
    "azure": "Microsoft Azure",
    "alibaba": "Alibaba Cloud",
    "cloudflare": "Cloudflare",
    "digitalocean": "DigitalOcean",
    "equinix": "Equinix",
    "hetzner": "Hetzner",
    "ibm": "IBM Cloud",
    "kubernetes": "a provider that the files do not name",
    "linode": "Linode (Akamai)",
    "oracle": "Oracle Cloud",
    "ovh": "OVHcloud",
    "scaleway": "Scaleway",
    "vultr": "Vultr",
}

_SERVICES: Final[Mapping[str, str]] = {
    "cloudfront": "CloudFront (content delivery)",
    "dns": "DNS (names on the internet)",
    "dynamodb": "DynamoDB (databases)",
    "ebs": "EBS (disks)",
    "ec2": "EC2 (servers)",
    "ecs": "ECS (containers)",
    "eks": "EKS (clusters)",
    "elasticache": "ElastiCache (caches)",
    "elb": "ELB (load balancing)",
    "frontdoor": "Front Door (content delivery)",
    "globalaccelerator": "Global Accelerator (traffic steering)",
    "iam": "IAM (identities)",
    "kms": "KMS (keys)",
    "lambda": "Lambda (functions)",
    "rds": "RDS (databases)",
    "route53": "Route 53 (names on the internet)",
    "s3": "S3 (objects)",
    "secretsmanager": "Secrets Manager (secrets)",
    "sqs": "SQS (queues)",
    "vpc": "VPC (networks)",
}
_PARTIES: Final[Mapping[str, str]] = {
    "edge": "the network company {}",
    "registrar": "the domain registrar {}",
    "ca": "the certificate authority {}",
    "owner": "the company {}",
    "custodian": "the custodian {}",
    "cluster": "the cluster {}",
    "administrator": "the administrator {}",
}
_OWN_NAMES: Final = frozenset({"cluster", "administrator"})
"""Levels whose names people give themselves: they stay as they are."""

_COMPANIES: Final[Mapping[str, str]] = {
    "bitgo": "BitGo",
    "cloudflare": "Cloudflare",
    "digicert": "DigiCert",
    "globalsign": "GlobalSign",
    "godaddy": "GoDaddy",
    "letsencrypt": "Let's Encrypt",
    "markmonitor": "MarkMonitor",
    "ovh": "OVHcloud",
    "route53": "Amazon (Route 53)",
    "zerossl": "ZeroSSL",
}
"""Companies whose names are written with more than a capital at the beginning."""
_BUSINESSES: Final[Mapping[str, str]] = {
    "ca:amazon": "Amazon Trust Services",
    "ca:google": "Google Trust Services",
    "registrar:route53": "Amazon Registrar (Route 53)",
}
"""What a company calls the part of it that does one thing."""

_LEVELS: Final[Mapping[Level, tuple[str, str]]] = {
    Level.ZONE: ("availability zone", "availability zones"),
    Level.REGION: ("region", "regions"),
    Level.PROVIDER: ("provider", "providers"),
    Level.ACCOUNT: ("account", "accounts"),
    Level.EDGE: ("company or service for names and delivery", "companies or services for names and delivery"),
    Level.OWNER: ("third-party company", "third-party companies"),
    Level.CUSTODIAN: ("custodian", "custodians"),
    Level.CLUSTER: ("cluster", "clusters"),
    Level.SERVICE: ("service of a provider", "services of providers"),
}
_KINDS: Final[Mapping[str, str]] = {
    "compute": "server",
    "compute_group": "group of servers",
    "container_service": "container service",
    "task": "program",
    "workload": "program",
    "cdn": "content delivery network",
    "dns_zone": "domain",
    "dns_record": "name",
    "nat": "exit to the internet",
    "hsm": "hardware security module",
    "volume": "disk",
    "object_store": "object store",
    "file_store": "file store",
    "backup_vault": "backup vault",
    "backup_plan": "backup plan",
    "signer": "signing program",
    "other": "resource",
    "glue": "resource",
    "identity": "identity",
    "state_backend": "state store",
    "external_endpoint": "outside address",
}
_DOMAIN: Final = re.compile(
    r"\b(?:(?:zone|region|account|service|control|node-group):[^\s,;()]+/[^\s,;()]+"
    r"|(?:provider|edge|registrar|ca|owner|custodian|cluster|administrator):[^\s,;()]+)"
)
_WORD: Final = re.compile(r"[^\s,;()]+(?<![.:])")
_ACRONYMS: Final[Mapping[str, str]] = {"AWS": "Amazon Web Services", "Azure": "Microsoft Azure"}
_NAMED: Final = re.compile(r"\bthe [a-z]+ $")
"""What stands before a name that already tells of what kind it is."""

_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_ENDS: Final = (".", "!", "?")
MANY: Final = 5
"""So many names stand in one sentence; the rest is counted."""


def count(number: int, level: Level) -> str:
    """``two regions``, in words that stand in a sentence."""
    words = {1: "one", 2: "two", 3: "three"}
    return f"{words.get(number, str(number))} {_LEVELS[level][number != 1]}"


def provider(name: str) -> str:
    """A provider as people know it."""
    return PROVIDERS.get(name, name.capitalize())


def domain(text: str) -> str:
    """A failure domain's id as a noun phrase."""
    level, _, rest = text.partition(":")
    owner, _, place = rest.partition("/")
    if text.endswith(("/*", ":*")) and level in _LEVELS:
        return f"any {_LEVELS[Level(level)][0]}{f' of {provider(owner)}' if place else ''}"
    match level:
        case "provider":
            return f"the provider {provider(owner)}" if owner != "kubernetes" else provider(owner)
        case "zone" | "region" | "account" if place.startswith("?"):
            return f"{_a(_LEVELS[Level(level)][0])} of {provider(owner)} that the files do not name"
        case "zone":
            return f"the availability zone {place} of {provider(owner)}"
        case "region":
            return f"the region {located(owner, place)} of {provider(owner)}"
        case "account":
            return f"the account {place} at {provider(owner)}"
        case "service" | "control" if place:
            name, _, at = place.partition("@")
            within = f" in {located(owner, at)}" if at else ""
            what = "the control of" if level == "control" else "the service"
            return f"{what} {_service(name)} of {provider(owner)}{within}"
        case "node-group":
            cluster, _, name = rest.rpartition("/")
            return f"the group of servers {name} in the cluster {cluster}"
    if level not in _PARTIES or not rest:
        return text
    return _PARTIES[level].format(rest if level in _OWN_NAMES else named(level, rest))


def named(level: str, name: str) -> str:
    """What people call a provider or another party of a level."""
    return _BUSINESSES.get(f"{level}:{name}") or PROVIDERS.get(name) or party(name)


def _service(name: str) -> str:
    return _SERVICES.get(name) or (name.upper() if len(name) <= len("eks") else name)


def party(name: str) -> str:
    """A company's name: short forms in lower case as a beginning with a capital."""
    return _COMPANIES.get(name) or (name.capitalize() if name.islower() and name.isalpha() else name)


def located(owner: str, place: str) -> str:
    """A region with the city or area where it lies."""
    found = catalog().region(owner, place)
    return f"{place} ({found.area})" if found and found.area else place


def _a(noun: str) -> str:
    return f"an {noun}" if noun[:1] in "aeiou" else f"a {noun}"


def kind(name: str) -> str:
    """A kind of resource as a noun."""
    return _KINDS.get(name, name.replace("_", " "))


def listed(items: Sequence[str], joined: str = "and") -> str:
    """``a, b and c``; of many the first, and how many more there are."""
    shown = list(items)
    if len(shown) > MANY:
        shown = [*shown[: MANY - 1], f"{len(items) - MANY + 1} more"]
    return f" {joined} ".join(filter(None, (", ".join(shown[:-1]), shown[-1]))) if shown else ""


def sentence(text: str) -> str:
    """A clause with a capital and a full stop."""
    text = text.strip()
    text = text[:1].upper() + text[1:] if text[:1].islower() else text
    return text if text.endswith(_ENDS) or not text else f"{text}."


class Speaker:
    """Says the messages of rules in the words above."""

    def __init__(self, kinds: Mapping[str, str]) -> None:
        """``kinds`` maps the id of each resource to its kind."""
        self.kinds = kinds

    @classmethod
    def of(cls, report: Report) -> Speaker:
        """One that knows a report's resources."""
        return cls({resource.id: resource.kind for resource in report.resources})

    def resource(self, name: str) -> str:
        """``the database “aws_db_instance.main”``."""
        return f"the {kind(self.kinds.get(name, 'other'))} “{name}”"

    def message(self, text: str) -> str:
        """A message of a rule as a sentence, with failure domains, providers and resources called what they are."""
        told = _DOMAIN.sub(lambda match: _with_end(match.group()), text)
        return sentence(_WORD.sub(self._word, told))

    def _word(self, match: re.Match[str]) -> str:
        word = match.group()
        if word in self.kinds:
            named = _NAMED.search(match.string, 0, match.start())
            return f"“{word}”" if named else self.resource(word)
        if word in _ACRONYMS:
            return _ACRONYMS[word]
        owner, slash, place = word.partition("/")
        if owner in PROVIDERS and (not slash or place.replace("-", "").isalnum()):
            return f"{located(owner, place)} of {provider(owner)}" if place else provider(owner)
        return word


def _with_end(text: str) -> str:
    """A domain's phrase, with the punctuation that the pattern took for a part of its id."""
    bare = text.rstrip(".:")
    return domain(bare) + text[len(bare) :]


def names(items: Iterable[str]) -> str:
    """Names of services in quotation marks, as a list."""
    return listed([f"“{item}”" for item in items])


def day(text: str) -> str:
    """``2025-04-15`` as ``15 April 2025``, ``2021-12`` as ``December 2021``; other texts stay."""
    found = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])(?:-(\d\d))?", text)
    if found is None:
        return text
    month = f"{_MONTHS[int(found[2]) - 1]} {found[1]}"
    return f"{int(found[3])} {month}" if found[3] else month
