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

# Kustomize's base is the chart with its own values, without what says that helm manages it
base=deploy/kustomize/base
mkdir -p "$base/crds"
rm -f "$base"/crds/*.yaml
cp "$chart"/crds/*.yaml "$base/crds/"
helm="${FORESCALE_KUBERNETES:-$HOME/.cache/forescale/kubernetes}/bin/helm"
if [ ! -x "$helm" ]; then helm=$(command -v helm || true); fi
if [ -z "$helm" ]; then
  echo "$base/forescale.yaml is left as it is: there is no helm here (services/kubernetes/install-helm.sh)" >&2
  exit 0
fi
{
  echo "# Written by \`sh deploy/helm/sync.sh\`."
  "$helm" template forescale "$chart" --namespace forescale --kube-version 1.36.3 |
    sed -e '/app.kubernetes.io\/managed-by: Helm/d' -e '/helm.sh\/chart: /d' -e '/^# Source: /d' -e '/helm.sh\/resource-policy/d' |
    sed -e '/^  annotations:$/{N;/# decisions, models and keys/d}'
} >"$base/forescale.yaml"
