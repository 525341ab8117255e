//! Packs as written, and packs as a bad disk gives them back.

use bootload::pack::{Entry, MAX_MODULES, Pack, PackError, write};
use fastrand::Rng;

fn packed(entries: &[Entry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let result: Result<(), ()> = write(entries, |piece| {
        bytes.extend_from_slice(piece);
        Ok(())
    });
    result.unwrap();
    bytes
}

fn sample() -> Vec<u8> {
    let kernel: Vec<u8> = (0..5_000u32).map(|n| n as u8).collect();
    packed(&[
        Entry { path: b"/boot/kernel", string: b"log=debug quiet", bytes: &kernel },
        Entry { path: b"/boot/a", string: b"", bytes: b"abc" },
        Entry { path: b"", string: b"words", bytes: b"" },
        Entry { path: b"/boot/b", string: b"b", bytes: &[7; 4096] },
    ])
}

/// Reads everything there is to read.
fn read_all(bytes: &[u8]) -> Result<Vec<Entry<'_>>, PackError> {
    let pack = Pack::parse(bytes)?;
    core::iter::once(pack.kernel()).chain(pack.modules()).collect()
}

#[test]
fn what_is_packed_is_unpacked() {
    let bytes = sample();
    let entries = read_all(&bytes).unwrap();
    assert_eq!(entries.len(), 4);
    assert_eq!(entries[0].path, b"/boot/kernel");
    assert_eq!(entries[0].string, b"log=debug quiet");
    assert!(entries[0].bytes.iter().zip(0u32..).all(|(byte, n)| *byte == n as u8));
    assert_eq!((entries[1].bytes, entries[1].string), (&b"abc"[..], &b""[..]));
    assert_eq!((entries[2].bytes, entries[2].path, entries[2].string), (&b""[..], &b""[..], &b"words"[..]));
    assert_eq!(entries[3].bytes, [7; 4096]);
}

#[test]
fn files_start_on_pages() {
    let bytes = sample();
    for entry in read_all(&bytes).unwrap() {
        assert_eq!((entry.bytes.as_ptr().addr() - bytes.as_ptr().addr()) % 4096, 0);
    }
}

#[test]
fn bytes_behind_a_pack_are_ignored() {
    let mut bytes = sample();
    let length = bytes.len();
    bytes.extend([0xee; 10_000]);
    assert_eq!(read_all(&bytes).unwrap(), read_all(&bytes[..length]).unwrap());
}

#[test]
fn every_truncation_is_noticed() {
    let bytes = sample();
    for length in 0..bytes.len() {
        assert!(read_all(&bytes[..length]).is_err(), "length {length}");
    }
}

#[test]
fn every_changed_bit_that_matters_is_noticed() {
    let bytes = sample();
    let whole = read_all(&bytes).unwrap();
    for offset in 0..bytes.len() {
        let mut copy = bytes.clone();
        copy[offset] ^= 1 << (offset % 8);
        // What a change in the zeros between files does is nothing.
        match read_all(&copy) {
            Ok(entries) => assert_eq!(entries, whole, "offset {offset}"),
            Err(PackError::DamagedFile(_)) => assert!(offset >= 4096),
            Err(_) => assert!(offset < 4096),
        }
    }
}

#[test]
fn random_damage_is_survived() {
    let bytes = sample();
    let mut random = Rng::with_seed(3);
    for _ in 0..2_000 {
        let mut copy = bytes[..1 + random.usize(..bytes.len())].to_vec();
        for _ in 0..random.usize(..4) {
            let offset = random.usize(..copy.len().min(400));
            copy[offset] = random.u8(..);
        }
        let _ = read_all(&copy);
    }
}

#[test]
fn counts_have_a_limit() {
    let entry = Entry { path: b"/m", string: b"", bytes: b"x" };
    assert_eq!(read_all(&packed(&vec![entry; 1 + MAX_MODULES])).unwrap().len(), 1 + MAX_MODULES);
    assert_eq!(
        read_all(&packed(&vec![entry; 2 + MAX_MODULES])),
        Err(PackError::BadCount(2 + MAX_MODULES as u32))
    );
    assert_eq!(read_all(&packed(&[])), Err(PackError::BadCount(0)));
    assert_eq!(read_all(b"\x7fELF"), Err(PackError::NotAPack));
}
