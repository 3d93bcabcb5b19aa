variable "name" {
  description = "Name of the cell."
  type        = string
}

variable "region" {
  description = "Region of the cell."
  type        = string
}

variable "replica_region" {
  description = "Region of the ledger's replica and its backups."
  type        = string
}

variable "zones" {
  description = "Letters of the region's zones."
  type        = list(string)
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

variable "api_host" {
  description = "Host name of the API."
  type        = string
}

variable "site_host" {
  description = "Host name of the web site."
  type        = string
}

variable "site_bucket" {
  description = "Bucket of the web site."
  type        = string
}

variable "certificate_map_id" {
  description = "Certificate map of both host names."
  type        = string
}

variable "secret_ids" {
  description = "Vendor secrets by vendor."
  type        = map(string)
}

variable "ledger_password" {
  description = "Password of the ledger."
  type        = string
  sensitive   = true
  ephemeral   = true
}
