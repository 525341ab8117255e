# Installs packages where that needs no password, else prints the one command that does it.
# Sourced by setup.sh.

# The packages of manager $1 for the tools in $2, each once.
packages() {
    for tool in $2; do
        package "$1" "$tool"
    done | tr ' ' '\n' | awk 'NF && !seen[$0]++' | tr '\n' ' '
}

# `--no-install-recommends` is not only thrift: QEMU recommends packages that clash with backports.
APT_INSTALL="apt-get install -y --no-install-recommends"

# The prefix that makes a command run as root without asking, or failure.
root_prefix() {
    if [ "$(id -u)" = 0 ]; then
        echo env
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        echo sudo env
    else
        return 1
    fi
}

# Runs apt for the packages given; refreshes the package lists once if it has to. What is installed
# stays: where a package clashes with one of the user's (QEMU does with a qemu-utils from backports), the choice is
# the user's; on a machine of continuous integration, which has no user, the package goes. A machine that has just
# been set up may be busy with updates of its own, which end.
apt_install() {
    patient="$APT_INSTALL -o DPkg::Lock::Timeout=300"
    careful="$patient --no-remove"
    apt_run $careful "$@" && return 0
    apt_run apt-get update && apt_run $careful "$@" && return 0
    [ "${CI:-}" = true ] && apt_run $patient "$@" && return 0
    [ -z "${apt_words:-}" ] || printf 'setup: apt could not install %s; its last words:\n%s\n' "$*" "$apt_words" >&2
    return 1
}

# Runs one command of apt as root, silently; on failure its last words are in `apt_words`.
apt_run() {
    command -v apt-get >/dev/null || return 1
    prefix=$(root_prefix) || return 1
    apt_words=$($prefix DEBIAN_FRONTEND=noninteractive "$@" 2>&1) && return 0
    apt_words=$(echo "$apt_words" | tail -n 5)
    return 1
}

install_tools() {
    if root_prefix >/dev/null && command -v apt-get >/dev/null; then
        list=$(packages apt "$1")
        echo "setup: installing ${list% } (this can take minutes)" >&2
        apt_install $list && return 0
    fi
    # All in one go, so that nobody has to come back for Rust.
    command -v cargo >/dev/null || set -- "$1 rust"
    {
        echo "setup: missing:$1. Install with the command of your package manager, then run make again:"
        print_commands "$1"
    } >&2
    return 1
}

print_commands() {
    for manager in apt dnf pacman brew; do
        command=$(command_of "$manager" "$1")
        [ -z "$command" ] || echo "  $command"
    done
}

# The command of manager $1 that brings the tools $2, if there is one.
command_of() {
    list=$(packages "$1" "$2")
    [ -n "$list" ] || return
    case $1 in
        apt) echo "sudo apt-get update && sudo $APT_INSTALL ${list% }" ;;
        dnf) echo "sudo dnf install -y ${list% }" ;;
        pacman) echo "sudo pacman -S --needed ${list% }" ;;
        brew) echo "brew install ${list% }" ;;
    esac
}

# The same in the words of this machine's own manager, or of every one.
install_hint() {
    for manager in apt-get dnf pacman brew; do
        command -v "$manager" >/dev/null || continue
        echo "  $(command_of "${manager%-get}" "$1")"
        return
    done
    print_commands "$1"
}
