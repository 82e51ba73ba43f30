#!/bin/sh
# Builds helm, which lints and renders the chart in the tests, from its published Go module, into
# FORESCALE_KUBERNETES (default ~/.cache/forescale/kubernetes).
set -eu

here="${FORESCALE_KUBERNETES:-$HOME/.cache/forescale/kubernetes}"
mkdir -p "$here/bin"
if [ ! -x "$here/bin/helm" ]; then
  CGO_ENABLED=0 GOBIN="$here/bin" GOFLAGS=-buildvcs=false go install -trimpath -p 2 helm.sh/helm/v3/cmd/helm@v3.22.0
fi
echo "$here/bin"
