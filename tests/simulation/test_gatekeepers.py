"""Who alone can prevent a release, of configurations whose answer can be read off."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from scanner.config import load_config
from scanner.pipeline import scan

AWS = 'provider "aws" {\n  region              = "ap-northeast-1"\n  allowed_account_ids = ["111122223333"]\n}\n'
GOOGLE = 'provider "google" {\n  project = "custody"\n  region  = "asia-northeast3"\n}\n'
EXTERNAL = """
resource "aws_kms_external_key" "signer" {
  key_usage = "SIGN_VERIFY"
  key_spec  = "ECC_SECG_P256K1"
}
"""
SECOND = """
resource "google_kms_key_ring" "signer" {
  name     = "signer"
  location = "asia-northeast3"
}

resource "google_kms_crypto_key" "signer" {
  name     = "signer"
  key_ring = google_kms_key_ring.signer.id
  purpose  = "ASYMMETRIC_SIGN"

  version_template {
    algorithm = "EC_SIGN_SECP256K1_SHA256"
  }
}
"""
ADMINISTERED = """
resource "aws_kms_key" "signer" {
  key_usage                = "SIGN_VERIFY"
  customer_master_key_spec = "ECC_SECG_P256K1"
  policy = jsonencode({
    Statement = [
      { Effect = "Allow", Action = "kms:*", Resource = "*", Principal = { AWS = PRINCIPALS } },
      { Effect = "Allow", Action = "kms:Sign", Resource = "*", Principal = { AWS = "arn:aws:iam::111122223333:role/signer" } },
    ]
  })
}
"""
CALLER = """
resource "aws_lambda_function" "treasury" {
  function_name = "treasury"
  role          = "arn:aws:iam::111122223333:role/treasury"

  environment {
    variables = { SETTINGS }
  }
}
"""
NAMES = """
resource "aws_route53_zone" "main" {
  name = "custody.example"
}

resource "aws_route53domains_registered_domain" "main" {
  domain_name = "custody.example"
}

resource "aws_route53_record" "app" {
  zone_id = aws_route53_zone.main.zone_id
  name    = "app.custody.example"
  type    = "A"
  ttl     = 60
  records = ["192.0.2.1"]
}
"""
ACCOUNT = ["account:aws/111122223333", "provider:aws"]
ALICE = '"arn:aws:iam::111122223333:user/alice"'
ROOT = '"arn:aws:iam::111122223333:root"'


def gatekeepers(folder: Path, files: str, entry: str, threshold: int | str = 1, attest: str = "") -> list[str]:
    (folder / "main.tf").write_text(files, "utf-8")
    config = f"version: 1\ncustody: [{{name: funds, entry: {entry}, threshold: {threshold}}}]\n{attest}"
    (folder / ".riskscan.yaml").write_text(config, "utf-8")
    report = scan([folder], replace(load_config(folder / ".riskscan.yaml"), today=date(2026, 1, 1)))
    (found,) = (service for service in report.services if service.kind == "custody")
    return list(found.gatekeepers)


def escrowed(*keys: str) -> str:
    claims = "".join(
        f'  - {{resource: "{key}", claim: material-escrowed, holder: shares, until: 2099-12-31}}\n' for key in keys
    )
    return f"attest:\n{claims}"


def test_a_key_that_only_its_provider_holds(tmp_path: Path) -> None:
    assert gatekeepers(tmp_path, AWS + EXTERNAL, '["aws_kms_external_key.signer"]') == ACCOUNT


def test_nobody_locks_a_key_whose_material_is_attested_as_escrowed(tmp_path: Path) -> None:
    found = gatekeepers(
        tmp_path, AWS + EXTERNAL, '["aws_kms_external_key.signer"]', attest=escrowed("aws_kms_external_key.signer")
    )
    assert found == []


def test_escrow_of_one_of_two_needed_keys_leaves_the_other_party(tmp_path: Path) -> None:
    found = gatekeepers(
        tmp_path,
        AWS + GOOGLE + EXTERNAL + SECOND,
        '["aws_kms_external_key.signer", "google_kms_crypto_key.signer"]',
        "all",
        escrowed("aws_kms_external_key.signer"),
    )
    assert found == ["account:google/custody", "provider:google"]


def test_who_holds_the_key_in_escrow_signs_without_the_program(tmp_path: Path) -> None:
    files = AWS + EXTERNAL + CALLER.replace("SETTINGS", "KEY_ID = aws_kms_external_key.signer.arn")
    entry = '["aws_kms_external_key.signer", "aws_lambda_function.treasury"]'
    assert gatekeepers(tmp_path, files, entry, "all") == ACCOUNT
    assert gatekeepers(tmp_path, files, entry, "all", escrowed("aws_kms_external_key.signer")) == []


def test_escrow_that_has_ended_does_not_count(tmp_path: Path) -> None:
    claim = 'attest: [{resource: "aws_kms_external_key.signer", claim: material-escrowed, holder: shares, until: 2020-01-31}]'
    assert gatekeepers(tmp_path, AWS + EXTERNAL, '["aws_kms_external_key.signer"]', attest=claim) == ACCOUNT


@pytest.mark.parametrize(
    ("principals", "expected"),
    [
        (ALICE, [*ACCOUNT, "administrator:arn:aws:iam::111122223333:user/alice"]),
        (f'[{ALICE}, "arn:aws:iam::111122223333:role/spare"]', ACCOUNT),  # either can undo what the other did
        (f"[{ALICE}, {ROOT}]", ACCOUNT),  # whoever the account lets in administers, too
        ("var.administrators", ACCOUNT),  # who, and how many, is not in the files
    ],
)
def test_a_sole_administrator_can_lock_a_key(tmp_path: Path, principals: str, expected: list[str]) -> None:
    files = AWS + 'variable "administrators" {}\n' + ADMINISTERED.replace("PRINCIPALS", principals)
    assert gatekeepers(tmp_path, files, '["aws_kms_key.signer"]') == expected


def test_a_sole_administrator_of_one_of_two_keys_locks_nothing(tmp_path: Path) -> None:
    files = AWS + GOOGLE + ADMINISTERED.replace("PRINCIPALS", ALICE) + SECOND
    assert gatekeepers(tmp_path, files, '["aws_kms_key.signer", "google_kms_crypto_key.signer"]') == []


# Roles of a managed HSM hold inside it alone: a subscription's owner has none of them, and the Administrator, the Crypto
# Officer and the Policy Administrator may hand them out. https://learn.microsoft.com/azure/key-vault/managed-hsm/built-in-roles
HSM = """
provider "azurerm" {
  subscription_id = "00000000-0000-0000-0000-000000000001"
  features {}
}

