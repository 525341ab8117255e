//! Where the parts of Files lie, and drawing them: bars when they change, rows that look different from what is on the
//! canvas.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use gfx::{Canvas, Damage, Font, Icon, IconSize, Point, Rect, Size, Symbol, theme};
use ui::kit::{Column, focus_ring, label, progress_bar, right_label};
use ui::{DateTime, DirectoryEntry};

use super::places::PLACES;
use super::{FileManager, Overlay, trash};
use crate::path;

pub(super) const TOOL_BAR: i32 = 40;
const STATUS_BAR: i32 = 26;
const SIDE_BAR: i32 = 140;
/// A narrower window has no side bar.
const LEAST_WITH_SIDE_BAR: i32 = 560;
const WORK_BAR: i32 = 44;
const HEAD: i32 = 28;
pub(super) const ROW: i32 = 26;
const PLACE_ROW: i32 = 30;
const PADDING: i32 = 8;

/// The columns of the list.
pub(super) const COLUMNS: &[Column] = &[
    Column { title: "Name", width: 0, is_number: false, starts_descending: false },
    Column { title: "Size", width: 92, is_number: true, starts_descending: true },
    Column { title: "Modified", width: 124, is_number: true, starts_descending: true },
];

/// Where the parts lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) tools: Rect,
    pub(super) path: Rect,
    pub(super) side: Rect,
    pub(super) head: Rect,
    /// Only whole rows.
    pub(super) rows: Rect,
    pub(super) scroll: Rect,
    pub(super) work: Rect,
    pub(super) cancel: Rect,
    pub(super) status: Rect,
    list: Rect,
}

impl Layout {
    pub(super) fn new(size: Size, is_working: bool) -> Layout {
        let tools = Rect::new(0, 0, size.width, TOOL_BAR);
        let status = Rect::new(0, size.height - STATUS_BAR, size.width, STATUS_BAR);
        let work_height = if is_working { WORK_BAR } else { 0 };
        let work = Rect::new(0, status.y - work_height, size.width, work_height);
        let side_width = if size.width < LEAST_WITH_SIDE_BAR { 0 } else { SIDE_BAR };
        let side = Rect::from_edges(0, tools.bottom(), side_width, work.y);
        let list = Rect::from_edges(side_width, tools.bottom(), size.width, work.y);
        let inner = list.inset_by(14, 0, 16, 0);
        let head = Rect::new(inner.x, list.y, inner.width, HEAD);
        let room = (list.bottom() - head.bottom() - 2).max(0);
        let rows = Rect::new(inner.x, head.bottom() + 1, inner.width, room / ROW * ROW);
        let bar = theme::SCROLL_BAR;
        let scroll = Rect::from_edges(list.right() - bar - 2, rows.y, list.right() - 2, list.bottom() - 2);
        // Three buttons at the left, two at the right.
        let path = Rect::from_edges(
            PADDING + 3 * 32 + 6,
            6,
            size.width - PADDING - 2 * 32 - 6,
            6 + theme::CONTROL_HEIGHT,
        );
        let cancel = Rect::new(work.right() - 12 - 84, work.y + 8, 84, theme::CONTROL_HEIGHT);
        Layout { tools, path, side, head, rows, scroll, work, cancel, status, list }
    }

    pub(super) fn shown(&self) -> usize {
        (self.rows.height / ROW).max(0) as usize
    }

    /// The place of a row, counted from the first that shows.
    pub(super) fn row(&self, index: usize) -> Rect {
        Rect::new(self.rows.x, self.rows.y + index as i32 * ROW, self.rows.width, ROW)
    }

    /// The row at a point.
    pub(super) fn row_at(&self, point: Point) -> Option<usize> {
        // Up to the edges, where a hasty pointer ends.
        let area = Rect { x: self.list.x, width: self.scroll.x - self.list.x, ..self.rows };
        area.contains(point).then(|| ((point.y - self.rows.y) / ROW) as usize)
    }

    /// The place of a place of the side bar.
    pub(super) fn place(&self, index: usize) -> Rect {
        let area = self.side;
        if area.is_empty() {
            return Rect::EMPTY;
        }
        // The trash stands apart, below the others.
        let gap = if index + 1 == PLACES.len() { 10 } else { 0 };
        Rect::new(area.x + 8, area.y + 10 + index as i32 * PLACE_ROW + gap, area.width - 16, PLACE_ROW - 2)
    }

