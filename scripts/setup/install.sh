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

# Runs apt for the packages given; refreshes the package lists once if it has to.
apt_install() {
    command -v apt-get >/dev/null || return 1
    prefix=$(root_prefix) || return 1
    echo "setup: installing $*" >&2
    log=$(mktemp) || return 1
    $prefix DEBIAN_FRONTEND=noninteractive $APT_INSTALL "$@" >"$log" 2>&1 && rm -f "$log" && return 0
    { $prefix apt-get update && $prefix DEBIAN_FRONTEND=noninteractive $APT_INSTALL "$@"; } >"$log" 2>&1 \
        && rm -f "$log" && return 0
    echo "setup: apt could not install them; its last words:" >&2
    tail -n 5 "$log" >&2
    rm -f "$log"
    return 1
}

install_tools() {
    if apt_install $(packages apt "$1"); then
        return 0
    fi
    {
        echo "setup: missing:$1. Install with the command of your package manager, then run make again:"
        print_commands "$1"
    } >&2
    return 1
}

print_commands() {
    for manager in apt dnf pacman brew; do
        print_command "$manager" "$1"
    done
}

print_command() {
    list=$(packages "$1" "$2")
    case $1 in
        apt) echo "  sudo $APT_INSTALL $list" ;;
        dnf) echo "  sudo dnf install -y $list" ;;
        pacman) echo "  sudo pacman -S --needed $list" ;;
        brew) echo "  brew install $list" ;;
    esac
}

# The packages for one tool in the words of this machine's own manager.
install_hint() {
    for manager in apt dnf pacman brew; do
        command -v "$manager" >/dev/null || continue
        print_command "$manager" "$1" | sed 's/^ *//'
        return
    done
    echo "package $(packages apt "$1")"
}
