//! Driving the job at work, and the questions of the window: what a job asks, what must be confirmed.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use ui::kit::{Dialog, DialogOutcome, MenuOutcome};
use ui::{Clipboard, Host};

use super::commands::{Command, Undo};
use super::job::{Choice, Job, Kind, Progress};
use super::{FileManager, Overlay, paint, plural, trash};
use crate::{path, trouble};

/// How long the window works on files before it looks at the user again, in milliseconds.
const SLICE_MS: u64 = 25;
/// And then waits.
const PAUSE_MS: u64 = 2;
/// The most steps in a slice, should the clock stand still.
const MOST_STEPS: usize = 64;

/// What a dialog's answer is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// Something to read.
    Message,
    /// Replace, keep both, or skip; whether replacing is offered.
    Conflict(bool),
    /// Try again, skip, or cancel.
    Failure,
    /// The name of the new folder.
    NewFolder,
    /// Delete these for good.
    Delete(Vec<String>),
    EmptyTrash,
    /// Stop the work and close.
    Stop,
}

impl FileManager {
    pub(super) fn tick_ms(&self) -> Option<u64> {
        // While the job asks, it waits for the user.
        let asks = matches!(self.overlay, Overlay::Dialog(_, Question::Conflict(_) | Question::Failure));
        (self.job.is_some() && !asks).then_some(PAUSE_MS)
    }

    /// Begins a job. Another one has to be done first.
    pub(super) fn start(&mut self, job: Job, host: &mut dyn Host) {
        if self.job.is_some() {
            self.say("Something else is still being done. Wait for it, or cancel it.");
            return;
        }
        self.message.clear();
        self.job = Some(job);
        self.shows_work = false;
        // Most work is done at once, and nothing flickers.
        self.work(host);
        self.shows_work = self.job.is_some();
    }

    /// Does a slice of the job.
    pub(super) fn work(&mut self, host: &mut dyn Host) {
        if self.tick_ms().is_none() {
            return;
        }
        let Some(mut job) = self.job.take() else { return };
        let until = host.now_ms() + SLICE_MS;
        for _ in 0..MOST_STEPS {
            match job.step(host.files()) {
                Progress::Working => {}
                Progress::Done => {
                    self.finish(job, host);
                    return;
                }
                Progress::Conflict(path, may_replace) => {
                    self.ask_conflict(&path, may_replace);
                    break;
                }
                Progress::Failed(path, error) => {
                    let text = trouble::explain(path::name(&path), error);
                    let dialog = Dialog::new(
                        failure_heading(job.kind()),
                        &text,
                        &["Cancel all", "Skip", "Try again"],
                        2,
                    );
                    self.show_dialog(dialog, Question::Failure);
                    break;
                }
            }
            if host.now_ms() >= until {
                break;
            }
        }
        self.job = Some(job);
    }

    fn ask_conflict(&mut self, path: &str, may_replace: bool) {
        let name = path::name(path);
        let place = path::name(path::parent(path));
        let text = format!("There is something called \"{name}\" in \"{place}\" already.");
        let dialog = if may_replace {
            Dialog::new("Replace it?", &text, &["Skip", "Keep both", "Replace"], 1)
        } else {
            Dialog::new("The name is taken", &text, &["Skip", "Keep both"], 1)
        };
        self.show_dialog(
            dialog.with_check("Do the same with all that follow"),
            Question::Conflict(may_replace),
        );
    }

