"""A generated exchange of any size as plain Terraform: the same files for the same number, everywhere.

Five lines of business, a root each, over three providers, with accounts and regions behind provider aliases. A service
has a load balancer, machines, a database, a cache, queues, a key and a name; it calls services made before it and
third parties over the network. Some services are careful (three zones, a standby), most are not.

``python tests/browser/large_estate.py FOLDER [RESOURCES]`` writes one to look at.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

LINES: Final = ("trading", "custody", "payments", "markets", "platform")
PRODUCTS: Final = (
    *("orders", "matching", "withdrawals", "deposits", "ledger", "pricing", "margin", "staking", "onboarding"),
    *("screening", "settlement", "lending", "cards", "invoices", "candles", "reports", "alerts", "search", "referrals"),
)
PARTS: Final = ("api", "worker", "stream", "gateway", "admin", "batch", "indexer", "mailer")
CRITICALITIES: Final = ("critical", "high", "medium", "medium", "low")

AMAZON: Final[Mapping[str, str]] = {
    "ap-northeast-1": "acd",
    "eu-west-1": "abc",
    "us-east-1": "abc",
    "ap-southeast-1": "abc",
}
ACCOUNTS: Final = ("111122223333", "444455556666", "777788889999")
GOOGLE: Final = ("asia-northeast3", "europe-west4")
AZURE: Final = ("japaneast", "westeurope")
SUBSCRIPTION: Final = "00000000-0000-0000-0000-000000000aa3"
HOSTS: Final = (
    *("https://mainnet.infura.io/v3", "https://eth-mainnet.g.alchemy.com/v2", "https://rpc.ankr.com/eth"),
    *("https://api.fireblocks.io", "https://api.stripe.com", "https://api.sumsub.com", "https://api.chainalysis.com"),
    *("https://api.coingecko.com/api/v3", "https://api.twilio.com", "https://ethereum.publicnode.com"),
)
WALLETS: Final = 8
"""So many keys count as custody items."""
NAMED_AT: Final = {"aws": "aws_route53_record", "google": "google_dns_record_set", "azurerm": "azurerm_lb"}
"""The type of the resource at which a service is reached."""


@dataclass(frozen=True, order=True)
class Place:
    """Where services of a root can run. ``at`` names it in addresses; ``alias`` is the provider's configuration."""

    provider: str
    at: str
    alias: str
    account: str
    region: str
    zones: tuple[str, ...]


@dataclass
class Root:
    """The files of one line of business, by name, and the services in it."""

    name: str
    files: dict[str, list[str]] = field(default_factory=dict)
    made: list[tuple[Place, str]] = field(default_factory=list)

    @property
    def places(self) -> set[Place]:
        return {place for place, _ in self.made}


@dataclass(frozen=True)
class Made:
    """A service of the configuration, and the address of the resource at which it is reached."""

    name: str
    root: str
    entry: str
    criticality: str

    @property
    def id(self) -> str:
        """The resource at which it is reached."""
        return f"{self.root}#{self.entry}"


@dataclass
class Maker:
    """Makes services, one after the other in each root, until there are enough resources."""

    random: Random
    roots: Sequence[Root]
    templates: Environment
    resources: int = 0

    def services(self, enough: int) -> Iterator[Made]:
        """Each service once it is made."""
        names = [f"{product}-{part}" for part in PARTS for product in PRODUCTS]
        number = 0
        while self.resources < enough:
            root, again = self.roots[number % len(self.roots)], number // len(names)
            name = names[number % len(names)] + (f"-{again + 1}" if again else "")
            yield self.service(root, _place(self.random), name)
            number += 1

    def service(self, root: Root, place: Place, name: str) -> Made:
        """One service, with the network of its place where that is the first in it."""
        label, random = name.replace("-", "_"), self.random
        if place not in root.places:
            self.write(root, "network", f"{place.provider}.network", place, {"zones": place.zones})
        count = random.choice((1, 1, 2, 3))
        chosen = sorted(random.sample(range(len(place.zones)), count))
        own = {
            "name": name,
            "label": label,
            "count": count,
            "zones": [place.zones[at] for at in chosen],
            "subnets": [f"aws_subnet.{place.at}_{at}.id" for at in chosen],
            "careless": random.random() < 0.1,
            "upstreams": self.upstreams(root, place),
        }
        self.write(root, name, f"{place.provider}.service", place, own)
        root.made.append((place, name))
        return Made(name, root.name, f"{NAMED_AT[place.provider]}.{label}", random.choice(CRITICALITIES))

    def upstreams(self, root: Root, place: Place) -> list[str]:
        """Expressions of addresses that a service calls: third parties, and older services beside it."""
        random = self.random
        hosts = random.sample(HOSTS, random.choice((0, 0, 1, 2)))
        beside = [name for where, name in root.made if where == place]
        called = random.sample(beside, min(len(beside), random.choice((0, 0, 0, 1, 1, 2))))
        return [f'"{host}"' for host in hosts] + [f"aws_lb.{name.replace('-', '_')}.dns_name" for name in called]

    def write(self, root: Root, file: str, template: str, place: Place, own: Mapping[str, Any]) -> None:
        random = self.random
        text = self.templates.get_template(f"{template}.tf.jinja").render(
            own,
            root=root.name,
            at=place.at,
            alias=place.alias,
            region=place.region,
            hosts=HOSTS,
            pick=lambda *among: random.choice(among),
            chance=lambda likely: str(random.random() < likely).lower(),
        )
        root.files.setdefault(file, []).append(text)
        self.resources += text.count('\nresource "') + text.startswith('resource "')


