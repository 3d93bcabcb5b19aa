module "tokyo" {
  source    = "./modules/aws-cell"
  providers = { aws = aws.tokyo }

  name            = "tokyo"
  zones           = ["ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"]
  cidr            = "10.10.0.0/16"
  certificate_arn = aws_acm_certificate_validation.api["tokyo"].certificate_arn
  registry        = local.aws_registries.tokyo
  image_tag       = var.image_tag
  services        = local.services
  secret_arns     = { for vendor, secret in aws_secretsmanager_secret.vendor : vendor => secret.arn }

  data_key_arn      = aws_kms_key.data.arn
  ledger_cluster_id = aws_rds_global_cluster.ledger.id
  ledger_primary    = true
  ledger_password   = var.ledger_password
  sessions_table    = aws_dynamodb_table.sessions.name
}

module "singapore" {
  source    = "./modules/aws-cell"
  providers = { aws = aws.singapore }

  name            = "singapore"
  zones           = ["ap-southeast-1a", "ap-southeast-1b", "ap-southeast-1c"]
  cidr            = "10.20.0.0/16"
  certificate_arn = aws_acm_certificate_validation.api["singapore"].certificate_arn
  registry        = local.aws_registries.singapore
  image_tag       = var.image_tag
  services        = local.services
  secret_arns = {
    for vendor, secret in aws_secretsmanager_secret.vendor :
    vendor => replace(secret.arn, local.aws_regions.tokyo, local.aws_regions.singapore)
  }

  data_key_arn      = aws_kms_replica_key.data.arn
  ledger_cluster_id = aws_rds_global_cluster.ledger.id
  ledger_primary    = false
  ledger_password   = var.ledger_password
  sessions_table    = aws_dynamodb_table.sessions.name

  # A secondary cluster joins only once the primary is there.
  depends_on = [module.tokyo]
}

module "seoul" {
  source = "./modules/google-cell"

  name               = "seoul"
  region             = local.google_region
  replica_region     = "asia-northeast2"
  zones              = ["a", "b", "c"]
  registry           = "${google_artifact_registry_repository.services.location}-docker.pkg.dev/${var.google_projects.workload}/${google_artifact_registry_repository.services.repository_id}"
  image_tag          = var.image_tag
  services           = local.services
  api_host           = local.api_host
  site_host          = local.site_host
  site_bucket        = google_storage_bucket.site.name
  certificate_map_id = google_certificate_manager_certificate_map.edge.id
  secret_ids         = { for vendor, secret in google_secret_manager_secret.vendor : vendor => secret.secret_id }
  ledger_password    = var.ledger_password
}

resource "aws_kms_key" "data" {
  provider = aws.tokyo

  description             = "Databases, caches and secrets of the AWS cells"
  multi_region            = true
  enable_key_rotation     = true
  deletion_window_in_days = 30
}

resource "aws_kms_replica_key" "data" {
  provider = aws.singapore

  description             = "Databases, caches and secrets of the AWS cells"
  primary_key_arn         = aws_kms_key.data.arn
  deletion_window_in_days = 30
}

resource "aws_rds_global_cluster" "ledger" {
  provider = aws.tokyo

  global_cluster_identifier = "${local.name}-ledger"
  engine                    = "aurora-postgresql"
  engine_version            = "16.6"
  database_name             = "ledger"
  storage_encrypted         = true
  deletion_protection       = true
}

resource "aws_dynamodb_table" "sessions" {
  provider = aws.tokyo

  name                        = "${local.name}-sessions"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "session"
  stream_enabled              = true
  stream_view_type            = "NEW_AND_OLD_IMAGES"
  deletion_protection_enabled = true

  attribute {
    name = "session"
    type = "S"
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.data.arn
  }

  replica {
    region_name            = local.aws_regions.singapore
    kms_key_arn            = aws_kms_replica_key.data.arn
    point_in_time_recovery = true
  }
}
