# Hot wallet. Ethereum signatures, made in KMS; the key never leaves it.
resource "aws_kms_key" "hot_wallet" {
  description              = "Hot wallet, secp256k1"
  key_usage                = "SIGN_VERIFY"
  customer_master_key_spec = "ECC_SECG_P256K1"
  deletion_window_in_days  = 30
  policy                   = data.aws_iam_policy_document.hot_wallet.json

  tags = { app = "withdrawals" }
}

resource "aws_kms_alias" "hot_wallet" {
  name          = "alias/${local.name}-hot-wallet"
  target_key_id = aws_kms_key.hot_wallet.key_id
}

data "aws_iam_policy_document" "hot_wallet" {
  statement {
    sid       = "Administration"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${var.account_id}:root"]
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

resource "aws_instance" "signer" {
  ami                    = data.aws_ssm_parameter.al2023.value
  instance_type          = "m7g.xlarge"
  subnet_id              = aws_subnet.private[local.home].id
  vpc_security_group_ids = [aws_security_group.internal.id]
  iam_instance_profile   = aws_iam_instance_profile.signer.name

  user_data = templatefile("${path.module}/templates/signer.yaml.tftpl", {
    region        = var.region
    key_id        = aws_kms_key.hot_wallet.key_id
    queue_url     = module.queue["withdrawals"].url
    secret_arn    = aws_secretsmanager_secret.vendor["fireblocks"].arn
    rpc           = var.rpc
    custodian_url = var.custodian_url
  })
  user_data_replace_on_change = true

  enclave_options {
    enabled = true
  }

  metadata_options {
    http_tokens = "required"
  }

  tags = {
    Name = "${local.name}-signer"
    app  = "withdrawals"
  }
}

resource "aws_route53_record" "signer" {
  zone_id = aws_route53_zone.internal.zone_id
  name    = "signer.${aws_route53_zone.internal.name}"
  type    = "A"
  ttl     = 30
  records = [aws_instance.signer.private_ip]
}

# Filled in by hand, rotated by the vendors' own schedule.
resource "aws_secretsmanager_secret" "vendor" {
  for_each = toset(["fireblocks", "infura"])

  name                    = "${local.name}/${each.key}"
  kms_key_id              = aws_kms_key.data.arn
  recovery_window_in_days = 30

  tags = { app = "withdrawals" }
}
