//! The FAT32 disk, made with mkfs.fat and filled and read with mtools, so that it takes no root.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Context, Result, fail};
use crate::host::run;
use crate::project::Project;

/// How a disk is formatted.
#[derive(Clone, Copy)]
pub struct Format {
    pub size_mib: u64,
    /// In sectors of 512 bytes.
    pub cluster_sectors: u32,
}

/// The disk that `make disk` makes: clusters of 4 KiB, one page each.
pub const STANDARD: Format = Format { size_mib: 64, cluster_sectors: 8 };

/// The disk that comes with the ISO, for machines without one that is driven.
const LIVE: Format = Format { size_mib: 32, cluster_sectors: 8 };

/// What the disk says of itself, and what the ISO's says instead.
const LASTS: &str = "What you save here is still here at the next boot.";
const DOES_NOT_LAST: &str = "It is in memory: what you save here is lost at power-off.";

/// FAT32 is to have this many clusters or more (Microsoft's FAT32 specification, "FAT Type Determination").
/// Those who tell it by the boot sector's fields do not mind fewer; mtools before 4.0.41 does.
const EXPECTED_CLUSTERS: u32 = 65_525;

/// Where the boot sector has its number of sectors.
const SECTORS: u64 = 32;

/// The disk for a person's machine: `DISK`, else build/disk.img, which is made if it is not there. One that
/// is there holds what the user saved, and is never touched.
pub fn prepare(project: &Project) -> Result<PathBuf> {
    let image = project.disk_image();
    if image.exists() {
        return Ok(image);
    }
    if project.disk.is_some() {
        fail!("there is no disk image {}", image.display());
    }
    let unfinished = image.with_extension("part");
    create(&unfinished, STANDARD, &project.root.join("disk"))?;
    fs::rename(&unfinished, &image).context("keep the disk image")?;
    println!("Made {} from disk/.", image.display());
    Ok(image)
}

/// Makes the image of the disk that comes with the ISO, and gives its path. What follows the last byte that is not 0 is
/// cut off: the kernel knows the disk's size from the boot sector, and a loader reads little.
pub fn live(project: &Project) -> Result<PathBuf> {
    let image = project.build.join("files.img");
    create(&image, LIVE, &project.root.join("disk"))?;
    // Of all that is said there, one thing is not true of it.
    let welcome = read(&image, "welcome.txt")?;
    if !welcome.contains(LASTS) {
        fail!("disk/welcome.txt does not say {LASTS:?}, which the ISO's own disk must say otherwise");
    }
    write(&image, "welcome.txt", welcome.replace(LASTS, DOES_NOT_LAST).as_bytes())?;
    let bytes = fs::read(&image).context("read the disk image")?;
    let used = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    let file = fs::File::options().write(true).open(&image)?;
    file.set_len(used.next_multiple_of(4096) as u64).context("cut the disk image")?;
    Ok(image)
}

/// Makes a disk image with what is in the folder `files`.
pub fn create(image: &Path, format: Format, files: &Path) -> Result {
    run::write_file(image, [])?;
    fs::File::options()
        .write(true)
        .open(image)?
        .set_len(format.size_mib << 20)
        .context("size the disk image")?;
    let cluster = format.cluster_sectors.to_string();
    let options = ["-F", "32", "-s", &cluster, "-n", "QUICKLIME", "-i", "51C611E5"];
    run::quietly(run::program("mkfs.fat").args(options).arg(image))?;
    let mut entries: Vec<PathBuf> =
        fs::read_dir(files).context("list disk/")?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    entries.sort();
    if entries.is_empty() {
        return Ok(());
    }
    mtools("mcopy", image, |mcopy| mcopy.arg("-s").args(entries).arg("::"))?;
    Ok(())
}

/// The text of a file of the image, named from its root: `docs/hello.txt`.
pub fn read(image: &Path, name: &str) -> Result<String> {
    Ok(String::from_utf8_lossy(&read_bytes(image, name)?).into_owned())
}

