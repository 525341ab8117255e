//! Long work on files, one small step at a time: copying, moving, deleting, putting into the trash and back.
//!
//! A job is a stack of steps over `ui::Files`. The window takes a few at each tick, asks the user what the job asks,
//! and may cancel it at any time. The rule above all: nothing is lost. A file is copied under another name beside its
//! target and gets its own name when it is whole; a move between file systems deletes only after everything has been
//! copied; what a cancelled item has made so far is removed.

mod transfer;

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use ui::{DateTime, FileError, Files};

use super::trash;
use crate::path;

/// What a job does, for the words that the window says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Makes copies.
    Copy,
    /// Moves.
    Move,
    /// Deletes for good.
    Delete,
    /// Puts into the trash.
    Trash,
    /// Takes out of the trash.
    Restore,
    /// Only counts.
    Count,
}

/// What to do about something that is in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// A file takes its place; folders become one.
    Replace,
    /// The new one gets another name.
    KeepBoth,
    /// The new one stays where it is.
    Skip,
}

/// What a step came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// There is more to do.
    Working,
    /// Something at this path is in the way: [`Job::answer`] says what to do. Whether replacing is possible.
    Conflict(String, bool),
    /// The thing at this path made trouble: [`Job::retry`], [`Job::skip`] or [`Job::cancel`].
    Failed(String, FileError),
    /// All is done.
    Done,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Files and folders.
    pub items: u64,
    /// Bytes of files.
    pub bytes: u64,
}

#[derive(Clone, Debug)]
enum Step {
    /// Adds what is at a path to the total.
    Count(String),
    /// Begins an item: what is made from now on is its own.
    Begin,
    Transfer {
        from: String,
        to: String,
        moves: bool,
        choice: Option<Choice>,
    },
    Stream(Stream),
    /// Removes what is at a path, with all that is in it.
    Remove(String),
    /// Removes a source after all of it was copied; not if something was skipped.
    RemoveSource(String),
    /// Removes a folder that was emptied; it stays if something was skipped.
    RemoveFolder(String),
    Trash(String),
    /// From this name in the trash.
    Restore(String),
    /// An item is complete.
    End {
        from: String,
        to: String,
    },
}

/// A file on its way.
#[derive(Clone, Debug)]
struct Stream {
    from: String,
    to: String,
    /// Its name while it is not whole.
    part: String,
    replaces: bool,
    at: u64,
    is_begun: bool,
}

/// Work on files.
#[derive(Debug)]
pub struct Job {
    kind: Kind,
    steps: Vec<Step>,
    /// How conflicts are to be settled from now on.
    for_all: Option<Choice>,
    done: Amount,
    total: Amount,
    /// What the item at work has made, in order.
    made: Vec<String>,
    /// Something of the item at work was skipped.
    has_skipped: bool,
    is_cancelled: bool,
    now: DateTime,
    /// What is at work.
    current: String,
    finished: Vec<(String, String)>,
}

impl Job {
    fn new(kind: Kind, steps: Vec<Step>, now: DateTime) -> Job {
        Job {
            kind,
            steps,
            for_all: None,
            done: Amount::default(),
            total: Amount::default(),
            made: Vec::new(),
            has_skipped: false,
            is_cancelled: false,
            now,
            current: String::new(),
            finished: Vec::new(),
        }
    }

    /// Copies or moves each first path to the second one.
    pub fn transfer(pairs: &[(String, String)], moves: bool, now: DateTime) -> Job {
        let mut steps = Vec::new();
        for (from, to) in pairs.iter().rev() {
            steps.push(Step::Transfer { from: from.clone(), to: to.clone(), moves, choice: None });
            steps.push(Step::Begin);
        }
        if !moves {
            steps.extend(pairs.iter().map(|(from, _)| Step::Count(from.clone())));
        }
        Job::new(if moves { Kind::Move } else { Kind::Copy }, steps, now)
    }

    /// Deletes for good.
    pub fn delete(paths: &[String], now: DateTime) -> Job {
        let mut steps: Vec<Step> = paths.iter().rev().map(|path| Step::Remove(path.clone())).collect();
        steps.extend(paths.iter().map(|path| Step::Count(path.clone())));
        Job::new(Kind::Delete, steps, now)
    }

    /// Puts into the trash.
    pub fn trash(paths: &[String], now: DateTime) -> Job {
        let steps = paths.iter().rev().flat_map(|path| [Step::Trash(path.clone()), Step::Begin]);
        Job::new(Kind::Trash, steps.collect(), now)
    }

    /// Puts what has these names in the trash back to where it was.
    pub fn restore(names: &[String], now: DateTime) -> Job {
        let steps = names.iter().rev().flat_map(|name| [Step::Restore(name.clone()), Step::Begin]);
        Job::new(Kind::Restore, steps.collect(), now)
    }

    /// Counts files and bytes.
    pub fn count(paths: &[String], now: DateTime) -> Job {
        Job::new(Kind::Count, paths.iter().map(|path| Step::Count(path.clone())).collect(), now)
    }

    /// What it does.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What is done, and what there is in all.
    pub fn progress(&self) -> (Amount, Amount) {
        (self.done, self.total)
    }

    /// The path that is at work.
    pub fn current(&self) -> &str {
        &self.current
    }

    /// The items that are complete: where they were, and where they are.
    pub fn finished(&self) -> &[(String, String)] {
        &self.finished
    }

    /// Takes one step.
    pub fn step(&mut self, files: &mut dyn Files) -> Progress {
        if self.is_cancelled {
            return self.unmake(files);
        }
        let Some(step) = self.steps.pop() else { return Progress::Done };
        match self.take(step.clone(), files) {
            // Done is what a power failure does not take.
            Ok(None) if self.steps.is_empty() => match files.sync() {
                Ok(()) => Progress::Done,
                Err(error) => Progress::Failed(self.current.clone(), error),
            },
            Ok(None) => Progress::Working,
            Ok(Some(conflict)) => {
                self.steps.push(step);
                conflict
            }
            Err((path, error)) => {
                self.steps.push(step);
                Progress::Failed(path, error)
            }
        }
    }

