//! Quicklime's kernel.
//!
//! Read on here: the modules from the bottom floor up, then [`kmain`], which is the boot as a list. Each
//! floor names only floors above it in this list; `make check` holds the code to that. The `allow`s are the
//! unsafe fence: no other module may use `unsafe`.

#![no_std]
#![no_main]
#![deny(unsafe_code)]

extern crate alloc;

#[allow(unsafe_code, reason = "registers, ports, descriptor tables, the context switch")]
mod arch;
#[allow(unsafe_code, reason = "reads what the loader left in memory, writes video memory")]
mod boot;
#[allow(unsafe_code, reason = "a lock hands out references to what it guards")]
mod lock;
#[allow(unsafe_code, reason = "page tables, the heap, device memory")]
mod memory;
#[allow(unsafe_code, reason = "vouches for the interrupt controllers it maps")]
mod platform;
#[allow(unsafe_code, reason = "builds the first frame on a new thread's stack")]
mod task;

mod bench;
mod block;
mod console;
mod desktop;
mod diagnosis;
mod drivers;
mod executor;
mod fs;
mod input;
mod process;
mod provoke;
mod selftest;
mod soak;
mod sync;
mod workload;

use boot::BootInfo;
use lock::Once;

static BOOT: Once<BootInfo> = Once::new();

/// Where the loader jumps to: on the loader's stack, under its page tables, with interrupts off.
#[unsafe(no_mangle)]
#[allow(unsafe_code, reason = "the linker script names this symbol, and the boot CPU is set up once")]
extern "C" fn kernel_entry() -> ! {
    arch::time::note_entry();
    // SAFETY: the loader jumps here once, on one CPU.
    unsafe { arch::smp::initialise_boot_cpu() }; // locks and traps work from here on
    arch::trap::set_fault_reporter(console::panic::fault);
    console::initialise();
    log::info!(target: "boot", "kernel entered");
    match boot::collect() {
        Ok(info) => kmain(BOOT.call_once(|| info)),
        Err(error) => stop("the loader", &error),
    }
}

/// The boot, in order. Ends as the boot CPU's idle thread.
fn kmain(boot: &'static BootInfo) -> ! {
    // What a panic needs comes first.
    if let Some(video) = boot::open_screen(boot) {
        console::screen::initialise(video);
    }
    console::symbols::initialise(boot.kernel_file);
    configure(boot);

    if let Err(error) = memory::init(boot) {
        stop("memory", &error);
    }
    platform::initialise(boot.rsdp);
    match arch::time::calibrate() {
        Some(hz) => log::debug!("time-stamp counter at {} MHz", hz / 1_000_000),
        None => log::warn!("the interval timer does not count: clocks are a guess"),
    }
    task::initialise();
    let online =
        arch::smp::start_others(|limit, entry| boot.processors.start_others(limit, entry), task::run_idle);
    report(boot, online);
    if let Err(error) = process::initialise() {
        stop("the first process", &error);
    }
    if let Err(error) = task::spawn("boot", move || finish(boot)) {
        stop("the first thread", &error);
    }
    task::run_idle()
}

/// The rest of the boot, as a thread: it may sleep.
fn finish(boot: &'static BootInfo) {
    let line = boot.command_line;
    executor::start();
    console::start_serial_writer();
    let gained = memory::reclaim_loader_memory(boot);
    log::debug!("{} KiB of the loader's are ours now", gained >> 10);
    diagnosis::watchdog::start();
    if let Some(kind) = line.value("provoke") {
        provoke::arrange(kind);
    }
    if let Some(layout) = line.value("keyboard").and_then(keymap::Layout::from_name) {
        input::set_layout(layout);
    }
    drivers::initialise(boot);
    fs::set_command_line(line.as_str());
    fs::initialise();
    if let Some(seed) = number(line, "soak") {
        soak::run(seed, number(line, "soak_seconds").unwrap_or(60));
    }
    if let Some(seed) = number(line, "workload") {
        workload::run(seed, number(line, "workload_operations").unwrap_or(400));
    }
    if let Some(what) = line.value("copy") {
        workload::copy(what);
    }
    if line.has("bench_storage") || line.has("bench_cached") {
        bench::storage::run(line.has("bench_cached"));
    }
    match console::screen::take() {
        Some(video) => {
            if let Err(error) = desktop::start(boot, video) {
                log::error!("no desktop: {error}");
            }
        }
        None => log::error!("no desktop: there is no screen; the log goes to the serial port"),
    }
    let bench_part = line.value("bench");
    if line.has("bench") || bench_part.is_some() || line.has("selftest") {
        // Both compare before and after: the desktop's own threads must have come by then.
        desktop::wait_until_at_rest();
    }
    if line.has("bench") {
        bench::run();
    }
    if let Some(part) = bench_part {
        bench::run_part(part);
    }
    if line.has("selftest") {
        selftest::run();
    }
}

/// Obeys the command line (docs/boot.md lists its words).
fn configure(boot: &BootInfo) {
    let line = boot.command_line;
    if let Some(level) = line.value("log") {
        console::set_level(level);
    }
    let ends_by_itself = ["soak", "workload", "copy"].iter().any(|word| line.value(word).is_some());
    if line.has("selftest") || line.has("exit") || ends_by_itself {
        console::panic::exit_on_panic();
    }
    if line.value("provoke") == Some("early") {
        provoke::fail_early();
    }
    log::info!(target: "boot", "loaded by {} {}; command line \"{}\"", boot.loader_name, boot.loader_version, line.as_str());
}

/// The number that a word of the command line gives.
fn number(line: boot::command_line::CommandLine, name: &str) -> Option<u64> {
    line.value(name)?.parse().ok()
}

/// Says what machine this is.
fn report(boot: &BootInfo, online: usize) {
    let brand = arch::cpu::brand();
    let name = core::str::from_utf8(&brand).unwrap_or("").trim_matches(['\0', ' ']);
    let memory = memory::statistics();
    log::info!(target: "boot", "{online} of {} CPUs run ({name}), {} MiB of memory", boot.processors.count(), memory.total >> 20);
    if online < boot.processors.count() {
        log::warn!(target: "boot", "the other CPUs did not start in time");
    }
    match &boot.framebuffer {
        Some(f) => {
            log::info!(target: "boot", "screen {}x{}, {} bits, pitch {}", f.width, f.height, f.bits_per_pixel, f.pitch)
        }
        None => log::warn!(target: "boot", "no screen: the loader gave no framebuffer"),
    }
    for module in boot.modules.iter().flatten() {
        log::info!(target: "boot", "module {}, {} KiB", module.path, module.bytes.len() >> 10);
    }
}

/// Gives up booting, in words.
fn stop(what: &str, error: &dyn core::fmt::Display) -> ! {
    log::error!(target: "boot", "cannot start: {what}: {error}");
    console::panic::stop()
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    console::panic::panic(info)
}
