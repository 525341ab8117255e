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
use bootload::arena::Arena;
use bootload::handover::{Handover, REACHABLE};
use bootload::memory_map::{Kind, MemoryMap};
use bootload::page_tables::PageTables;
use bootload::plan::LoadPlan;
use bootload::requests::{Feature, Requests};
use bootload::responses::{self, Facts, File};
use bootload::{BootError, HHDM, PAGE_SIZE};
use elf::Elf;

mod files;
mod front_end;
mod machine;
mod report;
mod root_pointer;
mod video;

#[allow(unsafe_code, reason = "entry from assembly, and the jump out of Rust at the end")]
mod handoff;
#[allow(unsafe_code, reason = "makes slices of physical memory, which Rust knows nothing of")]
mod physical;
#[allow(unsafe_code, reason = "starts processors in memory it hands them by address")]
mod processors;

use machine::{cpu, interrupts, rtc};

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

    // Load the kernel and see what it asks for.
    let kernel = Elf::parse(files.kernel_bytes)?;
    let plan = LoadPlan::new(&kernel)?;
    let image_base =
        map.allocate(plan.size(), PAGE_SIZE, REACHABLE, Kind::ExecutableAndModules, "the kernel")?;
    let image = physical::bytes_mut(image_base, plan.size());
    plan.load(files.kernel_bytes, image)?;
    let requests = Requests::find(&image[..plan.file_backed_size() as usize])?;
    let entry = plan.entry(requests.field(image, Feature::EntryPoint, 0, 0))?;
    let stack_size = responses::stack_size(image, &requests)?;

    // Which processors are there? Interrupt controllers fall silent on the way.
    let rsdp = root_pointer::find(&handover, &mut map)?;
    let madt = rsdp.and_then(|rsdp| Madt::find(rsdp.bytes, physical::bytes));
    interrupts::mask_all(madt.as_ref());
    let mut listed = [Processor::default(); MAX_PROCESSORS];
    let listed = processors::list(madt.as_ref().filter(|_| requests.wants(Feature::Mp)), &mut listed);

    // All memory is taken now, so that the map is final before it is written down.
    let arena_size = responses::arena_size(files.modules(), listed.len());
    let arena_base =
        map.allocate(arena_size, PAGE_SIZE, REACHABLE, Kind::BootloaderReclaimable, "responses")?;
    let features = cpu::paging_features();
    let table_count = PageTables::tables_needed(&map, &plan, features);
    let tables_base = map.allocate(
        table_count * PAGE_SIZE,
        PAGE_SIZE,
        REACHABLE,
        Kind::BootloaderReclaimable,
        "page tables",
    )?;
    let stacks_size = stack_size * listed.len() as u64;
    let stacks_base =
        map.allocate(stacks_size, PAGE_SIZE, REACHABLE, Kind::BootloaderReclaimable, "stacks")?;
    let stack_top = |index: usize| stacks_base + stack_size * (index as u64 + 1);
    let trampoline = match listed.len() {
        1 => None,
        _ => map.allocate(PAGE_SIZE, PAGE_SIZE, 1 << 20, Kind::BootloaderReclaimable, "the trampoline").ok(),
    };

    let mut tables = PageTables::new(physical::tables_mut(tables_base, table_count), tables_base, features)?;
    tables.map_all(&map, &plan, image_base)?;
    cpu::load_pat(features);
    let started = match trampoline {
        Some(page) => processors::start(listed, page, stack_top),
        None => 1,
    };

    let facts = Facts {
        memory_map: map.regions(),
        framebuffer,
        firmware: handover.firmware,
        rsdp: rsdp.map(|rsdp| rsdp.address),
        kernel: File { string: command_line.as_bytes(), ..files.kernel },
        modules: files.modules(),
        boot_time: rtc::read(),
        physical_base: image_base,
        virtual_base: plan.base(),
        bsp_lapic_id: cpu::lapic_id(),
        x2apic: cpu::x2apic_is_on(),
        processors: &listed[..started],
    };
    let mut arena = Arena::new(physical::bytes_mut(arena_base, arena_size), HHDM + arena_base);
    let structures = responses::fill(image, &requests, &facts, &mut arena)?;

    report::log(format_args!(
        "kernel of {} KiB at {image_base:#x}, {} module(s), {started} processor(s)\n",
        plan.size() >> 10,
        files.modules().len(),
    ));
    processors::park(started, structures, stack_top, tables.root());
    handoff::enter(entry, HHDM + stack_top(0), tables.root())
}
