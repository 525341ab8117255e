//! The ISO with Limine.

use std::fs;
use std::path::Path;

use super::limine::{FILES, Limine, UEFI_FILES};
use crate::error::{Context, Result};
use crate::host::run;
use crate::project::Project;

/// Builds the ISO at `iso`: iso_root/, the kernel, the disk image `files`, Limine and its configuration.
pub fn build(project: &Project, limine: &Limine, kernel: &Path, files: &Path, iso: &Path) -> Result {
    let tree = project.build.join("iso");
    stage_tree(project, &tree)?;
    run::copy(kernel, &tree.join("boot/kernel"))?;
    run::copy(files, &tree.join("boot/files.img"))?;
    let template = fs::read_to_string(project.root.join("limine.conf")).context("read limine.conf")?;
    let configuration = configure(&template, &project.kernel_command_line(), project.resolution);
    run::write_file(&tree.join("boot/limine/limine.conf"), configuration)?;
    for name in FILES {
        run::copy(&limine.folder.join(name), &tree.join("boot/limine").join(name))?;
    }
    for name in UEFI_FILES.iter().filter(|name| limine.folder.join(name).is_file()) {
        run::copy(&limine.folder.join(name), &tree.join("EFI/BOOT").join(name))?;
    }
    // BIOS boots limine-bios-cd.bin from a CD; UEFI finds limine-uefi-cd.bin, a FAT image, on a CD by El
    // Torito and on a stick as a partition; `bios-install` adds the boot sector for a stick with BIOS.
    let options = [
        "-as mkisofs -quiet -R -r -J",
        "-b boot/limine/limine-bios-cd.bin -no-emul-boot -boot-load-size 4 -boot-info-table -hfsplus",
        "-apm-block-size 2048 --efi-boot boot/limine/limine-uefi-cd.bin",
        "-efi-boot-part --efi-boot-image --protective-msdos-label -V QUICKLIME",
    ];
    let words = options.iter().flat_map(|line| line.split(' '));
    run::quietly(run::program("xorriso").args(words).arg(&tree).arg("-o").arg(iso))?;
    run::quietly(std::process::Command::new(&limine.tool).arg("bios-install").arg(iso))?;
    println!("Made {} with Limine from {}.", iso.display(), limine.folder.display());
    Ok(())
}

/// Copies iso_root/ into an empty `tree`: files that go onto every ISO as they are.
pub fn stage_tree(project: &Project, tree: &Path) -> Result {
    if tree.exists() {
        fs::remove_dir_all(tree).context("empty the ISO's folder")?;
    }
    run::copy_folder(&project.root.join("iso_root"), tree)
}

/// limine.conf with the wishes of this run in it.
fn configure(template: &str, command_line: &str, resolution: Option<(u32, u32)>) -> String {
    let mut lines: Vec<String> = template.lines().map(str::to_owned).collect();
    for line in &mut lines {
        let indent = line[..line.len() - line.trim_start().len()].to_owned();
        if line.trim_start().starts_with("kernel_cmdline:") && !command_line.is_empty() {
            *line = format!("{indent}kernel_cmdline: {command_line}");
        } else if let (true, Some((width, height))) =
            (line.trim_start().starts_with("resolution:"), resolution)
        {
            *line = format!("{indent}resolution: {width}x{height}x32");
        }
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str =
        "timeout: 0\n\n/Quicklime\n    kernel_cmdline: log=info\n    resolution: 1280x800x32\n";

    #[test]
    fn wishes_replace_the_defaults() {
        let text = configure(TEMPLATE, "log=debug", Some((640, 480)));
        assert!(
            text.contains("\n    kernel_cmdline: log=debug\n")
                && text.contains("\n    resolution: 640x480x32\n")
        );
        assert!(!text.contains("log=info") && !text.contains("1280"));
    }

    #[test]
    fn without_wishes_it_stays_as_it_is() {
        assert_eq!(configure(TEMPLATE, "", None), TEMPLATE);
    }
}
