//! Drawing the editor: bars when they change, rows of text that look different from what is on the canvas.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::Range;

use gfx::{Canvas, Color, Damage, Font, Point, Rect, Size, theme};
use ui::kit::{self, label, right_label};

use super::Editor;
use super::find_bar::FindBar;
use super::overlay::Overlay;
use super::view::{self, Row};

pub(super) const TOOL_BAR: i32 = 40;
pub(super) const STATUS_BAR: i32 = 26;
const PADDING: i32 = 8;

/// Where the parts lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) tools: Rect,
    pub(super) find: Rect,
    /// Line numbers.
    pub(super) gutter: Rect,
    /// The text, only whole rows.
    pub(super) text: Rect,
    pub(super) scroll: Rect,
    pub(super) status: Rect,
}

/// The size of a character's cell.
pub(super) fn cell() -> Size {
    Size::new(Font::Mono.advance('M').max(1), Font::Mono.line_height().max(1))
}

impl Layout {
    pub(super) fn new(size: Size, find: Option<&FindBar>, lines: usize) -> Layout {
        let tools = Rect::new(0, 0, size.width, TOOL_BAR);
        let find = Rect::new(0, TOOL_BAR, size.width, find.map_or(0, FindBar::height));
        let status = Rect::new(0, size.height - STATUS_BAR, size.width, STATUS_BAR);
        let digits = lines.to_string().len().max(3) as i32;
        let body = Rect::from_edges(0, find.bottom(), size.width, status.y);
        let gutter = Rect::new(0, body.y, digits * cell().width + 2 * PADDING + 4, body.height);
        let scroll =
            Rect::new(size.width - theme::SCROLL_BAR - 2, body.y + 2, theme::SCROLL_BAR, body.height - 4);
        let text = Rect::from_edges(gutter.right() + PADDING, body.y + 4, scroll.x - 4, body.bottom());
        Layout { tools, find, gutter, text, scroll, status }
    }

    /// Columns and rows of text.
    pub(super) fn grid(&self) -> (usize, usize) {
        let (width, height) = (self.text.width / cell().width, self.text.height / cell().height);
        (width.max(1) as usize, height.max(1) as usize)
    }

    /// The place of a row, over the whole width of gutter and text.
    fn row(&self, index: usize) -> Rect {
        let height = cell().height;
        Rect::from_edges(0, 0, self.scroll.x - 2, height).translate(0, self.text.y + index as i32 * height)
    }
}

/// All that a row of text shows, in cells from the window's left column on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct RowImage {
    /// The line's number, on its first row.
    number: Option<usize>,
    /// The cursor is in the line.
    is_current: bool,
    /// The characters with their columns.
    text: String,
    selected: Vec<Range<usize>>,
    found: Vec<Range<usize>>,
    cursor: Option<usize>,
}

/// What is on the canvas already.
#[derive(Default)]
pub(super) struct Painted {
    rows: Vec<Option<RowImage>>,
    bars: bool,
    status: Option<(String, String)>,
    scroll: Option<(usize, usize, bool)>,
    layout: Option<Layout>,
}

impl Painted {
    /// The canvas has undefined contents, or something was drawn over it.
    pub(super) fn forget(&mut self) {
        *self = Painted::default();
    }

    /// A bar looks different.
    pub(super) fn bars_changed(&mut self) {
        self.bars = false;
    }
}

/// Paints what is not on the canvas yet.
pub(super) fn draw(editor: &mut Editor, canvas: &mut Canvas<'_>, damage: &mut Damage) {
    let layout = editor.layout;
    let has_overlay = !matches!(editor.overlay, Overlay::None);
    // In a window smaller than it should be, one part lies over another.
    let has_room = layout.text.height >= cell().height;
    if editor.painted.layout != Some(layout) || has_overlay || !has_room {
        editor.painted.forget();
        editor.painted.layout = Some(layout);
        canvas.clear(theme::SURFACE_RAISED);
        damage.add(Rect::at(Point::ZERO, editor.size));
    }
    draw_rows(editor, canvas, &layout, damage);
    draw_scroll(editor, canvas, &layout, damage);
    if !editor.painted.bars {
        editor.painted.bars = true;
        draw_bars(editor, canvas, &layout, damage);
    }
    draw_status(editor, canvas, &layout, damage);
    match &mut editor.overlay {
        Overlay::None => return,
        Overlay::Dialog(dialog, _) => dialog.draw(canvas),
        Overlay::Chooser(chooser) => chooser.draw(canvas),
        Overlay::Menu(menu) => menu.draw(canvas),
    }
    editor.painted.forget();
}

