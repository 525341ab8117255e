# Quicklime's front door. Every target first runs scripts/setup.sh, which installs what the target
# lacks (or says how), and then xtask, which does the work. `make help` lists the targets.
BUILD ?= ./build
export BUILD DISK LIMINE_DIR CPUS MEMORY CMDLINE RESOLUTION ONLY SEED MIN N KEEP ICOUNT DEV FORCE

XTASK = scripts/setup.sh $@ && . "$(BUILD)/toolchain.env" && "$$QUICKLIME_CARGO" run --quiet --package xtask -- $@
# Deeper than `cargo test` goes, and with the counts of what was visited.
MODEL = LOOM_MAX_PREEMPTIONS=3 "$$QUICKLIME_CARGO" test --release -p blocking -p executor -p process -p sched --lib --test exploration -- --nocapture

.DEFAULT_GOAL := help
.PHONY: run run-uefi run-direct iso disk usb kernel loader debug screenshot test check model fuzz soak crashtest matrix bench doctor clean help

run:        ; @$(XTASK) ## boot the desktop from the ISO with BIOS firmware
run-uefi:   ; @$(XTASK) ## boot the desktop from the ISO with UEFI firmware
run-direct: ; @$(XTASK) ## boot the desktop through loader/ without an ISO: the fastest way
iso:        ; @$(XTASK) ## build build/quicklime.iso (BIOS and UEFI, CD and USB stick)
disk:       ; @$(XTASK) ## make build/disk.img, the FAT32 disk, from disk/; an existing one is kept
usb:        ; @$(XTASK) ## write the ISO to a USB stick: make usb DEV=/dev/sdX
kernel:     ; @$(XTASK) ## build the kernel
loader:     ; @$(XTASK) ## build the loader
debug:      ; @$(XTASK) ## boot stopped under gdb on :1234 with symbols loaded
screenshot: ; @$(XTASK) ## boot without a window and write build/screenshot.png
test:       ; @$(XTASK) ## run every test: host tests, self-test boots, some fuzzing and soaking, scenarios
check:      ; @$(XTASK) ## check format, lints, docs and the rules of the source tree
model:      ; @scripts/setup.sh $@ && . "$(BUILD)/toolchain.env" && $(MODEL) ## explore interleavings of what threads and tasks sleep in, and states of processes and of the scheduler
fuzz:       ; @$(XTASK) ## look for inputs that break a crate, guided by coverage: make fuzz ONLY=elf MIN=10
soak:       ; @$(XTASK) ## let threads do at random what threads do, and check that all is as before: make soak MIN=30
crashtest:  ; @$(XTASK) ## cut the power, kill machines and fail requests while files are written: make crashtest N=10000
matrix:     ; @$(XTASK) ## copy, reboot and compare on every disk controller, PC, kind of FAT and partition table
bench:      ; @$(XTASK) ## measure, files beside Debian's kernel; print a table and write build/bench.json
doctor:     ; @scripts/setup.sh --report || exit 0; $(XTASK) ## say what is present and what is missing
clean:      ; @rm -rf target; [ ! -d "$(BUILD)" ] || find "$(BUILD)" -mindepth 1 -maxdepth 1 ! -name disk.img -exec rm -rf {} + ## remove what was built, but not build/disk.img
help:       ; @sh scripts/help.sh Makefile ## list the targets and variables

# Variables, given as `make run CPUS=2`:
#   DISK=PATH         disk image to use instead of build/disk.img (must exist)
#   LIMINE_DIR=PATH   folder with Limine's binaries (else the system's, else fetched, else GRUB and loader/)
#   CPUS=4            number of CPUs
#   MEMORY=512        memory in MiB
#   CMDLINE="..."     words for the kernel, as in docs/boot.md
#   RESOLUTION=WxH    resolution of the screen, such as 1280x800
#   ONLY=NAME         test, fuzz, crashtest, matrix: only what has NAME in its name; bench: counts, parallel, disks, storage
#   SEED=N            test, soak, crashtest: where random keys, clicks, inputs, threads and files begin
#   MIN=N             fuzz: minutes for each target (1); soak: minutes in all (30)
#   N=10000           crashtest: how many power cuts to look at
#   KEEP=1            fuzz: make useful inputs part of the corpus
#   ICOUNT=1          soak: one CPU, by the count of instructions: every run alike
#   DEV=/dev/sdX      usb: the stick; FORCE=1 also takes a disk that is fixed or mounted
#   BUILD=./build     folder for everything that is made
