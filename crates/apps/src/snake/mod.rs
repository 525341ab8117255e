//! Snake: the window around the rules in `game.rs`. The best score is kept in a file on the disk.

mod game;
mod paint;

use alloc::string::String;

use gfx::{Canvas, Damage, Size};
use ui::{App, Event, Host, Key, PointerKind, Response, TitleBar};

use game::{COLUMNS, Direction, Game, ROWS, Step};
use paint::Painter;

/// Where the best score is kept.
const SCORE_FILE: &str = "/disk/snake.score";
/// The time between two steps at first, and at best.
const SLOWEST_MS: u64 = 160;
const FASTEST_MS: u64 = 60;
/// By how much each apple shortens it.
const FASTER_BY_MS: u64 = 4;

/// What the game is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Before the first key.
    Ready,
    Playing,
    Paused,
    Over,
}

/// The game's window.
pub struct Snake {
    game: Game,
    phase: Phase,
    best: u32,
    /// The best score has been looked for.
    loaded: bool,
    painter: Painter,
}

impl Snake {
    /// A game that waits for the first key.
    pub fn new() -> Snake {
        Snake { game: Game::new(1), phase: Phase::Ready, best: 0, loaded: false, painter: Painter::new() }
    }

    /// Apples eaten in this game.
    pub fn score(&self) -> u32 {
        self.game.score()
    }

    /// The most apples ever eaten.
    pub fn best(&self) -> u32 {
        self.best
    }

    /// Without a disk, or without the file, the best score is 0.
    fn load_best(&mut self, host: &mut dyn Host) {
        self.loaded = true;
        if let Ok(contents) = host.files().read(SCORE_FILE) {
            let text = String::from_utf8_lossy(&contents);
            self.best = text.trim().parse().unwrap_or(0).min((COLUMNS * ROWS) as u32);
        }
    }

    fn key(&mut self, key: Key, host: &mut dyn Host) -> bool {
        let direction = match key {
            Key::Up | Key::W => Direction::Up,
            Key::Down | Key::S => Direction::Down,
            Key::Left | Key::A => Direction::Left,
            Key::Right | Key::D => Direction::Right,
            Key::Space | Key::P | Key::Enter => return self.pause_or_go_on(host),
            Key::R => return self.restart(host),
            _ => return false,
        };
        match self.phase {
            Phase::Ready | Phase::Paused => {
                self.phase = Phase::Playing;
                self.game.turn(direction);
                self.painter.forget_overlay();
                true
            }
            Phase::Playing => {
                self.game.turn(direction);
                false
            }
            Phase::Over => false,
        }
    }

    fn pause_or_go_on(&mut self, host: &mut dyn Host) -> bool {
        match self.phase {
            Phase::Playing => self.phase = Phase::Paused,
            Phase::Ready | Phase::Paused => self.phase = Phase::Playing,
            Phase::Over => return self.restart(host),
        }
        self.painter.forget_overlay();
        true
    }

    fn restart(&mut self, host: &mut dyn Host) -> bool {
        self.game = Game::new(host.now_ms().wrapping_mul(0x9e37_79b9_7f4a_7c15));
        self.phase = Phase::Playing;
        self.painter.forget_overlay();
        true
    }

    fn step(&mut self, host: &mut dyn Host) -> bool {
        if self.phase != Phase::Playing {
            return false;
        }
        match self.game.step() {
            Step::Moved => {}
            Step::Ate => self.best = self.best.max(self.game.score()),
            Step::Died | Step::Won => self.end(host),
        }
        true
    }

    fn end(&mut self, host: &mut dyn Host) {
        self.phase = Phase::Over;
        self.painter.forget_overlay();
        self.best = self.best.max(self.game.score());
        let kept = host.files().read(SCORE_FILE).ok();
        let text = alloc::format!("{}\n", self.best);
        if self.best > 0 && kept.as_deref() != Some(text.as_bytes()) {
            // Without a disk the score lives as long as the window.
            let _ = host.files().write(SCORE_FILE, text.as_bytes());
        }
    }

    /// What is written over the field.
    fn message(&self) -> Option<(&'static str, &'static str)> {
        match self.phase {
            Phase::Ready => Some(("Snake", "Arrow keys or WASD to start")),
            Phase::Playing => None,
            Phase::Paused => Some(("Paused", "Space to go on")),
            Phase::Over if self.game.snake().len() as i32 == COLUMNS * ROWS => {
                Some(("You won!", "Space to play again"))
            }
            Phase::Over => Some(("Game over", "Space to play again")),
        }
    }
}

impl Default for Snake {
    fn default() -> Self {
        Snake::new()
    }
}

impl App for Snake {
    fn title(&self) -> &str {
        "Snake"
    }

    fn title_bar(&self) -> TitleBar {
        TitleBar::Dark
    }

    fn initial_size(&self) -> Size {
        Painter::size_for(24)
    }

    fn minimum_size(&self) -> Size {
        Painter::size_for(10)
    }

    fn event(&mut self, event: Event, host: &mut dyn Host) -> Response {
        if !self.loaded {
            self.load_best(host);
        }
        let changed = match event {
            Event::Resize(size) => {
                self.painter.resize(size);
                true
            }
            Event::Key(key) => key.is_down() && self.key(key.key, host),
            Event::Tick { .. } => self.step(host),
            Event::Pointer(pointer) if matches!(pointer.kind, PointerKind::Pressed(_)) => {
                self.phase != Phase::Playing && self.pause_or_go_on(host)
            }
            // Whoever looks at another window should not lose for it.
            Event::Focus(false) if self.phase == Phase::Playing => self.pause_or_go_on(host),
            Event::Close => return Response::Close,
            Event::Focus(_) | Event::Data | Event::Pointer(_) => false,
        };
        Response::redraw_if(changed)
    }

    fn draw(&mut self, canvas: &mut Canvas<'_>, damage: &mut Damage) {
        let message = self.message();
        self.painter.draw(canvas, damage, &self.game, self.best, message);
    }

    fn tick_interval_ms(&self) -> Option<u64> {
        let faster = FASTER_BY_MS * u64::from(self.game.score());
        (self.phase == Phase::Playing).then(|| SLOWEST_MS.saturating_sub(faster).max(FASTEST_MS))
    }
}
