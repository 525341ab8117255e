//! Pipes between threads and between processes, with names and without.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};

use super::Outcome;
use crate::fs::{self, FsError, OpenFile, OpenOptions, pipe};
use crate::process::{self, ExitStatus, WaitFor};
use crate::task;

/// Several times what a pipe holds, and no multiple of anything.
const LENGTH: usize = 300_007;
const NAME: &str = "/tmp/selftest.pipe";

fn expect<T: PartialEq + core::fmt::Debug>(what: &str, found: T, expected: T) -> Outcome {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found:?} instead of {expected:?}")) }
}

fn bytes() -> Vec<u8> {
    (0..LENGTH).map(|index| (index >> 7) as u8 ^ index as u8).collect()
}

/// Reads to the end.
fn drain(mut read: impl FnMut(&mut [u8]) -> Result<usize, FsError>) -> Result<Vec<u8>, String> {
    let (mut all, mut buffer) = (Vec::new(), vec![0; 10_000]);
    loop {
        match read(&mut buffer).map_err(|error| format!("{error}"))? {
            0 => return Ok(all),
            count => all.extend_from_slice(&buffer[..count]),
        }
    }
}

/// All that is written comes out, then the end; without a reader writing fails, and who waits can be called out.
pub fn pipes_carry_bytes() -> Outcome {
    let (reader, writer) = pipe::pipe().map_err(|error| format!("{error}"))?;
    let thread = task::spawn("writer", move || {
        // That it failed shows at the other end.
        let _ = writer.write(&bytes());
    });
    let came = drain(|buffer| reader.read(buffer))?;
    thread.map_err(|error| format!("{error}"))?.join();
    if came != bytes() {
        return Err(format!("{} bytes came, not those that were written", came.len()));
    }
    let (reader, writer) = pipe::pipe().map_err(|error| format!("{error}"))?;
    expect("the other end's work", reader.write(b"x"), Err(FsError::NotPermitted))?;
    writer.write(b"left").map_err(|error| format!("{error}"))?;
    drop(reader);
    expect("written to nobody", writer.write(b"x"), Err(FsError::BrokenPipe))?;
    // One waits for bytes, one for room; both are called out.
    for name in ["for bytes", "for room"] {
        let (reader, writer) = pipe::pipe().map_err(|error| format!("{error}"))?;
        let child = process::spawn(name, move || {
            let waited = match name {
                "for bytes" => reader.read(&mut [0; 1]).map(drop),
                _ => writer.write(&bytes()),
            };
            u8::from(waited != Err(FsError::Interrupted))
        });
        end_of_waiting(child)?;
    }
    Ok(())
}

/// Cancels a child that waits, and looks whether that ended it.
fn end_of_waiting(child: Result<process::ProcessId, task::SpawnError>) -> Outcome {
    let child = child.map_err(|error| format!("{error}"))?;
    task::sleep_ms(20);
    process::cancel(child).map_err(|error| format!("{error}"))?;
    let end = process::wait(WaitFor::One(child)).map_err(|error| format!("{error:?}"))?;
    expect("who waited and was called out", end, (child, ExitStatus::Cancelled))
}

fn open(read: bool) -> Result<OpenFile, FsError> {
    fs::open_with(NAME, &OpenOptions { read, write: !read, ..OpenOptions::default() }, 0)
}

/// A name joins two who know nothing of each other: each waits in opening for the other. When all have gone the next two
/// begin with an empty pipe.
pub fn named_pipes_meet() -> Outcome {
    fs::create_pipe(NAME).map_err(|error| format!("{error}"))?;
    let outcome = meet();
    fs::remove(NAME).map_err(|error| format!("{error}"))?;
    outcome
}

fn meet() -> Outcome {
    for round in 0..3_u8 {
        let met = Arc::new(AtomicBool::new(false));
        let there = met.clone();
        let child = process::spawn("writer", move || {
            let Ok(file) = open(false) else { return 1 };
            there.store(true, Ordering::Release);
            // As a program writes: on and on, until all is written.
            let mut rest = &bytes()[..];
            while !rest.is_empty() {
                let Ok(count) = file.write(rest) else { return 2 };
                rest = &rest[count..];
            }
            u8::from(file.write(&[round]).is_err())
        });
        let child = child.map_err(|error| format!("{error}"))?;
        task::sleep_ms(20);
        expect("a writer went on before there was a reader", met.load(Ordering::Acquire), false)?;
        let reader = open(true).map_err(|error| format!("{error}"))?;
        expect("a position", reader.seek(fs::Whence::Current, 0), Err(FsError::NotSeekable))?;
        let came = drain(|buffer| reader.read(buffer))?;
        let mut expected = bytes();
        expected.push(round);
        if came != expected {
            return Err(format!("round {round}: {} bytes came, not those that were written", came.len()));
        }
        let end = process::wait(WaitFor::One(child)).map_err(|error| format!("{error:?}"))?;
        expect("the writer's end", end, (child, ExitStatus::Exited(0)))?;
    }
    let alone = || u8::from(open(true).map(drop) != Err(FsError::Interrupted));
    end_of_waiting(process::spawn("alone", alone))?;
    let both = OpenOptions { read: true, write: true, ..OpenOptions::default() };
    let both = fs::open_with(NAME, &both, 0).map_err(|error| format!("{error}"))?;
    expect("both ends in one", both.write(b"ab").and_then(|_| both.read(&mut [0; 5])), Ok(2))
}
