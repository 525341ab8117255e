//! What keys, buttons and menus do in Files.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use gfx::Point;
use ui::kit::{Dialog, Menu, MenuItem, TextField};
use ui::{Clipboard, Existing, FileError, Host};

use super::job::Job;
use super::work::Question;
use super::{FileManager, Overlay, bounds, plural, trash};
use crate::{path, trouble};

/// The most changes that can be taken back.
const MOST_UNDO: usize = 50;
/// How much of a file is looked at to see whether it is text.
const SNIFFED: usize = 4096;

/// Something to do, however it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Open,
    OpenInEditor,
    NewFolder,
    Rename,
    Copy,
    Cut,
    Paste,
    Trash,
    Delete,
    SelectAll,
    Refresh,
    Properties,
    Undo,
    ToggleHidden,
    Restore,
    EmptyTrash,
    Back,
    Forward,
    Up,
    TypePath,
}

/// What the buttons of the tool bar do, in their order.
pub(super) const TOOLS: [Command; 5] =
    [Command::Back, Command::Forward, Command::Up, Command::NewFolder, Command::Refresh];

/// A change that can be taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Undo {
    /// From where to where.
    Moved(Vec<(String, String)>),
    /// The copies.
    Copied(Vec<String>),
    /// Names in the trash.
    Trashed(Vec<String>),
    /// A folder that was made.
    Made(String),
}

impl FileManager {
    /// The paths of what is selected.
    pub(super) fn selected_paths(&self) -> Vec<String> {
        self.listing.selected().map(|entry| path::join(&self.directory, &entry.name)).collect()
    }

    pub(super) fn perform(&mut self, command: Command, host: &mut dyn Host) {
        match command {
            Command::Open => self.open(host),
            Command::OpenInEditor => {
                for path in self.selected_paths() {
                    host.launch("editor", Some(&path));
                }
            }
            Command::NewFolder if self.is_trash() => self.say("Folders can't be made in the trash."),
            Command::NewFolder => {
                let dialog = Dialog::new("New folder", "", &["Cancel", "Create"], 1);
                self.show_dialog(dialog.with_field("New folder", usize::MAX), Question::NewFolder);
            }
            Command::Rename => self.begin_rename(),
            Command::Copy | Command::Cut => self.take(command == Command::Cut, host),
            Command::Paste => self.paste(host),
            Command::Trash => self.put_into_trash(host),
            Command::Delete => self.ask_delete(),
            Command::SelectAll => self.listing.select_all(),
            Command::Refresh => {
                self.refresh(host);
                self.painted.forget();
            }
            Command::Properties => {
                let selected = self.selected_paths();
                let paths = if selected.is_empty() { Vec::from([self.directory.clone()]) } else { selected };
                let job = Job::count(&paths, host.wall_clock());
                self.start(job, host);
            }
            Command::Undo => self.undo_newest(host),
            Command::ToggleHidden => {
                self.shows_hidden = !self.shows_hidden;
                self.refresh(host);
                self.say(if self.shows_hidden { "Hidden files show." } else { "Hidden files don't show." });
            }
            Command::Restore => {
                let names: Vec<String> = self.listing.selected().map(|entry| entry.name.clone()).collect();
                if self.directory == trash::FILES && !names.is_empty() {
                    let job = Job::restore(&names, host.wall_clock());
                    self.start(job, host);
                }
            }
            Command::EmptyTrash => {
                let text = "Everything in the trash is deleted for good.";
                self.show_dialog(
                    Dialog::new("Empty the trash?", text, &["Cancel", "Empty trash"], 0),
                    Question::EmptyTrash,
                );
            }
            Command::Back => {
                if let Some(to) = self.way.go_back(&self.directory) {
                    self.move_along(to, host);
                }
            }
            Command::Forward => {
                if let Some(to) = self.way.go_forward(&self.directory) {
                    self.move_along(to, host);
                }
            }
            Command::Up if self.can_go_up() => {
                let up = path::parent(&self.directory).to_string();
                self.enter(&up, host);
            }
            Command::Up => {}
            Command::TypePath => {
                self.path_field = Some(TextField::new(&self.directory));
                self.painted.bars_changed();
            }
        }
    }

