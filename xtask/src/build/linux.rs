//! Debian's kernel, to measure beside ours: its package as apt fetches it, unpacked under the build folder and never
//! installed, and an initramfs of one program of ours and of the modules that disks and FAT need.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Context, Result, fail};
use crate::host::run;
use crate::project::Project;

/// The package that depends on the newest kernel.
const META: &str = "linux-image-amd64";
/// What is loaded, after what it depends on.
const MODULES: [&str; 9] =
    ["vfat", "nls_cp437", "nls_ascii", "sd_mod", "ata_piix", "ahci", "nvme", "virtio_pci", "virtio_blk"];

/// A Linux to boot.
pub struct Linux {
    /// The kernel's image.
    pub kernel: PathBuf,
    /// The file system that it starts with.
    pub initramfs: PathBuf,
    /// "6.1.0-56-amd64".
    pub version: String,
}

impl Linux {
    /// Fetches and unpacks the package unless that was done, and packs the program from the source `program`.
    pub fn prepare(project: &Project, program: &Path) -> Result<Self> {
        let folder = project.build.join("linux");
        let root = folder.join("root");
        if !root.exists() {
            fetch(&folder, &root)?;
        }
        let kernel = only_file(&root.join("boot"), "vmlinuz-")?;
        let version = name_of(&kernel).trim_start_matches("vmlinuz-").to_owned();
        let init = folder.join("init");
        run::quietly(run::program("gcc").args(["-O2", "-static", "-o"]).arg(&init).arg(program))?;
        let mut archive = Archive::default();
        archive.add("init", 0o100_755, &fs::read(&init).context("read the program")?);
        archive.add("modules", 0o040_755, &[]);
        for (number, (name, bytes)) in modules(&root)?.into_iter().enumerate() {
            archive.add(&format!("modules/{number:02}-{name}.ko"), 0o100_644, &bytes);
        }
        let initramfs = folder.join("initramfs");
        run::write_file(&initramfs, archive.finish())?;
        Ok(Self { kernel, initramfs, version })
    }
}

fn fetch(folder: &Path, root: &Path) -> Result {
    fs::create_dir_all(folder).context("make the folder for Linux")?;
    let depends = run::quietly(run::program("apt-cache").args(["depends", META]))?;
    let Some(package) = depends.lines().find_map(|line| line.trim().strip_prefix("Depends: linux-image-"))
    else {
        fail!("apt knows no package {META}");
    };
    println!("Fetching linux-image-{package} from Debian, to measure beside it.");
    let package = format!("linux-image-{package}");
    run::quietly(run::program("apt-get").current_dir(folder).args(["download", &package]))?;
    let file = only_file(folder, &package)?;
    let unfinished = folder.join("part");
    run::quietly(run::program("dpkg-deb").arg("-x").arg(&file).arg(&unfinished))?;
    run::remove_file(&file)?;
    fs::rename(&unfinished, root).context("keep what was unpacked")
}

fn only_file(folder: &Path, prefix: &str) -> Result<PathBuf> {
    let entries = fs::read_dir(folder).context(format!("list {}", folder.display()))?;
    let mut paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    match paths.find(|path| name_of(path).starts_with(prefix)) {
        Some(path) => Ok(path),
        None => fail!("there is no {prefix}* in {}", folder.display()),
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The modules and what they depend on, in the order in which they can be loaded.
fn modules(root: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).context("list Linux's modules")? {
            let entry = entry?;
            let (path, name) = (entry.path(), name_of(&entry.path()));
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else if let Some((stem, _)) = name.split_once(".ko") {
                files.insert(stem.replace('-', "_"), path);
            }
        }
    }
    let mut found = Vec::new();
    for name in MODULES {
        load(name, &files, &mut found)?;
    }
    Ok(found)
}

fn load(name: &str, files: &BTreeMap<String, PathBuf>, found: &mut Vec<(String, Vec<u8>)>) -> Result {
    // What is built into the kernel is no file.
    let Some(path) = files.get(name).filter(|_| found.iter().all(|(other, _)| other != name)) else {
        return Ok(());
    };
    let bytes = if path.extension().is_some_and(|extension| extension == "xz") {
        run::output(run::program("xz").arg("-dc").arg(path))?.stdout
    } else {
        fs::read(path).context(format!("read {}", path.display()))?
    };
    for dependency in dependencies(&bytes) {
        load(&dependency, files, found)?;
    }
    found.push((name.to_owned(), bytes));
    Ok(())
}

/// The names in a module's own list.
fn dependencies(module: &[u8]) -> Vec<String> {
    let key = b"\0depends=";
    let Some(at) = module.windows(key.len()).position(|window| window == key) else { return Vec::new() };
    let list = module[at + key.len()..].split(|&byte| byte == 0).next().unwrap_or_default();
    let names = String::from_utf8_lossy(list).replace('-', "_");
    names.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// A cpio archive in the "newc" form (Linux's Documentation/driver-api/early-userspace/buffer-format.rst).
#[derive(Default)]
struct Archive(Vec<u8>);

impl Archive {
    fn add(&mut self, name: &str, mode: u32, contents: &[u8]) {
        let number = self.0.len() as u32;
        let length = contents.len() as u32;
        let name_length = name.len() as u32 + 1;
        let fields = [number, mode, 0, 0, 1, 0, length, 0, 0, 0, 0, name_length, 0];
        self.0.extend(b"070701");
        for field in fields {
            self.0.extend(format!("{field:08x}").bytes());
        }
        self.0.extend(name.bytes().chain([0]));
        self.align();
        self.0.extend(contents);
        self.align();
    }

    fn align(&mut self) {
        self.0.resize(self.0.len().next_multiple_of(4), 0);
    }

    fn finish(mut self) -> Vec<u8> {
        self.add("TRAILER!!!", 0, &[]);
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_says_what_it_depends_on() {
        assert_eq!(
            dependencies(b"x\0license=GPL\0depends=fat,crc-t10dif\0name=vfat\0"),
            ["fat", "crc_t10dif"]
        );
        assert!(dependencies(b"x\0depends=\0name=fat\0").is_empty());
        assert!(dependencies(b"").is_empty());
    }

    #[test]
    fn an_archive_is_headers_and_contents_on_words() {
        let mut archive = Archive::default();
        archive.add("a", 0o100_644, b"hello");
        let bytes = archive.finish();
        assert_eq!(&bytes[..14], b"07070100000000");
        assert_eq!(&bytes[110..112], b"a\0");
        assert_eq!(&bytes[112..117], b"hello");
        assert_eq!(&bytes[120..126], b"070701");
        assert_eq!(bytes.len() % 4, 0);
    }
}
