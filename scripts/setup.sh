#!/bin/sh
# Finds what the make target TARGET lacks on this machine and installs it, or says how.
#
#   scripts/setup.sh TARGET      install what is missing for `make TARGET` (exit 1 when that can't be done)
#   scripts/setup.sh --report    list every tool with its version; install nothing (exit 1 when there is
#                                nothing to build xtask with, which knows the rest)
#
# Runs before every make target, so it must cost next to nothing when all is there: it looks for
# files and commands only, and starts no program. What it learns about Rust (which cargo, and whether
# the standard library must be built from source) is kept in $BUILD/toolchain.env, which the Makefile
# sources and xtask reads.
set -u
cd "$(dirname "$0")/.." || exit 1
. scripts/setup/tools.sh
. scripts/setup/install.sh
. scripts/setup/rust.sh

BUILD=${BUILD:-./build}
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
case ${HOME:-} in ?*) PATH=$PATH:$HOME/.cargo/bin ;; esac
# Homebrew's rustup stands aside, for it has Homebrew's Rust as a neighbour.
PATH=$PATH:/opt/homebrew/opt/rustup/bin:/usr/local/opt/rustup/bin
export PATH

missing=
if [ "${1:-}" = --report ]; then
    report_tools
    report_rust
    builds_xtask=$?
    [ -z "$missing" ] || {
        echo "Where it takes no password, make installs what a target lacks. By hand:"
        install_hint "$missing"
    }
    has cc || exit 1
    exit "$builds_xtask"
fi

for tool in $(tools_for "${1:-run}"); do
    has "$tool" || missing="$missing $tool"
done
[ -z "$missing" ] || install_tools "$missing" || exit 1
mkdir -p "$BUILD" || exit 1
set_up_rust || exit 1
