#!/bin/sh
# Prints a Python that has SimPy, from PyPI where it is not there yet.
#
#   FORESCALE_PEERS   folder of the environment (default: forescale/peers in the user's cache folder)
set -eu

home="${FORESCALE_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/forescale/peers}"
python="$home/bin/python"

if [ ! -x "$python" ]; then
  mkdir -p "$(dirname "$home")"
  "${PYTHON:-python3}" -m venv "$home"
fi
if ! "$python" -c 'import simpy' 2>/dev/null; then
  "$python" -m pip install --quiet 'simpy==4.1.2' >&2
fi
printf '%s\n' "$python"
