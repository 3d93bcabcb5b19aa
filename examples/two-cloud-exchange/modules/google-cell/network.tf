terraform {
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 7.0"
    }
  }
}

locals {
  zones = [for letter in var.zones : "${var.region}-${letter}"]
}

resource "google_compute_network" "this" {
  name                    = var.name
  auto_create_subnetworks = false
}

resource "google_compute_subnetwork" "this" {
  name                     = var.name
  network                  = google_compute_network.this.id
  region                   = var.region
  ip_cidr_range            = "10.30.0.0/20"
  private_ip_google_access = true
}

# Both addresses are on both custodians' allow-lists.
resource "google_compute_address" "egress" {
  count = 2

  name   = "${var.name}-egress-${count.index}"
  region = var.region
}

resource "google_compute_router" "this" {
  name    = var.name
  network = google_compute_network.this.id
  region  = var.region
}

resource "google_compute_router_nat" "this" {
  name                               = var.name
  router                             = google_compute_router.this.name
  region                             = var.region
  nat_ip_allocate_option             = "MANUAL_ONLY"
  nat_ips                            = google_compute_address.egress[*].self_link
  source_subnetwork_ip_ranges_to_nat = "ALL_SUBNETWORKS_ALL_IP_RANGES"
}

resource "google_compute_firewall" "health" {
  name          = "${var.name}-health"
  network       = google_compute_network.this.id
  source_ranges = ["130.211.0.0/22", "35.191.0.0/16"]
  target_tags   = keys(var.services)

  allow {
    protocol = "tcp"
    ports    = [for service in var.services : tostring(service.port)]
  }
}

resource "google_compute_global_address" "private" {
  name          = "${var.name}-private"
  network       = google_compute_network.this.id
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  prefix_length = 20
}

resource "google_service_networking_connection" "private" {
  network                 = google_compute_network.this.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [google_compute_global_address.private.name]
}
