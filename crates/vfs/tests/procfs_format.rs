//! What the files about the system and its processes say, letter by letter against a Linux 6.18.

use vfs::procfs::format::{
    CpuInfo, CpuTimes, FileSystemLine, LoadAverage, MapLine, MemInfo, Memory, MountLine, ProcessStat,
    ProcessState, ProcessStatus, Signals, Statm, SystemStat, Uptime, Version,
};

#[test]
fn files_of_the_system_are_spelled_as_linux_spells_them() {
    let memory = MemInfo { total: 24_684_084, buffers: 14_244, committed: 1_927_724, ..MemInfo::default() };
    let memory = memory.to_string();
    let mut lines = memory.lines();
    assert_eq!(lines.next(), Some("MemTotal:       24684084 kB"));
    assert_eq!(lines.nth(2), Some("Buffers:           14244 kB"));
    assert_eq!(lines.nth(1), Some("SwapCached:            0 kB"));
    assert_eq!(lines.last(), Some("Committed_AS:    1927724 kB"));

    let cpus = [
        CpuTimes {
            user: 30_633,
            nice: 9383,
            system: 3821,
            idle: 31_800,
            waiting: 108,
            soft_interrupts: 5,
            stolen: 94,
            interrupts: 0,
        },
        CpuTimes {
            user: 32_596,
            nice: 11_236,
            system: 4409,
            idle: 26_594,
            waiting: 845,
            soft_interrupts: 43,
            stolen: 83,
            interrupts: 0,
        },
    ];
    let stat = SystemStat {
        cpus: &cpus,
        interrupts: 1_005_527,
        by_line: &[0, 3],
        switches: 2_058_527,
        booted: 1_795_872_755,
        begun: 13_066,
        running: 11,
        blocked: 0,
    };
    let expected = "\
cpu  63229 20619 8230 58394 953 0 48 177 0 0
cpu0 30633 9383 3821 31800 108 0 5 94 0 0
cpu1 32596 11236 4409 26594 845 0 43 83 0 0
intr 1005527 0 3
ctxt 2058527
btime 1795872755
processes 13066
procs_running 11
procs_blocked 0
softirq 0 0 0 0 0 0 0 0 0 0 0
";
    assert_eq!(stat.to_string(), expected);

    assert_eq!(Uptime { up: 5, idle: 100 }.to_string(), "0.05 1.00\n");
    let load = LoadAverage { averages: [900, 570, 260], running: 12, threads: 147, last: 13_068 };
    assert_eq!(load.to_string(), "9.00 5.70 2.60 12/147 13068\n");
    let version = Version {
        release: "6.18.44-fc-v669",
        builder: "builder@sandboxing",
        compiler: "gcc (GCC) 15.3.0, GNU ld (GNU Binutils) 2.46",
        version: "#1 SMP PREEMPT_DYNAMIC @0",
    };
    let expected = "Linux version 6.18.44-fc-v669 (builder@sandboxing) (gcc (GCC) 15.3.0, GNU ld (GNU Binutils) 2.46) #1 SMP PREEMPT_DYNAMIC @0\n";
    assert_eq!(version.to_string(), expected);
    assert_eq!(FileSystemLine { kind: "tmpfs", needs_device: false }.to_string(), "nodev\ttmpfs\n");
    assert_eq!(FileSystemLine { kind: "ext4", needs_device: true }.to_string(), "\text4\n");
    let mount = MountLine { device: "tmpfs", point: "/dev/shm", kind: "tmpfs", options: "rw,relatime" };
    assert_eq!(mount.to_string(), "tmpfs /dev/shm tmpfs rw,relatime 0 0\n");
    // fstab(5): spaces and tabs are encoded as \040 and \011.
    let mount = MountLine { device: "a b", point: "/x\ty\\", kind: "vfat", options: "ro" };
    assert_eq!(mount.to_string(), "a\\040b /x\\011y\\134 vfat ro 0 0\n");
}

