//! The stack itself: opening, closing, order, placement.

use alloc::vec::Vec;

use gfx::{Point, Rect, Size};

use crate::{
    Changes, Metrics, Placement, Window, WindowId, WindowOptions, changes::Snapshot, drag::Drag,
    switcher::Switcher,
};

/// How far a new window is shifted when it would hide another's title.
const CASCADE_STEP: i32 = 36;
/// From the edges of the work area to a window that is opened in a corner.
const PLACE_MARGIN: i32 = 24;

/// A direction given by an arrow key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum Direction {
    Left,
    Right,
    Up,
    Down,
}

/// All windows of a screen.
pub struct Stack {
    work_area: Rect,
    /// Where new windows are opened if they fit: the work area without what they had better not cover.
    opening_area: Rect,
    metrics: Metrics,
    /// Bottom to top, and so from least to most recently used.
    windows: Vec<Window>,
    /// The next window's number.
    next_id: u32,
    pub(crate) drag: Option<Drag>,
    pub(crate) switcher: Option<Switcher>,
}

impl Stack {
    /// A stack without windows. `work_area` is the part of the screen that windows may fill: all but
    /// the panel.
    pub fn new(work_area: Rect, metrics: Metrics) -> Self {
        Self {
            work_area,
            opening_area: work_area,
            metrics,
            windows: Vec::new(),
            next_id: 0,
            drag: None,
            switcher: None,
        }
    }

    /// The same, opening windows in a part of the work area as long as they fit there: a dock that hides behind
    /// windows should not vanish because a program starts.
    pub fn with_opening_area(self, area: Rect) -> Self {
        Self { opening_area: area.intersect(self.work_area), ..self }
    }

    /// The decorations' measures.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The part of the screen that windows may fill.
    pub fn work_area(&self) -> Rect {
        self.work_area
    }

    /// All windows, bottom to top.
    pub fn windows(&self) -> impl DoubleEndedIterator<Item = &Window> {
        self.windows.iter()
    }

    /// The windows that are not minimised, bottom to top.
    pub fn visible(&self) -> impl DoubleEndedIterator<Item = &Window> {
        self.windows.iter().filter(|w| !w.minimised)
    }

    /// The window of that name.
    pub fn window(&self, id: WindowId) -> Option<&Window> {
        self.windows.iter().find(|w| w.id == id)
    }

    pub(crate) fn window_mut(&mut self, id: WindowId) -> Option<&mut Window> {
        self.windows.iter_mut().find(|w| w.id == id)
    }

    /// The window that has the keyboard.
    pub fn focused(&self) -> Option<WindowId> {
        self.visible().next_back().map(|w| w.id)
    }

    /// Runs an operation and reports what it changed.
    pub(crate) fn change(&mut self, operation: impl FnOnce(&mut Self)) -> Changes {
        let before = Snapshot::of(self);
        operation(self);
        before.changes_to(&Snapshot::of(self), &self.metrics)
    }

    /// Opens a window on top of all.
    pub fn open(&mut self, options: WindowOptions) -> (WindowId, Changes) {
        let id = WindowId(self.next_id);
        let changes = self.change(|stack| stack.insert(id, options));
        (id, changes)
    }

    fn insert(&mut self, id: WindowId, options: WindowOptions) {
        let smallest = Size::new(self.metrics.reachable, self.metrics.title_height + 1);
        let minimum = self.metrics.frame_size(options.minimum);
        let minimum = Size::new(minimum.width.max(smallest.width), minimum.height.max(smallest.height));
        let wanted = self.metrics.frame_size(options.client);
        let size = Size::new(
            wanted.width.min(self.work_area.width).max(minimum.width),
            wanted.height.min(self.work_area.height).max(minimum.height),
        );
        let position = options.position.unwrap_or_else(|| self.free_place(size));
        let frame = self.reachable(Rect::at(position, size));
        self.next_id += 1;
        self.windows.push(Window {
            id,
            frame,
            placement: Placement::Floating,
            floating: frame,
            minimised: false,
            minimum,
        });
    }

    /// The place for the next window: of a few (the middle, then the corners of the work area) the one
    /// that hides fewest title bars and covers least, shifted as long as it hides one.
    fn free_place(&self, size: Size) -> Point {
        let room = self.opening_area;
        let whole =
            if size.width <= room.width && size.height <= room.height { room } else { self.work_area };
        let area = whole.inset(PLACE_MARGIN);
        let (right, bottom) = (area.right() - size.width, area.bottom() - size.height);
        let corners = [(right, area.y), (area.x, area.y), (right, bottom), (area.x, bottom)];
        // The middle of all of it, if that is clear.
        let middle = Some(self.work_area.centered(size)).filter(|frame| whole.contains_rect(*frame));
        let middle = middle.unwrap_or_else(|| whole.centered(size)).origin();
        let places = core::iter::once(middle).chain(corners.map(|(x, y)| Point::new(x, y)));
        let places = places.map(|place| place_within(whole, place, size));
        let mut best = places.min_by_key(|place| self.cost(Rect::at(*place, size))).unwrap_or(middle);
        for _ in 0..self.windows.len() {
            if self.cost(Rect::at(best, size)).0 == 0 {
                break;
            }
            best = place_within(self.work_area, best.offset(CASCADE_STEP, CASCADE_STEP), size);
        }
        best
    }