    fn move_along(&mut self, to: String, host: &mut dyn Host) {
        let from = core::mem::replace(&mut self.directory, to);
        self.arrive(&from, host);
    }

    /// Opens what is selected: a folder here, a text in the editor.
    fn open(&mut self, host: &mut dyn Host) {
        let selected: Vec<(String, bool)> =
            self.listing.selected().map(|entry| (entry.name.clone(), entry.is_directory)).collect();
        if let [(name, true)] = selected.as_slice() {
            let inside = path::join(&self.directory, name);
            self.enter(&inside, host);
            return;
        }
        for (name, _) in selected.iter().filter(|(_, is_directory)| !is_directory) {
            let path = path::join(&self.directory, name);
            match is_text(host, &path) {
                Ok(true) => host.launch("editor", Some(&path)),
                Ok(false) => {
                    let text = format!(
                        "No program here opens a file such as \"{name}\". The Text Editor can show what of it is text: choose that in its menu."
                    );
                    self.show_message("This is not a text file", &text);
                }
                Err(error) => self.show_error("The file could not be opened", &path, error),
            }
        }
    }

    fn begin_rename(&mut self) {
        let Some(cursor) = self.listing.cursor().filter(|cursor| self.listing.is_selected(*cursor)) else {
            return;
        };
        if self.is_trash() {
            self.say("What is in the trash keeps its name. Put it back first.");
            return;
        }
        let Some(name) = self.listing.entry(cursor).map(|entry| entry.name.clone()) else { return };
        if self.keeps(&[path::join(&self.directory, &name)], "renamed") {
            return;
        }
        self.listing.go(cursor, super::listing::Select::Only);
        let mut field = TextField::new(&name);
        let is_directory = self.listing.entry(cursor).is_some_and(|entry| entry.is_directory);
        let stem = if is_directory { name.len() } else { path::split_extension(&name).0.len() };
        field.select(0..stem);
        self.renaming = Some((name, field));
        self.reveal_cursor();
    }

    /// Gives the name that was typed.
    pub(super) fn end_rename(&mut self, host: &mut dyn Host) {
        let Some((old, field)) = self.renaming.take() else { return };
        let new = field.text().trim().to_string();
        if new == old || new.is_empty() {
            return;
        }
        let (from, to) = (path::join(&self.directory, &old), path::join(&self.directory, &new));
        let renamed = check_name(&new).and_then(|()| host.files().rename(&from, &to, Existing::Keep));
        match renamed {
            Ok(()) => {
                self.remember(Undo::Moved(Vec::from([(from, to)])));
                self.refresh(host);
                self.listing.select_names(&[new]);
                self.reveal_cursor();
            }
            Err(error) => {
                // For the name that was typed is what is wrong, mostly; what is gone shows in the list.
                let about = if error == FileError::NotFound { &old } else { &new };
                self.show_message("The name could not be changed", &trouble::explain(about, error));
                self.refresh(host);
            }
        }
    }

    pub(super) fn make_folder(&mut self, dialog: &Dialog, name: &str, host: &mut dyn Host) {
        let path = path::join(&self.directory, name);
        let made = check_name(name).and_then(|()| host.files().create_directory(&path));
        match made {
            Ok(()) => {
                self.remember(Undo::Made(path));
                self.refresh(host);
                self.listing.select_names(&[name.to_string()]);
                self.reveal_cursor();
            }
            Err(error) => {
                // The question stays, with what was typed.
                let mut again = Box::new(dialog.clone());
                again.set_problem(&trouble::explain(name, error));
                self.overlay = Overlay::Dialog(again, Question::NewFolder);
            }
        }
    }

    /// Copies or cuts what is selected.
    fn take(&mut self, is_cut: bool, host: &mut dyn Host) {
        let paths = self.selected_paths();
        if paths.is_empty() {
            return;
        }
        if is_cut && self.keeps(&paths, "moved") {
            return;
        }
        let verb = if is_cut { "cut" } else { "copied" };
        self.say(&format!("{} {verb}. Paste with Ctrl+V.", plural(paths.len() as u64)));
        self.cut = if is_cut { paths.clone() } else { Vec::new() };
        host.set_clipboard(Clipboard::Files { paths, is_cut });
    }

