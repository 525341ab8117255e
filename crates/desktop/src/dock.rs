//! The dock at the bottom: an icon for each program, a dot under those that run.
//!
//! It floats above the windows but takes no room from them: it hides as soon as a window reaches
//! under it, and comes back when the pointer is pushed against the screen's lower edge.

use gfx::{Canvas, Color, Font, IconSize, Point, Rect, Size, theme};
use ui::AppInfo;

use crate::target::Target;

/// Space around an icon inside the dock.
const PADDING: i32 = 8;
/// From the dock to the screen's lower edge.
const MARGIN: i32 = 10;
/// How far the name of the icon under the pointer floats above the dock.
const LABEL_GAP: i32 = 6;
const RADIUS: i32 = 16;
/// The name's background: dark, to be read over any wallpaper.
const LABEL: Color = Color::rgba(0x12, 0x15, 0x24, 216);

/// The dock's geometry and whether it shows.
pub(crate) struct Dock {
    pub(crate) area: Rect,
    count: usize,
    /// The pointer was pushed against the lower edge and has not left since.
    pub(crate) summoned: bool,
    pub(crate) visible: bool,
}

impl Dock {
    pub(crate) fn new(screen: Rect, count: usize) -> Self {
        let cell = IconSize::Large.pixels() + PADDING;
        let width = cell * i32::try_from(count).unwrap_or(0) + PADDING;
        let height = cell + PADDING;
        let top = screen.bottom() - MARGIN - height;
        let area = Rect::new(screen.x + (screen.width - width) / 2, top, width, height);
        Self { area, count, summoned: false, visible: count > 0 && screen.contains_rect(area) }
    }

    /// The area of an icon, with half the space around it.
    pub(crate) fn slot(&self, index: usize) -> Rect {
        let cell = IconSize::Large.pixels() + PADDING;
        let index = i32::try_from(index).unwrap_or(0);
        Rect::new(self.area.x + PADDING / 2 + index * cell, self.area.y, cell, self.area.height)
    }

    /// Everything it may paint, the names above it included.
    pub(crate) fn bounds(&self) -> Rect {
        self.area.inset_by(-60, -(LABEL_GAP + Font::Ui.line_height() + 8), -60, 0)
    }

    /// What of the dock depends on whether the pointer is over this icon.
    pub(crate) fn highlight(&self, index: usize, app: &AppInfo) -> Rect {
        self.slot(index).union(self.label(index, app.name))
    }

    fn label(&self, index: usize, name: &str) -> Rect {
        let size = Size::new(Font::Ui.width(name) + 20, Font::Ui.line_height() + 8);
        let middle = self.slot(index).center().x;
        Rect::at(Point::new(middle - size.width / 2, self.area.y - LABEL_GAP - size.height), size)
    }

    /// What lies under `point`, if it is the dock and that shows.
    pub(crate) fn hit(&self, point: Point) -> Option<Target> {
        // Down to the screen's edge, where a hasty pointer ends.
        let reach = self.area.inset_by(0, 0, 0, -MARGIN);
        if !self.visible || !reach.contains(point) {
            return None;
        }
        let icon = (0..self.count).find(|index| {
            let slot = self.slot(*index);
            (slot.x..slot.right()).contains(&point.x)
        });
        Some(icon.map_or(Target::Dock, Target::DockIcon))
    }

    /// Draws it. `running` says which programs have a window.
    pub(crate) fn draw<'a>(
        &self,
        canvas: &mut Canvas<'_>,
        apps: impl Iterator<Item = (&'a AppInfo, bool)>,
        hover: Target,
    ) {
        canvas.rounded_rect(self.area, RADIUS, theme::DOCK);
        canvas.stroke_rounded_rect(self.area, RADIUS, 1, Color::rgba(255, 255, 255, 40));
        let side = IconSize::Large.pixels();
        for (index, (app, running)) in apps.enumerate() {
            let slot = self.slot(index);
            let hovered = hover == Target::DockIcon(index);
            if hovered {
                let glow = slot.inset_by(1, PADDING / 2 - 1, 1, PADDING / 2 - 1);
                canvas.rounded_rect(glow, 12, Color::rgba(255, 255, 255, 56));
            }
            canvas.icon(app.icon, IconSize::Large, Point::new(slot.x + PADDING / 2, slot.y + PADDING));
            if running {
                let dot = Point::new(slot.x + PADDING / 2 + side / 2, slot.bottom() - PADDING / 2);
                canvas.circle(dot, 2, theme::PANEL_TEXT);
            }
            if hovered {
                let label = self.label(index, app.name);
                canvas.rounded_rect(label, label.height / 2, LABEL);
                canvas.text_centered(label, app.name, Font::Ui, theme::PANEL_TEXT);
            }
        }
    }
}
