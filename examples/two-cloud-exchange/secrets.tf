locals {
  vendors = toset(["alchemy", "quicknode", "ankr", "fireblocks", "bitgo"])
}

resource "aws_secretsmanager_secret" "vendor" {
  provider = aws.tokyo
  for_each = local.vendors

  name                    = "${local.name}/${each.key}"
  kms_key_id              = aws_kms_key.data.arn
  recovery_window_in_days = 30

  replica {
    region     = local.aws_regions.singapore
    kms_key_id = aws_kms_replica_key.data.arn
  }
}

resource "google_secret_manager_secret" "vendor" {
  for_each = local.vendors

  secret_id = "${local.name}-${each.key}"

  replication {
    user_managed {
      replicas {
        location = local.google_region
      }
      replicas {
        location = "asia-northeast2"
      }
    }
  }
}
