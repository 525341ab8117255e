//! Directory entries: looking them up, making new ones, and the two repairs that `fatfs` needs: names that begin with
//! a character of several bytes, and the `..` of a directory that was moved.

use crate::check;
use crate::directory::{self, DOT, DOT_DOT, ENTRY_SIZE};
use crate::names;
use crate::storage::Failure;
use crate::volume::{Directory, Entry, Fat, Volume};
use alloc::format;
use alloc::string::String;
use blockcache::BlockDevice;
use vfs::{FileKind, FsError, Metadata};

/// Bytes that the longest name's entries take in a directory.
const MAX_NAME_ENTRIES: u64 = 21 * ENTRY_SIZE as u64;

/// The root directory has no entry that could say anything.
pub(crate) const ROOT_METADATA: Metadata = Metadata { kind: FileKind::Directory, size: 0, modified: 0 };

/// What `fatfs` knows of an entry.
pub(crate) fn describe<D: BlockDevice>(entry: &Entry<'_, '_, D>) -> Metadata {
    let fatfs::DateTime { date, time, .. } = entry.modified();
    let narrow = |number: u16| u8::try_from(number).unwrap_or(u8::MAX);
    let modified = calendar::DateTime::new(
        date.year,
        narrow(date.month),
        narrow(date.day),
        narrow(time.hour),
        narrow(time.min),
        narrow(time.sec),
    );
    let kind = if entry.is_dir() { FileKind::Directory } else { FileKind::File };
    Metadata {
        kind,
        size: if kind == FileKind::File { entry.len() } else { 0 },
        modified: modified.map_or(0, calendar::DateTime::to_unix),
    }
}

/// Looks `path` up: its spelling on the disk, and its entry, None for the root.
pub(crate) fn find<'a, 'b, D: BlockDevice>(
    volume: &'b Volume<'a, D>,
    path: &str,
) -> Result<(String, Option<Entry<'a, 'b, D>>), Failure> {
    let mut spelling = String::new();
    let mut found: Option<Entry<'a, 'b, D>> = None;
    for name in path.split('/').filter(|name| !name.is_empty()) {
        let directory = match &found {
            None => volume.root_dir(),
            Some(entry) if entry.is_dir() => entry.to_dir(),
            Some(_) => return Err(FsError::NotADirectory.into()),
        };
        let mut next = None;
        for entry in directory.iter() {
            let entry = entry?;
            if entry.eq_name(name) {
                next = Some(entry);
                break;
            }
        }
        let entry = next.ok_or(FsError::NotFound)?;
        if !spelling.is_empty() {
            spelling.push('/');
        }
        spelling.push_str(&entry.file_name());
        found = Some(entry);
    }
    Ok((spelling, found))
}

/// The directory `path`.
pub(crate) fn directory_at<'a, 'b, D: BlockDevice>(
    volume: &'b Volume<'a, D>,
    path: &str,
) -> Result<Directory<'a, 'b, D>, Failure> {
    match find(volume, path)?.1 {
        None => Ok(volume.root_dir()),
        Some(entry) if entry.is_dir() => Ok(entry.to_dir()),
        Some(_) => Err(FsError::NotADirectory.into()),
    }
}

