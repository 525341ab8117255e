//! Kernel, modules and command line, out of a pack or one by one.

use bootload::BootError;
use bootload::cmdline::CommandLine;
use bootload::handover::Handover;
use bootload::pack::{MAX_MODULES, Pack};
use bootload::responses::File;

use crate::physical;

/// What is to be started, and what goes with it.
pub struct Files<'a> {
    /// The kernel's file, as bytes ...
    pub kernel_bytes: &'a [u8],
    /// ... and as the kernel will see it. Its string is the pack's command line only.
    pub kernel: File<'a>,
    modules: [File<'a>; MAX_MODULES],
    module_count: usize,
}

impl<'a> Files<'a> {
    fn new(kernel_bytes: &'a [u8], kernel: File<'a>) -> Self {
        Self { kernel_bytes, kernel, modules: [File::default(); MAX_MODULES], module_count: 0 }
    }

    /// The modules.
    pub fn modules(&self) -> &[File<'a>] {
        &self.modules[..self.module_count]
    }

    fn add(&mut self, module: File<'a>) -> Result<(), BootError> {
        let no_room = BootError::OutOfMemory("another module", module.size);
        *self.modules.get_mut(self.module_count).ok_or(no_room)? = module;
        self.module_count += 1;
        Ok(())
    }
}

/// Takes the first of the files handed over for a pack, or for the kernel itself; any further
/// ones are modules.
pub fn find(handover: &Handover) -> Result<Files<'_>, BootError> {
    let (first, rest) = handover.modules().split_first().ok_or(BootError::NoModule)?;
    let bytes = physical::bytes(first.base, first.size as usize).ok_or(BootError::NoModule)?;
    let mut files = if Pack::is_pack(bytes) {
        let pack = Pack::parse(bytes)?;
        // The entries lie in the pack, so their addresses are its own plus an offset.
        let file = |entry: bootload::pack::Entry<'static>| File {
            base: entry.bytes.as_ptr().addr() as u64,
            size: entry.bytes.len() as u64,
            path: entry.path,
            string: entry.string,
        };
        let kernel = pack.kernel()?;
        let mut files = Files::new(kernel.bytes, file(kernel));
        for module in pack.modules() {
            files.add(file(module?))?;
        }
        files
    } else if bytes.starts_with(b"\x7fELF") {
        Files::new(bytes, File { base: first.base, size: first.size, path: b"/kernel", string: b"" })
    } else {
        return Err(BootError::NoKernel);
    };
    for module in rest {
        let string = module.string();
        // GRUB hands over the words behind the file's name; the first of them names the module.
        let path = string.split(|byte| *byte == b' ').next().unwrap_or(b"");
        files.add(File { base: module.base, size: module.size, path, string })?;
    }
    Ok(files)
}

/// The kernel's command line: the pack's, then what was given where the machine was started.
pub fn command_line(files: &Files, handover: &Handover) -> CommandLine {
    let mut line = CommandLine::new();
    line.add(files.kernel.string);
    line.add(handover.command_line.as_bytes());
    line
}
