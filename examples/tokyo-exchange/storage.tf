# Address book, derivation paths and signed withdrawal records.
resource "aws_s3_bucket" "wallet" {
  bucket = "${local.name}-wallet"

  tags = { app = "withdrawals" }
}

resource "aws_s3_bucket" "wallet_copy" {
  bucket = "${local.name}-wallet-copy"

  tags = { app = "withdrawals" }
}

# Copy of the audit trail outside Tokyo, asked for by the auditor.
resource "aws_s3_bucket" "audit" {
  bucket = "${local.name}-audit"

  tags = { app = "audit" }
}

resource "aws_s3_bucket" "audit_copy" {
  region = "ap-northeast-3"
  bucket = "${local.name}-audit-copy"

  tags = { app = "audit" }
}

resource "aws_s3_bucket_versioning" "tokyo" {
  for_each = {
    wallet      = aws_s3_bucket.wallet.id
    wallet-copy = aws_s3_bucket.wallet_copy.id
    audit       = aws_s3_bucket.audit.id
    state       = aws_s3_bucket.state.id
  }

  bucket = each.value

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_versioning" "audit_copy" {
  region = "ap-northeast-3"
  bucket = aws_s3_bucket.audit_copy.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "wallet" {
  bucket = aws_s3_bucket.wallet.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.data.arn
    }
  }
}

resource "aws_s3_bucket_replication_configuration" "wallet" {
  bucket = aws_s3_bucket.wallet.id
  role   = aws_iam_role.replication.arn

  rule {
    id     = "all"
    status = "Enabled"

    filter {}

    delete_marker_replication {
      status = "Disabled"
    }

    source_selection_criteria {
      sse_kms_encrypted_objects {
        status = "Enabled"
      }
    }

    destination {
      bucket = aws_s3_bucket.wallet_copy.arn

      encryption_configuration {
        replica_kms_key_id = aws_kms_key.data.arn
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.tokyo]
}

resource "aws_s3_bucket_replication_configuration" "audit" {
  bucket = aws_s3_bucket.audit.id
  role   = aws_iam_role.replication.arn

  rule {
    id     = "osaka"
    status = "Enabled"

    filter {}

    delete_marker_replication {
      status = "Disabled"
    }

    destination {
      bucket        = aws_s3_bucket.audit_copy.arn
      storage_class = "STANDARD_IA"
    }
  }

  depends_on = [aws_s3_bucket_versioning.tokyo, aws_s3_bucket_versioning.audit_copy]
}

resource "aws_s3_bucket_policy" "audit" {
  bucket = aws_s3_bucket.audit.id
  policy = data.aws_iam_policy_document.audit.json
}

data "aws_iam_policy_document" "audit" {
  statement {
    actions   = ["s3:GetBucketAcl"]
    resources = [aws_s3_bucket.audit.arn]

    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }
  }

  statement {
    actions   = ["s3:PutObject"]
    resources = ["${aws_s3_bucket.audit.arn}/*"]

    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "s3:x-amz-acl"
      values   = ["bucket-owner-full-control"]
    }
  }
}

resource "aws_cloudtrail" "main" {
  name                          = local.name
  s3_bucket_name                = aws_s3_bucket.audit.id
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true

  depends_on = [aws_s3_bucket_policy.audit]
}

# Made by hand before the first apply.
import {
  to = aws_s3_bucket.state
  id = "tokyo-exchange-terraform-state"
}

resource "aws_s3_bucket" "state" {
  bucket = "tokyo-exchange-terraform-state"

  lifecycle {
    prevent_destroy = true
  }
}