#[test]
fn a_cpu_is_spelled_as_linux_spells_it() {
    let cpu = CpuInfo {
        number: 0,
        vendor: "AuthenticAMD",
        family: 25,
        model: 17,
        name: "AMD EPYC",
        stepping: 1,
        khz: 2_596_134,
        cache_kib: 1024,
        package: 0,
        siblings: 2,
        core: 0,
        cores: 2,
        apic: 0,
        cpuid_level: 28,
        flags: "fpu vme de pse",
        cache_line: 64,
        physical_bits: 48,
        virtual_bits: 48,
    };
    let expected = "\
processor\t: 0
vendor_id\t: AuthenticAMD
cpu family\t: 25
model\t\t: 17
model name\t: AMD EPYC
stepping\t: 1
cpu MHz\t\t: 2596.134
cache size\t: 1024 KB
physical id\t: 0
siblings\t: 2
core id\t\t: 0
cpu cores\t: 2
apicid\t\t: 0
initial apicid\t: 0
fpu\t\t: yes
fpu_exception\t: yes
cpuid level\t: 28
wp\t\t: yes
flags\t\t: fpu vme de pse
bogomips\t: 5192.26
clflush size\t: 64
cache_alignment\t: 64
address sizes\t: 48 bits physical, 48 bits virtual
power management:

";
    assert_eq!(cpu.to_string(), expected);
}

#[test]
fn a_process_is_spelled_as_linux_spells_it() {
    let stat = ProcessStat {
        process: 13_072,
        name: "head",
        state: ProcessState::Running,
        parent: 13_050,
        group: 13_050,
        session: 11_647,
        terminal: 0,
        foreground: -1,
        flags: 4_194_304,
        minor_faults: 107,
        children_minor_faults: 0,
        major_faults: 0,
        children_major_faults: 0,
        user_time: 0,
        system_time: 0,
        children_user_time: 0,
        children_system_time: 0,
        priority: 20,
        nice: 0,
        threads: 1,
        started: 76_115,
        virtual_size: 2_998_272,
        resident: 413,
        code: [94_776_826_101_760, 94_776_826_125_865],
        stack: 140_736_218_000_864,
        signals: Signals { pending: 1 << 40, ..Signals::default() },
        exit_signal: 17,
        cpu: 0,
        data: [94_776_826_141_712, 94_776_826_143_328],
        heap: 94_777_734_414_336,
        arguments: [140_736_218_008_266, 140_736_218_008_295],
        environment: [140_736_218_008_295, 140_736_218_009_578],
        exit_code: 0,
    };
    let expected = "13072 (head) R 13050 13050 11647 0 -1 4194304 107 0 0 0 0 0 0 0 20 0 1 0 76115 2998272 413 18446744073709551615 94776826101760 94776826125865 140736218000864 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 94776826141712 94776826143328 94777734414336 140736218008266 140736218008295 140736218008295 140736218009578 0\n";
    assert_eq!(stat.to_string(), expected);
    assert_eq!(expected.split_whitespace().count(), 52);
    let named = |name| ProcessStat { name, ..stat }.to_string();
    assert!(named("a (b) c").starts_with("13072 (a (b) c) R "));
    assert!(named("fifteen letters and more").starts_with("13072 (fifteen letters) R "));
    assert!(named("fourteen_bytes\u{fc}").starts_with("13072 (fourteen_bytes) R "));
    let statm = Statm { size: 732, resident: 441, shared: 412, code: 6, data: 89 };
    assert_eq!(statm.to_string(), "732 441 412 6 0 89 0\n");
}

