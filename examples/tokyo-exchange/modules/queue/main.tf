terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}

variable "name" {
  description = "Name without the .fifo suffix."
  type        = string
}

variable "fifo" {
  description = "Keep order and drop duplicates."
  type        = bool
  default     = false
}

variable "kms_key_id" {
  description = "Key for messages at rest."
  type        = string
}

locals {
  suffix = var.fifo ? ".fifo" : ""
}

resource "aws_sqs_queue" "this" {
  name                        = "${var.name}${local.suffix}"
  fifo_queue                  = var.fifo
  content_based_deduplication = var.fifo
  kms_master_key_id           = var.kms_key_id
  message_retention_seconds   = 1209600
  visibility_timeout_seconds  = 120

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letter.arn
    maxReceiveCount     = 5
  })
}

resource "aws_sqs_queue" "dead_letter" {
  name                      = "${var.name}-dead${local.suffix}"
  fifo_queue                = var.fifo
  kms_master_key_id         = var.kms_key_id
  message_retention_seconds = 1209600
}

output "arn" {
  description = "ARN of the queue."
  value       = aws_sqs_queue.this.arn
}

output "url" {
  description = "URL of the queue."
  value       = aws_sqs_queue.this.url
}
