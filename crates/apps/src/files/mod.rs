//! Files: folders and what is in them, and everything that one does with files.
//!
//! `listing.rs` keeps the entries and the selection, `job.rs` does long work in small steps, `trash.rs` knows where
//! deleted things lie; these are pure. `commands.rs` has what keys and menus do, `work.rs` drives the job and asks what
//! it asks, `input.rs` takes keys and pointer, `paint.rs` draws. This file has the window's state.

mod commands;
mod input;
mod job;
mod listing;
mod paint;
mod places;
mod trash;
mod work;

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use gfx::{Canvas, Damage, Point, Rect, Size, Symbol, theme};
use ui::kit::{
    Button as PushButton, ButtonKind, Clicks, Columns, Dialog, Menu, ScrollBar, TextField, ToolButton,
};
use ui::{App, Event, FileError, Host, Response, Usage};

use crate::{path, trouble};
use commands::{Command, Undo};
pub use job::{Amount, Choice, Job, Kind, Progress};
use listing::Listing;
use paint::{Layout, Painted};
use places::{PLACES, Way};
use work::Question;

/// Where a window begins that is not told where.
const HOME: &str = "/disk";

/// What lies over the window and takes everything.
enum Overlay {
    None,
    Dialog(Box<Dialog>, Question),
    Menu(Menu<Command>),
}

/// A window of the file manager.
pub struct FileManager {
    size: Size,
    layout: Layout,
    directory: String,
    way: Way,
    listing: Listing,
    columns: Columns,
    scroll: ScrollBar,
    /// Names that begin with a dot show, too.
    shows_hidden: bool,
    /// Why the folder can't be shown.
    problem: Option<String>,
    usage: Option<Usage>,
    tools: [ToolButton; 5],
    /// While the path is being typed.
    path_field: Option<TextField>,
    /// The name that is being changed, and the new one.
    renaming: Option<(String, TextField)>,
    overlay: Overlay,
    job: Option<Job>,
    /// The work is long enough to be shown.
    shows_work: bool,
    /// The window shall close when the cancelled job has cleared up.
    closes_after_job: bool,
    is_closing: bool,
    cancel: PushButton,
    undo: Vec<Undo>,
    /// The job takes something back: it is not to be undone itself.
    is_undoing: bool,
    /// Paths that were cut in this window, and show so.
    cut: Vec<String>,
    title: String,
    /// What happened last, in the status bar until the next key.
    message: String,
    is_focused: bool,
    hovered_row: Option<usize>,
    hovered_part: Option<usize>,
    hovered_place: Option<usize>,
    clicks: Clicks,
    painted: Painted,
}

impl FileManager {
    /// A window on the folder at `path`, or the disk.
    pub fn new(path: Option<&str>) -> FileManager {
        let tool = |symbol| ToolButton::new(Some(symbol), "");
        FileManager {
            size: Size::ZERO,
            layout: Layout::default(),
            directory: path::normalise("/", path.unwrap_or(HOME)),
            way: Way::default(),
            listing: Listing::default(),
            columns: Columns::new(paint::COLUMNS, 0),
            scroll: ScrollBar::new(Rect::EMPTY),
            shows_hidden: false,
            problem: None,
            usage: None,
            tools: [
                tool(Symbol::ChevronLeft),
                tool(Symbol::ChevronRight),
                tool(Symbol::ChevronUp),
                tool(Symbol::Plus),
                tool(Symbol::Restart),
            ],
            path_field: None,
            renaming: None,
            overlay: Overlay::None,
            job: None,
            shows_work: false,
            closes_after_job: false,
            is_closing: false,
            cancel: PushButton::new(Rect::EMPTY, "Cancel", ButtonKind::Plain),
            undo: Vec::new(),
            is_undoing: false,
            cut: Vec::new(),
            title: String::from("Files"),
            message: String::new(),
            is_focused: true,
            hovered_row: None,
            hovered_part: None,
            hovered_place: None,
            clicks: Clicks::default(),
            painted: Painted::default(),
        }
    }

    /// The folder that shows.
    pub fn directory(&self) -> &str {
        &self.directory
    }

    /// The names that show, in order, for tests.
    pub fn names(&self) -> Vec<&str> {
        (0..self.listing.len())
            .filter_map(|index| self.listing.entry(index))
            .map(|entry| entry.name.as_str())
            .collect()
    }

    /// The names that are selected, for tests.
    pub fn selected_names(&self) -> Vec<&str> {
        self.listing.selected().map(|entry| entry.name.as_str()).collect()
    }