def write(folder: Path, resources: int = 5_000, seed: int = 7) -> int:
    """Write an estate of at least so many resources and say how many it has."""
    stacks = FileSystemLoader(Path(__file__).parent / "stacks")
    templates = Environment(  # noqa: S701 -- Terraform, not HTML
        loader=stacks,
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
    )
    maker = Maker(Random(seed), [Root(name) for name in LINES], templates)  # noqa: S311 -- a workload, not a secret
    services = list(maker.services(resources))
    for root in maker.roots:
        (folder / root.name).mkdir(parents=True)
        root.files["providers"] = [_provider(place) for place in sorted(root.places)]
        for file, blocks in root.files.items():
            (folder / root.name / f"{file}.tf").write_text("\n".join(blocks), encoding="utf-8")
    (folder / ".riskscan.yaml").write_text(_configuration(services), encoding="utf-8")
    return maker.resources


def _place(random: Random) -> Place:
    """Most of it in Tokyo and in one account, as such estates have grown."""
    kind = random.random()
    if kind < 0.76:
        region = random.choice(["ap-northeast-1"] * 4 + list(AMAZON))
        number = int(len(ACCOUNTS) * random.random() ** 2)
        at = f"{region.replace('-', '_')}_{number}"
        return Place("aws", at, f"aws.{at}", ACCOUNTS[number], region, tuple(region + z for z in AMAZON[region]))
    if kind < 0.92:
        region = random.choice(GOOGLE)
        at = region.replace("-", "_")
        return Place("google", at, f"google.{at}", "exchange-apps", region, tuple(f"{region}-{z}" for z in "abc"))
    region = random.choice(AZURE)
    return Place("azurerm", region, f"azurerm.{region}", SUBSCRIPTION, region, ("1", "2", "3"))


def _provider(place: Place) -> str:
    inside = {
        "aws": f'region              = "{place.region}"\n  allowed_account_ids = ["{place.account}"]',
        "google": f'region  = "{place.region}"\n  project = "{place.account}"',
        "azurerm": f'subscription_id = "{place.account}"\n  features {{}}',
    }
    return f'provider "{place.provider}" {{\n  alias = "{place.at}"\n  {inside[place.provider]}\n}}\n'


def _configuration(services: Sequence[Made]) -> str:
    """Every service is named, and of the wallets' services those whose keys can be told."""
    lines = ["version: 1", "", "services:"]
    for made in services:
        lines += [
            f"  - name: {made.root}/{made.name}",
            f'    entry: ["{made.id}"]',
            f"    criticality: {made.criticality}",
        ]
    lines += ["", "custody:"]
    wallets = [made for made in services if made.root == "custody" and made.entry.startswith("aws_")]
    for made in wallets[:WALLETS]:
        key = made.id.replace(NAMED_AT["aws"], "aws_kms_key")
        lines += [f"  - name: wallet of {made.name}", f'    entry: ["{key}"]', f"    criticality: {made.criticality}"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(write(Path(sys.argv[1]), *map(int, sys.argv[2:3])))
