# Settles which Rust builds Quicklime, and remembers it in $BUILD/toolchain.env. Sourced by setup.sh.
#
# In order of preference:
#   rustup   a toolchain with the standard library for x86_64-unknown-none; rustup fetches it if need be
#   system   a distribution's cargo that has that library installed
#   source   a distribution's cargo and the library's sources: the kernel's `core` and `alloc` are
#            built with it (xtask/src/toolchain.rs has the flags). Debian and Ubuntu have no binary of it.

TARGET=x86_64-unknown-none
DEBIAN_RUST="rustc-web cargo-web rust-web-src lld"
# Time for rustup to answer at all, and to finish a download.
PROBE_SECONDS=10
FETCH_SECONDS=300

set_up_rust() {
    rust_is_settled && return 0
    try_rustup || try_system || try_source || try_debian || {
        {
            echo "setup: no Rust that can build for $TARGET. Either install rustup (https://rustup.rs) and run"
            echo "  rustup target add $TARGET"
            echo "or, on Debian and Ubuntu:"
            echo "  sudo $APT_INSTALL $DEBIAN_RUST"
        } >&2
        return 1
    }
}

# True when what an earlier run found is still there.
rust_is_settled() {
    [ -r "$BUILD/toolchain.env" ] || return 1
    . "$BUILD/toolchain.env"
    [ -x "${QUICKLIME_CARGO:-}" ] && [ -e "${QUICKLIME_STD:-}" ]
}

# remember KIND CARGO DIRECTORY: the last must exist for the choice to stay valid.
remember() {
    {
        echo "# Written by scripts/setup.sh: the Rust that builds Quicklime. Delete it to choose again."
        echo "export QUICKLIME_TOOLCHAIN='$1' QUICKLIME_CARGO='$2' QUICKLIME_STD='$3'"
        # Without this, `cargo` of one toolchain would find `rustc` of another first in PATH.
        [ "$1" = rustup ] || echo "export RUSTC='${2%/*}/rustc' RUSTDOC='${2%/*}/rustdoc'"
    } >"$BUILD/toolchain.env"
    echo "setup: building with Rust from ${2%/*} ($1); the first build takes a minute" >&2
}

# Runs a command for at most $1 seconds (macOS has no `timeout`; then unbounded).
bounded() {
    seconds=$1
    shift
    if command -v timeout >/dev/null; then timeout "$seconds" "$@"; else "$@"; fi
}

try_rustup() {
    command -v rustup >/dev/null || return 1
    cargo=$(command -v cargo) || return 1
    rustup_has_target || rustup_fetch || return 1
    remember rustup "$cargo" "$library"
}

# Sets `library` to the target's folder in the toolchain that rust-toolchain.toml asks for.
rustup_has_target() {
    sysroot=$(RUSTUP_AUTO_INSTALL=0 bounded "$PROBE_SECONDS" rustc --print sysroot 2>/dev/null) || return 1
    library=$sysroot/lib/rustlib/$TARGET
    [ -d "$library" ]
}

rustup_fetch() {
    server=${RUSTUP_DIST_SERVER:-https://static.rust-lang.org}
    if command -v curl >/dev/null; then
        curl -sfIL -m "$PROBE_SECONDS" -o /dev/null "$server/dist/channel-rust-stable.toml.sha256" || {
            echo "setup: rustup can't reach its server; looking for another Rust" >&2
            return 1
        }
    fi
    echo "setup: fetching Rust's library for $TARGET with rustup" >&2
    channel=$(sed -n 's/^channel *= *"\(.*\)"/\1/p' rust-toolchain.toml)
    bounded "$FETCH_SECONDS" rustup toolchain install "$channel" --profile minimal \
        -c rustfmt -c clippy -t "$TARGET" >&2 && rustup_has_target
}

# A cargo outside rustup: rustup's proxies stand beside the `rustup` command.
system_cargo() {
    for candidate in /usr/bin/cargo /usr/local/bin/cargo /opt/homebrew/bin/cargo; do
        [ -x "$candidate" ] && [ -x "${candidate%/*}/rustc" ] && [ ! -e "${candidate%/*}/rustup" ] && break
        candidate=
    done
    [ -n "$candidate" ] && sysroot=$("${candidate%/*}/rustc" --print sysroot 2>/dev/null)
}

try_system() {
    system_cargo || return 1
    [ -d "$sysroot/lib/rustlib/$TARGET" ] && remember system "$candidate" "$sysroot/lib/rustlib/$TARGET"
}

try_source() {
    system_cargo && command -v ld.lld >/dev/null || return 1
    sources=$sysroot/lib/rustlib/src/rust/library
    [ -e "$sources/core/src/lib.rs" ] || return 1
    # Edition 2024 and let chains: older ones fail in the middle of the build, with less to go by.
    minor=$("${candidate%/*}/rustc" --version | sed 's/rustc 1\.\([0-9]*\).*/\1/')
    [ "$minor" -ge 88 ] 2>/dev/null || return 1
    remember source "$candidate" "$sources"
}

try_debian() {
    command -v apt-get >/dev/null || return 1
    # `check` also formats and lints.
    apt_install $DEBIAN_RUST rustfmt-web rust-web-clippy || return 1
    try_source
}

report_rust() {
    if rust_is_settled; then
        printf '  %-12s %s (%s)\n' rust "$("${QUICKLIME_CARGO}" --version)" "$QUICKLIME_TOOLCHAIN"
    elif command -v cargo >/dev/null; then
        printf '  %-12s %s (not settled yet: any make target does it)\n' rust "$(cargo --version 2>&1 | head -n 1)"
    else
        printf '  %-12s MISSING (rustup, or: sudo %s)\n' rust "$APT_INSTALL $DEBIAN_RUST"
        return 1
    fi
}
