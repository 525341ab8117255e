//! Points, sizes and rectangles in whole pixels, x to the right and y down.

/// A position in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Point {
    /// Pixels to the right of the origin.
    pub x: i32,
    /// Pixels below the origin.
    pub y: i32,
}

impl Point {
    /// The origin.
    pub const ZERO: Point = Point { x: 0, y: 0 };

    /// The point at `x`, `y`.
    pub const fn new(x: i32, y: i32) -> Point {
        Point { x, y }
    }

    /// This point moved right by `dx` and down by `dy`.
    pub const fn offset(self, dx: i32, dy: i32) -> Point {
        Point { x: self.x.saturating_add(dx), y: self.y.saturating_add(dy) }
    }
}

impl core::ops::Add for Point {
    type Output = Point;
    fn add(self, other: Point) -> Point {
        self.offset(other.x, other.y)
    }
}

impl core::ops::Sub for Point {
    type Output = Point;
    fn sub(self, other: Point) -> Point {
        Point { x: self.x.saturating_sub(other.x), y: self.y.saturating_sub(other.y) }
    }
}

/// A width and a height in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Size {
    /// Pixels across.
    pub width: i32,
    /// Pixels down.
    pub height: i32,
}

impl Size {
    /// Nothing at all.
    pub const ZERO: Size = Size { width: 0, height: 0 };

    /// The size `width` × `height`.
    pub const fn new(width: i32, height: i32) -> Size {
        Size { width, height }
    }

    /// Whether it holds no pixel.
    pub const fn is_empty(self) -> bool {
        self.width <= 0 || self.height <= 0
    }
}

/// A rectangle of pixels: it holds the columns `x .. x + width` and the rows `y .. y + height`, and nothing
/// when either length is zero or less. Edges beyond the range of `i32` saturate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rect {
    /// The leftmost column.
    pub x: i32,
    /// The topmost row.
    pub y: i32,
    /// Columns.
    pub width: i32,
    /// Rows.
    pub height: i32,
}

impl Rect {
    /// A rectangle that holds nothing.
    pub const EMPTY: Rect = Rect { x: 0, y: 0, width: 0, height: 0 };

    /// The rectangle with this top-left corner and these lengths.
    pub const fn new(x: i32, y: i32, width: i32, height: i32) -> Rect {
        Rect { x, y, width, height }
    }

    /// The rectangle of `size` whose top-left pixel is `origin`.
    pub const fn at(origin: Point, size: Size) -> Rect {
        Rect { x: origin.x, y: origin.y, width: size.width, height: size.height }
    }

    /// The rectangle of the columns `left .. right` and the rows `top .. bottom`; empty when they are the
    /// wrong way round.
    pub const fn from_edges(left: i32, top: i32, right: i32, bottom: i32) -> Rect {
        if right <= left || bottom <= top {
            return Rect::EMPTY;
        }
        Rect { x: left, y: top, width: right.saturating_sub(left), height: bottom.saturating_sub(top) }
    }

    /// The first column to the right of it.
    pub const fn right(self) -> i32 {
        self.x.saturating_add(self.width)
    }

    /// The first row below it.
    pub const fn bottom(self) -> i32 {
        self.y.saturating_add(self.height)
    }

    /// Its top-left pixel.
    pub const fn origin(self) -> Point {
        Point { x: self.x, y: self.y }
    }

    /// Its lengths.
    pub const fn size(self) -> Size {
        Size { width: self.width, height: self.height }
    }

    /// Its middle, rounded towards the top left.
    pub const fn center(self) -> Point {
        Point { x: self.x.saturating_add(self.width / 2), y: self.y.saturating_add(self.height / 2) }
    }

    /// Whether it holds no pixel.
    pub const fn is_empty(self) -> bool {
        self.width <= 0 || self.height <= 0
    }

    /// How many pixels it holds.
    pub const fn area(self) -> u64 {
        if self.is_empty() { 0 } else { self.width as u64 * self.height as u64 }
    }

    /// Whether the pixel at `point` is in it.
    pub const fn contains(self, point: Point) -> bool {
        point.x >= self.x && point.y >= self.y && point.x < self.right() && point.y < self.bottom()
    }

    /// Whether every pixel of `other` is in it. An empty rectangle is in all.
    pub const fn contains_rect(self, other: Rect) -> bool {
        other.is_empty()
            || (other.x >= self.x
                && other.y >= self.y
                && other.right() <= self.right()
                && other.bottom() <= self.bottom())
    }

    /// Whether the two share a pixel.
    pub fn intersects(self, other: Rect) -> bool {
        !self.intersect(other).is_empty()
    }

    /// The pixels in both.
    pub fn intersect(self, other: Rect) -> Rect {
        Rect::from_edges(
            self.x.max(other.x),
            self.y.max(other.y),
            self.right().min(other.right()),
            self.bottom().min(other.bottom()),
        )
    }

    /// The smallest rectangle that holds both; an empty one adds nothing.
    pub fn union(self, other: Rect) -> Rect {
        if self.is_empty() {
            return other;
        }
        if other.is_empty() {
            return self;
        }
        Rect::from_edges(
            self.x.min(other.x),
            self.y.min(other.y),
            self.right().max(other.right()),
            self.bottom().max(other.bottom()),
        )
    }

    /// The pixels of this one that are not in `other`, as up to four rectangles that don't overlap; unused
    /// places are empty.
    pub fn subtract(self, other: Rect) -> [Rect; 4] {
        let hole = self.intersect(other);
        if hole.is_empty() {
            return [self, Rect::EMPTY, Rect::EMPTY, Rect::EMPTY];
        }
        [
            Rect::from_edges(self.x, self.y, self.right(), hole.y),
            Rect::from_edges(self.x, hole.bottom(), self.right(), self.bottom()),
            Rect::from_edges(self.x, hole.y, hole.x, hole.bottom()),
            Rect::from_edges(hole.right(), hole.y, self.right(), hole.bottom()),
        ]
    }

    /// It moved right by `dx` and down by `dy`.
    pub const fn translate(self, dx: i32, dy: i32) -> Rect {
        Rect {
            x: self.x.saturating_add(dx),
            y: self.y.saturating_add(dy),
            width: self.width,
            height: self.height,
        }
    }

    /// It without a border of `by` pixels on each side; a negative `by` grows it.
    pub const fn inset(self, by: i32) -> Rect {
        self.inset_by(by, by, by, by)
    }

    /// It without borders of the given widths; negative ones grow it. What has no pixel left is empty.
    pub const fn inset_by(self, left: i32, top: i32, right: i32, bottom: i32) -> Rect {
        Rect::from_edges(
            self.x.saturating_add(left),
            self.y.saturating_add(top),
            self.right().saturating_sub(right),
            self.bottom().saturating_sub(bottom),
        )
    }

    /// A rectangle of `size` centred on this one.
    pub const fn centered(self, size: Size) -> Rect {
        Rect {
            x: self.x.saturating_add((self.width - size.width) / 2),
            y: self.y.saturating_add((self.height - size.height) / 2),
            width: size.width,
            height: size.height,
        }
    }
}
