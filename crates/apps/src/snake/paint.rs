//! Drawing Snake: the field once, then only the places that changed.

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use gfx::{Canvas, Color, Damage, Font, Point, Rect, ShadowLevel, Size, theme};

use super::game::{COLUMNS, Direction, Game, Place, ROWS};

/// Height of the line with the scores.
const HEADER: i32 = 40;
const HINT: &str = "Space: pause    R: start again";
/// Pixels around the field.
const MARGIN: i32 = 14;

const BACKGROUND: Color = Color::hex(0x151b26);
const FIELD: [Color; 2] = [Color::hex(0x1d2634), Color::hex(0x202a39)];
const HEAD: Color = Color::hex(0x6ee7a8);
const TAIL: Color = Color::hex(0x1f9d63);
const APPLE: Color = Color::hex(0xf87171);
const LEAF: Color = Color::hex(0x86efac);
const TEXT: Color = Color::hex(0xe5eaf3);
const TEXT_MUTED: Color = Color::hex(0x8d99ad);

/// What a place shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Empty,
    Apple,
    Head(Direction),
    /// With the shade of its distance from the head and the sides on which the body goes on.
    Body {
        shade: u8,
        joins: [bool; 4],
    },
}

/// What is on the canvas.
pub(super) struct Painter {
    size: Size,
    painted: Vec<Option<Content>>,
    painted_scores: Option<(u32, u32)>,
    /// Everything has to be painted.
    forgotten: bool,
}

impl Painter {
    pub(super) fn new() -> Painter {
        Painter { size: Size::ZERO, painted: Vec::new(), painted_scores: None, forgotten: true }
    }

    /// The window that shows places of `cell` pixels.
    pub(super) fn size_for(cell: i32) -> Size {
        Size::new(COLUMNS * cell + 2 * MARGIN, ROWS * cell + HEADER + MARGIN)
    }

    pub(super) fn resize(&mut self, size: Size) {
        self.size = size;
        self.forgotten = true;
    }

    /// The message over the field comes, goes or changes.
    pub(super) fn forget_overlay(&mut self) {
        self.forgotten = true;
    }

    /// Side of a place.
    fn cell(&self) -> i32 {
        let across = (self.size.width - 2 * MARGIN) / COLUMNS;
        let down = (self.size.height - HEADER - MARGIN) / ROWS;
        across.min(down).max(2)
    }

    fn field(&self) -> Rect {
        let size = Size::new(COLUMNS * self.cell(), ROWS * self.cell());
        Rect::new(0, HEADER, self.size.width, self.size.height - HEADER - MARGIN).centered(size)
    }

    fn place_area(&self, place: Place) -> Rect {
        let (field, cell) = (self.field(), self.cell());
        Rect::new(field.x + place.column * cell, field.y + place.row * cell, cell, cell)
    }

    pub(super) fn draw(
        &mut self,
        canvas: &mut Canvas<'_>,
        damage: &mut Damage,
        game: &Game,
        best: u32,
        message: Option<(&str, &str)>,
    ) {
        if self.forgotten {
            canvas.clear(BACKGROUND);
            canvas.stroke_rounded_rect(self.field().inset(-2), 4, 2, FIELD[1].lighter(24));
            self.painted.clear();
            self.painted_scores = None;
            damage.add(Rect::at(Point::ZERO, self.size));
        }
        self.draw_scores(canvas, damage, game.score(), best);
        let contents = contents(game);
        self.painted.resize(contents.len(), None);
        for (index, content) in contents.iter().enumerate() {
            if self.painted[index] != Some(*content) {
                let place = Place { column: index as i32 % COLUMNS, row: index as i32 / COLUMNS };
                let area = self.place_area(place);
                draw_place(&mut canvas.clipped(area), area, place, *content);
                damage.add(area);
                self.painted[index] = Some(*content);
            }
        }
        if self.forgotten
            && let Some((title, hint)) = message
        {
            self.draw_message(canvas, title, hint);
        }
        self.forgotten = false;
    }

    fn draw_scores(&mut self, canvas: &mut Canvas<'_>, damage: &mut Damage, score: u32, best: u32) {
        if self.painted_scores == Some((score, best)) {
            return;
        }
        self.painted_scores = Some((score, best));
        let field = self.field();
        let area = Rect::new(field.x, 0, field.width, HEADER - 4);
        canvas.fill(area, BACKGROUND);
        let baseline = |font: Font| (HEADER - font.line_height()) / 2;
        let score = format!("{score}");
        let width = canvas.text(Point::new(area.x, baseline(Font::Ui)), "Score ", Font::Ui, TEXT_MUTED);
        canvas.text(Point::new(area.x + width, baseline(Font::UiBold)), &score, Font::UiBold, TEXT);
        let best = format!("{best}");
        let x = area.right() - Font::UiBold.width(&best);
        canvas.text(Point::new(x, baseline(Font::UiBold)), &best, Font::UiBold, TEXT);
        let x = x - Font::Ui.width("Best ");
        canvas.text(Point::new(x, baseline(Font::Ui)), "Best ", Font::Ui, TEXT_MUTED);
        // Only where it is not in the scores' way.
        if area.width >= Font::Small.width(HINT) * 2 {
            let hint = Rect::new(area.x, 0, area.width, HEADER);
            canvas.text_centered(hint, HINT, Font::Small, TEXT_MUTED);
        }
        damage.add(area);
    }

