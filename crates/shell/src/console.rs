//! Where a command's output goes and how it learns of Ctrl+C: directly at the terminal
//! ([`Foreground`]), or as one of several parallel jobs, each a process, whose lines are marked ([`Job`]).

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};

use crate::failure::{Failure, Outcome};
use crate::system::{Cancelled, Input, ProcessEnd, System};

/// Ctrl+C, as a byte.
pub(crate) const INTERRUPT: u8 = 0x03;
/// Bytes typed ahead while a command runs that are kept for the prompt.
const TYPE_AHEAD_LIMIT: usize = 4096;

/// What commands talk to.
pub(crate) trait Console {
    /// Shows text; `\n` ends a line.
    fn write(&mut self, text: &str);

    /// Cells available in a line.
    fn columns(&self) -> usize;

    /// Fails once the user pressed Ctrl+C. Commands that may run long call it now and then.
    fn check_interrupt(&mut self) -> Outcome;

    /// Waits, as `name`; ends early, with a failure, on Ctrl+C.
    fn pause(&mut self, name: &str, milliseconds: u64) -> Outcome;

    /// Waits until a child process ends. Fails on Ctrl+C, and the child runs on then.
    fn wait(&mut self, process: u32) -> Result<ProcessEnd, Failure>;

    /// Runs, as `name`, what may wait for ever, and ends it on Ctrl+C. `work` returns its exit code.
    fn run_waiting(&mut self, name: &str, work: Work) -> Result<u8, Failure>;

    /// Whether nobody will read what is written, and nothing is worth waiting for.
    fn is_closed(&self) -> bool;
}

/// What [`Console::run_waiting`] runs: it is given where to show text.
pub(crate) type Work = Box<dyn FnOnce(&mut dyn FnMut(&str)) -> u8 + Send>;

/// Waits for a child process. On Ctrl+C it is told to end, and that is waited for.
pub(crate) fn wait_or_cancel(
    console: &mut dyn Console,
    system: &dyn System,
    process: u32,
) -> Result<ProcessEnd, Failure> {
    let mut ended = console.wait(process);
    if ended.is_err() {
        // It may have ended by itself just now.
        let _ = system.cancel(process);
        while !console.is_closed() && console.wait(process).is_err() {}
        ended = Err(Failure::Interrupted);
    }
    ended
}

/// A terminal has no line discipline here: it wants `\r\n`.
fn with_carriage_returns(text: &str) -> String {
    text.replace('\n', "\r\n")
}

/// Whether the cursor stands in the first column after `text`, given whether it did before.
/// Control sequences show nothing; of those we send only `CSI H` moves there.
fn is_line_start_after(text: &str, before: bool) -> bool {
    let mut at_start = before;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\n' | '\r' => at_start = true,
            '\x1b' if characters.as_str().starts_with('[') => {
                characters.next();
                let last = characters.find(|character| ('@'..='~').contains(character));
                at_start |= last == Some('H');
            }
            _ => at_start = false,
        }
    }
    at_start
}

/// The terminal itself: used by the line editor and by the command that runs in front.
pub(crate) struct Foreground {
    system: Arc<dyn System>,
    typed: VecDeque<u8>,
    closed: bool,
    /// Whether the last thing written ended a line, so that a prompt can start here.
    at_line_start: bool,
}

/// What the line editor gets when it asks for input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    Byte(u8),
    Woken,
    Closed,
}

impl Foreground {
    pub(crate) fn new(system: Arc<dyn System>) -> Foreground {
        Foreground { system, typed: VecDeque::new(), closed: false, at_line_start: true }
    }

    /// Waits for the next byte.
    pub(crate) fn next_byte(&mut self) -> Typed {
        loop {
            if let Some(byte) = self.typed.pop_front() {
                return Typed::Byte(byte);
            }
            if self.closed {
                return Typed::Closed;
            }
            if self.receive(None) == Input::Woken {
                return Typed::Woken;
            }
        }
    }

    /// Whether another byte can be had without waiting.
    pub(crate) fn has_typed(&self) -> bool {
        !self.typed.is_empty()
    }

    /// Waits for input and stores it. Closing counts as an interrupt from then on.
    pub(crate) fn receive(&mut self, timeout_ms: Option<u64>) -> Input {
        let mut buffer = [0; 256];
        let input = self.system.read(&mut buffer, timeout_ms);
        match input {
            Input::Bytes(count) => {
                let room = TYPE_AHEAD_LIMIT - self.typed.len().min(TYPE_AHEAD_LIMIT);
                self.typed.extend(buffer.iter().take(count).take(room));
            }
            Input::Closed => self.closed = true,
            Input::TimedOut | Input::Woken => {}
        }
        input
    }

