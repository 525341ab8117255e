//! Fills a fresh FAT32 volume with thousands of files at once, which mtools would take an hour for: one cluster after the
//! other, written as the specification says it. What it makes is for measuring; fsck.fat looks it over.

use std::fs::File;
use std::os::unix::fs::FileExt;

use crate::error::{Context, Result, fail};

/// What is put into the volume's root.
pub enum Node {
    /// A file of so many bytes, which [`byte`] gives.
    File(u32),
    /// A directory of these, by name. Names have up to 26 characters of ASCII, and a short form of their own.
    Directory(Vec<(String, [u8; 11], Node)>),
}

/// The byte of a file at a place: no two pages alike.
pub fn byte(at: u32) -> u8 {
    (at ^ at >> 8 ^ at >> 12) as u8
}

struct Writer<'a> {
    file: &'a File,
    cluster_size: usize,
    data: u64,
    /// The table, entry by entry; its length is where the next free cluster is.
    table: Vec<u32>,
}

/// Fills the empty volume at the start of `file`, as mkfs.fat made it, with what is in `root`.
pub fn fill(file: &File, root: &Node) -> Result {
    let mut boot = [0; 512];
    file.read_exact_at(&mut boot, 0).context("read the boot sector")?;
    let half = |at: usize| u64::from(u16::from_le_bytes([boot[at], boot[at + 1]]));
    let word =
        |at: usize| u64::from(u32::from_le_bytes([boot[at], boot[at + 1], boot[at + 2], boot[at + 3]]));
    let (reserved, length) = (half(14) * 512, word(36) * 512);
    let data = reserved + u64::from(boot[16]) * length;
    let cluster_size = usize::from(boot[13]) * 512;
    let mut writer = Writer { file, cluster_size, data, table: vec![0x0fff_fff8, 0x0fff_ffff] };
    let Node::Directory(entries) = root else { fail!("a volume's root is a directory") };
    if word(44) != 2 {
        fail!("the root is not where mkfs.fat puts it");
    }
    writer.directory(entries, None)?;
    let bytes: Vec<u8> = writer.table.iter().flat_map(|entry| entry.to_le_bytes()).collect();
    if bytes.len() as u64 > length {
        fail!("the volume is too small");
    }
    for copy in 0..u64::from(boot[16]) {
        file.write_all_at(&bytes, reserved + copy * length).context("write the table")?;
    }
    // How many clusters are free and where the next one is: not known (section "FSInfo Sector Structure").
    file.write_all_at(&[0xff; 8], half(48) * 512 + 488).context("write the sector of hints")
}

impl Writer<'_> {
    /// Takes clusters in a row for so many bytes, and returns the first; 0 for none.
    fn allocate(&mut self, bytes: usize) -> u32 {
        let (first, count) = (self.table.len() as u32, bytes.div_ceil(self.cluster_size) as u32);
        for number in 1..=count {
            self.table.push(if number == count { 0x0fff_ffff } else { first + number });
        }
        if count == 0 { 0 } else { first }
    }

    fn write(&self, first: u32, bytes: &[u8]) -> Result {
        let place = self.data + (u64::from(first) - 2) * self.cluster_size as u64;
        self.file.write_all_at(bytes, place).context("write a file")
    }

    /// Writes a directory whose parent begins at the cluster `parent` (0: the root; None: it is the root itself), and
    /// what is in it.
    fn directory(&mut self, entries: &[(String, [u8; 11], Node)], parent: Option<u32>) -> Result<u32> {
        let slots = |name: &str| 1 + name.len().div_ceil(13);
        let length: usize = entries.iter().map(|(name, ..)| slots(name)).sum::<usize>() + 2;
        let own = self.allocate(length * 32);
        let mut bytes = Vec::new();
        if let Some(parent) = parent {
            bytes.extend(entry(b".          ", 16, own, 0));
            bytes.extend(entry(b"..         ", 16, parent, 0));
        }
        for (name, short, node) in entries {
            long_name(name, short, &mut bytes);
            match node {
                Node::File(size) => {
                    let first = self.allocate(*size as usize);
                    if first != 0 {
                        self.write(first, &(0..*size).map(byte).collect::<Vec<u8>>())?;
                    }
                    bytes.extend(entry(short, 32, first, *size));
                }
                Node::Directory(inner) => {
                    let own = parent.map_or(0, |_| own);
                    let first = self.directory(inner, Some(own))?;
                    bytes.extend(entry(short, 16, first, 0));
                }
            }
        }
        self.write(own, &bytes)?;
        Ok(own)
    }
}

fn entry(short: &[u8; 11], attributes: u8, first: u32, size: u32) -> [u8; 32] {
    // 2026-11-28.
    const DATE: u16 = 46 << 9 | 11 << 5 | 28;
    let mut bytes = [0; 32];
    bytes[..11].copy_from_slice(short);
    bytes[11] = attributes;
    for at in [16, 18, 24] {
        bytes[at..at + 2].copy_from_slice(&DATE.to_le_bytes());
    }
    bytes[20..22].copy_from_slice(&((first >> 16) as u16).to_le_bytes());
    bytes[26..28].copy_from_slice(&(first as u16).to_le_bytes());
    bytes[28..32].copy_from_slice(&size.to_le_bytes());
    bytes
}

/// The entries in front of a short one that hold the long name, the end of it first.
fn long_name(name: &str, short: &[u8; 11], bytes: &mut Vec<u8>) {
    const PLACES: [usize; 13] = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30];
    let sum = short.iter().fold(0_u8, |sum, &byte| sum.rotate_right(1).wrapping_add(byte));
    let characters: Vec<u16> = name.encode_utf16().collect();
    let count = characters.len().div_ceil(13);
    for number in (1..=count).rev() {
        let mut slot = [0; 32];
        slot[0] = number as u8 | if number == count { 0x40 } else { 0 };
        (slot[11], slot[13]) = (0x0f, sum);
        for (index, place) in ((number - 1) * 13..).zip(PLACES) {
            // One zero ends it, and what is left is filled.
            let end = if index == characters.len() { 0 } else { 0xffff };
            let character = characters.get(index).copied().unwrap_or(end);
            slot[place..place + 2].copy_from_slice(&character.to_le_bytes());
        }
        bytes.extend(slot);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::disk;
    use crate::host::run;

    #[test]
    fn fsck_is_content_and_mtools_reads_what_was_written() {
        let folder = std::env::temp_dir().join(format!("quicklime-fat32-{}", std::process::id()));
        let image = folder.join("disk.img");
        run::write_file(&image, []).unwrap();
        let file = File::options().read(true).write(true).open(&image).unwrap();
        file.set_len(40 << 20).unwrap();
        run::quietly(run::program("mkfs.fat").args(["-F", "32", "-s", "1"]).arg(&image)).unwrap();
        let many = (0..300).map(|number| {
            let short = format!("DOC{number:05}TXT").into_bytes().try_into().unwrap();
            (format!("document {number}.txt"), short, Node::File(700 + number))
        });
        let root = Node::Directory(vec![
            ("empty.bin".into(), *b"EMPTY   BIN", Node::File(0)),
            ("many".into(), *b"MANY       ", Node::Directory(many.collect())),
        ]);
        fill(&file, &root).unwrap();
        disk::check(&image).unwrap();
        let wanted: Vec<u8> = (0..999).map(byte).collect();
        assert_eq!(disk::read_bytes(&image, "many/document 299.txt").unwrap(), wanted);
        assert!(disk::read_bytes(&image, "empty.bin").unwrap().is_empty());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
