//! Makes ELF files of nothing but program headers and their bytes.

/// A segment: address, size in memory, bytes, and flags (1 execute, 2 write, 4 read).
pub struct Segment<'a>(pub u64, pub u64, pub &'a [u8], pub u32);

pub fn kernel(kind: u16, entry: u64, segments: &[Segment]) -> Vec<u8> {
    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    let mut put = |bytes: &[u8]| file.extend_from_slice(bytes);
    put(&kind.to_le_bytes());
    put(&62u16.to_le_bytes());
    put(&1u32.to_le_bytes());
    for word in [entry, 64, 0] {
        put(&word.to_le_bytes());
    }
    put(&0u32.to_le_bytes());
    for half in [64, 56, segments.len() as u16, 64, 0, 0] {
        put(&half.to_le_bytes());
    }
    let mut offset = 64 + 56 * segments.len() as u64;
    for Segment(address, size, bytes, flags) in segments {
        put(&1u32.to_le_bytes());
        put(&flags.to_le_bytes());
        for word in [offset, *address, 0, bytes.len() as u64, *size, 4096] {
            put(&word.to_le_bytes());
        }
        offset += bytes.len() as u64;
    }
    segments.iter().for_each(|segment| put(segment.2));
    file
}
