# Services, requests and load balancer at Google Cloud.

resource "google_compute_network" "main" {
  name                    = local.name
  auto_create_subnetworks = false
}

resource "google_compute_subnetwork" "main" {
  name                     = local.name
  network                  = google_compute_network.main.id
  region                   = local.google_region
  ip_cidr_range            = "10.70.0.0/20"
  private_ip_google_access = true
}

# Both addresses are on both custodians' allow-lists.
resource "google_compute_address" "egress" {
  count = 2

  name   = "${local.name}-egress-${count.index}"
  region = local.google_region
}

resource "google_compute_router" "main" {
  name    = local.name
  network = google_compute_network.main.id
  region  = local.google_region
}

resource "google_compute_router_nat" "main" {
  name                               = local.name
  router                             = google_compute_router.main.name
  region                             = local.google_region
  nat_ip_allocate_option             = "MANUAL_ONLY"
  nat_ips                            = google_compute_address.egress[*].self_link
  source_subnetwork_ip_ranges_to_nat = "ALL_SUBNETWORKS_ALL_IP_RANGES"
}

resource "google_compute_global_address" "private" {
  name          = "${local.name}-private"
  network       = google_compute_network.main.id
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  prefix_length = 20
}

resource "google_service_networking_connection" "private" {
  network                 = google_compute_network.main.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [google_compute_global_address.private.name]
}

resource "google_sql_database_instance" "requests" {
  name                = "${local.name}-requests"
  database_version    = "POSTGRES_16"
  region              = local.google_region
  deletion_protection = true

  settings {
    tier              = "db-custom-4-16384"
    edition           = "ENTERPRISE"
    availability_type = "REGIONAL"

    ip_configuration {
      ipv4_enabled    = false
      private_network = google_compute_network.main.id
    }

    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = true
      location                       = "europe-west9"

      backup_retention_settings {
        retained_backups = 35
      }
    }
  }

  depends_on = [google_service_networking_connection.private]
}

resource "google_sql_user" "requests" {
  name                = "requests"
  instance            = google_sql_database_instance.requests.name
  password_wo         = var.requests_password
  password_wo_version = 1
}

resource "google_secret_manager_secret" "custodian" {
  for_each = local.custodians

  secret_id           = "${local.name}-${each.key}"
  version_destroy_ttl = "2592000s"

  replication {
    user_managed {
      replicas {
        location = local.google_region
      }
      replicas {
        location = "europe-west9"
      }
    }
  }
}

resource "google_cloud_run_v2_service" "service" {
  for_each = local.services

  name     = each.key
  location = local.google_region
  ingress  = "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"

  template {
    scaling {
      min_instance_count = 2
      max_instance_count = 10
    }

    vpc_access {
      egress = "ALL_TRAFFIC"

      network_interfaces {
        network    = google_compute_network.main.id
        subnetwork = google_compute_subnetwork.main.id
      }
    }

    containers {
      image = "${local.google_region}-docker.pkg.dev/${var.google_projects.workload}/services/${each.key}:${var.image_tag}"

      ports {
        container_port = each.value.port
      }

      dynamic "env" {
        for_each = merge(each.value.environment, { REQUESTS_HOST = google_sql_database_instance.requests.private_ip_address })

        content {
          name  = env.key
          value = env.value
        }
      }

      dynamic "env" {
        for_each = each.key == "treasury" ? google_secret_manager_secret.custodian : {}

        content {
          name = "${upper(env.key)}_CREDENTIALS"

          value_source {
            secret_key_ref {
              secret  = env.value.secret_id
              version = "latest"
            }
          }
        }
      }
    }
  }
}

resource "google_compute_region_network_endpoint_group" "api" {
  name                  = "${local.name}-api"
  region                = local.google_region
  network_endpoint_type = "SERVERLESS"

  cloud_run {
    service = google_cloud_run_v2_service.service["withdrawal-api"].name
  }
}

resource "google_compute_backend_service" "api" {
  name                  = "${local.name}-api"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  protocol              = "HTTPS"

  backend {
    group = google_compute_region_network_endpoint_group.api.id
  }
}

resource "google_compute_url_map" "api" {
  name            = "${local.name}-api"
  default_service = google_compute_backend_service.api.id
}

resource "google_compute_managed_ssl_certificate" "api" {
  name = "${local.name}-api"

  managed {
    domains = values(local.hosts)
  }
}

resource "google_compute_target_https_proxy" "api" {
  name             = "${local.name}-api"
  url_map          = google_compute_url_map.api.id
  ssl_certificates = [google_compute_managed_ssl_certificate.api.id]
}

resource "google_compute_global_address" "api" {
  name = "${local.name}-api"
}

resource "google_compute_global_forwarding_rule" "api" {
  name                  = "${local.name}-api"
  target                = google_compute_target_https_proxy.api.id
  ip_address            = google_compute_global_address.api.id
  port_range            = "443"
  load_balancing_scheme = "EXTERNAL_MANAGED"
}