impl<D: BlockDevice> Fat<D> {
    /// Proves that `path` can be created. Gives the directory's path and the name.
    pub(crate) fn prepare_entry<'a>(
        &mut self,
        path: &'a str,
        clusters: u64,
    ) -> Result<(&'a str, &'a str), FsError> {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        names::validate(name)?;
        self.run(|volume, _| directory_at(volume, parent).map(|_| ()))?;
        self.require_room(self.geometry.clusters_for(MAX_NAME_ENTRIES) + 1 + clusters)?;
        Ok((parent, name))
    }

    /// Runs `action`, which makes an entry with the path it is given.
    ///
    /// `fatfs` makes short names from long ones and panics at one that begins with a character of several bytes. So
    /// it gets another first character, one that makes the name unused, and the right one is put into the entry
    /// afterwards. The short name's checksum, which ties the two together, does not change with that.
    pub(crate) fn with_new_name(
        &mut self,
        path: &str,
        action: impl for<'a, 'b> FnOnce(&'b Volume<'a, D>, &str) -> Result<(), Failure>,
    ) -> Result<(), FsError> {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut characters = name.chars();
        let first = characters.next().ok_or(FsError::InvalidName("it is empty"))?;
        if first.is_ascii() {
            return self.change(|volume, _| action(volume, path));
        }
        let rest = characters.as_str();
        for substitute in "_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".chars() {
            let provisional = format!("{substitute}{rest}");
            let path =
                if parent.is_empty() { provisional.clone() } else { format!("{parent}/{provisional}") };
            if self.find(&path) == Err(FsError::NotFound) {
                self.change(|volume, _| action(volume, &path))?;
                return self.set_first_character(parent, &provisional, first);
            }
        }
        Err(FsError::InvalidName("too many names differ from it in the first character only"))
    }

    /// Changes the first character of the long name of an entry in the directory `parent`.
    fn set_first_character(&mut self, parent: &str, name: &str, first: char) -> Result<(), FsError> {
        let entry_offset = self.run(|volume, position| {
            for entry in directory_at(volume, parent)?.iter() {
                if entry?.file_name() == name {
                    return Ok(position.get() - ENTRY_SIZE as u64);
                }
            }
            Err(FsError::NotFound.into())
        })?;
        // The first piece of a long name stands right before the entry: at the end of the cluster before, if the
        // entry is the first of its cluster.
        let cluster_size = u64::from(self.geometry.cluster_size);
        let within = (entry_offset - self.geometry.data_offset) % cluster_size;
        let piece_offset = if within > 0 {
            entry_offset - ENTRY_SIZE as u64
        } else {
            let first = match parent {
                "" => self.geometry.root_cluster,
                parent => {
                    let offset = self.first_entry(parent)?;
                    self.geometry.cluster_at(offset)
                }
            };
            let before = self.cluster_before(first, self.geometry.cluster_at(entry_offset))?;
            self.geometry.cluster_offset(before) + cluster_size - ENTRY_SIZE as u64
        };
        let mut piece = self.entry_at(piece_offset)?;
        if !directory::set_first_character(&mut piece, first) {
            return Err(FsError::Damaged("a long name does not stand before its entry"));
        }
        self.cache.write(piece_offset, &piece)?;
        Ok(())
    }

    /// The cluster before `cluster` in the chain that begins at `first`.
    fn cluster_before(&mut self, first: u32, cluster: u32) -> Result<u32, FsError> {
        let mut current = first;
        for _ in 0..self.geometry.cluster_count {
            let next = self.next_cluster(current)?;
            if next == cluster {
                return Ok(current);
            }
            if !self.geometry.contains(next) {
                break;
            }
            current = next;
        }
        Err(FsError::Damaged("a directory's chain does not lead to its entry"))
    }

    /// What the table says of a cluster that exists: the next one, or something that is none.
    pub(crate) fn next_cluster(&mut self, cluster: u32) -> Result<u32, FsError> {
        let mut entry = [0; 4];
        self.cache.read(self.geometry.entry_offset(cluster), &mut entry)?;
        Ok(u32::from_le_bytes(entry) & check::ENTRY_MASK)
    }

    /// The entry of the file or directory `path`, which is not the root.
    pub(crate) fn entry_of(&mut self, path: &str) -> Result<[u8; ENTRY_SIZE], FsError> {
        let offset = self.run(|volume, position| {
            find(volume, path)?;
            Ok(position.get() - ENTRY_SIZE as u64)
        })?;
        self.entry_at(offset)
    }

    /// Moves within `fatfs`, which neither replaces nor sees a difference between upper and lower case.
    pub(crate) fn move_entry(&mut self, from: &str, to: &str) -> Result<(), FsError> {
        self.with_new_name(to, |volume, to| {
            let root = volume.root_dir();
            Ok(root.rename(from, &root, to)?)
        })
    }

    /// Points the ".." entry of a directory that was moved at its new parent.
    pub(crate) fn correct_parent(&mut self, path: &str) -> Result<(), FsError> {
        let (parent, _) = path.rsplit_once('/').unwrap_or(("", path));
        let own = self.first_entry(path)?;
        let cluster = if parent.is_empty() {
            // The root is 0 in ".." entries, whatever its cluster.
            0
        } else {
            let dot = self.first_entry(parent)?;
            directory::cluster(&self.entry_at(dot)?)
        };
        let offset = own + ENTRY_SIZE as u64;
        let mut entry = self.entry_at(offset)?;
        if !self.entry_at(own)?.starts_with(DOT) || !entry.starts_with(DOT_DOT) {
            return Err(FsError::Damaged("a directory does not begin with . and .."));
        }
        directory::set_cluster(&mut entry, cluster);
        self.cache.write(offset, &entry)?;
        Ok(())
    }

    /// Where the first entry of the directory `path` lies. `fatfs` does not tell, but reading the entry leaves the
    /// position behind it.
    fn first_entry(&mut self, path: &str) -> Result<u64, FsError> {
        self.run(|volume, position| {
            directory_at(volume, path)?.iter().next().transpose()?;
            Ok(position.get() - ENTRY_SIZE as u64)
        })
    }

    fn entry_at(&mut self, offset: u64) -> Result<[u8; ENTRY_SIZE], FsError> {
        let mut entry = [0; ENTRY_SIZE];
        self.cache.read(offset, &mut entry)?;
        Ok(entry)
    }
}