    /// The parts of the path with their places in the path bar; those at the left go first when there is no room.
    pub(super) fn path_parts(&self, directory: &str) -> Vec<(Rect, String, String)> {
        let mut parts: Vec<(String, String)> = Vec::new();
        if trash::holds(directory) {
            parts.push(("Trash".to_string(), trash::FILES.to_string()));
            let inside = directory.strip_prefix(trash::FILES).unwrap_or("");
            let mut at = trash::FILES.to_string();
            for name in inside.split('/').filter(|name| !name.is_empty()) {
                at = path::join(&at, name);
                parts.push((name.to_string(), at.clone()));
            }
        } else {
            parts.push(("Computer".to_string(), "/".to_string()));
            let mut at = "/".to_string();
            for name in directory.split('/').filter(|name| !name.is_empty()) {
                at = path::join(&at, name);
                parts.push((name.to_string(), at.clone()));
            }
        }
        let width = |name: &str| Font::Ui.width(name).min(180) + 16;
        let room = self.path.width - 12;
        let mut first = 0;
        let total = |from: usize, parts: &[(String, String)]| -> i32 {
            parts[from..].iter().map(|(name, _)| width(name) + Symbol::SIDE).sum()
        };
        while first + 1 < parts.len() && total(first, &parts) > room {
            first += 1;
        }
        let mut x = self.path.x + 4;
        let mut placed = Vec::new();
        for (name, path) in parts.drain(first..) {
            let place = Rect::new(x, self.path.y + 3, width(&name).min(room), self.path.height - 6);
            x = place.right() + Symbol::SIDE;
            placed.push((place, name, path));
        }
        placed
    }
}

/// All that a row shows.
#[derive(Clone, Debug, PartialEq, Eq)]
struct RowImage {
    entry: DirectoryEntry,
    is_selected: bool,
    is_cursor: bool,
    is_hovered: bool,
    is_cut: bool,
    has_focus: bool,
    /// The text of the field over the name, its cursor and selection.
    renaming: Option<(String, core::ops::Range<usize>)>,
}

/// What is on the canvas already.
#[derive(Default)]
pub(super) struct Painted {
    layout: Option<Layout>,
    /// None is not painted yet, Some(None) an empty place.
    rows: Vec<Option<Option<RowImage>>>,
    bars: bool,
    scroll: Option<(usize, usize)>,
    status: Option<(String, String)>,
    work: Option<String>,
    hint: Option<String>,
}

impl Painted {
    /// The canvas has undefined contents, or something was drawn over it.
    pub(super) fn forget(&mut self) {
        *self = Painted::default();
    }

    /// The bar of the work looks different.
    pub(super) fn work_changed(&mut self) {
        self.work = None;
    }

    /// Tool bar, side bar or head look different.
    pub(super) fn bars_changed(&mut self) {
        self.bars = false;
    }
}

/// Paints what is not on the canvas yet.
pub(super) fn draw(window: &mut FileManager, canvas: &mut Canvas<'_>, damage: &mut Damage) {
    let layout = window.layout;
    if window.painted.layout != Some(layout) || !matches!(window.overlay, Overlay::None) {
        window.painted.forget();
        window.painted.layout = Some(layout);
        canvas.clear(theme::SURFACE_RAISED);
        damage.add(Rect::at(Point::ZERO, window.size));
    }
    if !window.painted.bars {
        window.painted.bars = true;
        draw_tools(window, canvas, &layout);
        draw_side(window, canvas, &layout);
        window.columns.draw_head(canvas, layout.head);
        damage.add(layout.tools);
        damage.add(layout.side);
        damage.add(layout.head);
    }
    if draw_rows(window, canvas, &layout, damage) {
        window.painted.hint = None;
    }
    draw_hint(window, canvas, &layout, damage);
    draw_scroll(window, canvas, &layout, damage);
    draw_work(window, canvas, &layout, damage);
    draw_status(window, canvas, &layout, damage);
    match &mut window.overlay {
        Overlay::None => return,
        Overlay::Dialog(dialog, _) => dialog.draw(canvas),
        Overlay::Menu(menu) => menu.draw(canvas),
    }
    window.painted.forget();
}

