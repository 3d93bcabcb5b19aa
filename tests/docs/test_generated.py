"""What the generated pages are made of."""

from __future__ import annotations

import html
import json
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from generate import (
    catalog_pages,
    conditions,
    configuration_examples,
    frameworks,
    happened,
    links,
    markup,
    replays,
    rule_pages,
    schema_pages,
)
from scanner.catalog.load import catalog
from scanner.config import load_config
from scanner.reporters import MODULES

ROOT = Path(__file__).parents[2]


# -- Markdown, as CommonMark reads it --------------------------------------------------------------


def rendered(text: str) -> str:
    shown: str = MarkdownIt("commonmark").enable("table").render(text)
    return shown.strip()


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1))
def test_escaped_text_means_only_itself(text: str) -> None:
    wanted = " ".join(text.split())
    shown = rendered(markup.escaped(text))
    assert "<" not in shown.removeprefix("<p>").removesuffix("</p>")
    assert html.unescape(shown.removeprefix("<p>").removesuffix("</p>")) == wanted


@given(st.text(st.sampled_from("`ab |\\*<"), min_size=1).filter(lambda text: text.strip()))
def test_code_shows_what_is_in_it(text: str) -> None:
    shown = re.fullmatch(r"<p><code>(.*)</code></p>", rendered(markup.code(text)))
    assert shown is not None
    assert html.unescape(shown.group(1)).strip() == " ".join(text.split())


def test_a_fence_is_longer_than_what_it_holds() -> None:
    assert "````" in markup.fence("```\ncode\n```")


def test_a_table_without_rows_is_nothing() -> None:
    assert markup.table(("a", "b"), ()) == ""
    assert rendered(markup.table(("a", "b"), [("1", "2")])).count("<td>") == 2


# -- links -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "page", "folder", "read"),
    [
        ("[x](start.md)", "index.md", "docs", "[x](start.md)"),
        ("[x](../rules/README.md)", "ci.md", "docs", "[x](reference/rule-files.md)"),
        ("[x](../rules/zone/database-single.yaml)", "ci.md", "docs", "[x](rules/zone-database-single.md)"),
        ("[x](../rules/incidents/dyn-2016-10-21.yaml)", "ci.md", "docs", "[x](incidents/dyn-2016-10-21.md)"),
        ("[x](../requirements.lock)", "ci.md", "docs", f"[x]({links.REPOSITORY}/blob/main/requirements.lock)"),
        ("[x](../tests)", "ci.md", "docs", f"[x]({links.REPOSITORY}/tree/main/tests)"),
        ("[x](docs/ci.md#gitlab)", "project/changelog.md", ".", "[x](../ci.md#gitlab)"),
        ("[x](WAIVERS.md)", "reference/rule-files.md", "rules", "[x](accepted-risks.md)"),
        ("[x](https://example.com/a)", "ci.md", "docs", "[x](https://example.com/a)"),
        (
            "`[x](../tests)` [x](../LICENSE)",
            "ci.md",
            "docs",
            f"`[x](../tests)` [x]({links.REPOSITORY}/blob/main/LICENSE)",
        ),
        ("```md\n[x](../tests)\n```", "ci.md", "docs", "```md\n[x](../tests)\n```"),
    ],
)
def test_links_lead_to_where_the_file_is_read(written: str, page: str, folder: str, read: str) -> None:
    assert links.resolved(written, page, folder) == read


def test_files_that_pages_are_made_of_exist() -> None:
    assert not [name for name in links.PLACES if not (ROOT / name).exists()]


