output "address" {
  description = "Public address of the load balancer."
  value       = google_compute_global_address.public.address
}

output "egress_addresses" {
  description = "Addresses for the custodians' allow-lists."
  value       = google_compute_address.egress[*].address
}