    fn draw_message(&self, canvas: &mut Canvas<'_>, title: &str, hint: &str) {
        let width = Font::Title.width(title).max(Font::Ui.width(hint)) + 48;
        let height = Font::Title.line_height() + Font::Ui.line_height() + 36;
        let card = self.field().centered(Size::new(width, height));
        canvas.shadow(card, ShadowLevel::Medium);
        canvas.rounded_rect(card, theme::CARD_RADIUS, Color::hex(0x2a3547));
        let title_area = Rect::new(card.x, card.y + 14, card.width, Font::Title.line_height());
        canvas.text_centered(title_area, title, Font::Title, TEXT);
        let hint_area = Rect::new(card.x, title_area.bottom() + 6, card.width, Font::Ui.line_height());
        canvas.text_centered(hint_area, hint, Font::Ui, TEXT_MUTED.lighter(60));
    }
}

/// What each place of the field shows, row by row.
fn contents(game: &Game) -> Vec<Content> {
    let mut contents = vec![Content::Empty; (COLUMNS * ROWS) as usize];
    let mut set = |place: Place, content: Content| {
        if let Some(slot) = contents.get_mut((place.row * COLUMNS + place.column) as usize) {
            *slot = content;
        }
    };
    set(game.apple(), Content::Apple);
    let snake: Vec<Place> = game.snake().collect();
    for (index, place) in snake.iter().enumerate().skip(1) {
        let neighbours = [snake.get(index - 1), snake.get(index + 1)];
        let joins = [Direction::Up, Direction::Down, Direction::Left, Direction::Right].map(|direction| {
            let (columns, rows) = direction.step();
            let beside = Place { column: place.column + columns, row: place.row + rows };
            neighbours.contains(&Some(&beside))
        });
        // A few shades, so that a step repaints few places.
        let shade = (index * 8 / snake.len()) as u8;
        set(*place, Content::Body { shade, joins });
    }
    if let Some(head) = snake.first() {
        set(*head, Content::Head(game.direction()));
    }
    contents
}

fn draw_place(canvas: &mut Canvas<'_>, area: Rect, place: Place, content: Content) {
    canvas.fill(area, FIELD[((place.column + place.row) & 1) as usize]);
    let inset = (area.width / 10).max(1);
    let body = area.inset(inset);
    match content {
        Content::Empty => {}
        Content::Apple => {
            let radius = body.width / 2 - inset / 2;
            canvas.circle(area.center().offset(0, inset / 2), radius, APPLE);
            let leaf = Rect::new(
                area.center().x,
                area.y + inset / 2,
                (area.width / 4).max(2),
                (area.width / 7).max(1),
            );
            canvas.rounded_rect(leaf, leaf.height / 2, LEAF);
        }
        Content::Head(direction) => {
            canvas.rounded_rect(body, body.width / 3, HEAD);
            join(canvas, area, body, opposite(direction), HEAD);
            draw_eyes(canvas, area, direction);
        }
        Content::Body { shade, joins } => {
            let color = HEAD.mix(TAIL, 40 + shade * 26);
            canvas.rounded_rect(body, body.width / 3, color);
            let directions = [Direction::Up, Direction::Down, Direction::Left, Direction::Right];
            for (direction, joined) in directions.into_iter().zip(joins) {
                if joined {
                    join(canvas, area, body, direction, color);
                }
            }
        }
    }
}

fn opposite(direction: Direction) -> Direction {
    match direction {
        Direction::Up => Direction::Down,
        Direction::Down => Direction::Up,
        Direction::Left => Direction::Right,
        Direction::Right => Direction::Left,
    }
}

/// Fills the gap between a part of the snake and its neighbour.
fn join(canvas: &mut Canvas<'_>, area: Rect, body: Rect, towards: Direction, color: Color) {
    let middle = body.center();
    let bridge = match towards {
        Direction::Up => Rect::from_edges(body.x, area.y, body.right(), middle.y),
        Direction::Down => Rect::from_edges(body.x, middle.y, body.right(), area.bottom()),
        Direction::Left => Rect::from_edges(area.x, body.y, middle.x, body.bottom()),
        Direction::Right => Rect::from_edges(middle.x, body.y, area.right(), body.bottom()),
    };
    canvas.fill(bridge, color);
}

fn draw_eyes(canvas: &mut Canvas<'_>, area: Rect, direction: Direction) {
    let (forward, sideways) = (area.width / 8, area.width / 5);
    let (dx, dy) = direction.step();
    let radius = (area.width / 10).max(1);
    for side in [-1, 1] {
        let eye =
            area.center().offset(dx * forward + dy * side * sideways, dy * forward + dx * side * sideways);
        canvas.circle(eye, radius, BACKGROUND);
    }
}