#[test]
fn the_status_of_a_process_is_spelled_as_linux_spells_it() {
    let mut status = ProcessStatus {
        name: "head",
        umask: 0o22,
        state: ProcessState::Running,
        group: 13_073,
        thread: 13_073,
        parent: 13_050,
        users: [0, 1, 2, 3],
        groups: [0; 4],
        descriptors: 256,
        further_groups: &[],
        memory: Some(Memory {
            virtual_peak: 2928,
            virtual_size: 2928,
            resident_peak: 1848,
            resident: 1848,
            resident_anonymous: 116,
            resident_file: 1732,
            resident_shared: 0,
            data: 224,
            stack: 132,
            code: 24,
            libraries: 1528,
            page_tables: 44,
        }),
        threads: 1,
        queued_signals: 1,
        most_queued_signals: 96_365,
        signals: Signals { blocked: 0x1_0000_0002, ..Signals::default() },
        cpus: 0b11,
        voluntary_switches: 0,
        involuntary_switches: 7,
    };
    let memory = "\
VmPeak:\t    2928 kB
VmSize:\t    2928 kB
VmLck:\t       0 kB
VmPin:\t       0 kB
VmHWM:\t    1848 kB
VmRSS:\t    1848 kB
RssAnon:\t     116 kB
RssFile:\t    1732 kB
RssShmem:\t       0 kB
VmData:\t     224 kB
VmStk:\t     132 kB
VmExe:\t      24 kB
VmLib:\t    1528 kB
VmPTE:\t      44 kB
VmSwap:\t       0 kB
";
    let front = "\
Name:\thead
Umask:\t0022
State:\tR (running)
Tgid:\t13073
Ngid:\t0
Pid:\t13073
PPid:\t13050
TracerPid:\t0
Uid:\t0\t1\t2\t3
Gid:\t0\t0\t0\t0
FDSize:\t256
Groups:\t \n";
    let back = "\
Threads:\t1
SigQ:\t1/96365
SigPnd:\t0000000000000000
ShdPnd:\t0000000000000000
SigBlk:\t0000000100000002
SigIgn:\t0000000000000000
SigCgt:\t0000000000000000
Cpus_allowed:\t3
Cpus_allowed_list:\t0-1
voluntary_ctxt_switches:\t0
nonvoluntary_ctxt_switches:\t7
";
    assert_eq!(status.to_string(), format!("{front}{memory}{back}"));
    status.memory = None;
    assert_eq!(status.to_string(), format!("{front}{back}"));
    for (cpus, expected) in
        [(0b1, "0"), (0b110_1101, "0,2-3,5-6"), (u64::MAX, "0-63"), (0, ""), (1 << 63, "63")]
    {
        status.cpus = cpus;
        assert!(status.to_string().contains(&format!("\nCpus_allowed_list:\t{expected}\n")), "{cpus:x}");
    }
    status.further_groups = &[4, 24];
    status.name = "a\nb\\";
    status.state = ProcessState::DiskSleep;
    let text = status.to_string();
    assert!(text.starts_with("Name:\ta\\nb\\\\\nUmask:\t0022\nState:\tD (disk sleep)\n"), "{text}");
    assert!(text.contains("Groups:\t4 24 \n"));
}

#[test]
fn maps_are_spelled_as_linux_spells_them() {
    let code = MapLine {
        start: 0x55b5_d728_7000,
        end: 0x55b5_d728_d000,
        read: true,
        write: false,
        execute: true,
        shared: false,
        offset: 0x2000,
        device: (0xfe, 0),
        inode: 247_282,
        name: "/usr/bin/head",
    };
    assert_eq!(
        code.to_string(),
        "55b5d7287000-55b5d728d000 r-xp 00002000 fe:00 247282                     /usr/bin/head\n"
    );
    let heap = MapLine {
        start: 0x55b5_f649_9000,
        end: 0x55b5_f64b_a000,
        write: true,
        execute: false,
        offset: 0,
        device: (0, 0),
        inode: 0,
        name: "[heap]",
        ..code
    };
    assert_eq!(
        heap.to_string(),
        "55b5f6499000-55b5f64ba000 rw-p 00000000 00:00 0                          [heap]\n"
    );
    let bare = MapLine { start: 0x7f57_12f5_2000, end: 0x7f57_12f5_5000, name: "", ..heap };
    assert_eq!(bare.to_string(), "7f5712f52000-7f5712f55000 rw-p 00000000 00:00 0 \n");
    let shared = MapLine { start: 0x40_0000, end: 0x40_1000, shared: true, ..code };
    assert_eq!(
        shared.to_string(),
        "00400000-00401000 r-xs 00002000 fe:00 247282                             /usr/bin/head\n"
    );
}
