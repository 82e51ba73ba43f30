#!/bin/sh
# Installs the field's libraries for `npm run bench:forecast`: statsforecast and prophet from PyPI into a virtual
# environment, and makes sure that some Python here has torch on the CPU.
#
#   FORESCALE_PEERS   folder of the environment (default: forescale/peers in the user's cache folder)
#
# torch is kept apart: PyPI's wheel for Linux on x86-64 drags in gigabytes of CUDA libraries, so the system's own package
# (python3-torch, built for the CPU and for the system's numpy) is used where it is there, by the system's own Python.
set -eu

home="${FORESCALE_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/forescale/peers}"
python="${PYTHON:-python3}"

if ! "$home/bin/python" -c 'import statsforecast, prophet' 2>/dev/null; then
  mkdir -p "$(dirname "$home")"
  "$python" -m venv "$home"
  "$home/bin/python" -m pip install --quiet 'statsforecast==2.1.1' 'prophet==1.5.0'
fi

has_torch() { "$1" -c 'import numpy, torch' 2>/dev/null; }

torch=''
for candidate in /usr/bin/python3 "$python" "$home-torch/bin/python"; do
  if has_torch "$candidate"; then torch="$candidate"; break; fi
done
if [ -z "$torch" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq && apt-get install -y -qq python3-torch libopenblas0-pthread && torch=/usr/bin/python3
fi
if [ -z "$torch" ]; then
  # elsewhere (macOS, Linux on ARM) PyPI's own wheel is the CPU one
  "$python" -m venv "$home-torch"
  "$home-torch/bin/python" -m pip install --quiet torch numpy
  torch="$home-torch/bin/python"
fi
has_torch "$torch" || { echo "no Python with torch: install the package python3-torch" >&2; exit 1; }
printf '%s\n' "$torch" > "$home/torch-python"

"$home/bin/python" -c 'import statsforecast, prophet
print("statsforecast", statsforecast.__version__, "· prophet", prophet.__version__)'
"$torch" -c 'import torch; print("torch", torch.__version__)'
echo "in $home"
