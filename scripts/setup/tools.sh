# The tools that Quicklime needs on the host: which target needs which, how each is recognised, and
# the package that brings it. Sourced by setup.sh; starts no program but in the report.

ALL_TOOLS="cc c++ gcc qemu ovmf xorriso grub grub-bios grub-efi mtools dosfstools gdb"

# The tools that `make $1` needs beyond Rust.
tools_for() {
    case $1 in
        doctor) ;;
        kernel | loader | check | model) echo cc ;;
        fuzz) echo cc c++ ;;
        soak | crashtest | matrix) echo cc qemu mtools dosfstools ;;
        disk) echo cc mtools dosfstools ;;
        usb | iso) echo cc xorriso $(grub_tools) mtools ;;
        run) echo cc qemu xorriso $(grub_tools) mtools dosfstools $(window_tools) ;;
        run-uefi) echo cc qemu ovmf xorriso $(grub_tools) mtools dosfstools $(window_tools) ;;
        run-direct) echo cc qemu mtools dosfstools $(window_tools) ;;
        debug) echo cc qemu mtools dosfstools gdb $(window_tools) ;;
        screenshot) echo cc qemu mtools dosfstools ;;
        # The kernel is measured against a twin in C, which is the only C there is.
        bench) echo cc gcc qemu mtools dosfstools ;;
        *) echo cc qemu ovmf xorriso $(grub_tools) mtools dosfstools ;;
    esac
}

# GRUB makes the ISO bootable where Limine's own files can't be had, and nobody knows that before
# trying to fetch them: so it is needed unless they are here already.
grub_tools() {
    [ -n "${LIMINE_DIR:-}" ] || [ -e /usr/share/limine/limine-bios-cd.bin ] || echo grub grub-bios grub-efi
}

# Debian packs QEMU's windows apart from QEMU. Without a display there is nothing to show a window on.
window_tools() {
    [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && command -v apt-get >/dev/null && echo qemu-window
}

first_file() {
    for candidate in "$@"; do
        [ -e "$candidate" ] && return 0
    done
    return 1
}

has() {
    case $1 in
        cc) command -v cc >/dev/null && first_file /usr/include/stdlib.h /Library/Developer/CommandLineTools ;;
        c++) command -v c++ >/dev/null ;;
        gcc)
            command -v x86_64-linux-gnu-gcc >/dev/null || command -v x86_64-elf-gcc >/dev/null \
                || { [ "$(uname -sm)" = "Linux x86_64" ] && command -v gcc >/dev/null; }
            ;;
        qemu) command -v qemu-system-x86_64 >/dev/null ;;
        qemu-window)
            # Only Debian's own QEMU takes Debian's window modules.
            [ "$(command -v qemu-system-x86_64)" != /usr/bin/qemu-system-x86_64 ] \
                && command -v qemu-system-x86_64 >/dev/null \
                || first_file /usr/lib/*/qemu/ui-gtk.so /usr/lib/*/qemu/ui-sdl.so
            ;;
        ovmf)
            first_file /usr/share/OVMF/OVMF_CODE*.fd /usr/share/edk2/x64/OVMF_CODE*.fd \
                /usr/share/edk2/ovmf/OVMF_CODE*.fd /usr/share/edk2-ovmf/x64/OVMF_CODE*.fd \
                /opt/homebrew/share/qemu/edk2-x86_64-code.fd /usr/local/share/qemu/edk2-x86_64-code.fd
            ;;
        xorriso) command -v xorriso >/dev/null ;;
        grub) command -v grub-mkrescue >/dev/null || command -v grub2-mkrescue >/dev/null ;;
        grub-bios) first_file /usr/lib/grub/i386-pc/multiboot2.mod ;;
        grub-efi) first_file /usr/lib/grub/x86_64-efi/multiboot2.mod ;;
        mtools) command -v mcopy >/dev/null ;;
        dosfstools) command -v mkfs.fat >/dev/null && command -v fsck.fat >/dev/null ;;
        gdb) command -v gdb >/dev/null ;;
        *) echo "setup: no rule for tool $1" >&2; return 1 ;;
    esac
}

# The package of manager $1 that brings tool $2. Nothing where the manager has none.
package() {
    case $1:$2 in
        apt:cc) echo gcc libc6-dev ;;
        apt:c++) echo g++ ;;
        apt:gcc) [ "$(uname -m)" = x86_64 ] && echo gcc || echo gcc-x86-64-linux-gnu ;;
        brew:gcc) echo x86_64-elf-gcc ;;
        apt:qemu) echo qemu-system-x86 ;;
        apt:qemu-window) echo qemu-system-gui ;;
        apt:rust) echo $(apt_rust) ;;
        apt:grub) echo grub-common ;;
        apt:grub-bios) echo grub-pc-bin ;;
        apt:grub-efi) echo grub-efi-amd64-bin ;;
        dnf:cc) echo gcc ;;
        dnf:c++) echo gcc-c++ ;;
        dnf:qemu) echo qemu-system-x86 ;;
        dnf:ovmf) echo edk2-ovmf ;;
        dnf:rust) echo cargo rust-std-static-x86_64-unknown-none rustfmt clippy ;;
        dnf:grub) echo grub2-tools-extra ;;
        dnf:grub-bios) echo grub2-pc-modules ;;
        dnf:grub-efi) echo grub2-efi-x64-modules ;;
        pacman:cc) echo gcc ;;
        pacman:qemu) echo qemu-system-x86 qemu-ui-gtk ;;
        pacman:ovmf) echo edk2-ovmf ;;
        pacman:xorriso) echo libisoburn ;;
        pacman:grub*) echo limine ;;
        pacman:c++) echo gcc ;;
        brew:cc | brew:c++) ;;
        pacman:rust | brew:rust) echo rustup ;;
        brew:qemu | brew:ovmf) echo qemu ;;
        brew:grub*) echo limine ;;
        *:qemu-window) ;;
        *) echo "$2" ;;
    esac
}

# Prints a line for every tool; leaves in `missing` those that are not there.
report_tools() {
    for tool in $ALL_TOOLS; do
        if has "$tool"; then
            printf '  %-12s %s\n' "$tool" "$(version "$tool")"
        else
            printf '  %-12s MISSING\n' "$tool"
            missing="$missing $tool"
        fi
    done
}

version() {
    case $1 in
        cc) cc --version ;;
        c++) c++ --version ;;
        qemu) qemu-system-x86_64 --version ;;
        xorriso) xorriso -version 2>&1 | grep '^xorriso version' ;;
        grub) grub-mkrescue --version 2>/dev/null || grub2-mkrescue --version ;;
        mtools) mcopy --version ;;
        dosfstools) fatlabel --version ;;
        gdb) gdb --version ;;
        *) echo present ;;
    esac | head -n 1
}
