//! IDE disks: on every PC of the last century and every virtual one of this.
//!
//! Two channels with two drives each at the addresses that PCs have always had. [`channel`] speaks to the hardware,
//! [`bus_master`] to the part of it that moves data without the processor, [`error`] puts complaints into words; here is
//! a drive as a block device. A channel does one thing at a time, so there is no queue: whoever comes second waits for
//! the channel's lock.
//!
//! Source: ATA/ATAPI-6 (T13/1410D), sections 6 (registers), 8 (commands) and 9 (protocols).

mod bus_master;
mod channel;
mod error;

use alloc::string::String;
use alloc::sync::Arc;

use blockcache::{BlockDevice, DeviceError, SECTOR_SIZE};
use disks::ata::Identity;

use crate::block::{self, Copied, Permanence};
use crate::sync::Mutex;
use channel::{Channel, Direction, Drive, MAX_SECTORS};
use error::AtaError;

/// How often a request is tried before it fails.
const ATTEMPTS: u32 = 2;

/// A disk on a channel that it shares with another.
struct AtaDisk {
    channel: Arc<Mutex<Channel>>,
    drive: Drive,
    identity: Identity,
}

/// Looks for disks on both channels and registers them.
pub fn initialise() {
    for (place, bus_master) in channel::PLACES.iter().zip(bus_master::open()) {
        let mut channel = match Channel::open(place, bus_master) {
            Ok(Some(channel)) => channel,
            Ok(None) => continue,
            Err(error) => {
                log::warn!("{}: {error}", place.name);
                continue;
            }
        };
        let identities = [Drive::Master, Drive::Slave].map(|drive| (drive, channel.identify(drive)));
        channel.enable_interrupts();
        for (drive, _) in identities.iter().filter(|(_, identity)| matches!(identity, Ok(Some(_)))) {
            let mover = if channel.uses_dma(*drive) { "DMA" } else { "the processor" };
            log::info!("{}, {drive:?}: data moved by {mover}", place.name);
        }
        let channel = Arc::new(Mutex::new(channel));
        channel.list(place.name);
        for (drive, identity) in identities {
            match identity {
                Ok(Some(identity)) => {
                    let model = String::from(identity.model());
                    block::register(
                        model,
                        Arc::new(Copied(AtaDisk { channel: channel.clone(), drive, identity })),
                        Permanence::Kept,
                    );
                }
                Ok(None) => {}
                Err(error) => log::warn!("{}, {drive:?}: not used: {error}", place.name),
            }
        }
    }
}

impl AtaDisk {
    /// Checks a request and gives its number of sectors.
    fn check(&self, first_sector: u64, length: usize) -> Result<(), DeviceError> {
        let count = (length / SECTOR_SIZE) as u64;
        match first_sector.checked_add(count) {
            Some(end) if end <= self.identity.sectors && length.is_multiple_of(SECTOR_SIZE) => Ok(()),
            _ => Err(DeviceError::OutOfRange),
        }
    }

    /// Tries a command until it succeeds, has failed often enough, or can't succeed.
    fn retry(
        &self,
        what: &str,
        sector: u64,
        mut command: impl FnMut(&mut Channel) -> Result<(), AtaError>,
    ) -> Result<(), DeviceError> {
        let mut channel = self.channel.lock();
        let mut attempt = 1;
        loop {
            let error = match command(&mut channel) {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            log::warn!("{}: {what} at sector {sector} failed: {error}", self.identity.model());
            // Whatever state the drive is in now, it is not a known one.
            channel.reset();
            if attempt == ATTEMPTS || error.is_final() {
                return Err(error.at(sector));
            }
            attempt += 1;
        }
    }
}

impl AtaDisk {
    fn read_part(&self, sector: u64, buffer: &mut [u8]) -> Result<(), DeviceError> {
        self.retry("reading", sector, |channel| {
            channel.transfer(self.drive, &self.identity, sector, Direction::Read(buffer))
        })
    }

    fn write_part(&self, sector: u64, data: &[u8]) -> Result<(), DeviceError> {
        self.retry("writing", sector, |channel| {
            channel.transfer(self.drive, &self.identity, sector, Direction::Write(data))
        })
    }
}

impl BlockDevice for AtaDisk {
    fn sector_count(&self) -> u64 {
        self.identity.sectors
    }

    fn read(&self, first_sector: u64, buffer: &mut [u8]) -> Result<(), DeviceError> {
        self.check(first_sector, buffer.len())?;
        for (part, sector) in
            buffer.chunks_mut(MAX_SECTORS * SECTOR_SIZE).zip((first_sector..).step_by(MAX_SECTORS))
        {
            let result = self.read_part(sector, part);
            // A sector at a time, so that the error names the one to blame.
            if let Err(DeviceError::AtSector { .. }) = result {
                for (one, sector) in part.chunks_mut(SECTOR_SIZE).zip(sector..) {
                    self.read_part(sector, one)?;
                }
            } else {
                result?;
            }
        }
        Ok(())
    }

    fn write(&self, first_sector: u64, data: &[u8]) -> Result<(), DeviceError> {
        self.check(first_sector, data.len())?;
        for (part, sector) in
            data.chunks(MAX_SECTORS * SECTOR_SIZE).zip((first_sector..).step_by(MAX_SECTORS))
        {
            let result = self.write_part(sector, part);
            if let Err(DeviceError::AtSector { .. }) = result {
                for (one, sector) in part.chunks(SECTOR_SIZE).zip(sector..) {
                    self.write_part(sector, one)?;
                }
            } else {
                result?;
            }
        }
        Ok(())
    }

    fn flush(&self) -> Result<(), DeviceError> {
        self.retry("emptying the write cache", 0, |channel| channel.flush(self.drive, &self.identity))
    }
}
