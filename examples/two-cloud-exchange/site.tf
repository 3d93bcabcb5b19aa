# The web site: static files behind two CDNs. The deploy job uploads to every bucket.

resource "aws_s3_bucket" "site" {
  provider = aws.edge
  for_each = local.aws_regions

  region = each.value
  bucket = "${local.name}-site-${each.key}"
}

resource "aws_s3_bucket_policy" "site" {
  provider = aws.edge
  for_each = aws_s3_bucket.site

  region = each.value.region
  bucket = each.value.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "cloudfront.amazonaws.com" }
      Action    = "s3:GetObject"
      Resource  = "${each.value.arn}/*"
      Condition = { StringEquals = { "AWS:SourceArn" = aws_cloudfront_distribution.site.arn } }
    }]
  })
}

resource "aws_cloudfront_origin_access_control" "site" {
  provider = aws.edge

  name                              = "${local.name}-site"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_cloudfront_distribution" "site" {
  provider = aws.edge

  enabled             = true
  is_ipv6_enabled     = true
  aliases             = [local.site_host]
  default_root_object = "index.html"

  dynamic "origin" {
    for_each = aws_s3_bucket.site

    content {
      origin_id                = origin.key
      domain_name              = origin.value.bucket_regional_domain_name
      origin_access_control_id = aws_cloudfront_origin_access_control.site.id
    }
  }

  origin_group {
    origin_id = "site"

    failover_criteria {
      status_codes = [500, 502, 503, 504]
    }

    member {
      origin_id = "tokyo"
    }

    member {
      origin_id = "singapore"
    }
  }

  default_cache_behavior {
    target_origin_id       = "site"
    viewer_protocol_policy = "redirect-to-https"
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    cache_policy_id        = data.aws_cloudfront_cache_policy.optimized.id
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    acm_certificate_arn      = aws_acm_certificate_validation.site.certificate_arn
    minimum_protocol_version = "TLSv1.2_2021"
    ssl_support_method       = "sni-only"
  }
}

data "aws_cloudfront_cache_policy" "optimized" {
  provider = aws.edge

  name = "Managed-CachingOptimized"
}

resource "google_storage_bucket" "site" {
  name                        = "${local.name}-site"
  location                    = "ASIA1"
  uniform_bucket_level_access = true

  website {
    main_page_suffix = "index.html"
  }
}

resource "google_storage_bucket_iam_member" "site" {
  bucket = google_storage_bucket.site.name
  role   = "roles/storage.objectViewer"
  member = "allUsers"
}

resource "aws_route53_health_check" "site" {
  provider = aws.edge

  type              = "HTTPS"
  fqdn              = aws_cloudfront_distribution.site.domain_name
  port              = 443
  resource_path     = "/index.html"
  request_interval  = 30
  failure_threshold = 3
}

resource "aws_route53_record" "site_cloudfront" {
  provider = aws.edge

  zone_id         = aws_route53_zone.public.zone_id
  name            = local.site_host
  type            = "A"
  set_identifier  = "cloudfront"
  health_check_id = aws_route53_health_check.site.id

  failover_routing_policy {
    type = "PRIMARY"
  }

  alias {
    name                   = aws_cloudfront_distribution.site.domain_name
    zone_id                = aws_cloudfront_distribution.site.hosted_zone_id
    evaluate_target_health = false
  }
}

resource "aws_route53_record" "site_google" {
  provider = aws.edge

  zone_id        = aws_route53_zone.public.zone_id
  name           = local.site_host
  type           = "A"
  ttl            = 60
  records        = [module.seoul.address]
  set_identifier = "google"

  failover_routing_policy {
    type = "SECONDARY"
  }
}

resource "cloudflare_load_balancer_monitor" "site" {
  account_id     = var.cloudflare_account_id
  description    = "CDNs of the web site"
  type           = "https"
  path           = "/index.html"
  expected_codes = "200"
  interval       = 60

  header = {
    Host = [local.site_host]
  }
}

resource "cloudflare_load_balancer_pool" "site" {
  for_each = {
    cloudfront = aws_cloudfront_distribution.site.domain_name
    google     = module.seoul.address
  }

  account_id = var.cloudflare_account_id
  name       = "site-${each.key}"
  monitor    = cloudflare_load_balancer_monitor.site.id

  origins = [{
    name    = each.key
    address = each.value
    enabled = true
  }]
}

resource "cloudflare_load_balancer" "site" {
  zone_id = cloudflare_zone.public.id
  name    = local.site_host
  proxied = false
  ttl     = 30

  steering_policy = "off"
  default_pools   = [cloudflare_load_balancer_pool.site["cloudfront"].id, cloudflare_load_balancer_pool.site["google"].id]
  fallback_pool   = cloudflare_load_balancer_pool.site["google"].id
}
