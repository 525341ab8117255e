//! A screen, a session and programs that draw something recognisable, for the tests beside it.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::collections::BTreeMap;

use desktop::{Action, Input, Session, Surfaces, WindowId, WindowSpec};
use gfx::{Canvas, Color, Damage, Font, Icon, Point, Rect, Size, Surface, theme};
use keymap::{Key, KeyEvent, KeyState, Modifiers};
use ui::{AppInfo, Button, DateTime, Event, TitleBar};

pub const APPS: &[AppInfo] = &[
    app("terminal", "Terminal", "Type commands", Icon::Terminal),
    app("monitor", "System Monitor", "CPU load, memory and threads", Icon::Monitor),
    app("about", "About Quicklime", "Version and keyboard shortcuts", Icon::About),
    app("snake", "Snake", "Eat, grow, mind the walls", Icon::Snake),
];

const fn app(id: &'static str, name: &'static str, summary: &'static str, icon: Icon) -> AppInfo {
    AppInfo { id, name, summary, icon, in_launcher: true }
}

pub const NOW: DateTime = DateTime { year: 2026, month: 11, day: 20, hour: 9, minute: 41, second: 7 };

/// The programs' surfaces.
#[derive(Default)]
pub struct Programs {
    surfaces: BTreeMap<WindowId, Surface>,
}

impl Surfaces for Programs {
    fn with_surface(&self, window: WindowId, draw: &mut dyn FnMut(&Surface)) {
        if let Some(surface) = self.surfaces.get(&window) {
            draw(surface);
        }
    }
}

/// A session with a screen and programs.
pub struct Screen {
    pub session: Session,
    pub programs: Programs,
    pub pixels: Surface,
    pub actions: Vec<Action>,
    pub now_ms: u64,
    pub pointer: Point,
    styles: BTreeMap<WindowId, TitleBar>,
}

impl Screen {
    pub fn new(width: i32, height: i32) -> Self {
        let size = Size::new(width, height);
        let mut session = Session::new(size, APPS).expect("the host has memory");
        session.set_time(NOW);
        Self {
            session,
            programs: Programs::default(),
            pixels: Surface::filled(size, Color::hex(0xff00ff)),
            actions: Vec::new(),
            now_ms: 1000,
            pointer: Rect::at(Point::ZERO, size).center(),
            styles: BTreeMap::new(),
        }
    }

    pub fn open(&mut self, app: &str, client: Size) -> WindowId {
        let info = APPS.iter().find(|info| info.id == app).expect("one of the list");
        let title_bar = if app == "terminal" { TitleBar::Dark } else { TitleBar::Light };
        let (id, actions) = self.session.open(WindowSpec {
            app,
            title: info.name,
            client,
            minimum: Size::new(200, 120),
            title_bar,
        });
        self.styles.insert(id, title_bar);
        self.answer(actions);
        id
    }

    /// Answers what programs answer: they draw at the size they are told.
    fn answer(&mut self, actions: Vec<Action>) {
        for action in &actions {
            if let Action::Deliver(id, Event::Resize(size)) = action {
                self.draw_program(*id, *size);
            }
        }
        self.actions.extend(actions);
    }

    pub fn draw_program(&mut self, id: WindowId, size: Size) {
        let mut surface = Surface::new(size);
        let style = self.styles[&id];
        draw_contents(&mut surface.canvas(), size, style, id.number() as i32);
        self.programs.surfaces.insert(id, surface);
        self.session.commit(id, &Damage::whole(Rect::at(Point::ZERO, size)));
    }

    pub fn input(&mut self, input: Input) {
        self.now_ms += 5;
        let actions = self.session.input(input, self.now_ms);
        self.answer(actions);
    }

    pub fn move_to(&mut self, x: i32, y: i32) {
        let (dx, dy) = (x - self.pointer.x, y - self.pointer.y);
        let last = self.pixels.size();
        self.pointer = Point::new(x.clamp(0, last.width - 1), y.clamp(0, last.height - 1));
        self.input(Input::PointerMotion { dx, dy });
    }

    pub fn press(&mut self) {
        self.input(Input::Button { button: Button::Primary, pressed: true });
    }

    pub fn release(&mut self) {
        self.input(Input::Button { button: Button::Primary, pressed: false });
    }

    pub fn click(&mut self, x: i32, y: i32) {
        self.move_to(x, y);
        self.press();
        self.release();
        self.now_ms += 1000;
    }

    pub fn key(&mut self, key: Key, state: KeyState, modifiers: Modifiers) {
        self.input(Input::Key(KeyEvent { key, state, modifiers, text: None }));
    }

    pub fn tap(&mut self, key: Key, modifiers: Modifiers) {
        self.key(key, KeyState::Pressed, modifiers);
        self.key(key, KeyState::Released, modifiers);
    }

    /// Composes a frame; returns how many pixels it painted.
    pub fn frame(&mut self) -> u64 {
        self.session.compose(&mut self.pixels.canvas(), &self.programs).pixel_count()
    }

    /// Compares what is on the screen with everything painted anew.
    pub fn assert_not_stale(&mut self, when: &str) {
        let mut fresh = Surface::filled(self.pixels.size(), Color::hex(0x00ff00));
        self.session.damage_all();
        self.session.compose(&mut fresh.canvas(), &self.programs);
        let size = self.pixels.size();
        for (index, (shown, right)) in self.pixels.pixels().iter().zip(fresh.pixels()).enumerate() {
            let (x, y) = (index as i32 % size.width, index as i32 / size.width);
            if shown & 0xff_ffff != right & 0xff_ffff {
                panic!(
                    "pointer {:?} {when}: stale pixel at {x},{y}: {shown:08x} instead of {right:08x}",
                    self.pointer
                );
            }
        }
    }

    pub fn golden(&mut self, name: &str) {
        self.frame();
        let size = self.pixels.size();
        testkit::golden(name, self.pixels.pixels(), size.width, size.height);
    }

    /// What programs and the kernel have been told since the last call.
    pub fn take_actions(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.actions)
    }
}

/// A terminal with some lines, or a light window with some text and a rule.
fn draw_contents(canvas: &mut Canvas<'_>, size: Size, style: TitleBar, number: i32) {
    match style {
        TitleBar::Dark => {
            canvas.clear(theme::TERMINAL_BACKGROUND);
            let lines =
                ["/ $ ls /disk", "hello.txt  notes  photos", "/ $ echo Quicklime", "Quicklime", "/ $ "];
            for (row, line) in lines.iter().enumerate() {
                let color =
                    if line.starts_with('/') { theme::TERMINAL_COLORS[2] } else { theme::TERMINAL_TEXT };
                canvas.text(Point::new(8, 8 + row as i32 * 18), line, Font::Mono, color);
            }
        }
        TitleBar::Light => {
            canvas.clear(theme::SURFACE);
            canvas.fill(Rect::new(0, 0, 150, size.height), theme::SURFACE_SUNKEN);
            for row in 0..size.height / 34 {
                let y = 14 + row * 34;
                if row == number % 4 {
                    canvas.rounded_rect(Rect::new(10, y - 5, 130, 28), theme::CONTROL_RADIUS, theme::ACCENT);
                }
                let color = if row == number % 4 { theme::ON_ACCENT } else { theme::TEXT };
                canvas.text(Point::new(22, y), "Overview", Font::Ui, color);
                canvas.text(
                    Point::new(170, y),
                    "The quick brown fox jumps over the lazy dog",
                    Font::Ui,
                    theme::TEXT,
                );
            }
        }
    }
}
