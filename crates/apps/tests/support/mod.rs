//! A host for apps: files in a map, a terminal line whose shell is the test, figures that the test
//! sets; and a window that draws as the desktop does.
#![allow(dead_code, reason = "each test file uses its part")]

use std::collections::BTreeMap;

use gfx::{Damage, Point, Rect, Size, Surface};
use ui::{
    App, Button, DateTime, DirectoryEntry, Event, FileError, Files, Host, Key, KeyEvent, KeyState, Modifiers,
    PointerEvent, PointerKind, Pty, Response, SystemFigures, ThreadFigures, ThreadState,
};

#[derive(Default)]
pub struct FakeFiles {
    pub files: BTreeMap<String, Vec<u8>>,
    pub writes: usize,
    pub is_missing: bool,
}

impl Files for FakeFiles {
    fn read(&mut self, path: &str) -> Result<Vec<u8>, FileError> {
        self.files.get(path).cloned().ok_or(FileError::NotFound)
    }

    fn write(&mut self, path: &str, contents: &[u8]) -> Result<(), FileError> {
        if self.is_missing {
            return Err(FileError::NotFound);
        }
        self.writes += 1;
        self.files.insert(path.to_string(), contents.to_vec());
        Ok(())
    }

    fn list(&mut self, _path: &str) -> Result<Vec<DirectoryEntry>, FileError> {
        Err(FileError::Unsupported)
    }

    fn remove(&mut self, path: &str) -> Result<(), FileError> {
        self.files.remove(path).map(drop).ok_or(FileError::NotFound)
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

    fn launch(&mut self, _app: &str) {}

    fn notify(&mut self, _message: &str) {}
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

    pub fn type_text(&mut self, text: &str) {
        for character in text.chars() {
            self.key(Key::Unknown, Modifiers::empty(), Some(character));
        }
    }

    pub fn pointer(&mut self, kind: PointerKind, x: i32, y: i32) -> Response {
        let position = Point::new(x, y);
        self.send(Event::Pointer(PointerEvent { kind, position, modifiers: Modifiers::empty() }))
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
