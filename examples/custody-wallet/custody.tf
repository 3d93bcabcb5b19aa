# Hot wallet. Made in KMS, so that nobody can ever copy it; that includes us.
resource "aws_kms_key" "hot_wallet" {
  description              = "Hot wallet, secp256k1"
  key_usage                = "SIGN_VERIFY"
  customer_master_key_spec = "ECC_SECG_P256K1"
  deletion_window_in_days  = 30
  policy                   = data.aws_iam_policy_document.hot_wallet.json

  # The account is left out of the policy on purpose, which KMS warns of.
  bypass_policy_lockout_safety_check = true
}

# Nobody but the key officer changes who may sign: a stolen administrator of the account gets nowhere.
data "aws_iam_policy_document" "hot_wallet" {
  statement {
    sid       = "Administration"
    actions   = ["kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:DisableKey", "kms:EnableKey", "kms:Describe*", "kms:Get*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${var.account_id}:role/key-officer"]
    }
  }

  statement {
    sid       = "Signing"
    actions   = ["kms:Sign", "kms:GetPublicKey", "kms:DescribeKey"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = [aws_iam_role.task["signer"].arn]
    }
  }
}

# Cold wallets are at the custodian: this is what we need to talk to it.
resource "aws_secretsmanager_secret" "custodian" {
  name                    = "${local.name}/custodian"
  kms_key_id              = aws_kms_key.data.arn
  recovery_window_in_days = 30
}
