output "name_servers" {
  description = "Name servers to set at the registrar."
  value       = aws_route53_zone.public.name_servers
}

output "egress_address" {
  description = "Address to put on the custodian's allow-list."
  value       = aws_eip.egress.public_ip
}

output "hot_wallet_key" {
  description = "Key that signs withdrawals."
  value       = aws_kms_key.hot_wallet.arn
}

output "services" {
  description = "ECS services by name."
  value       = { for name, service in module.service : name => service.service_arn }
}