fn draw_tools(window: &mut FileManager, canvas: &mut Canvas<'_>, layout: &Layout) {
    canvas.fill(layout.tools, theme::SURFACE);
    canvas.fill(Rect::new(0, layout.tools.bottom() - 1, layout.tools.width, 1), theme::BORDER);
    window.tools.iter().for_each(|tool| tool.draw(canvas));
    if let Some(field) = &mut window.path_field {
        field.area = layout.path;
        field.draw(canvas, window.is_focused, "/disk");
        return;
    }
    canvas.rounded_rect(layout.path, theme::CONTROL_RADIUS, theme::SURFACE_RAISED);
    canvas.stroke_rounded_rect(layout.path, theme::CONTROL_RADIUS, 1, theme::BORDER);
    let parts = layout.path_parts(&window.directory);
    let last = parts.len().saturating_sub(1);
    let mut canvas = canvas.clipped(layout.path.inset(1));
    for (index, (place, name, _)) in parts.iter().enumerate() {
        if window.hovered_part == Some(index) {
            canvas.rounded_rect(*place, 4, theme::SURFACE_HOVER);
        }
        let (font, color) =
            if index == last { (Font::UiBold, theme::TEXT) } else { (Font::Ui, theme::TEXT_MUTED) };
        label(&mut canvas, place.inset_by(8, 0, 4, 0), name, font, color);
        if index < last {
            let at = Point::new(place.right(), place.y + (place.height - Symbol::SIDE) / 2);
            canvas.symbol(Symbol::ChevronRight, at, theme::TEXT_DISABLED);
        }
    }
}

fn draw_side(window: &FileManager, canvas: &mut Canvas<'_>, layout: &Layout) {
    if layout.side.is_empty() {
        return;
    }
    canvas.fill(layout.side, theme::SURFACE_SUNKEN);
    canvas.fill(Rect::new(layout.side.right() - 1, layout.side.y, 1, layout.side.height), theme::BORDER);
    let current = window.current_place();
    for (index, place) in PLACES.iter().enumerate() {
        let area = layout.place(index);
        let is_current = current == Some(index);
        if is_current {
            canvas.rounded_rect(area, theme::CONTROL_RADIUS, theme::ACCENT);
        } else if window.hovered_place == Some(index) {
            canvas.rounded_rect(area, theme::CONTROL_RADIUS, theme::SURFACE_HOVER);
        }
        let (symbol, text) =
            if is_current { (theme::ON_ACCENT, theme::ON_ACCENT) } else { (theme::TEXT_MUTED, theme::TEXT) };
        canvas.symbol(
            place.symbol,
            Point::new(area.x + 10, area.y + (area.height - Symbol::SIDE) / 2),
            symbol,
        );
        label(canvas, area.inset_by(34, 0, 6, 0), place.name, Font::Ui, text);
    }
}

/// Draws the rows that changed; says whether there were any.
fn draw_rows(
    window: &mut FileManager,
    canvas: &mut Canvas<'_>,
    layout: &Layout,
    damage: &mut Damage,
) -> bool {
    window.painted.rows.resize(layout.shown(), None);
    let first = window.scroll.first();
    let mut has_changed = false;
    for index in 0..layout.shown() {
        let image = row_image(window, first + index);
        if window.painted.rows[index].as_ref() != Some(&image) {
            let row = layout.row(index);
            let whole = row.inset_by(-8, 0, -6, 0);
            canvas.fill(whole, theme::SURFACE_RAISED);
            if let Some(image) = &image {
                draw_row(window, canvas, row, image);
            }
            damage.add(whole);
            window.painted.rows[index] = Some(image);
            has_changed = true;
        }
    }
    has_changed
}

fn row_image(window: &FileManager, index: usize) -> Option<RowImage> {
    let entry = window.listing.entry(index)?.clone();
    let renaming = window.renaming.as_ref().filter(|(name, _)| *name == entry.name);
    Some(RowImage {
        is_selected: window.listing.is_selected(index),
        is_cursor: window.listing.cursor() == Some(index),
        is_hovered: window.hovered_row == Some(index),
        is_cut: window.cut.contains(&path::join(&window.directory, &entry.name)),
        has_focus: window.is_focused,
        renaming: renaming.map(|(_, field)| (field.text().to_string(), field.selection())),
        entry,
    })
}

