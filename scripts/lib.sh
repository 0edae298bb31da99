# SPDX-License-Identifier: Apache-2.0
# Shared by scripts/run and scripts/test: installs missing packages and builds.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf 'obsctl: %s\n' "$*" >&2; }

# Installs the packages of scripts/packages that are missing: those without a purpose, and those for the purposes $@.
install_packages() {
    local wanted=() missing=() name
    while read -r name; do
        case "$name" in
            '' | '#'*) ;;
            *': '*) [[ " $* " != *" ${name%%: *} "* ]] || wanted+=("${name#*: }") ;;
            *) wanted+=("$name") ;;
        esac
    done <"$root/scripts/packages"
    for name in "${wanted[@]}"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
    done
    [ ${#missing[@]} -eq 0 ] && return
    say "installing ${missing[*]}"
    local sudo=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || { say "run as root, or install: ${missing[*]}"; return 4; }
        sudo=(sudo)
    fi
    "${sudo[@]}" apt-get update -qq >&2
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

# When the source was last changed, in seconds since 1970: what is packed gets this time, so that it is the same each
# time. A source archive has no repository; its changelog was changed for the release.
source_date() {
    echo "${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || stat -c %Y "$root/CHANGELOG.md")}"
}

# Who answers for a package, as Debian's tools are told it.
# shellcheck disable=SC2034
maintainer="${DEBFULLNAME:-obsctl authors} <${DEBEMAIL:-obsctl@packages.example}>"

# Libraries of which the program contains code without being linked with them; their licences ask for their texts.
# shellcheck disable=SC2034
header_only=(libcli11-dev nlohmann-json3-dev libexpected-dev libprotozero-dev)

# Configures and builds the preset $1 into build/$1; the remaining arguments go to cmake. BUILD_TARGET limits it to one
# target.
build() {
    local preset=$1 dir="$root/build/$1" log="$root/build/$1.log" target=${BUILD_TARGET:-all} launcher=()
    shift
    mkdir -p "$root/build"
    command -v ccache >/dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
    # Clones and worktrees share what was compiled: where a tree lies makes no difference.
    export CCACHE_BASEDIR="${CCACHE_BASEDIR:-$root}" CCACHE_NOHASHDIR="${CCACHE_NOHASHDIR:-1}"
    (cd "$root" && cmake --preset "$preset" "${launcher[@]}" "$@") >"$log" 2>&1 || { cat "$log" >&2; return 1; }
    if [ -t 2 ]; then
        cmake --build "$dir" --target "$target" >&2
    else
        cmake --build "$dir" --target "$target" >"$log" 2>&1 || { tail -n 60 "$log" >&2; return 1; }
    fi
}

# Checks the Python files $@ (all without any) with the ruff that ruff.toml pins, in an environment of its own.
run_python_check() {
    local version venv
    version=$(sed -n 's/^required-version = "==\(.*\)"$/\1/p' "$root/ruff.toml")
    venv="${XDG_CACHE_HOME:-$HOME/.cache}/obsctl-tools/ruff-$version"
    if ! [ -x "$venv/bin/ruff" ]; then
        rm -rf "$venv" "$venv.partial-$$"
        if ! { python3 -m venv "$venv.partial-$$" && "$venv.partial-$$/bin/pip" install -q "ruff==$version" >&2; }; then
            rm -rf "$venv.partial-$$"
            say "ruff $version cannot be installed from PyPI"
            return 4
        fi
        mv "$venv.partial-$$" "$venv"
    fi
    if [ $# -eq 0 ]; then set -- "$root"; fi
    "$venv/bin/ruff" check --quiet --config "$root/ruff.toml" "$@" || return
    echo "ruff: no findings"
}
