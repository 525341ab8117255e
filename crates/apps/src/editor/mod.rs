//! The Text Editor: a file's text in a window, with everything one expects of a small editor.
//!
//! `text.rs` keeps the text, `history.rs` what can be undone, and `document.rs` joins them with the cursor: these are
//! pure. `view.rs` says which rows show, `file.rs` reads and writes in slices, `find_bar.rs` is the search bar, and
//! `paint.rs` draws. `commands.rs` has what keys and buttons do, `overlay.rs` asks before anything unsaved would be
//! lost; this file takes the events, opens and saves.

mod commands;
mod document;
mod file;
mod find_bar;
mod history;
mod overlay;
mod paint;
mod text;
mod view;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use gfx::{Canvas, Damage, Rect, Size, Symbol, theme};
use ui::kit::{Clicks, Dialog, ScrollBar, ToolButton};
use ui::{App, Event, FileError, Host, Response};

use crate::chooser::Purpose;
use crate::{path, trouble};
pub use document::{Document, Found, Motion, Reach};
use file::{Format, Loading, Saving, Stamp};
use find_bar::FindBar;
use overlay::{Next, Overlay, Question};
use paint::{Layout, Painted};
pub use text::{Pattern, Text};
use view::View;

/// While a file is read or written, the time between two slices.
const SLICE_MS: u64 = 1;

/// What goes on with a file.
enum Task {
    Idle,
    Loading(Loading),
    Saving(Saving),
}

/// The editor's window.
pub struct Editor {
    size: Size,
    layout: Layout,
    document: Document,
    view: View,
    scroll: ScrollBar,
    tools: Vec<ToolButton>,
    find: Option<FindBar>,
    overlay: Overlay,
    task: Task,
    /// What follows when the task has succeeded.
    next: Option<Next>,
    /// The file; None for a text that has none yet.
    path: Option<String>,
    format: Format,
    stamp: Option<Stamp>,
    /// The file to open when the window has its size.
    requested: Option<String>,
    title: String,
    /// What happened last, in the status bar until the next key.
    message: String,
    /// The window shall close.
    is_closing: bool,
    is_focused: bool,
    is_dragging: bool,
    clicks: Clicks,
    painted: Painted,
}

impl Editor {
    /// An editor with an empty text, or one that opens the file at `path`. A file that is not there is made when the text
    /// is saved.
    pub fn new(path: Option<&str>) -> Editor {
        let tool = |symbol, text: &str| ToolButton::new(symbol, text);
        let mut editor = Editor {
            size: Size::ZERO,
            layout: Layout::default(),
            document: Document::new(),
            view: View::new(),
            scroll: ScrollBar::new(Rect::EMPTY),
            tools: Vec::from([
                tool(None, "New"),
                tool(None, "Open"),
                tool(None, "Save"),
                tool(Some(Symbol::Undo), ""),
                tool(Some(Symbol::Redo), ""),
                tool(Some(Symbol::Search), ""),
                tool(None, "Wrap"),
            ]),
            find: None,
            overlay: Overlay::None,
            task: Task::Idle,
            next: None,
            path: None,
            format: Format::default(),
            stamp: None,
            requested: path.map(|path| path::normalise("/", path)),
            title: String::new(),
            message: String::new(),
            is_closing: false,
            is_focused: true,
            is_dragging: false,
            clicks: Clicks::default(),
            painted: Painted::default(),
        };
        editor.settle();
        editor
    }

    /// The text, for tests.
    pub fn text(&self) -> String {
        let text = self.document.text();
        text.slice(0..text.len()).unwrap_or_default()
    }

    /// What is selected, for tests.
    pub fn selected_text(&self) -> String {
        self.document.selected_text().unwrap_or_default()
    }

    /// What the status bar says, left and right.
    pub fn status(&self) -> (String, String) {
        (self.status_text(), self.position_text())
    }

    /// Whether a question, a menu or a list of files lies over the text.
    pub fn has_overlay(&self) -> bool {
        !matches!(self.overlay, Overlay::None)
    }

    fn name(&self) -> &str {
        self.path.as_deref().map_or("Untitled", path::name)
    }

    fn shows_cursor(&self) -> bool {
        self.is_focused && self.find.as_ref().is_none_or(|find| find.focus.is_none())
    }

    fn status_text(&self) -> String {
        match &self.task {
            Task::Loading(loading) => return format!("Opening {}…", loading.path),
            Task::Saving(saving) => return format!("Saving {}…", saving.path),
            Task::Idle => {}
        }
        if !self.message.is_empty() {
            return self.message.clone();
        }
        let state = match () {
            () if self.format.is_lossy => "read-only",
            () if self.document.is_changed() => "changed",
            () if self.path.is_none() => "not saved yet",
            () => "saved",
        };
        format!("{} ({state})", self.path.as_deref().unwrap_or("Untitled"))
    }

