locals {
  aws_registries = {
    for cell, region in local.aws_regions :
    cell => "${var.aws_accounts.workload}.dkr.ecr.${region}.amazonaws.com/${local.name}"
  }
}

resource "aws_ecr_repository" "service" {
  provider = aws.tokyo
  for_each = local.services

  name                 = "${local.name}/${each.key}"
  image_tag_mutability = "IMMUTABLE"
}

resource "aws_ecr_replication_configuration" "singapore" {
  provider = aws.tokyo

  replication_configuration {
    rule {
      destination {
        region      = local.aws_regions.singapore
        registry_id = var.aws_accounts.workload
      }
    }
  }
}

# The deploy job pushes every image here as well.
resource "google_artifact_registry_repository" "services" {
  location      = local.google_region
  repository_id = "services"
  format        = "DOCKER"

  docker_config {
    immutable_tags = true
  }
}
