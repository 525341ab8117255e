//! The ISO with GRUB, which starts our loader by multiboot2, which answers the Limine protocol.

use std::path::Path;
use std::process::Command;

use super::limine_iso::stage_tree;
use crate::error::{Result, fail};
use crate::host::run;
use crate::project::Project;

/// Builds the ISO at `iso`: iso_root/, the loader, the bundle of the kernel and a disk image, GRUB and its configuration.
///
/// grub-mkrescue puts GRUB for BIOS and for UEFI on it, and partitions it for a stick.
pub fn build(project: &Project, loader: &Path, bundle: &Path, iso: &Path) -> Result {
    let tree = project.build.join("iso");
    stage_tree(project, &tree)?;
    run::copy(loader, &tree.join("boot/loader"))?;
    run::copy(bundle, &tree.join("boot/bundle"))?;
    run::write_file(&tree.join("boot/grub/grub.cfg"), configuration(&project.kernel_command_line()))?;
    let Some(tool) = ["grub-mkrescue", "grub2-mkrescue"].into_iter().find_map(run::find) else {
        fail!("neither Limine's binaries nor grub-mkrescue can be had: no ISO");
    };
    let mut command = Command::new(tool);
    // A few modules instead of all 300: half the size, and BIOS reads a CD slowly. GRUB for UEFI wants every
    // kind of partition table by name, and complains on the screen when one is not there.
    let partitions = "part_acorn part_amiga part_apple part_bsd part_dfly part_dvh part_gpt part_msdos part_plan \
                      part_sun part_sunpc";
    command.arg(format!("--install-modules=normal multiboot2 iso9660 all_video {partitions}"));
    command.args(["--locales=", "--fonts=", "--themes="]);
    run::quietly(command.arg("-o").arg(iso).arg(&tree).args(["--", "-volid", "QUICKLIME"]))?;
    println!("Made {} with GRUB and loader/.", iso.display());
    Ok(())
}

/// grub.cfg. The loader asks GRUB for a framebuffer by its multiboot2 header; the resolution it asks for is
/// only a default, which `gfxmode` overrides.
fn configuration(command_line: &str) -> String {
    // A quote would end GRUB's word; a command line has none that mean anything.
    let words = command_line.replace(['"', '\'', '\\', '$', '\n'], " ");
    format!(
        "set timeout=0\n\
         insmod all_video\n\
         menuentry \"Quicklime\" {{\n    \
             multiboot2 /boot/loader {words}\n    \
             module2 /boot/bundle\n\
         }}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_cannot_leave_its_line() {
        let text = configuration("log=debug\n}\nhalt \"$x\"");
        assert_eq!(text.lines().filter(|line| line.contains("multiboot2 /boot/loader log=debug")).count(), 1);
        assert!(!text.contains("\nhalt") && !text.contains('$'));
    }
}
