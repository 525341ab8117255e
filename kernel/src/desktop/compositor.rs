//! The compositor's thread: takes messages, lets the session act on them, and shows frames.
//!
//! Frames come at most [`FRAMES_PER_SECOND`] a second. The first change after a quiet time is shown
//! at once; what comes before the next frame's time is gathered into it. Without changes the thread
//! sleeps until the clock's next minute or until a message goes.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, TryReserveError};
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::Ordering;

use apps::MachineFacts;
use desktop::{Action, Session, Surfaces, ToastKind, WindowId, WindowSpec};
use gfx::Surface;
use shell::PowerAction;
use ui::App;

use super::program::{self, LaunchError};
use super::screen::Screen;
use super::window::Window;
use super::{Message, clock, power};
use crate::arch::time;
use crate::process::ProcessId;
use crate::task::{self, Demand};

const FRAMES_PER_SECOND: u64 = 60;
const FRAME_NS: u64 = 1_000_000_000 / FRAMES_PER_SECOND;
/// What drawing is promised of one CPU: a third of each frame's time. A larger frame is finished among the others.
const FRAME_DEMAND: Demand = Demand { priority: 4, budget_ns: FRAME_NS / 3, period_ns: FRAME_NS };

/// A window, and the process whose it is.
struct Owned {
    window: Arc<Window>,
    process: ProcessId,
}

/// The windows' pixels, for the session.
struct Windows(BTreeMap<WindowId, Owned>);

impl Surfaces for Windows {
    fn with_surface(&self, window: WindowId, draw: &mut dyn FnMut(&Surface)) {
        if let Some(window) = self.get(window) {
            window.with_pixels(draw);
        }
    }
}

impl Windows {
    fn get(&self, id: WindowId) -> Option<&Window> {
        self.0.get(&id).map(|owned| &*owned.window)
    }

    /// The window of a process.
    fn of(&self, process: ProcessId) -> Option<WindowId> {
        self.0.iter().find(|(_, owned)| owned.process == process).map(|(id, _)| *id)
    }
}

/// How far the boot's last milestone is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Milestone {
    /// No terminal has drawn a prompt yet.
    Waiting,
    /// One has; it is on the screen as soon as nothing waits to be painted.
    Due,
    Reported,
}

/// Everything the compositor's thread owns.
pub struct Compositor {
    session: Session,
    screen: Screen,
    windows: Windows,
    /// For programs that tell about the machine.
    facts: MachineFacts,
    milestone: Milestone,
    /// When the next frame may be shown, in nanoseconds since boot.
    next_frame_ns: u64,
    /// When the clock shows another minute, in milliseconds since boot.
    next_minute_ms: u64,
}

impl Compositor {
    /// A compositor for `screen`, without windows.
    pub fn new(screen: Screen, facts: MachineFacts) -> Result<Self, TryReserveError> {
        Ok(Self {
            session: Session::new(screen.size(), apps::all())?,
            facts,
            screen,
            windows: Windows(BTreeMap::new()),
            milestone: Milestone::Waiting,
            next_frame_ns: 0,
            next_minute_ms: 0,
        })
    }

    /// Runs for ever.
    pub fn run(mut self) {
        let Some(inbox) = super::inbox() else { return };
        // The pointer follows the hand whatever else computes. Refused, it is drawn as soon as others allow.
        if let Err(error) = task::become_realtime(FRAME_DEMAND) {
            log::warn!("the desktop is drawn when there is time: {error}");
        }
        loop {
            self.tick();
            if self.session.needs_frame() && time::uptime_ns() >= self.next_frame_ns {
                self.show_frame();
            }
            if self.milestone == Milestone::Due && !self.session.needs_frame() {
                self.milestone = Milestone::Reported;
                super::READY.store(true, Ordering::Release);
                log::info!(target: "boot", "desktop ready");
            }
            if let Some(message) = inbox.recv_timeout(self.timeout_ms()) {
                self.take(message);
                // All that waits, up to a bound that keeps frames coming under a flood.
                for _ in 0..super::INBOX_CAPACITY {
                    let Some(message) = inbox.try_recv() else { break };
                    self.take(message);
                }
            }
        }
    }

