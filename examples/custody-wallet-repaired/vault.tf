# Approvers' credentials. One cluster at each cloud, the second a replica of the first. Both are sealed by both clouds'
# keys, and either key opens either cluster (seal high availability of Vault Enterprise).

locals {
  vault_seals = {
    aws_region    = local.aws_region
    aws_key       = aws_kms_key.seal.arn
    google_key    = google_kms_crypto_key.seal.name
    google_ring   = google_kms_key_ring.seal.name
    google_region = google_kms_key_ring.seal.location
    project       = var.google_projects.keys
  }
}

resource "aws_kms_key" "seal" {
  provider = aws.keys

  description             = "Seal of Vault, first of two"
  enable_key_rotation     = true
  deletion_window_in_days = 30
}

resource "google_kms_key_ring" "seal" {
  provider = google.keys

  name     = "vault"
  location = "europe"
}

resource "google_kms_crypto_key" "seal" {
  provider = google.keys

  name            = "seal"
  key_ring        = google_kms_key_ring.seal.id
  rotation_period = "7776000s"

  lifecycle {
    prevent_destroy = true
  }
}

data "aws_ssm_parameter" "al2023" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
}

resource "aws_launch_template" "vault" {
  name          = "${local.name}-vault"
  image_id      = data.aws_ssm_parameter.al2023.value
  instance_type = "m7g.large"

  vpc_security_group_ids = [aws_security_group.internal.id]

  user_data = base64encode(templatefile("${path.module}/templates/vault.yaml.tftpl", merge(local.vault_seals, {
    join = "provider=aws region=${local.aws_region} tag_key=service tag_value=${local.name}-vault"
  })))

  metadata_options {
    http_tokens = "required"
  }
}

resource "aws_autoscaling_group" "vault" {
  name                = "${local.name}-vault-servers"
  min_size            = 3
  max_size            = 3
  desired_capacity    = 3
  vpc_zone_identifier = [for subnet in aws_subnet.private : subnet.id]

  launch_template {
    id      = aws_launch_template.vault.id
    version = aws_launch_template.vault.latest_version
  }
}

data "google_compute_image" "debian" {
  family  = "debian-12"
  project = "debian-cloud"
}

resource "google_compute_instance_template" "vault" {
  name_prefix  = "vault-"
  machine_type = "n2-standard-2"
  region       = local.google_region

  disk {
    source_image = data.google_compute_image.debian.self_link
    boot         = true
  }

  network_interface {
    subnetwork = google_compute_subnetwork.main.id
  }

  metadata = {
    user-data = templatefile("${path.module}/templates/vault.yaml.tftpl", merge(local.vault_seals, {
      join = "provider=gce project_name=${var.google_projects.workload} tag_value=vault"
    }))
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_compute_region_instance_group_manager" "vault" {
  name                      = "${local.name}-vault-servers"
  base_instance_name        = "vault"
  region                    = local.google_region
  distribution_policy_zones = [for letter in ["a", "b", "c"] : "${local.google_region}-${letter}"]
  target_size               = 3

  version {
    instance_template = google_compute_instance_template.vault.id
  }
}
