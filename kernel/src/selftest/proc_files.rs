//! `/proc`: whether it tells of who asks, and whether its figures are the machine's.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec;

use super::Outcome;
use crate::fs::{self, FsError};
use crate::process::{self, ExitStatus, ProcessId, WaitFor};
use crate::sync::{self, Channel};
use crate::{memory, task};

fn expect<T: PartialEq + core::fmt::Debug>(what: &str, found: T, expected: T) -> Outcome {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found:?} instead of {expected:?}")) }
}

fn text(path: &str) -> Result<String, String> {
    let bytes = fs::read(path).map_err(|error| format!("{path}: {error}"))?;
    String::from_utf8(bytes).map_err(|_| format!("{path} is no text"))
}

/// The field of that name in a file of lines such as `Pid:  7`.
fn field(text: &str, name: &str) -> Option<String> {
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .map(|rest| rest.trim().to_string())
}

/// What a process sees of itself.
fn seen_from_within() -> Result<(String, String, String), String> {
    let status = text("/proc/self/status")?;
    let itself = fs::read_link("/proc/self").map_err(|error| format!("{error}"))?;
    let fields = field(&status, "Pid").zip(field(&status, "Name")).ok_or("status lacks a line")?;
    Ok((itself, fields.0, fields.1))
}

/// `self` is whoever looks, at the same moment for two; a directory of a process can be entered through it.
pub fn self_is_who_asks() -> Outcome {
    let seen = Arc::new(Channel::new(2).map_err(|error| format!("{error}"))?);
    let both = Arc::new(sync::barrier(2));
    let mut children = vec![];
    for name in ["one", "other"] {
        let (tell, both) = (seen.clone(), both.clone());
        let child = process::spawn(name, move || {
            both.wait();
            tell.send((name, process::own_id(), seen_from_within()));
            0
        });
        children.push(child.map_err(|error| format!("{error}"))?);
    }
    for _ in 0..2 {
        let (name, id, found) = seen.recv();
        expect(name, found, Ok((id.to_string(), id.to_string(), name.to_string())))?;
    }
    for child in children {
        process::wait(WaitFor::One(child)).map_err(|error| format!("{error:?}"))?;
        expect("who is gone", fs::metadata(&format!("/proc/{child}")), Err(FsError::NotFound))?;
    }
    let missing = fs::read_link("/proc/self/exe");
    expect("the file that a kernel thread executes", missing, Err(FsError::NotFound))?;
    let listed = fs::entries("/proc").map_err(|error| format!("{error}"))?;
    let own = process::own_id().to_string();
    expect("one's own directory listed", listed.iter().filter(|entry| entry.name == own).count(), 1)
}

/// A child begins where its parent is and goes its own way; others see where, also when its directory has no name any
/// more.
pub fn directories_are_inherited() -> Outcome {
    const PLACE: &str = "/tmp/selftest";
    let (gate, seen) =
        (Arc::new(sync::semaphore(0)), Arc::new(Channel::new(2).map_err(|error| format!("{error}"))?));
    let before = fs::directory::path();
    fs::create_directory(PLACE).map_err(|error| format!("{error}"))?;
    fs::write(&format!("{PLACE}/mark"), b"here").map_err(|error| format!("{error}"))?;
    let (there, tell) = (gate.clone(), seen.clone());
    let parent = process::spawn("parent", move || {
        let gone = fs::directory::change(PLACE);
        let child = process::spawn("child", move || {
            tell.send((process::own_id(), gone, fs::directory::path(), fs::read("mark")));
            there.acquire();
            u8::from(fs::directory::path() != Err(FsError::NotFound))
        });
        match child.map(|child| process::wait(WaitFor::One(child))) {
            Ok(Ok((_, ExitStatus::Exited(code)))) => code,
            _ => 9,
        }
    });
    let parent = parent.map_err(|error| format!("{error}"))?;
    let (child, gone, path, mark) = seen.recv();
    let outcome = look_at(child, (gone, path, mark), PLACE);
    let removed = fs::remove(&format!("{PLACE}/mark"))
        .and_then(|()| fs::remove(PLACE))
        .map_err(|error| format!("{error}"));
    gate.release(1);
    let end = process::wait(WaitFor::One(parent)).map_err(|error| format!("{error:?}"))?;
    outcome.and(removed)?;
    expect("the path of a directory without a name", end, (parent, ExitStatus::Exited(0)))?;
    expect("one's own directory", fs::directory::path(), before)
}

type Inherited = (Result<(), FsError>, Result<String, FsError>, Result<vec::Vec<u8>, FsError>);

