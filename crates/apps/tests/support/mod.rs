//! A host for apps: files in a map, a terminal line whose shell is the test, figures that the test
//! sets; and a window that draws as the desktop does.
#![allow(dead_code, reason = "each test file uses its part")]

use std::collections::{BTreeMap, BTreeSet};

use gfx::{Damage, Point, Rect, Size, Surface};
use ui::{
    App, Button, Clipboard, DateTime, DirectoryEntry, Event, Existing, FileError, Files, Host, Key, KeyEvent,
    KeyState, Modifiers, PointerEvent, PointerKind, Pty, Response, SystemFigures, ThreadFigures, ThreadState,
    Usage,
};

/// Files in memory: two file systems, `/` and `/disk`, of which the second one's room is bounded.
pub struct FakeFiles {
    /// Contents by path.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The root is not among them.
    pub directories: BTreeSet<String>,
    pub writes: usize,
    /// Nothing can be written anywhere.
    pub is_missing: bool,
    /// Bytes that still fit on the disk.
    pub room: u64,
    /// After so many more changes, every change fails like this.
    pub fails_after: Option<(usize, FileError)>,
    /// Seconds of the next change.
    pub clock: u64,
    pub changed: BTreeMap<String, u64>,
    pub syncs: usize,
}

impl Default for FakeFiles {
    fn default() -> Self {
        FakeFiles {
            files: BTreeMap::new(),
            directories: ["/disk", "/tmp"].map(String::from).into(),
            writes: 0,
            is_missing: false,
            room: 100 << 20,
            fails_after: None,
            clock: 1_795_171_433,
            changed: BTreeMap::new(),
            syncs: 0,
        }
    }
}

impl FakeFiles {
    /// A file, and the directories on the way to it.
    pub fn put(&mut self, path: &str, contents: impl AsRef<[u8]>) {
        self.put_directory(path.rsplit_once('/').unwrap().0);
        self.files.insert(path.into(), contents.as_ref().to_vec());
        self.changed.insert(path.into(), self.clock);
    }

    pub fn put_directory(&mut self, path: &str) {
        for (at, _) in path.match_indices('/').skip(1).chain([(path.len(), "")]) {
            if at > 0 {
                self.directories.insert(path[..at].into());
            }
        }
    }

    /// Everything there is, with contents: to compare states.
    pub fn tree(&self) -> BTreeMap<String, Option<Vec<u8>>> {
        let directories = self.directories.iter().map(|path| (path.clone(), None));
        let files = self.files.iter().map(|(path, contents)| (path.clone(), Some(contents.clone())));
        directories.chain(files).collect()
    }

    pub fn exists(&self, path: &str) -> bool {
        path == "/" || self.files.contains_key(path) || self.directories.contains(path)
    }

    fn is_on_disk(path: &str) -> bool {
        path == "/disk" || path.starts_with("/disk/")
    }

    /// Whether a change of `path` is possible at all.
    fn change(&mut self, path: &str) -> Result<(), FileError> {
        if self.is_missing {
            return Err(FileError::NotFound);
        }
        if let Some((left, error)) = &mut self.fails_after {
            if *left == 0 {
                return Err(*error);
            }
            *left -= 1;
        }
        self.writes += 1;
        self.clock += 1;
        self.changed.insert(path.into(), self.clock);
        Ok(())
    }

    fn place(&self, path: &str) -> Result<(), FileError> {
        let (parent, name) = path.rsplit_once('/').ok_or(FileError::InvalidName)?;
        if name.is_empty() || name.len() > 255 || name.contains(['?', '*', ':']) {
            return Err(FileError::InvalidName);
        }
        if self.files.contains_key(parent) {
            return Err(FileError::NotADirectory);
        }
        if parent.is_empty() || self.directories.contains(parent) { Ok(()) } else { Err(FileError::NotFound) }
    }

    /// Takes (or gives back) room for a file that grows.
    fn grow(&mut self, path: &str, from: usize, to: usize) -> Result<(), FileError> {
        if Self::is_on_disk(path) {
            let room = (self.room + from as u64).checked_sub(to as u64).ok_or(FileError::NoSpace)?;
            self.room = room;
        }
        Ok(())
    }

    fn is_empty(&self, directory: &str) -> bool {
        let inside = format!("{directory}/");
        !self.files.keys().chain(&self.directories).any(|path| path.starts_with(&inside))
    }
}

impl Files for FakeFiles {
    fn read(&mut self, path: &str) -> Result<Vec<u8>, FileError> {
        self.files.get(path).cloned().ok_or(FileError::NotFound)
    }