    fn position_text(&self) -> String {
        let text = self.document.text();
        let line = text.line_of(self.document.cursor());
        let column: usize =
            text.parts(text.line_start(line)..self.document.cursor()).map(|part| part.chars().count()).sum();
        let selected = self.document.selected();
        let chosen = if selected.is_empty() {
            String::new()
        } else {
            let count: usize = text.parts(selected).map(|part| part.chars().count()).sum();
            format!("{count} selected   ")
        };
        let ends = if self.format.crlf { "CRLF" } else { "LF" };
        let encoding = if self.format.is_lossy { "not UTF-8" } else { "UTF-8" };
        format!("{chosen}Line {}, column {}   {ends}   {encoding}", line + 1, column + 1)
    }

    fn progress(&self) -> Option<(u64, u64)> {
        match &self.task {
            Task::Idle => None,
            Task::Loading(loading) => Some(loading.progress()),
            Task::Saving(saving) => Some((saving.progress(), self.document.text().len() as u64)),
        }
    }

    /// After anything changed: layout, scroll bar, title and buttons say what is so.
    fn settle(&mut self) {
        let layout = Layout::new(self.size, self.find.as_ref(), self.document.text().lines());
        if layout != self.layout {
            self.layout = layout;
            (self.view.columns, self.view.rows) = layout.grid();
            self.scroll.area = layout.scroll;
            if let Some(find) = &mut self.find {
                find.lay_out(layout.find);
            }
            let mut x = 8;
            for (index, tool) in self.tools.iter_mut().enumerate() {
                let width = tool.width();
                tool.area =
                    Rect::new(x, (paint::TOOL_BAR - theme::CONTROL_HEIGHT) / 2, width, theme::CONTROL_HEIGHT);
                x += width + if index == 2 || index == 4 { 14 } else { 2 };
            }
        }
        let text = self.document.text();
        self.view.settle(text);
        // The last line can be scrolled up to the top.
        let beyond = if self.view.shows_all(text) { 0 } else { self.view.rows - 1 };
        self.scroll.set(text.lines() + beyond, self.view.rows, self.view.top.line);
        let (undo, redo) = self.document.can_undo_redo();
        let enabled = [true, true, self.document.is_changed() || self.path.is_none(), undo, redo, true, true];
        let is_on = [false, false, false, false, false, self.find.is_some(), self.view.wraps];
        for ((tool, is_enabled), is_on) in self.tools.iter_mut().zip(enabled).zip(is_on) {
            if (tool.is_enabled, tool.is_on) != (is_enabled, is_on) {
                (tool.is_enabled, tool.is_on) = (is_enabled, is_on);
                self.painted.bars_changed();
            }
        }
        let mark = if self.document.is_changed() { "• " } else { "" };
        self.title = format!("{mark}{} – Text Editor", self.name());
    }

    fn say(&mut self, message: &str) {
        self.message = message.to_string();
    }

    fn start_anew(&mut self, path: Option<String>) {
        self.document = Document::new();
        self.path = path;
        self.format = Format::default();
        self.stamp = None;
        self.view.top = view::Row::default();
        self.view.left = 0;
        self.message.clear();
        self.painted.forget();
    }

    /// Begins to read a file; it takes the text's place when it is all there.
    fn load(&mut self, path: &str, host: &mut dyn Host) {
        match Loading::new(host.files(), path) {
            Ok(loading) => {
                self.task = Task::Loading(loading);
                self.work(host);
            }
            Err(FileError::NotFound) => {
                self.start_anew(Some(path.to_string()));
                self.say("A new file: it is made when you save it.");
            }
            Err(error) => {
                self.show_message("The file could not be opened", &trouble::explain(path::name(path), error))
            }
        }
    }

    /// Saves to the file; asks for one if there is none, and before it writes over somebody else's changes.
    fn save(&mut self, host: &mut dyn Host) {
        let Some(path) = self.path.clone().filter(|_| !self.format.is_lossy) else {
            self.choose(Purpose::Save, host);
            return;
        };
        let now = file::stamp(host.files(), &path);
        if now.is_some() && now != self.stamp {
            let text = format!("\"{}\" was changed on the disk since it was opened here.", path::name(&path));
            let dialog = Dialog::new("Replace the other version?", &text, &["Cancel", "Replace"], 0);
            self.show_dialog(dialog, Question::Overwrite(path));
            return;
        }
        self.save_to(&path, host);
    }

    fn save_as(&mut self, path: String, host: &mut dyn Host) {
        if self.path.as_ref() != Some(&path) && host.files().status(&path).is_ok() {
            let text = format!("There is a file called \"{}\" already.", path::name(&path));
            let dialog = Dialog::new("Replace the file?", &text, &["Cancel", "Replace"], 0);
            self.show_dialog(dialog, Question::Overwrite(path));
            return;
        }
        self.save_to(&path, host);
    }

