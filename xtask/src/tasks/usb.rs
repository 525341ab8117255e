//! `make usb DEV=/dev/sdX`: writes the ISO to a USB stick, and reads it back.
//!
//! This destroys what is on the disk, so it refuses whatever does not look like a stick, and asks.

use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::build::iso;
use crate::error::{Context, Result, fail};
use crate::host::run;
use crate::project::Project;

/// Bytes per write: large enough for any stick, small enough for a lively display of progress.
const CHUNK: usize = 1 << 20;

/// Writes build/quicklime.iso to `DEV`.
pub fn write(project: &Project) -> Result {
    let Some(device) = &project.device else { fail!("say which disk: make usb DEV=/dev/sdX") };
    let device = device.canonicalize().context(format!("find {}", device.display()))?;
    let disk = Disk::inspect(&device, Path::new("/sys/block"), Path::new("/proc/mounts"))?;
    println!("{}: {}, {} MiB", device.display(), disk.model, disk.bytes >> 20);
    if let Some(reason) = disk.refusal() {
        if !project.force {
            fail!("{} {reason}; FORCE=1 writes to it all the same", device.display());
        }
        println!("Warning: it {reason}.");
    }
    let iso = iso::build(project)?;
    let size = fs::metadata(&iso)?.len();
    if size > disk.bytes {
        fail!("{} is smaller than the ISO ({} MiB)", device.display(), size >> 20);
    }
    if !confirmed(&device)? {
        fail!("nothing was written");
    }
    let mut source = File::open(&iso)?;
    let mut target = open_device(&device, project.force)?;
    copy(&mut source, &mut target, size)?;
    // To the stick itself, not to the host's memory of it.
    target.sync_all().context("flush the stick")?;
    drop(target);
    // What is read back must come from the stick, and not from what the host remembers.
    run::quietly(run::program("blockdev").arg("--flushbufs").arg(&device))?;
    source.rewind()?;
    compare(&mut source, &mut File::open(&device)?, size)?;
    println!("Written and verified. Boot the PC from it, with Secure Boot off.");
    Ok(())
}

/// Linux's open(2): of a block device, `O_EXCL` fails when it is in use, be it by a file system, as swap or by a
/// volume manager.
const O_EXCL: i32 = 0o200;

/// Opens a whole disk for writing; the commonest failures get the words that help.
fn open_device(device: &Path, force: bool) -> Result<File> {
    let flags = if force { 0 } else { O_EXCL };
    match OpenOptions::new().write(true).custom_flags(flags).open(device) {
        Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
            fail!("{} is in use; FORCE=1 writes to it all the same", device.display())
        }
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            fail!("{} may only be written by root: sudo make usb DEV={0}", device.display())
        }
        result => result.context(format!("open {}", device.display())),
    }
}

/// What the kernel of the host says of a disk.
struct Disk {
    model: String,
    bytes: u64,
    removable: bool,
    /// Where it, or a partition of it, is mounted.
    mounted: Option<String>,
}

impl Disk {
    /// Reads Linux's sysfs at `block` (documented in its Documentation/ABI/stable/sysfs-block).
    fn inspect(device: &Path, block: &Path, mounts: &Path) -> Result<Self> {
        let name = device.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let folder = block.join(&name);
        if name.is_empty() || !folder.is_dir() {
            fail!("{} is no disk (a whole one is wanted, /dev/sdb and not /dev/sdb1)", device.display());
        }
        let attribute =
            |path: &str| fs::read_to_string(folder.join(path)).ok().map(|text| text.trim().to_owned());
        let words = [attribute("device/vendor"), attribute("device/model")];
        let model = words.into_iter().flatten().collect::<Vec<_>>().join(" ");
        // `size` counts sectors of 512 bytes, whatever those of the disk are.
        let sectors = attribute("size").and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
        let mounts = fs::read_to_string(mounts).context("read what is mounted")?;
        Ok(Self {
            model: if model.is_empty() { "unknown model".into() } else { model },
            bytes: sectors * 512,
            removable: attribute("removable").as_deref() == Some("1"),
            mounted: mount_point(&mounts, &device.to_string_lossy()),
        })
    }

    fn refusal(&self) -> Option<String> {
        match &self.mounted {
            Some(place) => Some(format!("is in use at {place}")),
            None if !self.removable => Some("is not removable: it may be the disk of this machine".into()),
            None => None,
        }
    }
}

/// Where `device` or one of its partitions is mounted: sdb1 of sdb, nvme0n1p1 of nvme0n1.
fn mount_point(mounts: &str, device: &str) -> Option<String> {
    mounts.lines().find_map(|line| {
        let (source, rest) = line.split_once(' ')?;
        let partition = source.strip_prefix(device)?.trim_start_matches('p');
        let place = rest.split(' ').next()?;
        partition.chars().all(|c| c.is_ascii_digit()).then(|| place.to_owned())
    })
}

