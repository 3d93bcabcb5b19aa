# Own chain nodes, one a zone. The services ask these first.

data "aws_ssm_parameter" "al2023" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
}

resource "aws_launch_template" "chain" {
  name          = "${var.name}-chain"
  image_id      = data.aws_ssm_parameter.al2023.value
  instance_type = "r7g.2xlarge"

  vpc_security_group_ids = [aws_security_group.private.id]

  block_device_mappings {
    device_name = "/dev/sdf"

    ebs {
      volume_size = 4000
      volume_type = "gp3"
      iops        = 10000
      encrypted   = true
      kms_key_id  = var.data_key_arn
    }
  }

  metadata_options {
    http_tokens = "required"
  }

  tag_specifications {
    resource_type = "instance"
    tags          = { Name = "${var.name}-chain", service = "chain-node" }
  }
}

resource "aws_autoscaling_group" "chain" {
  name                = "${var.name}-chain"
  min_size            = length(var.zones)
  max_size            = length(var.zones) + 1
  desired_capacity    = length(var.zones)
  vpc_zone_identifier = [for subnet in aws_subnet.private : subnet.id]
  target_group_arns   = [aws_lb_target_group.chain.arn]
  health_check_type   = "ELB"

  launch_template {
    id      = aws_launch_template.chain.id
    version = aws_launch_template.chain.latest_version
  }
}

resource "aws_lb" "chain" {
  name               = "${var.name}-chain"
  internal           = true
  load_balancer_type = "network"
  subnets            = [for subnet in aws_subnet.private : subnet.id]

  enable_cross_zone_load_balancing = true
}

resource "aws_lb_target_group" "chain" {
  name     = "${var.name}-chain"
  port     = 8545
  protocol = "TCP"
  vpc_id   = aws_vpc.this.id
}

resource "aws_lb_listener" "chain" {
  load_balancer_arn = aws_lb.chain.arn
  port              = 8545
  protocol          = "TCP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.chain.arn
  }
}
