//! A machine for the shell: files in a map, a scripted user, and a real terminal grid that shows
//! what the user would see.
#![allow(dead_code, reason = "each test file uses its part")]

mod patient;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Weak};
use std::time::{Duration, Instant};

use diagnosis::Inspector;
use patient::Patient;
use shell::{
    Application, CancelError, Cancelled, Device, FileDetails, FileKind, FileStatus, FileSystemFigures, Input,
    PowerAction, PowerError, ProcessEnd, Shell, SpawnError, System, WriteMode,
};
use term::{Modes, Terminal};
use ui::{DateTime, FileError, ProcessFigures, ProcessState, SystemFigures, ThreadFigures, ThreadState};

/// What the user does next.
#[derive(Clone, Debug)]
pub enum Step {
    /// Types at the prompt.
    Type(&'static str),
    /// Types while a command runs, after this many milliseconds.
    TypeWhileBusy(u64, &'static str),
    /// Changes the window's size at the prompt.
    Resize(usize, usize),
    /// Looks at the screen at the prompt.
    Look,
}

#[derive(Default)]
pub struct State {
    /// `None` is a directory.
    pub files: BTreeMap<String, Option<Vec<u8>>>,
    /// Symbolic links, by path.
    pub links: BTreeMap<String, String>,
    /// Devices; who reads one waits until he is told to end.
    pub devices: BTreeSet<String>,
    /// What was written to them: where, how far from the start, and what.
    pub written_to_devices: Vec<(String, u64, Vec<u8>)>,
    /// Where the shell said to be.
    pub entered: Vec<String>,
    pub syncs: usize,
    pub mounted: Vec<&'static str>,
    /// Bytes that may still be written.
    pub space: usize,
    steps: VecDeque<Step>,
    pub looks: Vec<String>,
    pub launched: Vec<String>,
    pub power: Vec<PowerAction>,
    pub max_threads: usize,
    /// A sleep lasts at least until so many commands have slept at the same time.
    pub sleepers_awaited: usize,
    sleepers: usize,
    pub most_sleepers: usize,
    /// Child processes by number; `Some` when they have ended.
    children: BTreeMap<u32, Option<ProcessEnd>>,
    pub cancelled: BTreeSet<u32>,
    /// What a user at another terminal does once so many processes sleep: ends the first of them.
    pub cancel_at_sleepers: usize,
    woken: bool,
    /// Milliseconds by which waiting has advanced the clock.
    waited_ms: u64,
}

thread_local! {
    /// The process that a thread is of; 0 is the shell.
    static PROCESS: Cell<u32> = const { Cell::new(0) };
}

/// The number of the first child process.
pub const FIRST_CHILD: u32 = 20;

pub struct Machine {
    state: Mutex<State>,
    terminal: Mutex<Terminal>,
    changed: Condvar,
    started: Instant,
    me: Weak<Machine>,
}

impl Machine {
    pub fn new(columns: usize, rows: usize) -> Arc<Machine> {
        let files =
            [("/", None), ("/disk", None), ("/disk/readme.txt", Some(&b"Hello from the disk.\n"[..]))];
        let state = State {
            files: files.iter().map(|(path, file)| (path.to_string(), file.map(<[u8]>::to_vec))).collect(),
            mounted: vec!["/", "/disk"],
            space: 1 << 20,
            max_threads: 16,
            ..State::default()
        };
        Arc::new_cyclic(|me| Machine {
            me: me.clone(),
            state: Mutex::new(state),
            terminal: Mutex::new(Terminal::new(columns, rows)),
            changed: Condvar::new(),
            started: Instant::now(),
        })
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub fn screen(&self) -> String {
        self.terminal.lock().unwrap().screen_text()
    }

    /// Runs a shell in `/disk` until the steps are used up.
    pub fn run(self: &Arc<Self>, steps: &[Step]) {
        self.state().steps = steps.iter().cloned().collect();
        Shell::new(self.clone(), "/disk").run();
    }

    /// Runs one line and returns what appeared between its echo and the next prompt.
    pub fn output_of(self: &Arc<Self>, line: &'static str) -> String {
        self.run(&[Step::Type("clear\r"), Step::Type(line), Step::Type("\r"), Step::Look]);
        let look = self.state().looks.pop().unwrap();
        let mut lines: Vec<&str> = look.lines().collect();
        assert!(lines[0].ends_with(line), "the echo: {look}");
        assert!(lines.pop().unwrap().starts_with("quicklime:"), "the next prompt: {look}");
        lines.get(1..).unwrap_or_default().join("\n")
    }

    pub fn file(&self, path: &str) -> Option<String> {
        let state = self.state();
        state.files.get(path)?.as_ref().map(|contents| String::from_utf8_lossy(contents).into_owned())
    }

    fn at_prompt(&self) -> bool {
        self.terminal.lock().unwrap().modes().contains(Modes::BRACKETED_PASTE)
    }
}

fn parent_of(path: &str) -> &str {
    match path.rfind('/') {
        Some(0) | None => "/",
        Some(slash) => &path[..slash],
    }
}

impl State {
    /// The path without links, but for a last one if it is `named`.
    fn real(&self, path: &str, named: bool) -> Result<String, FileError> {
        let mut at = path.to_string();
        for _ in 0..40 {
            let ends =
                at.char_indices().skip(1).filter(|(_, character)| *character == '/').map(|(end, _)| end);
            let ends = ends.chain((!named).then_some(at.len()));
            let Some((end, target)) = ends.filter_map(|end| Some((end, self.links.get(&at[..end])?))).next()
            else {
                return Ok(at);
            };
            let directory = if target.starts_with('/') { "" } else { parent_of(&at[..end]) };
            at = format!("{directory}/{}{}", target.trim_start_matches('/'), &at[end..]).replace("//", "/");
        }
        Err(FileError::TooManyLinks)
    }

    /// As `status`, of a link about the link.
    fn named(&self, path: &str) -> Result<FileStatus, FileError> {
        let path = &self.real(path, true)?;
        let (kind, target) = match self.links.get(path) {
            Some(target) => (FileKind::Link, Some(target.clone())),
            None if self.devices.contains(path) => (FileKind::CharacterDevice, None),
            None => return self.status(path),
        };
        let name = path.rsplit('/').next().unwrap().to_string();
        Ok(FileStatus { name, kind, length: 0, modified: None, target })
    }

    fn status(&self, path: &str) -> Result<FileStatus, FileError> {
        assert!(
            path.starts_with('/') && (path == "/" || !path.ends_with('/')) && !path.contains("//"),
            "{path}"
        );
        if self.devices.contains(path) {
            return self.named(path);
        }
        let path = &self.real(path, false)?;
        let parent = parent_of(path);
        if let Some(Some(_)) = self.files.get(parent) {
            return Err(FileError::NotADirectory);
        }
        let file = self.files.get(path).ok_or(FileError::NotFound)?;
        Ok(FileStatus {
            name: path.rsplit('/').next().unwrap().to_string(),
            kind: if file.is_some() { FileKind::File } else { FileKind::Directory },
            length: file.as_ref().map_or(0, |contents| contents.len() as u64),
            modified: Some(DateTime::from_unix(1_795_171_433)),
            target: None,
        })
    }

    fn children(&self, path: &str) -> Vec<String> {
        let names = self.files.keys().chain(self.links.keys()).chain(&self.devices);
        names.filter(|key| *key != "/" && parent_of(key) == path).cloned().collect()
    }

    fn check_new(&self, path: &str) -> Result<(), FileError> {
        if path.contains([':', '*', '?']) {
            return Err(FileError::InvalidName);
        }
        match self.files.get(parent_of(path)) {
            None => Err(FileError::NotFound),
            Some(Some(_)) => Err(FileError::NotADirectory),
            Some(None) => Ok(()),
        }
    }
}

impl System for Machine {
    fn read(&self, buffer: &mut [u8], timeout_ms: Option<u64>) -> Input {
        let type_in = |bytes: &str, buffer: &mut [u8]| {
            assert!(bytes.len() <= buffer.len());
            buffer[..bytes.len()].copy_from_slice(bytes.as_bytes());
            Input::Bytes(bytes.len())
        };
        loop {
            let at_prompt = self.at_prompt();
            let screen = self.screen();
            let mut state = self.state();
            if std::mem::take(&mut state.woken) {
                return Input::Woken;
            }
            match state.steps.front().cloned() {
                None if at_prompt || timeout_ms.is_none() && state.max_threads == 0 => return Input::Closed,
                Some(Step::Look) if at_prompt => {
                    state.looks.push(screen);
                    state.steps.pop_front();
                }
                Some(Step::Resize(columns, rows)) if at_prompt => {
                    state.steps.pop_front();
                    self.terminal.lock().unwrap().resize(columns, rows);
                    return Input::Woken;
                }
                Some(Step::Type(bytes)) if at_prompt => {
                    state.steps.pop_front();
                    return type_in(bytes, buffer);
                }
                Some(Step::TypeWhileBusy(delay, bytes))
                    if !at_prompt && timeout_ms.is_none_or(|timeout| timeout >= delay) =>
                {
                    state.steps.pop_front();
                    state.waited_ms += delay;
                    return type_in(bytes, buffer);
                }
                _ => match timeout_ms {
                    Some(timeout) => {
                        state.waited_ms += timeout;
                        return Input::TimedOut;
                    }
                    None => drop(self.changed.wait_timeout(state, Duration::from_millis(100)).unwrap()),
                },
            }
        }
    }

    fn write(&self, bytes: &[u8]) {
        self.terminal.lock().unwrap().feed(bytes);
    }

    fn columns(&self) -> usize {
        self.terminal.lock().unwrap().columns()
    }

    fn list(&self, path: &str) -> Result<Vec<FileStatus>, FileError> {
        let state = self.state();
        let path = &state.real(path, false)?;
        match state.status(path)?.kind {
            FileKind::Directory => state.children(path).iter().map(|child| state.named(child)).collect(),
            _ => Err(FileError::NotADirectory),
        }
    }

    fn status(&self, path: &str) -> Result<FileStatus, FileError> {
        self.state().status(path)
    }

    fn details(&self, path: &str) -> Result<FileDetails, FileError> {
        let status = self.state().named(path)?;
        let device = (status.kind == FileKind::CharacterDevice).then_some((1, 3));
        Ok(FileDetails { status, inode: 7, mode: 0o644, user: 0, group: 0, links: 1, blocks: 8, device })
    }

    fn create_link(&self, path: &str, target: &str) -> Result<(), FileError> {
        let mut state = self.state();
        let path = &state.real(path, true)?;
        if state.named(path).is_ok() {
            return Err(FileError::AlreadyExists);
        }
        state.check_new(path)?;
        state.links.insert(path.to_string(), target.to_string());
        Ok(())
    }

    fn create_pipe(&self, path: &str) -> Result<(), FileError> {
        let mut state = self.state();
        state.check_new(path)?;
        state.devices.insert(path.to_string());
        Ok(())
    }

    fn enter(&self, path: &str) -> Result<(), FileError> {
        self.state().entered.push(path.to_string());
        Ok(())
    }

    fn sync(&self) -> Result<(), FileError> {
        self.state().syncs += 1;
        Ok(())
    }

    fn read_all(&self, path: &str, each: &mut dyn FnMut(&[u8]) -> bool) -> Result<(), FileError> {
        if self.state().devices.contains(path) {
            each(b"from the device\n");
            return self.sleep_ms(3_600_000).map_err(|Cancelled| FileError::Interrupted);
        }
        let mut buffer = [0; 16 * 1024];
        let mut offset = 0;
        loop {
            let count = self.read_file(path, offset, &mut buffer)?;
            if count == 0 || !each(&buffer[..count]) {
                return Ok(());
            }
            offset += count as u64;
        }
    }

    fn read_file(&self, path: &str, offset: u64, buffer: &mut [u8]) -> Result<usize, FileError> {
        let state = self.state();
        state.status(path)?;
        let path = &state.real(path, false)?;
        let contents = state.files[path].as_ref().ok_or(FileError::IsADirectory)?;
        let rest = &contents[(offset as usize).min(contents.len())..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn write_file(&self, path: &str, contents: &[u8], mode: WriteMode) -> Result<(), FileError> {
        let mut state = self.state();
        if let WriteMode::At(offset) = mode {
            assert!(state.devices.contains(path), "{path}");
            state.written_to_devices.push((path.to_string(), offset, contents.to_vec()));
            return Ok(());
        }
        assert!(!state.devices.contains(path), "{path} is made anew");
        state.check_new(path)?;
        if state.files.get(path).is_some_and(Option::is_none) {
            return Err(FileError::IsADirectory);
        }
        state.space = state.space.checked_sub(contents.len()).ok_or(FileError::NoSpace)?;
        let file = state.files.entry(path.to_string()).or_default().get_or_insert_default();
        if mode == WriteMode::Replace {
            file.clear();
        }
        file.extend_from_slice(contents);
        Ok(())
    }

    fn create_directory(&self, path: &str) -> Result<(), FileError> {
        let mut state = self.state();
        if state.files.contains_key(path) {
            return Err(FileError::AlreadyExists);
        }
        state.check_new(path)?;
        state.files.insert(path.to_string(), None);
        Ok(())
    }

    fn remove(&self, path: &str) -> Result<(), FileError> {
        let mut state = self.state();
        state.named(path)?;
        if state.links.remove(path).is_some() {
            return Ok(());
        }
        if !state.children(path).is_empty() {
            return Err(FileError::DirectoryNotEmpty);
        }
        state.files.remove(path);
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), FileError> {
        let mut state = self.state();
        state.status(from)?;
        state.check_new(to)?;
        if state.files.contains_key(to) {
            return Err(FileError::AlreadyExists);
        }
        let within = format!("{from}/");
        let moved: Vec<String> =
            state.files.keys().filter(|key| *key == from || key.starts_with(&within)).cloned().collect();
        for key in moved {
            let file = state.files.remove(&key).unwrap();
            state.files.insert(format!("{to}{}", &key[from.len()..]), file);
        }
        Ok(())
    }

    fn devices(&self) -> Vec<Device> {
        let device = |place: &str, identity: &str, kind: &str, driver: Option<&str>| Device {
            place: place.to_string(),
            identity: identity.to_string(),
            kind: kind.to_string(),
            driver: driver.map(str::to_string),
        };
        vec![
            device("00:02.0", "1234:1111", "graphics adapter", None),
            device("00:03.0", "1b36:0010", "NVMe disk", Some("NVMe")),
        ]
    }

    fn file_systems(&self) -> Vec<FileSystemFigures> {
        self.state()
            .mounted
            .iter()
            .map(|mount_point| FileSystemFigures {
                mount_point: mount_point.to_string(),
                kind: if *mount_point == "/" { "tmpfs" } else { "fat32" }.to_string(),
                device: if *mount_point == "/" { "memory" } else { "ata0" }.to_string(),
                options: "rw,relatime".to_string(),
                total: 64 << 20,
                used: 3 << 19,
            })
            .collect()
    }

    fn figures(&self) -> SystemFigures {
        let process = |id, parent, name: &str, is_service| ProcessFigures {
            id,
            parent,
            name: name.to_string(),
            state: if is_service { ProcessState::Sleeping } else { ProcessState::Running },
            threads: id as usize,
            cpu_time_ms: 65_000,
            is_service,
        };
        let thread = |id, name: &str, state, cpu_time_ms| ThreadFigures {
            class: match name {
                "compositor" => ui::ThreadClass::Realtime { priority: 4, misses: 2 },
                _ => ui::ThreadClass::Ordinary { level: 3 },
            },
            id,
            process: 3,
            name: name.to_string(),
            state,
            cpu: 1,
            cpu_time_ms,
        };
        SystemFigures {
            uptime_ms: 192_000,
            cpu_busy_percent: vec![3, 0, 12, 100],
            memory_total: 512 << 20,
            memory_used: 21 << 20,
            heap_used: 5 << 20,
            processes: vec![
                process(1, 1, "init", true),
                process(3, 1, "desktop", true),
                process(12, 3, "snake", false),
                process(17, 3, "monitor", false),
            ],
            threads: vec![
                thread(12, "shell", ThreadState::Running, 1_234),
                thread(2, "compositor", ThreadState::Sleeping, 65_000),
            ],
        }
    }

    fn inspector(&self) -> &dyn Inspector {
        &Patient
    }

    fn version(&self) -> String {
        "Quicklime 0.1.0".to_string()
    }

    fn kernel_log(&self) -> String {
        "[0.000001] INFO boot: kernel entered\n[0.100000] WARN rtc: no date\n[0.200000] INFO disk: ready\n"
            .to_string()
    }

    fn wall_clock(&self) -> DateTime {
        DateTime::from_unix(1_795_171_433)
    }

    fn now_ms(&self) -> u64 {
        self.started.elapsed().as_millis() as u64 + self.state().waited_ms
    }

    fn sleep_ms(&self, milliseconds: u64) -> Result<(), Cancelled> {
        let process = PROCESS.get();
        let mut state = self.state();
        state.sleepers += 1;
        state.most_sleepers = state.most_sleepers.max(state.sleepers);
        if state.sleepers == state.cancel_at_sleepers {
            state.cancelled.insert(FIRST_CHILD);
        }
        self.changed.notify_all();
        let alone = |state: &mut State| state.most_sleepers < state.sleepers_awaited;
        let (state, _) = self.changed.wait_timeout_while(state, Duration::from_secs(30), alone).unwrap();
        let (mut state, _) = self
            .changed
            .wait_timeout_while(state, Duration::from_millis(milliseconds), |state| {
                !state.cancelled.contains(&process)
            })
            .unwrap();
        state.sleepers -= 1;
        if state.cancelled.contains(&process) { Err(Cancelled) } else { Ok(()) }
    }

    fn spawn(&self, _name: &str, work: Box<dyn FnOnce() -> u8 + Send>) -> Result<u32, SpawnError> {
        let mut state = self.state();
        state.max_threads = state.max_threads.checked_sub(1).ok_or(SpawnError)?;
        let process = FIRST_CHILD + state.children.len() as u32;
        state.children.insert(process, None);
        drop(state);
        let machine = self.me.upgrade().unwrap();
        std::thread::spawn(move || {
            PROCESS.set(process);
            let code = work();
            let mut state = machine.state();
            let was_cancelled = state.cancelled.contains(&process);
            let end = if was_cancelled { ProcessEnd::Cancelled } else { ProcessEnd::Exited(code) };
            state.children.insert(process, Some(end));
            state.woken = true;
            machine.changed.notify_all();
        });
        Ok(process)
    }

    fn try_wait(&self, process: u32) -> Option<ProcessEnd> {
        self.state().children[&process]
    }

    fn wait(&self, process: u32) -> Result<ProcessEnd, Cancelled> {
        let own = PROCESS.get();
        let runs = |state: &mut State| state.children[&process].is_none() && !state.cancelled.contains(&own);
        let state = self.changed.wait_while(self.state(), runs).unwrap();
        state.children[&process].ok_or(Cancelled)
    }

    fn cancel(&self, process: u32) -> Result<(), CancelError> {
        let known = self.figures().processes.into_iter().find(|known| known.id == process);
        let mut state = self.state();
        if known.as_ref().is_some_and(|known| known.is_service) {
            return Err(CancelError::Service);
        }
        if known.is_none() && !state.children.contains_key(&process) {
            return Err(CancelError::NoSuchProcess);
        }
        state.cancelled.insert(process);
        self.changed.notify_all();
        Ok(())
    }

    fn is_cancelled(&self) -> bool {
        self.state().cancelled.contains(&PROCESS.get())
    }

    fn applications(&self) -> Vec<Application> {
        [("snake", "Snake", "A game."), ("monitor", "System Monitor", "Load, memory, threads.")]
            .map(|(id, name, summary)| Application {
                id: id.into(),
                name: name.into(),
                summary: summary.into(),
            })
            .to_vec()
    }

    fn launch(&self, id: &str, path: Option<&str>) -> bool {
        let opened = path.map_or(id.to_string(), |path| format!("{id} {path}"));
        self.state().launched.push(opened);
        true
    }

    fn power(&self, action: PowerAction) -> Result<(), PowerError> {
        self.state().power.push(action);
        Err(PowerError("this machine has no switch".to_string()))
    }
}
