#!/bin/sh
# Sees to it that a Python has pandas, from PyPI where it is not there yet: sh install-pandas.sh PYTHON
set -eu

if ! "$1" -c 'import pandas' 2>/dev/null; then
  "$1" -m pip install --quiet --disable-pip-version-check 'pandas==2.3.3' >&2
fi
