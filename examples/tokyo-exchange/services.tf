resource "aws_lb" "main" {
  name               = local.name
  load_balancer_type = "application"
  security_groups    = [aws_security_group.alb.id]
  subnets            = [for subnet in aws_subnet.public : subnet.id]
  idle_timeout       = 120

  enable_deletion_protection = true

  tags = { app = "api" }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.main.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = aws_acm_certificate_validation.origin.certificate_arn

  default_action {
    type = "fixed-response"

    fixed_response {
      content_type = "application/json"
      message_body = jsonencode({ error = "not found" })
      status_code  = "404"
    }
  }
}

resource "aws_ecs_cluster" "main" {
  name = local.name

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_ecr_repository" "service" {
  for_each = local.services

  name                 = "${local.name}/${each.key}"
  image_tag_mutability = "IMMUTABLE"

  image_scanning_configuration {
    scan_on_push = true
  }
}

module "service" {
  source   = "./modules/service"
  for_each = local.services

  name               = each.key
  cluster_arn        = aws_ecs_cluster.main.arn
  image              = "${aws_ecr_repository.service[each.key].repository_url}:${var.image_tag}"
  desired_count      = each.value.count
  port               = each.value.port
  vpc_id             = aws_vpc.main.id
  subnet_ids         = [for zone in each.value.zones : (each.value.public ? aws_subnet.public : aws_subnet.private)[zone].id]
  assign_public_ip   = each.value.public
  execution_role_arn = aws_iam_role.execution.arn

  listener_arn          = aws_lb_listener.https.arn
  listener_priority     = each.value.priority
  host                  = each.value.host
  paths                 = each.value.paths
  alb_security_group_id = aws_security_group.alb.id

  statements = concat(
    [for queue in each.value.publishes : { actions = ["sqs:SendMessage"], resources = [module.queue[queue].arn] }],
    each.value.grants,
  )
  environment = merge(
    each.value.environment,
    { for queue in each.value.publishes : "${upper(queue)}_QUEUE_URL" => module.queue[queue].url },
  )
  secrets = each.value.secrets
}

module "queue" {
  source   = "./modules/queue"
  for_each = { withdrawals = true, deposits = false, settlements = true }

  name       = "${local.name}-${each.key}"
  fifo       = each.value
  kms_key_id = aws_kms_key.data.arn
}
