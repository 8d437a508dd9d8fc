#!/bin/sh
# Makes .venv from uv.lock, from a bare clone. Quick when nothing changed.
#
#   tools/setup.sh            PYTHON=/path/to/python3.11 names an interpreter
set -eu
cd "$(dirname "$0")/.."

# The stamp lies inside .venv, so that deleting .venv is enough to start anew. It names this folder
# too: the scripts of an environment that was moved point to where it used to be.
want="$PWD $(sha256sum uv.lock pyproject.toml | sha256sum)"
if [ -x .venv/bin/python ] && [ "$(cat .venv/.stamp 2>/dev/null || true)" = "$want" ]; then
    exit 0
fi

say() { printf '%s\n' "$*" >&2; }

# Of one version some builds are quicker: without profile-guided optimisation, as pyenv builds by default,
# issuing a copy takes a quarter more time. A build without these modules is of no use to us.
trial='
import ctypes, lzma, sqlite3, ssl, sys, time
def turn():
    began, known = time.perf_counter(), {}
    for n in range(60000):
        known[n & 511] = str(n)
    return time.perf_counter() - began
if sys.version_info[:2] == (3, 11):
    print(int(min(turn() for _ in range(7)) * 1e6), sys.executable)
'

# Every Python 3.11 there is, the quickest first.
pythons() {
    if [ -n "${PYTHON:-}" ]; then set -- "$PYTHON"
    else set -- python3.11 /usr/bin/python3.11 /usr/local/bin/python3.11 python3 python
    fi
    for name in "$@"; do "$name" -c "$trial" 2>/dev/null || true; done | sort -n | sed 's/^[0-9]* //'
}

find_python() {
    found=$(pythons | head -n 1)
    if [ -n "$found" ]; then
        printf '%s\n' "$found"
        return 0
    fi
    if [ -n "${PYTHON:-}" ]; then say "PYTHON=$PYTHON is no Python 3.11 with sqlite3, ssl, ctypes and lzma."
    else say "certsvc needs Python 3.11 with sqlite3, ssl, ctypes and lzma, and none was found."
    fi
    say "  Debian 12:  apt-get install python3 python3-venv"
    say "  elsewhere:  install Python 3.11, then  make PYTHON=/path/to/python3.11 <target>"
    return 1
}

# Root, or somebody sudo asks no password of, may install what is missing.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif sudo -n true >/dev/null 2>&1; then sudo -n "$@"
    else return 1
    fi
}

# With any Python that can: the quickest may lack ensurepip, as Debian's does, which ships it apart.
install_uv() {
    IFS='
'
    for one in $(pythons); do
        unset IFS
        rm -rf .uv
        "$one" -m venv .uv >/dev/null 2>&1 && .uv/bin/python -m pip install --quiet "uv>=0.9" && return 0
        # pip's --target needs no environment and is allowed where the system's Python is externally managed.
        rm -rf .uv
        "$one" -m pip --version >/dev/null 2>&1 &&
            "$one" -m pip install --quiet --target .uv "uv>=0.9" && return 0
    done
    rm -rf .uv
    if command -v apt-get >/dev/null && as_root apt-get update -qq &&
        as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends python3-venv &&
        "$python" -m venv .uv && .uv/bin/python -m pip install --quiet "uv>=0.9"; then
        return 0
    fi
    rm -rf .uv
    say "uv could not be installed: $python offers neither a working venv nor pip, or the network is away."
    say "  Debian 12:  apt-get install python3-venv ca-certificates"
    say "  or install uv yourself, so that 'uv' is on the PATH, and start again."
    return 1
}

python=$(find_python)
if [ -x .uv/bin/uv ] && .uv/bin/uv --version >/dev/null 2>&1; then
    uv=.uv/bin/uv
elif uv --version >/dev/null 2>&1; then
    uv=uv
else
    say "Setting up uv in .uv ..."
    install_uv
    uv=.uv/bin/uv
fi

case "$(cat .venv/.stamp 2>/dev/null || true)" in
    "$PWD "*) ;;
    *) rm -rf .venv ;;
esac
say "Setting up .venv from uv.lock ..."
sync() { VIRTUAL_ENV='' "$uv" sync --frozen --quiet --python "$python"; }
# uv brings its own list of authorities; a network with one of its own is known to the machine only.
sync || {
    say "Trying again with the certificates of this machine ..."
    export UV_SYSTEM_CERTS=1 UV_NATIVE_TLS=1
    sync
}
printf '%s' "$want" > .venv/.stamp