    fn write(&mut self, path: &str, contents: &[u8]) -> Result<(), FileError> {
        self.change(path)?;
        self.place(path)?;
        self.grow(path, self.files.get(path).map_or(0, Vec::len), contents.len())?;
        self.files.insert(path.to_string(), contents.to_vec());
        Ok(())
    }

    fn list(&mut self, path: &str) -> Result<Vec<DirectoryEntry>, FileError> {
        if !self.status(path)?.is_directory {
            return Err(FileError::NotADirectory);
        }
        let inside = format!("{}/", path.trim_end_matches('/'));
        let all: Vec<String> = self.files.keys().chain(&self.directories).cloned().collect();
        all.iter()
            .filter(|each| {
                each.strip_prefix(&inside).is_some_and(|name| !name.is_empty() && !name.contains('/'))
            })
            .map(|each| self.status(each))
            .collect()
    }

    fn status(&mut self, path: &str) -> Result<DirectoryEntry, FileError> {
        let name = path.rsplit('/').next().unwrap_or("").to_string();
        let modified = self.changed.get(path).map(|seconds| DateTime::from_unix(*seconds));
        if let Some(contents) = self.files.get(path) {
            Ok(DirectoryEntry { name, is_directory: false, length: contents.len() as u64, modified })
        } else if path == "/" || self.directories.contains(path) {
            Ok(DirectoryEntry { name, is_directory: true, length: 0, modified })
        } else {
            Err(FileError::NotFound)
        }
    }

    fn read_at(&mut self, path: &str, offset: u64, buffer: &mut [u8]) -> Result<usize, FileError> {
        let contents = self.files.get(path).ok_or(FileError::NotFound)?;
        let rest = &contents[contents.len().min(offset as usize)..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn create(&mut self, path: &str) -> Result<(), FileError> {
        self.change(path)?;
        self.place(path)?;
        if self.exists(path) {
            return Err(FileError::AlreadyExists);
        }
        self.files.insert(path.into(), Vec::new());
        Ok(())
    }

    fn write_at(&mut self, path: &str, offset: u64, data: &[u8]) -> Result<(), FileError> {
        self.change(path)?;
        let before = self.files.get(path).ok_or(FileError::NotFound)?.len();
        let after = before.max(offset as usize + data.len());
        self.grow(path, before, after)?;
        let contents = self.files.get_mut(path).unwrap();
        contents.resize(after, 0);
        contents[offset as usize..][..data.len()].copy_from_slice(data);
        Ok(())
    }

    fn truncate(&mut self, path: &str, length: u64) -> Result<(), FileError> {
        self.change(path)?;
        let before = self.files.get(path).ok_or(FileError::NotFound)?.len();
        self.grow(path, before, length as usize)?;
        self.files.get_mut(path).unwrap().resize(length as usize, 0);
        Ok(())
    }

    fn create_directory(&mut self, path: &str) -> Result<(), FileError> {
        self.change(path)?;
        self.place(path)?;
        if self.exists(path) {
            return Err(FileError::AlreadyExists);
        }
        self.directories.insert(path.into());
        Ok(())
    }

    fn rename(&mut self, from: &str, to: &str, existing: Existing) -> Result<(), FileError> {
        self.change(to)?;
        self.place(to)?;
        self.status(from)?;
        if Self::is_on_disk(from) != Self::is_on_disk(to) {
            return Err(FileError::OtherFileSystem);
        }
        if from == to {
            return Ok(());
        }
        if to.starts_with(&format!("{from}/")) {
            return Err(FileError::Unsupported);
        }
        if self.directories.contains(to) || (existing == Existing::Keep && self.exists(to)) {
            return Err(FileError::AlreadyExists);
        }
        let inside = format!("{from}/");
        let moved = |path: &String| path == from || path.starts_with(&inside);
        let new = |path: &str| format!("{to}{}", &path[from.len()..]);
        for path in self.files.keys().filter(|path| moved(path)).cloned().collect::<Vec<_>>() {
            let contents = self.files.remove(&path).unwrap();
            if let Some(old) = self.files.insert(new(&path), contents) {
                self.grow(to, old.len(), 0)?;
            }
        }
        for path in self.directories.iter().filter(|path| moved(path)).cloned().collect::<Vec<_>>() {
            self.directories.remove(&path);
            self.directories.insert(new(&path));
        }
        Ok(())
    }

    fn remove(&mut self, path: &str) -> Result<(), FileError> {
        self.change(path)?;
        if path == "/disk" || path == "/" {
            return Err(FileError::Busy);
        }
        if let Some(contents) = self.files.remove(path) {
            return self.grow(path, contents.len(), 0);
        }
        if !self.directories.contains(path) {
            return Err(FileError::NotFound);
        }
        if !self.is_empty(path) {
            return Err(FileError::DirectoryNotEmpty);
        }
        self.directories.remove(path);
        Ok(())
    }

    fn usage(&mut self, path: &str) -> Result<Usage, FileError> {
        let free = if Self::is_on_disk(path) { self.room } else { 120 << 20 };
        Ok(Usage { total: 128 << 20, free })
    }

    fn sync(&mut self) -> Result<(), FileError> {
        self.syncs += 1;
        Ok(())
    }
}

#[derive(Default)]
pub struct FakePty {
    /// What the shell printed and the app has not read.
    pub printed: Vec<u8>,
    /// What the app typed.
    pub typed: Vec<u8>,
    /// How many more bytes the shell takes.
    pub room: usize,
    pub size: (u16, u16),
    pub closed: bool,
}

impl Pty for FakePty {
    fn read(&mut self, buffer: &mut [u8]) -> usize {
        let count = self.printed.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.printed[..count]);
        self.printed.drain(..count);
        count
    }

    fn write(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.room);
        self.room -= count;
        self.typed.extend_from_slice(&bytes[..count]);
        count
    }

