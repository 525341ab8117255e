//! The tree of files as programs use it: links, mounts, files without names, positions, devices.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use vfs::OpenMode;

use super::Outcome;
use crate::fs::{self, FsError, OpenOptions, Whence};
use crate::input::{self, Source};
use crate::process::{self, ExitStatus, WaitFor};
use crate::task;

/// A directory in memory for one test, which empties it.
const PLACE: &str = "/tmp/selftest";

/// What the file system said, in words.
fn told(error: FsError) -> String {
    format!("{error}")
}

fn expect<T: PartialEq + core::fmt::Debug>(what: &str, found: T, expected: T) -> Outcome {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found:?} instead of {expected:?}")) }
}

/// Runs `test` with an empty directory, and removes what is in it afterwards.
fn in_directory(test: impl FnOnce() -> Outcome) -> Outcome {
    fs::create_directory(PLACE).map_err(told)?;
    let outcome = test();
    let mut cleared = Ok(());
    for entry in fs::entries(PLACE).map_err(told)? {
        cleared = cleared.and(fs::remove(&format!("{PLACE}/{}", entry.name)));
    }
    outcome.and(cleared.and(fs::remove(PLACE)).map_err(told))
}

/// Forty links in a row are followed, one more is not, and a circle is no different. One that leads nowhere is where a new
/// file comes into being.
pub fn links_lead_and_circles_end() -> Outcome {
    in_directory(|| {
        let link = |number: usize| format!("{PLACE}/link{number}");
        fs::write(&link(0), b"the end").map_err(told)?;
        for number in 1..=41 {
            fs::create_link(&link(number), &format!("link{}", number - 1)).map_err(told)?;
        }
        expect("forty links", fs::read(&link(40)), Ok(b"the end".to_vec()))?;
        expect("forty-one links", fs::read(&link(41)), Err(FsError::TooManyLinks))?;
        expect("what a link says", fs::read_link(&link(7)), Ok("link6".into()))?;
        let (one, other) = (format!("{PLACE}/one"), format!("{PLACE}/other"));
        fs::create_link(&one, &other).map_err(told)?;
        fs::create_link(&other, "one").map_err(told)?;
        expect("a circle", fs::read(&one), Err(FsError::TooManyLinks))?;
        let lost = format!("{PLACE}/lost");
        fs::create_link(&lost, "found").map_err(told)?;
        expect("a link that leads nowhere", fs::read(&lost), Err(FsError::NotFound))?;
        let new = fs::open(&lost, OpenMode::CreateNew).map(drop);
        expect("a new file in the place of a link", new, Err(FsError::AlreadyExists))?;
        fs::write(&lost, b"made").map_err(told)?;
        expect("what the link leads to", fs::read(&format!("{PLACE}/found")), Ok(b"made".to_vec()))
    })
}

/// `..` leads out of what is mounted, from its root and from below, with and without a link on the way.
pub fn dot_dot_crosses_mounts() -> Outcome {
    in_directory(|| {
        fs::write(&format!("{PLACE}/mark"), b"here").map_err(told)?;
        let ways =
            ["/dev/..", "/dev/input/../..", "/proc/../dev/../proc/..", "/proc/self/../..", "/../dev/../.."];
        for way in ways {
            expect(way, fs::read(&format!("{way}{PLACE}/mark")), Ok(b"here".to_vec()))?;
        }
        expect("a mount point", fs::remove("/dev"), Err(FsError::Busy))
    })
}

/// Files without names, and names that get other files: on the file system of `place`.
fn old_files_stay(place: &str) -> Outcome {
    let (file, other) = (format!("{place}/old.bin"), format!("{place}/new.bin"));
    let old: Vec<u8> = (0..50_000_u32).map(|index| (index >> 6) as u8).collect();
    fs::write(&file, &old).map_err(told)?;
    let open = fs::open(&file, OpenMode::Write).map_err(told)?;
    fs::write(&other, b"new").map_err(told)?;
    fs::rename(&other, &file).map_err(told)?;
    expect("the name after a rename", fs::read(&file), Ok(b"new".to_vec()))?;
    let mut buffer = vec![0; old.len() + 1];
    expect("the length of an open file that lost its name", open.read(0, &mut buffer), Ok(old.len()))?;
    if buffer[..old.len()] != old {
        return Err(format!("{place}: an open file that lost its name has other contents"));
    }
    let renamed = fs::open(&file, OpenMode::Write).map_err(told)?;
    fs::remove(&file).map_err(told)?;
    expect("a removed name", fs::metadata(&file), Err(FsError::NotFound))?;
    renamed.write(3, b"er").map_err(told)?;
    expect("an open file that was removed", renamed.read(0, &mut buffer), Ok(5))?;
    expect("its contents", &buffer[..5], b"newer")
}

/// A file that is removed or replaced while it is open lasts as long as it is open, and then its room is free again.
pub fn open_files_outlive_their_names() -> Outcome {
    let used = || {
        let mounts = fs::mounts().map_err(told)?;
        let usage = mounts.into_iter().find(|mount| mount.point == "/").map(|mount| mount.usage);
        let usage = usage.ok_or("nothing is mounted at /")?.map_err(told)?;
        Ok::<_, String>(usage.total - usage.free)
    };
    let before = used()?;
    in_directory(|| old_files_stay(PLACE))?;
    expect("bytes in use afterwards", used()?, before)?;
    if fs::disk_status().is_none() { old_files_stay(fs::DISK) } else { Ok(()) }
}