fn look_at(child: ProcessId, inherited: Inherited, place: &str) -> Outcome {
    expect("what a child found", inherited, (Ok(()), Ok(place.to_string()), Ok(b"here".to_vec())))?;
    expect("what others see of it", fs::read_link(&format!("/proc/{child}/cwd")), Ok(place.to_string()))?;
    expect("a file through it", fs::read(&format!("/proc/{child}/cwd/mark")), Ok(b"here".to_vec()))
}

/// The lines of `/proc/meminfo`, in KiB.
fn memory_lines() -> Result<BTreeMap<String, u64>, String> {
    let text = text("/proc/meminfo")?;
    let line = |line: &str| {
        let (name, rest) = line.split_once(':')?;
        Some((name.to_string(), rest.trim().strip_suffix(" kB")?.parse().ok()?))
    };
    text.lines().map(|each| line(each).ok_or_else(|| format!("no figure: {each}"))).collect()
}

/// The parts are not more than the whole, the whole is what the kernel counts, and a file shows where it lies: in memory as
/// `Shmem`, on the disk as `Dirty` until it is synced, and as `Cached` both times.
pub fn memory_adds_up() -> Outcome {
    const KIB: u64 = 1024;
    const FILE: u64 = 1 << 20;
    let before = memory_lines()?;
    let get = |lines: &BTreeMap<String, u64>, name: &str| lines.get(name).copied().unwrap_or(u64::MAX);
    expect("MemTotal", get(&before, "MemTotal"), memory::statistics().total / KIB)?;
    let parts = ["MemFree", "Cached", "Slab", "KernelStack", "PageTables"].map(|name| get(&before, name));
    let sum = parts.iter().fold(0, |sum: u64, part| sum.saturating_add(*part));
    if sum > get(&before, "MemTotal") || get(&before, "MemFree") > get(&before, "MemAvailable") {
        return Err(format!("{parts:?} KiB are more than {before:?}"));
    }
    let contents = vec![1; FILE as usize];
    fs::write("/tmp/selftest.bin", &contents).map_err(|error| format!("{error}"))?;
    let with_file = memory_lines();
    fs::remove("/tmp/selftest.bin").map_err(|error| format!("{error}"))?;
    let with_file = with_file?;
    expect("Shmem", get(&with_file, "Shmem"), get(&before, "Shmem") + FILE / KIB)?;
    if fs::disk_status().is_some() {
        return Ok(());
    }
    let path = format!("{}/selftest.bin", fs::DISK);
    fs::sync().map_err(|error| format!("{error}"))?;
    fs::write(&path, &contents).map_err(|error| format!("{error}"))?;
    let written = memory_lines();
    let synced = fs::sync().map_err(|error| format!("{error}")).and_then(|()| memory_lines());
    fs::remove(&path).map_err(|error| format!("{error}"))?;
    let (written, synced) = (written?, synced?);
    if get(&written, "Dirty") + get(&written, "Writeback") < FILE / KIB
        || get(&written, "Cached") < FILE / KIB
    {
        return Err(format!("a file that was just written does not show: {written:?}"));
    }
    expect("Dirty after a sync", get(&synced, "Dirty"), 0)
}

/// Files of the system say what the kernel knows: so many CPUs, what is mounted and how, how long it is up.
pub fn figures_are_the_machines() -> Outcome {
    let processors = text("/proc/cpuinfo")?.matches("processor\t:").count();
    let lines = text("/proc/stat")?.lines().filter(|line| line.starts_with("cpu")).count();
    let online = task::cpu_times().count();
    expect("processors, and lines about CPUs", (processors, lines), (online, online + 1))?;
    let mounts = text("/proc/mounts")?;
    for mount in fs::mounts().map_err(|error| format!("{error}"))? {
        let line = format!("{} {} {} {} 0 0\n", mount.source, mount.point, mount.kind, mount.options);
        if !mounts.contains(&line) {
            return Err(format!("no line {line:?} in {mounts:?}"));
        }
    }
    let uptime = || {
        text("/proc/uptime")?
            .split(['.', ' '])
            .next()
            .and_then(|s| s.parse::<u64>().ok())
            .ok_or("no uptime".to_string())
    };
    let first = uptime()?;
    task::sleep_ms(1_100);
    if uptime()? <= first {
        return Err("the system is not up longer than a second ago".into());
    }
    let own = format!("/proc/{}", process::own_id());
    let threads = fs::entries(&format!("{own}/task")).map_err(|error| format!("{error}"))?.len();
    let told = field(&text(&format!("{own}/status"))?, "Threads").and_then(|count| count.parse().ok());
    expect("threads of this process", Some(threads), told)
}