variable "other" {}

resource "azurerm_key_vault_managed_hardware_security_module" "main" {
  name                = "custody"
  location            = "westeurope"
  resource_group_name = "custody"
  sku_name            = "Standard_B1"
  tenant_id           = "00000000-0000-0000-0000-000000000002"
  admin_object_ids    = ADMINISTRATORS
}

resource "azurerm_key_vault_managed_hardware_security_module_key" "signer" {
  name           = "signer"
  managed_hsm_id = azurerm_key_vault_managed_hardware_security_module.main.id
  key_type       = "EC-HSM"
  curve          = "P-256K"
  key_opts       = ["sign"]
}

data "azurerm_key_vault_managed_hardware_security_module_role_definition" "given" {
  managed_hsm_id = azurerm_key_vault_managed_hardware_security_module.main.id
  name           = ROLE
}

resource "azurerm_key_vault_managed_hardware_security_module_role_assignment" "given" {
  managed_hsm_id     = azurerm_key_vault_managed_hardware_security_module.main.id
  name               = "a9dbe818-56e7-5878-c0ce-a1477692c1d6"
  scope              = "/keys"
  role_definition_id = data.azurerm_key_vault_managed_hardware_security_module_role_definition.given.resource_manager_id
  principal_id       = var.other
}
"""
SUBSCRIPTION = ["account:azure/00000000-0000-0000-0000-000000000001", "provider:azure"]
CRYPTO_USER = '"21dbd100-6940-42c2-9190-5d6cb909625b"'
CAROL, DAVE = '"00000000-0000-0000-0000-00000000000c"', '"00000000-0000-0000-0000-00000000000d"'


@pytest.mark.parametrize(
    ("administrators", "role", "expected"),
    [
        (f"[{CAROL}]", CRYPTO_USER, [*SUBSCRIPTION, f"administrator:{CAROL[1:-1]}"]),
        (f"[{CAROL}, {DAVE}]", CRYPTO_USER, SUBSCRIPTION),  # either can undo what the other did
        (f"[{CAROL}]", '"4bd23610-cdcf-4971-bdee-bdc562cc28e4"', SUBSCRIPTION),  # the other may assign roles, too
        (f"[{CAROL}]", "var.other", SUBSCRIPTION),  # may be a role that does
        ("var.other", CRYPTO_USER, SUBSCRIPTION),  # who, and how many, is not in the files
    ],
)
def test_a_sole_administrator_of_a_managed_hsm(
    tmp_path: Path, administrators: str, role: str, expected: list[str]
) -> None:
    files = HSM.replace("ADMINISTRATORS", administrators).replace("= ROLE", f"= {role}")
    entry = '["azurerm_key_vault_managed_hardware_security_module_key.signer"]'
    assert gatekeepers(tmp_path, files, entry) == expected


# https://cloud.google.com/kms/docs/reference/permissions-and-roles: a role on the project holds for all keys in it.
GOOGLE_POLICY = """
resource "google_kms_crypto_key_iam_binding" "signer" {
  crypto_key_id = google_kms_crypto_key.signer.id
  role          = "roles/cloudkms.admin"
  members       = ["user:carol@custody.example"]
}
"""


def test_the_owners_of_a_project_administer_its_keys_whatever_the_keys_say(tmp_path: Path) -> None:
    found = gatekeepers(tmp_path, GOOGLE + SECOND + GOOGLE_POLICY, '["google_kms_crypto_key.signer"]')
    assert found == ["account:google/custody", "provider:google"]


def test_an_administrator_is_no_failure_domain(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(AWS + ADMINISTERED.replace("PRINCIPALS", ALICE), "utf-8")
    (tmp_path / ".riskscan.yaml").write_text(
        'version: 1\ncustody: [{name: funds, entry: ["aws_kms_key.signer"]}]\n', "utf-8"
    )
    report = scan([tmp_path], load_config(tmp_path / ".riskscan.yaml"))
    (found,) = (service for service in report.services if service.kind == "custody")
    assert not any("administrator" in domain for group in found.risk_groups for domain in group.domains)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ('CUSTODIAN_URL = "https://api.fireblocks.io/v1"', ["custodian:fireblocks", *ACCOUNT]),
        ('CUSTODIAN_URLS = "https://api.fireblocks.io/v1,https://app.bitgo.com"', ACCOUNT),
        ('CUSTODIAN_URL = "https://api.fireblocks.io/v1", CUSTODIAN_URL_FALLBACK = "https://app.bitgo.com"', ACCOUNT),
        (
            'HOT_API = "https://api.fireblocks.io/v1", COLD_STORE = "https://app.bitgo.com"',  # each holds its own
            ["custodian:bitgo", "custodian:fireblocks", *ACCOUNT],
        ),
    ],
)
def test_custodians(tmp_path: Path, settings: str, expected: list[str]) -> None:
    files = AWS + CALLER.replace("SETTINGS", settings)
    assert gatekeepers(tmp_path, files, '["aws_lambda_function.treasury"]') == expected


def test_a_registrar_can_take_a_name_away(tmp_path: Path) -> None:
    assert gatekeepers(tmp_path, AWS + NAMES, '["aws_route53_record.app"]') == [
        *ACCOUNT[:1],
        "registrar:route53",
        *ACCOUNT[1:],
    ]


VAULT = """
data "aws_subnets" "private" {}

