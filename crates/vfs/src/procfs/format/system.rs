//! The files about the whole system.

use super::{Escaped, Hundredths};
use core::fmt::{self, Display};

/// `/proc/meminfo`, in KiB.
#[derive(Debug, Clone, Copy, Default)]
#[allow(missing_docs, reason = "proc(5) says what each is")]
pub struct MemInfo {
    pub total: u64,
    pub free: u64,
    pub available: u64,
    pub buffers: u64,
    pub cached: u64,
    pub active: u64,
    pub inactive: u64,
    pub dirty: u64,
    pub writeback: u64,
    pub anonymous: u64,
    pub mapped: u64,
    pub shared: u64,
    pub slab: u64,
    pub kernel_stacks: u64,
    pub page_tables: u64,
    pub committed: u64,
}

impl Display for MemInfo {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = [
            ("MemTotal:", self.total),
            ("MemFree:", self.free),
            ("MemAvailable:", self.available),
            ("Buffers:", self.buffers),
            ("Cached:", self.cached),
            ("SwapCached:", 0),
            ("Active:", self.active),
            ("Inactive:", self.inactive),
            ("SwapTotal:", 0),
            ("SwapFree:", 0),
            ("Dirty:", self.dirty),
            ("Writeback:", self.writeback),
            ("AnonPages:", self.anonymous),
            ("Mapped:", self.mapped),
            ("Shmem:", self.shared),
            ("Slab:", self.slab),
            ("SReclaimable:", 0),
            ("SUnreclaim:", self.slab),
            ("KernelStack:", self.kernel_stacks),
            ("PageTables:", self.page_tables),
            ("Committed_AS:", self.committed),
        ];
        lines.iter().try_for_each(|(name, kib)| writeln!(out, "{name:<16}{kib:>8} kB"))
    }
}

/// What one CPU did with its time, in ticks of 10 ms.
#[derive(Debug, Clone, Copy, Default)]
#[allow(missing_docs, reason = "proc(5) says what each is")]
pub struct CpuTimes {
    pub user: u64,
    pub nice: u64,
    pub system: u64,
    pub idle: u64,
    pub waiting: u64,
    pub interrupts: u64,
    pub soft_interrupts: u64,
    pub stolen: u64,
}

impl Display for CpuTimes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { user, nice, system, idle, waiting, interrupts, soft_interrupts, stolen } = self;
        write!(out, "{user} {nice} {system} {idle} {waiting} {interrupts} {soft_interrupts} {stolen} 0 0")
    }
}

/// `/proc/stat`.
#[derive(Debug, Clone, Copy)]
pub struct SystemStat<'a> {
    /// Each CPU, by number.
    pub cpus: &'a [CpuTimes],
    /// Interrupts since boot.
    pub interrupts: u64,
    /// Of each interrupt line; may be empty.
    pub by_line: &'a [u64],
    /// Switches from one thread to another since boot.
    pub switches: u64,
    /// When the system was booted, in seconds since 1970.
    pub booted: u64,
    /// Processes and threads begun since boot.
    pub begun: u64,
    /// Threads that run or could.
    pub running: u64,
    /// Threads that wait for a disk.
    pub blocked: u64,
}

impl Display for SystemStat<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sum = |part: fn(&CpuTimes) -> u64| self.cpus.iter().map(part).sum();
        let all = CpuTimes {
            user: sum(|cpu| cpu.user),
            nice: sum(|cpu| cpu.nice),
            system: sum(|cpu| cpu.system),
            idle: sum(|cpu| cpu.idle),
            waiting: sum(|cpu| cpu.waiting),
            interrupts: sum(|cpu| cpu.interrupts),
            soft_interrupts: sum(|cpu| cpu.soft_interrupts),
            stolen: sum(|cpu| cpu.stolen),
        };
        writeln!(out, "cpu  {all}")?;
        for (number, cpu) in self.cpus.iter().enumerate() {
            writeln!(out, "cpu{number} {cpu}")?;
        }
        write!(out, "intr {}", self.interrupts)?;
        self.by_line.iter().try_for_each(|count| write!(out, " {count}"))?;
        writeln!(out, "\nctxt {}\nbtime {}\nprocesses {}", self.switches, self.booted, self.begun)?;
        writeln!(out, "procs_running {}\nprocs_blocked {}", self.running, self.blocked)?;
        writeln!(out, "softirq 0 0 0 0 0 0 0 0 0 0 0")
    }
}

/// `/proc/uptime`, in hundredths of a second.
#[derive(Debug, Clone, Copy)]
pub struct Uptime {
    /// Since boot.
    pub up: u64,
    /// How long all CPUs together had nothing to do.
    pub idle: u64,
}

impl Display for Uptime {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{} {}", Hundredths(self.up), Hundredths(self.idle))
    }
}