    /// Whether a question or a menu lies over the window.
    pub fn has_overlay(&self) -> bool {
        !matches!(self.overlay, Overlay::None)
    }

    /// Where the path of a folder above shows, for tests.
    pub fn path_part(&self, name: &str) -> Option<Rect> {
        let parts = self.layout.path_parts(&self.directory);
        parts.into_iter().find(|(_, part, _)| part == name).map(|(place, ..)| place)
    }

    /// Where the row of a name shows, for tests.
    pub fn row_of(&self, name: &str) -> Option<Rect> {
        let shown = self.listing.index_of(name)?.checked_sub(self.scroll.first())?;
        (shown < self.layout.shown()).then(|| self.layout.row(shown))
    }

    /// What the status bar says, left and right.
    pub fn status(&self) -> (String, String) {
        let room = self.usage.map_or(String::new(), |usage| {
            format!("{} free of {}", units::bytes(usage.free), units::bytes(usage.total))
        });
        if !self.message.is_empty() {
            return (self.message.clone(), room);
        }
        let (mut count, mut bytes) = (0_u64, 0_u64);
        for entry in self.listing.selected() {
            count += 1;
            bytes += entry.length;
        }
        let left = match count {
            0 => plural(self.listing.len() as u64),
            _ => {
                format!("{count} of {} selected, {}", plural(self.listing.len() as u64), units::bytes(bytes))
            }
        };
        (left, room)
    }

    /// What an empty list says.
    fn empty_text(&self) -> String {
        match &self.problem {
            Some(problem) => problem.clone(),
            None if self.is_trash() => "The trash is empty.".to_string(),
            None => "This folder is empty.".to_string(),
        }
    }

    fn is_trash(&self) -> bool {
        trash::holds(&self.directory)
    }

    /// The place of the side bar that the folder lies in.
    fn current_place(&self) -> Option<usize> {
        if self.is_trash() {
            return Some(PLACES.len() - 1);
        }
        let places = PLACES.iter().enumerate().take(PLACES.len() - 1);
        let within = places.filter(|(_, place)| path::is_within(&self.directory, place.path));
        within.max_by_key(|(_, place)| place.path.len()).map(|(index, _)| index)
    }

    fn say(&mut self, message: &str) {
        self.message = message.to_string();
    }

    fn show_dialog(&mut self, mut dialog: Dialog, question: Question) {
        dialog.lay_out(self.size);
        self.renaming = None;
        self.overlay = Overlay::Dialog(Box::new(dialog), question);
    }

    fn show_message(&mut self, heading: &str, text: &str) {
        self.show_dialog(Dialog::new(heading, text, &["OK"], 0), Question::Message);
    }

    fn show_error(&mut self, heading: &str, path: &str, error: FileError) {
        self.show_message(heading, &trouble::explain(path::name(path), error));
    }

    fn close_overlay(&mut self) -> Overlay {
        self.painted.forget();
        core::mem::replace(&mut self.overlay, Overlay::None)
    }

    fn order(&self) -> (listing::Key, bool) {
        let (column, descending) = self.columns.order();
        let key = match column {
            1 => listing::Key::Size,
            2 => listing::Key::Modified,
            _ => listing::Key::Name,
        };
        (key, descending)
    }

    /// Looks at the folder anew.
    fn refresh(&mut self, host: &mut dyn Host) {
        let files = host.files();
        let entries = match files.list(&self.directory) {
            Ok(entries) => {
                self.problem = None;
                entries
            }
            // Nothing was put there yet.
            Err(FileError::NotFound) if self.directory == trash::FILES => {
                self.problem = None;
                Vec::new()
            }
            Err(FileError::NotFound) => {
                self.problem = Some("This folder is no longer there. Go up to find another.".to_string());
                Vec::new()
            }
            Err(error) => {
                self.problem = Some(trouble::explain(path::name(&self.directory), error));
                Vec::new()
            }
        };
        self.usage = files.usage(&self.directory).ok();
        let shows = |entry: &ui::DirectoryEntry| self.shows_hidden || !entry.name.starts_with('.');
        let entries = entries.into_iter().filter(shows).collect();
        let (key, descending) = self.order();
        self.listing.set(entries, key, descending);
        if self.renaming.as_ref().is_some_and(|(name, _)| self.listing.index_of(name).is_none()) {
            self.renaming = None;
        }
        let first = self.scroll.first();
        self.set_scroll(first);
    }

