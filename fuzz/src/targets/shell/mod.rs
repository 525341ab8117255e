//! The shell with somebody at the keyboard who types anything, and files in memory: editing, completion, history, quoting,
//! every command. It ends when the window is closed, whatever was begun.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use shell::{
    Application, CancelError, Cancelled, Device, FileDetails, FileStatus, FileSystemFigures, Input,
    PowerAction, PowerError, ProcessEnd, Shell, SpawnError, System, WriteMode,
};
use ui::{DateTime, FileError, SystemFigures};

use crate::Target;
use crate::choices::Choices;

#[path = "../../../../crates/shell/tests/support/patient.rs"]
mod patient;

mod files;
use files::Files;

pub const TARGET: Target = Target { name: "shell", run, seeds };

/// Answers after the end of the input that a shell may need to see that there is none.
const PATIENCE: u32 = 10_000;
/// Bytes that files may have together.
const SPACE: usize = 1 << 20;

struct State {
    typed: Vec<u8>,
    at: usize,
    files: Files,
    now_ms: u64,
    asked_after_the_end: u32,
    /// Exit codes, until they are asked for.
    children: Vec<Option<u8>>,
}

struct Machine(Mutex<State>, usize);

impl Machine {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl System for Machine {
    fn read(&self, buffer: &mut [u8], timeout_ms: Option<u64>) -> Input {
        let mut state = self.state();
        let rest = &state.typed[state.at..];
        let Some(&first) = rest.first() else {
            state.asked_after_the_end += 1;
            assert!(state.asked_after_the_end < PATIENCE, "it goes on without a window");
            return Input::Closed;
        };
        // Who looks in passing finds something now and then; who waits, waits.
        if let Some(timeout) = timeout_ms
            && first.is_multiple_of(2)
        {
            state.now_ms += timeout;
            state.at += 1;
            return Input::TimedOut;
        }
        let count = rest.len().min(buffer.len()).min(1 + usize::from(first) % 16);
        buffer[..count].copy_from_slice(&rest[..count]);
        state.at += count;
        Input::Bytes(count)
    }

    fn write(&self, _: &[u8]) {}

    fn columns(&self) -> usize {
        self.1
    }

    fn list(&self, path: &str) -> Result<Vec<FileStatus>, FileError> {
        self.state().files.list(path)
    }

    fn status(&self, path: &str) -> Result<FileStatus, FileError> {
        self.state().files.status(path)
    }

    fn read_file(&self, path: &str, offset: u64, buffer: &mut [u8]) -> Result<usize, FileError> {
        self.state().files.read(path, offset, buffer)
    }

    fn write_file(&self, path: &str, contents: &[u8], mode: WriteMode) -> Result<(), FileError> {
        let files = &mut self.state().files;
        let held: usize = files.values().flatten().map(Vec::len).sum();
        if held + contents.len() > SPACE {
            return Err(FileError::NoSpace);
        }
        files.write(path, contents, mode)
    }

    fn create_directory(&self, path: &str) -> Result<(), FileError> {
        self.state().files.create_directory(path)
    }

    fn remove(&self, path: &str) -> Result<(), FileError> {
        self.state().files.remove(path)
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), FileError> {
        self.state().files.rename(from, to)
    }

    fn details(&self, path: &str) -> Result<FileDetails, FileError> {
        let status = self.status(path)?;
        Ok(FileDetails {
            status,
            inode: 1,
            mode: 0o644,
            user: 0,
            group: 0,
            links: 1,
            blocks: 8,
            device: None,
        })
    }

    /// Such as FAT: it has neither.
    fn create_link(&self, _: &str, _: &str) -> Result<(), FileError> {
        Err(FileError::Unsupported)
    }

    fn create_pipe(&self, _: &str) -> Result<(), FileError> {
        Err(FileError::Unsupported)
    }

    fn enter(&self, path: &str) -> Result<(), FileError> {
        self.status(path).map(drop)
    }

    fn read_all(&self, path: &str, each: &mut dyn FnMut(&[u8]) -> bool) -> Result<(), FileError> {
        let mut buffer = [0; 4096];
        let mut offset = 0;
        loop {
            let count = self.read_file(path, offset, &mut buffer)?;
            if count == 0 || !each(&buffer[..count]) {
                return Ok(());
            }
            offset += count as u64;
        }
    }

    fn sync(&self) -> Result<(), FileError> {
        Ok(())
    }

    fn file_systems(&self) -> Vec<FileSystemFigures> {
        vec![FileSystemFigures {
            mount_point: "/".into(),
            kind: "tmpfs".into(),
            device: "none".into(),
            options: "rw".into(),
            total: u64::MAX,
            used: 1,
        }]
    }

