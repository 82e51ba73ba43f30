#!/bin/sh
# A chart can only hold files of its own folder: copies what it takes from elsewhere in this repository. A test compares.
set -eu
cd "$(dirname "$0")/../.."

chart=deploy/helm/forescale
mkdir -p "$chart/files/dashboards" "$chart/crds"
cp deploy/prometheus/rules.yml "$chart/files/rules.yml"
rm -f "$chart"/files/dashboards/*.json "$chart"/crds/*.yaml
cp deploy/grafana/dashboards/*.json "$chart/files/dashboards/"
for crd in deploy/crds/*.yaml; do
  if [ -f "$crd" ]; then cp "$crd" "$chart/crds/"; fi
done
