//! A running guest, driven from outside as a person drives a PC: keys, mouse, eyes, power switch.
//!
//! The guest is bounded three ways: every wait has a limit, the machine as a whole has one (enforced by
//! `timeout` even if this process dies), and dropping it ends QEMU by its own process id.

mod hands;
pub mod serial;
mod text;

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use gfx::Font;
use serde_json::json;

use crate::error::{Context, Error, Result, fail};
use crate::host::run;
use crate::qemu::hardware::{Hardware, Serial};
use crate::qemu::image::{Area, Image};
use crate::qemu::qmp::Qmp;
use serial::SerialLog;
pub use text::{find_console_text, find_text};

/// The kernel's first line.
pub const ENTERED: &str = "boot: kernel entered";
/// The first complete frame is on the screen, with the terminal's prompt.
pub const READY: &str = "boot: desktop ready";
/// The kernel gave up.
pub const PANIC: &str = "panic: ";

/// How long the guest may take to show what it was asked for. Long, for the host may be busy with others.
const REACTION: Duration = Duration::from_secs(45);

/// QEMU with a guest in it.
pub struct Machine {
    qemu: Child,
    qmp: Qmp<std::os::unix::net::UnixStream>,
    socket: PathBuf,
    folder: PathBuf,
    serial: SerialLog,
    deadline: Instant,
    /// Where the pointer was last put; unknown until it is homed.
    pointer: Option<(i32, i32)>,
}

impl Machine {
    /// Starts QEMU without a window. Its logs and pictures go to `folder`; it lives at most `limit`.
    pub fn start(mut hardware: Hardware, folder: &Path, limit: Duration) -> Result<Self> {
        fs::create_dir_all(folder).context(format!("make {}", folder.display()))?;
        let (serial, socket) = (folder.join("serial.log"), unused_socket());
        run::remove_file(&serial)?;
        hardware.serial = Serial::File(serial.clone());
        let qemu_log = fs::File::create(folder.join("qemu.log"))?;
        let mut command = bounded(hardware.command(), limit);
        command.args(["-display", "none", "-monitor", "none"]);
        command.arg("-qmp").arg(format!("unix:{},server=on,wait=off", socket.display()));
        command.arg("-pidfile").arg(folder.join("qemu.pid"));
        command.stdin(Stdio::null()).stdout(qemu_log.try_clone()?).stderr(qemu_log);
        let mut qemu = command.spawn().context("start QEMU")?;
        let qmp = match Qmp::connect(&socket, Instant::now() + REACTION) {
            Ok(qmp) => qmp,
            Err(error) => {
                end(&mut qemu);
                let words = fs::read_to_string(folder.join("qemu.log")).unwrap_or_default();
                fail!("{error}\n{}", run::tail(&words, 5));
            }
        };
        Ok(Self {
            qemu,
            qmp,
            socket,
            folder: folder.to_path_buf(),
            serial: SerialLog::new(serial),
            deadline: Instant::now() + limit,
            pointer: None,
        })
    }

    /// Waits until the desktop is up.
    pub fn wait_for_desktop(&mut self) -> Result {
        let limit = self.deadline.saturating_duration_since(Instant::now());
        self.wait_for_line(READY, limit).map(drop)
    }

    /// Waits for a line of the serial log that contains `text` and was not waited for yet. A panic
    /// or QEMU's end meanwhile is an error.
    pub fn wait_for_line(&mut self, text: &str, limit: Duration) -> Result<String> {
        let deadline = self.deadline.min(Instant::now() + limit);
        loop {
            let ended = self.exit_status()?;
            while let Some(line) = self.serial.next_line()? {
                if line.contains(text) {
                    return Ok(line);
                }
                if line.contains(PANIC) {
                    fail!("the kernel panicked: {line}");
                }
            }
            if let Some(status) = ended {
                fail!("QEMU ended ({status}) before the log said {text:?}");
            }
            if Instant::now() > deadline {
                fail!("the serial log does not say {text:?}");
            }
            sleep(Duration::from_millis(10));
        }
    }

    /// The whole serial log up to now.
    pub fn serial_log(&self) -> Result<String> {
        self.serial.whole()
    }

    /// What the screen shows now.
    pub fn screen(&mut self) -> Result<Image> {
        let path = self.folder.join("screen.ppm");
        self.qmp.execute("screendump", json!({ "filename": path.display().to_string() }))?;
        let bytes = fs::read(&path).context("read the screen")?;
        run::remove_file(&path)?;
        Image::from_ppm(&bytes)
    }

