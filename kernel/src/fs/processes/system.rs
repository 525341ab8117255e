//! The files about the whole system.

use alloc::string::String;
use alloc::vec::Vec;

use vfs::FsError;
use vfs::procfs::format::{
    CpuInfo, CpuTimes, FileSystemLine, LoadAverage, MemInfo, MountLine, SystemStat, Uptime, Version,
};
use vfs::procfs::{SystemFile, Text};

use super::super::{cache, clock, tree};
use super::load;
use crate::arch::{cpu, identity, time, trap};
use crate::lock::Once;
use crate::memory::{self, page::PAGE_SIZE, stack::STACK_SIZE};
use crate::process as table;
use crate::task;

/// What uname(2) would call this system: the age of Linux whose files these are, and our own name.
const RELEASE: &str = concat!("6.12.0-quicklime-", env!("CARGO_PKG_VERSION"));

/// What the loader said to the kernel.
static COMMAND_LINE: Once<&'static str> = Once::new();

/// Notes what `/proc/cmdline` says.
pub fn set_command_line(text: &'static str) {
    COMMAND_LINE.call_once(|| text);
}

/// Writes what the file says.
pub fn write(file: SystemFile, out: &mut Text) -> Result<(), FsError> {
    match file {
        SystemFile::CommandLine => out.write_fmt(format_args!("{}\n", COMMAND_LINE.get().unwrap_or(&""))),
        SystemFile::CpuInfo => cpu_info(out),
        SystemFile::FileSystems => file_systems(out),
        SystemFile::LoadAverage => load_average(out),
        SystemFile::MemInfo => out.write_fmt(format_args!("{}", memory_info()?)),
        SystemFile::Mounts => mounts(out),
        SystemFile::Stat => stat(out),
        SystemFile::Uptime => uptime(out),
        SystemFile::Version => version(out),
    }
}

fn version(out: &mut Text) -> Result<(), FsError> {
    let version = Version {
        release: RELEASE,
        builder: "quicklime@quicklime",
        compiler: "rustc",
        version: "#1 SMP PREEMPT",
    };
    out.write_fmt(format_args!("{version}"))
}

/// Time-stamp counts in ticks of 10 ms.
pub(super) fn ticks(counts: u64) -> u64 {
    time::counts_to_ns(counts) / 10_000_000
}

/// How long each CPU had nothing to do, in ticks of 10 ms; not longer than the machine is up.
fn idle_ticks() -> impl Iterator<Item = u64> {
    let up = time::uptime_ns() / 10_000_000;
    task::cpu_times().map(move |times| ticks(times.idle).min(up))
}

fn uptime(out: &mut Text) -> Result<(), FsError> {
    let uptime = Uptime { up: time::uptime_ns() / 10_000_000, idle: idle_ticks().sum() };
    out.write_fmt(format_args!("{uptime}"))
}

fn load_average(out: &mut Text) -> Result<(), FsError> {
    let mut threads = 0;
    task::glance(|_| threads += 1);
    let load = LoadAverage {
        averages: load::averages(),
        running: u32::try_from(task::wanting_to_run()).unwrap_or(u32::MAX),
        threads,
        last: table::last_number(),
    };
    out.write_fmt(format_args!("{load}"))
}

/// All of a CPU's time that is not idle is the kernel's. Switches of threads are not counted, so `ctxt` is 0.
fn stat(out: &mut Text) -> Result<(), FsError> {
    let up = time::uptime_ns() / 10_000_000;
    let mut cpus = Vec::new();
    cpus.try_reserve_exact(cpu::count()).map_err(|_| FsError::OutOfMemory)?;
    cpus.extend(idle_ticks().map(|idle| CpuTimes { system: up - idle.min(up), idle, ..CpuTimes::default() }));
    let interrupts = (0..cpu::count())
        .map(|cpu| (FIRST_INTERRUPT..=u8::MAX).map(|vector| trap::count_on(cpu, vector)).sum::<u64>())
        .sum();
    let up_seconds = i64::try_from(time::uptime_ns() / 1_000_000_000).unwrap_or(0);
    let stat = SystemStat {
        cpus: &cpus,
        interrupts,
        by_line: &[],
        switches: 0,
        booted: u64::try_from(clock::now().seconds - up_seconds).unwrap_or(0),
        begun: task::begun(),
        running: task::wanting_to_run() as u64,
        blocked: 0,
    };
    out.write_fmt(format_args!("{stat}"))
}

