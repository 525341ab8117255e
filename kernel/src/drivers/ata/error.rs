//! What can go wrong with a drive, in words.

use core::fmt;

use blockcache::DeviceError;
use disks::ata;

use crate::arch::port::ClaimError;

/// Why a command failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtaError {
    /// The channel's ports belong to somebody else.
    Ports(ClaimError),
    /// The drive did not become ready in time.
    TimedOut,
    /// The drive set the error bit; the error register says why.
    Reported(u8),
    /// The drive set the fault bit: it is broken.
    Fault,
    /// The drive did not want, or had no, data when it should have.
    Protocol,
    /// The drive is something that this driver can't use.
    Unsupported(&'static str),
}

impl AtaError {
    fn words(self) -> &'static str {
        match self {
            Self::Ports(_) => "its ports are taken",
            Self::TimedOut => "it does not answer",
            Self::Reported(bits) => ata::describe_error(bits),
            Self::Fault => "a fault of the drive itself",
            Self::Protocol => "it lost step with the data",
            Self::Unsupported(what) => what,
        }
    }

    /// Whether trying again is pointless.
    pub fn is_final(self) -> bool {
        match self {
            Self::Reported(bits) => bits & ata::NO_SUCH_SECTOR != 0,
            Self::Unsupported(_) | Self::Ports(_) => true,
            Self::TimedOut | Self::Fault | Self::Protocol => false,
        }
    }
}

impl fmt::Display for AtaError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ports(error) => write!(out, "{error}"),
            other => out.write_str(other.words()),
        }
    }
}

impl AtaError {
    /// The error of a request that began at `sector`.
    pub fn at(self, sector: u64) -> DeviceError {
        match self {
            Self::TimedOut => DeviceError::TimedOut,
            Self::Reported(_) => DeviceError::AtSector { sector, reason: self.words() },
            other => DeviceError::Failed(other.words()),
        }
    }
}
