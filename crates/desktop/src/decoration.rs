//! What the session draws around and over a program's surface: shadow, title bar, buttons, outline,
//! round corners.

use alloc::vec::Vec;

use gfx::{Canvas, Color, Corners, Font, Point, Rect, ShadowLevel, Size, Surface, Symbol, theme};
use ui::{TitleBar, kit};
use wm::{Metrics, Placement, TitleButton};

use crate::card::without_corners;

/// From the frame's left edge to the middle of the first title button.
const BUTTON_START: i32 = 20;
/// The room a title leaves at both sides, so that it stands in the middle and clear of the buttons.
const TITLE_MARGIN: i32 = BUTTON_START + 3 * theme::WINDOW_BUTTON_PITCH;

/// The measures that `wm` computes with.
pub(crate) fn metrics() -> Metrics {
    let probe = Rect::new(0, 0, 200, 200);
    let shadow = ShadowLevel::High.bounds(probe).union(ShadowLevel::Medium.bounds(probe));
    Metrics {
        title_height: theme::TITLE_BAR_HEIGHT,
        shadow_side: (-shadow.x).max(shadow.right() - probe.right()),
        shadow_top: -shadow.y,
        shadow_bottom: shadow.bottom() - probe.bottom(),
        corner_radius: theme::WINDOW_RADIUS,
        grab_margin: 8,
        corner_grab: 16,
        reachable: 140,
        button_start: BUTTON_START,
        button_pitch: theme::WINDOW_BUTTON_PITCH,
    }
}

/// One window, ready to be drawn.
pub(crate) struct Decoration<'a> {
    pub(crate) frame: Rect,
    pub(crate) placement: Placement,
    pub(crate) title: &'a str,
    pub(crate) style: TitleBar,
    pub(crate) focused: bool,
    /// The title button under the pointer.
    pub(crate) hovered: Option<TitleButton>,
    /// Whether that button is held down.
    pub(crate) pressed: bool,
}

impl Decoration<'_> {
    fn radius(&self) -> i32 {
        if self.placement == Placement::Maximised { 0 } else { theme::WINDOW_RADIUS }
    }

    /// The parts that hide what lies beneath.
    pub(crate) fn opaque(&self) -> [Rect; 3] {
        without_corners(self.frame, self.radius())
    }

    /// The colour of client area that has no pixels yet.
    fn blank(&self) -> Color {
        match self.style {
            TitleBar::Light => theme::SURFACE,
            TitleBar::Dark => theme::TERMINAL_BACKGROUND,
        }
    }

    /// Draws the window; `surface` is what its program has drawn so far.
    pub(crate) fn draw(
        &self,
        canvas: &mut Canvas<'_>,
        metrics: &Metrics,
        corners: &CornerMask,
        surface: Option<&Surface>,
    ) {
        if self.placement != Placement::Maximised {
            let level = if self.focused { ShadowLevel::High } else { ShadowLevel::Medium };
            canvas.shadow(self.frame, level);
        }
        let title_bar = metrics.title_bar(self.frame);
        if canvas.clip().intersects(title_bar) {
            self.draw_title_bar(canvas, metrics, title_bar);
        }
        let client = metrics.client(self.frame);
        if canvas.clip().intersects(client) {
            self.draw_client(canvas, client, corners, surface);
        }
        if self.placement != Placement::Maximised {
            canvas.stroke_rounded_rect(self.frame, self.radius(), 1, theme::WINDOW_OUTLINE);
        }
    }

    fn draw_title_bar(&self, canvas: &mut Canvas<'_>, metrics: &Metrics, area: Rect) {
        let (bar, text, line) = match (self.style, self.focused) {
            (TitleBar::Light, true) => (theme::TITLE_BAR, theme::TITLE_TEXT, theme::BORDER),
            (TitleBar::Light, false) => {
                (theme::TITLE_BAR_INACTIVE, theme::TITLE_TEXT_INACTIVE, theme::SURFACE_HOVER)
            }
            (TitleBar::Dark, true) => {
                (theme::TERMINAL_TITLE_BAR, theme::TERMINAL_TEXT, theme::TERMINAL_TITLE_BAR.darker(90))
            }
            (TitleBar::Dark, false) => {
                let bar = theme::TERMINAL_TITLE_BAR.mix(theme::TERMINAL_BACKGROUND, 110);
                (bar, theme::TERMINAL_COLORS[8], bar.darker(60))
            }
        };
        canvas.rounded_rect_corners(area, Corners::top(self.radius()), bar);
        canvas.fill(Rect::new(area.x, area.bottom() - 1, area.width, 1), line);
        for button in TitleButton::ALL {
            self.draw_button(canvas, metrics, button);
        }
        let room = area.inset_by(TITLE_MARGIN, 0, TITLE_MARGIN, 0);
        canvas.text_centered(room, &kit::elide(self.title, Font::UiBold, room.width), Font::UiBold, text);
    }

    fn draw_button(&self, canvas: &mut Canvas<'_>, metrics: &Metrics, button: TitleButton) {
        let hovered = self.hovered == Some(button);
        let color = match button {
            _ if !self.focused && self.hovered.is_none() => match self.style {
                TitleBar::Light => theme::BUTTON_INACTIVE,
                TitleBar::Dark => theme::TERMINAL_COLORS[8],
            },
            TitleButton::Close => theme::CLOSE,
            TitleButton::Minimise => theme::MINIMISE,
            TitleButton::Maximise => theme::MAXIMISE,
        };
        let color = if hovered && self.pressed { color.darker(60) } else { color };
        let center = metrics.button_center(self.frame, button);
        let side = theme::WINDOW_BUTTON;
        let disc = Rect::new(center.x - side / 2, center.y - side / 2, side, side);
        canvas.rounded_rect(disc, side / 2, color);
        // The signs show for all three as soon as the pointer is near, so that they can be told apart
        // before one is pressed.
        if self.hovered.is_some() {
            let symbol = match button {
                TitleButton::Close => Symbol::Close,
                TitleButton::Minimise => Symbol::Minimise,
                TitleButton::Maximise if self.placement == Placement::Maximised => Symbol::Restore,
                TitleButton::Maximise => Symbol::Maximise,
            };
            let half = Symbol::SIDE / 2;
            canvas.clipped(disc).symbol(symbol, center.offset(-half, -half), Color::rgba(0, 0, 0, 170));
        }
    }

    fn draw_client(
        &self,
        canvas: &mut Canvas<'_>,
        client: Rect,
        corners: &CornerMask,
        surface: Option<&Surface>,
    ) {
        let size = surface.map_or(Size::ZERO, Surface::size);
        let radius = self.radius();
        // The rows above the round corners and what lies between them are copied as they are.
        let body = client.inset_by(0, 0, 0, radius);
        let foot = Rect::new(client.x + radius, client.bottom() - radius, client.width - 2 * radius, radius);
        for part in [body, foot] {
            let mut canvas = canvas.clipped(part);
            if let Some(surface) = surface {
                canvas.blit(surface, surface.bounds(), client.origin());
            }
            for rest in part.subtract(Rect::at(client.origin(), size)) {
                canvas.fill(rest, self.blank());
            }
        }
        if radius > 0 {
            corners.draw(canvas, client, surface, self.blank());
        }
    }
}

