output "namespace" {
  description = "Where it runs."
  value       = helm_release.forescale.namespace
}

output "url" {
  description = "Of API and dashboard, from within the cluster."
  value       = "http://${var.name}.${helm_release.forescale.namespace}.svc:8080"
}
