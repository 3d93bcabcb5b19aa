locals {
  name = "two-cloud-exchange"

  tags = {
    app  = local.name
    env  = "production"
    tier = "production"
  }

  aws_regions = {
    tokyo     = "ap-northeast-1"
    singapore = "ap-southeast-1"
  }
  google_region = "asia-northeast3"

  api_host  = "api.${var.domain}"
  site_host = "www.${var.domain}"

  # The same in every cell. The AWS cells share one global ledger. Seoul keeps its own and applies the same events,
  # which the order API relays.
  services = {
    order-api = {
      port  = 8080
      count = 6
      paths = ["/v1/orders*", "/v1/account*"]
      environment = {
        RELAY_PEERS = "tokyo,singapore,seoul"
      }
    }
    withdrawal-api = {
      port  = 8081
      count = 3
      paths = ["/v1/withdrawals*", "/v1/deposits*"]
      environment = {
        RPC_URLS         = join(",", var.rpc_urls)
        CUSTODIAN_URLS   = join(",", var.custodian_urls)
        SIGNER_URLS      = join(",", var.signer_urls)
        SIGNER_THRESHOLD = "2"
        RELAY_PEERS      = "tokyo,singapore,seoul"
      }
    }
  }
}