WRITTEN = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_links_of_written_pages_lead_somewhere_on_github_too(path: Path) -> None:
    text = re.sub(r"^(`{3,}).*?^\1$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"`[^`\n]+`", "", text)
    addresses = re.findall(r"\]\(([^)#\s]+)", text) + re.findall(r'(?:src|srcset)="([^"]+)"', text)
    local = [address for address in addresses if not re.match("[a-z]+:", address)]
    assert not [address for address in local if not (path.parent / address).exists()]


# -- rules -----------------------------------------------------------------------------------------


def test_marks_are_taken_out_and_counted() -> None:
    shown, marked = rule_pages.unmarked("a {\n  b = 1 # <-\n}\nc # <- no mark\nd // <-\n")
    assert shown == "a {\n  b = 1\n}\nc # <- no mark\nd"
    assert marked == [2, 5]


def test_conditions_in_words() -> None:
    condition = {"any": [{"zones": {"below": 2}}, {"not": {"copies": {"exists": False}}}, {"tier": {"in": ["a", "b"]}}]}
    assert conditions.in_words(condition).splitlines() == [
        "- one of these holds:",
        "    - `zones` is below `2`",
        "    - this does not hold:",
        "        - `copies` is not written",
        "    - `tier` is one of `a`, `b`",
    ]
    assert list(conditions.names(condition)) == ["zones", "copies", "tier"]


def test_incidents_are_found_by_the_day_that_words_name() -> None:
    assert [i.id for i in happened.mentioned("On 15 April 2025 one Tokyo zone …")] == ["aws-2025-04-15-tokyo"]
    assert happened.mentioned("On 15 April 1925 there was none, whatever the signature.") == []
    named = [i.id for i in happened.mentioned("Celsius, FTX and Signature Bank each stopped.")]
    assert named == ["celsius-2022-06-12-freeze", "ftx-2022-11-08-freeze", "signature-2023-03-12-signet"]
    assert "RS101" in happened.rules_naming("aws-2025-04-15-tokyo")


def test_a_replay_stops_what_its_example_says() -> None:
    # examples/tokyo-exchange/README.md: "orders, withdrawals and the hot wallet stop", "Market data is unknown"
    [hit] = [hit for hit in replays.hits()["aws-2025-04-15-tokyo"] if hit.example == "tokyo-exchange"]
    assert set(hit.stopped) == {"orders", "withdrawals", "hot-wallet"}
    assert hit.doubtful == ("market-data",)


def test_controls_are_cited_by_rules_of_theirs() -> None:
    assert "RS101" in [rule.info.code for rule in frameworks.citing()["dora", "Art. 12(4)"]]
    with pytest.raises(KeyError):
        frameworks.control("dora", "Art. 999")
    # rules/evidence/evidence.yaml: a coefficient of zones counts for it, too
    assert "how many failures of the level zone stop a service" in frameworks.observed(("dora", "Art. 12(4)"))


# -- tables ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("native_type", "provider"),
    [
        ("aws_db_instance", "aws"),
        ("data.aws_subnet", "aws"),
        ("AWS::CDK::Metadata", "aws"),
        ("azuread_group", "azure"),
        ("Microsoft.Sql/servers/databases", "azure"),
        ("apps/Deployment", "kubernetes"),
        ("hcloud_server", "hetzner"),
        ("fastly_service_vcl", "fastly"),
    ],
)
def test_whose_type_it_is(native_type: str, provider: str) -> None:
    assert catalog_pages.provider_of(native_type) == provider


def test_every_type_is_listed_once() -> None:
    listed = [name for kinds in catalog_pages.by_provider().values() for names in kinds.values() for name in names]
    assert sorted(listed) == sorted(catalog().types)


def test_keys_of_a_schema() -> None:
    schema = json.loads(
        """{"properties": {"a": {"$ref": "#/$defs/t", "description": "own"},
                           "b": {"type": "array", "items": {"properties": {"c": {"type": "string"}}, "required": ["c"]}},
                           "d": {"additionalProperties": {"type": "integer"}}},
            "$defs": {"t": {"type": "string", "description": "shared", "default": "x"}}}"""
    )
    found = {path: (said, needed) for path, said, needed in schema_pages.keys(schema, schema)}
    assert list(found) == ["a", "b", "b[].c", "d", "d.NAME"]
    assert found["a"][0] == {"type": "string", "description": "own", "default": "x"}
    assert found["b[].c"][1]
    assert not found["b"][1]


# -- what pages tell people to write ---------------------------------------------------------------


def test_there_is_an_example_for_every_key_of_the_configuration() -> None:
    assert set(configuration_examples.EXAMPLES) == set(schema_pages.load("config_schema.json")["properties"])


@pytest.mark.parametrize("name", configuration_examples.EXAMPLES)
def test_an_example_of_the_configuration_is_read(name: str, tmp_path: Path) -> None:
    for name_of_file in (".riskscan-baseline.json", "deploy/values-prod.yaml", "parameters/prod.json", "policies/a"):
        (tmp_path / name_of_file).parent.mkdir(exist_ok=True)
        (tmp_path / name_of_file).write_text("{}", encoding="utf-8")
    file = tmp_path / ".riskscan.yaml"
    text = configuration_examples.EXAMPLES[name]
    file.write_text(text if name == "version" else f"version: 1\n{text}\n", encoding="utf-8")
    load_config(file, file.name)


def test_the_rule_of_the_tutorial_does_what_the_tutorial_says(tmp_path: Path) -> None:
    tutorial = (ROOT / "docs/adding-a-rule.md").read_text(encoding="utf-8")
    parts = re.findall(r'````yaml title="(policies/[^"]+)"\n(.*?)````', tutorial, re.DOTALL)
    assert len(parts) == 5
    [name] = {name for name, _ in parts}
    (tmp_path / "policies").mkdir()
    (tmp_path / name).write_text("".join(text for _, text in parts), encoding="utf-8")
    shown = re.search(r"\$ riskscan (rules test .*)\n(.*)\n", tutorial)
    assert shown is not None
    done = subprocess.run(
        ["riskscan", *shown.group(1).split()], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.strip() == shown.group(2)


def test_every_format_is_described() -> None:
    described = (ROOT / "docs/reports.md").read_text(encoding="utf-8")
    assert not [name for name in MODULES if f"| `{name}` |" not in described]


@pytest.mark.parametrize("name", ["README.md", "docs/start.md"])
def test_shown_reports_are_what_riskscan_prints(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    blocks = re.findall(r"^ *```(?:text|console)\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    shown = [
        line.strip() for block in blocks if "$ riskscan" not in block for line in block.splitlines() if line.strip()
    ]
    done = subprocess.run(
        ["riskscan", "scan", "--exit-zero"],
        cwd=ROOT / "examples/tokyo-exchange",
        capture_output=True,
        text=True,
        check=True,
    )
    # As a reader has it whose repository begins where the example does.
    printed = {line.strip() for line in done.stdout.replace("examples/tokyo-exchange/", "").splitlines()}
    assert len(shown) > 5
    assert not [line for line in shown if line not in printed]
