locals {
  name = "tokyo-exchange"

  tags = {
    app        = local.name
    env        = var.environment
    tier       = var.environment
    managed-by = "terraform"
  }

  zones     = { for letter in var.zones : letter => "${var.region}${letter}" }
  home      = var.zones[0]
  home_zone = local.zones[local.home]

  hostnames = {
    api  = "api.${var.domain}"
    feed = "feed.${var.domain}"
    www  = "www.${var.domain}"
  }

  # Everything between a customer's order and the book stays in the engine's zone: a hop to another zone costs
  # more than the match itself.
  services = {
    order-api = {
      zones     = [local.home]
      public    = false
      count     = 4
      port      = 8080
      host      = local.hostnames.api
      paths     = ["/v1/orders*", "/v1/account*"]
      priority  = 10
      publishes = ["settlements"]
      environment = {
        ENGINE_URL = "tcp://${aws_route53_record.engine.fqdn}:7400"
        LEDGER_DSN = "postgres://${aws_db_instance.ledger.endpoint}/ledger"
        BOOK_CACHE = "rediss://${aws_elasticache_replication_group.book.primary_endpoint_address}:6379"
        SESSIONS   = aws_dynamodb_table.sessions.name
      }
      secrets = {}
      grants = [{
        actions   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"]
        resources = [aws_dynamodb_table.sessions.arn]
      }]
    }
    withdrawal-api = {
      zones     = [local.home]
      public    = false
      count     = 2
      port      = 8081
      host      = local.hostnames.api
      paths     = ["/v1/withdrawals*", "/v1/deposits*"]
      priority  = 20
      publishes = ["withdrawals", "deposits"]
      environment = merge(var.rpc, {
        SIGNER_URL           = "https://${aws_route53_record.signer.fqdn}:9000"
        LEDGER_DSN           = "postgres://${aws_db_instance.ledger.endpoint}/ledger"
        FIREBLOCKS_BASE_PATH = var.custodian_url
        WALLET_BUCKET        = aws_s3_bucket.wallet.bucket
      })
      secrets = {
        FIREBLOCKS_API_KEY = aws_secretsmanager_secret.vendor["fireblocks"].arn
        INFURA_API_KEY     = aws_secretsmanager_secret.vendor["infura"].arn
      }
      grants = [{
        actions   = ["s3:GetObject", "s3:PutObject"]
        resources = ["${aws_s3_bucket.wallet.arn}/*"]
      }]
    }
    # Holds no customer data, so it runs on public subnets and its traffic does not pass the NAT gateway.
    market-data = {
      zones     = var.zones
      public    = true
      count     = 4
      port      = 8082
      host      = local.hostnames.feed
      paths     = ["/v1/*"]
      priority  = 30
      publishes = []
      environment = {
        CANDLES_DSN = "postgres://${aws_db_instance.market_data.endpoint}/candles"
      }
      secrets = {}
      grants  = []
    }
  }
}
