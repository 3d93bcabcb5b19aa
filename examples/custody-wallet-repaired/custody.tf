# The hot wallet is a contract with three owners, any two of which release funds. Each owner is one key at one provider,
# under an account of another legal owner. All were made in the offline ceremony and imported; the material stays in
# escrow as 3-of-5 shares.

# Owner A: Amazon.

resource "aws_kms_external_key" "signer" {
  provider = aws.keys

  description             = "Hot wallet owner A"
  key_spec                = "ECC_SECG_P256K1"
  key_usage               = "SIGN_VERIFY"
  multi_region            = true
  enabled                 = true
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.signer_key.json
}

# The ceremony imports the same material here.
resource "aws_kms_replica_external_key" "signer" {
  provider = aws.keys

  region                  = "eu-west-1"
  description             = "Hot wallet owner A"
  primary_key_arn         = aws_kms_external_key.signer.arn
  enabled                 = true
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.signer_key.json
}

# Two officers who do not report to each other: either can undo what the other did.
data "aws_iam_policy_document" "signer_key" {
  provider = aws.keys

  statement {
    sid       = "Administration"
    actions   = ["kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion", "kms:DisableKey", "kms:EnableKey", "kms:ImportKeyMaterial", "kms:Describe*", "kms:Get*"]
    resources = ["*"]

    principals {
      type = "AWS"
      identifiers = [
        "arn:aws:iam::${var.aws_accounts.keys}:role/key-officer",
        "arn:aws:iam::${var.aws_accounts.keys}:role/break-glass",
      ]
    }
  }

  statement {
    sid       = "Signing"
    actions   = ["kms:Sign", "kms:GetPublicKey", "kms:DescribeKey"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = [aws_iam_role.signer.arn]
    }
  }
}

resource "aws_iam_role" "signer" {
  provider = aws.keys

  name = "signer"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_ecr_repository" "signer" {
  provider = aws.keys

  name                 = "signer"
  image_tag_mutability = "IMMUTABLE"
}

resource "aws_lambda_function" "signer" {
  provider = aws.keys

  function_name = "signer"
  role          = aws_iam_role.signer.arn
  package_type  = "Image"
  image_uri     = "${aws_ecr_repository.signer.repository_url}:${var.image_tag}"
  timeout       = 15

  environment {
    variables = {
      KEY_ID    = aws_kms_external_key.signer.arn
      THRESHOLD = "2"
    }
  }
}

# Owner B: Google Cloud.

resource "google_kms_key_ring" "signer" {
  provider = google.keys

  name     = "hot-wallet"
  location = "europe"
}

resource "google_kms_key_ring_import_job" "signer" {
  provider = google.keys

  key_ring         = google_kms_key_ring.signer.id
  import_job_id    = "ceremony"
  import_method    = "RSA_OAEP_4096_SHA256_AES_256"
  protection_level = "HSM"
}

resource "google_kms_crypto_key" "signer" {
  provider = google.keys

  name                          = "owner-b"
  key_ring                      = google_kms_key_ring.signer.id
  purpose                       = "ASYMMETRIC_SIGN"
  import_only                   = true
  skip_initial_version_creation = true

  version_template {
    algorithm        = "EC_SIGN_SECP256K1_SHA256"
    protection_level = "HSM"
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "google_service_account" "signer" {
  provider = google.keys

  account_id   = "signer"
  display_name = "Hot wallet owner B"
}

resource "google_kms_crypto_key_iam_member" "signer" {
  provider = google.keys

  crypto_key_id = google_kms_crypto_key.signer.id
  role          = "roles/cloudkms.signerVerifier"
  member        = google_service_account.signer.member
}

resource "google_cloud_run_v2_service" "signer" {
  provider = google.keys

  name     = "signer"
  location = local.google_region

  template {
    service_account = google_service_account.signer.email

    scaling {
      min_instance_count = 2
      max_instance_count = 4
    }

    containers {
      image = "${local.google_region}-docker.pkg.dev/${var.google_projects.keys}/signer/signer:${var.image_tag}"

      env {
        name  = "KEY_ID"
        value = google_kms_crypto_key.signer.id
      }

      env {
        name  = "THRESHOLD"
        value = "2"
      }
    }
  }
}

# Owner C: Azure, under the subscription of the trustee.

data "azurerm_client_config" "current" {}

resource "azurerm_resource_group" "signer" {
  name     = "hot-wallet-signer"
  location = "norwayeast"
}

resource "azurerm_key_vault" "signer" {
  name                       = "custody-wallet-owner-c"
  location                   = azurerm_resource_group.signer.location
  resource_group_name        = azurerm_resource_group.signer.name
  tenant_id                  = data.azurerm_client_config.current.tenant_id
  sku_name                   = "premium"
  rbac_authorization_enabled = true
  purge_protection_enabled   = true
  soft_delete_retention_days = 90
}

resource "azurerm_key_vault_key" "signer" {
  name         = "owner-c"
  key_vault_id = azurerm_key_vault.signer.id
  key_type     = "EC-HSM"
  curve        = "P-256K"
  key_opts     = ["sign", "verify"]

  # Replaced by the imported version after the ceremony.
  lifecycle {
    prevent_destroy = true
  }
}

resource "azurerm_user_assigned_identity" "signer" {
  name                = "signer"
  location            = azurerm_resource_group.signer.location
  resource_group_name = azurerm_resource_group.signer.name
}

resource "azurerm_role_assignment" "signer" {
  scope                = azurerm_key_vault.signer.id
  role_definition_name = "Key Vault Crypto User"
  principal_id         = azurerm_user_assigned_identity.signer.principal_id
}

resource "azurerm_virtual_network" "signer" {
  name                = "signer"
  location            = azurerm_resource_group.signer.location
  resource_group_name = azurerm_resource_group.signer.name
  address_space       = ["10.80.0.0/16"]
}

resource "azurerm_subnet" "signer" {
  name                 = "signer"
  resource_group_name  = azurerm_resource_group.signer.name
  virtual_network_name = azurerm_virtual_network.signer.name
  address_prefixes     = ["10.80.0.0/21"]
}

resource "azurerm_container_app_environment" "signer" {
  name                     = "signer"
  location                 = azurerm_resource_group.signer.location
  resource_group_name      = azurerm_resource_group.signer.name
  infrastructure_subnet_id = azurerm_subnet.signer.id
  zone_redundancy_enabled  = true
}

resource "azurerm_container_app" "signer" {
  name                         = "signer"
  container_app_environment_id = azurerm_container_app_environment.signer.id
  resource_group_name          = azurerm_resource_group.signer.name
  revision_mode                = "Single"

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.signer.id]
  }

  template {
    min_replicas = 3
    max_replicas = 3

    container {
      name   = "signer"
      image  = "ghcr.io/custody-wallet/signer:${var.image_tag}"
      cpu    = 0.5
      memory = "1Gi"

      env {
        name  = "KEY_ID"
        value = azurerm_key_vault_key.signer.versionless_id
      }

      env {
        name  = "THRESHOLD"
        value = "2"
      }
    }
  }
}