fn draw_row(window: &mut FileManager, canvas: &mut Canvas<'_>, row: Rect, image: &RowImage) {
    let whole = row.inset_by(-6, 1, -4, 1);
    let is_strong = image.is_selected && image.has_focus;
    let fill = match () {
        () if is_strong => Some(theme::ACCENT),
        () if image.is_selected => Some(theme::ACCENT_SOFT),
        () if image.is_hovered => Some(theme::SURFACE_HOVER),
        () => None,
    };
    if let Some(fill) = fill {
        canvas.rounded_rect(whole, theme::CONTROL_RADIUS, fill);
    }
    if image.is_cursor && image.has_focus && !image.is_selected {
        focus_ring(canvas, whole, theme::CONTROL_RADIUS);
    }
    let entry = &image.entry;
    let icon = if entry.is_directory { Icon::Folder } else { Icon::File };
    canvas.icon(icon, IconSize::Small, Point::new(row.x, row.y + (ROW - 16) / 2));
    let (text, muted) = match () {
        () if is_strong => (theme::ON_ACCENT, theme::ON_ACCENT),
        () if image.is_cut => (theme::TEXT_DISABLED, theme::TEXT_DISABLED),
        () => (theme::TEXT, theme::TEXT_MUTED),
    };
    let name = window.columns.area(row, 0).inset_by(24, 0, 0, 0);
    if let (Some((_, field)), true) = (&mut window.renaming, image.renaming.is_some()) {
        field.area = name.inset_by(-8, 0, 0, 0);
        field.draw(canvas, image.has_focus, "");
    } else {
        label(canvas, name, &entry.name, Font::Ui, text);
    }
    let size = if entry.is_directory { "–".to_string() } else { units::bytes(entry.length) };
    window.columns.draw_cell(canvas, row, 1, &size, Font::Ui, muted);
    let modified = entry.modified.map_or(String::new(), |time| date(&time));
    window.columns.draw_cell(canvas, row, 2, &modified, Font::Ui, muted);
}

/// A moment as the list shows it.
pub(super) fn date(time: &DateTime) -> String {
    format!("{:04}-{:02}-{:02} {:02}:{:02}", time.year, time.month, time.day, time.hour, time.minute)
}

/// What an empty list says.
fn draw_hint(window: &mut FileManager, canvas: &mut Canvas<'_>, layout: &Layout, damage: &mut Damage) {
    let hint = if window.listing.len() > 0 { String::new() } else { window.empty_text() };
    if window.painted.hint.as_ref() != Some(&hint) {
        if !hint.is_empty() {
            let area = layout.rows.inset_by(0, 48.min(layout.rows.height / 3), 0, 0);
            let place = Rect { height: 24, ..area };
            canvas.fill(place, theme::SURFACE_RAISED);
            canvas.clipped(place).text_centered(place, &hint, Font::Ui, theme::TEXT_MUTED);
            damage.add(place);
        }
        window.painted.hint = Some(hint);
    }
}

fn draw_scroll(window: &mut FileManager, canvas: &mut Canvas<'_>, layout: &Layout, damage: &mut Damage) {
    let place = (window.scroll.first(), window.listing.len());
    if window.painted.scroll != Some(place) {
        window.painted.scroll = Some(place);
        canvas.fill(layout.scroll, theme::SURFACE_RAISED);
        window.scroll.draw(canvas, theme::BORDER.darker(30));
        damage.add(layout.scroll);
    }
}

/// How far the work on files is.
fn draw_work(window: &mut FileManager, canvas: &mut Canvas<'_>, layout: &Layout, damage: &mut Damage) {
    let Some((text, done, total)) = window.work_text() else { return };
    let looks = format!("{text} {done} {total}");
    if window.painted.work.as_ref() == Some(&looks) {
        return;
    }
    window.painted.work = Some(looks);
    let area = layout.work;
    canvas.fill(area, theme::SURFACE);
    canvas.fill(Rect::new(area.x, area.y, area.width, 1), theme::BORDER);
    let inner = Rect::from_edges(area.x + 14, area.y, layout.cancel.x - 14, area.bottom());
    let line = Rect::new(inner.x, area.y + 6, inner.width, Font::Ui.line_height());
    label(canvas, line, &text, Font::Ui, theme::TEXT);
    progress_bar(canvas, Rect::new(inner.x, line.bottom() + 4, inner.width, 6), done, total, theme::ACCENT);
    window.cancel.area = layout.cancel;
    window.cancel.draw(canvas);
    damage.add(area);
}

fn draw_status(window: &mut FileManager, canvas: &mut Canvas<'_>, layout: &Layout, damage: &mut Damage) {
    let texts = window.status();
    if window.painted.status.as_ref() == Some(&texts) {
        return;
    }
    let area = layout.status;
    canvas.fill(area, theme::SURFACE_SUNKEN);
    canvas.fill(Rect::new(area.x, area.y, area.width, 1), theme::BORDER);
    let inner = area.inset_by(14, 1, 14, 0);
    let width = Font::Small.width(&texts.1).min(inner.width);
    right_label(canvas, inner, &texts.1, Font::Small, theme::TEXT_MUTED);
    label(canvas, inner.inset_by(0, 0, width + 16, 0), &texts.0, Font::Small, theme::TEXT_MUTED);
    window.painted.status = Some(texts);
    damage.add(area);
}
