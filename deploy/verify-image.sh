#!/bin/sh
# Does by hand what Docker would, where there is no Docker engine: takes the build context (the folder less
# .dockerignore), runs every RUN line of the Dockerfile's build stage in it, prints what the image would hold, and
# starts its command as a user without rights whose only writable folder is the state. Needs root, npm and a Node 22
# in NODE (default: the one that npm installed here). Ends with 0 when the API answered.
set -eu

cd "$(dirname "$0")/.."
here=$(pwd)
node="${NODE:-$here/node_modules/.bin/node}"
context=$(mktemp -d)
state=$(mktemp -d)
server=
trap 'if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; fi; rm -rf "$context" "$state"' EXIT

git ls-files -z --cached --others --exclude-standard --deduplicate | tar --null --files-from=- --exclude-from=.dockerignore -cf - | tar -xf - -C "$context"
echo "build context: $(du -sh "$context" | cut -f1)"

cd "$context"
# RUN lines of the first stage, continuation lines joined; /state is made in the image, not on this machine
awk '/^FROM/ { stage++ } stage == 1' Dockerfile |
  sed -e ':join' -e '/\\$/ { N; s/\\\n//; b join' -e '}' |
  sed -n 's/^RUN //p' | sed 's| && mkdir /state /keys||' >"$state/run.sh"
sh -eu "$state/run.sh"
echo "image would hold: $(du -sh . | cut -f1), of which node_modules $(du -sh node_modules | cut -f1)"

chmod -R a+rX "$context"
chmod 755 "$context"
chown nobody "$state"
port=$("$node" -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})')
cp "$node" "$state/node"
chmod 755 "$state/node"
export FORESCALE_STATE_DIR="$state" FORESCALE_PORT="$port" NODE_ENV=production HOME="$state"
setpriv --reuid=nobody --regid=nogroup --clear-groups "$state/node" services/cli/forescale.js up >"$state/up.log" 2>&1 &
server=$!
for _ in $(seq 120); do
  if "$state/node" services/up/answers.ts "http://127.0.0.1:$port/readyz" 2>/dev/null; then
    echo "ready as $(ps -o user= -p "$server") with a read-only folder"
    exit 0
  fi
  sleep 0.5
done
cat "$state/up.log" >&2
echo "not ready within a minute" >&2
exit 1