    fn save_to(&mut self, path: &str, host: &mut dyn Host) {
        self.format.is_lossy = false;
        self.task = Task::Saving(Saving::new(path));
        self.work(host);
    }

    /// Reads or writes a slice.
    fn work(&mut self, host: &mut dyn Host) {
        match core::mem::replace(&mut self.task, Task::Idle) {
            Task::Idle => {}
            Task::Loading(mut loading) => match loading.step(host.files()) {
                Ok(None) => self.task = Task::Loading(loading),
                Ok(Some(loaded)) => {
                    self.start_anew(Some(loading.path));
                    self.document = Document::with_text(loaded.text);
                    self.format = loaded.format;
                    self.stamp = Some(loaded.stamp);
                    if self.format.is_lossy {
                        self.show_message(
                            "This is not a text file in UTF-8",
                            "It is shown as well as it can be, and can only be read. To keep what you see as text, save it under another name.",
                        );
                    }
                }
                Err(error) => {
                    let text = trouble::explain(path::name(&loading.path), error);
                    self.show_message("The file could not be opened", &text);
                }
            },
            Task::Saving(mut saving) => match saving.step(host.files(), self.document.text(), self.format) {
                Ok(false) => self.task = Task::Saving(saving),
                Ok(true) => {
                    self.stamp = file::stamp(host.files(), &saving.path);
                    self.document.mark_saved();
                    self.say(&format!("Saved to {}.", saving.path));
                    self.path = Some(saving.path);
                    if let Some(next) = self.next.take() {
                        self.go_on(next, host);
                    }
                }
                Err(error) => {
                    self.next = None;
                    self.document.mark_unsaved();
                    let text = trouble::explain(path::name(&saving.path), error);
                    self.show_message("The text could not be saved", &text);
                }
            },
        }
    }

    /// Gives up reading a file. Writing is not given up: it is soon done, and safer so.
    fn cancel_task(&mut self) {
        if let Task::Loading(_) = self.task {
            self.task = Task::Idle;
            self.say("Opening was cancelled.");
        }
    }

    fn resize(&mut self, size: Size, host: &mut dyn Host) {
        self.size = size;
        self.painted.forget();
        match &mut self.overlay {
            Overlay::Dialog(dialog, _) => dialog.lay_out(size),
            Overlay::Chooser(chooser) => chooser.lay_out(size),
            // It belongs to a place that may be gone.
            Overlay::Menu(_) => self.overlay = Overlay::None,
            Overlay::None => {}
        }
        self.settle();
        if let Some(path) = self.requested.take() {
            self.load(&path, host);
        } else {
            self.view.reveal(self.document.text(), self.document.cursor());
        }
    }
}

impl App for Editor {
    fn title(&self) -> &str {
        &self.title
    }

    fn initial_size(&self) -> Size {
        Size::new(740, 520)
    }

    fn minimum_size(&self) -> Size {
        Size::new(420, 260)
    }

    fn has_unsaved_changes(&self) -> bool {
        self.document.is_changed() && !self.format.is_lossy
    }

    fn event(&mut self, event: Event, host: &mut dyn Host) -> Response {
        let changed = match event {
            Event::Resize(size) => {
                self.resize(size, host);
                true
            }
            Event::Focus(focused) => {
                self.is_focused = focused;
                self.painted.bars_changed();
                true
            }
            Event::Tick { .. } => {
                self.work(host);
                true
            }
            Event::Key(key) if self.has_overlay() => self.overlay_key(&key, host),
            Event::Pointer(pointer) if self.has_overlay() => self.overlay_pointer(&pointer, host),
            Event::Key(key) => self.key(&key, host),
            Event::Pointer(pointer) => self.pointer(&pointer, host),
            Event::Close => {
                match self.task {
                    // Once it is written the window goes.
                    Task::Saving(_) => self.next = Some(Next::Close),
                    // A question that is open has to be answered first; that one, not two.
                    _ if matches!(self.overlay, Overlay::Dialog(_, Question::Unsaved(_))) => {}
                    _ => self.leave_for(Next::Close, host),
                }
                true
            }
            Event::Data => false,
        };
        if self.is_closing {
            return Response::Close;
        }
        if changed {
            self.settle();
        }
        Response::redraw_if(changed)
    }

    fn draw(&mut self, canvas: &mut Canvas<'_>, damage: &mut Damage) {
        paint::draw(self, canvas, damage);
    }

    fn tick_interval_ms(&self) -> Option<u64> {
        (!matches!(self.task, Task::Idle)).then_some(SLICE_MS)
    }
}