    fn resize(&mut self, columns: u16, rows: u16) {
        self.size = (columns, rows);
    }

    fn is_closed(&self) -> bool {
        self.closed
    }
}

pub struct FakeHost {
    pub now_ms: u64,
    pub files: FakeFiles,
    pub pty: FakePty,
    pub figures: SystemFigures,
    pub clipboard: Clipboard,
    /// Programs opened, with their paths.
    pub launched: Vec<String>,
    pub notices: Vec<String>,
}

impl Host for FakeHost {
    fn now_ms(&self) -> u64 {
        self.now_ms
    }

    fn wall_clock(&self) -> DateTime {
        DateTime::from_unix(1_795_171_433)
    }

    fn files(&mut self) -> &mut dyn Files {
        &mut self.files
    }

    fn system(&self) -> SystemFigures {
        self.figures.clone()
    }

    fn terminal(&mut self) -> Option<&mut dyn Pty> {
        Some(&mut self.pty)
    }

    fn launch(&mut self, app: &str, path: Option<&str>) {
        self.launched.push(path.map_or(app.to_string(), |path| format!("{app} {path}")));
    }

    fn clipboard(&mut self) -> Clipboard {
        self.clipboard.clone()
    }

    fn set_clipboard(&mut self, contents: Clipboard) {
        self.clipboard = contents;
    }

    fn notify(&mut self, message: &str) {
        self.notices.push(message.to_string());
    }
}

/// An app in a window of its own.
pub struct Window<A: App> {
    pub app: A,
    pub host: FakeHost,
    pub surface: Surface,
    /// What the last drawing painted.
    pub damage: Damage,
    pub closed: bool,
}

impl<A: App> Window<A> {
    pub fn open(app: A) -> Window<A> {
        let size = app.initial_size();
        Window::open_with(app, FakeHost::new(), size)
    }

    pub fn open_with(app: A, host: FakeHost, size: Size) -> Window<A> {
        let mut window =
            Window { app, host, surface: Surface::new(size), damage: Damage::new(), closed: false };
        window.resize(size);
        window
    }

    pub fn resize(&mut self, size: Size) {
        // Undefined contents: a colour that no app uses.
        self.surface = Surface::filled(size, gfx::Color::rgb(255, 0, 255));
        self.send(Event::Resize(size));
    }

    /// Sends an event and draws if the app asks for it.
    pub fn send(&mut self, event: Event) -> Response {
        let response = self.app.event(event, &mut self.host);
        self.damage = Damage::new();
        match response {
            Response::Nothing => {}
            Response::Redraw => {
                let before = self.surface.pixels().to_vec();
                self.app.draw(&mut self.surface.canvas(), &mut self.damage);
                self.check_damage(&before);
            }
            Response::Close => self.closed = true,
        }
        response
    }

    /// Every pixel that changed must be declared, or the screen would keep the old one.
    fn check_damage(&self, before: &[u32]) {
        let width = self.surface.size().width as usize;
        for (index, (old, new)) in before.iter().zip(self.surface.pixels()).enumerate() {
            let point = Point::new((index % width) as i32, (index / width) as i32);
            assert!(
                old == new || self.damage.rects().iter().any(|rect| rect.contains(point)),
                "{point:?} changed outside the damage"
            );
        }
    }

