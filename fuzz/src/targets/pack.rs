//! The file that a kernel and its modules come in: as bytes from a bad disk, and written and read back.

use bootload::pack::{Entry, Pack, PackError, write};

use crate::Target;
use crate::choices::{Choices, patches};

pub const TARGET: Target = Target { name: "pack", run, seeds };

fn run(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    match choices.byte() % 3 {
        0 => drop(read_all(choices.rest())),
        1 => {
            let packed = pack(&mut choices, |bytes, entries| {
                assert_eq!(read_all(bytes).as_deref(), Ok(entries), "what is packed is not unpacked");
            });
            assert!(read_all(&packed[..packed.len() - 1]).is_err(), "a file that is cut off is not noticed");
        }
        _ => {
            let damage = choices.take(12).to_vec();
            let mut packed = pack(&mut choices, |_, _| ());
            let size = packed.len().min(4096);
            for (place, byte) in patches(&damage, size) {
                packed[place] = byte;
            }
            let _ = read_all(&packed);
        }
    }
}

fn read_all(bytes: &[u8]) -> Result<Vec<Entry<'_>>, PackError> {
    let pack = Pack::parse(bytes)?;
    std::iter::once(pack.kernel()).chain(pack.modules()).collect()
}

/// A pack of up to four files with bytes as they come; shown to `look` with its entries.
fn pack(choices: &mut Choices, look: impl FnOnce(&[u8], &[Entry])) -> Vec<u8> {
    let count = 1 + choices.below(4);
    let entries: Vec<Entry> = (0..count)
        .map(|_| {
            let [path, string, bytes] = [40, 20, 600].map(|most| {
                let length = choices.below(most);
                choices.take(length)
            });
            Entry { path, string, bytes }
        })
        .collect();
    let mut packed = Vec::new();
    let result: Result<(), ()> = write(&entries, |piece| {
        packed.extend_from_slice(piece);
        Ok(())
    });
    assert_eq!(result, Ok(()));
    look(&packed, &entries);
    packed
}

fn seeds() -> Vec<Vec<u8>> {
    let made =
        [&[1][..], &[1, 12], b"/boot/kernel", &[5], b"quiet", &[0, 10], b"0123456789", &[2], b"/a"].concat();
    let mut packed = Vec::new();
    let kernel = Entry { path: b"/boot/kernel", string: b"quiet", bytes: b"kernel" };
    let module = Entry { path: b"/boot/m", string: b"", bytes: b"module" };
    let result: Result<(), ()> = write(&[kernel, module], |piece| {
        packed.extend_from_slice(piece);
        Ok(())
    });
    assert_eq!(result, Ok(()));
    // The files stand on pages of their own: the head alone is within what a fuzzer changes.
    let head = [&[0][..], &packed[..packed.len().min(512)]].concat();
    let damaged = [&[2, 8, 0, 9, 40, 0, 0xff, 0, 0, 0, 1, 0, 0], &made[1..]].concat();
    vec![made, head, damaged]
}
