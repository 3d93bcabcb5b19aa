# Copies of the requests: beside the data, in another account and region, and at the other provider. Each has a key of
# its own.

resource "aws_backup_vault" "workload" {
  name        = local.name
  kms_key_arn = aws_kms_key.data.arn
}

resource "aws_kms_key" "backup" {
  provider = aws.backup

  description             = "Recovery points"
  enable_key_rotation     = true
  deletion_window_in_days = 30
}

resource "aws_backup_vault" "isolated" {
  provider = aws.backup

  name        = "${local.name}-isolated"
  kms_key_arn = aws_kms_key.backup.arn
}

# Compliance mode is a shield here, not a lock: this is not the only copy.
resource "aws_backup_vault_lock_configuration" "isolated" {
  provider = aws.backup

  backup_vault_name   = aws_backup_vault.isolated.name
  changeable_for_days = 3
  min_retention_days  = 35
  max_retention_days  = 365
}

resource "aws_backup_vault_policy" "isolated" {
  provider = aws.backup

  backup_vault_name = aws_backup_vault.isolated.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::${var.aws_accounts.workload}:root" }
      Action    = "backup:CopyIntoBackupVault"
      Resource  = "*"
    }]
  })
}

resource "aws_backup_plan" "daily" {
  name = "${local.name}-daily"

  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.workload.name
    schedule          = "cron(0 1 * * ? *)"

    lifecycle {
      delete_after = 35
    }

    copy_action {
      destination_vault_arn = aws_backup_vault.isolated.arn

      lifecycle {
        delete_after = 90
      }
    }
  }
}

resource "aws_iam_role" "backup" {
  name = "${local.name}-backup"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "backup.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_backup_selection" "daily" {
  name         = "daily"
  plan_id      = aws_backup_plan.daily.id
  iam_role_arn = aws_iam_role.backup.arn
  resources    = [aws_db_instance.requests.arn]
}

# Nightly export in open formats: requests as Parquet, address book and derivation paths as JSON.
resource "aws_s3_bucket" "export" {
  bucket = "${local.name}-export"
}

resource "aws_s3_bucket_versioning" "export" {
  bucket = aws_s3_bucket.export.id

  versioning_configuration {
    status = "Enabled"
  }
}

data "google_storage_transfer_project_service_account" "backup" {
  provider = google.backup
}

resource "aws_iam_role" "transfer" {
  name = "${local.name}-transfer"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = "accounts.google.com" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "accounts.google.com:sub" = data.google_storage_transfer_project_service_account.backup.subject_id
        }
      }
    }]
  })
}

resource "aws_iam_role_policy" "transfer" {
  name = "read-export"
  role = aws_iam_role.transfer.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation"]
      Resource = [aws_s3_bucket.export.arn, "${aws_s3_bucket.export.arn}/*"]
    }]
  })
}

resource "google_storage_transfer_job" "export" {
  provider = google.backup

  description = "Nightly export from Amazon"

  transfer_spec {
    aws_s3_data_source {
      bucket_name = aws_s3_bucket.export.bucket
      role_arn    = aws_iam_role.transfer.arn
    }

    gcs_data_sink {
      bucket_name = google_storage_bucket.export.name
    }
  }

  schedule {
    schedule_start_date {
      year  = 2026
      month = 1
      day   = 1
    }
  }
}

resource "google_kms_key_ring" "backup" {
  provider = google.backup

  name     = "backup"
  location = "europe-west9"
}

resource "google_kms_crypto_key" "backup" {
  provider = google.backup

  name            = "export"
  key_ring        = google_kms_key_ring.backup.id
  rotation_period = "7776000s"

  lifecycle {
    prevent_destroy = true
  }
}

resource "google_storage_bucket" "export" {
  provider = google.backup

  name                        = "${local.name}-export"
  location                    = "europe-west9"
  uniform_bucket_level_access = true

  encryption {
    default_kms_key_name = google_kms_crypto_key.backup.id
  }

  versioning {
    enabled = true
  }

  soft_delete_policy {
    retention_duration_seconds = 2592000
  }
}
