locals {
  issuers = toset(["amazon.com", "pki.goog"])

  # One record proves the API's name for both regions: they are in the same account.
  proofs = {
    api  = one(aws_acm_certificate.api["tokyo"].domain_validation_options)
    site = one(aws_acm_certificate.site.domain_validation_options)
  }
}

resource "aws_acm_certificate" "api" {
  provider = aws.tokyo
  for_each = local.aws_regions

  region            = each.value
  domain_name       = local.api_host
  validation_method = "DNS"
}

resource "aws_acm_certificate" "site" {
  provider = aws.edge

  domain_name       = local.site_host
  validation_method = "DNS"
}

# An issuer may ask either DNS host.
resource "aws_route53_record" "proof" {
  provider = aws.edge
  for_each = local.proofs

  zone_id         = aws_route53_zone.public.zone_id
  name            = each.value.resource_record_name
  type            = each.value.resource_record_type
  records         = [each.value.resource_record_value]
  ttl             = 300
  allow_overwrite = true
}

resource "cloudflare_dns_record" "proof" {
  for_each = local.proofs

  zone_id = cloudflare_zone.public.id
  name    = trimsuffix(each.value.resource_record_name, ".")
  type    = each.value.resource_record_type
  content = trimsuffix(each.value.resource_record_value, ".")
  ttl     = 300
}

resource "aws_acm_certificate_validation" "api" {
  provider = aws.tokyo
  for_each = aws_acm_certificate.api

  region                  = each.value.region
  certificate_arn         = each.value.arn
  validation_record_fqdns = [aws_route53_record.proof["api"].fqdn]
}

resource "aws_acm_certificate_validation" "site" {
  provider = aws.edge

  certificate_arn         = aws_acm_certificate.site.arn
  validation_record_fqdns = [aws_route53_record.proof["site"].fqdn]
}

resource "google_certificate_manager_dns_authorization" "edge" {
  for_each = { api = local.api_host, site = local.site_host }

  name   = "${local.name}-${each.key}"
  domain = each.value
}

resource "aws_route53_record" "google_proof" {
  provider = aws.edge
  for_each = google_certificate_manager_dns_authorization.edge

  zone_id = aws_route53_zone.public.zone_id
  name    = each.value.dns_resource_record[0].name
  type    = each.value.dns_resource_record[0].type
  records = [each.value.dns_resource_record[0].data]
  ttl     = 300
}

resource "cloudflare_dns_record" "google_proof" {
  for_each = google_certificate_manager_dns_authorization.edge

  zone_id = cloudflare_zone.public.id
  name    = trimsuffix(each.value.dns_resource_record[0].name, ".")
  type    = each.value.dns_resource_record[0].type
  content = trimsuffix(each.value.dns_resource_record[0].data, ".")
  ttl     = 300
}

resource "google_certificate_manager_certificate" "edge" {
  name = "${local.name}-edge"

  managed {
    domains            = [local.api_host, local.site_host]
    dns_authorizations = [for authorization in google_certificate_manager_dns_authorization.edge : authorization.id]
  }
}

resource "google_certificate_manager_certificate_map" "edge" {
  name = "${local.name}-edge"
}

resource "google_certificate_manager_certificate_map_entry" "edge" {
  for_each = { api = local.api_host, site = local.site_host }

  name         = "${local.name}-${each.key}"
  map          = google_certificate_manager_certificate_map.edge.name
  certificates = [google_certificate_manager_certificate.edge.id]
  hostname     = each.value
}
