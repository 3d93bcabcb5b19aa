variable "aws_accounts" {
  description = "AWS accounts by duty. Each has administrators of its own."
  type = object({
    workload = string
    edge     = string
    custody  = string
    backup   = string
    state    = string
  })
  default = {
    workload = "111111111111"
    edge     = "222222222222"
    custody  = "333333333333"
    backup   = "444444444444"
    state    = "555555555555"
  }
}

variable "google_projects" {
  description = "Google Cloud projects by duty."
  type = object({
    workload = string
    custody  = string
    backup   = string
  })
  default = {
    workload = "two-cloud-exchange"
    custody  = "two-cloud-exchange-custody"
    backup   = "two-cloud-exchange-backup"
  }
}

variable "azure_subscription" {
  description = "Azure subscription of the third signer."
  type        = string
  default     = "00000000-0000-0000-0000-000000000001"
}

variable "cloudflare_account_id" {
  description = "Cloudflare account of the second DNS host."
  type        = string
  default     = "0123456789abcdef0123456789abcdef"
}

variable "domain" {
  description = "Public domain of the exchange."
  type        = string
  default     = "two-cloud-exchange.example"
}

variable "image_tag" {
  description = "Image tag of all services, set by the deploy job."
  type        = string
  default     = "stable"
}

variable "rpc_urls" {
  description = "Chain endpoints in order of preference, after the cell's own nodes. One owner each."
  type        = list(string)
  default = [
    "https://eth-mainnet.g.alchemy.com/v2",
    "https://two-cloud-exchange.quiknode.pro",
    "https://rpc.ankr.com/eth",
  ]
}

variable "custodian_urls" {
  description = "Custodians of the cold wallets. Balances are split between them."
  type        = list(string)
  default = [
    "https://api.fireblocks.io/v1",
    "https://app.bitgo.com",
  ]
}

variable "signer_urls" {
  description = "Signers of the hot wallet, each under the name of the team that runs it."
  type        = list(string)
  default = [
    "https://signer.treasury-tokyo.example",
    "https://signer.treasury-seoul.example",
    "https://signer.treasury-sydney.example",
  ]
}

variable "ledger_password" {
  description = "Password of the ledger databases, from the deploy job."
  type        = string
  sensitive   = true
  ephemeral   = true
}
