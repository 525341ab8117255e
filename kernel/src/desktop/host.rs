//! What a program may ask of this kernel.

use alloc::sync::Arc;

use ui::{Clipboard, DateTime, Files, Host, SystemFigures};

use super::clock;
use super::figures::Sampler;
use super::files::KernelFiles;
use super::pty::{Master, Pty};
use crate::sync::Mutex;
use desktop::ToastKind;

/// What was copied last, in whichever window.
static CLIPBOARD: Mutex<Clipboard> = Mutex::new(Clipboard::Empty);

/// One program's host.
pub struct KernelHost {
    files: KernelFiles,
    sampler: Mutex<Sampler>,
    terminal: Option<Master>,
}

impl KernelHost {
    /// A host for a program with, or without, a shell behind it.
    pub fn new(pty: Option<Arc<Pty>>) -> Self {
        Self { files: KernelFiles, sampler: Mutex::new(Sampler::default()), terminal: pty.map(Master) }
    }
}

impl Host for KernelHost {
    fn now_ms(&self) -> u64 {
        clock::now_ms()
    }

    fn wall_clock(&self) -> DateTime {
        clock::wall_clock()
    }

    fn files(&mut self) -> &mut dyn Files {
        &mut self.files
    }

    fn system(&self) -> SystemFigures {
        self.sampler.lock().sample()
    }

    fn terminal(&mut self) -> Option<&mut dyn ui::Pty> {
        self.terminal.as_mut().map(|master| master as &mut dyn ui::Pty)
    }

    fn launch(&mut self, app: &str, path: Option<&str>) {
        super::launch(app, path);
    }

    fn clipboard(&mut self) -> Clipboard {
        CLIPBOARD.lock().try_clone().unwrap_or_default()
    }

    fn set_clipboard(&mut self, contents: Clipboard) {
        *CLIPBOARD.lock() = contents;
    }

    fn notify(&mut self, message: &str) {
        super::notify(ToastKind::Info, message);
    }
}
