# Three copies: beside the data, in another account and region, and at the other provider.

resource "aws_backup_vault" "workload" {
  provider = aws.tokyo

  name        = local.name
  kms_key_arn = aws_kms_key.data.arn
}

resource "aws_kms_key" "backup" {
  provider = aws.backup

  description             = "Recovery points of the exchange"
  enable_key_rotation     = true
  deletion_window_in_days = 30
}

resource "aws_backup_vault" "isolated" {
  provider = aws.backup

  name        = "${local.name}-isolated"
  kms_key_arn = aws_kms_key.backup.arn
}

# Governance mode: the backup team can lift it, the workload account can't.
resource "aws_backup_vault_lock_configuration" "isolated" {
  provider = aws.backup

  backup_vault_name  = aws_backup_vault.isolated.name
  min_retention_days = 35
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
  provider = aws.tokyo

  name = "${local.name}-daily"

  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.workload.name
    schedule          = "cron(0 18 * * ? *)"

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
  provider = aws.tokyo

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

resource "aws_iam_role_policy_attachment" "backup" {
  provider = aws.tokyo

  role       = aws_iam_role.backup.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"
}

resource "aws_backup_selection" "daily" {
  provider = aws.tokyo

  name         = "daily"
  plan_id      = aws_backup_plan.daily.id
  iam_role_arn = aws_iam_role.backup.arn
  resources    = [module.tokyo.ledger_arn, aws_dynamodb_table.sessions.arn]
}

# Nightly export in open formats: the ledger as Parquet, the address book and the derivation paths as JSON.
resource "aws_s3_bucket" "export" {
  provider = aws.tokyo

  bucket = "${local.name}-export"
}

resource "aws_s3_bucket_versioning" "export" {
  provider = aws.tokyo

  bucket = aws_s3_bucket.export.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_iam_role" "transfer" {
  provider = aws.tokyo

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
  provider = aws.tokyo

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

data "google_storage_transfer_project_service_account" "backup" {
  provider = google.backup
}

resource "google_storage_bucket" "export" {
  provider = google.backup

  name                        = "${local.name}-export"
  location                    = "asia-northeast2"
  uniform_bucket_level_access = true

  versioning {
    enabled = true
  }

  soft_delete_policy {
    retention_duration_seconds = 2592000
  }
}

resource "google_storage_bucket_iam_member" "transfer" {
  provider = google.backup

  bucket = google_storage_bucket.export.name
  role   = "roles/storage.admin"
  member = data.google_storage_transfer_project_service_account.backup.member
}

resource "google_storage_transfer_job" "export" {
  provider = google.backup

  description = "Nightly export from AWS"

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

    start_time_of_day {
      hours   = 20
      minutes = 0
      seconds = 0
      nanos   = 0
    }
  }

  depends_on = [google_storage_bucket_iam_member.transfer]
}
