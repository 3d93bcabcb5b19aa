locals {
  name = "custody-wallet"

  tags = {
    app  = local.name
    env  = "production"
    tier = "production"
  }

  aws_region    = "eu-central-1"
  google_region = "europe-west6"

  zones = ["${local.aws_region}a", "${local.aws_region}b", "${local.aws_region}c"]
  hosts = { for registrar, domain in var.domains : registrar => "api.${domain}" }

  # The same at both clouds. Each keeps its own requests, which the withdrawal API relays.
  services = {
    treasury = {
      port        = 9001
      environment = { CUSTODIAN_URLS = join(",", var.custodian_urls) }
    }
    withdrawal-api = {
      port        = 8080
      environment = { RELAY_PEERS = "amazon,google" }
    }
  }
  custodians = toset(["fireblocks", "bitgo"])
}
