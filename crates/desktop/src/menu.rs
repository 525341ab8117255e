//! The launcher menu below the panel's left button: the programs, then restart and power off.

use gfx::{Canvas, Font, IconSize, Point, Rect, Symbol, theme};
use ui::{AppInfo, kit};

use crate::{card, target::Target};

const WIDTH: i32 = 300;
const PADDING: i32 = 6;
const APP_ROW: i32 = 46;
const POWER_ROW: i32 = 34;
/// The line between programs and power, with the space around it.
const SEPARATOR: i32 = 9;
/// The rows after the programs.
const POWER_ROWS: [(&str, Symbol, MenuChoice); 2] =
    [("Restart…", Symbol::Restart, MenuChoice::Restart), ("Power off…", Symbol::Power, MenuChoice::PowerOff)];

/// What choosing a row means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MenuChoice {
    /// Start the program at this place of the list.
    App(usize),
    /// Ask whether to restart.
    Restart,
    /// Ask whether to power off.
    PowerOff,
}

/// The open menu.
pub(crate) struct Menu {
    pub(crate) area: Rect,
    apps: usize,
    /// The row under the pointer or reached with the arrow keys.
    pub(crate) selected: Option<usize>,
}

impl Menu {
    /// A menu of so many programs, below `panel`.
    pub(crate) fn new(panel: Rect, apps: usize) -> Self {
        let rows = i32::try_from(apps).unwrap_or(0) * APP_ROW;
        let height = rows + SEPARATOR + POWER_ROWS.len() as i32 * POWER_ROW + 2 * PADDING;
        let area = Rect::new(panel.x + 6, panel.bottom() + 6, WIDTH.min(panel.width - 12), height);
        Self { area, apps, selected: None }
    }

    fn len(&self) -> usize {
        self.apps + POWER_ROWS.len()
    }

    /// The area of a row.
    pub(crate) fn row(&self, index: usize) -> Rect {
        let apps = i32::try_from(index.min(self.apps)).unwrap_or(0);
        let (mut top, mut height) = (apps * APP_ROW, APP_ROW);
        if index >= self.apps {
            top += SEPARATOR + (index - self.apps) as i32 * POWER_ROW;
            height = POWER_ROW;
        }
        let inner = self.area.inset(PADDING);
        Rect::new(inner.x, inner.y + top, inner.width, height)
    }

    /// What lies under `point`, if it is on the menu.
    pub(crate) fn hit(&self, point: Point) -> Option<Target> {
        let row = (0..self.len()).find(|index| self.row(*index).contains(point));
        let inside = self.area.contains(point).then_some(Target::Menu);
        row.map(Target::MenuRow).or(inside)
    }

    /// Selects the next row or the previous one, round and round.
    pub(crate) fn step(&mut self, forwards: bool) {
        let last = self.len() - 1;
        self.selected = Some(match (self.selected, forwards) {
            (None, true) => 0,
            (None | Some(0), false) => last,
            (Some(row), true) => {
                if row == last {
                    0
                } else {
                    row + 1
                }
            }
            (Some(row), false) => row - 1,
        });
    }

    /// What the row means.
    pub(crate) fn choice(&self, row: usize) -> Option<MenuChoice> {
        if row < self.apps {
            Some(MenuChoice::App(row))
        } else {
            POWER_ROWS.get(row - self.apps).map(|power| power.2)
        }
    }

    /// Draws it.
    pub(crate) fn draw<'a>(&self, canvas: &mut Canvas<'_>, apps: impl Iterator<Item = &'a AppInfo>) {
        card::draw(canvas, self.area);
        if let Some(selected) = self.selected {
            canvas.rounded_rect(self.row(selected), theme::CONTROL_RADIUS, theme::ACCENT_SOFT);
        }
        for (index, app) in apps.enumerate() {
            let row = self.row(index);
            let side = IconSize::Medium.pixels();
            canvas.icon(app.icon, IconSize::Medium, Point::new(row.x + 10, row.y + (row.height - side) / 2));
            let text = row.inset_by(side + 20, 5, 8, 5);
            let (name, summary) = (Font::UiBold.line_height(), Font::Small.line_height());
            let top = text.y + (text.height - name - summary) / 2;
            let name = Rect::new(text.x, top, text.width, name);
            kit::label(canvas, name, app.name, Font::UiBold, theme::TEXT);
            let summary = Rect::new(text.x, name.bottom(), text.width, summary);
            kit::label(canvas, summary, app.summary, Font::Small, theme::TEXT_MUTED);
        }
        let line = self.row(self.apps).y - SEPARATOR / 2 - 1;
        canvas.fill(Rect::new(self.area.x + 12, line, self.area.width - 24, 1), theme::BORDER);
        for (index, (name, symbol, _)) in POWER_ROWS.iter().enumerate() {
            let row = self.row(self.apps + index);
            let symbol_top = row.y + (row.height - Symbol::SIDE) / 2;
            canvas.symbol(*symbol, Point::new(row.x + 14, symbol_top), theme::TEXT_MUTED);
            kit::label(canvas, row.inset_by(44, 0, 8, 0), name, Font::Ui, theme::TEXT);
        }
    }
}
