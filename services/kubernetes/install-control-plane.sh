#!/bin/sh
# Builds a real Kubernetes 1.36 control plane (kube-apiserver, kube-controller-manager, kubectl, etcd) for the
# end-to-end tests, from the published Go modules: no Docker, no download but Go's module proxy. Nothing of it enters
# the repository: binaries and module live in FORESCALE_KUBERNETES (default ~/.cache/forescale/kubernetes). About 40
# minutes on two cores when nothing is cached.
#
# Why a module of its own: kubernetes' go.mod maps its staging modules to folders that a published module does not
# hold, and Go ignores `replace` in a dependency; staging v0.X.Y is what belongs to Kubernetes v1.X.Y.
# Why gitVersion is set: without it the server reports v0.0.0, and clients that read the version (KEDA) see nonsense.
set -eu

here="${FORESCALE_KUBERNETES:-$HOME/.cache/forescale/kubernetes}"
kubernetes=v1.36.3
staging=v0.36.3
etcd=v3.6.8
mkdir -p "$here/module" "$here/bin"
cd "$here/module"

{
  cat <<MOD
module example.test/control-plane

go 1.26.0

godebug default=go1.26

tool (
	k8s.io/kubernetes/cmd/kube-apiserver
	k8s.io/kubernetes/cmd/kube-controller-manager
	k8s.io/kubernetes/cmd/kubectl
	go.etcd.io/etcd/server/v3
)

require (
	k8s.io/kubernetes $kubernetes
	go.etcd.io/etcd/server/v3 $etcd
)

replace (
MOD
  for module in api apiextensions-apiserver apimachinery apiserver cli-runtime client-go cloud-provider \
    cluster-bootstrap code-generator component-base component-helpers controller-manager cri-api cri-client \
    cri-streaming csi-translation-lib dynamic-resource-allocation endpointslice externaljwt kms kube-aggregator \
    kube-controller-manager kube-proxy kube-scheduler kubectl kubelet metrics mount-utils pod-security-admission \
    sample-apiserver streaming; do
    printf '\tk8s.io/%s => k8s.io/%s %s\n' "$module" "$module" "$staging"
  done
  echo ')'
} >go.mod

export CGO_ENABLED=0 GOFLAGS="-buildvcs=false -mod=mod"
minor=$(echo "$kubernetes" | cut -d. -f2)
flags="-s -w -X k8s.io/component-base/version.gitVersion=$kubernetes -X k8s.io/component-base/version.gitMajor=1"
flags="$flags -X k8s.io/component-base/version.gitMinor=$minor -X k8s.io/client-go/pkg/version.gitVersion=$kubernetes"

build() { # build NAME PACKAGE: once, whole or not at all
  if [ -x "$here/bin/$1" ]; then return; fi
  go build -trimpath -p 2 -ldflags "$flags" -o "$here/bin/$1.partial" "$2"
  mv "$here/bin/$1.partial" "$here/bin/$1"
  echo "built $here/bin/$1" >&2
}
build etcd go.etcd.io/etcd/server/v3
build kube-apiserver k8s.io/kubernetes/cmd/kube-apiserver
build kube-controller-manager k8s.io/kubernetes/cmd/kube-controller-manager
build kubectl k8s.io/kubernetes/cmd/kubectl
echo "$here/bin"
