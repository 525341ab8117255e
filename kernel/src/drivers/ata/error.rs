//! What can go wrong with a drive, in words.

use core::fmt;

use blockcache::DeviceError;

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
    /// Bits of the error register, the telling ones first.
    const REPORTS: [(u8, &'static str); 8] = [
        (1 << 6, "the data can't be read: bad sector"),
        (1 << 7, "the data were disturbed on the cable"),
        (1 << 4, "there is no such sector"),
        (1 << 5, "the medium was changed"),
        (1 << 3, "somebody asks for the medium"),
        (1 << 1, "there is no track 0"),
        (1 << 0, "the sector's mark can't be found"),
        // Nearly always set with one of the others, and then the lesser news.
        (1 << 2, "the drive refuses the command"),
    ];

    fn words(self) -> &'static str {
        match self {
            Self::Ports(_) => "its ports are taken",
            Self::TimedOut => "it does not answer",
            Self::Reported(bits) => Self::REPORTS
                .iter()
                .find(|(bit, _)| bits & bit != 0)
                .map_or("an error without a reason", |(_, w)| w),
            Self::Fault => "a fault of the drive itself",
            Self::Protocol => "it lost step with the data",
            Self::Unsupported(what) => what,
        }
    }

    /// Whether trying again is pointless.
    pub fn is_final(self) -> bool {
        match self {
            Self::Reported(bits) => bits & (1 << 4) != 0,
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

impl From<AtaError> for DeviceError {
    fn from(error: AtaError) -> Self {
        match error {
            AtaError::TimedOut => Self::TimedOut,
            other => Self::Failed(other.words()),
        }
    }
}
