#!/bin/sh
# Builds TensorFlow's native addon for Node (`npm run tfjs:native`) where its own installer cannot download libtensorflow,
# in CI or behind a firewall: the libraries come out of the PyPI wheel tensorflow_cpu. Everything lies in a cache folder
# outside the repository, so `npm ci` does not undo it; services/tensorflow/backend.ts finds it there. Linux on x86-64, 2 GB.
#
#   FORESCALE_TFJS_NATIVE   the folder (default: forescale/tfjs-native in the user's cache folder)
set -eu

home="${FORESCALE_TFJS_NATIVE:-${XDG_CACHE_HOME:-$HOME/.cache}/forescale/tfjs-native}"
wheel_version=2.15.1
package="$home/node_modules/@tensorflow/tfjs-node"

[ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || { echo "only for Linux on x86-64; elsewhere: npm i @tensorflow/tfjs-node" >&2; exit 1; }
works() { node -e "require('$package').tensor([1]).square().dataSync()" >/dev/null 2>&1; }
if works; then echo "already in $home"; exit 0; fi

mkdir -p "$home"
[ -f "$home/package.json" ] || echo '{ "private": true }' > "$home/package.json"
npm install --prefix "$home" --ignore-scripts --no-audit --no-fund --silent @tensorflow/tfjs-node@4.22.0 node-gyp@11

if [ ! -f "$package/deps/lib/libtensorflow.so" ]; then
  python3 -m pip download --quiet --no-deps --python-version 3.10 --only-binary=:all: --dest "$home/wheel" "tensorflow-cpu==$wheel_version"
  mkdir -p "$package/deps/lib"
  # PyPI's wheel is a zip: the two libraries and the headers of the C interface
  python3 - "$home/wheel" "$package/deps" <<'PYTHON'
import pathlib, shutil, sys, zipfile

wheels, target = map(pathlib.Path, sys.argv[1:])
with zipfile.ZipFile(next(wheels.glob("tensorflow_cpu-*.whl"))) as wheel:
    for name in wheel.namelist():
        if name.startswith("tensorflow/include/tensorflow/") or name.startswith("tensorflow/include/tsl/"):
            out = target / "include" / name.removeprefix("tensorflow/include/")
        elif name in ("tensorflow/libtensorflow_cc.so.2", "tensorflow/libtensorflow_framework.so.2"):
            out = target / "lib" / pathlib.Path(name).name
        else:
            continue
        if name.endswith("/"):
            continue
        out.parent.mkdir(parents=True, exist_ok=True)
        with wheel.open(name) as source, open(out, "wb") as file:
            shutil.copyfileobj(source, file)
PYTHON
  ln -sf libtensorflow_cc.so.2 "$package/deps/lib/libtensorflow.so.2"
  ln -sf libtensorflow_cc.so.2 "$package/deps/lib/libtensorflow.so"
  ln -sf libtensorflow_framework.so.2 "$package/deps/lib/libtensorflow_framework.so"
  rm -r "$home/wheel"
fi

# N-API: headers of any Node from 10 on will do, so the machine's own are taken where they are
cd "$package"
export PATH="$home/node_modules/.bin:$PATH"
if [ -f /usr/include/node/node_api.h ]; then set -- --nodedir=/usr; else set --; fi
node-pre-gyp install --build-from-source "$@" > "$home/build.log" 2>&1 || { tail -n 30 "$home/build.log" >&2; exit 1; }
works || { echo "built, but it does not run: see $home/build.log" >&2; exit 1; }
echo "in $home"
