#!/bin/sh
# Installs Gymnasium and PettingZoo from PyPI into a virtual environment, for python.e2e.test.ts and for trying things out.
# Prints the environment's python last. Does nothing where both are there already.
#
#   FORESCALE_PEERS   folder of the environment (default: forescale/environments in the user's cache folder)
set -eu

home="${FORESCALE_PEERS:-${XDG_CACHE_HOME:-$HOME/.cache}/forescale/environments}"
python="${PYTHON:-python3}"

if ! "$home/bin/python" -c 'import gymnasium, pettingzoo' 2>/dev/null; then
  # Debian keeps venv in a package of its own
  if ! "$python" -c 'import ensurepip' 2>/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq >&2 && apt-get install -y -qq --no-install-recommends python3 python3-venv >&2
  fi
  mkdir -p "$(dirname "$home")"
  "$python" -m venv "$home" >&2
  "$home/bin/python" -m pip install --quiet --disable-pip-version-check 'gymnasium==1.4.0' 'pettingzoo==1.27.0' >&2
fi

"$home/bin/python" -c 'import sys, gymnasium, pettingzoo
print("gymnasium", gymnasium.__version__, "· pettingzoo", pettingzoo.__version__, file=sys.stderr)'
printf '%s\n' "$home/bin/python"