    fn set_scroll(&mut self, first: usize) {
        self.scroll.set(self.listing.len(), self.layout.shown(), first);
    }

    /// Scrolls so far that the cursor shows.
    fn reveal_cursor(&mut self) {
        if let Some(cursor) = self.listing.cursor() {
            let shown = self.layout.shown().max(1);
            let first = self.scroll.first().min(cursor).max((cursor + 1).saturating_sub(shown));
            self.set_scroll(first);
        }
    }

    /// Goes to a folder, as a step of the way.
    fn enter(&mut self, directory: &str, host: &mut dyn Host) {
        if directory != self.directory {
            let from = core::mem::replace(&mut self.directory, directory.to_string());
            self.way.leave(&from);
            self.arrive(&from, host);
        } else {
            self.refresh(host);
        }
    }

    /// Shows the folder that was gone to; what one came from is selected, if it is there.
    fn arrive(&mut self, from: &str, host: &mut dyn Host) {
        self.listing = Listing::default();
        self.renaming = None;
        self.path_field = None;
        self.message.clear();
        self.scroll.set(0, 1, 0);
        self.refresh(host);
        if path::is_within(from, &self.directory) {
            let rest = from[self.directory.trim_end_matches('/').len()..].trim_start_matches('/');
            let name = rest.split('/').next().unwrap_or("").to_string();
            self.listing.select_names(&[name]);
        }
        self.reveal_cursor();
        self.hovered_row = None;
        self.hovered_part = None;
        self.painted.bars_changed();
    }

    /// After anything changed: layout, title and buttons say what is so.
    fn settle(&mut self) {
        let layout = Layout::new(self.size, self.work_text().is_some());
        if layout != self.layout {
            self.layout = layout;
            self.scroll.area = layout.scroll;
            let first = self.scroll.first();
            self.set_scroll(first);
            self.reveal_if_renaming();
            let side = theme::CONTROL_HEIGHT;
            for (index, tool) in self.tools.iter_mut().enumerate() {
                let x = match index {
                    0..3 => 8 + index as i32 * 32,
                    _ => self.size.width - 8 - (5 - index as i32) * 32 + 2,
                };
                tool.area = Rect::new(x, (paint::TOOL_BAR - side) / 2, 30, side);
            }
        }
        let enabled = [self.way.has_back(), self.way.has_forward(), self.can_go_up(), !self.is_trash(), true];
        for (tool, is_enabled) in self.tools.iter_mut().zip(enabled) {
            if tool.is_enabled != is_enabled {
                tool.is_enabled = is_enabled;
                self.painted.bars_changed();
            }
        }
        let name = match self.directory.as_str() {
            "/" => "Computer",
            trash::FILES => "Trash",
            other => path::name(other),
        };
        self.title = format!("{name} – Files");
    }

    fn reveal_if_renaming(&mut self) {
        if self.renaming.is_some() {
            self.reveal_cursor();
        }
    }

    fn can_go_up(&self) -> bool {
        self.directory != "/" && self.directory != trash::FILES
    }

    fn resize(&mut self, size: Size, host: &mut dyn Host) {
        let is_first = self.size == Size::ZERO;
        self.size = size;
        self.painted.forget();
        match &mut self.overlay {
            Overlay::Dialog(dialog, _) => dialog.lay_out(size),
            // It belongs to a place that may be gone.
            Overlay::Menu(_) => self.overlay = Overlay::None,
            Overlay::None => {}
        }
        self.settle();
        if is_first {
            self.refresh(host);
        }
    }
}

/// So many items, in words.
fn plural(count: u64) -> String {
    if count == 1 { "1 item".to_string() } else { format!("{count} items") }
}

impl App for FileManager {
    fn title(&self) -> &str {
        &self.title
    }

    fn initial_size(&self) -> Size {
        Size::new(720, 460)
    }

    fn minimum_size(&self) -> Size {
        Size::new(400, 280)
    }

    fn has_unsaved_changes(&self) -> bool {
        self.job.is_some()
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
                if focused && self.job.is_none() {
                    // Other windows may have changed the folder meanwhile.
                    self.refresh(host);
                }
                true
            }
            Event::Tick { .. } => {
                self.work(host);
                true
            }
            Event::Key(key) => self.key(&key, host),
            Event::Pointer(pointer) => self.pointer(&pointer, host),
            Event::Close => {
                self.ask_to_close();
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
        self.tick_ms()
    }
}

/// The window's whole area.
fn bounds(size: Size) -> Rect {
    Rect::at(Point::ZERO, size)
}
