variable "name" {
  description = "Name of the service."
  type        = string
}

variable "cluster_arn" {
  description = "ECS cluster to run in."
  type        = string
}

variable "image" {
  description = "Container image with its tag."
  type        = string
}

variable "cpu" {
  description = "CPU units of one task."
  type        = number
  default     = 1024
}

variable "memory" {
  description = "Memory of one task in MiB."
  type        = number
  default     = 2048
}

variable "desired_count" {
  description = "Tasks to keep running."
  type        = number
  default     = 2
}

variable "port" {
  description = "Port the container listens on."
  type        = number
}

variable "vpc_id" {
  description = "VPC of the service."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets the tasks run in."
  type        = list(string)
}

variable "assign_public_ip" {
  description = "Give tasks a public address."
  type        = bool
  default     = false
}

variable "execution_role_arn" {
  description = "Role that pulls images and reads secrets."
  type        = string
}

variable "listener_arn" {
  description = "Listener to register with."
  type        = string
}

variable "listener_priority" {
  description = "Priority of the listener rule."
  type        = number
}

variable "host" {
  description = "Host name to route."
  type        = string
}

variable "paths" {
  description = "Paths to route."
  type        = list(string)
}

variable "alb_security_group_id" {
  description = "Security group of the load balancer."
  type        = string
}

variable "statements" {
  description = "What the service may do besides answering requests."
  type        = list(object({ actions = list(string), resources = list(string) }))
  default     = []
}

variable "environment" {
  description = "Plain environment variables."
  type        = map(string)
  default     = {}
}

variable "secrets" {
  description = "Environment variables read from Secrets Manager, by ARN."
  type        = map(string)
  default     = {}
}

variable "log_retention_days" {
  description = "Days to keep logs."
  type        = number
  default     = 90
}
