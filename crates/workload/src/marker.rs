//! The sector that tells how many promises were given. It is the last one of a disk whose volume ends before it, so
//! that no file system knows of it; and because it is written through the same disk, a log of the disk's writes says
//! which of them came before the promise.

/// Bytes in it.
pub const SIZE: usize = 512;

/// A disk whose last sector begins so has given that sector away for this.
const MAGIC: &[u8; 16] = b"Quicklime marker";

/// A sector that says that `promises` have been given.
#[must_use]
pub fn sector(promises: u32) -> [u8; SIZE] {
    let mut bytes = [0; SIZE];
    bytes[..16].copy_from_slice(MAGIC);
    bytes[16..20].copy_from_slice(&promises.to_le_bytes());
    bytes
}

/// How many promises the sector says; None if it is another's.
#[must_use]
pub fn promises(sector: &[u8]) -> Option<u32> {
    let number = sector.strip_prefix(MAGIC)?.first_chunk()?;
    Some(u32::from_le_bytes(*number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_marker_is_read_as_one() {
        assert_eq!(promises(&sector(77)), Some(77));
        assert_eq!(promises(&[0; SIZE]), None);
        assert_eq!(promises(b"short"), None);
    }
}