    pub fn press(&mut self, key: Key, modifiers: Modifiers) {
        self.key(key, modifiers, None);
    }

    fn key(&mut self, key: Key, modifiers: Modifiers, text: Option<char>) {
        self.send(Event::Key(KeyEvent { key, state: KeyState::Pressed, modifiers, text }));
        self.send(Event::Key(KeyEvent { key, state: KeyState::Released, modifiers, text: None }));
    }

    /// Types letters; a line's end is Enter.
    pub fn type_text(&mut self, text: &str) {
        for character in text.chars() {
            if character == '\n' {
                self.press(Key::Enter, Modifiers::empty());
                continue;
            }
            self.key(Key::Unknown, Modifiers::empty(), Some(character));
        }
    }

    pub fn pointer(&mut self, kind: PointerKind, x: i32, y: i32) -> Response {
        let position = Point::new(x, y);
        self.send(Event::Pointer(PointerEvent { kind, position, modifiers: Modifiers::empty() }))
    }

    pub fn pointer_with(&mut self, kind: PointerKind, at: Point, modifiers: Modifiers) -> Response {
        self.send(Event::Pointer(PointerEvent { kind, position: at, modifiers }))
    }

    /// Ticks until the app wants no more.
    pub fn work(&mut self) {
        for _ in 0..100_000 {
            if self.app.tick_interval_ms().is_none() || self.closed {
                return;
            }
            self.tick();
        }
        panic!("it never ends");
    }

    pub fn click(&mut self, x: i32, y: i32) {
        self.pointer(PointerKind::Pressed(Button::Primary), x, y);
        self.pointer(PointerKind::Released(Button::Primary), x, y);
    }

    /// What the shell prints.
    pub fn print(&mut self, text: &str) {
        self.host.pty.printed.extend_from_slice(text.as_bytes());
        self.send(Event::Data);
    }

    pub fn tick(&mut self) {
        self.host.now_ms += self.app.tick_interval_ms().unwrap_or(1000);
        let now_ms = self.host.now_ms;
        self.send(Event::Tick { now_ms });
    }

    /// Compares the window with its committed picture, and a drawing from scratch with what piece
    /// by piece drawings have left.
    pub fn golden(&mut self, name: &str) {
        let size = self.surface.size();
        let before = self.surface.pixels().to_vec();
        let missed = before.iter().position(|pixel| *pixel == 0xffff_00ff);
        assert_eq!(missed, None, "{name}: a pixel was never painted");
        testkit::golden(name, self.surface.pixels(), size.width, size.height);
        let whole = Rect::at(Point::ZERO, size);
        assert!(self.damage.rects().iter().all(|rect| whole.contains_rect(*rect)));
    }
}

impl FakeHost {
    pub fn new() -> FakeHost {
        // The compositor is of the real-time class, and the monitor has computed.
        let class = |id| match id {
            8 => ui::ThreadClass::Realtime { priority: 0, misses: 12 },
            12 => ui::ThreadClass::Ordinary { level: 4 },
            _ => ui::ThreadClass::Ordinary { level: 0 },
        };
        let thread = |id: u64, name: &str, state, cpu, cpu_time_ms| ThreadFigures {
            class: class(id),
            id,
            process: 1,
            name: name.to_string(),
            state,
            cpu,
            cpu_time_ms,
        };
        FakeHost {
            now_ms: 192_000,
            files: FakeFiles::default(),
            pty: FakePty { room: usize::MAX, ..FakePty::default() },
            clipboard: Clipboard::Empty,
            launched: Vec::new(),
            notices: Vec::new(),
            figures: SystemFigures {
                uptime_ms: 192_000,
                cpu_busy_percent: vec![12, 0, 81, 34],
                memory_total: 512 << 20,
                memory_used: 21 << 20,
                heap_used: 5 << 20,
                processes: Vec::new(),
                threads: vec![
                    thread(1, "idle/0", ThreadState::Ready, 0, 170_000),
                    thread(2, "idle/1", ThreadState::Running, 1, 181_000),
                    thread(5, "reaper", ThreadState::Sleeping, 1, 20),
                    thread(6, "disk write-back", ThreadState::Sleeping, 2, 340),
                    thread(7, "input", ThreadState::Sleeping, 0, 1_210),
                    thread(8, "compositor", ThreadState::Sleeping, 3, 9_800),
                    thread(9, "Terminal", ThreadState::Sleeping, 2, 700),
                    thread(10, "shell", ThreadState::Sleeping, 1, 90),
                    thread(12, "System Monitor", ThreadState::Running, 2, 1_500),
                ],
            },
        }
    }
}
