//! The loader: starts a kernel that speaks the Limine boot protocol, from QEMU's `-kernel` or from
//! GRUB. `docs/boot.md` tells what it is for and how it is used; what can be thought about
//! without a machine stands in the crate `bootload`.
//!
//! It runs on one stack, with interrupts off, in an identity mapping of the first 4 GiB, and has
//! no heap: each piece of memory is asked of the memory map and stays where it is until the
//! kernel reclaims it.
#![no_std]
#![no_main]
#![deny(unsafe_code)]

use core::convert::Infallible;

use bootload::acpi::{Madt, Processor};
use bootload::handover::Handover;
use bootload::memory_map::{Kind, MemoryMap};
use bootload::requests::Feature;
use bootload::responses::{self, Facts, File};
use bootload::{BootError, HHDM};

mod files;
mod front_end;
mod kernel;
mod machine;
mod report;
mod room;
mod root_pointer;
mod video;

#[allow(unsafe_code, reason = "entry from assembly, and the jump out of Rust at the end")]
mod handoff;
#[allow(unsafe_code, reason = "makes slices of physical memory, which Rust knows nothing of")]
mod physical;
#[allow(unsafe_code, reason = "starts processors in memory it hands them by address")]
mod processors;

use kernel::Kernel;
use machine::{cpu, interrupts, rtc};
use room::Room;

/// Most processors that are started.
const MAX_PROCESSORS: usize = 256;

/// The whole boot, in order. Comes back only with a reason to give up.
fn boot(front_end: u32, info: u32) -> Result<Infallible, BootError> {
    // What are we given?
    let mut map = MemoryMap::new();
    let mut handover = Handover::new();
    front_end::read(front_end, u64::from(info), &mut handover, &mut map)?;
    if let Some(screen) = &handover.framebuffer {
        report::use_screen(screen);
    }
    let (loader_base, loader_size) = physical::loader_image();
    map.claim(loader_base, loader_size, Kind::BootloaderReclaimable)?;
    handover.settle_modules(&mut map, physical::copy)?;

    // Which kernel, which modules? Its command line may have a word on the screen's size.
    let files = files::find(&handover)?;
    let command_line = files::command_line(&files, &handover);
    let framebuffer = video::set_up(&handover, command_line.as_bytes());
    if let Some(screen) = framebuffer {
        report::use_screen(&screen);
        map.claim(screen.base, screen.size().unwrap_or(0), Kind::Framebuffer)?;
    }

    // Which processors are there? Interrupt controllers fall silent on the way.
    let rsdp = root_pointer::find(&handover, &mut map)?;
    let madt = rsdp.and_then(|rsdp| Madt::find(rsdp.bytes, physical::bytes));
    interrupts::mask_all(madt.as_ref());
    let mut listed = [Processor::default(); MAX_PROCESSORS];
    let mut listed = processors::list(madt.as_ref(), &mut listed);

    // Load the kernel and see what it asks for.
    let kernel = Kernel::load(files.kernel_bytes, &mut map)?;
    if !kernel.requests.wants(Feature::Mp) {
        listed = &mut listed[..1];
    }

    // From here on the memory map is final.
    let features = cpu::paging_features();
    let room = Room::take(&mut map, &kernel, files.modules(), listed.len(), features)?;
    let mut tables = room.page_tables(features)?;
    tables.map_all(&map, &kernel.plan, kernel.base)?;
    cpu::load_pat(features);
    let boot_time = rtc::read();

    // Last of all, because processors that wait take time from an emulator.
    let started = match room.trampoline {
        Some(page) => processors::start(listed, page, |index| room.stack_top(index)),
        None => 1,
    };

    let facts = Facts {
        memory_map: map.regions(),
        framebuffer,
        firmware: handover.firmware,
        rsdp: rsdp.map(|rsdp| rsdp.address),
        kernel: File { string: command_line.as_bytes(), ..files.kernel },
        modules: files.modules(),
        boot_time,
        physical_base: kernel.base,
        virtual_base: kernel.plan.base(),
        bsp_lapic_id: cpu::lapic_id(),
        x2apic: cpu::x2apic_is_on(),
        processors: &listed[..started],
    };
    let structures = responses::fill(kernel.image, &kernel.requests, &facts, &mut room.arena())?;

    report::log(format_args!(
        "kernel of {} KiB at {:#x}, {} module(s), {started} processor(s)\n",
        kernel.plan.size() >> 10,
        kernel.base,
        files.modules().len(),
    ));
    processors::park(started, structures, |index| room.stack_top(index), tables.root());
    handoff::enter(kernel.entry, HHDM + room.stack_top(0), tables.root())
}
