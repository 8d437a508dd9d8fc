#!/bin/sh
# Installs the outside programs the tests compare us with, where that is allowed, and names those still
# missing. Never fails: a test that needs a missing one is skipped and says so.
set -u
cd "$(dirname "$0")/.."

has_program() { command -v "$1" >/dev/null 2>&1; }

has_library() {
    for folder in /lib /usr/lib /usr/local/lib /lib/*-linux-gnu /usr/lib/*-linux-gnu /lib64 /usr/lib64; do
        [ -e "$folder/$1" ] && return 0
    done
    return 1
}

# npm's ofd.js draws our OFD files in the tests. One script of the package is all they need; it and the package
# have to be the very bytes pinned beside those tests. npm is asked only when it is there already: from Debian
# it would bring hundreds of packages along.
get_ofd_js() {
    pins="$PWD/tests/readers/ofd.js.sha512"
    mkdir -p .readers
    is_pinned() { grep "  $1\$" "$pins" | (cd .readers && sha512sum --check --status -) 2>/dev/null; }
    is_pinned ofd.umd.min.js && return
    if ! has_program npm; then
        echo "No npm on this machine: the tests with ofd.js are skipped until Node.js and its npm are installed." >&2
        return
    fi
    # Its size (35 MB) and a network that is away both take long: one try a day.
    [ "$(cat .readers/tried 2>/dev/null || true)" = "$(date +%F)" ] && why='tried today already' || why=
    if [ -z "$why" ]; then
        echo "Fetching ofd.js 0.2.6 with npm for the tests ..." >&2
        date +%F > .readers/tried
        if ! npm pack --silent --ignore-scripts --fetch-retries=4 --pack-destination .readers ofd.js@0.2.6 \
            >/dev/null 2>&1; then why='npm could not fetch it'
        elif ! is_pinned ofd.js-0.2.6.tgz; then why='what npm fetched is not the pinned package'
        else
            tar -xzOf .readers/ofd.js-0.2.6.tgz package/lib/ofd.umd.min.js > .readers/ofd.umd.min.js
            is_pinned ofd.umd.min.js || why='the script in the package is not the pinned one'
        fi
        rm -f .readers/ofd.js-0.2.6.tgz
    fi
    [ -z "$why" ] || echo "No ofd.js 0.2.6 ($why): its tests are skipped; to try again: rm -r .readers; make tools" >&2
}

list_missing() {
    has_library libzbar.so.0 || echo libzbar0
    has_library libatomic.so.1 || echo libatomic1
    has_program nginx || [ -x /usr/sbin/nginx ] || echo nginx-light
    { has_program pdftotext && has_program pdfsig && has_program pdftoppm; } || echo poppler-utils
    has_program qpdf || echo qpdf
    has_program mutool || echo mupdf-tools
    has_program openssl || echo openssl
    has_program certutil || echo libnss3-tools
    has_program strace || echo strace
    has_program faketime || echo faketime
    has_program mkfs.ext4 || [ -x /sbin/mkfs.ext4 ] || echo e2fsprogs
    has_program wrk || echo wrk
    has_program softhsm2-util || echo softhsm2
    { has_program chromium || has_program chromium-browser || has_program google-chrome; } || echo chromium
}

get_ofd_js
missing=$(list_missing | tr '\n' ' ')
[ -z "$missing" ] && { rm -f .stamp-tools; exit 0; }

# One try a day for the same list: without network a failing apt-get takes long.
today="$(date +%F) $missing"
if [ "$(cat .stamp-tools 2>/dev/null || true)" != "$today" ] && has_program apt-get; then
    root=''
    [ "$(id -u)" = 0 ] || root='sudo -n'
    if $root true >/dev/null 2>&1; then
        echo "Installing for the tests: $missing" >&2
        $root apt-get update -qq >/dev/null 2>&1
        for package in $missing; do
            $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
                "$package" >/dev/null 2>&1 || echo "  apt-get could not install $package" >&2
        done
    fi
    missing=$(list_missing | tr '\n' ' ')
    [ -z "$missing" ] && { rm -f .stamp-tools; exit 0; }
    printf '%s' "$(date +%F) $missing" > .stamp-tools
fi
echo "Not on this machine, so the tests that need them are skipped and say so:" >&2
echo "  $missing" >&2
echo "  To have them: apt-get install --no-install-recommends $missing" >&2
