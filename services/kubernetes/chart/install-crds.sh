#!/bin/sh
# Gets the custom resource definitions of the operators that the chart and the examples write objects for (Prometheus
# operator, cert-manager, Argo Rollouts, Argo CD), out of their published Go modules, so that a test can have the API
# server check those objects too. No program is built. They go to FORESCALE_KUBERNETES/crds (default
# ~/.cache/forescale/kubernetes/crds).
set -eu

here="${FORESCALE_KUBERNETES:-$HOME/.cache/forescale/kubernetes}/crds"
if [ -f "$here/complete" ]; then echo "$here"; exit 0; fi
mkdir -p "$here"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
printf 'module example.test/crds\n\ngo 1.24.0\n' >go.mod

# copy MODULE@VERSION FOLDER FILE…
copy() {
  module=$1 folder=$2
  shift 2
  dir=$(go mod download -json "$module" | sed -n 's/.*"Dir": "\(.*\)",/\1/p')
  for file in "$@"; do cp "$dir/$folder/$file" "$here/"; done
}

copy github.com/prometheus-operator/prometheus-operator@v0.85.0 example/prometheus-operator-crd \
  monitoring.coreos.com_servicemonitors.yaml monitoring.coreos.com_prometheusrules.yaml
copy github.com/cert-manager/cert-manager@v1.21.2 deploy/crds cert-manager.io_certificates.yaml
copy github.com/argoproj/argo-rollouts@v1.8.5 manifests/crds rollout-crd.yaml analysis-template-crd.yaml
copy github.com/argoproj/argo-cd/v2@v2.14.21 manifests/crds application-crd.yaml
chmod u+w "$here"/*
touch "$here/complete"
echo "$here"
