//! The ISO: through Limine where its binaries can be had, else through GRUB and our loader. Either way it
//! boots with BIOS and UEFI, as a CD and as a USB stick.

use std::path::PathBuf;

use super::compile::{self, Profile};
use super::{bundle, disk, grub_iso, limine, limine_iso};
use crate::error::Result;
use crate::project::Project;

/// Builds build/quicklime.iso with the release kernel.
pub fn build(project: &Project) -> Result<PathBuf> {
    let kernel = compile::kernel(project, Profile::Release)?;
    let iso = project.build.join("quicklime.iso");
    match limine::find(project)? {
        Some(limine) => limine_iso::build(project, &limine, &kernel, &disk::live(project)?, &iso)?,
        None => {
            let (loader, bundle) = (compile::loader(project)?, project.build.join("bundle/iso"));
            bundle::build_with_disk(&kernel, &disk::live(project)?, &bundle)?;
            grub_iso::build(project, &loader, &bundle, &iso)?;
        }
    }
    Ok(iso)
}
