data "aws_ssm_parameter" "al2023" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
}

resource "aws_placement_group" "engine" {
  name     = "${local.name}-engine"
  strategy = "cluster"
}

# Raft group of the matching engine. Close together: every order waits for a majority.
resource "aws_instance" "engine" {
  count = var.engine_nodes

  ami                    = data.aws_ssm_parameter.al2023.value
  instance_type          = "c7gn.4xlarge"
  subnet_id              = aws_subnet.private[local.home].id
  placement_group        = aws_placement_group.engine.name
  vpc_security_group_ids = [aws_security_group.internal.id]
  iam_instance_profile   = aws_iam_instance_profile.engine.name
  ebs_optimized          = true

  metadata_options {
    http_tokens = "required"
  }

  tags = {
    Name   = "${local.name}-engine-${count.index}"
    app    = "engine"
    backup = "daily"
  }

  lifecycle {
    ignore_changes = [ami]
  }
}

resource "aws_ebs_volume" "journal" {
  count = var.engine_nodes

  availability_zone = local.home_zone
  size              = 500
  type              = "io2"
  iops              = 16000
  encrypted         = true
  kms_key_id        = aws_kms_key.data.arn

  tags = {
    Name   = "${local.name}-journal-${count.index}"
    backup = "daily"
  }
}

resource "aws_volume_attachment" "journal" {
  count = var.engine_nodes

  device_name = "/dev/sdf"
  instance_id = aws_instance.engine[count.index].id
  volume_id   = aws_ebs_volume.journal[count.index].id
}

resource "aws_route53_record" "engine" {
  zone_id = aws_route53_zone.internal.zone_id
  name    = "engine.${aws_route53_zone.internal.name}"
  type    = "A"
  ttl     = 5
  records = aws_instance.engine[*].private_ip
}
