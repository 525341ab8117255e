//! The desktop as threads: what carries events, pixels and bytes between the machine and the pure
//! crates (`desktop`, `apps`, `shell`). It decides nothing that a host test could decide.
//!
//! Processes and their threads, and what they own. The desktop is one process; each program is a child of it, and the
//! shell behind a terminal a child of that.
//!
//! - `compositor`: the [`desktop::Session`], the back buffer and video memory. It waits on one
//!   channel, [`inbox`]; everything that concerns the whole desktop is a [`Message`] to it.
//! - `desktop input`, which is no thread but a task: turns what the drivers report into messages.
//! - `programs`: waits for the desktop's children, and has the window closed of one that has ended, however it did.
//! - one per program: its [`ui::App`] and the surface it draws into. Events reach it by the queue in
//!   [`window::Window`]; its finished pixels lie there too, under a mutex held for one copy.
//! - one per shell: a `shell::Shell` at the other end of a [`pty::Pty`].
//!
//! Nobody waits for a program: a hung one keeps its window and loses events, the rest goes on.

mod clock;
mod compositor;
mod figures;
mod files;
mod host;
mod input;
mod power;
mod program;
mod pty;
mod screen;
mod shell;
mod window;

pub use screen::shown;

use alloc::boxed::Box;
use alloc::collections::TryReserveError;
use alloc::format;
use alloc::string::String;
use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};

use apps::MachineFacts;
use compositor::Compositor;
use desktop::{Input, ToastKind, WindowId};
use ui::App;

use crate::arch::cpu;
use crate::boot::BootInfo;
use crate::boot::video::VideoMemory;
use crate::diagnosis;
use crate::drivers;
use crate::executor;
use crate::fs;
use crate::lock::Once;
use crate::process::{self, ProcessId};
use crate::sync::Channel;
use crate::task::{self, SpawnError};

/// Messages on their way to the compositor. Input is the most frequent, at some hundred a second; a
/// full channel makes the senders wait.
const INBOX_CAPACITY: usize = 512;

/// The first complete frame is on the screen, a prompt in it.
static READY: AtomicBool = AtomicBool::new(false);

static INBOX: Once<Channel<Message>> = Once::new();

/// Something the compositor shall know.
enum Message {
    /// The user did something.
    Input(Input),
    /// Open the program of this name, on the file or directory of this path if there is one.
    Launch(String, Option<String>),
    /// Open this program, which has no name in the list.
    Open(Box<dyn App>),
    /// Show a message.
    Notify(ToastKind, String),
    /// A program has pixels to show; its window says which.
    Committed(WindowId),
    /// A window has another title.
    Titled(WindowId, String),
    /// Closing a window would lose something, or would no longer.
    Unsaved(WindowId, bool),
    /// A terminal shows its shell's prompt.
    PromptShown,
    /// A program has ended.
    Ended(ProcessId),
}

/// Why there is no desktop.
#[derive(Clone, Copy, Debug)]
pub enum StartError {
    /// No memory for the screen's back buffer or the message channel.
    OutOfMemory,
    /// No thread could be started.
    NoThread(SpawnError),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfMemory => f.write_str("not enough memory for the screen"),
            Self::NoThread(error) => error.fmt(f),
        }
    }
}

impl From<TryReserveError> for StartError {
    fn from(_: TryReserveError) -> Self {
        Self::OutOfMemory
    }
}

impl From<SpawnError> for StartError {
    fn from(error: SpawnError) -> Self {
        Self::NoThread(error)
    }
}

/// Starts the desktop on `video`, with a terminal open. Returns at once.
pub fn start(boot: &BootInfo, video: VideoMemory) -> Result<(), StartError> {
    let inbox = Channel::new(INBOX_CAPACITY)?;
    INBOX.call_once(|| inbox);
    diagnosis::watchdog::set_alarm(warn);
    let screen = screen::Screen::new(video)?;
    let compositor = Compositor::new(screen, facts(boot, &video))?;
    process::spawn_service("desktop", move || run(compositor))?;
    if let Some(problem) = drivers::input_problem() {
        notify(ToastKind::Warning, problem);
    }
    if let Some(problem) = fs::disk_status() {
        notify(ToastKind::Warning, &problem);
    }
    launch("terminal", None);
    Ok(())
}

/// The desktop's process.
fn run(compositor: Compositor) -> u8 {
    executor::spawn_service("desktop input", input::forward());
    if let Err(error) = task::spawn("programs", program::wait_for_all) {
        log::error!("no thread for programs: {error}");
    }
    compositor.run();
    1
}

/// What the About program says of the machine.
fn facts(boot: &BootInfo, video: &VideoMemory) -> MachineFacts {
    let brand = cpu::brand();
    let processor = core::str::from_utf8(&brand).unwrap_or("").trim_matches(['\0', ' ']);
    MachineFacts {
        version: env!("CARGO_PKG_VERSION").into(),
        loader: format!("{} {}", boot.loader_name, boot.loader_version),
        processor: processor.into(),
        display: format!("{} × {}", video.width(), video.height()),
    }
}

/// The compositor's channel; `None` before [`start`].
fn inbox() -> Option<&'static Channel<Message>> {
    INBOX.get()
}

/// Sends to the compositor. Never called by the compositor itself, which would wait for itself. What a program says that
/// would have to wait for room is dropped once it is cancelled: it shall end.
fn post(message: Message) {
    if let Some(inbox) = inbox() {
        let _ = inbox.send_interruptible(message);
    }
}

/// Opens a program by its [`ui::AppInfo::id`], on the file or directory of this absolute path if there is one.
pub fn launch(app: &str, path: Option<&str>) {
    post(Message::Launch(app.into(), path.map(String::from)));
}

/// The desktop is given this long to appear, and then to come to rest.
const PATIENCE_MS: u64 = 30_000;
const REST_MS: u64 = 500;

/// Waits until the desktop has been shown completely and nothing moves any more; not for ever, should there be
/// none.
pub fn wait_until_at_rest() {
    for _ in 0..PATIENCE_MS / 10 {
        if READY.load(Ordering::Acquire) {
            break;
        }
        task::sleep_ms(10);
    }
    loop {
        let before = shown().frames;
        task::sleep_ms(REST_MS);
        if shown().frames == before {
            return;
        }
    }
}

/// Opens a program that the list of programs does not know.
pub fn open(app: Box<dyn App>) {
    post(Message::Open(app));
}

/// Does as if the person at the machine had done it.
pub fn inject(input: Input) {
    post(Message::Input(input));
}

/// Shows a warning, unless the compositor has enough to do: for who must not wait.
fn warn(text: &str) {
    if let Some(inbox) = inbox() {
        // A message that comes back is one that can't be shown.
        let _ = inbox.try_send(Message::Notify(ToastKind::Warning, text.into()));
    }
}

/// Shows a message in a corner of the screen: for what a user should know about the machine.
pub fn notify(kind: ToastKind, text: &str) {
    post(Message::Notify(kind, text.into()));
}