fn draw_bars(editor: &mut Editor, canvas: &mut Canvas<'_>, layout: &Layout, damage: &mut Damage) {
    canvas.fill(layout.tools, theme::SURFACE);
    canvas.fill(Rect::new(0, layout.tools.bottom() - 1, layout.tools.width, 1), theme::BORDER);
    editor.tools.iter().for_each(|tool| tool.draw(canvas));
    damage.add(layout.tools);
    if let Some(find) = &mut editor.find {
        find.draw(canvas, layout.find, editor.is_focused);
        damage.add(layout.find);
    }
}

fn draw_status(editor: &mut Editor, canvas: &mut Canvas<'_>, layout: &Layout, damage: &mut Damage) {
    let (left, right) = (editor.status_text(), editor.position_text());
    if editor.painted.status.as_ref() == Some(&(left.clone(), right.clone())) {
        return;
    }
    let area = layout.status;
    canvas.fill(area, theme::SURFACE_SUNKEN);
    canvas.fill(Rect::new(area.x, area.y, area.width, 1), theme::BORDER);
    let inner = area.inset_by(12, 1, 12, 0);
    let width = Font::Small.width(&right).min(inner.width);
    right_label(canvas, inner, &right, Font::Small, theme::TEXT_MUTED);
    label(canvas, inner.inset_by(0, 0, width + 16, 0), &left, Font::Small, theme::TEXT_MUTED);
    if let Some((done, total)) = editor.progress() {
        let bar = Rect::new(inner.right() - width - 136, area.y + (area.height - 6) / 2, 120, 6);
        kit::progress_bar(canvas, bar, done, total, theme::ACCENT);
    }
    editor.painted.status = Some((left, right));
    damage.add(area);
}

fn draw_scroll(editor: &mut Editor, canvas: &mut Canvas<'_>, layout: &Layout, damage: &mut Damage) {
    let place = (editor.scroll.first(), editor.document.text().lines(), editor.scroll.is_idle());
    if editor.painted.scroll != Some(place) {
        editor.painted.scroll = Some(place);
        let track = layout.scroll.inset_by(-2, -2, -2, -2);
        canvas.fill(track, theme::SURFACE_RAISED);
        editor.scroll.draw(canvas, theme::BORDER.darker(30));
        damage.add(track);
    }
}

fn draw_rows(editor: &mut Editor, canvas: &mut Canvas<'_>, layout: &Layout, damage: &mut Damage) {
    let images = row_images(editor);
    editor.painted.rows.resize(images.len(), None);
    for (index, image) in images.into_iter().enumerate() {
        if editor.painted.rows[index].as_ref() != Some(&image) {
            let area = layout.row(index);
            draw_row(canvas, layout, area, &image);
            damage.add(area);
            editor.painted.rows[index] = Some(image);
        }
    }
}

