//! Page frames that go to the disk and back while the thread goes on. The last sectors of the disk are used, which no
//! file of a fresh disk has.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering};

use blockcache::{DeviceError, SECTOR_SIZE};
use frames::{FRAME_SIZE, Frame};

use super::Outcome;
use crate::block::{self, AsyncDevice, FRAME_SECTORS, Owner, Pending, Transfer};
use crate::memory::heap::fallible;
use crate::memory::{dma, frames as machine};
use crate::sync::WaitQueue;

/// Frames of a transfer: more than a request takes, of any controller.
const COUNT: usize = 300;
/// What belongs to these tests at the end of the disk, in sectors.
const SCRATCH: u64 = 8 * COUNT as u64 + 64;

/// Frames, and what was said of their transfer.
struct Frames {
    list: Vec<Frame>,
    heard: AtomicU32,
    news: WaitQueue,
}

/// How many were given back.
static DROPPED: AtomicU32 = AtomicU32::new(0);

impl Owner for Frames {
    fn finished(&self, result: Result<(), DeviceError>) {
        self.heard.fetch_add(if result.is_ok() { 1 } else { 1_000 }, Ordering::SeqCst);
        self.news.wake_all();
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        self.list.drain(..).for_each(machine::free);
        DROPPED.fetch_add(1, Ordering::SeqCst);
    }
}

/// Frames from all over memory; `None` when memory is out.
fn frames(count: usize) -> Option<Arc<Frames>> {
    let mut owner = Frames { list: Vec::new(), heard: AtomicU32::new(0), news: WaitQueue::new() };
    owner.list.try_reserve_exact(count).ok()?;
    for _ in 0..count {
        owner.list.push(machine::allocate()?);
    }
    fallible::counted(owner).ok()
}

/// The byte of a sector's that everybody would notice if it were another's.
fn pattern(sector: u64, at: usize, round: u8) -> u8 {
    (sector as u8).wrapping_mul(31) ^ (sector >> 8) as u8 ^ at as u8 ^ round
}

/// What sectors from `first` on look like.
fn contents(first: u64, sectors: usize, round: u8) -> impl Iterator<Item = u8> {
    (0..sectors * SECTOR_SIZE)
        .map(move |at| pattern(first + (at / SECTOR_SIZE) as u64, at % SECTOR_SIZE, round))
}

fn fill(frames: &Frames, first: u64, round: u8) {
    for (frame, sector) in frames.list.iter().zip((first..).step_by(FRAME_SECTORS as usize)) {
        let page: Vec<u8> = contents(sector, FRAME_SECTORS as usize, round).collect();
        dma::write_frame(*frame, 0, &page);
    }
}

fn holds(frames: &Frames, first: u64, round: u8) -> bool {
    let mut page = [0; FRAME_SIZE as usize];
    frames.list.iter().zip((first..).step_by(FRAME_SECTORS as usize)).all(|(frame, sector)| {
        dma::read_frame(*frame, 0, &mut page);
        page.iter().copied().eq(contents(sector, FRAME_SECTORS as usize, round))
    })
}

fn words(error: DeviceError) -> alloc::string::String {
    format!("{error}")
}

/// Several transfers at once, in no order and of more frames than a request takes, are where they belong, by frames and by
/// slices; also at sectors that no page begins with.
pub fn frames_go_to_the_disk_and_back() -> Outcome {
    let device = block::disk(0).ok_or("there is no disk")?;
    let start = device.sector_count() - SCRATCH;
    for (round, first) in [(1, start), (2, start + 3), (3, start + 8)] {
        let parts = [40, 1, 200, 59];
        let mut begun: Vec<(u64, usize, Arc<Frames>, Pending)> = Vec::new();
        let mut at = first;
        for count in parts {
            let owner = frames(count).ok_or("no frames")?;
            fill(&owner, at, round);
            let pending = device.submit(Transfer::Write, at, &owner.list, owner.clone()).map_err(words)?;
            begun.push((at, count, owner, pending));
            at += count as u64 * FRAME_SECTORS;
        }
        for (_, _, owner, pending) in begun.drain(..).rev() {
            pending.wait().map_err(words)?;
            if owner.heard.load(Ordering::SeqCst) != 1 {
                return Err("an owner was not told once".into());
            }
        }
        device.flush().map_err(words)?;
        let mut slice = alloc::vec![0; COUNT * FRAME_SIZE as usize];
        device.read(first, &mut slice).map_err(words)?;
        if !slice.iter().copied().eq(contents(first, slice.len() / SECTOR_SIZE, round)) {
            return Err(format!("round {round}: what frames wrote is not what a slice reads"));
        }
        // And the other way.
        let fresh: Vec<u8> = contents(first, slice.len() / SECTOR_SIZE, round + 10).collect();
        device.write(first, &fresh).map_err(words)?;
        let owner = frames(COUNT).ok_or("no frames")?;
        device
            .submit(Transfer::Read, first, &owner.list, owner.clone())
            .map_err(words)?
            .wait()
            .map_err(words)?;
        if !holds(&owner, first, round + 10) {
            return Err(format!("round {round}: what a slice wrote is not what frames read"));
        }
    }
    beyond_the_end(&*device)
}

