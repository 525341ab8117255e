//! The FAT32 disk, made with mkfs.fat and filled and read with mtools, so that it takes no root.

use std::fs;
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

/// The disk that `make disk` makes: clusters of 4 KiB, one page each. FAT32 is by definition what has 65,525
/// clusters or more (Microsoft's FAT32 specification, "FAT Type Determination"), and so a disk with such
/// clusters has at least 257 MiB. The file is sparse: it takes what is in it.
pub const STANDARD: Format = Format { size_mib: 260, cluster_sectors: 8 };

/// A small one, quickly filled: only clusters of a single sector are enough of them for FAT32.
pub const SMALL: Format = Format { size_mib: 64, cluster_sectors: 1 };

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
    run::quietly(mtools("mcopy").arg("-s").arg("-i").arg(image).args(entries).arg("::"))?;
    Ok(())
}

/// The text of a file of the image, named from its root: `docs/hello.txt`.
pub fn read(image: &Path, name: &str) -> Result<String> {
    Ok(String::from_utf8_lossy(&read_bytes(image, name)?).into_owned())
}

/// The contents of a file of the image.
pub fn read_bytes(image: &Path, name: &str) -> Result<Vec<u8>> {
    let output = run::output(mtools("mtype").arg("-i").arg(image).arg(format!("::{name}")))?;
    if !output.status.success() {
        fail!("the disk has no {name}: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(output.stdout)
}

/// Puts a file into the image.
pub fn write(image: &Path, name: &str, contents: &[u8]) -> Result {
    let source = image.with_extension("insert");
    run::write_file(&source, contents)?;
    run::quietly(mtools("mcopy").arg("-o").arg("-i").arg(image).arg(&source).arg(format!("::{name}")))?;
    run::remove_file(&source)
}

/// One of mtools. It would doubt images whose geometry of heads and tracks is not a floppy's.
fn mtools(name: &str) -> Command {
    let mut command = run::program(name);
    command.env("MTOOLS_SKIP_CHECK", "1");
    command
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
