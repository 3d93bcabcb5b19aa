"""The tables of third parties, against a small estate worked out by hand and against replayed outages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as replaced

from scanner.compliance.dora import RELEVANT, TABLES, sections
from scanner.compliance.dora.dependencies import Estate, Substitutability, substitutability
from scanner.compliance.dora.owners import owners
from scanner.compliance.dora.parties import party_of
from scanner.compliance.dora.regions import COUNTRIES
from scanner.compliance.frameworks import frameworks
from scanner.config import Config, load_config
from scanner.model.assessment import Framework, Section
from scanner.model.domain import parse
from scanner.model.outage import DataVerdict, Scenario, ServiceOutage, Verdict
from scanner.model.report import Report
from scanner.model.service import Criticality
from scanner.pipeline import replay, scan
from scanner.simulation.incidents import load_incidents
from scanner.simulation.study import Study

EXAMPLES = Path(__file__).parents[3] / "examples"
NAMES = sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir())

AWS, GOOGLE = "Amazon Web Services", "Google Cloud"
ACCOUNT, PROJECT = f"111122223333 at {AWS}", f"payments at {GOOGLE}"


def table(report: Report, framework: Framework, name: str) -> list[dict[str, str]]:
    """The rows of a section, by column."""
    section = next(s for s in sections(report, framework) if s.id == name)
    return [dict(zip(section.columns, row, strict=True)) for row in section.rows]


# -- by hand ---------------------------------------------------------------------------------------


def test_functions_and_parties(small: Report, dora: Framework) -> None:
    found = [
        (row["Function"], row["Third party"], row["Substitutability"].partition(":")[0].partition(";")[0])
        for row in table(small, dora, "functions")
    ]

    account = "The account by itself stops the function"
    assert found == [
        ("pay (service)", AWS, "An alternative stands ready"),  # the other instance stands at Google
        ("pay (service)", GOOGLE, "An alternative stands ready"),
        ("pay (service)", ACCOUNT, "An alternative stands ready"),
        ("pay (service)", PROJECT, "An alternative stands ready"),
        ("sign (service)", AWS, "Hard to substitute"),  # instance, key and bucket are all needed
        ("sign (service)", ACCOUNT, account),
        ("sign (service)", "Consensys", "Hard to substitute"),  # Infura and Linea are both Consensys'
        ("sign (service)", "Fireblocks", "Hard to substitute"),
        ("wallet (keys or funds to be released)", AWS, "Hard to substitute"),  # the key is in one region of AWS
        ("wallet (keys or funds to be released)", ACCOUNT, account),
    ]


def test_where_the_files_say_so(small: Report, dora: Framework) -> None:
    found = {
        (row["Function"], row["Third party"]): row["Where the files say so"] for row in table(small, dora, "functions")
    }

    assert found["sign (service)", "Consensys"] == "aws_instance.sign (main.tf:21, said at main.tf:24)"
    assert found["pay (service)", GOOGLE] == "google_compute_instance.pay (main.tf:16, said at main.tf:6)"
    assert found["wallet (keys or funds to be released)", AWS] == "aws_kms_key.wallet (main.tf:31, said at main.tf:1)"


def test_the_alternative_is_named(small: Report, dora: Framework) -> None:
    pay = next(row for row in table(small, dora, "functions") if row["Third party"] == AWS)

    assert (
        pay["Substitutability"] == f"An alternative stands ready; the function could stop if {GOOGLE} failed as well."
    )


def test_data_that_is_lost_is_named(small: Report, dora: Framework) -> None:
    sign = next(
        r for r in table(small, dora, "functions") if (r["Function"], r["Third party"]) == ("sign (service)", AWS)
    )

    assert sign["Data"] == "Data out of reach: aws_s3_bucket.books (main.tf:33)."


def test_only_what_must_be_written_counts_as_rated(small: Report, dora: Framework) -> None:
    rated = {row["Function"]: row["Criticality"] for row in table(small, dora, "functions")}

    assert rated["pay (service)"] == "critical (as the configuration rates it)"
    assert rated["sign (service)"] == "high (the configuration rates it so, or does not say)"  # it is the default


def test_places(small: Report, dora: Framework) -> None:
    found = [(r["Function"], r["Region"], r["Country"], r["Data kept there"]) for r in table(small, dora, "places")]

    nothing = "The files declare no store there."
    assert found == [
        ("pay", "eu-west-1", "Ireland", nothing),
        ("pay", "europe-west4", "Netherlands", nothing),
        ("sign", "eu-west-1", "Ireland", "Yes: aws_s3_bucket.books (main.tf:33)."),
        ("wallet", "eu-west-1", "Ireland", nothing),
    ]


def test_one_owner_behind_two_hosts(small: Report, dora: Framework) -> None:
    owner = next(row for row in table(small, dora, "owners") if row["Owner"] == "Consensys")

    assert owner["Functions that stop or may stop with it"] == "sign"
    assert owner["Names in the files"] == (
        "Infura (infura.io, named at main.tf:25), aws_instance.sign (main.tf:21, said at main.tf:25); "
        "Linea (linea.build, named at main.tf:26), aws_instance.sign (main.tf:21, said at main.tf:26)"
    )
    assert owner["What it means"].endswith("Its 2 names are not independent of each other.")


def test_one_owner_behind_several_functions(small: Report, dora: Framework) -> None:
    owner = table(small, dora, "owners")[0]

    assert (owner["Owner"], owner["Functions that use it"]) == ("Amazon", "pay, sign and wallet")
    assert owner["Functions that stop or may stop with it"] == "sign and wallet"


def test_insolvency(small: Report, dora: Framework) -> None:
    found = {row["Third party"]: row for row in table(small, dora, "insolvency")}

    assert set(found) == {AWS, GOOGLE, "Consensys", "Fireblocks"}  # an account cannot become insolvent
    assert found[AWS]["Functions that stop for good"] == "sign and wallet"
    assert found[AWS]["Keys out of reach"] == "aws_kms_key.wallet (main.tf:31)."
    assert found[GOOGLE]["Functions that stop for good"] == "none"
    assert found["Fireblocks"]["Keys out of reach"].startswith("What Fireblocks holds is out of reach")


def test_every_function_that_stops_is_named(example: Callable[[str], Report], dora: Framework) -> None:
    rows = table(example("custody-wallet"), dora, "insolvency")

    lost = next(row for row in rows if row["Third party"] == AWS)["Functions that stop for good"]
    assert lost == "withdrawals, hot-wallet, cold-wallets, approvals, requests-backup and client-name"


def test_precedents_are_those_of_the_party_and_of_other_custodians(small: Report, dora: Framework) -> None:
    found = {row["Third party"]: row["What has happened before"] for row in table(small, dora, "insolvency")}

    own, _, others = found["Fireblocks"].partition("At other custodians:")
    assert "StakeHound's withdrawal keys" in own
    assert "Prime Trust loses the keys" in others
    assert "FTX stops withdrawals" in others
    assert "Infura blocks more places" in found["Consensys"]
    assert "At other custodians" not in found["Consensys"]
    assert found[GOOGLE].startswith("No recorded incident took down this whole party.")


def test_each_precedent_has_the_page_that_tells_of_it(small: Report, dora: Framework) -> None:
    rows = table(small, dora, "precedents")

    by_id = {row["Incident"]: row for row in rows}
    assert by_id["stakehound-2021-fireblocks-keys"]["At"] == "Fireblocks"
    assert by_id["prime-trust-2021-12-legacy-wallets"]["At"] == "another custodian"
    assert by_id["infura-2020-11-11-consensus"]["Began"] == "2020-11-11"
    recorded = {incident.id: incident for incident in load_incidents().values()}
    assert all(row["Source"] in recorded[row["Incident"]].sources for row in rows)


def test_the_chain_says_what_is_unknown(small: Report, dora: Framework) -> None:
    found = {(row["Third party"], row["What it relies on"]) for row in table(small, dora, "chain")}

    assert ("Consensys", "Infura belongs to Consensys.") in found
    assert ("Fireblocks", "Unknown: neither the files nor the catalog say on whom it relies.") in found


SAME_OWNER = {
    "main.tf": """\