    /// Whether Ctrl+C was typed; what was typed before it is dropped, as at a prompt.
    pub(crate) fn take_interrupt(&mut self) -> bool {
        match self.typed.iter().rposition(|byte| *byte == INTERRUPT) {
            Some(position) => {
                self.typed.drain(..=position);
                true
            }
            None => false,
        }
    }

    /// Shows text that is already in the terminal's terms.
    pub(crate) fn write_raw(&mut self, text: &str) {
        if !text.is_empty() {
            self.system.write(text.as_bytes());
            self.at_line_start = is_line_start_after(text, self.at_line_start);
        }
    }

    /// Goes to a new line unless already at the start of one.
    pub(crate) fn fresh_line(&mut self) {
        if !self.at_line_start {
            self.write_raw("\r\n");
        }
    }
}

impl Console for Foreground {
    fn write(&mut self, text: &str) {
        self.write_raw(&with_carriage_returns(text));
    }

    fn columns(&self) -> usize {
        self.system.columns().max(1)
    }

    fn check_interrupt(&mut self) -> Outcome {
        while !self.closed && matches!(self.receive(Some(0)), Input::Bytes(_)) {}
        if self.closed || self.take_interrupt() { Err(Failure::Interrupted) } else { Ok(()) }
    }

    fn pause(&mut self, name: &str, milliseconds: u64) -> Outcome {
        let system = self.system.clone();
        self.run_waiting(name, Box::new(move |_| u8::from(system.sleep_ms(milliseconds).is_err()))).map(drop)
    }

    /// As a child process, so that it can be listed and told to end by itself.
    fn run_waiting(&mut self, name: &str, work: Work) -> Result<u8, Failure> {
        let system = self.system.clone();
        let there = system.clone();
        let at_line_start = Arc::new(AtomicBool::new(self.at_line_start));
        let noted = at_line_start.clone();
        let work = move || {
            work(&mut |text| {
                there.write(with_carriage_returns(text).as_bytes());
                noted.store(is_line_start_after(text, noted.load(Ordering::Relaxed)), Ordering::Relaxed);
            })
        };
        let process =
            system.spawn(name, Box::new(work)).map_err(|error| Failure::Message(error.to_string()))?;
        let end = wait_or_cancel(self, &*system, process);
        self.at_line_start = at_line_start.load(Ordering::Relaxed);
        match end? {
            ProcessEnd::Exited(code) => Ok(code),
            ProcessEnd::Cancelled => Err(Failure::Message("was told to end".to_string())),
        }
    }

    fn wait(&mut self, process: u32) -> Result<ProcessEnd, Failure> {
        loop {
            if let Some(end) = self.system.try_wait(process) {
                return Ok(end);
            }
            if self.closed || self.take_interrupt() {
                return Err(Failure::Interrupted);
            }
            self.receive(None);
        }
    }

    fn is_closed(&self) -> bool {
        self.closed
    }
}

/// One of several commands that run at once: its lines are shown whole, with its number before.
pub(crate) struct Job {
    system: Arc<dyn System>,
    mark: String,
    line: String,
}

impl Job {
    /// Marks lines with `number`, each number in a colour of its own.
    pub(crate) fn new(system: Arc<dyn System>, number: usize) -> Job {
        let color = 31 + (number + 4) % 6;
        Job { system, mark: format!("\x1b[{color}m[{number}]\x1b[m "), line: String::new() }
    }

    /// Shows what does not end with a newline.
    pub(crate) fn flush(&mut self) {
        if !self.line.is_empty() {
            self.write("\n");
        }
    }
}

impl Console for Job {
    fn write(&mut self, text: &str) {
        self.line.push_str(text);
        if let Some(end) = self.line.rfind('\n') {
            let rest = self.line.split_off(end + 1);
            let marked: Vec<String> =
                self.line.lines().map(|line| format!("{}{line}\r\n", self.mark)).collect();
            self.system.write(marked.concat().as_bytes());
            self.line = rest;
        }
    }

    fn columns(&self) -> usize {
        self.system.columns().saturating_sub(4).max(1)
    }

    fn check_interrupt(&mut self) -> Outcome {
        if self.system.is_cancelled() { Err(Failure::Interrupted) } else { Ok(()) }
    }

    fn pause(&mut self, _name: &str, milliseconds: u64) -> Outcome {
        self.system.sleep_ms(milliseconds).map_err(|Cancelled| Failure::Interrupted)
    }

    /// A job is a process of its own already.
    fn run_waiting(&mut self, _name: &str, work: Work) -> Result<u8, Failure> {
        let code = work(&mut |text| self.write(text));
        if self.system.is_cancelled() { Err(Failure::Interrupted) } else { Ok(code) }
    }

    fn wait(&mut self, process: u32) -> Result<ProcessEnd, Failure> {
        self.system.wait(process).map_err(|Cancelled| Failure::Interrupted)
    }

    fn is_closed(&self) -> bool {
        self.system.is_cancelled()
    }
}