    /// The job is done: the list shows it, and it can be undone.
    fn finish(&mut self, job: Job, host: &mut dyn Host) {
        self.painted.forget();
        if self.closes_after_job {
            self.is_closing = true;
            return;
        }
        let finished = job.finished().to_vec();
        let count = finished.len() as u64;
        let targets: Vec<String> = finished.iter().map(|(_, to)| to.clone()).collect();
        self.say(&match job.kind() {
            _ if job.is_cancelled() => {
                String::from("Cancelled. What was already done stays, and can be undone.")
            }
            Kind::Copy => format!("{} copied.", plural(count)),
            Kind::Move => format!("{} moved.", plural(count)),
            Kind::Trash => format!("{} put into the trash. Ctrl+Z brings back.", plural(count)),
            Kind::Restore => format!("{} put back.", plural(count)),
            Kind::Delete => String::from("Deleted."),
            Kind::Count => String::new(),
        });
        match job.kind() {
            Kind::Count => {
                self.show_properties(&job, host);
                return;
            }
            _ if count == 0 || self.is_undoing => {}
            Kind::Copy => self.undo.push(Undo::Copied(targets.clone())),
            Kind::Move => self.undo.push(Undo::Moved(finished)),
            Kind::Trash => {
                let names = targets.iter().map(|path| path::name(path).to_string()).collect();
                self.undo.push(Undo::Trashed(names));
            }
            Kind::Restore | Kind::Delete => {}
        }
        self.is_undoing = false;
        self.refresh(host);
        let here = |path: &&String| path::parent(path) == self.directory;
        let names: Vec<String> =
            targets.iter().filter(here).map(|path| path::name(path).to_string()).collect();
        if !names.is_empty() {
            self.listing.select_names(&names);
            self.reveal_cursor();
        }
    }

    /// What the bar of the work says, and how far it is; None while there is nothing to show.
    pub(super) fn work_text(&self) -> Option<(String, u64, u64)> {
        let job = self.job.as_ref().filter(|_| self.shows_work)?;
        let (done, total) = job.progress();
        let verb = match job.kind() {
            _ if job.is_cancelled() => "Clearing up",
            Kind::Copy => "Copying",
            Kind::Move => "Moving",
            Kind::Delete => "Deleting",
            Kind::Trash => "Putting into the trash",
            Kind::Restore => "Putting back",
            Kind::Count => "Counting",
        };
        let name = path::name(job.current());
        let (part, whole) =
            if total.bytes > 0 { (done.bytes, total.bytes) } else { (done.items, total.items) };
        let text = if total.bytes > 0 && job.kind() != Kind::Count {
            format!("{verb} {name}: {} of {}", units::bytes(part), units::bytes(whole))
        } else {
            format!("{verb} {name}")
        };
        Some((text, part, whole))
    }

    /// Gives up what is being done.
    pub(super) fn cancel_job(&mut self, host: &mut dyn Host) {
        if let Some(job) = &mut self.job {
            job.cancel(host.files());
        }
    }

    pub(super) fn ask_to_close(&mut self) {
        match &self.job {
            None => self.is_closing = true,
            // One question after the other.
            Some(_) if self.has_overlay() => {}
            Some(job) => {
                let text = match job.kind() {
                    Kind::Count => "The folder is still being counted.",
                    _ => "The work on files is not done. What has not been finished is left as it was.",
                };
                let dialog = Dialog::new("Stop and close?", text, &["Go on", "Stop and close"], 0);
                self.show_dialog(dialog, Question::Stop);
            }
        }
    }

    pub(super) fn take_dialog(&mut self, outcome: DialogOutcome, host: &mut dyn Host) -> bool {
        let answer = match outcome {
            DialogOutcome::Nothing => return false,
            DialogOutcome::Changed => return true,
            DialogOutcome::Answered(index) => Some(index),
            DialogOutcome::Dismissed => None,
        };
        if let Overlay::Dialog(dialog, question) = self.close_overlay() {
            self.answer(&dialog, question, answer, host);
        }
        true
    }

    pub(super) fn take_menu(&mut self, outcome: MenuOutcome<Command>, host: &mut dyn Host) -> bool {
        match outcome {
            MenuOutcome::Nothing => return false,
            MenuOutcome::Changed => {}
            MenuOutcome::Dismissed => drop(self.close_overlay()),
            MenuOutcome::Chosen(command) => {
                self.close_overlay();
                self.perform(command, host);
            }
        }
        true
    }