    /// Removes the newest of what the cancelled item has made.
    fn unmake(&mut self, files: &mut dyn Files) -> Progress {
        let Some(path) = self.made.pop() else { return Progress::Done };
        // What can't be removed stays; the user sees it in the list.
        let _ = files.remove(&path);
        if self.made.is_empty() { Progress::Done } else { Progress::Working }
    }

    /// What is in the way shall be treated so; from now on, if `for_all`.
    pub fn answer(&mut self, chosen: Choice, for_all: bool) {
        if for_all {
            self.for_all = Some(chosen);
        }
        if let Some(Step::Transfer { choice, .. }) = self.steps.last_mut() {
            *choice = Some(chosen);
        }
    }

    /// The step that failed shall be tried again. A file that was under way begins anew.
    pub fn retry(&mut self, files: &mut dyn Files) {
        self.drop_part(files);
        if let Some(Step::Stream(stream)) = self.steps.last_mut() {
            self.done.bytes = self.done.bytes.saturating_sub(stream.at);
            (stream.at, stream.is_begun) = (0, false);
        }
    }

    /// The step that failed shall be left out. What goes to the trash or comes from it goes whole or not at all.
    pub fn skip(&mut self, files: &mut dyn Files) {
        self.drop_part(files);
        self.steps.pop();
        self.has_skipped = true;
        if matches!(self.kind, Kind::Trash | Kind::Restore) {
            while !matches!(self.steps.last(), None | Some(Step::Begin)) {
                self.steps.pop();
            }
            while let Some(path) = self.made.pop() {
                // What can't be removed stays; the user sees it in the list.
                let _ = files.remove(&path);
            }
        }
    }

    /// Nothing more shall be done. What the item at work has made is removed by the steps that follow.
    pub fn cancel(&mut self, files: &mut dyn Files) {
        self.drop_part(files);
        self.steps.clear();
        self.is_cancelled = true;
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.is_cancelled
    }

    /// Removes the half file of a copy under way.
    fn drop_part(&mut self, files: &mut dyn Files) {
        if let Some(Step::Stream(stream)) = self.steps.last() {
            // Best effort: the first error is the one that was told.
            let _ = files.remove(&stream.part);
        }
    }

    fn take(&mut self, step: Step, files: &mut dyn Files) -> Result<Option<Progress>, (String, FileError)> {
        match step {
            Step::Count(path) => {
                let status = files.status(&path).map_err(|error| (path.clone(), error))?;
                self.total.items += 1;
                self.total.bytes += status.length;
                if status.is_directory {
                    let entries = files.list(&path).map_err(|error| (path.clone(), error))?;
                    self.steps
                        .extend(entries.iter().map(|entry| Step::Count(path::join(&path, &entry.name))));
                }
            }
            Step::Begin => {
                self.made.clear();
                self.has_skipped = false;
            }
            Step::Transfer { from, to, moves, choice } => {
                return self.transfer_one(files, from, to, moves, choice);
            }
            Step::Stream(stream) => {
                let from = stream.from.clone();
                self.stream(files, stream).map_err(|error| (from, error))?;
            }
            Step::Remove(path) => {
                self.current.clone_from(&path);
                let status = files.status(&path).map_err(|error| (path.clone(), error))?;
                if status.is_directory {
                    let entries = files.list(&path).map_err(|error| (path.clone(), error))?;
                    self.steps.push(Step::RemoveFolder(path.clone()));
                    self.steps
                        .extend(entries.iter().map(|entry| Step::Remove(path::join(&path, &entry.name))));
                } else {
                    files.remove(&path).map_err(|error| (path.clone(), error))?;
                    self.done.items += 1;
                    self.done.bytes += status.length;
                }
            }
            Step::RemoveSource(path) => {
                if !self.has_skipped {
                    self.made.clear();
                    self.steps.push(Step::Remove(path));
                }
            }
            Step::RemoveFolder(path) => match files.remove(&path) {
                Ok(()) => self.done.items += 1,
                // It holds what was skipped.
                Err(FileError::DirectoryNotEmpty) if self.has_skipped => {}
                Err(error) => return Err((path, error)),
            },
            Step::Trash(from) => {
                let name = trash::reserve(files, &from, self.now).map_err(|error| (from.clone(), error))?;
                self.made.push(trash::info(&name));
                self.steps.push(Step::Transfer { from, to: trash::file(&name), moves: true, choice: None });
            }
            Step::Restore(name) => {
                let from = trash::file(&name);
                let origin = trash::origin(files, &name).ok_or((from.clone(), FileError::NotFound))?;
                make_parents(files, &origin).map_err(|error| (origin.clone(), error))?;
                self.steps.push(Step::Remove(trash::info(&name)));
                self.steps.push(Step::Transfer { from, to: origin, moves: true, choice: None });
            }
            Step::End { from, to } => {
                self.made.clear();
                if !self.has_skipped {
                    self.finished.push((from, to));
                }
            }
        }
        Ok(None)
    }
}

/// Makes the folders on the way to `path` that are missing.
fn make_parents(files: &mut dyn Files, path: &str) -> Result<(), FileError> {
    let mut missing = vec![];
    let mut at = path::parent(path);
    while at != "/" && files.status(at) == Err(FileError::NotFound) {
        missing.push(at.to_string());
        at = path::parent(at);
    }
    missing.iter().rev().try_for_each(|directory| files.create_directory(directory))
}
