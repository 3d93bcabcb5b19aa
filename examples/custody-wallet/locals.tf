locals {
  name = "custody-wallet"

  tags = {
    app  = local.name
    env  = "production"
    tier = "production"
  }

  zones = ["${var.region}a", "${var.region}b", "${var.region}c"]

  services = {
    signer = {
      port    = 9000
      secrets = {}
      environment = {
        KEY_ID     = aws_kms_key.hot_wallet.arn
        REQUESTS   = "postgres://${aws_db_instance.requests.endpoint}/requests"
        VAULT_ADDR = "https://${aws_lb.vault.dns_name}:8200"
      }
    }
    treasury = {
      port    = 9001
      secrets = { FIREBLOCKS_API_KEY = aws_secretsmanager_secret.custodian.arn }
      environment = {
        FIREBLOCKS_BASE_PATH = var.custodian_url
        REQUESTS             = "postgres://${aws_db_instance.requests.endpoint}/requests"
      }
    }
    withdrawal-api = {
      port    = 8080
      secrets = {}
      environment = {
        REQUESTS = "postgres://${aws_db_instance.requests.endpoint}/requests"
      }
    }
  }
}
