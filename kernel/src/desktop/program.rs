//! A program's process: events in, draws when asked, publishes what was drawn.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};

use gfx::{Damage, Size, Surface};
use ui::{App, Event, Response};

use super::host::KernelHost;
use super::pty::Pty;
use super::window::Window;
use super::{Message, clock, post, shell};
use crate::arch::time;
use crate::memory;
use crate::process::{self, ProcessId, WaitError, WaitFor};
use crate::sync::WaitQueue;
use crate::task::SpawnError;

/// The program that has a shell behind it.
const TERMINAL: &str = "terminal";
/// The most events handled before what they changed is drawn.
const EVENTS_PER_DRAW: usize = 64;

/// Memory that windows leave alone. Small things (an event, a string, a directory's list) are allocated
/// without a way back, so that memory must not be filled to the brim by large ones.
const RESERVE: u64 = 4 << 20;

/// Memory for a window's pixels, or `None` when there is not enough: for the surface that the program
/// draws into and the one that is shown.
fn allocate_surface(size: Size) -> Option<Surface> {
    let bytes = 4 * u64::try_from(size.width).ok()? * u64::try_from(size.height).ok()?;
    let memory = memory::statistics();
    if memory.usable.saturating_sub(memory.used) < 2 * bytes + RESERVE {
        return None;
    }
    Surface::try_new(size).ok()
}

/// Why a program could not be started.
#[derive(Clone, Copy, Debug)]
pub enum LaunchError {
    /// No memory for a part of it.
    OutOfMemory,
    /// No thread for it.
    Spawn(SpawnError),
}

impl fmt::Display for LaunchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfMemory => f.write_str("not enough memory"),
            Self::Spawn(error) => error.fmt(f),
        }
    }
}

impl From<SpawnError> for LaunchError {
    fn from(error: SpawnError) -> Self {
        Self::Spawn(error)
    }
}

/// How often programs were started: whoever waits for them looks again then.
static STARTED: AtomicU64 = AtomicU64::new(0);
static NEWS: WaitQueue = WaitQueue::new();

/// Starts the program `id` as a process of its own, in `window`, whose client area has `size`.
pub fn start(id: &str, app: Box<dyn App>, window: Arc<Window>, size: Size) -> Result<ProcessId, LaunchError> {
    let surface = allocate_surface(size).ok_or(LaunchError::OutOfMemory)?;
    let pty = if id == TERMINAL {
        let pty = Pty::new(window.clone()).map_err(|_| LaunchError::OutOfMemory)?;
        Some(Arc::new(pty))
    } else {
        None
    };
    // A program that is in no list has no id either.
    let name = if id.is_empty() { app.title().into() } else { String::from(id) };
    let program = Program::new(app, window, pty, surface);
    let process = process::spawn(&name, move || program.run())?;
    STARTED.fetch_add(1, Ordering::Release);
    NEWS.wake_one();
    Ok(process)
}

/// Waits for programs to end and says so, for ever. Runs in the process that starts them.
pub fn wait_for_all() {
    let mut seen = 0;
    loop {
        match process::wait(WaitFor::Any) {
            Ok((process, status)) => {
                log::debug!("process {process} {status}");
                post(Message::Ended(process));
            }
            Err(WaitError::NoChild | WaitError::Interrupted | WaitError::NotYet) => {
                NEWS.wait_until(|| STARTED.load(Ordering::Acquire) != seen);
                seen = STARTED.load(Ordering::Acquire);
            }
        }
    }
}

/// What the thread of a program owns.
struct Program {
    app: Box<dyn App>,
    host: KernelHost,
    window: Arc<Window>,
    pty: Option<Arc<Pty>>,
    /// What the program draws into.
    surface: Surface,
    title: String,
    /// Whether the desktop knows that closing it would lose something.
    is_unsaved: bool,
    needs_draw: bool,
    prompt_shown: bool,
    /// When the next tick is due, in nanoseconds since boot.
    next_tick_ns: Option<u64>,
}

