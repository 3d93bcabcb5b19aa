# Approvers' credentials and the signer's configuration. Three servers, one a zone; without the seal's key none opens.
data "aws_ssm_parameter" "al2023" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
}

resource "aws_kms_key" "seal" {
  description             = "Seal of Vault"
  enable_key_rotation     = true
  deletion_window_in_days = 30
}

resource "aws_launch_template" "vault" {
  name          = "${local.name}-vault"
  image_id      = data.aws_ssm_parameter.al2023.value
  instance_type = "m7g.large"

  vpc_security_group_ids = [aws_security_group.internal.id]

  iam_instance_profile {
    name = aws_iam_instance_profile.vault.name
  }

  user_data = base64encode(templatefile("${path.module}/templates/vault.yaml.tftpl", {
    name     = local.name
    region   = var.region
    seal_key = aws_kms_key.seal.key_id
  }))

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
  target_group_arns   = [aws_lb_target_group.vault.arn]
  health_check_type   = "ELB"

  launch_template {
    id      = aws_launch_template.vault.id
    version = aws_launch_template.vault.latest_version
  }
}

resource "aws_lb" "vault" {
  name               = "${local.name}-vault"
  internal           = true
  load_balancer_type = "network"
  subnets            = [for subnet in aws_subnet.private : subnet.id]

  enable_cross_zone_load_balancing = true
  enable_deletion_protection       = true
}

resource "aws_lb_target_group" "vault" {
  name     = "${local.name}-vault"
  port     = 8200
  protocol = "TCP"
  vpc_id   = aws_vpc.main.id
}

resource "aws_lb_listener" "vault" {
  load_balancer_arn = aws_lb.vault.arn
  port              = 8200
  protocol          = "TCP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.vault.arn
  }
}