    /// Looks at the screen until `right` is content with it, and returns it. `what` says in an error
    /// what was not seen.
    pub fn wait_for_screen(&mut self, what: &str, right: impl Fn(&Image) -> bool) -> Result<Image> {
        let deadline = self.deadline.min(Instant::now() + REACTION);
        loop {
            let image = self.screen()?;
            if right(&image) {
                return Ok(image);
            }
            if Instant::now() > deadline {
                fail!("the screen does not show {what}");
            }
            sleep(Duration::from_millis(50));
        }
    }

    /// Waits until `text` in `font` is on the screen, and returns where.
    pub fn wait_for_text(&mut self, text: &str, font: Font) -> Result<Area> {
        let image =
            self.wait_for_screen(&format!("{text:?}"), |image| find_text(image, text, font).is_some())?;
        find_text(&image, text, font).ok_or_else(|| Error::new(format!("{text:?} is gone again")))
    }

    /// Waits until the screen has shown the same for a moment, or a second has passed: a blinking cursor
    /// or a clock never rests.
    pub fn settle(&mut self) -> Result<Image> {
        let give_up = Instant::now() + Duration::from_secs(1);
        let mut last = self.screen()?;
        loop {
            sleep(Duration::from_millis(120));
            let next = self.screen()?;
            if next == last || Instant::now() > give_up {
                return Ok(next);
            }
            last = next;
        }
    }

    /// Presses the reset button.
    pub fn reset(&mut self) -> Result {
        self.pointer = None;
        self.qmp.execute("system_reset", json!({})).map(drop)
    }

    /// Waits until the guest switched itself off, and returns QEMU's exit code.
    pub fn wait_for_power_off(&mut self, limit: Duration) -> Result<i32> {
        let deadline = self.deadline.min(Instant::now() + limit);
        loop {
            if let Some(status) = self.exit_status()? {
                return match status.code() {
                    Some(code) => Ok(code),
                    None => fail!("QEMU was ended by signal {:?}", status.signal()),
                };
            }
            if Instant::now() > deadline {
                fail!("the machine is still on");
            }
            sleep(Duration::from_millis(10));
        }
    }

    /// Kills QEMU as a power cut would end a machine: nothing is said to anybody, nothing is finished.
    pub fn kill(mut self) -> Result {
        let number = fs::read_to_string(self.folder.join("qemu.pid")).context("read QEMU's process id")?;
        run::quietly(Command::new("sh").args(["-c", "kill -KILL \"$0\"", number.trim()]))?;
        self.qemu.wait().context("wait for QEMU's end").map(drop)
    }

    /// How many reads the guest has asked its first disk for.
    pub fn disk_reads(&mut self) -> Result<u64> {
        let answer = self.qmp.execute("query-blockstats", json!({}))?;
        let disks = answer.as_array().map(Vec::as_slice).unwrap_or_default();
        match disks.iter().filter_map(|disk| disk["stats"]["rd_operations"].as_u64()).find(|&reads| reads > 0)
        {
            Some(reads) => Ok(reads),
            None => fail!("QEMU counted no requests to a disk"),
        }
    }

    fn exit_status(&mut self) -> Result<Option<ExitStatus>> {
        self.qemu.try_wait().context("watch QEMU")
    }
}

impl Drop for Machine {
    /// Keeps the last picture, for whoever wonders why a test failed, and ends QEMU.
    fn drop(&mut self) {
        if matches!(self.qemu.try_wait(), Ok(None)) {
            if let Ok(screen) = self.screen() {
                let _ = screen.save_png(&self.folder.join("screen.png"));
            }
            end(&mut self.qemu);
        }
        let _ = run::remove_file(&self.socket);
    }
}

/// A path for a socket: in the system's folder, for the name of a socket has at most 107 bytes.
fn unused_socket() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("quicklime-{}-{number}.qmp", std::process::id()))
}

/// The command under `timeout`, where there is one, so that QEMU ends even if nobody is left to end it.
fn bounded(command: Command, limit: Duration) -> Command {
    if run::find("timeout").is_none() {
        return command;
    }
    let mut outer = Command::new("timeout");
    outer.args(["--foreground", "--kill-after=2"]).arg((limit.as_secs() + 15).to_string());
    outer.arg(command.get_program()).args(command.get_args());
    outer
}

/// Ends QEMU: politely first, for `timeout` hands a TERM on but can't hand on a KILL. The shell's own `kill`, for
/// the program of that name is missing on small systems.
fn end(qemu: &mut Child) {
    let _ = run::output(Command::new("sh").args(["-c", "kill -TERM \"$0\"", &qemu.id().to_string()]));
    for _ in 0..300 {
        if !matches!(qemu.try_wait(), Ok(None)) {
            return;
        }
        sleep(Duration::from_millis(10));
    }
    let _ = qemu.kill();
    let _ = qemu.wait();
}