/// The contents of a file of the image.
pub fn read_bytes(image: &Path, name: &str) -> Result<Vec<u8>> {
    mtools("mtype", image, |mtype| mtype.arg(format!("::{name}")))
}

/// Puts a file into the image.
pub fn write(image: &Path, name: &str, contents: &[u8]) -> Result {
    let source = image.with_extension("insert");
    run::write_file(&source, contents)?;
    mtools("mcopy", image, |mcopy| mcopy.arg("-o").arg(&source).arg(format!("::{name}")))?;
    run::remove_file(&source)
}

/// Runs one of mtools on the image with more arguments, and gives what it prints.
///
/// For the time of it the image claims to have as many clusters as FAT32 is expected to. None of those that do
/// not exist is met: free ones are searched from the lowest number on, and all that is put on the disk here fits.
fn mtools(name: &str, image: &Path, arguments: impl FnOnce(&mut Command) -> &mut Command) -> Result<Vec<u8>> {
    let file = fs::File::options().read(true).write(true).open(image).context("open the disk image")?;
    let mut boot = [0; 512];
    file.read_exact_at(&mut boot, 0).context("read the disk's boot sector")?;
    let field = |at: usize| u32::from_le_bytes([boot[at], boot[at + 1], boot[at + 2], boot[at + 3]]);
    let real = field(SECTORS as usize);
    let reserved = u32::from(u16::from_le_bytes([boot[14], boot[15]]));
    let expected = reserved + 2 * field(36) + EXPECTED_CLUSTERS * u32::from(boot[13]);
    let claim = |sectors: u32| {
        file.write_all_at(&sectors.to_le_bytes(), SECTORS).context("write the disk's boot sector")
    };
    claim(real.max(expected))?;
    let mut command = run::program(name);
    // It would doubt images whose geometry of heads and tracks is not a floppy's.
    command.env("MTOOLS_SKIP_CHECK", "1").arg("-i").arg(image);
    let output = run::output(arguments(&mut command));
    claim(real)?;
    let output = output?;
    if !output.status.success() {
        fail!("{name} failed on the disk: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(output.stdout)
}

/// Fails unless the file system in the image is sound in fsck.fat's eyes.
pub fn check(image: &Path) -> Result {
    run::quietly(run::program("fsck.fat").args(["-n", "-v"]).arg(image)).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_holds_what_was_put_in_and_is_sound() {
        let folder = std::env::temp_dir().join(format!("quicklime-disk-{}", std::process::id()));
        let (image, files) = (folder.join("disk.img"), folder.join("files"));
        run::write_file(&files.join("docs/a long name.txt"), "inside\n").unwrap();
        create(&image, STANDARD, &files).unwrap();
        assert_eq!(read(&image, "docs/a long name.txt").unwrap(), "inside\n");
        write(&image, "hello.txt", b"hi").unwrap();
        assert_eq!(read(&image, "hello.txt").unwrap(), "hi");
        assert!(read(&image, "absent.txt").is_err());
        check(&image).unwrap();
        let mut bytes = fs::read(&image).unwrap();
        assert_eq!((bytes.len(), &bytes[32..36]), (64 << 20, &131_072_u32.to_le_bytes()[..]));
        // FAT32 Specification, section 3.1: sectors per cluster, and the type in words.
        assert_eq!((bytes[510], bytes[511]), (0x55, 0xaa));
        assert_eq!((bytes[13], &bytes[82..87]), (8, &b"FAT32"[..]));
        // Claims a cluster in the first table only.
        let table = usize::from(u16::from_le_bytes([bytes[14], bytes[15]])) * 512;
        bytes[table + 4 * 1000] = 0x77;
        fs::write(&image, bytes).unwrap();
        assert!(check(&image).is_err());
        fs::remove_dir_all(folder).unwrap();
    }
}
