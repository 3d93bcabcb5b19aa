output "name_servers" {
  description = "Name servers of the domain, at both hosts."
  value       = concat(aws_route53_zone.public.name_servers, cloudflare_zone.public.name_servers)
}

output "signers" {
  description = "Addresses behind the names that the treasury teams publish."
  value = {
    amazon = aws_lambda_function_url.signer.function_url
    google = google_cloud_run_v2_service.signer.uri
    azure  = "https://${azurerm_container_app.signer.ingress[0].fqdn}"
  }
}

output "import_job" {
  description = "Import job for the key ceremony at Google Cloud."
  value       = google_kms_key_ring_import_job.signer.id
}
