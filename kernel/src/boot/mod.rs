//! What the loader told us. `limine.rs` is the only file that knows the Limine boot protocol; everything
//! else sees [`info::BootInfo`] and cannot tell which loader was there.

pub mod command_line;
pub mod info;
mod limine;
pub mod video;

pub use self::limine::collect;
pub use info::BootInfo;

/// The screen, as the loader set it up; `None` when there is none.
pub fn open_screen(info: &BootInfo) -> Option<video::VideoMemory> {
    // SAFETY: the loader mapped the framebuffer at this address (Limine protocol, "Framebuffer Feature"),
    // and the kernel's own page tables map it there too (memory/kernel_space.rs).
    info.framebuffer.map(|framebuffer| unsafe { video::VideoMemory::new(framebuffer) })
}