    /// Does what is due by the clock.
    fn tick(&mut self) {
        let now_ms = clock::now_ms();
        if now_ms >= self.next_minute_ms {
            self.session.set_time(clock::wall_clock());
            self.next_minute_ms = clock::next_minute_ms();
        }
        self.session.tick(now_ms);
    }

    /// How long there is nothing to do, in milliseconds.
    fn timeout_ms(&self) -> u64 {
        let now_ns = time::uptime_ns();
        if self.session.needs_frame() {
            return self.next_frame_ns.saturating_sub(now_ns).div_ceil(1_000_000);
        }
        let next_ms = self.session.next_deadline().unwrap_or(u64::MAX).min(self.next_minute_ms);
        next_ms.saturating_sub(now_ns / 1_000_000).max(1)
    }

    fn show_frame(&mut self) {
        // Counted from before the drawing, so that drawing takes nothing from the rate.
        self.next_frame_ns = time::uptime_ns() + FRAME_NS;
        let damage = self.session.compose(&mut self.screen.canvas(), &self.windows);
        self.screen.present(&damage);
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Input(input) => {
                let actions = self.session.input(input, clock::now_ms());
                self.perform(actions);
            }
            Message::Launch(app, path) => self.launch(&app, path.as_deref()),
            Message::Open(app) => {
                if let Err(error) = self.open("", app) {
                    log::warn!("a program could not be opened: {error}");
                }
            }
            Message::Notify(kind, text) => self.notify(kind, &text),
            Message::Committed(id) => {
                if let Some(window) = self.windows.get(id) {
                    self.session.commit(id, &window.take_damage());
                }
            }
            Message::Titled(id, title) => self.session.set_title(id, &title),
            Message::Unsaved(id, is_unsaved) => self.session.set_unsaved(id, is_unsaved),
            Message::PromptShown => {
                if self.milestone == Milestone::Waiting {
                    self.milestone = Milestone::Due;
                }
            }
            Message::Ended(process) => {
                if let Some(id) = self.windows.of(process) {
                    self.windows.0.remove(&id);
                    let actions = self.session.close(id);
                    self.perform(actions);
                }
            }
        }
    }

    fn perform(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Deliver(id, event) => {
                    if let Some(window) = self.windows.get(id) {
                        window.deliver(event);
                    }
                }
                Action::Launch(app) => self.launch(app, None),
                Action::PowerOff => self.leave(PowerAction::PowerOff),
                Action::Restart => self.leave(PowerAction::Reboot),
            }
        }
    }

    fn notify(&mut self, kind: ToastKind, text: &str) {
        self.session.notify(kind, text, clock::now_ms());
    }

    fn leave(&mut self, action: PowerAction) {
        let reason = power::leave(action);
        self.notify(ToastKind::Error, &reason);
    }

    /// Opens a program's window; what goes wrong is a message on the screen.
    fn launch(&mut self, id: &str, path: Option<&str>) {
        let Some(app) = apps::open(id, path, &self.facts) else {
            self.notify(ToastKind::Error, &format!("There is no program called \"{id}\"."));
            return;
        };
        if let Err(error) = self.open(id, app) {
            log::warn!("{id}: {error}");
            let name = apps::all().iter().find(|info| info.id == id).map_or(id, |info| info.name);
            self.notify(ToastKind::Error, &format!("{name} could not be opened: {error}."));
        }
    }

    fn open(&mut self, id: &str, app: Box<dyn App>) -> Result<(), LaunchError> {
        let title = String::from(app.title());
        let spec = WindowSpec {
            app: id,
            title: &title,
            client: app.initial_size(),
            minimum: app.minimum_size(),
            title_bar: app.title_bar(),
        };
        let (window_id, actions) = self.session.open(spec);
        let window = Arc::new(Window::new(window_id));
        let size = self.session.client_size(window_id).unwrap_or_default();
        let started = program::start(id, app, window.clone(), size);
        match started {
            Ok(process) => {
                self.windows.0.insert(window_id, Owned { window, process });
            }
            Err(_) => {
                let closing = self.session.close(window_id);
                self.perform(closing);
            }
        }
        self.perform(actions);
        started.map(|_| ())
    }
}
