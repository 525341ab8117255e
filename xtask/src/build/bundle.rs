//! The bundle: the kernel and its modules in one file, for our loader. QEMU hands a PVH guest one file only,
//! and GRUB is content with it as well.

use std::path::{Path, PathBuf};

use bootload::pack::{Entry, write};

use crate::error::{Context, Result};
use crate::host::run;
use crate::project::Project;

/// Bundles `kernel`; returns the file, which stands in the build folder under the name of the kernel's
/// profile. The command line is not in it: whoever starts the machine gives it.
pub fn build(project: &Project, kernel: &Path) -> Result<PathBuf> {
    let contents = std::fs::read(kernel).context(format!("read {}", kernel.display()))?;
    let profile = kernel.parent().and_then(Path::file_name).unwrap_or_default();
    let bundle = project.build.join("bundle").join(profile);
    run::write_file(&bundle, bundled(&contents, None)?)?;
    Ok(bundle)
}

/// Bundles `kernel` with the image of a disk, which the kernel then has in memory, into the file `bundle`.
pub fn build_with_disk(kernel: &Path, image: &Path, bundle: &Path) -> Result {
    let read = |path: &Path| std::fs::read(path).context(format!("read {}", path.display()));
    run::write_file(bundle, bundled(&read(kernel)?, Some(&read(image)?))?)
}

fn bundled(kernel: &[u8], disk: Option<&[u8]>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut entries = vec![Entry { path: b"/boot/kernel", string: b"", bytes: kernel }];
    entries.extend(disk.map(|bytes| Entry { path: b"/boot/files.img", string: b"", bytes }));
    write(&entries, |piece| -> Result {
        bytes.extend_from_slice(piece);
        Ok(())
    })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bootload::pack::Pack;

    #[test]
    fn the_loader_finds_the_kernel_in_it() {
        let kernel: Vec<u8> = (0..9000).map(|i| i as u8).collect();
        let bytes = bundled(&kernel, None).unwrap();
        let pack = Pack::parse(&bytes).unwrap();
        assert_eq!(pack.count(), 1);
        assert_eq!(pack.kernel().unwrap().bytes, kernel);
        let bytes = bundled(&kernel, Some(b"a disk")).unwrap();
        assert_eq!(Pack::parse(&bytes).unwrap().count(), 2);
    }
}
