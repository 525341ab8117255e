//! The pack: kernel, command line and modules in one file.
//!
//! QEMU hands a PVH kernel one file only (`-initrd`), so everything that a boot needs goes into
//! one. The format is made to be used where it lies: every file in it starts on a page, the loader
//! copies nothing but the kernel's segments.
//!
//! ```text
//! offset  size  field (little-endian)
//!      0     8  "QLPACK1\n"
//!      8     4  number of entries: the kernel, then the modules
//!     12     4  length of the head in bytes: this header, the entries, the strings
//!     16     8  length of the pack
//!     24     8  checksum of the head, with this field as 0
//!     32    48  per entry: offset and length of the file, its checksum (8 bytes each);
//!               offset and length of its path, offset and length of its string (4 bytes each);
//!               8 bytes of 0
//!      …        strings, without terminators
//!      …        the files, each at a multiple of 4096, zeros in between
//! ```
//!
//! An entry's string is the kernel's command line, or the words that go with a module.
//! The checksum finds damage, it does not keep out an attacker.

use core::fmt;

use crate::bytes::{u32_at, u64_at};

const MAGIC: &[u8; 8] = b"QLPACK1\n";
const HEADER_SIZE: usize = 32;
const ENTRY_SIZE: usize = 48;
const CHECKSUM_OFFSET: usize = 24;
/// Files start at multiples of this.
const ALIGNMENT: u64 = 4096;

/// Most modules of a pack.
pub const MAX_MODULES: usize = 64;

/// Why a pack cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackError {
    /// It does not start like a pack.
    NotAPack,
    /// It is shorter than it says it is.
    Truncated,
    /// The head's checksum is wrong.
    DamagedHead,
    /// The checksum of the file with this index is wrong.
    DamagedFile(usize),
    /// An offset, length or count makes no sense.
    BadEntry(usize),
    /// No entries, or more than 1 + [`MAX_MODULES`].
    BadCount(u32),
}

impl fmt::Display for PackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAPack => f.write_str("it does not start like a pack"),
            Self::Truncated => f.write_str("it is cut short"),
            Self::DamagedHead => f.write_str("wrong checksum over its head"),
            Self::DamagedFile(index) => write!(f, "wrong checksum over its file {index}"),
            Self::BadEntry(index) => write!(f, "its entry {index} makes no sense"),
            Self::BadCount(count) => write!(f, "it says it has {count} entries"),
        }
    }
}

impl core::error::Error for PackError {}

/// A file in a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// What the kernel gets to see as its path: starts with a slash by custom.
    pub path: &'a [u8],
    /// The kernel's command line, or the words that go with a module.
    pub string: &'a [u8],
    /// The contents.
    pub bytes: &'a [u8],
}

/// A pack whose head is proven sound.
#[derive(Clone, Copy, Debug)]
pub struct Pack<'a> {
    bytes: &'a [u8],
    count: usize,
}

impl<'a> Pack<'a> {
    /// Whether `bytes` mean to be a pack.
    pub fn is_pack(bytes: &[u8]) -> bool {
        bytes.starts_with(MAGIC)
    }

    /// Checks the head of a pack and where its files lie; their contents are checked when they
    /// are read. Bytes behind the pack are ignored.
    ///
    /// # Errors
    /// See [`PackError`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, PackError> {
        if !Self::is_pack(bytes) {
            return Err(PackError::NotAPack);
        }
        let header = bytes.get(..HEADER_SIZE).ok_or(PackError::Truncated)?;
        let [count, head_length] = [8, 12].map(|offset| u32_at(header, offset).unwrap_or(0));
        let [length, expected] = [16, CHECKSUM_OFFSET].map(|offset| u64_at(header, offset).unwrap_or(0));

        let head = bytes.get(..head_length as usize).ok_or(PackError::Truncated)?;
        if head.len() < HEADER_SIZE || head_checksum(head) != expected {
            return Err(PackError::DamagedHead);
        }
        let whole = usize::try_from(length).ok().and_then(|length| bytes.get(..length));
        let pack = Self { bytes: whole.ok_or(PackError::Truncated)?, count: count as usize };
        if pack.count == 0 || pack.count > 1 + MAX_MODULES {
            return Err(PackError::BadCount(count));
        }
        (0..pack.count).try_for_each(|index| pack.entry(index).map(|_| ()))?;
        Ok(pack)
    }

    /// Number of files: the kernel and the modules.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The kernel and its command line.
    ///
    /// # Errors
    /// [`PackError::DamagedFile`].
    pub fn kernel(&self) -> Result<Entry<'a>, PackError> {
        self.file(0)
    }

    /// The modules, in the order they were packed.
    pub fn modules(&self) -> impl Iterator<Item = Result<Entry<'a>, PackError>> {
        let this = *self;
        (1..self.count).map(move |index| this.file(index))
    }

    /// File `index`, its checksum proven.
    fn file(&self, index: usize) -> Result<Entry<'a>, PackError> {
        let (entry, expected) = self.entry(index)?;
        match checksum(entry.bytes) == expected {
            true => Ok(entry),
            false => Err(PackError::DamagedFile(index)),
        }
    }

    fn entry(&self, index: usize) -> Result<(Entry<'a>, u64), PackError> {
        let read = || {
            let start = HEADER_SIZE + index * ENTRY_SIZE;
            let raw = self.bytes.get(start..start + ENTRY_SIZE)?;
            let slice = |offset: u64, length: u64| {
                let (start, end) =
                    (usize::try_from(offset).ok()?, usize::try_from(offset.checked_add(length)?).ok()?);
                self.bytes.get(start..end)
            };
            let text = |at: usize| slice(u64::from(u32_at(raw, at)?), u64::from(u32_at(raw, at + 4)?));
            let offset = u64_at(raw, 0).filter(|offset| offset.is_multiple_of(ALIGNMENT))?;
            let entry = Entry { path: text(24)?, string: text(32)?, bytes: slice(offset, u64_at(raw, 8)?)? };
            Some((entry, u64_at(raw, 16)?))
        };
        read().ok_or(PackError::BadEntry(index))
    }
}

