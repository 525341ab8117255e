//! Drawing the System Monitor: cards once, figures each second, table rows when they change.

use alloc::format;
use alloc::vec::Vec;

use gfx::{Canvas, Color, Damage, Font, Point, Rect, theme};
use ui::kit::{Columns, label, progress_bar, right_label};

use super::layout::{HEADING, INSET, Layout, MAX_BARS};
use super::table::{Column, Row};
use super::{Monitor, kibibytes};

const CPU_TITLE: &str = "Processor";
const MEMORY_TITLE: &str = "Memory";
/// Height of a load bar.
const BAR: i32 = 6;

/// What is on the canvas already.
#[derive(Default)]
pub(super) struct Painted {
    cards: bool,
    figures: bool,
    head: bool,
    /// The rows painted; `None` is an empty place.
    rows: Vec<Option<Row>>,
    /// First row shown, rows in all: where the scroll bar stands.
    scroll: Option<(usize, usize)>,
}

impl Painted {
    /// The canvas has undefined contents.
    pub(super) fn forget(&mut self) {
        *self = Painted::default();
    }

    pub(super) fn figures_changed(&mut self) {
        self.figures = false;
    }

    pub(super) fn order_changed(&mut self) {
        self.head = false;
    }
}

/// Paints what is not on the canvas yet.
pub(super) fn draw(monitor: &mut Monitor, canvas: &mut Canvas<'_>, damage: &mut Damage) {
    let layout = monitor.layout;
    if !monitor.painted.cards {
        monitor.painted.cards = true;
        draw_cards(canvas, &layout);
        damage.add(Rect::at(Point::ZERO, monitor.size));
    }
    if !monitor.painted.figures {
        monitor.painted.figures = true;
        draw_cpu(monitor, canvas, &layout, damage);
        draw_memory(monitor, canvas, &layout, damage);
    }
    if !monitor.painted.head {
        monitor.painted.head = true;
        monitor.table.columns.draw_head(canvas, layout.table_head);
        damage.add(layout.table_head);
    }
    draw_rows(monitor, canvas, &layout, damage);
}

fn draw_cards(canvas: &mut Canvas<'_>, layout: &Layout) {
    canvas.clear(theme::SURFACE_SUNKEN);
    for card in [layout.cpu_card, layout.memory_card, layout.table_card] {
        canvas.rounded_rect(card, theme::CARD_RADIUS, theme::SURFACE_RAISED);
        canvas.stroke_rounded_rect(card, theme::CARD_RADIUS, 1, theme::BORDER);
    }
    for (card, title) in [(layout.cpu_card, CPU_TITLE), (layout.memory_card, MEMORY_TITLE)] {
        let heading = heading(card);
        label(canvas, heading, title, Font::UiBold, theme::TEXT);
    }
}

fn heading(card: Rect) -> Rect {
    Rect::new(card.x + INSET, card.y + INSET - 4, card.width - 2 * INSET, HEADING)
}

/// Text at the right of a card's heading, beside its title.
fn draw_value(canvas: &mut Canvas<'_>, card: Rect, title: &str, text: &str, damage: &mut Damage) {
    let title = Font::UiBold.width(title) + theme::SPACING;
    let area = heading(card).inset_by(title, 0, 0, 0);
    canvas.fill(area, theme::SURFACE_RAISED);
    right_label(canvas, area, text, Font::Ui, theme::TEXT_MUTED);
    damage.add(area);
}

fn draw_cpu(monitor: &Monitor, canvas: &mut Canvas<'_>, layout: &Layout, damage: &mut Damage) {
    let loads = &monitor.figures.cpu_busy_percent;
    let plural = if loads.len() == 1 { "" } else { "s" };
    let value = format!("{} % of {} CPU{plural}", monitor.mean_load(), loads.len());
    draw_value(canvas, layout.cpu_card, CPU_TITLE, &value, damage);
    monitor.cpu_history.draw(canvas, layout.cpu_graph, 100);
    damage.add(layout.cpu_graph);
    canvas.fill(layout.cpu_bars, theme::SURFACE_RAISED);
    for (index, load) in loads.iter().take(MAX_BARS).enumerate() {
        let place = layout.cpu_bar(index);
        draw_bar(canvas, place, &format!("{index}"), 16, u64::from(*load), 100, &format!("{load} %"));
    }
    damage.add(layout.cpu_bars);
}