/// What was never written reads as zeros, also behind what was; and positions go where they are sent.
fn positions(place: &str) -> Outcome {
    let path = format!("{place}/holes.bin");
    let options = OpenOptions { read: true, write: true, create: true, ..OpenOptions::default() };
    let file = fs::open_with(&path, &options, 0o600).map_err(told)?;
    expect("a place behind the end", file.seek(Whence::Start, 100_000), Ok(100_000))?;
    expect("a byte", file.write(b"x"), Ok(1))?;
    expect("back", file.seek(Whence::Current, -2), Ok(99_999))?;
    let mut two = [7; 2];
    expect("two bytes", file.read(&mut two).map(|count| (count, two)), Ok((2, [0, b'x'])))?;
    let mut hole = vec![7; 100_000];
    expect("the hole", file.file().read(0, &mut hole), Ok(100_000))?;
    if hole.iter().any(|byte| *byte != 0) {
        return Err(format!("{place}: a hole does not read as zeros"));
    }
    let appending = OpenOptions { write: true, append: true, ..OpenOptions::default() };
    let appending = fs::open_with(&path, &appending, 0).map_err(told)?;
    expect("appended", appending.write(b"yz"), Ok(2))?;
    expect("read through what only writes", appending.read(&mut two), Err(FsError::NotPermitted))?;
    expect("the end", file.seek(Whence::End, -1), Ok(100_002))?;
    expect("the last byte", file.read(&mut two).map(|count| (count, two[0])), Ok((1, b'z')))?;
    expect("before the beginning", file.seek(Whence::Current, -200_000).is_err(), true)?;
    fs::remove(&path).map_err(told)
}

/// Holes, positions and appending, in memory and on the disk.
pub fn files_have_positions() -> Outcome {
    in_directory(|| positions(PLACE))?;
    if fs::disk_status().is_none() { positions(fs::DISK) } else { Ok(()) }
}

/// The devices that every program expects.
pub fn devices_do_what_they_are_for() -> Outcome {
    let read = |path: &str, buffer: &mut [u8]| fs::open(path, OpenMode::Read)?.read(12_345, buffer);
    let mut buffer = [7; 64];
    expect("/dev/null read", read("/dev/null", &mut buffer), Ok(0))?;
    expect("/dev/zero read", read("/dev/zero", &mut buffer).map(|count| (count, buffer)), Ok((64, [0; 64])))?;
    expect("/dev/null written", fs::write("/dev/null", &[1; 5_000]), Ok(()))?;
    expect("/dev/full written", fs::write("/dev/full", &[1]), Err(FsError::NoSpace))?;
    let mut other = [0; 64];
    expect("/dev/random read", read("/dev/random", &mut buffer), Ok(64))?;
    expect("/dev/urandom read", read("/dev/urandom", &mut other), Ok(64))?;
    if buffer == other || buffer == [0; 64] {
        return Err("random bytes repeat".into());
    }
    expect("a terminal where there is none", read("/dev/tty", &mut buffer), Err(FsError::NoSuchDevice))?;
    if fs::disk_status().is_none() {
        let mounts = fs::mounts().map_err(told)?;
        let source = mounts.into_iter().find(|mount| mount.point == fs::DISK).map(|mount| mount.source);
        let source = source.ok_or("there is no disk")?;
        let mut sector = [0; 512];
        fs::open(&source, OpenMode::Read).and_then(|disk| disk.read(0, &mut sector)).map_err(told)?;
        expect("the end of a volume's first sector", &sector[510..], &[0x55, 0xaa])?;
    }
    Ok(())
}

/// Two who listen to the keyboard hear the same, in Linux's words; who waits for ever can be called out. Only the Shift key
/// is pressed, which does nothing.
pub fn keys_are_heard_by_all() -> Outcome {
    const KEYBOARD: &str = "/dev/input/event0";
    let read = OpenOptions { read: true, ..OpenOptions::default() };
    let listeners = [fs::open_with(KEYBOARD, &read, 0), fs::open_with(KEYBOARD, &read, 0)];
    for byte in [0x2a, 0xaa] {
        input::push(Source::Keyboard, byte);
    }
    // Type, code and value, after the time.
    let expected = [(1, 42, 1), (0, 0, 0), (1, 42, 0), (0, 0, 0)];
    for listener in listeners {
        let listener = listener.map_err(told)?;
        for (number, wanted) in expected.into_iter().enumerate() {
            let mut event = [0; 24];
            expect("bytes of an event", listener.read(&mut event), Ok(24))?;
            let half = |at: usize| i32::from(u16::from_le_bytes([event[at], event[at + 1]]));
            let value = i32::from_le_bytes([event[20], event[21], event[22], event[23]]);
            expect(&format!("event {number}"), (half(16), half(18), value), wanted)?;
        }
    }
    let child = process::spawn("listener", move || {
        let heard = fs::open_with(KEYBOARD, &read, 0).and_then(|file| file.read(&mut [0; 24]));
        u8::from(heard != Err(FsError::Interrupted))
    });
    let child = child.map_err(|error| format!("{error}"))?;
    task::sleep_ms(20);
    process::cancel(child).map_err(|error| format!("{error}"))?;
    let end = process::wait(WaitFor::One(child)).map_err(|error| format!("{error:?}"))?;
    expect("who was called out", end, (child, ExitStatus::Cancelled))
}