resource "aws_kms_key" "seal" {}

resource "google_kms_key_ring" "seal" {
  name     = "seal"
  location = "asia-northeast3"
}

resource "google_kms_crypto_key" "seal" {
  name     = "seal"
  key_ring = google_kms_key_ring.seal.id
}

resource "google_compute_instance" "vault" {
  name         = "vault"
  machine_type = "e2-small"
  zone         = "asia-northeast3-a"

  metadata_startup_script = <<-EOT
    cat > /etc/vault.hcl <<'END'
    storage "raft" { path = "/data" }
    SEALS
    END
  EOT
}
"""
BY_AMAZON = 'seal "awskms" {\n  OFF kms_key_id = "${aws_kms_key.seal.key_id}"\n}\n'
BY_GOOGLE = (
    'seal "gcpckms" {\n  key_ring = "${google_kms_key_ring.seal.name}"\n'
    '  crypto_key = "${google_kms_crypto_key.seal.name}"\n}\n'
)
HERE = ["account:google/custody", "provider:google"]


@pytest.mark.parametrize(
    ("configured", "expected"),
    [
        (BY_AMAZON.replace("OFF", ""), [*ACCOUNT[:1], HERE[0], *ACCOUNT[1:], HERE[1]]),  # AWS opens what Google runs
        (BY_GOOGLE, HERE),
        (BY_AMAZON.replace("OFF", 'name = "a"\n') + BY_GOOGLE, HERE),  # either seal opens it
        (BY_AMAZON.replace("OFF", 'disabled = "true"\n') + BY_GOOGLE, [*ACCOUNT[:1], HERE[0], *ACCOUNT[1:], HERE[1]]),
    ],
)
def test_seals(tmp_path: Path, configured: str, expected: list[str]) -> None:
    files = AWS + GOOGLE + VAULT.replace("SEALS", configured)
    assert gatekeepers(tmp_path, files, '["google_compute_instance.vault"]') == expected


def test_seals_in_a_start_up_script_in_base64(tmp_path: Path) -> None:
    servers = """
