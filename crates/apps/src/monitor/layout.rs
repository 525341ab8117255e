//! Where the parts of the System Monitor lie, for a window of any size.

use gfx::{Rect, Size};

/// Pixels around and between the cards.
pub(super) const GAP: i32 = 12;
/// Pixels between a card's edge and what is in it.
pub(super) const INSET: i32 = 12;
/// Height of a card's heading.
pub(super) const HEADING: i32 = 24;
/// Height of a row of load bars.
pub(super) const BAR_ROW: i32 = 20;
/// Height of a row of the table and of its head.
pub(super) const ROW: i32 = 22;
/// CPUs beside each other in the card.
const BARS_ACROSS: i32 = 2;
/// CPUs with a bar of their own; the graph shows the mean of all.
pub(super) const MAX_BARS: usize = 8;
/// The least height of a graph.
const LEAST_GRAPH: i32 = 36;

/// The parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) cpu_card: Rect,
    pub(super) cpu_graph: Rect,
    pub(super) cpu_bars: Rect,
    pub(super) memory_card: Rect,
    pub(super) memory_graph: Rect,
    pub(super) memory_bars: Rect,
    pub(super) table_card: Rect,
    pub(super) table_head: Rect,
    /// Only whole rows.
    pub(super) table_rows: Rect,
}

impl Layout {
    pub(super) fn new(size: Size, cpus: usize) -> Layout {
        let bar_rows = (cpus.clamp(1, MAX_BARS) as i32 + BARS_ACROSS - 1) / BARS_ACROSS;
        let bars = bar_rows.max(2) * BAR_ROW;
        let least = 2 * INSET + HEADING + LEAST_GRAPH + 8 + bars;
        let cards = (size.height * 2 / 5).max(least);
        let width = size.width - 2 * GAP;
        let half = (width - GAP) / 2;
        let cpu_card = Rect::new(GAP, GAP, half, cards);
        let memory_card = Rect::new(GAP + half + GAP, GAP, width - half - GAP, cards);
        let table_top = GAP + cards + GAP;
        let table_card = Rect::new(GAP, table_top, width, size.height - table_top - GAP);
        let graph = |card: Rect| card.inset_by(INSET, INSET + HEADING, INSET, INSET + bars + 8);
        let bars_of = |card: Rect| {
            Rect::new(card.x + INSET, card.bottom() - INSET - bars, card.width - 2 * INSET, bars)
        };
        let table_head = Rect::new(table_card.x + INSET, table_card.y + 6, table_card.width - 2 * INSET, ROW);
        let room = (table_card.bottom() - 6 - table_head.bottom()).max(0);
        let table_rows = Rect::new(table_head.x, table_head.bottom() + 1, table_head.width, room / ROW * ROW);
        Layout {
            cpu_card,
            cpu_graph: graph(cpu_card),
            cpu_bars: bars_of(cpu_card),
            memory_card,
            memory_graph: graph(memory_card),
            memory_bars: bars_of(memory_card),
            table_card,
            table_head,
            table_rows,
        }
    }

    /// The place of one CPU's bar with its label.
    pub(super) fn cpu_bar(&self, index: usize) -> Rect {
        let area = self.cpu_bars;
        let width = (area.width - GAP) / BARS_ACROSS;
        let (row, column) = (index as i32 / BARS_ACROSS, index as i32 % BARS_ACROSS);
        Rect::new(area.x + column * (width + GAP), area.y + row * BAR_ROW, width, BAR_ROW)
    }

    /// How many rows of the table fit.
    pub(super) fn rows(&self) -> usize {
        (self.table_rows.height / ROW) as usize
    }

    /// The place of a row of the table, counted from the first one shown.
    pub(super) fn row(&self, index: usize) -> Rect {
        let area = self.table_rows;
        Rect::new(area.x, area.y + index as i32 * ROW, area.width, ROW)
    }
}
