resource "aws_db_subnet_group" "this" {
  name       = var.name
  subnet_ids = [for subnet in aws_subnet.private : subnet.id]
}

resource "aws_rds_cluster" "ledger" {
  cluster_identifier        = "${var.name}-ledger"
  global_cluster_identifier = var.ledger_cluster_id
  engine                    = "aurora-postgresql"
  engine_version            = "16.6"
  storage_encrypted         = true
  kms_key_id                = var.data_key_arn

  master_username            = var.ledger_primary ? "ledger" : null
  master_password_wo         = var.ledger_primary ? var.ledger_password : null
  master_password_wo_version = var.ledger_primary ? 1 : null

  enable_global_write_forwarding = !var.ledger_primary

  availability_zones     = var.zones
  db_subnet_group_name   = aws_db_subnet_group.this.name
  vpc_security_group_ids = [aws_security_group.private.id]

  backup_retention_period   = 35
  copy_tags_to_snapshot     = true
  deletion_protection       = true
  final_snapshot_identifier = "${var.name}-ledger-final"

  lifecycle {
    ignore_changes = [replication_source_identifier]
  }
}

resource "aws_rds_cluster_instance" "ledger" {
  for_each = local.zones

  identifier         = "${var.name}-ledger-${each.value}"
  cluster_identifier = aws_rds_cluster.ledger.id
  engine             = aws_rds_cluster.ledger.engine
  instance_class     = "db.r7g.xlarge"
  availability_zone  = each.key
}

resource "aws_elasticache_subnet_group" "this" {
  name       = var.name
  subnet_ids = [for subnet in aws_subnet.private : subnet.id]
}

resource "aws_elasticache_replication_group" "book" {
  replication_group_id = "${var.name}-book"
  description          = "Order book snapshots and rate limits"
  engine               = "valkey"
  engine_version       = "8.0"
  node_type            = "cache.r7g.large"
  num_cache_clusters   = length(var.zones)

  automatic_failover_enabled  = true
  multi_az_enabled            = true
  preferred_cache_cluster_azs = var.zones

  subnet_group_name          = aws_elasticache_subnet_group.this.name
  security_group_ids         = [aws_security_group.private.id]
  at_rest_encryption_enabled = true
  transit_encryption_enabled = true
  kms_key_id                 = var.data_key_arn
  snapshot_retention_limit   = 7
}

# Ledger events that wait to be relayed to the other cells.
resource "aws_sqs_queue" "events" {
  name                      = "${var.name}-events.fifo"
  fifo_queue                = true
  kms_master_key_id         = var.data_key_arn
  message_retention_seconds = 1209600
}