    /// Does what a dialog was answered with; None is Escape.
    fn answer(&mut self, dialog: &Dialog, question: Question, answer: Option<usize>, host: &mut dyn Host) {
        match (question, answer) {
            (Question::Message, _) => {}
            (Question::Conflict(_), None) => self.cancel_job(host),
            (Question::Conflict(may_replace), Some(index)) => {
                let choice = match index {
                    0 => Choice::Skip,
                    2 if may_replace => Choice::Replace,
                    _ => Choice::KeepBoth,
                };
                if let Some(job) = &mut self.job {
                    job.answer(choice, dialog.is_checked());
                }
            }
            (Question::Failure, answer) => {
                if let Some(job) = &mut self.job {
                    match answer {
                        Some(2) => job.retry(host.files()),
                        Some(1) => job.skip(host.files()),
                        _ => job.cancel(host.files()),
                    }
                }
            }
            (Question::NewFolder, Some(1)) => {
                let name = dialog.field_text().trim().to_string();
                self.make_folder(dialog, &name, host);
            }
            (Question::Delete(paths), Some(1)) => {
                let job = Job::delete(&paths, host.wall_clock());
                self.start(job, host);
            }
            (Question::EmptyTrash, Some(1)) => self.empty_trash(host),
            (Question::Stop, Some(1)) => {
                self.closes_after_job = true;
                self.cancel_job(host);
                if self.job.is_none() {
                    self.is_closing = true;
                }
            }
            (Question::NewFolder | Question::Delete(_) | Question::EmptyTrash | Question::Stop, _) => {}
        }
        // The job goes on at once where it stopped.
        if self.job.is_some() {
            self.work(host);
        }
    }

    /// Everything about what is selected, or about the folder.
    fn show_properties(&mut self, job: &Job, host: &mut dyn Host) {
        let paths = self.selected_paths();
        let (_, total) = job.progress();
        let size = format!("Size: {} ({} bytes)", units::bytes(total.bytes), total.bytes);
        let inside = format!("Items: {}", total.items);
        let (heading, mut lines) = match paths.as_slice() {
            [] => {
                (path::name(&self.directory).to_string(), Vec::from([format!("Folder: {}", self.directory)]))
            }
            [path] => (path::name(path).to_string(), Vec::from([format!("In: {}", path::parent(path))])),
            many => (plural(many.len() as u64), Vec::from([format!("In: {}", self.directory)])),
        };
        lines.push(size);
        if let [path] = paths.as_slice()
            && let Ok(status) = host.files().status(path)
        {
            lines.push(if status.is_directory {
                format!("Folder, {} inside", plural(total.items.saturating_sub(1)))
            } else {
                String::from("File")
            });
            if let Some(time) = status.modified {
                lines.push(format!("Modified: {}", paint::date(&time)));
            }
            if self.directory == trash::FILES
                && let Some(origin) = trash::origin(host.files(), path::name(path))
            {
                lines.push(format!("It was: {origin}"));
            }
        } else {
            lines.push(inside);
        }
        let heading = if heading.is_empty() { String::from("Computer") } else { heading };
        self.message.clear();
        self.show_dialog(Dialog::new(&heading, &lines.join("\n"), &["OK"], 0), Question::Message);
    }

    /// What was cut is pasted: it is cut no longer.
    pub(super) fn forget_cut(&mut self, host: &mut dyn Host) {
        self.cut.clear();
        host.set_clipboard(Clipboard::Empty);
    }
}

fn failure_heading(kind: Kind) -> &'static str {
    match kind {
        Kind::Copy => "This could not be copied",
        Kind::Move => "This could not be moved",
        Kind::Delete => "This could not be deleted",
        Kind::Trash => "This could not be put into the trash",
        Kind::Restore => "This could not be put back",
        Kind::Count => "This could not be looked at",
    }
}
