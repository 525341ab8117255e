//! Disk images made by mkfs.fat and judged by fsck.fat: the two that are not ours.

use blockcache::{BlockDevice, DeviceError, SECTOR_SIZE};
use std::collections::BTreeMap;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use vfs::inode::Time;

/// 2026-11-20 12:00 UTC.
pub const NOW: Time = Time { seconds: 1_795_176_000, nanoseconds: 0 };

/// A clock that stands.
pub fn clock() -> Time {
    NOW
}

/// What reached a disk.
#[derive(Clone)]
pub enum Event {
    Write(u64, Vec<u8>),
    Flush,
}

/// A disk in memory that can be told to fail after so many more writes, and to note what it is told.
#[derive(Clone)]
pub struct Disk {
    pub bytes: Arc<Mutex<Vec<u8>>>,
    pub writes_left: Arc<AtomicU64>,
    pub reads: Arc<AtomicU64>,
    pub writes: Arc<AtomicU64>,
    pub log: Arc<Mutex<Option<Vec<Event>>>>,
}

/// What mkfs.fat is to make.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// 12, 16 or 32.
    pub width: u32,
    pub sectors: u64,
    pub cluster_sectors: u64,
}

impl Disk {
    pub fn new(bytes: Vec<u8>) -> Self {
        Self {
            bytes: Arc::new(Mutex::new(bytes)),
            writes_left: Arc::new(AtomicU64::new(u64::MAX)),
            reads: Arc::default(),
            writes: Arc::default(),
            log: Arc::default(),
        }
    }

    pub fn formatted(format: Format) -> Self {
        Self::formatted_with(format, &[])
    }

    /// The same with further options of mkfs.fat.
    pub fn formatted_with(format: Format, options: &[&str]) -> Self {
        let path = scratch();
        std::fs::File::create(&path).unwrap().set_len(format.sectors * SECTOR_SIZE as u64).unwrap();
        let status = Command::new("mkfs.fat")
            .args(["-F", &format.width.to_string(), "-s", &format.cluster_sectors.to_string()])
            .args(["-i", "12345678"])
            .args(options)
            .arg(&path)
            .output()
            .expect("mkfs.fat (package dosfstools) is needed for this test");
        assert!(status.status.success(), "{status:?}");
        let bytes = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        Self::new(bytes)
    }

    pub fn copy(&self) -> Vec<u8> {
        self.bytes.lock().unwrap().clone()
    }

    pub fn patch(&self, offset: usize, bytes: &[u8]) {
        self.bytes.lock().unwrap()[offset..offset + bytes.len()].copy_from_slice(bytes);
    }

    /// Requests so far.
    pub fn requests(&self) -> u64 {
        self.reads.load(Relaxed) + self.writes.load(Relaxed)
    }

    /// From now on what is written is noted; gives what was noted before.
    pub fn start_log(&self) -> Vec<Event> {
        self.log.lock().unwrap().replace(Vec::new()).unwrap_or_default()
    }

    fn note(&self, event: impl FnOnce() -> Event) {
        if let Some(log) = &mut *self.log.lock().unwrap() {
            log.push(event());
        }
    }

    /// What fsck.fat says of it; empty when it is content.
    pub fn complaints(&self) -> String {
        let path = scratch();
        write_sparse(&path, &self.bytes.lock().unwrap());
        let output = Command::new("fsck.fat")
            .arg("-n")
            .arg(&path)
            .output()
            .expect("fsck.fat (package dosfstools) is needed for this test");
        std::fs::remove_file(&path).unwrap();
        if output.status.success() {
            String::new()
        } else {
            String::from_utf8_lossy(&output.stdout).into_owned()
        }
    }

