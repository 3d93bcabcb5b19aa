resource "google_sql_database_instance" "ledger" {
  name                = "${var.name}-ledger"
  database_version    = "POSTGRES_16"
  region              = var.region
  deletion_protection = true

  settings {
    tier              = "db-custom-8-32768"
    edition           = "ENTERPRISE"
    availability_type = "REGIONAL"

    ip_configuration {
      ipv4_enabled    = false
      private_network = google_compute_network.this.id
    }

    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = true
      location                       = var.replica_region

      backup_retention_settings {
        retained_backups = 35
      }
    }
  }

  depends_on = [google_service_networking_connection.private]
}

resource "google_sql_database_instance" "ledger_replica" {
  name                 = "${var.name}-ledger-replica"
  database_version     = "POSTGRES_16"
  region               = var.replica_region
  master_instance_name = google_sql_database_instance.ledger.name
  deletion_protection  = true

  settings {
    tier    = "db-custom-8-32768"
    edition = "ENTERPRISE"

    ip_configuration {
      ipv4_enabled    = false
      private_network = google_compute_network.this.id
    }
  }
}

resource "google_sql_user" "ledger" {
  name                = "ledger"
  instance            = google_sql_database_instance.ledger.name
  password_wo         = var.ledger_password
  password_wo_version = 1
}

resource "google_redis_instance" "book" {
  name                    = "${var.name}-book"
  region                  = var.region
  tier                    = "STANDARD_HA"
  memory_size_gb          = 5
  redis_version           = "REDIS_7_2"
  authorized_network      = google_compute_network.this.id
  connect_mode            = "PRIVATE_SERVICE_ACCESS"
  transit_encryption_mode = "SERVER_AUTHENTICATION"

  location_id             = local.zones[0]
  alternative_location_id = local.zones[1]

  depends_on = [google_service_networking_connection.private]
}

# Ledger events that wait to be relayed to the other cells.
resource "google_pubsub_topic" "events" {
  name                       = "${var.name}-events"
  message_retention_duration = "1209600s"
}

resource "google_pubsub_subscription" "relay" {
  name                       = "${var.name}-relay"
  topic                      = google_pubsub_topic.events.id
  enable_message_ordering    = true
  ack_deadline_seconds       = 60
  message_retention_duration = "1209600s"
}