/// A label, a bar and a value in one row.
fn draw_bar(
    canvas: &mut Canvas<'_>,
    area: Rect,
    name: &str,
    name_width: i32,
    value: u64,
    total: u64,
    text: &str,
) {
    let text_width = if total == 100 { 36 } else { 64 };
    label(canvas, Rect::new(area.x, area.y, name_width, area.height), name, Font::Small, theme::TEXT_MUTED);
    let bar = area.inset_by(name_width, (area.height - BAR) / 2, text_width + 4, (area.height - BAR) / 2);
    progress_bar(canvas, bar, value, total, load_color(value, total));
    let text_area = Rect::new(area.right() - text_width, area.y, text_width, area.height);
    right_label(canvas, text_area, text, Font::Small, theme::TEXT);
}

/// Nearly full is worth a look.
fn load_color(value: u64, total: u64) -> Color {
    let percent = value.saturating_mul(100).checked_div(total).unwrap_or(0);
    match percent {
        0..75 => theme::ACCENT,
        75..92 => theme::WARNING,
        _ => theme::DANGER,
    }
}

fn draw_memory(monitor: &Monitor, canvas: &mut Canvas<'_>, layout: &Layout, damage: &mut Damage) {
    let figures = &monitor.figures;
    let value = format!("{} of {}", units::bytes(figures.memory_used), units::bytes(figures.memory_total));
    draw_value(canvas, layout.memory_card, MEMORY_TITLE, &value, damage);
    monitor.memory_history.draw(canvas, layout.memory_graph, kibibytes(figures.memory_total).max(1));
    damage.add(layout.memory_graph);
    canvas.fill(layout.memory_bars, theme::SURFACE_RAISED);
    let row = |index: i32| {
        let area = layout.memory_bars;
        Rect::new(area.x, area.y + index * super::layout::BAR_ROW, area.width, super::layout::BAR_ROW)
    };
    let total = figures.memory_total.max(1);
    let bars = [("In use", figures.memory_used), ("Kernel heap", figures.heap_used)];
    for (index, (name, value)) in bars.into_iter().enumerate() {
        draw_bar(canvas, row(index as i32), name, 76, value, total, &units::bytes(value));
    }
    damage.add(layout.memory_bars);
}

fn draw_rows(monitor: &mut Monitor, canvas: &mut Canvas<'_>, layout: &Layout, damage: &mut Damage) {
    let first = monitor.scroll.first();
    let shown = layout.rows();
    // `forget` empties the list: then every place is painted.
    let all = monitor.painted.rows.len() != shown;
    monitor.painted.rows.resize(shown, None);
    for index in 0..shown {
        let row = monitor.table.rows.get(first + index);
        if all || monitor.painted.rows[index].as_ref() != row {
            let area = layout.row(index);
            canvas.fill(area, theme::SURFACE_RAISED);
            if let Some(row) = row {
                draw_row(&monitor.table.columns, canvas, area, row);
            }
            damage.add(area);
            monitor.painted.rows[index] = row.cloned();
        }
    }
    let place = (first, monitor.table.rows.len());
    if monitor.painted.scroll != Some(place) {
        monitor.painted.scroll = Some(place);
        canvas.fill(monitor.scroll.area, theme::SURFACE_RAISED);
        if !monitor.scroll.is_idle() {
            monitor.scroll.draw(canvas, theme::BORDER.darker(30));
        }
        damage.add(monitor.scroll.area);
    }
}

fn draw_row(columns: &Columns, canvas: &mut Canvas<'_>, area: Rect, row: &Row) {
    for (index, column) in Column::ALL.into_iter().enumerate() {
        let is_idle = column == Column::Load && row.load == 0;
        let color = match column {
            Column::Name => theme::TEXT,
            _ if is_idle => theme::TEXT_DISABLED,
            Column::Load => theme::TEXT,
            _ => theme::TEXT_MUTED,
        };
        columns.draw_cell(canvas, area, index, &row.text(column), Font::Ui, color);
    }
}
