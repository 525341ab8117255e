//! Who is on a channel: resets it and asks both drives (ATA, sections 8.15 and 9.2). All of this waits, for a bounded time.

use super::bus_master::BusMaster;
use super::channel::{Channel, Drive};
use super::task_file::{Burst, TaskFile, status};
use super::{Found, NoMemory, Windows};
use crate::Fault;
use crate::ata::{Identity, command};
use crate::hardware::{Machine, PhysicalMemory, Ports};
use blockcache::SECTOR_SIZE;

/// The most sectors that the processor moves at an interrupt: 8 KiB.
const MOST_MULTIPLE: u16 = 16;
/// A drive answers IDENTIFY, and comes out of a reset, sooner; longer waits only delay machines with nothing there.
const PROBE_MS: u64 = 1_000;
/// One that worked before may have to start its motor.
const READY_MS: u64 = 10_000;
/// How long the reset bit is set, at least 5 µs, and when the drives can be asked how they are, at least 2 ms later.
const RESET_MS: u64 = 1;
const RESET_OVER_MS: u64 = 3;

impl<P: Ports, M: Machine + PhysicalMemory> Channel<P, M> {
    /// Resets a channel and finds its drives; `None` when nothing is connected. `tell` hears of a drive whose data the
    /// processor moves from now on, because DMA failed.
    ///
    /// # Errors
    /// [`NoMemory`].
    pub fn open(windows: Windows<P>, machine: M, tell: fn(usize)) -> Result<Option<Self>, NoMemory> {
        let file = TaskFile::new(windows.command, windows.control);
        if file.glance() == status::FLOATING {
            return Ok(None);
        }
        let bus_master = windows.bus_master.and_then(|(ports, base)| BusMaster::new(ports, base, &machine));
        let burst = Burst::new(usize::from(MOST_MULTIPLE) * SECTOR_SIZE).ok_or(NoMemory)?;
        let mut channel = Self::new(file, bus_master, burst, machine, tell).ok_or(NoMemory)?;
        // A drive that stays busy shows in the next command.
        channel.reset_drives(PROBE_MS);
        for unit in 0..2 {
            let found = channel.identify(unit);
            let multiple = match &found {
                Found::Disk(drive) => drive.identity.max_multiple.min(MOST_MULTIPLE),
                _ => 0,
            };
            channel.drives[unit] = found;
            if multiple.is_power_of_two() {
                channel.set_multiple(unit, multiple);
            }
        }
        Ok(Some(channel))
    }

    /// Puts both drives into their first state, which they were not in any more.
    pub(super) fn begin_anew(&mut self) -> Result<(), Fault> {
        if !self.reset_drives(READY_MS) {
            return Err(Fault::GivenUp);
        }
        // Drives forget SET MULTIPLE in a reset.
        for unit in 0..2 {
            let multiple = self.drive(unit).map_or(1, |drive| core::mem::replace(&mut drive.multiple, 1));
            self.set_multiple(unit, multiple);
        }
        Ok(())
    }

    /// Whether they come back.
    fn reset_drives(&mut self, limit_ms: u64) -> bool {
        self.file.begin_reset();
        self.machine.wait(RESET_MS, || false);
        self.file.end_reset();
        self.machine.wait(RESET_OVER_MS, || false);
        self.wait_idle(limit_ms).is_some()
    }

    /// Asks a drive what it is.
    fn identify(&mut self, unit: usize) -> Found {
        self.file.choose(unit);
        // Nothing is connected, or what is there does not come out of the reset.
        if !self.file.is_idle() {
            return Found::Nothing;
        }
        self.file.set_count(0);
        self.file.command(command::IDENTIFY);
        if matches!(self.file.glance(), 0 | status::FLOATING) {
            return Found::Nothing;
        }
        // A missing slave whose master answers for it badly stays busy. A CD drive, and anything else that is no ATA disk,
        // leaves its signature.
        let Some(status) = self.wait_idle(PROBE_MS) else { return Found::Nothing };
        let has_failed = status & (status::ERROR | status::FAULT) != 0;
        if has_failed || status & status::DATA_REQUEST == 0 || self.file.signature() != (0, 0) {
            return Found::Nothing;
        }
        let mut words = [0; 256];
        self.file.read_data(&mut words);
        match Identity::parse(&words) {
            Ok(identity) => {
                let dma = identity.dma_mode_is_set && self.bus_master.is_some();
                Found::Disk(Drive { identity, dma, multiple: 1 })
            }
            Err(why) => Found::Unusable(why),
        }
    }

    /// Has several sectors move at each interrupt, if the drive agrees.
    fn set_multiple(&mut self, unit: usize, multiple: u16) {
        if multiple <= 1 || self.drive(unit).is_none() {
            return;
        }
        self.file.choose(unit);
        self.file.set_count(multiple as u8);
        self.file.command(command::SET_MULTIPLE);
        let accepted =
            self.wait_idle(PROBE_MS).is_some_and(|status| status & (status::ERROR | status::FAULT) == 0);
        if accepted && let Some(drive) = self.drive(unit) {
            drive.multiple = multiple;
        }
    }

    /// Waits until the drive is not busy. Gives its status and acknowledges its interrupt.
    fn wait_idle(&self, limit_ms: u64) -> Option<u8> {
        let is_idle = || self.file.glance() & status::BUSY == 0;
        self.machine.wait(limit_ms, is_idle).then(|| self.file.status())
    }
}
