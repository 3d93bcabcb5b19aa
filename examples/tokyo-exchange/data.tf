resource "aws_kms_key" "data" {
  description             = "Databases, volumes, queues and buckets"
  enable_key_rotation     = true
  deletion_window_in_days = 30
}

resource "aws_kms_alias" "data" {
  name          = "alias/${local.name}-data"
  target_key_id = aws_kms_key.data.key_id
}

resource "aws_db_subnet_group" "main" {
  name       = local.name
  subnet_ids = [for subnet in aws_subnet.private : subnet.id]
}

# Balances. In the engine's zone: settlement writes after each match.
resource "aws_db_instance" "ledger" {
  identifier        = "${local.name}-ledger"
  engine            = "postgres"
  engine_version    = "16"
  instance_class    = var.ledger_instance_class
  allocated_storage = 500
  storage_type      = "gp3"
  storage_encrypted = true
  kms_key_id        = aws_kms_key.data.arn

  db_name                     = "ledger"
  username                    = "ledger"
  manage_master_user_password = true

  multi_az               = false
  availability_zone      = local.home_zone
  db_subnet_group_name   = aws_db_subnet_group.main.name
  vpc_security_group_ids = [aws_security_group.internal.id]

  backup_retention_period   = 14
  deletion_protection       = true
  skip_final_snapshot       = false
  final_snapshot_identifier = "${local.name}-ledger-final"

  tags = {
    app    = "ledger"
    backup = "daily"
  }
}

resource "aws_db_instance" "ledger_replica" {
  count = var.ledger_read_replicas

  identifier          = "${local.name}-ledger-replica-${count.index}"
  replicate_source_db = aws_db_instance.ledger.identifier
  instance_class      = var.ledger_instance_class
  availability_zone   = local.home_zone
  storage_encrypted   = true
  skip_final_snapshot = true

  vpc_security_group_ids = [aws_security_group.internal.id]

  tags = { app = "reports" }
}

resource "aws_db_instance" "market_data" {
  identifier        = "${local.name}-market-data"
  engine            = "postgres"
  engine_version    = "16"
  instance_class    = "db.r7g.large"
  allocated_storage = 1000
  storage_type      = "gp3"
  storage_encrypted = true
  kms_key_id        = aws_kms_key.data.arn

  db_name                     = "candles"
  username                    = "candles"
  manage_master_user_password = true

  multi_az               = var.market_data_multi_az
  db_subnet_group_name   = aws_db_subnet_group.main.name
  vpc_security_group_ids = [aws_security_group.internal.id]

  backup_retention_period   = 7
  deletion_protection       = true
  final_snapshot_identifier = "${local.name}-market-data-final"

  tags = { app = "market-data" }
}

resource "aws_elasticache_subnet_group" "main" {
  name       = local.name
  subnet_ids = [for subnet in aws_subnet.private : subnet.id]
}

resource "aws_elasticache_replication_group" "book" {
  replication_group_id = "${local.name}-book"
  description          = "Order book snapshots and rate limits"
  engine               = "valkey"
  engine_version       = "8.0"
  node_type            = "cache.r7g.xlarge"
  num_cache_clusters   = 1

  automatic_failover_enabled  = false
  multi_az_enabled            = false
  preferred_cache_cluster_azs = [local.home_zone]

  subnet_group_name          = aws_elasticache_subnet_group.main.name
  security_group_ids         = [aws_security_group.internal.id]
  at_rest_encryption_enabled = true
  transit_encryption_enabled = true

  tags = { app = "order-api" }
}

resource "aws_dynamodb_table" "sessions" {
  name         = "${local.name}-sessions"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "session"

  deletion_protection_enabled = true

  attribute {
    name = "session"
    type = "S"
  }

  ttl {
    attribute_name = "expires"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  tags = { app = "order-api" }
}
