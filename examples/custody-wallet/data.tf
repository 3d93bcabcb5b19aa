resource "aws_kms_key" "data" {
  description             = "Databases, secrets and backups"
  enable_key_rotation     = true
  deletion_window_in_days = 30
}

# Withdrawal requests, approvals, address book and derivation paths.
resource "aws_db_instance" "requests" {
  identifier        = "${local.name}-requests"
  engine            = "postgres"
  engine_version    = "16"
  instance_class    = "db.r7g.large"
  allocated_storage = 200
  storage_type      = "gp3"
  storage_encrypted = true
  kms_key_id        = aws_kms_key.data.arn

  db_name                     = "requests"
  username                    = "requests"
  manage_master_user_password = true

  multi_az               = true
  db_subnet_group_name   = aws_db_subnet_group.main.name
  vpc_security_group_ids = [aws_security_group.internal.id]

  backup_retention_period   = 35
  deletion_protection       = true
  final_snapshot_identifier = "${local.name}-requests-final"

  tags = { backup = "daily" }
}

resource "aws_db_subnet_group" "main" {
  name       = local.name
  subnet_ids = [for subnet in aws_subnet.private : subnet.id]
}

resource "aws_backup_vault" "main" {
  name        = local.name
  kms_key_arn = aws_kms_key.data.arn
}

# Compliance mode: after three days nobody, AWS included, can delete a recovery point or the vault before its time.
resource "aws_backup_vault_lock_configuration" "main" {
  backup_vault_name   = aws_backup_vault.main.name
  changeable_for_days = 3
  min_retention_days  = 35
  max_retention_days  = 365
}

resource "aws_backup_plan" "daily" {
  name = "${local.name}-daily"

  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.main.name
    schedule          = "cron(0 1 * * ? *)"

    lifecycle {
      delete_after = 90
    }
  }
}

resource "aws_backup_selection" "daily" {
  name         = "daily"
  plan_id      = aws_backup_plan.daily.id
  iam_role_arn = aws_iam_role.backup.arn

  selection_tag {
    type  = "STRINGEQUALS"
    key   = "backup"
    value = "daily"
  }
}