    fn paste(&mut self, host: &mut dyn Host) {
        if self.is_trash() {
            self.say("Nothing can be pasted into the trash. Delete what you want to have there.");
            return;
        }
        let Clipboard::Files { paths, is_cut } = host.clipboard() else {
            self.say("There are no files to paste. Copy some with Ctrl+C.");
            return;
        };
        let target = |from: &String| path::join(&self.directory, path::name(from));
        let pairs: Vec<(String, String)> = paths.iter().map(|from| (from.clone(), target(from))).collect();
        if self.job.is_none() && is_cut {
            self.forget_cut(host);
        }
        let job = Job::transfer(&pairs, is_cut, host.wall_clock());
        self.start(job, host);
    }

    fn put_into_trash(&mut self, host: &mut dyn Host) {
        let paths = self.selected_paths();
        if paths.is_empty() {
            return;
        }
        if self.is_trash() || host.files().status(trash::DISK).is_err() {
            self.ask_delete();
            return;
        }
        if self.keeps(&paths, "deleted") {
            return;
        }
        let job = Job::trash(&paths, host.wall_clock());
        self.start(job, host);
    }

    /// Whether one of `paths` belongs to the system, so that it is not `done`, which is told.
    fn keeps(&mut self, paths: &[String], done: &str) -> bool {
        let belongs = |path: &&String| path::is_within(trash::FILES, path) || *path == "/tmp";
        let Some(fixed) = paths.iter().find(belongs) else { return false };
        let text = format!("\"{}\" belongs to the system and stays where it is.", path::name(fixed));
        self.show_message(&format!("This can't be {done}"), &text);
        true
    }

    fn ask_delete(&mut self) {
        let paths = self.selected_paths();
        if self.keeps(&paths, "deleted") {
            return;
        }
        let what = match paths.as_slice() {
            [] => return,
            [path] => format!("\"{}\"", path::name(path)),
            many => plural(many.len() as u64),
        };
        let text = format!("{what} will be deleted for good. This can't be undone.");
        self.show_dialog(
            Dialog::new("Delete for good?", &text, &["Cancel", "Delete"], 0),
            Question::Delete(with_info(paths)),
        );
    }

    pub(super) fn empty_trash(&mut self, host: &mut dyn Host) {
        let mut paths = Vec::new();
        for folder in [trash::file(""), trash::info("")] {
            let folder = folder.trim_end_matches('/');
            match host.files().list(folder) {
                Ok(entries) => paths.extend(entries.iter().map(|entry| path::join(folder, &entry.name))),
                Err(FileError::NotFound) => {}
                Err(error) => {
                    self.show_error("The trash could not be emptied", folder, error);
                    return;
                }
            }
        }
        self.undo.retain(|undo| !matches!(undo, Undo::Trashed(_)));
        let job = Job::delete(&paths, host.wall_clock());
        self.start(job, host);
    }

    fn remember(&mut self, undo: Undo) {
        if self.undo.len() == MOST_UNDO {
            self.undo.remove(0);
        }
        self.undo.push(undo);
    }

    /// Takes back the newest change.
    fn undo_newest(&mut self, host: &mut dyn Host) {
        if self.job.is_some() {
            self.say("Something is still being done. Wait for it, or cancel it.");
            return;
        }
        let now = host.wall_clock();
        let job = match self.undo.pop() {
            None => {
                self.say("There is nothing to undo.");
                return;
            }
            Some(Undo::Moved(pairs)) => {
                let back: Vec<(String, String)> = pairs.into_iter().map(|(from, to)| (to, from)).collect();
                Job::transfer(&back, true, now)
            }
            Some(Undo::Copied(paths)) => Job::trash(&paths, now),
            Some(Undo::Trashed(names)) => Job::restore(&names, now),
            Some(Undo::Made(folder)) => {
                match host.files().remove(&folder) {
                    Ok(()) => self.say("The new folder is gone again."),
                    Err(FileError::DirectoryNotEmpty) => {
                        self.say("The new folder is no longer empty, so it stays. Delete it to put it into the trash.");
                    }
                    Err(error) => self.show_error("This could not be undone", &folder, error),
                }
                self.refresh(host);
                return;
            }
        };
        self.is_undoing = true;
        self.start(job, host);
    }

