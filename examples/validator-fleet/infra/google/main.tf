# The Finland cluster, in another company's region.

terraform {
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.0"
    }
  }
}

provider "google" {
  project = "fleet-finland"
  region  = "europe-north1"
}

resource "google_container_cluster" "finland" {
  name                     = "finland"
  location                 = "europe-north1"
  remove_default_node_pool = true
  initial_node_count       = 1
  deletion_protection      = true
}

resource "google_container_node_pool" "general" {
  name           = "general"
  cluster        = google_container_cluster.finland.name
  location       = "europe-north1"
  node_locations = ["europe-north1-a", "europe-north1-b", "europe-north1-c"]
  node_count     = 1

  node_config {
    machine_type = "n2-standard-8"
  }
}