/// What of the last frame lies behind the disk's end is left alone; more is refused.
fn beyond_the_end(device: &dyn AsyncDevice) -> Outcome {
    let end = device.sector_count();
    let owner = frames(2).ok_or("no frames")?;
    owner.list.iter().for_each(|frame| dma::write_frame(*frame, 0, &[0xee; FRAME_SIZE as usize]));
    let fill: Vec<u8> = contents(end - 11, 11, 9).collect();
    device.write(end - 11, &fill).map_err(words)?;
    let pending = device.submit(Transfer::Read, end - 11, &owner.list, owner.clone()).map_err(words)?;
    pending.wait().map_err(words)?;
    let mut page = [0; FRAME_SIZE as usize];
    dma::read_frame(owner.list[1], 0, &mut page);
    let expected: Vec<u8> = contents(end - 3, 3, 9).chain([0xee; 5 * SECTOR_SIZE]).collect();
    if page[..] != expected[..] {
        return Err("the last frame does not end with the disk".into());
    }
    match device.submit(Transfer::Read, end - 8, &owner.list, owner.clone()) {
        Err(DeviceError::OutOfRange) => Ok(()),
        _ => Err("a transfer beyond the end of the disk was begun".into()),
    }
}

/// A transfer that nobody waits for ends too: its owner hears of it, and its memory comes back.
pub fn nobody_has_to_wait_for_a_transfer() -> Outcome {
    const TRANSFERS: u32 = 50;
    let device = block::disk(0).ok_or("there is no disk")?;
    let first = device.sector_count() - SCRATCH;
    let before = DROPPED.load(Ordering::SeqCst);
    let mut owners = Vec::new();
    for round in 0..TRANSFERS {
        let owner = frames(3).ok_or("no frames")?;
        let sector = first + u64::from(round) * 3 * FRAME_SECTORS;
        drop(device.submit(Transfer::Read, sector, &owner.list, owner.clone()).map_err(words)?);
        owners.push(owner);
    }
    for owner in &owners {
        let heard = || owner.heard.load(Ordering::SeqCst) == 1;
        if !owner.news.wait_until_timeout(10_000, heard) {
            return Err("an owner did not hear of the end".into());
        }
    }
    drop(owners);
    for _ in 0..1_000 {
        if DROPPED.load(Ordering::SeqCst) == before + TRANSFERS {
            return Ok(());
        }
        crate::task::sleep_ms(1);
    }
    Err("frames were not given back".into())
}

/// Each way of asking a disk, for the test of memory that runs out: `Err` when anything can't be done.
pub(super) fn requests() -> Result<(), ()> {
    static DATA: [u8; 3 * SECTOR_SIZE] = [0x55; 3 * SECTOR_SIZE];
    let device = block::disk(0).ok_or(())?;
    let first = device.sector_count() - SCRATCH;
    let owner = frames(5).ok_or(())?;
    let read = device.submit(Transfer::Read, first, &owner.list, owner.clone()).map_err(drop)?;
    let write = device.submit(Transfer::Write, first + 1_000, &owner.list, owner.clone());
    // Both end, whatever becomes of the other.
    let read = read.wait();
    write.and_then(Pending::wait).map_err(drop)?;
    read.map_err(drop)?;
    device.write(first + 5, &DATA).map_err(drop)?;
    let mut back = [0; DATA.len()];
    device.read(first + 5, &mut back).map_err(drop)?;
    device.flush().map_err(drop)?;
    if back == DATA { Ok(()) } else { Err(()) }
}
