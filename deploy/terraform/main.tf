# Forescale as a Helm release. The provider's configuration (which cluster) is the caller's.

locals {
  values = {
    fullnameOverride = var.name
    mode             = var.mode
    replicas         = var.replicas
    image            = var.image
    config           = var.config
    ledger           = { existingSecret = var.ledger_secret }
    kubernetes       = { namespaces = var.namespaces }
  }
}

resource "helm_release" "forescale" {
  name             = var.name
  namespace        = var.namespace
  create_namespace = true
  chart            = coalesce(var.chart, "${path.module}/../helm/forescale")
  atomic           = true
  timeout          = 600

  values = [yamlencode(local.values), yamlencode(var.values)]

  lifecycle {
    precondition {
      condition     = var.replicas == 1 || var.ledger_secret != ""
      error_message = "More than one controller needs a ledger that they share: set ledger_secret."
    }
  }
}
