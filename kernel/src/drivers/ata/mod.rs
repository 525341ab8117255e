//! IDE disks by programmed I/O: slow, and on every PC of the last century and every virtual one of this.
//!
//! Two channels with two drives each at the addresses that PCs have always had. [`channel`] speaks to the hardware,
//! [`identify`] reads what a drive says of itself, [`error`] puts its complaints into words; here is a drive as a
//! block device.
//!
//! Source: ATA/ATAPI-6 (T13/1410D), sections 6 (registers), 8 (commands) and 9 (protocols).

mod channel;
mod error;
mod identify;

use alloc::string::String;
use alloc::sync::Arc;

use blockcache::{BlockDevice, DeviceError, SECTOR_SIZE};

use crate::block;
use crate::sync::Mutex;
use channel::{Channel, Direction, Drive};
use error::AtaError;
use identify::Identity;

/// How often a request is tried before it fails.
const ATTEMPTS: u32 = 3;
/// The most sectors in one command: what fits the count register of the old commands.
const MAX_SECTORS: usize = 256;

/// A disk on a channel that it shares with another.
struct AtaDisk {
    channel: Arc<Mutex<Channel>>,
    drive: Drive,
    identity: Identity,
}

/// Looks for disks on both channels and registers them.
pub fn initialise() {
    for place in &channel::PLACES {
        let mut channel = match Channel::open(place) {
            Ok(Some(channel)) => channel,
            Ok(None) => continue,
            Err(error) => {
                log::warn!("{}: {error}", place.name);
                continue;
            }
        };
        let identities = [Drive::Master, Drive::Slave].map(|drive| (drive, channel.identify(drive)));
        channel.enable_interrupts();
        let channel = Arc::new(Mutex::new(channel));
        for (drive, identity) in identities {
            match identity {
                Ok(Some(identity)) => {
                    let model = String::from(identity.model());
                    block::register(model, Arc::new(AtaDisk { channel: channel.clone(), drive, identity }));
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
                return Err(error.into());
            }
            attempt += 1;
        }
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
            self.retry("reading", sector, |channel| {
                channel.transfer(self.drive, &self.identity, sector, Direction::Read(part))
            })?;
        }
        Ok(())
    }

    fn write(&self, first_sector: u64, data: &[u8]) -> Result<(), DeviceError> {
        self.check(first_sector, data.len())?;
        for (part, sector) in
            data.chunks(MAX_SECTORS * SECTOR_SIZE).zip((first_sector..).step_by(MAX_SECTORS))
        {
            self.retry("writing", sector, |channel| {
                channel.transfer(self.drive, &self.identity, sector, Direction::Write(part))
            })?;
        }
        Ok(())
    }

    fn flush(&self) -> Result<(), DeviceError> {
        self.retry("emptying the write cache", 0, |channel| channel.flush(self.drive, &self.identity))
    }
}