impl Program {
    fn new(app: Box<dyn App>, window: Arc<Window>, pty: Option<Arc<Pty>>, surface: Surface) -> Self {
        let title = app.title().into();
        Self {
            app,
            host: KernelHost::new(pty.clone()),
            window,
            pty,
            surface,
            title,
            is_unsaved: false,
            needs_draw: false,
            prompt_shown: false,
            next_tick_ns: None,
        }
    }

    fn run(mut self) -> u8 {
        if let Some(pty) = self.pty.clone() {
            // The shell is this process's child.
            if let Err(error) = shell::start(pty) {
                super::notify(desktop::ToastKind::Error, &format!("No shell could be started: {error}."));
                return 1;
            }
        }
        self.serve();
        if let Some(pty) = &self.pty {
            pty.hang_up();
        }
        0
    }

    /// Handles events until the program wants to end, or is to.
    fn serve(&mut self) {
        while let Ok(first) = self.window.event(self.next_tick_ns) {
            let more = core::iter::from_fn({
                let window = self.window.clone();
                move || window.try_event()
            });
            for event in first.into_iter().chain(more).take(EVENTS_PER_DRAW) {
                if self.handle(event) == Response::Close {
                    return;
                }
            }
            if self.tick() == Response::Close {
                return;
            }
            self.report();
            if self.needs_draw {
                self.draw();
            }
            self.report_prompt();
        }
    }

    fn handle(&mut self, event: Event) -> Response {
        if let Event::Resize(size) = event
            && !self.resize(size)
        {
            return Response::Nothing;
        }
        let response = self.app.event(event, &mut self.host);
        self.needs_draw |= response == Response::Redraw || matches!(event, Event::Resize(_));
        response
    }

    /// Gives the program a surface of another size; says whether there was memory for it.
    fn resize(&mut self, size: Size) -> bool {
        if size == self.surface.size() {
            return true;
        }
        let Some(surface) = allocate_surface(size) else {
            let text = format!("Not enough memory for a window of {} × {}.", size.width, size.height);
            super::notify(desktop::ToastKind::Error, &text);
            return false;
        };
        self.surface = surface;
        true
    }

    /// Sends a tick if one is due, and settles when the next one is.
    fn tick(&mut self) -> Response {
        let now_ns = time::uptime_ns();
        let mut response = Response::Nothing;
        if self.next_tick_ns.is_some_and(|due| now_ns >= due) {
            self.next_tick_ns = None;
            response = self.handle(Event::Tick { now_ms: clock::now_ms() });
        }
        let interval_ns = self.app.tick_interval_ms().map(|ms| ms.max(1) * 1_000_000);
        // A shorter interval takes effect now; a running one is not put off by other events.
        self.next_tick_ns = interval_ns.map(|interval| {
            let latest = now_ns + interval;
            self.next_tick_ns.map_or(latest, |due| due.min(latest))
        });
        response
    }

    /// Tells the desktop what changed about the window.
    fn report(&mut self) {
        if self.app.title() != self.title {
            self.title = self.app.title().into();
            post(Message::Titled(self.window.id(), self.title.clone()));
        }
        if self.app.has_unsaved_changes() != self.is_unsaved {
            self.is_unsaved = !self.is_unsaved;
            post(Message::Unsaved(self.window.id(), self.is_unsaved));
        }
    }

    fn draw(&mut self) {
        self.needs_draw = false;
        if self.surface.size().is_empty() {
            return;
        }
        let mut damage = Damage::new();
        self.app.draw(&mut self.surface.canvas(), &mut damage);
        if self.window.publish(&self.surface, &damage) {
            post(Message::Committed(self.window.id()));
        }
    }

    /// Once the shell waits for the first command and all it has said is drawn, its prompt is.
    fn report_prompt(&mut self) {
        if !self.prompt_shown && self.pty.as_ref().is_some_and(|pty| pty.is_quiet()) {
            self.prompt_shown = true;
            post(Message::PromptShown);
        }
    }
}
