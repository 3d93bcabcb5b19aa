variable "account_id" {
  description = "AWS account of the custody platform."
  type        = string
  default     = "111122223333"
}

variable "region" {
  description = "Home region."
  type        = string
  default     = "eu-central-1"
}

variable "domain" {
  description = "Domain under which clients order withdrawals."
  type        = string
  default     = "custody-wallet.example"
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

variable "custodian_url" {
  description = "API of the custodian that holds the cold wallets."
  type        = string
  default     = "https://api.fireblocks.io/v1"
}
