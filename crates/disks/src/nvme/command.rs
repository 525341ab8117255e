//! Commands and answers as the words that lie in the rings (NVMe, section 4.2 and 4.6).

use crate::hardware::Memory;
use crate::{Fault, Segment};

/// Bytes of a command.
pub const COMMAND_BYTES: usize = 64;
/// Bytes of an answer.
pub const ANSWER_BYTES: usize = 16;
/// Bytes of a page, the unit in which memory is named.
pub const PAGE: u64 = 4096;

/// What is asked of the administration ring (NVMe, section 5).
pub mod admin {
    /// Makes a ring of commands.
    pub const CREATE_COMMANDS: u32 = 0x01;
    /// Makes a ring of answers.
    pub const CREATE_ANSWERS: u32 = 0x05;
    /// Describes the controller or a namespace.
    pub const IDENTIFY: u32 = 0x06;
    /// Changes a setting.
    pub const SET_FEATURES: u32 = 0x09;
    /// The setting "number of queues".
    pub const NUMBER_OF_QUEUES: u32 = 0x07;
}

/// What is asked of the other ring (NVMe, section 6).
pub mod io {
    /// Puts what was written onto the medium.
    pub const FLUSH: u32 = 0x00;
    /// Sectors from memory.
    pub const WRITE: u32 = 0x01;
    /// Sectors to memory.
    pub const READ: u32 = 0x02;
}

/// A command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Words(pub [u32; 16]);

impl Words {
    /// A command of this kind to a namespace (0: none), to be answered under this number.
    #[must_use]
    pub fn new(kind: u32, number: u16, namespace: u32) -> Self {
        let mut words = [0; 16];
        words[0] = kind | u32::from(number) << 16;
        words[1] = namespace;
        Self(words)
    }

    /// With its memory: two physical addresses, whose meaning [`page_list`] explains.
    #[must_use]
    pub fn memory(mut self, first: u64, second: u64) -> Self {
        for (at, address) in [(6, first), (8, second)] {
            self.0[at] = address as u32;
            self.0[at + 1] = (address >> 32) as u32;
        }
        self
    }

    /// With its own words from word 10 on.
    #[must_use]
    pub fn arguments(mut self, arguments: &[u32]) -> Self {
        for (word, argument) in self.0[10..].iter_mut().zip(arguments) {
            *word = *argument;
        }
        self
    }
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What the command gives, where it gives something.
    pub value: u32,
    /// The number of the command.
    pub number: u16,
    /// The status field without the phase bit; 0 is success.
    pub status: u16,
}

impl Answer {
    /// The answer in these words.
    #[must_use]
    pub const fn new(words: [u32; 4]) -> Self {
        Self { value: words[0], number: words[3] as u16, status: (words[3] >> 17) as u16 }
    }

    /// The command's result.
    ///
    /// # Errors
    /// [`Fault::Refused`] when the device says that the same command can't succeed, else [`Fault::Reported`].
    pub const fn result(self) -> Result<(), Fault> {
        const DO_NOT_RETRY: u16 = 1 << 14;
        let words = match (self.status >> 8 & 0b111, self.status & 0xff) {
            (0, 0x00) => return Ok(()),
            (0, 0x01) => "it does not know the command",
            (0, 0x02) => "it refuses the command",
            (0, 0x04) => "the data got lost on the way",
            (0, 0x05) => "it lost its power",
            (0, 0x06) => "a fault of the disk itself",
            (0, 0x07 | 0x08) => "it gave the command up",
            (0, 0x0b) => "there is no such disk",
            (0, 0x20) => "it is write-protected",
            (0, 0x80) => "there is no such sector",
            (0, 0x81) => "the disk is full",
            (0, 0x82) => "it is not ready",
            (2, 0x80) => "the data can't be written: bad sector",
            (2, 0x81) => "the data can't be read: bad sector",
            (2, 0x82..=0x84) => "the data do not match their checksum",
            (2, 0x86) => "access is denied",
            (2, _) => "a fault of the medium",
            (1, _) => "it refuses what the command says",
            _ => "an error without a reason",
        };
        Err(if self.status & DO_NOT_RETRY != 0 { Fault::Refused(words) } else { Fault::Reported(words) })
    }
}

/// Names the memory of `segments` (NVMe, section 4.3): the first page, and the second page or, if there are more, the
/// list of the pages from the second on, which is put into `list`, one page long.
///
/// # Errors
/// [`Fault::Refused`] when the segments can't be named: one in the middle does not fill its pages, or there are more
/// pages than the list holds.
pub fn page_list(segments: &[Segment], list: &impl Memory) -> Result<(u64, u64), Fault> {
    let odd = Fault::Refused("its memory is not made of whole pages");
    let (mut first, mut second, mut count) = (0, 0, 0);
    // Whether the memory so far ends at a page's end: only then can it go on.
    let mut whole = true;
    for segment in segments {
        let end = segment.address.checked_add(u64::from(segment.length)).ok_or(odd)?;
        if !whole
            || (count > 0 && !segment.address.is_multiple_of(PAGE))
            || !segment.address.is_multiple_of(4)
        {
            return Err(odd);
        }
        let mut page = segment.address;
        while page < end {
            match count {
                0 => first = page,
                1 => second = page,
                _ => {
                    if (count * 8) as u64 > PAGE {
                        return Err(Fault::Refused("it has more pages than a command can name"));
                    }
                    // The list begins with the second page, once it is known that there is a third.
                    if count == 2 {
                        list.write(0, &second.to_le_bytes());
                    }
                    list.write((count - 1) * 8, &page.to_le_bytes());
                }
            }
            count += 1;
            page = (page / PAGE + 1) * PAGE;
        }
        whole = end.is_multiple_of(PAGE);
    }
    Ok((first, if count > 2 { list.address() } else { second }))
}
