# The zone is served by two operators. Both are written from this file, so neither is a copy of the other.

resource "aws_route53_zone" "public" {
  provider = aws.edge

  name = var.domain
}

resource "cloudflare_zone" "public" {
  account = {
    id = var.cloudflare_account_id
  }
  name = var.domain
  type = "full"
}

resource "cloudflare_zone_dns_settings" "public" {
  zone_id        = cloudflare_zone.public.id
  multi_provider = true
}

resource "aws_route53domains_registered_domain" "main" {
  provider = aws.edge

  domain_name   = var.domain
  auto_renew    = true
  transfer_lock = true

  dynamic "name_server" {
    for_each = concat(aws_route53_zone.public.name_servers, cloudflare_zone.public.name_servers)

    content {
      name = name_server.value
    }
  }
}

resource "aws_route53_record" "name_servers" {
  provider = aws.edge

  zone_id         = aws_route53_zone.public.zone_id
  name            = var.domain
  type            = "NS"
  ttl             = 86400
  records         = concat(aws_route53_zone.public.name_servers, cloudflare_zone.public.name_servers)
  allow_overwrite = true
}

resource "cloudflare_dns_record" "name_servers" {
  count = 4

  zone_id = cloudflare_zone.public.id
  name    = var.domain
  type    = "NS"
  ttl     = 86400
  content = aws_route53_zone.public.name_servers[count.index]
}

resource "aws_route53_record" "caa" {
  provider = aws.edge

  zone_id = aws_route53_zone.public.zone_id
  name    = var.domain
  type    = "CAA"
  ttl     = 3600
  records = [for issuer in local.issuers : "0 issue \"${issuer}\""]
}

resource "cloudflare_dns_record" "caa" {
  for_each = local.issuers

  zone_id = cloudflare_zone.public.id
  name    = var.domain
  type    = "CAA"
  ttl     = 3600

  data = {
    flags = 0
    tag   = "issue"
    value = each.key
  }
}

# The API: three cells behind one name.

resource "aws_route53_health_check" "cell" {
  provider = aws.edge
  for_each = {
    tokyo     = module.tokyo.load_balancer.dns_name
    singapore = module.singapore.load_balancer.dns_name
  }

  type              = "HTTPS"
  fqdn              = each.value
  port              = 443
  resource_path     = "/healthz"
  request_interval  = 10
  failure_threshold = 2
}

resource "aws_route53_health_check" "seoul" {
  provider = aws.edge

  type              = "HTTPS"
  ip_address        = module.seoul.address
  fqdn              = local.api_host
  port              = 443
  resource_path     = "/healthz"
  request_interval  = 10
  failure_threshold = 2
}

resource "aws_route53_record" "api_aws" {
  provider = aws.edge
  for_each = {
    tokyo     = module.tokyo.load_balancer
    singapore = module.singapore.load_balancer
  }

  zone_id         = aws_route53_zone.public.zone_id
  name            = local.api_host
  type            = "A"
  set_identifier  = each.key
  health_check_id = aws_route53_health_check.cell[each.key].id

  latency_routing_policy {
    region = local.aws_regions[each.key]
  }

  alias {
    name                   = each.value.dns_name
    zone_id                = each.value.zone_id
    evaluate_target_health = true
  }
}

resource "aws_route53_record" "api_google" {
  provider = aws.edge

  zone_id         = aws_route53_zone.public.zone_id
  name            = local.api_host
  type            = "A"
  ttl             = 30
  records         = [module.seoul.address]
  set_identifier  = "seoul"
  health_check_id = aws_route53_health_check.seoul.id

  latency_routing_policy {
    region = "ap-northeast-2"
  }
}

resource "cloudflare_load_balancer_monitor" "api" {
  account_id     = var.cloudflare_account_id
  description    = "API cells"
  type           = "https"
  path           = "/healthz"
  expected_codes = "200"
  interval       = 60
  retries        = 1

  header = {
    Host = [local.api_host]
  }
}

resource "cloudflare_load_balancer_pool" "api" {
  for_each = {
    tokyo     = module.tokyo.load_balancer.dns_name
    singapore = module.singapore.load_balancer.dns_name
    seoul     = module.seoul.address
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
  zone_id = cloudflare_zone.public.id
  name    = local.api_host
  proxied = false
  ttl     = 30

  steering_policy = "off"
  default_pools   = [for cell in ["tokyo", "singapore", "seoul"] : cloudflare_load_balancer_pool.api[cell].id]
  fallback_pool   = cloudflare_load_balancer_pool.api["seoul"].id
}
