"""``riskscan diff``: an account against its code, and two states of a repository.

``tests/fixtures/drift`` was worked out by hand. Its account has drifted five times: the database lost its standby, its
backups are shorter and it can be deleted; the group of servers lost a zone; the key's policy names a user in place of the
account. Besides, the queue stands in another region (no rule minds), the table is gone, and nobody's code has the disk.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import scanner.reporters

Run = Callable[..., Any]

DRIFT = Path(__file__).parent.parent / "fixtures" / "drift"
SCHEMA = json.loads(Path(scanner.reporters.__file__).with_name("comparison_schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


@pytest.fixture(autouse=True)
def estate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The code and the account in the working directory, without settings from outside."""
    shutil.copytree(DRIFT, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "TF_WORKSPACE", "RISKSCAN_CONFIG", "RISKSCAN_FAIL_ON"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def answer(riskscan: Run, *arguments: str) -> Any:
    document = json.loads(riskscan("diff", *arguments, "--format", "json").out)
    VALIDATOR.validate(document)
    return document


def changed(riskscan: Run, old: str, new: str, *flags: str) -> int:
    """The exit code after a change of the account."""
    file = Path("account/config.json")
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    code: int = riskscan("diff", "code", "account", *flags).code
    return code


# -- the example -----------------------------------------------------------------------------------


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_each_drift_is_named_with_the_rule_that_minds_it(riskscan: Run) -> None:
    document = answer(riskscan, "code", "account")
    rules = {
        match["base"]["resource"]: {rule["rule"] for rule in match["rules"] if rule["effect"] == "more"}
        for match in document["matched"]
    }
    assert rules == {
        "aws_db_instance.orders": {"RS101", "RS702", "RS704"},
        "aws_autoscaling_group.web": {"RS111", "RS144"},
        "aws_kms_key.wallet": {"RS614"},
        "aws_sqs_queue.jobs": set(),
    }


def test_each_drift_is_named_with_both_values(riskscan: Run) -> None:
    found = {
        (match["base"]["resource"], each["name"]): (each["base"], each["head"], each["effect"])
        for match in answer(riskscan, "code", "account")["matched"]
        for each in match["differences"]
    }
    root, user = "arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:user/alice"
    assert found[("aws_db_instance.orders", "zone_redundant")] == ("on", "off", "more")
    assert found[("aws_db_instance.orders", "backup_retention_days")] == ("14", "1", "more")
    assert found[("aws_db_instance.orders", "deletion_protection")] == ("on", "off", "more")
    assert found[("aws_autoscaling_group.web", "zones")] == ("eu-west-1a, eu-west-1b", "eu-west-1a", "more")
    assert found[("aws_kms_key.wallet", "policy principals")] == (root, user, "more")
    assert found[("aws_sqs_queue.jobs", "region")] == ("eu-west-1", "eu-central-1", "neither")


def test_what_only_one_side_has(riskscan: Run) -> None:
    document = answer(riskscan, "code", "account")
    (gone,), (stray,) = document["only_base"], document["only_head"]
    assert (gone["resource"], gone["note"]) == ("aws_dynamodb_table.ledger", "the account lists nothing of this type")
    assert (stray["type"], stray["line"]) == ("aws_ebs_volume", 63)
    assert "RS712" in {finding["rule"] for finding in stray["failing"]}


def test_a_service_of_the_configuration_is_the_accounts_too(riskscan: Run) -> None:
    (service,) = answer(riskscan, "code", "account")["services"]
    zone = next(each for each in service["coefficients"] if each["level"] == "zone")
    assert (service["name"], service["head_name"], service["effect"]) == ("shop", "shop", "more")
    assert (zone["base"], zone["head"]) == ({"low": 2, "high": 2}, {"low": 1, "high": 1})


GOLDEN = """\
The account is more centralized than the code: 3 of 4 matched resources, 1 of 1 service, 1 resource
  that the code does not have.
  4 matched, 1 only in the code, 1 only in the account
"""


def test_text(riskscan: Run) -> None:
    result = riskscan("diff", "code", "account")
    assert result.out.startswith(GOLDEN)
    for block in (
        "                  code     account\n  resources       5        5\n",
        "  shop, zone      2        1        more centralized\n  shop, region    1        1\n",
        "  aws_kms_key.wallet (code/main.tf:20)\n",
        "    policy principals: arn:aws:iam::111122223333:root -> arn:aws:iam::111122223333:user/alice (more\n      centralized)\n",
        "Different, and no rule minds\n  aws_sqs_queue.jobs (code/main.tf:33)\n    is arn:aws:sqs:eu-central-1:111122223333:jobs (account/config.json:53) in the account: the same\n      name jobs\n    region: eu-west-1 -> eu-central-1\n",
        "Only in the account (nobody's code)\n  arn:aws:ec2:eu-west-1:111122223333:volume/vol-0123456789abcdef0 (account/config.json:63):",
    ):
        assert block in result.out


def test_markdown(riskscan: Run) -> None:
    out = riskscan("diff", "code", "account", "-f", "markdown").out
    assert "| shop, zone | 2 | 1 | more centralized |\n" in out
    assert "* `deletion_protection`: `on` → `off` (more centralized)\n" in out
    assert "### Only in the code\n\n* `aws_dynamodb_table.ledger` (`code/main.tf:37`)" in out


def test_two_runs_say_the_same(riskscan: Run) -> None:
    assert (
        riskscan("diff", "code", "account", "-f", "json").out == riskscan("diff", "code", "account", "-f", "json").out
    )


def test_the_other_way_round_the_code_is_less_centralized(riskscan: Run) -> None:
    document = answer(riskscan, "account", "code")
    assert (document["base"]["label"], document["head"]["label"]) == ("base", "head")
    effects = {match["head"]["resource"]: match["effect"] for match in document["matched"]}
    assert effects["aws_db_instance.orders"] == effects["aws_autoscaling_group.web"] == "less"


# -- exit codes ------------------------------------------------------------------------------------


def test_more_centralized_is_exit_code_1(riskscan: Run) -> None:
    assert riskscan("diff", "code", "account").code == 1


def test_the_same_is_exit_code_0(riskscan: Run) -> None:
    result = riskscan("diff", "code", "code")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("Nothing in the head was found more centralized than in the base.\n")


@pytest.mark.parametrize(
    ("flags", "code"), [(["--fail-on", "never"], 0), (["--exit-zero"], 0), (["--fail-on", "low"], 1)]
)
def test_flags_of_the_gate(riskscan: Run, flags: list[str], code: int) -> None:
    assert riskscan("diff", "code", "account", *flags).code == code


def test_the_severity_of_what_is_worse_counts(riskscan: Run) -> None:
    """Without the standby's, the zone's and the policy's drift, the shorter backups are of medium severity."""
    file = Path("account/config.json")
    text = file.read_text(encoding="utf-8").replace('"multiAZ": false', '"multiAZ": true').replace("user/alice", "root")
    file.write_text(text.replace('["eu-west-1a"]', '["eu-west-1a", "eu-west-1b"]'), encoding="utf-8")
    assert [riskscan("diff", "code", "account", "--fail-on", s).code for s in ("high", "medium")] == [0, 1]


def test_usage(riskscan: Run) -> None:
    assert [riskscan("diff", *paths).code for paths in ((), ("code",), ("code", "missing"))] == [2, 2, 2]


def test_unread_input_is_exit_code_3_unless_something_is_worse(riskscan: Run) -> None:
    Path("code/broken.tf").write_text('resource "a" {', encoding="utf-8")
    assert riskscan("diff", "code", "account").code == 1
    result = riskscan("diff", "code", "account", "--fail-on", "never")
    assert (result.code, "incomplete: code: " in result.err) == (3, True)
    assert riskscan("diff", "code", "account", "--fail-on", "never", "--allow-incomplete").code == 0


def test_an_empty_account_is_nothing_to_compare_with(riskscan: Run, estate: Path) -> None:
    (estate / "nothing").mkdir()
    result = riskscan("diff", "code", "nothing")
    assert (result.code, "there was nothing to scan" in result.err) == (3, True)


def test_what_the_code_does_not_decide_is_not_compared(riskscan: Run) -> None:
    file = Path("code/main.tf")
    text = file.read_text(encoding="utf-8").replace("= true\n  backup", "= var.standby\n  backup")
    file.write_text(f'{text}\nvariable "standby" {{\n  type = bool\n}}\n', encoding="utf-8")
    match = next(m for m in answer(riskscan, "code", "account")["matched"] if m["kind"] == "database")
    reasons = {each["name"]: each["not_comparable"] for each in match["differences"]}
    assert "variable standby" in reasons["zone_redundant"]
    assert "RS101" in {rule["rule"] for rule in match["rules"] if rule["effect"] == "undecided"}


# -- two states of a repository --------------------------------------------------------------------


def test_a_moved_and_changed_resource_is_the_same_one(riskscan: Run, estate: Path) -> None:
    shutil.copytree("code", "head")
    file = estate / "head" / "main.tf"
    text = file.read_text(encoding="utf-8").replace('"aws_db_instance" "orders"', '"aws_db_instance" "main"')
    text = text.replace('identifier              = "orders"', "").replace(
        "multi_az                = true", "multi_az = false"
    )
    moved = "moved {\n  from = aws_db_instance.orders\n  to   = aws_db_instance.main\n}\n"
    file.write_text(text + moved, encoding="utf-8")
    document = answer(riskscan, "code", "head")
    match = next(m for m in document["matched"] if m["kind"] == "database")
    assert (match["base"]["resource"], match["head"]["resource"]) == ("aws_db_instance.orders", "aws_db_instance.main")
    assert (match["basis"], match["effect"]) == ("moved", "more")
    assert (document["only_base"], document["only_head"]) == ([], [])


def test_a_state_is_an_account(riskscan: Run, estate: Path) -> None:
    state = {
        "version": 4, "terraform_version": "1.9.0", "serial": 1, "lineage": "x", "outputs": {},
        "resources": [{
            "mode": "managed", "type": "aws_sqs_queue", "name": "jobs",
            "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
            "instances": [{"schema_version": 0, "attributes": {"name": "jobs", "arn": "arn:aws:sqs:eu-west-1:111122223333:jobs"}}],
        }],
    }  # fmt: skip
    (estate / "terraform.tfstate").write_text(json.dumps(state), encoding="utf-8")
    document = answer(riskscan, "code", "terraform.tfstate")
    assert document["head"]["label"] == "account"
    assert [(m["base"]["resource"], m["basis"]) for m in document["matched"]] == [("aws_sqs_queue.jobs", "address")]


# -- hostile input ---------------------------------------------------------------------------------

EVIL = "\x1b[31m::error::x\n| <script>alert(1)</script> @everyone \u202e [a](http://evil.example)"


@pytest.mark.parametrize("format_name", ["text", "markdown", "json"])
def test_names_from_an_account_are_harmless(riskscan: Run, format_name: str) -> None:
    file = Path("account/config.json")
    data = json.loads(file.read_text(encoding="utf-8"))
    for item in data["configurationItems"]:
        item["ARN"] += EVIL
        item["configuration"]["engine"] = EVIL
        item["tags"] = {"Name": EVIL}
    file.write_text(json.dumps(data), encoding="utf-8")
    out = riskscan("diff", "code", "account", "-f", format_name, "--show", "all").out
    assert not {"\x1b", "\u202e"} & set(out)
    assert not any(line.lstrip().startswith("::") for line in out.split("\n"))
    if format_name == "markdown":
        from markdown_it import MarkdownIt

        html = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(out)
        assert "<script" not in html
        assert "href=" not in html
    if format_name == "json":
        VALIDATOR.validate(json.loads(out))


def test_secrets_are_not_shown(riskscan: Run) -> None:
    file = Path("code/main.tf")
    text = file.read_text(encoding="utf-8").replace('"postgres"', "var.secret")
    file.write_text(
        f'{text}\nvariable "secret" {{\n  sensitive = true\n  default = "hunter2hunter2"\n}}\n', encoding="utf-8"
    )
    for format_name in ("text", "markdown", "json"):
        out = riskscan("diff", "code", "account", "-f", format_name, "--show", "all").out
        assert "hunter2" not in out
        assert "(sensitive)" in out
