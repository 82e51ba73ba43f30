#!/bin/sh
# Gets moto's server, which answers as AWS does, for the tests of ECS services and Auto Scaling groups, from PyPI into a
# virtual environment of its own. Nothing of it enters the repository: FORESCALE_MOTO (default ~/.cache/forescale/moto)
# holds 320 MB of it. Needs Python 3 with venv.
set -eu

here="${FORESCALE_MOTO:-$HOME/.cache/forescale/moto}"
version=5.2.5

if [ -x "$here/bin/moto_server" ]; then echo "$here/bin/moto_server"; exit 0; fi
python3 -m venv "$here"
"$here/bin/pip" install --quiet --disable-pip-version-check "moto[server,ecs,ec2,autoscaling]==$version"
echo "$here/bin/moto_server"
