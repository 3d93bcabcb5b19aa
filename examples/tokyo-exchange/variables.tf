variable "account_id" {
  description = "AWS account of the exchange."
  type        = string
  default     = "111122223333"
}

variable "region" {
  description = "Home region."
  type        = string
  default     = "ap-northeast-1"
}

variable "environment" {
  description = "Deployment tier."
  type        = string
  default     = "staging"

  validation {
    condition     = contains(["staging", "production"], var.environment)
    error_message = "Use staging or production."
  }
}

variable "domain" {
  description = "Public domain of the exchange."
  type        = string
  default     = "tokyo-exchange.example"
}

variable "vpc_cidr" {
  description = "Address range of the VPC."
  type        = string
  default     = "10.40.0.0/16"
}

variable "zones" {
  description = "Zones in use, by the letter that names their subnets. The first is where the engine runs."
  type        = list(string)
  default     = ["a", "c"]
}

variable "image_tag" {
  description = "Image tag of all services, set by the deploy job."
  type        = string
  default     = "stable"
}

variable "engine_nodes" {
  description = "Members of the matching engine's Raft group."
  type        = number
  default     = 1
}

variable "ledger_instance_class" {
  description = "Size of the ledger database."
  type        = string
  default     = "db.t4g.medium"
}

variable "ledger_read_replicas" {
  description = "Read replicas for reports and reconciliation."
  type        = number
  default     = 0
}

# Differs by workspace, so CI passes it as TF_VAR_market_data_multi_az.
variable "market_data_multi_az" {
  description = "Keep a standby of the market data database in a second zone."
  type        = bool
}

variable "rpc" {
  description = "Chain endpoints, without their keys."
  type        = map(string)
  default = {
    ETH_RPC_URL   = "https://mainnet.infura.io/v3"
    LINEA_RPC_URL = "https://rpc.linea.build"
  }
}

variable "custodian_url" {
  description = "API of the custodian that holds the warm and cold wallets."
  type        = string
  default     = "https://sandbox-api.fireblocks.io/v1"
}

variable "github_repository" {
  description = "Repository whose main branch may deploy."
  type        = string
  default     = "tokyo-exchange/platform"
}