resource "aws_launch_template" "vault" {
  user_data = base64encode(<<-EOT
    SEALS
  EOT
  )
}

resource "aws_autoscaling_group" "vault" {
  min_size           = 3
  max_size           = 3
  availability_zones = ["ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"]

  launch_template {
    id = aws_launch_template.vault.id
  }
}
"""
    both = BY_AMAZON.replace("OFF", 'name = "a"\n') + BY_GOOGLE
    files = AWS + GOOGLE + VAULT.replace("SEALS", "") + servers
    entry = '["aws_autoscaling_group.vault"]'
    assert gatekeepers(tmp_path, files.replace("SEALS", BY_GOOGLE), entry) == [
        *ACCOUNT[:1],
        HERE[0],
        *ACCOUNT[1:],
        HERE[1],
    ]
    assert gatekeepers(tmp_path, files.replace("SEALS", both), entry) == ACCOUNT


def test_vendors_in_a_start_up_script_in_base64(tmp_path: Path) -> None:
    servers = """
resource "aws_sqs_queue" "withdrawals" {}

resource "aws_launch_template" "treasury" {
  user_data = base64encode(<<-EOT
    QUEUE=${aws_sqs_queue.withdrawals.url}
    CUSTODIAN_URL=https://api.fireblocks.io/v1
  EOT
  )
}

resource "aws_autoscaling_group" "treasury" {
  min_size           = 1
  max_size           = 1
  availability_zones = ["ap-northeast-1a"]

  launch_template {
    id = aws_launch_template.treasury.id
  }
}
"""
    expected = ["custodian:fireblocks", *ACCOUNT]
    assert gatekeepers(tmp_path, AWS + servers, '["aws_autoscaling_group.treasury"]') == expected


def test_a_registrar_can_take_a_name_away_from_every_host(tmp_path: Path) -> None:
    balancer = """
resource "cloudflare_zone" "main" {
  name = "custody.example"
}

resource "cloudflare_load_balancer" "app" {
  zone_id       = cloudflare_zone.main.id
  name          = "app.custody.example"
  default_pools = ["pool"]
}
"""
    entry = '["aws_route53_record.app", "cloudflare_load_balancer.app"]'
    assert gatekeepers(tmp_path, AWS + NAMES + balancer, entry) == ["registrar:route53"]


SIGNER = """
resource "aws_kms_key" "signer" {
  description              = "withdrawals"
  key_usage                = "SIGN_VERIFY"
  customer_master_key_spec = "ECC_SECG_P256K1"
}
"""


@pytest.mark.parametrize("provider", ['provider "aws" {\n  region = "eu-west-1"\n}\n', AWS], ids=["unnamed", "named"])
def test_the_account_of_an_unrelated_root_locks_nothing(tmp_path: Path, provider: str) -> None:
    """It could only be the same account under another name."""
    for root, said in (("keys", provider), ("site", 'provider "aws" {\n  region = "eu-west-1"\n}\n')):
        (tmp_path / root).mkdir()
        (tmp_path / root / "main.tf").write_text(said + (SIGNER if root == "keys" else NAMES), "utf-8")
    config = 'version: 1\ncustody: [{name: funds, entry: ["keys#aws_kms_key.signer"]}]\n'
    (tmp_path / ".riskscan.yaml").write_text(config, "utf-8")
    report = scan([tmp_path], replace(load_config(tmp_path / ".riskscan.yaml"), today=date(2026, 1, 1)))
    (found,) = (service for service in report.services if service.kind == "custody")
    mine = "account:aws/111122223333" if provider == AWS else "account:aws/?keys.account"
    assert list(found.gatekeepers) == [mine, "provider:aws"]
