//! Little-endian reads at offsets that may be anywhere, and slices that may not exist.

/// The `N` bytes at `offset`, if they are there.
fn array<const N: usize>(bytes: &[u8], offset: usize) -> Option<[u8; N]> {
    bytes.get(offset..offset.checked_add(N)?)?.try_into().ok()
}

pub(crate) fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    array(bytes, offset).map(u16::from_le_bytes)
}

pub(crate) fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    array(bytes, offset).map(u32::from_le_bytes)
}

pub(crate) fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    array(bytes, offset).map(u64::from_le_bytes)
}

/// `length` bytes at `offset`, both as a file states them.
pub(crate) fn slice(bytes: &[u8], offset: u64, length: u64) -> Option<&[u8]> {
    let start = usize::try_from(offset).ok()?;
    let end = usize::try_from(offset.checked_add(length)?).ok()?;
    bytes.get(start..end)
}

/// The text that starts at `offset` in a string table, up to its NUL. A string without a NUL, or
/// one that is not UTF-8, is no string.
pub(crate) fn string_at(table: &[u8], offset: u32) -> Option<&str> {
    let tail = table.get(usize::try_from(offset).ok()?..)?;
    let length = tail.iter().position(|byte| *byte == 0)?;
    core::str::from_utf8(&tail[..length]).ok()
}
