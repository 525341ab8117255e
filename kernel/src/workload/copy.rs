//! A file copied and read back, for `make matrix`: `copy=make` copies `/disk/large.bin`, and both that and `copy=look`, at
//! a later boot, print the digest of what the copy reads as. QEMU ends then.

use vfs::{FsError, OpenMode};
use workload::contents::Digest;

use crate::fs;

const ORIGINAL: &str = "/disk/large.bin";
const COPY: &str = "/disk/copy.bin";
/// Bytes in one call.
const PIECE: usize = 64 << 10;

/// Copies if `what` is "make", looks at the copy, and ends QEMU.
pub fn run(what: &str) {
    let copied = if what == "make" { copy() } else { Ok(()) };
    let verdict = copied.and_then(|()| digest());
    match &verdict {
        Ok(digest) => log::info!("the copy is {:016x}", digest.0),
        Err(error) => log::error!("FAILED: {error}"),
    }
    super::end(verdict.is_ok());
}

fn copy() -> Result<(), FsError> {
    let (from, to) = (fs::open(ORIGINAL, OpenMode::Read)?, fs::open(COPY, OpenMode::Replace)?);
    each_piece(&from, |offset, piece| to.write(offset, piece))?;
    to.sync()
}

fn digest() -> Result<Digest, FsError> {
    let mut digest = Digest::default();
    each_piece(&fs::open(COPY, OpenMode::Read)?, |_, piece| {
        digest.add(piece);
        Ok(())
    })?;
    Ok(digest)
}

fn each_piece(
    file: &fs::File,
    mut act: impl FnMut(u64, &[u8]) -> Result<(), FsError>,
) -> Result<(), FsError> {
    let mut piece = alloc::vec::Vec::new();
    piece.try_reserve_exact(PIECE).map_err(|_| FsError::OutOfMemory)?;
    piece.resize(PIECE, 0);
    let mut offset = 0;
    loop {
        let length = file.read(offset, &mut piece)?;
        if length == 0 {
            return Ok(());
        }
        act(offset, &piece[..length])?;
        offset += length as u64;
    }
}