/// What each row shall show.
fn row_images(editor: &Editor) -> Vec<RowImage> {
    let text = editor.document.text();
    let view = &editor.view;
    let pattern = editor.find.as_ref().and_then(FindBar::pattern);
    let (cursor_row, cursor_column) = view.place(text, editor.document.cursor());
    let selected = editor.document.selected();
    let mut images = Vec::new();
    let mut row = view.top;
    while images.len() < view.rows {
        if row.line >= text.lines() {
            images.push(RowImage::default());
            continue;
        }
        let start = text.line_start(row.line);
        let content = view::line_text(text, row.line);
        let parts = view.parts_of(&content);
        let found = pattern.as_ref().map_or(Vec::new(), |pattern| pattern.places(&content));
        let within = |offset: usize| offset.saturating_sub(start).min(content.len());
        // A selection that goes on in the next line shows a cell more.
        let reaches_on = selected.start <= start + content.len() && selected.end > start + content.len();
        for (part, range) in parts.iter().enumerate().skip(row.part) {
            if images.len() == view.rows {
                break;
            }
            let cells = |places: Range<usize>| {
                let (from, to) = (places.start.max(range.start), places.end.min(range.end));
                (from < to).then(|| {
                    let left = view::columns(&content[range.start..from], 0);
                    left..left + view::columns(&content[from..to], left)
                })
            };
            let is_last = part + 1 == parts.len();
            let mut marked: Vec<Range<usize>> =
                cells(within(selected.start)..within(selected.end)).into_iter().collect();
            if is_last && reaches_on {
                let end = view::columns(&content[range.clone()], 0);
                marked.push(end..end + 1);
            }
            let is_here = cursor_row == Row { line: row.line, part };
            images.push(RowImage {
                number: (part == 0).then_some(row.line + 1),
                is_current: cursor_row.line == row.line && selected.is_empty(),
                text: expand(&content[range.clone()], view.left, view.columns),
                selected: shift(marked, view.left),
                found: shift(found.iter().cloned().filter_map(cells).collect(), view.left),
                cursor: (is_here && editor.shows_cursor())
                    .then_some(cursor_column)
                    .and_then(|c| c.checked_sub(view.left)),
            });
        }
        row = Row { line: row.line + 1, part: 0 };
    }
    images
}

/// Cell ranges seen from the column `left` on.
fn shift(ranges: Vec<Range<usize>>, left: usize) -> Vec<Range<usize>> {
    let shifted =
        ranges.into_iter().map(|range| range.start.saturating_sub(left)..range.end.saturating_sub(left));
    shifted.filter(|range| !range.is_empty()).collect()
}

/// The cells of a row from the column `left` on: blanks for tabs, a sign for control characters.
fn expand(part: &str, left: usize, most: usize) -> String {
    let mut cells = String::new();
    let mut column = 0;
    for character in part.chars() {
        let width = view::cells(character, column);
        let shown = match character {
            '\t' => ' ',
            control if control.is_control() => '·',
            other => other,
        };
        for _ in 0..width {
            if (left..left + most).contains(&column) {
                cells.push(shown);
            }
            column += 1;
        }
        if column >= left + most {
            break;
        }
    }
    cells
}

fn draw_row(canvas: &mut Canvas<'_>, layout: &Layout, area: Rect, image: &RowImage) {
    let cell = cell();
    canvas.fill(area, theme::SURFACE_RAISED);
    let gutter = Rect { width: layout.gutter.width, ..area };
    if image.is_current {
        canvas.fill(area, theme::SURFACE);
    }
    if let Some(number) = image.number {
        let color = if image.is_current { theme::TEXT_MUTED } else { theme::TEXT_DISABLED };
        right_label(canvas, gutter.inset_by(0, 0, PADDING + 2, 0), &format!("{number}"), Font::Mono, color);
    }
    canvas.fill(Rect::new(gutter.right() - 1, area.y, 1, area.height), theme::SURFACE_HOVER);
    let mut canvas =
        canvas.clipped(Rect { x: layout.text.x - 1, width: area.right() - layout.text.x + 1, ..area });
    let mut mark = |range: &Range<usize>, color: Color| {
        let x = layout.text.x + range.start as i32 * cell.width;
        canvas.fill(Rect::new(x, area.y, range.len() as i32 * cell.width, area.height), color);
    };
    image.found.iter().for_each(|range| mark(range, theme::FOUND));
    image.selected.iter().for_each(|range| mark(range, theme::SELECTION));
    canvas.text(Point::new(layout.text.x, area.y), &image.text, Font::Mono, theme::TEXT);
    if let Some(column) = image.cursor {
        let x = layout.text.x + column as i32 * cell.width;
        canvas.fill(Rect::new(x - 1, area.y + 1, 2, area.height - 2), theme::ACCENT);
    }
}
