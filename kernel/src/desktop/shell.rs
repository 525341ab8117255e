//! The machine as a shell sees it: its terminal line, and everything else of this kernel.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use ::diagnosis::Inspector;
use ::shell::{
    Application, CancelError, Cancelled, Device, FileDetails, FileStatus, FileSystemFigures, Input,
    PowerAction, PowerError, ProcessEnd, Shell, SpawnError, System, WriteMode,
};
use ui::{DateTime, FileError, SystemFigures};

use super::figures::Sampler;
use super::pty::Pty;
use super::{clock, files, power};
use crate::console;
use crate::diagnosis;
use crate::drivers::pci;
use crate::fs;
use crate::process::{self, ExitStatus, ProcessId, WaitFor};
use crate::sync::Mutex;
use crate::task;

/// Where a shell begins.
const HOME: &str = "/";

/// Starts a shell at the other end of `pty`: a child process, which ends its children with itself.
pub fn start(pty: Arc<Pty>) -> Result<ProcessId, task::SpawnError> {
    process::spawn("shell", move || {
        let reader = pty.clone();
        process::on_child_end(move || reader.wake_reader());
        if let Err(error) = fs::directory::set_terminal(pty.clone()) {
            log::warn!("a shell without /dev/tty: {error}");
        }
        let system = KernelSystem {
            pty: pty.clone(),
            printing: Mutex::new(()),
            sampler: Mutex::new(Sampler::default()),
        };
        Shell::new(Arc::new(system), HOME).run();
        pty.end();
        0
    })
}

fn end(status: ExitStatus) -> ProcessEnd {
    match status {
        ExitStatus::Exited(code) => ProcessEnd::Exited(code),
        ExitStatus::Cancelled => ProcessEnd::Cancelled,
    }
}

struct KernelSystem {
    pty: Arc<Pty>,
    /// Held for one write, so that jobs running in parallel don't tear each other's.
    printing: Mutex<()>,
    sampler: Mutex<Sampler>,
}

impl System for KernelSystem {
    fn read(&self, buffer: &mut [u8], timeout_ms: Option<u64>) -> Input {
        self.pty.read(buffer, timeout_ms)
    }

    fn write(&self, bytes: &[u8]) {
        let _printing = self.printing.lock();
        self.pty.write(bytes);
    }

    fn columns(&self) -> usize {
        self.pty.columns()
    }

    fn list(&self, path: &str) -> Result<Vec<FileStatus>, FileError> {
        files::list(path)
    }

    fn status(&self, path: &str) -> Result<FileStatus, FileError> {
        files::status(path)
    }

    fn details(&self, path: &str) -> Result<FileDetails, FileError> {
        files::details(path)
    }

    fn create_link(&self, path: &str, target: &str) -> Result<(), FileError> {
        files::create_link(path, target)
    }

    fn create_pipe(&self, path: &str) -> Result<(), FileError> {
        files::create_pipe(path)
    }

    fn enter(&self, path: &str) -> Result<(), FileError> {
        files::enter(path)
    }

    fn read_all(&self, path: &str, each: &mut dyn FnMut(&[u8]) -> bool) -> Result<(), FileError> {
        files::read_all(path, each)
    }

    fn sync(&self) -> Result<(), FileError> {
        files::sync()
    }

    fn read_file(&self, path: &str, offset: u64, buffer: &mut [u8]) -> Result<usize, FileError> {
        files::read_at(path, offset, buffer)
    }

    fn write_file(&self, path: &str, contents: &[u8], mode: WriteMode) -> Result<(), FileError> {
        files::write(path, contents, mode)
    }

    fn create_directory(&self, path: &str) -> Result<(), FileError> {
        files::create_directory(path)
    }

    fn remove(&self, path: &str) -> Result<(), FileError> {
        files::remove(path)
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), FileError> {
        files::rename(from, to)
    }

    fn file_systems(&self) -> Vec<FileSystemFigures> {
        files::mounted()
    }

    fn devices(&self) -> Vec<Device> {
        let describe = |function: &::pci::Function| Device {
            place: function.address.to_string(),
            identity: format!("{:04x}:{:04x}", function.vendor, function.device),
            kind: ::pci::class::name(function.class).into(),
            driver: pci::driver_of(function.address).map(Into::into),
        };
        pci::functions().iter().map(describe).collect()
    }

    fn figures(&self) -> SystemFigures {
        self.sampler.lock().sample()
    }

    fn inspector(&self) -> &dyn Inspector {
        &diagnosis::Kernel
    }

    fn version(&self) -> String {
        format!("Quicklime {}", env!("CARGO_PKG_VERSION"))
    }

    fn kernel_log(&self) -> String {
        String::from_utf8_lossy(&console::read_ring()).into_owned()
    }

    fn wall_clock(&self) -> DateTime {
        clock::wall_clock()
    }

    fn now_ms(&self) -> u64 {
        clock::now_ms()
    }

    fn sleep_ms(&self, milliseconds: u64) -> Result<(), Cancelled> {
        task::nap_ms(milliseconds).map_err(|_| Cancelled)
    }

    fn spawn(&self, name: &str, work: Box<dyn FnOnce() -> u8 + Send>) -> Result<u32, SpawnError> {
        process::spawn(name, work).map(|process| process.0).map_err(|_| SpawnError)
    }

    fn try_wait(&self, process: u32) -> Option<ProcessEnd> {
        process::try_wait(WaitFor::One(ProcessId(process))).ok().map(|(_, status)| end(status))
    }

    fn wait(&self, process: u32) -> Result<ProcessEnd, Cancelled> {
        let waited = process::wait(WaitFor::One(ProcessId(process)));
        waited.map(|(_, status)| end(status)).map_err(|_| Cancelled)
    }

    fn cancel(&self, process: u32) -> Result<(), CancelError> {
        process::cancel(ProcessId(process)).map_err(|error| match error {
            process::CancelError::NoSuchProcess => CancelError::NoSuchProcess,
            process::CancelError::Service => CancelError::Service,
        })
    }

    fn is_cancelled(&self) -> bool {
        task::is_interrupted()
    }

    fn applications(&self) -> Vec<Application> {
        let application = |info: &ui::AppInfo| Application {
            id: info.id.into(),
            name: info.name.into(),
            summary: info.summary.into(),
        };
        apps::all().iter().map(application).collect()
    }

    fn launch(&self, id: &str, path: Option<&str>) -> bool {
        let known = apps::all().iter().any(|info| info.id == id);
        if known {
            super::launch(id, path);
        }
        known
    }

    fn power(&self, action: PowerAction) -> Result<(), PowerError> {
        Err(PowerError(power::leave(action)))
    }
}