/// How much of each pixel the lower left corner of a window covers; the right one is its mirror
/// image. Computed once, by drawing one.
pub(crate) struct CornerMask {
    radius: i32,
    coverage: Vec<u8>,
}

impl CornerMask {
    pub(crate) fn new(radius: i32) -> Self {
        let side = Size::new(2 * radius, 2 * radius);
        let mut disc = Surface::new(side);
        let area = disc.bounds();
        disc.canvas().rounded_rect(area, radius, Color::WHITE);
        let pixel = |x: i32, y: i32| disc.row(y).get(x as usize).map_or(0, |pixel| (pixel >> 24) as u8);
        let coverage = (radius..2 * radius).flat_map(|y| (0..radius).map(move |x| (x, y)));
        Self { radius, coverage: coverage.map(|(x, y)| pixel(x, y)).collect() }
    }

    /// Draws the two lower corners of `client` from `surface`, or in `blank` where that has no pixel.
    fn draw(&self, canvas: &mut Canvas<'_>, client: Rect, surface: Option<&Surface>, blank: Color) {
        let radius = self.radius;
        let strip = Rect::new(client.x, client.bottom() - radius, client.width, radius);
        if !canvas.clip().intersects(strip) {
            return;
        }
        let clip = canvas.clip();
        for (index, coverage) in self.coverage.iter().enumerate() {
            let (column, row) = (index as i32 % radius, index as i32 / radius);
            for x in [client.x + column, client.right() - 1 - column] {
                let at = Point::new(x, strip.y + row);
                if !clip.contains(at) {
                    continue;
                }
                let pixel = surface.and_then(|surface| {
                    let column = usize::try_from(at.x - client.x).ok()?;
                    surface.row(at.y - client.y).get(column)
                });
                let color = pixel.map_or(blank, |pixel| Color::hex(pixel & 0x00ff_ffff));
                canvas.blend_pixel(at, color.with_alpha(*coverage));
            }
        }
    }
}
