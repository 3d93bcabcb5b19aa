variable "aws_accounts" {
  description = "AWS accounts by duty. Each has administrators of its own."
  type = object({
    workload = string
    keys     = string
    backup   = string
    edge     = string
  })
  default = {
    workload = "111122223333"
    keys     = "222233334444"
    backup   = "333344445555"
    edge     = "444455556666"
  }
}

variable "google_projects" {
  description = "Google Cloud projects by duty."
  type = object({
    workload = string
    keys     = string
    backup   = string
  })
  default = {
    workload = "custody-wallet"
    keys     = "custody-wallet-keys"
    backup   = "custody-wallet-backup"
  }
}

variable "azure_subscription" {
  description = "Azure subscription of the third signer."
  type        = string
  default     = "00000000-0000-0000-0000-000000000003"
}

variable "cloudflare_account_id" {
  description = "Cloudflare account of the second DNS host."
  type        = string
  default     = "0123456789abcdef0123456789abcdef"
}

variable "domains" {
  description = "Domains under which clients order withdrawals, by registrar. Clients know both."
  type = object({
    amazon = string
    ovh    = string
  })
  default = {
    amazon = "custody-wallet.example"
    ovh    = "custody-wallet-exit.example"
  }
}

variable "vpc_cidr" {
  description = "Address range of the VPC."
  type        = string
  default     = "10.60.0.0/16"
}

variable "image_tag" {
  description = "Image tag of all services, set by the deploy job."
  type        = string
  default     = "stable"
}

variable "custodian_urls" {
  description = "Custodians of the cold wallets. Each can hold all of it: the limits let the whole balance move to either."
  type        = list(string)
  default = [
    "https://api.fireblocks.io/v1",
    "https://app.bitgo.com",
  ]
}

variable "requests_password" {
  description = "Password of the request databases, from the deploy job."
  type        = string
  sensitive   = true
  ephemeral   = true
}