/// Writes a pack of `entries`, of which the first is the kernel, piece by piece to `out`.
///
/// # Errors
/// Whatever `out` fails with. Counts and lengths that the format cannot hold are not errors here
/// but in the reader: [`PackError::BadCount`].
pub fn write<E>(entries: &[Entry], mut out: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
    let strings_at = HEADER_SIZE + entries.len() * ENTRY_SIZE;
    let strings: usize = entries.iter().map(|entry| entry.path.len() + entry.string.len()).sum();
    let head_length = strings_at + strings;
    let data_at = (head_length as u64).next_multiple_of(ALIGNMENT);
    let padded = |entry: &Entry| (entry.bytes.len() as u64).next_multiple_of(ALIGNMENT);
    // The last file is not padded: the pack ends with it.
    let length = entries.iter().fold((data_at, head_length as u64), |(next, _), entry| {
        (next + padded(entry), next + entry.bytes.len() as u64)
    });

    // Twice over the head: once for its checksum, once to write it.
    let head = |expected: u64, out: &mut dyn FnMut(&[u8]) -> Result<(), E>| {
        out(MAGIC)?;
        out(&(entries.len() as u32).to_le_bytes())?;
        out(&(head_length as u32).to_le_bytes())?;
        out(&length.1.to_le_bytes())?;
        out(&expected.to_le_bytes())?;
        let (mut data, mut string) = (data_at, strings_at as u32);
        for entry in entries {
            let [path_length, string_length] = [entry.path.len() as u32, entry.string.len() as u32];
            for word in [data, entry.bytes.len() as u64, checksum(entry.bytes)] {
                out(&word.to_le_bytes())?;
            }
            for word in [string, path_length, string + path_length, string_length, 0, 0] {
                out(&word.to_le_bytes())?;
            }
            data += padded(entry);
            string += path_length + string_length;
        }
        entries.iter().try_for_each(|entry| out(entry.path).and_then(|()| out(entry.string)))
    };
    let mut hasher = Hasher::new();
    head(0, &mut |piece| {
        hasher.update(piece);
        Ok(())
    })?;
    head(hasher.finish(), &mut out)?;

    let zeros = [0; ALIGNMENT as usize];
    let mut written = head_length as u64;
    for entry in entries {
        out(&zeros[..(written.next_multiple_of(ALIGNMENT) - written) as usize])?;
        out(entry.bytes)?;
        written = written.next_multiple_of(ALIGNMENT) + entry.bytes.len() as u64;
    }
    Ok(())
}

/// The checksum of the head, its own field taken for 0.
fn head_checksum(head: &[u8]) -> u64 {
    let mut hasher = Hasher::new();
    hasher.update(&head[..CHECKSUM_OFFSET]);
    hasher.update(&[0; 8]);
    hasher.update(&head[HEADER_SIZE..]);
    hasher.finish()
}

/// The checksum of a file: that of [`Hasher`] over all its bytes.
fn checksum(bytes: &[u8]) -> u64 {
    let mut hasher = Hasher::new();
    hasher.update(bytes);
    hasher.finish()
}

/// A checksum over 64-bit words, because the loader runs it over everything it is given and a
/// byte-wise one would cost more than the rest of the boot: each word is mixed in by XOR and a
/// multiplication by an odd number, which is invertible, so no change of one word goes unseen.
/// The last word is filled up with zeros; the length is mixed in at the end.
struct Hasher {
    state: u64,
    partial: u64,
    length: u64,
}

impl Hasher {
    fn new() -> Self {
        Self { state: 0x5149_434b_4c49_4d45, partial: 0, length: 0 }
    }

    fn mix(state: u64, word: u64) -> u64 {
        // 2^64 divided by the golden ratio, odd.
        (state ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
    }

    fn update(&mut self, mut bytes: &[u8]) {
        while !self.length.is_multiple_of(8) || bytes.len() < 8 {
            let Some((byte, rest)) = bytes.split_first() else { return };
            self.partial |= u64::from(*byte) << (self.length % 8 * 8);
            self.length += 1;
            bytes = rest;
            if self.length.is_multiple_of(8) {
                self.state = Self::mix(self.state, core::mem::take(&mut self.partial));
            }
        }
        let (words, tail) = bytes.as_chunks::<8>();
        self.state = words.iter().fold(self.state, |state, word| Self::mix(state, u64::from_le_bytes(*word)));
        self.length += words.len() as u64 * 8;
        if !tail.is_empty() {
            self.update(tail);
        }
    }

    fn finish(self) -> u64 {
        Self::mix(Self::mix(self.state, self.partial), self.length)
    }
}
