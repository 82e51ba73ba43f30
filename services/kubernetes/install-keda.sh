#!/bin/sh
# Builds KEDA's operator and metrics adapter for the end-to-end tests from its published Go module, with its resource
# definitions beside them. Nothing of it enters the repository: all lives in FORESCALE_KUBERNETES (default
# ~/.cache/forescale/kubernetes). A module of its own, because KEDA brings other versions of what Kubernetes is built
# with; its one `replace` is copied, as Go ignores those of a dependency.
set -eu

here="${FORESCALE_KUBERNETES:-$HOME/.cache/forescale/kubernetes}"
keda=v2.21.0
mkdir -p "$here/module-keda" "$here/bin"
if [ -x "$here/bin/keda-operator" ] && [ -x "$here/bin/keda-adapter" ] && [ -d "$here/keda-crds" ]; then
  echo "$here/bin"
  exit 0
fi
cd "$here/module-keda"
cat >go.mod <<MOD
module example.test/keda

go 1.26.0

tool (
	github.com/kedacore/keda/v2/cmd/adapter
	github.com/kedacore/keda/v2/cmd/operator
)

require github.com/kedacore/keda/v2 $keda

replace github.com/nexus-rpc/nexus-proto-annotations v0.1.0 => github.com/nexus-rpc/nexus-proto-annotations v0.1.1-0.20260629224316-835bd8d49cb4
MOD

export CGO_ENABLED=0 GOFLAGS="-buildvcs=false -mod=mod"
for program in operator adapter; do
  go build -trimpath -p 2 -ldflags "-s -w -X github.com/kedacore/keda/v2/version.Version=${keda#v}" \
    -o "$here/bin/keda-$program.partial" "github.com/kedacore/keda/v2/cmd/$program"
  mv "$here/bin/keda-$program.partial" "$here/bin/keda-$program"
  echo "built $here/bin/keda-$program" >&2
done
rm -rf "$here/keda-crds"
cp -r "$(go list -m -f '{{.Dir}}' github.com/kedacore/keda/v2)/config/crd/bases" "$here/keda-crds"
chmod -R u+w "$here/keda-crds"
echo "$here/bin"
