//! Copying and moving one file or folder, with what is in the way.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use ui::{Existing, FileError, Files};

use super::{Choice, Job, Kind, Progress, Step, Stream};
use crate::path;

/// Bytes copied in a step.
const SLICE: usize = 64 << 10;

impl Job {
    /// Copies or moves one file or folder; of a folder that has to be copied, the inside follows by further steps.
    pub(super) fn transfer_one(
        &mut self,
        files: &mut dyn Files,
        from: String,
        mut to: String,
        moves: bool,
        choice: Option<Choice>,
    ) -> Result<Option<Progress>, (String, FileError)> {
        self.current.clone_from(&from);
        let status = files.status(&from).map_err(|error| (from.clone(), error))?;
        let is_item = matches!(self.steps.last(), None | Some(Step::Begin | Step::Remove(_)));
        if from == to && moves {
            return Ok(None);
        }
        if status.is_directory && path::is_within(path::parent(&to), &from) {
            return Err((from, FileError::Unsupported));
        }
        let there = match files.status(&to) {
            Ok(there) => Some(there),
            Err(FileError::NotFound) => None,
            Err(error) => return Err((to, error)),
        };
        // A copy beside the original gets another name, of course; so does what comes back from the trash.
        let asks_not = from == to || self.kind == Kind::Trash;
        // A name that differs in case only is the same file on FAT: renaming so is meant.
        let is_same = moves && from.eq_ignore_ascii_case(&to);
        let (mut replaces, mut joins) = (false, false);
        if let Some(there) = there.filter(|_| !is_same) {
            let may_replace = there.is_directory == status.is_directory;
            let chosen = choice.or(self.for_all).or(asks_not.then_some(Choice::KeepBoth));
            match chosen {
                None => return Ok(Some(Progress::Conflict(to, may_replace))),
                Some(Choice::Replace) if !may_replace => return Ok(Some(Progress::Conflict(to, false))),
                Some(Choice::Replace) => (replaces, joins) = (true, there.is_directory),
                Some(Choice::KeepBoth) => to = free_name(files, &to).map_err(|error| (to.clone(), error))?,
                Some(Choice::Skip) => {
                    self.has_skipped = true;
                    // What the trash knows of it belongs to the thing, which stays in the trash.
                    if self.kind == Kind::Restore && is_item {
                        self.steps.pop();
                    }
                    return Ok(None);
                }
            }
        }
        let end = Step::End { from: from.clone(), to: to.clone() };
        if moves && !joins {
            let existing = if replaces { Existing::Replace } else { Existing::Keep };
            match files.rename(&from, &to, existing) {
                Ok(()) => {
                    self.done.items += 1;
                    if is_item {
                        self.made.clear();
                        self.finished.push((from, to));
                    }
                    return Ok(None);
                }
                Err(FileError::OtherFileSystem) => {
                    // Copy all, then delete all. Only now is it known that this takes time.
                    let copy = Step::Transfer {
                        from: from.clone(),
                        to,
                        moves: false,
                        choice: replaces.then_some(Choice::Replace),
                    };
                    self.steps.extend([end, Step::RemoveSource(from.clone()), copy, Step::Count(from)]);
                    return Ok(None);
                }
                Err(error) => return Err((from, error)),
            }
        }
        if is_item {
            self.steps.push(end);
        }
        if status.is_directory {
            let entries = files.list(&from).map_err(|error| (from.clone(), error));
            let made =
                if joins { Ok(()) } else { files.create_directory(&to).map_err(|error| (to.clone(), error)) };
            let entries = match made.and(entries) {
                Ok(entries) => entries,
                Err(error) => {
                    if is_item {
                        self.steps.pop();
                    }
                    return Err(error);
                }
            };
            if !joins {
                self.made.push(to.clone());
            }
            self.done.items += 1;
            if moves {
                self.steps.push(Step::RemoveFolder(from.clone()));
            }
            self.steps.extend(entries.iter().rev().map(|entry| Step::Transfer {
                from: path::join(&from, &entry.name),
                to: path::join(&to, &entry.name),
                moves,
                choice: None,
            }));
        } else {
            let part = path::join(path::parent(&to), &part_name(path::name(&to)));
            self.steps.push(Step::Stream(Stream { from, to, part, replaces, at: 0, is_begun: false }));
        }
        Ok(None)
    }

    /// Copies a slice of a file. What is under way stands on the stack, so that a failure finds it.
    pub(super) fn stream(&mut self, files: &mut dyn Files, mut stream: Stream) -> Result<(), FileError> {
        if !stream.is_begun {
            match files.create(&stream.part) {
                // Left from a copy that a power failure ended: nobody's.
                Err(FileError::AlreadyExists) => {
                    files.remove(&stream.part)?;
                    files.create(&stream.part)?;
                }
                other => other?,
            }
            stream.is_begun = true;
        }
        let copied = copy_slice(files, &stream).and_then(|count| {
            if count < SLICE as u64 {
                let existing = if stream.replaces { Existing::Replace } else { Existing::Keep };
                files.rename(&stream.part, &stream.to, existing)?;
            }
            Ok(count)
        });
        let count = match copied {
            Ok(count) => count,
            Err(error) => {
                // Half a file helps nobody; if it is tried again, it begins anew.
                let _ = files.remove(&stream.part);
                return Err(error);
            }
        };
        stream.at += count;
        self.done.bytes += count;
        if count == SLICE as u64 {
            self.steps.push(Step::Stream(stream));
            return Ok(());
        }
        if !stream.replaces {
            self.made.push(stream.to);
        }
        self.done.items += 1;
        Ok(())
    }
}

fn copy_slice(files: &mut dyn Files, stream: &Stream) -> Result<u64, FileError> {
    let mut slice = Vec::new();
    slice.try_reserve_exact(SLICE).map_err(|_| FileError::OutOfMemory)?;
    slice.resize(SLICE, 0);
    let count = files.read_at(&stream.from, stream.at, &mut slice)?;
    if count > 0 {
        files.write_at(&stream.part, stream.at, &slice[..count])?;
    }
    Ok(count as u64)
}

/// The name of a file that is not whole yet.
fn part_name(name: &str) -> String {
    // What is too long for a name gets one that is not.
    if name.len() > 200 { ".copy.part".to_string() } else { [".", name, ".part"].concat() }
}

/// The first numbered name beside `path` that is free.
fn free_name(files: &mut dyn Files, path: &str) -> Result<String, FileError> {
    let mut number = 2;
    loop {
        let candidate = path::join(path::parent(path), &path::numbered(path::name(path), number));
        match files.status(&candidate) {
            Ok(_) => number += 1,
            Err(FileError::NotFound) => return Ok(candidate),
            Err(error) => return Err(error),
        }
    }
}