provider "aws" {
  region = "eu-west-1"
}

resource "aws_instance" "reader" {
  availability_zone = "eu-west-1a"
  user_data         = "ETH_RPC_URL=https://cloudflare-eth.com/v1/mainnet"
}

resource "cloudflare_dns_record" "status" {
  zone_id = "0123"
  name    = "status.example.org"
  type    = "A"
  content = "192.0.2.1"
  ttl     = 60
}
""",
    ".riskscan.yaml": """\
version: 1
services:
  - {name: status, entry: [aws_instance.reader, cloudflare_dns_record.status]}
""",
}
"""A service with two ways in, one behind Cloudflare's names and the other behind Cloudflare's chain endpoint."""


def test_an_alternative_of_the_same_owner_is_none(
    estate_of: Callable[[Mapping[str, str]], Report], dora: Framework
) -> None:
    report = estate_of(SAME_OWNER)

    same = "Hard to substitute: what would take over belongs to the same owner."
    answers = [
        row["Substitutability"] for row in table(report, dora, "functions") if row["Third party"] == "Cloudflare"
    ]
    assert answers == [same, same]
    owner = next(row for row in table(report, dora, "owners") if row["Owner"] == "Cloudflare")
    assert owner["Functions that stop or may stop with it"] == "status"
    gone = [
        r["Functions that stop for good"] for r in table(report, dora, "insolvency") if r["Third party"] == "Cloudflare"
    ]
    assert gone == ["status", "status"]
    assessed = [r for r in table(report, dora, "register-b-07-01") if r["Row"] == "Cloudflare, for status"]
    assert {r["c0050 Substitutability of the provider"] for r in assessed} == {"Highly complex substitutability"}
    assert [r["Row"] for r in table(report, dora, "register-b-05-01")].count("Cloudflare") == 1


# -- against replayed outages ----------------------------------------------------------------------


def replayed(folder: Path, *domains: str) -> Mapping[tuple[str, str], ServiceOutage]:
    """What ``riskscan simulate --down DOMAIN …`` answers."""

    def ask(study: Study) -> tuple[Scenario, ...]:
        return (study.replay.run("down", [parse(domain) for domain in domains]),)

    file = folder / ".riskscan.yaml"
    (scenario,) = replay([folder], load_config(file) if file.exists() else Config(), ask).scenarios
    return {(o.name, o.kind): o for o in scenario.services}


@pytest.mark.parametrize("name", ["tokyo-exchange", "custody-wallet"])
def test_verdicts_are_those_of_the_simulation(name: str, example: Callable[[str], Report]) -> None:
    estate = Estate(example(name))

    assert estate.parties
    for party in estate.parties:
        answers = replayed(EXAMPLES / name, party.domain) if party.named else {}
        used: dict[tuple[str, str], ServiceOutage] = {
            (d.service.name, d.service.kind): d.outage for d in estate.of_party(party)
        }
        for key, answer in answers.items():
            if answer.automatic is not Verdict.UP or answer.manual is not Verdict.UP:
                assert (used[key].automatic, used[key].manual) == (answer.automatic, answer.manual)
            elif key in used:
                assert used[key].automatic is Verdict.UP
            if key in used:
                assert used[key].data is answer.data


@pytest.mark.parametrize("name", ["tokyo-exchange", "two-cloud-exchange", "custody-wallet-repaired"])
def test_owners_stop_what_all_their_parties_together_stop(name: str, example: Callable[[str], Report]) -> None:
    report = example(name)

    found = owners(Estate(report))
    assert found
    for owner in found:
        domains = [party.domain for party in owner.parties if party.named]
        answers = replayed(EXAMPLES / name, *domains)
        stopped = {key for key, answer in answers.items() if answer.automatic is not Verdict.UP}
        assert set(owner.stopped) == {service for service, _ in stopped}


INSTANCES = {
    "aws": 'resource "aws_instance" "{name}" {{\n  ami = "ami-1"\n  availability_zone = "eu-west-1a"\n  user_data = "{data}"\n}}\n',
    "google": 'resource "google_compute_instance" "{name}" {{\n  name = "{name}"\n  zone = "europe-west4-a"\n  metadata_startup_script = "{data}"\n}}\n',
}
TYPES = {"aws": "aws_instance", "google": "google_compute_instance"}
VENDORS = ("https://mainnet.infura.io/v3/k", "https://eth-mainnet.g.alchemy.com/v2/k", "https://rpc.ankr.com/eth")

services = st.lists(
    st.tuples(
        st.sets(st.sampled_from(sorted(INSTANCES)), min_size=1),
        st.sets(st.sampled_from(VENDORS)),
        st.sampled_from([1, "all"]),
        st.sampled_from([c.value for c in Criticality]),
    ),
    min_size=1,
    max_size=3,
)


@given(services)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_generated_estates(tmp_path: Path, wanted: list[tuple[set[str], set[str], object, str]]) -> None:
    """Who stops what follows from who is where: worked out here from the definition, not by the engine."""
    files = [
        'provider "aws" {\n  region = "eu-west-1"\n}\nprovider "google" {\n  project = "p"\n  region = "europe-west4"\n}\n'
    ]
    config = ["version: 1", "services:"]
    for index, (clouds, vendors, threshold, criticality) in enumerate(wanted):
        data = f"ETH_RPC_URL={','.join(sorted(vendors))}\\n" if vendors else ""
        files += [INSTANCES[cloud].format(name=f"s{index}", data=data) for cloud in sorted(clouds)]
        entry = ", ".join(f"{TYPES[cloud]}.s{index}" for cloud in sorted(clouds))
        config += [f"  - {{name: s{index}, entry: [{entry}], threshold: {threshold}, criticality: {criticality}}}"]
    (tmp_path / "main.tf").write_text("".join(files), encoding="utf-8")
    (tmp_path / ".riskscan.yaml").write_text("\n".join(config) + "\n", encoding="utf-8")
    estate = Estate(scan([tmp_path], load_config(tmp_path / ".riskscan.yaml"), ()))

    found = {(d.service.name, d.party.domain): d.substitutability for d in estate.dependencies}
    for index, (clouds, vendors, threshold, _) in enumerate(wanted):
        alone = len(clouds) == 1 or threshold == "all"
        for cloud in INSTANCES:
            expected = (Substitutability.HARD if alone else Substitutability.READY) if cloud in clouds else None
            assert found.get((f"s{index}", f"provider:{cloud}")) == expected
        for vendor, owner in zip(VENDORS, ("Consensys", "Alchemy", "Ankr"), strict=True):
            expected = (
                (Substitutability.HARD if len(vendors) == 1 else Substitutability.READY) if vendor in vendors else None
            )
            assert found.get((f"s{index}", f"owner:{owner}")) == expected


@pytest.mark.parametrize(("automatic", "manual"), [*product(Verdict, Verdict)])
def test_unknown_is_never_a_pass(automatic: Verdict, manual: Verdict) -> None:
    answer = substitutability(ServiceOutage("s", "service", Criticality.HIGH, automatic, manual, DataVerdict.SAFE))

    assert (answer is Substitutability.READY) == (automatic is Verdict.UP)
    if automatic is Verdict.UNKNOWN or (automatic is Verdict.DOWN and manual is Verdict.UNKNOWN):
        assert answer is Substitutability.UNKNOWN


def undecided(report: Report, domain: str) -> Report:
    """The same report, had the files not decided what the loss of one domain does to ``sign``."""
    assert report.outages is not None
    unknown = {"automatic": Verdict.UNKNOWN, "manual": Verdict.UNKNOWN, "data": DataVerdict.UNKNOWN}
    single = tuple(
        replaced(
            effect,
            scenario=replaced(
                effect.scenario,
                services=tuple(
                    replaced(o, **unknown, condition="which endpoint is asked") if o.name == "sign" else o
                    for o in effect.scenario.services
                ),
            ),
        )
        if effect.scenario.id == domain
        else effect
        for effect in report.outages.single
    )
    return replaced(report, outages=replaced(report.outages, single=single))


def test_what_is_not_decided_is_said_in_every_table(small: Report, dora: Framework) -> None:
    report = undecided(small, "owner:Consensys")

    row = next(r for r in table(report, dora, "functions") if r["Third party"] == "Consensys")
    depends = "it depends on which endpoint is asked."
    undecided_help = f"Whether people can bring it back is not decided by the files: {depends}"
    assert row["If it fails"] == f"Not decided by the files: {depends} {undecided_help}"
    assert row["Substitutability"] == "Unknown: the files do not decide it."
    assert row["Data"] == "The files do not tell whether data stays within reach."
    assert (
        next(r for r in table(report, dora, "insolvency") if r["Third party"] == "Consensys")["Not decided"] == "sign"
    )
    owner = next(r for r in table(report, dora, "owners") if r["Owner"] == "Consensys")
    assert owner["Functions that stop or may stop with it"] == "sign"
    assessed = next(r for r in table(report, dora, "register-b-07-01") if r["Row"] == "Consensys, for sign")
    assert assessed["c0050 Substitutability of the provider"] == ""


# -- words and places ------------------------------------------------------------------------------

PLACE = re.compile(
    r"(?P<name>\S+) \((?P<file>[^\s():,]+):(?P<line>\d+)(?:, said at (?P<said>[^\s():,]+):(?P<at>\d+))?\)"
)
NAMED = re.compile(r"\((?P<host>[\w.*-]+), named at (?P<file>[^\s():,]+):(?P<line>\d+)\)")


def cells(found: Iterator[Section]) -> Iterator[str]:
    for section in found:
        for row in section.rows:
            yield from row


def block_of(lines: list[str], line: int) -> str:
    """The header of the Terraform block, or the item of a list in the configuration, that a line lies in."""
    return next(text for text in reversed(lines[:line]) if text[:1].isalpha() or text.lstrip().startswith("- name:"))


@pytest.mark.parametrize("name", ["tokyo-exchange", "two-cloud-exchange", "custody-wallet"])
def test_each_place_holds_what_it_is_cited_for(name: str, example: Callable[[str], Report], dora: Framework) -> None:
    """The line on which a resource is declared has its type and name on it, and that of a host its name."""
    report = example(name)
    base, checked = Path(report.base), 0
    for cell in cells(iter(sections(report, dora))):
        for found in PLACE.finditer(cell):
            lines = (base / found["file"]).read_text(encoding="utf-8").splitlines()
            header = lines[int(found["line"]) - 1]
            words = re.sub(r"\[[^\]]*\]", "", found["name"].lstrip("(")).split(".")
            assert words[-1] in header, (found[0], header)
            if found["said"]:
                said = (base / found["said"]).read_text(encoding="utf-8").splitlines()
                block = block_of(said, int(found["at"]))
                registered = "registered_domain" in block  # a name's registrar is said where the domain is registered
                assert words[-1] in block or block.startswith("provider") or registered, (found[0], block)
            checked += 1
        for found in NAMED.finditer(cell):
            line = (base / found["file"]).read_text(encoding="utf-8").splitlines()[int(found["line"]) - 1]
            assert found["host"].rpartition("*")[2] in line
            checked += 1
    assert checked > 50


@pytest.mark.parametrize("name", NAMES)
def test_sentences(name: str, example: Callable[[str], Report], dora: Framework) -> None:
    for section in sections(example(name), dora):
        assert section.text.endswith(".")
        assert section.note.endswith(".")
        assert all(len(row) == len(section.columns) for row in section.rows)
        for words in (section.text, section.note, *(cell for row in section.rows for cell in row)):
            assert "complian" not in words.lower()
            assert "\n" not in words


@pytest.mark.parametrize("name", NAMES)
def test_every_row_has_a_place(name: str, example: Callable[[str], Report], dora: Framework) -> None:
    for section in sections(example(name), dora):
        if section.id not in ("precedents", "register-empty"):  # they are about the world, not about the files
            for row in section.rows:
                assert re.search(r"\S+:\d+", " ".join(row)), (section.id, row)


def test_dora_does_not_force_several_vendors(small: Report, dora: Framework) -> None:
    section = sections(small, dora)[0]

    assert "DORA does not oblige anybody to use several providers" in section.note
    assert "Art. 28(8)" in section.note


def test_frameworks_cite_controls_that_exist(small: Report) -> None:
    for name, tables in RELEVANT.items():
        framework = frameworks()[name]
        known = {control.id for control in framework.controls}
        assert set(tables) <= set(TABLES)
        for table_name, controls in tables.items():
            assert set(controls) <= known, (name, table_name)
        made = {section.id for section in sections(small, framework)}
        assert set(tables) <= made
        assert any(section.id.startswith("register") for section in sections(small, framework)) == (name == "dora")


def test_a_framework_without_tables_has_none(small: Report) -> None:
    assert sections(small, frameworks()["iso27001"]) == ()


def test_countries_have_codes() -> None:
    assert all(re.fullmatch("[A-Z]{2}", code) for code in COUNTRIES.values())


@pytest.mark.parametrize(
    ("domain", "owner"),
    [
        ("provider:aws", "Amazon"),
        ("ca:amazon", "Amazon"),
        ("registrar:route53", "Amazon"),
        ("provider:azure", "Microsoft"),
        ("edge:cloudflare", "Cloudflare"),
        ("provider:cloudflare", "Cloudflare"),
        ("owner:Consensys", "Consensys"),
    ],
)
def test_owners(domain: str, owner: str) -> None:
    party = party_of(domain)

    assert party is not None
    assert party.owner == owner


@pytest.mark.parametrize(
    "domain", ["region:aws/eu-west-1", "zone:aws/eu-west-1a", "service:aws/kms@eu-west-1", "cluster:x", "nonsense"]
)
def test_places_are_no_parties(domain: str) -> None:
    assert party_of(domain) is None