    /// The menu of what is selected, or of the folder.
    pub(super) fn open_menu(&mut self, at: Point, host: &mut dyn Host) {
        let count = self.listing.selected().count();
        let is_one = count == 1;
        let has_file = self.listing.selected().any(|entry| !entry.is_directory);
        let has_files = matches!(host.clipboard(), Clipboard::Files { .. });
        let item = |text, shortcut, is_enabled, value| MenuItem::Choice { text, shortcut, is_enabled, value };
        let items = match (self.is_trash(), count > 0) {
            (true, true) => Vec::from([
                item("Put back", "", self.directory == trash::FILES, Command::Restore),
                item("Delete for good…", "Shift+Delete", true, Command::Delete),
                MenuItem::Separator,
                item("Empty trash…", "", true, Command::EmptyTrash),
                item("Properties", "Alt+Enter", true, Command::Properties),
            ]),
            (true, false) => Vec::from([
                item("Empty trash…", "", self.listing.len() > 0, Command::EmptyTrash),
                item("Refresh", "F5", true, Command::Refresh),
            ]),
            (false, true) => Vec::from([
                item("Open", "Enter", is_one || has_file, Command::Open),
                item("Open in Text Editor", "", has_file, Command::OpenInEditor),
                MenuItem::Separator,
                item("Cut", "Ctrl+X", true, Command::Cut),
                item("Copy", "Ctrl+C", true, Command::Copy),
                item("Paste", "Ctrl+V", has_files, Command::Paste),
                MenuItem::Separator,
                item("Rename", "F2", is_one, Command::Rename),
                item("Put into trash", "Delete", true, Command::Trash),
                MenuItem::Separator,
                item("Properties", "Alt+Enter", true, Command::Properties),
            ]),
            (false, false) => Vec::from([
                item("New folder…", "Ctrl+Shift+N", true, Command::NewFolder),
                item("Paste", "Ctrl+V", has_files, Command::Paste),
                item("Select all", "Ctrl+A", self.listing.len() > 0, Command::SelectAll),
                MenuItem::Separator,
                item("Undo", "Ctrl+Z", !self.undo.is_empty(), Command::Undo),
                item("Show or hide hidden files", "Ctrl+H", true, Command::ToggleHidden),
                item("Refresh", "F5", true, Command::Refresh),
                item("Properties", "Alt+Enter", true, Command::Properties),
            ]),
        };
        self.renaming = None;
        self.overlay = Overlay::Menu(Menu::new(at, bounds(self.size), items));
    }
}

/// A name must not lead elsewhere.
fn check_name(name: &str) -> Result<(), FileError> {
    let is_fine = !name.is_empty() && name != "." && name != ".." && !name.contains('/');
    if is_fine { Ok(()) } else { Err(FileError::InvalidName) }
}

/// With what is deleted from the trash goes what the trash knows of it.
fn with_info(mut paths: Vec<String>) -> Vec<String> {
    let infos: Vec<String> = paths
        .iter()
        .filter(|path| path::parent(path) == trash::FILES)
        .map(|path| trash::info(path::name(path)))
        .collect();
    paths.extend(infos);
    paths
}

/// Whether a file looks like text: UTF-8 without zeros, as far as is looked.
fn is_text(host: &mut dyn Host, path: &str) -> Result<bool, FileError> {
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(SNIFFED).map_err(|_| FileError::OutOfMemory)?;
    buffer.resize(SNIFFED, 0);
    let count = host.files().read_at(path, 0, &mut buffer)?;
    let start = &buffer[..count];
    // The end of what was read may cut a character in two.
    let is_utf8 = match core::str::from_utf8(start) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none() && count == SNIFFED,
    };
    Ok(is_utf8 && !start.contains(&0))
}
