variable "name" {
  description = "Name of the cell."
  type        = string
}

variable "zones" {
  description = "Three zones of the cell's region."
  type        = list(string)

  validation {
    condition     = length(var.zones) == 3
    error_message = "A cell needs three zones."
  }
}

variable "cidr" {
  description = "Address range of the cell."
  type        = string
}

variable "certificate_arn" {
  description = "Certificate of the API."
  type        = string
}

variable "registry" {
  description = "Registry of the cell's own region, with the path of the images."
  type        = string
}

variable "image_tag" {
  description = "Image tag of all services."
  type        = string
}

variable "services" {
  description = "Services by name."
  type = map(object({
    port        = number
    count       = number
    paths       = list(string)
    environment = optional(map(string), {})
  }))
}

variable "secret_arns" {
  description = "Vendor secrets of the cell's own region, by vendor."
  type        = map(string)
}

variable "data_key_arn" {
  description = "Key of the cell's own region for data at rest."
  type        = string
}

variable "ledger_cluster_id" {
  description = "Aurora global cluster to join."
  type        = string
}

variable "ledger_primary" {
  description = "Whether the cell writes the ledger first."
  type        = bool
}

variable "ledger_password" {
  description = "Password of the ledger."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "sessions_table" {
  description = "Global table of sessions."
  type        = string
}