    fn figures(&self) -> SystemFigures {
        SystemFigures {
            uptime_ms: self.now_ms(),
            cpu_busy_percent: vec![0, 100],
            memory_total: 512 << 20,
            memory_used: 21 << 20,
            heap_used: 5 << 20,
            threads: Vec::new(),
            processes: Vec::new(),
        }
    }

    fn inspector(&self) -> &dyn diagnosis::Inspector {
        &patient::Patient
    }

    fn version(&self) -> String {
        "Quicklime".into()
    }

    fn kernel_log(&self) -> String {
        "[0.000001] INFO boot: kernel entered\n".into()
    }

    fn wall_clock(&self) -> DateTime {
        DateTime::from_unix(1_795_171_433)
    }

    fn now_ms(&self) -> u64 {
        self.state().now_ms
    }

    fn devices(&self) -> Vec<Device> {
        vec![Device {
            place: "00:1f.2".into(),
            identity: "8086:7010".into(),
            kind: "a disk".into(),
            driver: None,
        }]
    }

    fn sleep_ms(&self, milliseconds: u64) -> Result<(), Cancelled> {
        let mut state = self.state();
        state.now_ms = state.now_ms.saturating_add(milliseconds);
        Ok(())
    }

    /// Every child has ended when it is first looked at: its work is done by whoever begins it.
    fn spawn(&self, _: &str, work: Box<dyn FnOnce() -> u8 + Send>) -> Result<u32, SpawnError> {
        if self.state().children.len() >= 8 {
            return Err(SpawnError);
        }
        let code = work();
        let children = &mut self.state().children;
        children.push(Some(code));
        Ok(children.len() as u32 - 1)
    }

    fn try_wait(&self, process: u32) -> Option<ProcessEnd> {
        self.state().children.get_mut(process as usize)?.take().map(ProcessEnd::Exited)
    }

    fn wait(&self, process: u32) -> Result<ProcessEnd, Cancelled> {
        self.try_wait(process).ok_or(Cancelled)
    }

    fn cancel(&self, process: u32) -> Result<(), CancelError> {
        if process == 1 { Err(CancelError::Service) } else { Err(CancelError::NoSuchProcess) }
    }

    fn is_cancelled(&self) -> bool {
        false
    }

    fn applications(&self) -> Vec<Application> {
        vec![Application { id: "snake".into(), name: "Snake".into(), summary: "A game.".into() }]
    }

    fn launch(&self, id: &str, _path: Option<&str>) -> bool {
        id == "snake"
    }

    fn power(&self, _: PowerAction) -> Result<(), PowerError> {
        Err(PowerError("there is no switch".into()))
    }
}

fn run(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let columns = choices.below(90);
    let readme = b"Hello from the disk.\nAnd more.\n".to_vec();
    let files = [("/", None), ("/disk", None), ("/disk/readme.txt", Some(readme))];
    let files = Files(files.map(|(path, file)| (path.into(), file)).into());
    let state = State {
        typed: choices.rest().to_vec(),
        at: 0,
        files,
        now_ms: 1_000,
        asked_after_the_end: 0,
        children: Vec::new(),
    };
    Shell::new(Arc::new(Machine(Mutex::new(state), columns)), "/disk").run();
}

fn seeds() -> Vec<Vec<u8>> {
    let lines: [&str; 12] = [
        "help\rls -l /\rcat readme.txt\rcd ..\rpwd\r",
        "echo 'a b' \"c\\\"d\" e\\ f > new.txt\rcat new.txt\r",
        "cp readme.txt copy.txt\rmv copy.txt moved\rrm moved\rls\r",
        "mkdir -p a/b\rcp -r a c\rrm -r a\rtree\r",
        "ec\t hello\x1b[D\x1b[D\x01x\x05\x0b\x19\x17\x15\r",
        "cat re\t\r\x1b[A\x1b[A\x1b[B\r\x12cat\r",
        "ps\rfree\rdf\ruptime\rdate\rdmesg\runame\r",
        "parallel 2 'echo a' 'echo b'\rsleep 1\x03top\rq",
        "snake\rhead -n 1 readme.txt\rtail readme.txt\rwc readme.txt\rgrep more readme.txt\r",
        "\x1b[200~pasted\nlines\x1b[201~\r\x04",
        "'unfinished\x7f\x7f\r\x03echo $HOME * ? > /\r",
        "history\rclear\rtouch x\rhexdump x\rwhich ls\rexit\r",
    ];
    lines.iter().map(|line| [&[80], line.as_bytes()].concat()).collect()
}
