# Two domains at two registrars, each served by two DNS hosts, each leading to both clouds.

resource "aws_route53domains_registered_domain" "main" {
  provider = aws.edge

  domain_name   = var.domains.amazon
  auto_renew    = true
  transfer_lock = true

  dynamic "name_server" {
    for_each = concat(aws_route53_zone.public["amazon"].name_servers, cloudflare_zone.public["amazon"].name_servers)

    content {
      name = name_server.value
    }
  }
}

resource "ovh_domain_name" "exit" {
  domain_name = var.domains.ovh

  target_spec = {
    dns_configuration = {
      name_servers = [
        for name in concat(aws_route53_zone.public["ovh"].name_servers, cloudflare_zone.public["ovh"].name_servers) :
        { name_server = name }
      ]
    }
  }
}

resource "aws_route53_zone" "public" {
  provider = aws.edge
  for_each = var.domains

  name = each.value
}

resource "cloudflare_zone" "public" {
  for_each = var.domains

  account = {
    id = var.cloudflare_account_id
  }
  name = each.value
  type = "full"
}

resource "cloudflare_zone_dns_settings" "public" {
  for_each = cloudflare_zone.public

  zone_id        = each.value.id
  multi_provider = true
}

resource "aws_route53_record" "name_servers" {
  provider = aws.edge
  for_each = var.domains

  zone_id         = aws_route53_zone.public[each.key].zone_id
  name            = each.value
  type            = "NS"
  ttl             = 86400
  records         = concat(aws_route53_zone.public[each.key].name_servers, cloudflare_zone.public[each.key].name_servers)
  allow_overwrite = true
}

resource "aws_route53_record" "caa" {
  provider = aws.edge
  for_each = var.domains

  zone_id = aws_route53_zone.public[each.key].zone_id
  name    = each.value
  type    = "CAA"
  ttl     = 3600
  records = ["0 issue \"amazon.com\"", "0 issue \"pki.goog\""]
}

resource "aws_route53_health_check" "api" {
  provider = aws.edge

  type              = "HTTPS"
  fqdn              = aws_lb.api.dns_name
  port              = 443
  resource_path     = "/healthz"
  request_interval  = 10
  failure_threshold = 2
}

resource "aws_route53_record" "api_amazon" {
  provider = aws.edge
  for_each = local.hosts

  zone_id         = aws_route53_zone.public[each.key].zone_id
  name            = each.value
  type            = "A"
  set_identifier  = "amazon"
  health_check_id = aws_route53_health_check.api.id

  failover_routing_policy {
    type = "PRIMARY"
  }

  alias {
    name                   = aws_lb.api.dns_name
    zone_id                = aws_lb.api.zone_id
    evaluate_target_health = true
  }
}

resource "aws_route53_record" "api_google" {
  provider = aws.edge
  for_each = local.hosts

  zone_id        = aws_route53_zone.public[each.key].zone_id
  name           = each.value
  type           = "A"
  ttl            = 30
  records        = [google_compute_global_address.api.address]
  set_identifier = "google"

  failover_routing_policy {
    type = "SECONDARY"
  }
}

resource "cloudflare_load_balancer_monitor" "api" {
  account_id     = var.cloudflare_account_id
  type           = "https"
  path           = "/healthz"
  expected_codes = "200"
  interval       = 60
}

resource "cloudflare_load_balancer_pool" "api" {
  for_each = {
    amazon = aws_lb.api.dns_name
    google = google_compute_global_address.api.address
  }

  account_id = var.cloudflare_account_id
  name       = "api-${each.key}"
  monitor    = cloudflare_load_balancer_monitor.api.id

  origins = [{
    name    = each.key
    address = each.value
    enabled = true
  }]
}

resource "cloudflare_load_balancer" "api" {
  for_each = local.hosts

  zone_id = cloudflare_zone.public[each.key].id
  name    = each.value
  proxied = false
  ttl     = 30

  steering_policy = "off"
  default_pools   = [for cloud in ["amazon", "google"] : cloudflare_load_balancer_pool.api[cloud].id]
  fallback_pool   = cloudflare_load_balancer_pool.api["google"].id
}
