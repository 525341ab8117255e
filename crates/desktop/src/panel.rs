//! The panel along the top: launcher button, a button for each window, date and time, power button.

use alloc::string::String;

use gfx::{Canvas, Color, Font, Icon, IconSize, Point, Rect, Symbol, theme};
use ui::kit;

use crate::target::Target;

/// What the launcher button says.
const NAME: &str = "Quicklime";
/// A text at least as wide as any the clock shows.
const WIDEST_CLOCK: &str = "Wed 28 Mar  00:00";
/// The widest a window's button gets, in pixels.
const WIDEST_TASK: i32 = 170;
/// The narrowest that still shows its icon.
const NARROWEST_TASK: i32 = 30;
/// Gap between things on the panel.
const GAP: i32 = 4;
/// A translucent light over things on the panel that are active, and under the pointer.
const ACTIVE: Color = Color::rgba(255, 255, 255, 46);
const HOVER: Color = Color::rgba(255, 255, 255, 24);

/// A window's button.
pub(crate) struct Task<'a> {
    pub(crate) title: &'a str,
    pub(crate) icon: Icon,
    pub(crate) state: TaskState,
}

/// How a window's button looks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum TaskState {
    Focused,
    Open,
    Minimised,
}

/// The panel's geometry and the text of its clock.
pub(crate) struct Panel {
    pub(crate) area: Rect,
    clock: String,
}

impl Panel {
    pub(crate) fn new(screen: Rect) -> Self {
        Self { area: Rect::new(0, 0, screen.width, theme::PANEL_HEIGHT), clock: String::new() }
    }

    /// A box in the panel from `x` on, `width` wide.
    fn slot(&self, x: i32, width: i32) -> Rect {
        Rect::new(x, self.area.y + 3, width, self.area.height - 6)
    }

    pub(crate) fn launcher(&self) -> Rect {
        self.slot(GAP, Symbol::SIDE + Font::UiBold.width(NAME) + 5 * GAP)
    }

    pub(crate) fn power(&self) -> Rect {
        let width = Symbol::SIDE + 3 * GAP;
        self.slot(self.area.right() - GAP - width, width)
    }

    /// The clock's area: wide enough for any date, so that a new minute moves nothing.
    pub(crate) fn clock(&self) -> Rect {
        let width = Font::Ui.width(WIDEST_CLOCK) + 4 * GAP;
        self.slot(self.power().x - GAP - width, width)
    }

    /// Sets the clock's text; says whether it is another one.
    pub(crate) fn set_clock(&mut self, text: &str) -> bool {
        let changed = self.clock != text;
        if changed {
            self.clock.clear();
            self.clock.push_str(text);
        }
        changed
    }

    /// The part of the panel that holds the windows' buttons.
    pub(crate) fn tasks(&self) -> Rect {
        let left = self.launcher().right() + 2 * GAP;
        let slot = self.slot(left, self.clock().x - 2 * GAP - left);
        if slot.width < NARROWEST_TASK { Rect::EMPTY } else { slot }
    }

    /// The button of the window at `index` of `count`; empty when it doesn't fit any more.
    pub(crate) fn task(&self, index: usize, count: usize) -> Rect {
        let tasks = self.tasks();
        let count = i32::try_from(count.max(1)).unwrap_or(i32::MAX);
        let pitch = (tasks.width / count).clamp(NARROWEST_TASK, WIDEST_TASK + GAP);
        let index = i32::try_from(index).unwrap_or(i32::MAX);
        let task = self.slot(tasks.x.saturating_add(index.saturating_mul(pitch)), pitch - GAP);
        if tasks.contains_rect(task) { task } else { Rect::EMPTY }
    }

    /// What lies under `point`, if it is on the panel, which shows `count` windows.
    pub(crate) fn hit(&self, point: Point, count: usize) -> Option<Target> {
        if !self.area.contains(point) {
            return None;
        }
        // The screen's edge belongs to the buttons: it is where a hasty pointer ends.
        let point = Point::new(point.x.min(self.area.right() - GAP - 1).max(GAP), self.area.center().y);
        Some(if self.launcher().contains(point) {
            Target::Launcher
        } else if self.power().contains(point) {
            Target::Power
        } else {
            let task = (0..count).find(|index| self.task(*index, count).contains(point));
            task.map_or(Target::Panel, Target::Task)
        })
    }

    /// Draws everything on the panel; its background is a part of the wallpaper.
    pub(crate) fn draw<'a>(
        &self,
        canvas: &mut Canvas<'_>,
        tasks: impl ExactSizeIterator<Item = Task<'a>>,
        hover: Target,
        menu_open: bool,
    ) {
        let text_top = self.area.y + (self.area.height - Font::Ui.line_height()) / 2;
        let symbol_top = self.area.y + (self.area.height - Symbol::SIDE) / 2;

        let launcher = self.launcher();
        highlight(canvas, launcher, menu_open, hover == Target::Launcher);
        canvas.symbol(Symbol::Grid, Point::new(launcher.x + 2 * GAP, symbol_top), theme::PANEL_TEXT);
        let name_left = launcher.x + 3 * GAP + Symbol::SIDE;
        canvas.text(Point::new(name_left, text_top), NAME, Font::UiBold, theme::PANEL_TEXT);

        let count = tasks.len();
        for (index, task) in tasks.enumerate() {
            let area = self.task(index, count);
            if !area.is_empty() && area.intersects(canvas.clip()) {
                draw_task(canvas, area, &task, hover == Target::Task(index));
            }
        }

        let clock = self.clock();
        let clock_left = clock.right() - 2 * GAP - Font::Ui.width(&self.clock);
        canvas.text(Point::new(clock_left, text_top), &self.clock, Font::Ui, theme::PANEL_TEXT);

        let power = self.power();
        highlight(canvas, power, false, hover == Target::Power);
        let power_left = power.x + (power.width - Symbol::SIDE) / 2;
        canvas.symbol(Symbol::Power, Point::new(power_left, symbol_top), theme::PANEL_TEXT);
    }
}

fn highlight(canvas: &mut Canvas<'_>, area: Rect, active: bool, hovered: bool) {
    if active {
        canvas.rounded_rect(area, theme::CONTROL_RADIUS, ACTIVE);
    }
    if hovered {
        canvas.rounded_rect(area, theme::CONTROL_RADIUS, HOVER);
    }
}

fn draw_task(canvas: &mut Canvas<'_>, area: Rect, task: &Task<'_>, hovered: bool) {
    highlight(canvas, area, task.state == TaskState::Focused, hovered);
    let side = IconSize::Small.pixels();
    canvas.icon(task.icon, IconSize::Small, Point::new(area.x + 6, area.y + (area.height - side) / 2));
    let color = match task.state {
        TaskState::Focused | TaskState::Open => theme::PANEL_TEXT,
        TaskState::Minimised => theme::PANEL_TEXT.with_alpha(140),
    };
    let text = area.inset_by(side + 12, 0, 6, 0);
    if text.width > 16 {
        kit::label(canvas, text, task.title, Font::Ui, color);
    }
}
