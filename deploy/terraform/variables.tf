variable "name" {
  description = "Name of the release."
  type        = string
  default     = "forescale"
}

variable "namespace" {
  description = "Namespace of the release; it is made when it is not there."
  type        = string
  default     = "forescale"
}

variable "chart" {
  description = "Folder or address of the chart; left out: the one beside this module."
  type        = string
  default     = null
}

variable "image" {
  description = "Image built from this repository's Dockerfile, and its tag."
  type = object({
    repository = string
    tag        = string
  })
}

variable "mode" {
  description = "recommend decides and records; enforce acts, with the rights that this takes."
  type        = string
  default     = "recommend"

  validation {
    condition     = contains(["off", "recommend", "enforce"], var.mode)
    error_message = "mode must be off, recommend or enforce."
  }
}

variable "replicas" {
  description = "Controllers; more than one elect a leader and need ledger_secret."
  type        = number
  default     = 1

  validation {
    condition     = var.replicas >= 1 && var.replicas <= 9
    error_message = "replicas must be from 1 to 9."
  }
}

variable "ledger_secret" {
  description = "Secret with PostgreSQL's address under the key url; empty: a ledger of files."
  type        = string
  default     = ""
}

variable "namespaces" {
  description = "Namespaces to look at and to write to; empty: all."
  type        = list(string)
  default     = []
}

variable "config" {
  description = "forescale.yaml: services, budget, stores (docs/config.md)."
  type        = any
  default     = {}
}

variable "values" {
  description = "Further values of the chart, laid over all others."
  type        = any
  default     = {}
}