    /// How many title bars a window at `frame` would hide, and how many pixels it would cover.
    fn cost(&self, frame: Rect) -> (usize, u64) {
        let hidden =
            self.visible().filter(|window| frame.contains_rect(self.metrics.title_bar(window.frame))).count();
        let covered = self.visible().map(|window| window.frame.intersect(frame).area()).sum();
        (hidden, covered)
    }

    /// Closes a window; the next one below gets the focus. An unknown name changes nothing.
    pub fn close(&mut self, id: WindowId) -> Changes {
        self.change(|stack| {
            stack.windows.retain(|w| w.id != id);
            if stack.drag.as_ref().is_some_and(|drag| drag.window == id) {
                stack.drag = None;
            }
            stack.forget_in_switcher(id);
        })
    }

    /// Raises a window to the top, which gives it the focus, and brings it back when minimised.
    pub fn focus(&mut self, id: WindowId) -> Changes {
        self.change(|stack| stack.raise(id))
    }

    pub(crate) fn raise(&mut self, id: WindowId) {
        if let Some(index) = self.windows.iter().position(|w| w.id == id) {
            let mut window = self.windows.remove(index);
            window.minimised = false;
            self.windows.push(window);
        }
    }

    /// Takes a window off the screen. It becomes the least recently used one.
    pub fn minimise(&mut self, id: WindowId) -> Changes {
        self.change(|stack| stack.hide(id))
    }

    fn hide(&mut self, id: WindowId) {
        if let Some(index) = self.windows.iter().position(|w| w.id == id) {
            let mut window = self.windows.remove(index);
            window.minimised = true;
            self.windows.insert(0, window);
        }
    }

    /// Places a window and raises it.
    pub fn place(&mut self, id: WindowId, placement: Placement) -> Changes {
        self.change(|stack| {
            stack.set_placement(id, placement);
            stack.raise(id);
        })
    }

    /// Maximises a window, or gives it back the place it had.
    pub fn toggle_maximised(&mut self, id: WindowId) -> Changes {
        let maximised = self.window(id).is_some_and(|w| w.placement == Placement::Maximised);
        self.place(id, if maximised { Placement::Floating } else { Placement::Maximised })
    }

    pub(crate) fn set_placement(&mut self, id: WindowId, placement: Placement) {
        let frame = self.frame_for(placement);
        if let Some(window) = self.window_mut(id) {
            window.placement = placement;
            window.frame = frame.unwrap_or(window.floating);
        }
    }

    /// The frame a placement gives, whatever the window; `None` for a floating one.
    pub(crate) fn frame_for(&self, placement: Placement) -> Option<Rect> {
        let area = self.work_area;
        let half = area.width / 2;
        match placement {
            Placement::Floating => None,
            Placement::Maximised => Some(area),
            Placement::LeftHalf => Some(Rect::new(area.x, area.y, half, area.height)),
            Placement::RightHalf => Some(Rect::new(area.x + half, area.y, area.width - half, area.height)),
        }
    }

    /// Moves the focused window as an arrow key with Super asks: to a half, to the whole work area,
    /// or one step back towards floating and minimised.
    pub fn arrow(&mut self, direction: Direction) -> Changes {
        let Some(id) = self.focused() else { return Changes::default() };
        let Some(now) = self.window(id).map(|w| w.placement) else { return Changes::default() };
        match (direction, now) {
            (Direction::Left, Placement::RightHalf) | (Direction::Right, Placement::LeftHalf) => {
                self.place(id, Placement::Floating)
            }
            (Direction::Left, _) => self.place(id, Placement::LeftHalf),
            (Direction::Right, _) => self.place(id, Placement::RightHalf),
            (Direction::Up, _) => self.place(id, Placement::Maximised),
            (Direction::Down, Placement::Floating) => self.minimise(id),
            (Direction::Down, _) => self.place(id, Placement::Floating),
        }
    }

    /// `frame` moved so that enough of its title bar is on the screen to drag it by.
    pub(crate) fn reachable(&self, frame: Rect) -> Rect {
        let area = self.work_area;
        let reach = self.metrics.reachable.min(frame.width);
        let x = frame.x.min(area.right() - reach).max(area.x + reach - frame.width);
        let y = frame.y.min(area.bottom() - self.metrics.title_height).max(area.y);
        Rect::new(x, y, frame.width, frame.height)
    }
}

/// `place` moved so that a window of `size` is wholly in `area`, or begins at its top left.
fn place_within(area: Rect, place: Point, size: Size) -> Point {
    Point::new(
        place.x.min(area.right() - size.width).max(area.x),
        place.y.min(area.bottom() - size.height).max(area.y),
    )
}