/// `/proc/loadavg`.
#[derive(Debug, Clone, Copy)]
pub struct LoadAverage {
    /// How many threads ran or could on the average of 1, 5 and 15 minutes, in hundredths.
    pub averages: [u64; 3],
    /// How many do now.
    pub running: u32,
    /// How many threads there are.
    pub threads: u32,
    /// The number that was given out last.
    pub last: u32,
}

impl Display for LoadAverage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.averages.iter().try_for_each(|average| write!(out, "{} ", Hundredths(*average)))?;
        writeln!(out, "{}/{} {}", self.running, self.threads, self.last)
    }
}

/// `/proc/version`. Programs compare the release with what they need, so it is Linux's whose calls are answered.
#[derive(Debug, Clone, Copy)]
pub struct Version<'a> {
    /// As uname(2) says it.
    pub release: &'a str,
    /// Who built it, as `user@host`.
    pub builder: &'a str,
    /// By what it was built.
    pub compiler: &'a str,
    /// As uname(2) says it.
    pub version: &'a str,
}

impl Display for Version<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { release, builder, compiler, version } = self;
        writeln!(out, "Linux version {release} ({builder}) ({compiler}) {version}")
    }
}

/// One CPU in `/proc/cpuinfo`.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "proc(5) and the CPUID instruction say what each is")]
pub struct CpuInfo<'a> {
    pub number: u32,
    pub vendor: &'a str,
    pub family: u32,
    pub model: u32,
    pub name: &'a str,
    pub stepping: u32,
    pub khz: u64,
    pub cache_kib: u32,
    pub package: u32,
    pub siblings: u32,
    pub core: u32,
    pub cores: u32,
    pub apic: u32,
    pub cpuid_level: u32,
    /// The features that programs may use, by Linux's names, with a space between.
    pub flags: &'a str,
    pub cache_line: u32,
    pub physical_bits: u32,
    pub virtual_bits: u32,
}

impl Display for CpuInfo<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "processor\t: {}", self.number)?;
        writeln!(out, "vendor_id\t: {}", self.vendor)?;
        writeln!(out, "cpu family\t: {}", self.family)?;
        writeln!(out, "model\t\t: {}", self.model)?;
        writeln!(out, "model name\t: {}", self.name)?;
        writeln!(out, "stepping\t: {}", self.stepping)?;
        writeln!(out, "cpu MHz\t\t: {}.{:03}", self.khz / 1000, self.khz % 1000)?;
        writeln!(out, "cache size\t: {} KB", self.cache_kib)?;
        writeln!(out, "physical id\t: {}", self.package)?;
        writeln!(out, "siblings\t: {}", self.siblings)?;
        writeln!(out, "core id\t\t: {}", self.core)?;
        writeln!(out, "cpu cores\t: {}", self.cores)?;
        writeln!(out, "apicid\t\t: {}", self.apic)?;
        writeln!(out, "initial apicid\t: {}", self.apic)?;
        writeln!(out, "fpu\t\t: yes\nfpu_exception\t: yes")?;
        writeln!(out, "cpuid level\t: {}\nwp\t\t: yes", self.cpuid_level)?;
        writeln!(out, "flags\t\t: {}", self.flags)?;
        // Twice the clock, as it comes out where a loop takes a cycle.
        writeln!(out, "bogomips\t: {}", Hundredths(self.khz / 5))?;
        writeln!(out, "clflush size\t: {0}\ncache_alignment\t: {0}", self.cache_line)?;
        let Self { physical_bits, virtual_bits, .. } = self;
        writeln!(out, "address sizes\t: {physical_bits} bits physical, {virtual_bits} bits virtual")?;
        writeln!(out, "power management:\n")
    }
}

/// A line of `/proc/filesystems`.
#[derive(Debug, Clone, Copy)]
pub struct FileSystemLine<'a> {
    /// What it is called.
    pub kind: &'a str,
    /// Whether it lies on a device.
    pub needs_device: bool,
}

impl Display for FileSystemLine<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}\t{}", if self.needs_device { "" } else { "nodev" }, self.kind)
    }
}

/// A line of `/proc/mounts` (fstab(5)).
#[derive(Debug, Clone, Copy)]
pub struct MountLine<'a> {
    /// The device; what lies on none says what it is.
    pub device: &'a str,
    /// The path of the mount point.
    pub point: &'a str,
    /// What file system it is.
    pub kind: &'a str,
    /// With commas between: `rw,relatime`.
    pub options: &'a str,
}

impl Display for MountLine<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = |text| Escaped { text, escaped: &[' ', '\t', '\n', '\\', '#'] };
        let (device, point) = (field(self.device), field(self.point));
        writeln!(out, "{device} {point} {} {} 0 0", self.kind, self.options)
    }
}
