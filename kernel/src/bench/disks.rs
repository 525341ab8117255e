//! How fast disks are, without a file system: page frames by the asynchronous way, several requests under way, one after
//! the other over the disk. Only a disk that says of itself that nobody's data are on it is used.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;

use blockcache::DeviceError;
use frames::Frame;

use super::print;
use crate::arch::time;
use crate::block::{self, AsyncDevice, FRAME_SECTORS, Owner, Pending, Transfer};
use crate::memory::frames as machine;

/// What the first sector of such a disk begins with (`xtask/src/tasks/bench.rs` writes it).
const MARK: &[u8] = b"Quicklime scratch disk";
/// What is moved: 32 MiB, from the second mebibyte on.
const BYTES: u64 = 32 << 20;
const FIRST_SECTOR: u64 = 2048;
const UNDER_WAY: usize = 8;
/// The fastest of so many counts: the host's other work is no part of it.
const RUNS: usize = 5;

/// Frames that are used again and again: what is in them does not matter.
struct Frames(Vec<Frame>);

impl Owner for Frames {
    fn finished(&self, _: Result<(), DeviceError>) {}
}

impl Drop for Frames {
    fn drop(&mut self) {
        self.0.drain(..).for_each(machine::free);
    }
}

/// Measures every scratch disk.
pub(super) fn run() {
    for disk in block::disks() {
        let mut sector = [0; 4096];
        if disk.device.read(0, &mut sector).is_err() || !sector.starts_with(MARK) {
            continue;
        }
        for (size, name) in [(64 << 10, "64k"), (1 << 20, "1m")] {
            for (transfer, way) in [(Transfer::Write, "write"), (Transfer::Read, "read")] {
                let runs: Result<Vec<u64>, DeviceError> =
                    (0..RUNS).map(|_| measure(&*disk.device, transfer, size)).collect();
                match runs.map(|speeds| speeds.into_iter().max().unwrap_or(0)) {
                    Ok(speed) => print(&format!("disk_raw_{way}_{name}_MBps"), speed, "MB/s"),
                    Err(error) => log::error!("{}: {error}", disk.name),
                }
            }
        }
    }
}

/// Millions of bytes in a second.
fn measure(device: &dyn AsyncDevice, transfer: Transfer, size: u64) -> Result<u64, DeviceError> {
    let count = (size / FRAME_SECTORS / 512) as usize;
    let owners: Vec<Arc<Frames>> = (0..UNDER_WAY)
        .map(|_| Arc::new(Frames(core::iter::from_fn(machine::allocate).take(count).collect())))
        .collect();
    let mut under_way: [Option<Pending>; UNDER_WAY] = Default::default();
    let start = time::uptime_ns();
    for (request, at) in (0..BYTES).step_by(size as usize).enumerate() {
        let place = request % UNDER_WAY;
        if let Some(earlier) = under_way[place].take() {
            earlier.wait()?;
        }
        let owner = &owners[place];
        under_way[place] = Some(device.submit(transfer, FIRST_SECTOR + at / 512, &owner.0, owner.clone())?);
    }
    under_way.into_iter().flatten().try_for_each(Pending::wait)?;
    let elapsed_ns = time::uptime_ns() - start;
    device.flush()?;
    Ok(BYTES * 1_000 / elapsed_ns.max(1))
}
