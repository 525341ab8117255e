//! What builds that check do with every object: a red zone behind the bytes that were asked for, poison in
//! what is free, and a word at the object's end that says which of the two it is.
//!
//! ```text
//! in use:  | the owner's bytes | red zone, at least 8 bytes | in use ^ address |
//! free:    | link of the list  | poison                     | free   ^ address |
//! ```
//!
//! The address is part of the last word, so that copied bytes don't look like an object.

const RED: u8 = 0xfb;
const POISON: u8 = 0xdd;
const IN_USE: u64 = 0x5175_6963_6b6c_696d;
const FREE: u64 = 0x6d69_6c6b_6369_7551;
const WORD: usize = 8;

/// Bytes that the guard needs beyond those that were asked for.
pub const OVERHEAD: usize = 2 * WORD;

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Corruption {
    /// The object is free already.
    DoubleFree,
    /// Bytes behind the end of what was asked for have changed; or the object is none.
    Overrun,
    /// Bytes have changed since the object was freed.
    WriteAfterFree,
}

impl core::fmt::Display for Corruption {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str(match self {
            Self::DoubleFree => "double free",
            Self::Overrun => "overrun, or free of what was never allocated",
            Self::WriteAfterFree => "write after free",
        })
    }
}

/// Prepares an object at `address` for an owner who asked for `size` bytes.
///
/// # Errors
/// [`Corruption::WriteAfterFree`]. An object that was never in use is not checked.
pub fn arm(object: &mut [u8], address: usize, size: usize) -> Result<(), Corruption> {
    let Some((body, state)) = object.split_last_chunk_mut::<WORD>() else { return Ok(()) };
    let intact = u64::from_le_bytes(*state) != FREE ^ address as u64
        || body.iter().skip(WORD).all(|&byte| byte == POISON);
    body.iter_mut().skip(size).for_each(|byte| *byte = RED);
    *state = (IN_USE ^ address as u64).to_le_bytes();
    if intact { Ok(()) } else { Err(Corruption::WriteAfterFree) }
}

/// Checks an object that its owner gives back, and poisons it.
///
/// # Errors
/// [`Corruption::DoubleFree`] or [`Corruption::Overrun`]; then the object is as it was.
pub fn disarm(object: &mut [u8], address: usize, size: usize) -> Result<(), Corruption> {
    let Some((body, state)) = object.split_last_chunk_mut::<WORD>() else { return Ok(()) };
    let found = u64::from_le_bytes(*state);
    if found == FREE ^ address as u64 {
        return Err(Corruption::DoubleFree);
    }
    if found != IN_USE ^ address as u64 || body.iter().skip(size).any(|&byte| byte != RED) {
        return Err(Corruption::Overrun);
    }
    body.fill(POISON);
    *state = (FREE ^ address as u64).to_le_bytes();
    Ok(())
}
