#!/bin/sh
# What the tests need beside Python: installed where this runs as root, else named with the command that installs it.
set -eu

missing=""
need() { # need COMMAND-OR-PATH PACKAGE
    for candidate in $1; do
        if command -v "$candidate" >/dev/null 2>&1 || [ -e "$candidate" ]; then return; fi
    done
    missing="$missing $2"
}

need "chromium" chromium
need "Xvfb" xvfb
need "openbox" openbox
need "$(ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | tail -n 1) initdb" postgresql
need "node" nodejs
need "npm" npm

[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing$missing ..."
    apt-get update -qq
    # shellcheck disable=SC2086 - a list of words
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
    echo "The tests need$missing. Install them: sudo apt-get install -y$missing" >&2
    exit 1
fi
