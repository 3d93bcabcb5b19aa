data "google_compute_image" "cos" {
  family  = "cos-stable"
  project = "cos-cloud"
}

resource "google_service_account" "services" {
  account_id   = "services"
  display_name = "Services of ${var.name}"
}

resource "google_secret_manager_secret_iam_member" "services" {
  for_each = var.secret_ids

  secret_id = each.value
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.services.member
}

resource "google_compute_instance_template" "service" {
  for_each = var.services

  name_prefix  = "${each.key}-"
  machine_type = "n2-standard-2"
  region       = var.region
  tags         = [each.key]

  disk {
    source_image = data.google_compute_image.cos.self_link
    boot         = true
  }

  network_interface {
    subnetwork = google_compute_subnetwork.this.id
  }

  metadata = {
    user-data = templatefile("${path.module}/templates/service.yaml.tftpl", {
      name  = each.key
      image = "${var.registry}/${each.key}:${var.image_tag}"
      environment = merge(each.value.environment, {
        PORT         = tostring(each.value.port)
        LEDGER_HOST  = google_sql_database_instance.ledger.private_ip_address
        BOOK_CACHE   = google_redis_instance.book.host
        EVENTS_TOPIC = google_pubsub_topic.events.id
      })
    })
  }

  service_account {
    email  = google_service_account.services.email
    scopes = ["cloud-platform"]
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_compute_health_check" "service" {
  for_each = var.services

  name               = "${var.name}-${each.key}"
  check_interval_sec = 10

  http_health_check {
    port         = each.value.port
    request_path = "/healthz"
  }
}

resource "google_compute_region_instance_group_manager" "service" {
  for_each = var.services

  name                      = "${var.name}-${each.key}"
  base_instance_name        = each.key
  region                    = var.region
  distribution_policy_zones = local.zones
  target_size               = each.value.count

  version {
    instance_template = google_compute_instance_template.service[each.key].id
  }

  named_port {
    name = "http"
    port = each.value.port
  }

  auto_healing_policies {
    health_check      = google_compute_health_check.service[each.key].id
    initial_delay_sec = 60
  }

  update_policy {
    type                         = "PROACTIVE"
    minimal_action               = "REPLACE"
    instance_redistribution_type = "PROACTIVE"
    max_surge_fixed              = length(local.zones)
    max_unavailable_fixed        = 0
  }
}

resource "google_compute_backend_service" "service" {
  for_each = var.services

  name                  = "${var.name}-${each.key}"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  protocol              = "HTTP"
  port_name             = "http"
  health_checks         = [google_compute_health_check.service[each.key].id]

  backend {
    group           = google_compute_region_instance_group_manager.service[each.key].instance_group
    balancing_mode  = "UTILIZATION"
    capacity_scaler = 1
  }
}

resource "google_compute_backend_bucket" "site" {
  name        = "${var.name}-site"
  bucket_name = var.site_bucket
  enable_cdn  = true

  cdn_policy {
    cache_mode        = "CACHE_ALL_STATIC"
    default_ttl       = 3600
    serve_while_stale = 86400
  }
}

resource "google_compute_url_map" "this" {
  name            = var.name
  default_service = google_compute_backend_service.service["order-api"].id

  host_rule {
    hosts        = [var.api_host]
    path_matcher = "api"
  }

  host_rule {
    hosts        = [var.site_host]
    path_matcher = "site"
  }

  path_matcher {
    name            = "api"
    default_service = google_compute_backend_service.service["order-api"].id

    dynamic "path_rule" {
      for_each = var.services

      content {
        paths   = flatten([for path in path_rule.value.paths : [trimsuffix(path, "*"), "${trimsuffix(path, "*")}/*"]])
        service = google_compute_backend_service.service[path_rule.key].id
      }
    }
  }

  path_matcher {
    name            = "site"
    default_service = google_compute_backend_bucket.site.id
  }
}

resource "google_compute_target_https_proxy" "this" {
  name            = var.name
  url_map         = google_compute_url_map.this.id
  certificate_map = "//certificatemanager.googleapis.com/${var.certificate_map_id}"
}

resource "google_compute_global_address" "public" {
  name = var.name
}

resource "google_compute_global_forwarding_rule" "https" {
  name                  = var.name
  target                = google_compute_target_https_proxy.this.id
  ip_address            = google_compute_global_address.public.id
  port_range            = "443"
  load_balancing_scheme = "EXTERNAL_MANAGED"
}
