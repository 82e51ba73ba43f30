#!/bin/sh
# Builds the real influxd 2.7.12 for the tests of the InfluxDB store, from its published Go module (there is no Debian
# package of version 2). Nothing of it enters the repository: binary and module live in FORESCALE_INFLUXDB (default
# ~/.cache/forescale/influxdb). About 42 minutes of CPU when nothing is cached, seconds afterwards.
#
# Needs: Go 1.23 or newer, cargo (flux's library is Rust), clang, protobuf-compiler, pkg-config.
# Why each oddity: the module's one `replace` is copied, since Go ignores it in a dependency; influxdata/pkg-config is
# what builds libflux; the CARGO wrapper drops a feature that makes warnings errors; RUSTUP_TOOLCHAIN overrides flux's
# pinned, old Rust.
set -eu

here="${FORESCALE_INFLUXDB:-$HOME/.cache/forescale/influxdb}"
version=v2.7.12
binary="$here/influxd"

if [ -x "$binary" ]; then echo "$binary"; exit 0; fi
mkdir -p "$here/module" "$here/bin"
cd "$here/module"

cat >go.mod <<MOD
module example.test/influxd

go 1.23

require github.com/influxdata/influxdb/v2 $version

replace github.com/nats-io/nats-streaming-server v0.11.2 => github.com/influxdata/nats-streaming-server v0.11.3-0.20201112040610-c277f7560803
MOD

cat >"$here/bin/cargo-flux" <<'WRAP'
#!/bin/sh
exec cargo "$@" -p flux --no-default-features --features cffi
WRAP
chmod +x "$here/bin/cargo-flux"

export GOTOOLCHAIN=local GOFLAGS="-buildvcs=false -mod=mod"
GOBIN="$here/bin" go install github.com/influxdata/pkg-config@v0.2.14

export PKG_CONFIG="$here/bin/pkg-config" CARGO="$here/bin/cargo-flux" RUSTUP_TOOLCHAIN=stable
export RUSTFLAGS="--cap-lints warn" CARGO_PROFILE_RELEASE_LTO=off
go build -trimpath -tags sqlite_foreign_keys,sqlite_json -o "$binary.partial" github.com/influxdata/influxdb/v2/cmd/influxd
mv "$binary.partial" "$binary"
"$binary" version >&2
echo "$binary"
