//! A run of memory that responses are written into, one behind the other.
//!
//! The bytes are the loader's view of it; the addresses it gives are the kernel's.

use crate::BootError;

/// Memory for responses.
#[derive(Debug)]
pub struct Arena<'a> {
    bytes: &'a mut [u8],
    address: u64,
    used: usize,
}

impl<'a> Arena<'a> {
    /// An arena over `bytes`, which the kernel sees at `address`, a multiple of 8.
    pub fn new(bytes: &'a mut [u8], address: u64) -> Self {
        Self { bytes, address, used: 0 }
    }

    /// Places `words` and gives the address of the first.
    ///
    /// # Errors
    /// [`BootError::OutOfMemory`] if the arena is full, here as in all functions.
    pub fn words(&mut self, words: &[u64]) -> Result<u64, BootError> {
        self.collect(words.iter().copied())
    }

    /// Places what an iterator gives, as words, and gives the address of the first.
    ///
    /// # Errors
    /// [`BootError::OutOfMemory`].
    pub fn collect(&mut self, words: impl Iterator<Item = u64>) -> Result<u64, BootError> {
        self.used = self.used.next_multiple_of(8);
        let address = self.address + self.used as u64;
        words.into_iter().try_for_each(|word| self.push(&word.to_le_bytes()))?;
        Ok(address)
    }

    /// Places a string, adds its NUL, and gives its address. The string ends at a NUL of its own.
    ///
    /// # Errors
    /// [`BootError::OutOfMemory`].
    pub fn string(&mut self, text: &[u8]) -> Result<u64, BootError> {
        let address = self.address + self.used as u64;
        self.push(crate::bytes::until_nul(text))?;
        self.push(&[0])?;
        Ok(address)
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), BootError> {
        let end = self.used + bytes.len();
        let out_of_memory = BootError::OutOfMemory("responses", end as u64);
        self.bytes.get_mut(self.used..end).ok_or(out_of_memory)?.copy_from_slice(bytes);
        self.used = end;
        Ok(())
    }
}
