#!/bin/sh
# Prints a Python that has Stable-Baselines3, from PyPI where it is not there yet.
#
#   FORESCALE_LEARNERS   folder of the environment (default: forescale/learners in the user's cache folder)
#
# PyPI's torch for Linux on x86-64 drags in gigabytes of CUDA libraries, so a Python here that has torch for the CPU (on
# Debian the system's own, package python3-torch) lends its own to the environment. Debian's 1.13.0a0 is older than 1.13.0
# to pip, though it is the same to Stable-Baselines3: hence its parts by name, without what they ask for.
set -eu

home="${FORESCALE_LEARNERS:-${XDG_CACHE_HOME:-$HOME/.cache}/forescale/learners}"
python="$home/bin/python"
pip() { "$python" -m pip install --quiet --disable-pip-version-check "$@" >&2; }

if ! "$python" -c 'import stable_baselines3, torch' 2>/dev/null; then
  mkdir -p "$(dirname "$home")"
  lender=''
  for candidate in /usr/bin/python3 "${PYTHON:-python3}"; do
    if "$candidate" -c 'import numpy, torch' 2>/dev/null; then lender="$candidate"; break; fi
  done
  if [ -n "$lender" ]; then
    "$lender" -m venv --system-site-packages "$home" >&2
    numpy="$("$lender" -c 'import numpy; print(numpy.__version__)')"
    pip --no-deps 'stable-baselines3==2.3.2' 'gymnasium==0.29.1' 'farama-notifications==0.0.4' 'cloudpickle==3.1.2'
    # only those of Python's packages that the lender's numpy suits
    pip 'pandas<2.3' 'matplotlib<3.8' "numpy==$numpy" 2>/dev/null || true
  else
    "${PYTHON:-python3}" -m venv "$home" >&2
    pip 'stable-baselines3==2.3.2'
  fi
fi
"$python" -c 'import stable_baselines3, torch'
printf '%s\n' "$python"
