# Settles which Rust builds Quicklime, and remembers it in $BUILD/toolchain.env. Sourced by setup.sh.
#
# In order of preference:
#   rustup   a toolchain with the standard library for x86_64-unknown-none; rustup fetches it if need be
#   system   a distribution's cargo that has that library installed
#   source   a distribution's cargo and the library's sources: the kernel's `core` and `alloc` are
#            built with it (xtask/src/host/toolchain.rs has the flags). Debian and Ubuntu have no binary of it.

TARGET=x86_64-unknown-none
# Edition 2024 and let chains came with Rust 1.88.
OLDEST_MINOR=88
# Time for an answer at all, for a list of releases (some MB), and for a download.
PROBE_SECONDS=10
CHECK_SECONDS=30
FETCH_SECONDS=300

set_up_rust() {
    rust_is_settled && return 0
    try_rustup || try_system || try_source || try_apt || {
        {
            echo "setup: no Rust of 1.$OLDEST_MINOR or later that can build for $TARGET. With rustup (https://rustup.rs):"
            echo "  rustup update stable && rustup target add --toolchain stable $TARGET"
            echo "else with the command of your package manager; then run make again:"
            print_commands rust
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
        if [ "$1" = rustup ]; then
            echo "export RUSTUP_TOOLCHAIN='$channel'"
        else
            # Without this, cargo would run `rustc`, `cargo fmt` and `cargo clippy` of another toolchain that
            # comes first in PATH, and its own folder of programs counts as first unless it is in PATH.
            echo "export RUSTC='${2%/*}/rustc' RUSTDOC='${2%/*}/rustdoc'"
            echo "export PATH='${2%/*}':\"\$PATH:\${CARGO_HOME:-\$HOME/.cargo}/bin\""
        fi
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

# Sets `channel`, `rustc` and `library` to the toolchain that rust-toolchain.toml asks for, its compiler, and
# the folder for our target; true when all is there. rustup is asked by the toolchain's name: a plain `rustc`
# in this folder would fetch whatever else the file names, and with it the newest release.
rustup_has_target() {
    channel=${RUSTUP_TOOLCHAIN:-$(sed -n 's/^channel *= *"\(.*\)"/\1/p' rust-toolchain.toml)}
    rustc=$(bounded "$PROBE_SECONDS" rustup which --toolchain "$channel" rustc 2>/dev/null) || return 1
    library=${rustc%/bin/rustc}/lib/rustlib/$TARGET
    [ -d "$library" ] && is_new_enough "$rustc"
}

rustup_fetch() {
    rustup_answers || {
        echo "setup: rustup can't reach its server; looking for another Rust" >&2
        return 1
    }
    echo "setup: fetching Rust's library for $TARGET with rustup" >&2
    # A toolchain that is there is not replaced by the newest, unless it is too old. rustup's status is not
    # asked: after all went well, a distribution's rustup fails for not being able to renew itself.
    if is_new_enough "${rustc:-}"; then
        bounded "$FETCH_SECONDS" rustup target add --toolchain "$channel" "$TARGET" >&2
    else
        bounded "$FETCH_SECONDS" rustup toolchain install "$channel" --no-self-update --profile minimal \
            -c rustfmt -c clippy -t "$TARGET" >&2
    fi
    rustup_has_target
}

# Whether rustup's server answers: rustup itself waits for minutes, and tries again.
rustup_answers() {
    if command -v curl >/dev/null; then
        server=${RUSTUP_DIST_SERVER:-https://static.rust-lang.org}
        curl -sfIL -m "$PROBE_SECONDS" -o /dev/null "$server/dist/channel-rust-stable.toml.sha256"
    else
        bounded "$CHECK_SECONDS" rustup check >/dev/null 2>&1
        [ $? -ne 124 ]
    fi
}

# True when the rustc at path $1 knows our edition: older ones fail in the middle of the build, with less to
# go by.
is_new_enough() {
    minor=$("$1" --version 2>/dev/null | sed 's/rustc 1\.\([0-9]*\).*/\1/')
    [ "$minor" -ge "$OLDEST_MINOR" ] 2>/dev/null
}

# A cargo outside rustup: rustup's proxies stand beside the `rustup` command.
system_cargo() {
    for candidate in /usr/bin/cargo /usr/local/bin/cargo /opt/homebrew/bin/cargo; do
        [ -x "$candidate" ] && [ -x "${candidate%/*}/rustc" ] && [ ! -e "${candidate%/*}/rustup" ] && break
        candidate=
    done
    [ -n "$candidate" ] && is_new_enough "${candidate%/*}/rustc" \
        && sysroot=$("${candidate%/*}/rustc" --print sysroot 2>/dev/null)
}

try_system() {
    system_cargo || return 1
    [ -d "$sysroot/lib/rustlib/$TARGET" ] && remember system "$candidate" "$sysroot/lib/rustlib/$TARGET"
}

try_source() {
    system_cargo && command -v ld.lld >/dev/null || return 1
    sources=$sysroot/lib/rustlib/src/rust/library
    [ -e "$sources/core/src/lib.rs" ] || return 1
    remember source "$candidate" "$sources"
}

# Debian's and Ubuntu's own. Lists that are some weeks old name a Rust that is too old, so they are renewed.
try_apt() {
    command -v apt-get >/dev/null && root_prefix >/dev/null || return 1
    echo "setup: looking for Rust with apt" >&2
    apt_run apt-get update
    list=$(packages apt rust)
    echo "setup: installing ${list% } (this can take minutes)" >&2
    apt_install $list || return 1
    hash -r
    try_source || try_rustup
}

# The packages of apt's Rust: Debian keeps one for its browsers that is as new as they need it; Ubuntu packs
# rustup. With rustfmt and clippy, for `make check`.
apt_rust() {
    if [ -z "$(apt-cache show rustc-web 2>/dev/null)" ] && [ -n "$(apt-cache show rustup 2>/dev/null)" ]; then
        echo rustup
    else
        echo rustc-web cargo-web rust-web-src lld rustfmt-web rust-web-clippy
    fi
}

# Prints a line about Rust, and is true when it builds xtask (for the kernel more may be missing). Without, it
# is added to `missing`.
report_rust() {
    if rust_is_settled; then
        printf '  %-12s %s (%s)\n' rust "$("${QUICKLIME_CARGO}" --version)" "$QUICKLIME_TOOLCHAIN"
        return
    fi
    if command -v rustup >/dev/null; then
        rustup_has_target || true
    else
        rustc=$(command -v rustc)
    fi
    if is_new_enough "${rustc:-}"; then
        printf '  %-12s %s (not settled yet: any make target does it)\n' rust "$("$rustc" --version)"
        return
    fi
    missing="$missing rust"
    if [ -n "${rustc:-}" ]; then
        printf '  %-12s TOO OLD: %s\n' rust "$("$rustc" --version 2>&1 | head -n 1)"
    else
        printf '  %-12s MISSING\n' rust
    fi
    return 1
}