/// Vectors below are the processor's own exceptions.
const FIRST_INTERRUPT: u8 = 32;

/// What memory is used for. Contents of the file systems in memory are both `Cached` and `Shmem`, as on Linux.
fn memory_info() -> Result<MemInfo, FsError> {
    const KIB: u64 = 1024;
    let memory = memory::statistics();
    let free = memory::free() / KIB;
    let cache = cache::statistics();
    let pages = |count: usize| (count * PAGE_SIZE) as u64 / KIB;
    let mut held = 0;
    for (_, mount) in tree::mounts()? {
        if mount.kind == "tmpfs" {
            let room = mount.lock().room()?;
            held += room.blocks.saturating_sub(room.free_blocks) * u64::from(room.block_size) / KIB;
        }
    }
    let mut stacks = 0;
    task::glance(|_| stacks += STACK_SIZE / KIB);
    let clean = cache.pages.saturating_sub(cache.dirty + cache.writing);
    let cached = pages(cache.pages) + held;
    Ok(MemInfo {
        total: memory.total / KIB,
        free,
        available: free + pages(clean),
        cached,
        inactive: cached,
        dirty: pages(cache.dirty),
        writeback: pages(cache.writing),
        shared: held,
        slab: memory.heap.size / KIB,
        kernel_stacks: stacks,
        ..MemInfo::default()
    })
}

/// What is mounted, as `mount` and `df` know it.
pub(super) fn mounts(out: &mut Text) -> Result<(), FsError> {
    for (point, mount) in tree::mounts()? {
        let is_read_only = mount.lock().is_read_only();
        let line = MountLine {
            device: &mount.source,
            point: &point,
            kind: mount.kind,
            options: super::super::options(is_read_only),
        };
        out.write_fmt(format_args!("{line}"))?;
    }
    Ok(())
}

fn file_systems(out: &mut Text) -> Result<(), FsError> {
    for (kind, needs_device) in [("proc", false), ("tmpfs", false), ("vfat", true)] {
        out.write_fmt(format_args!("{}", FileSystemLine { kind, needs_device }))?;
    }
    Ok(())
}

fn cpu_info(out: &mut Text) -> Result<(), FsError> {
    let identity = identity::read();
    let brand = cpu::brand();
    let mut flags = String::new();
    for flag in identity.flags() {
        flags.try_reserve(flag.len() + 1).map_err(|_| FsError::OutOfMemory)?;
        if !flags.is_empty() {
            flags.push(' ');
        }
        flags.push_str(flag);
    }
    let count = u32::try_from(cpu::count()).unwrap_or(1);
    let second = time::counts_to_ns(1 << 32).max(1);
    for number in 0..count {
        let info = CpuInfo {
            number,
            vendor: core::str::from_utf8(&identity.vendor).unwrap_or("unknown"),
            family: identity.family,
            model: identity.model,
            name: core::str::from_utf8(&brand).unwrap_or("").trim_matches(['\0', ' ']),
            stepping: identity.stepping,
            khz: u64::try_from((1_u128 << 32) * 1_000_000 / u128::from(second)).unwrap_or(0),
            cache_kib: identity.cache_kib,
            package: 0,
            siblings: count,
            core: number,
            cores: count,
            apic: number,
            cpuid_level: identity.highest_leaf,
            flags: &flags,
            cache_line: identity.cache_line,
            physical_bits: identity.physical_bits,
            virtual_bits: identity.virtual_bits,
        };
        out.write_fmt(format_args!("{info}"))?;
    }
    Ok(())
}