fn confirmed(device: &Path) -> Result<bool> {
    if !io::stdin().is_terminal() {
        fail!("this asks before it writes, so it needs a terminal");
    }
    print!("Everything on {} will be lost. Type yes to go on: ", device.display());
    io::stdout().flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(answer.trim() == "yes")
}

fn copy(source: &mut impl Read, target: &mut impl Write, size: u64) -> Result {
    let mut buffer = vec![0; CHUNK];
    let mut done = 0;
    while done < size {
        let count = read_chunk(source, &mut buffer)?;
        if count == 0 {
            fail!("the ISO is shorter than it was");
        }
        target.write_all(&buffer[..count]).context("write to the stick")?;
        done += count as u64;
        progress("writing", done, size);
    }
    println!();
    Ok(())
}

fn compare(source: &mut impl Read, target: &mut (impl Read + Seek), size: u64) -> Result {
    target.seek(SeekFrom::Start(0))?;
    let (mut wanted, mut found) = (vec![0; CHUNK], vec![0; CHUNK]);
    let mut done = 0;
    while done < size {
        let count = read_chunk(source, &mut wanted)?;
        target.read_exact(&mut found[..count]).context("read the stick back")?;
        if count == 0 || wanted[..count] != found[..count] {
            println!();
            fail!("the stick does not hold what was written, near byte {done}");
        }
        done += count as u64;
        progress("verifying", done, size);
    }
    println!();
    Ok(())
}

/// Fills the buffer as far as the source reaches.
fn read_chunk(source: &mut impl Read, buffer: &mut [u8]) -> Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match source.read(&mut buffer[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}

fn progress(what: &str, done: u64, size: u64) {
    print!("\r{what}: {} of {} MiB ", done >> 20, size >> 20);
    let _ = io::stdout().flush();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::run::write_file;
    use std::io::Cursor;

    #[test]
    fn partitions_count_as_their_disk() {
        let mounts =
            "/dev/sda1 / ext4 rw 0 0\n/dev/sdb2 /media/stick vfat rw 0 0\n/dev/nvme0n1p3 /home ext4 rw 0 0\n";
        assert_eq!(mount_point(mounts, "/dev/sdb").as_deref(), Some("/media/stick"));
        assert_eq!(mount_point(mounts, "/dev/nvme0n1").as_deref(), Some("/home"));
        assert_eq!(mount_point(mounts, "/dev/sd"), None);
        assert_eq!(mount_point(mounts, "/dev/sdc"), None);
    }

    #[test]
    fn only_a_removable_disk_that_is_not_in_use_is_taken() {
        let folder = std::env::temp_dir().join(format!("quicklime-usb-{}", std::process::id()));
        let (block, mounts) = (folder.join("block"), folder.join("mounts"));
        for (name, removable) in [("sda", "0\n"), ("sdb", "1\n"), ("sdc", "1\n")] {
            write_file(&block.join(name).join("removable"), removable).unwrap();
            write_file(&block.join(name).join("size"), "2048\n").unwrap();
            write_file(&block.join(name).join("device/model"), "Stick 3000  \n").unwrap();
        }
        write_file(&mounts, "/dev/sdc1 /mnt vfat rw 0 0\n").unwrap();
        let inspect = |name: &str| Disk::inspect(Path::new(name), &block, &mounts);
        let stick = inspect("/dev/sdb").unwrap();
        assert_eq!((stick.model.as_str(), stick.bytes, stick.refusal()), ("Stick 3000", 1 << 20, None));
        assert!(inspect("/dev/sda").unwrap().refusal().unwrap().contains("not removable"));
        assert!(inspect("/dev/sdc").unwrap().refusal().unwrap().contains("/mnt"));
        assert!(inspect("/dev/sdb1").is_err());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_was_written_is_read_back() {
        let iso: Vec<u8> = (0..3 * CHUNK + 100).map(|i| (i * 7 % 251) as u8).collect();
        let mut stick = Cursor::new(vec![0; 4 * CHUNK]);
        copy(&mut iso.as_slice(), &mut stick, iso.len() as u64).unwrap();
        compare(&mut iso.as_slice(), &mut stick, iso.len() as u64).unwrap();
        stick.get_mut()[2 * CHUNK + 5] ^= 1;
        assert!(compare(&mut iso.as_slice(), &mut stick, iso.len() as u64).is_err());
        assert!(copy(&mut &iso[..100], &mut stick, iso.len() as u64).is_err());
    }
}
