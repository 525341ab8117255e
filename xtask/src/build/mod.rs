//! Makes everything that is made: the kernel, the loader, the images.

pub mod bundle;
pub mod compile;
pub mod disk;
pub mod fat32;
pub mod grub_iso;
pub mod iso;
pub mod limine;
pub mod limine_iso;
pub mod linux;
pub mod partitions;