    /// All files and directories (None) as mtools reads them.
    pub fn read_by_mtools(&self) -> BTreeMap<String, Option<Vec<u8>>> {
        let (image, folder) = (scratch(), scratch());
        let mut bytes = self.copy();
        if bytes[22..24] == [0, 0] {
            // Before 4.0.41 it takes FAT32 volumes with few clusters for FAT16, so it is shown a copy that claims to
            // have enough.
            let claimed = u32::from_le_bytes(bytes[32..36].try_into().unwrap());
            let reserved = u32::from(u16::from_le_bytes([bytes[14], bytes[15]]));
            let tables = u32::from_le_bytes(bytes[36..40].try_into().unwrap()) * 2;
            let enough = reserved + tables + 65_525 * u32::from(bytes[13]);
            bytes[32..36].copy_from_slice(&claimed.max(enough).to_le_bytes());
            bytes[19..21].fill(0);
        }
        write_sparse(&image, &bytes);
        drop(bytes);
        std::fs::create_dir(&folder).unwrap();
        let output = Command::new("mcopy")
            .env("MTOOLS_SKIP_CHECK", "1")
            .env("LC_ALL", "C.UTF-8")
            .args(["-s", "-n", "-Q", "-i"])
            .args([&image, Path::new("::"), &folder])
            .output()
            .expect("mcopy (package mtools) is needed for this test");
        assert!(output.status.success(), "{output:?}");
        let mut found = BTreeMap::new();
        let mut folders = vec![folder.clone()];
        while let Some(next) = folders.pop() {
            for entry in std::fs::read_dir(next).unwrap() {
                let path = entry.unwrap().path();
                let name = path.strip_prefix(&folder).unwrap().to_str().unwrap().to_string();
                if path.is_dir() {
                    found.insert(name, None);
                    folders.push(path);
                } else {
                    found.insert(name, Some(std::fs::read(path).unwrap()));
                }
            }
        }
        std::fs::remove_file(&image).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        found
    }

    fn range(&self, first: u64, length: usize) -> Result<std::ops::Range<usize>, DeviceError> {
        assert!(length.is_multiple_of(SECTOR_SIZE) && length > 0, "{length} bytes are no sectors");
        let start = first as usize * SECTOR_SIZE;
        let end = start + length;
        assert!(end <= self.bytes.lock().unwrap().len(), "beyond the end of the disk");
        Ok(start..end)
    }
}

impl BlockDevice for Disk {
    fn sector_count(&self) -> u64 {
        (self.bytes.lock().unwrap().len() / SECTOR_SIZE) as u64
    }

    fn read(&self, first: u64, buffer: &mut [u8]) -> Result<(), DeviceError> {
        self.reads.fetch_add(1, Relaxed);
        let range = self.range(first, buffer.len())?;
        buffer.copy_from_slice(&self.bytes.lock().unwrap()[range]);
        Ok(())
    }

    fn write(&self, first: u64, data: &[u8]) -> Result<(), DeviceError> {
        self.writes.fetch_add(1, Relaxed);
        let range = self.range(first, data.len())?;
        let left = self.writes_left.load(Relaxed);
        if left == 0 {
            return Err(DeviceError::Failed("the power is off"));
        }
        self.writes_left.store(left - 1, Relaxed);
        self.note(|| Event::Write(first, data.to_vec()));
        self.bytes.lock().unwrap()[range].copy_from_slice(data);
        Ok(())
    }

    fn flush(&self) -> Result<(), DeviceError> {
        self.note(|| Event::Flush);
        Ok(())
    }
}

/// Writes what is not zero: images are nearly empty, and there are many of them.
fn write_sparse(path: &Path, bytes: &[u8]) {
    const CHUNK: usize = 64 << 10;
    let file = std::fs::File::create(path).unwrap();
    file.set_len(bytes.len() as u64).unwrap();
    for (chunk, offset) in bytes.chunks(CHUNK).zip((0..).step_by(CHUNK)) {
        if chunk != &[0; CHUNK][..chunk.len()] {
            file.write_all_at(chunk, offset).unwrap();
        }
    }
}

fn scratch() -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Relaxed);
    std::env::temp_dir().join(format!("quicklime-fat-{}-{count}.img", std::process::id()))
}
