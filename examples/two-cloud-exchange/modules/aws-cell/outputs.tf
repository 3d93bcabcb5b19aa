output "load_balancer" {
  description = "Name and hosted zone of the public load balancer."
  value = {
    dns_name = aws_lb.this.dns_name
    zone_id  = aws_lb.this.zone_id
  }
}

output "ledger_arn" {
  description = "ARN of the ledger cluster."
  value       = aws_rds_cluster.ledger.arn
}

output "egress_addresses" {
  description = "Addresses for the custodians' allow-lists."
  value       = [for address in aws_eip.egress : address.public_ip]
}
