#!/bin/sh
# Times what somebody new to this waits for: from a bare clone to the first certificate that is issued, fetched
# and verified by a running service. Packages come from the cache if they are there.
#
#   tools/newcomer.sh [PORT]        exit 1 where the certificate is not VALID
set -eu
cd "$(dirname "$0")/.."
port=${1:-8019}
place=$(mktemp -d)
began=$(date +%s)
since() { printf '%4d s  %s\n' "$(($(date +%s) - began))" "$1"; }
leave() {
    [ -z "${make:-}" ] || kill "$make" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$place"
}
trap leave EXIT INT TERM

git clone --quiet . "$place/certsvc"
cd "$place/certsvc"
since "cloned"
# A group of its own, and exec: what ends is make with the server under it.
setsid make run PORT="$port" > "$place/said" 2>&1 &
make=-$!
while ! grep -q '^ *endorsed PDF' "$place/said"; do
    kill -0 "${make#-}" 2>/dev/null || { cat "$place/said"; exit 1; }
    sleep 0.2
done
since "a certificate is issued"
curl -sS --retry 60 --retry-connrefused --retry-delay 1 -o "$place/page" "http://127.0.0.1:$port/readyz"
since "the service answers"
file=$(sed -n 's/^ *endorsed PDF *//p' "$place/said")
key=$(sed -n 's/^ *demo API key *//p' "$place/said")
curl -sS -H "X-API-Key: $key" -F "file=@$file" "http://127.0.0.1:$port/api/v1/verifications" > "$place/report"
.venv/bin/python -c '
import json, sys
verdict = json.load(open(sys.argv[1]))["verdict"]
sys.exit(0 if verdict == "VALID" else f"the certificate is {verdict}")' "$place/report"
since "it is verified: VALID"
