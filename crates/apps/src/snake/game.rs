//! The rules of Snake: a grid, a snake, an apple. No drawing and no clock.

use alloc::collections::VecDeque;

/// Columns and rows of the field.
pub(super) const COLUMNS: i32 = 24;
pub(super) const ROWS: i32 = 16;
const INITIAL_LENGTH: i32 = 4;
/// Turns that are kept for the next steps: two quick keys make a U-turn round a corner.
const TURNS_AHEAD: usize = 3;

/// A place in the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) column: i32,
    pub(super) row: i32,
}

/// Where the snake goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Up,
    Down,
    Left,
    Right,
}

impl Direction {
    fn is_opposite(self, other: Direction) -> bool {
        self.step() == (-other.step().0, -other.step().1)
    }

    /// Columns and rows to the next place.
    pub(super) fn step(self) -> (i32, i32) {
        match self {
            Direction::Up => (0, -1),
            Direction::Down => (0, 1),
            Direction::Left => (-1, 0),
            Direction::Right => (1, 0),
        }
    }
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Moved,
    Ate,
    /// It hit the wall or itself; the game is over.
    Died,
    /// The snake fills the field.
    Won,
}

/// One game.
#[derive(Clone, Debug)]
pub(super) struct Game {
    /// From head to tail.
    snake: VecDeque<Place>,
    direction: Direction,
    turns: VecDeque<Direction>,
    apple: Place,
    random: u64,
    ended: bool,
}

impl Game {
    /// A new game; apples fall as `seed` says.
    pub(super) fn new(seed: u64) -> Game {
        let (column, row) = (COLUMNS / 3, ROWS * 3 / 4);
        let snake = (0..INITIAL_LENGTH).map(|behind| Place { column: column - behind, row }).collect();
        let mut game = Game {
            snake,
            direction: Direction::Right,
            turns: VecDeque::new(),
            apple: Place { column, row },
            // The generator stays at zero once it is there.
            random: seed | 1,
            ended: false,
        };
        game.drop_apple();
        game
    }

    /// From head to tail.
    pub(super) fn snake(&self) -> impl ExactSizeIterator<Item = Place> {
        self.snake.iter().copied()
    }

    pub(super) fn apple(&self) -> Place {
        self.apple
    }

    pub(super) fn direction(&self) -> Direction {
        self.direction
    }

    /// Apples eaten.
    pub(super) fn score(&self) -> u32 {
        self.snake.len().saturating_sub(INITIAL_LENGTH as usize) as u32
    }

    /// Turns at the next free step. Going straight on or back is no turn.
    pub(super) fn turn(&mut self, direction: Direction) {
        let last = self.turns.back().copied().unwrap_or(self.direction);
        if direction != last && !direction.is_opposite(last) && self.turns.len() < TURNS_AHEAD {
            self.turns.push_back(direction);
        }
    }

    /// Moves one place.
    pub(super) fn step(&mut self) -> Step {
        let Some(head) = self.snake.front().copied().filter(|_| !self.ended) else { return Step::Died };
        self.direction = self.turns.pop_front().unwrap_or(self.direction);
        let (columns, rows) = self.direction.step();
        let next = Place { column: head.column + columns, row: head.row + rows };
        let eats = next == self.apple;
        // The tail moves away first: following it closely is allowed.
        let staying = self.snake.len() - usize::from(!eats);
        if !is_inside(next) || self.snake.iter().take(staying).any(|place| *place == next) {
            self.ended = true;
            return Step::Died;
        }
        self.snake.truncate(staying);
        self.snake.push_front(next);
        if !eats {
            return Step::Moved;
        }
        if self.drop_apple() {
            Step::Ate
        } else {
            self.ended = true;
            Step::Won
        }
    }

    /// Puts the apple on a free place; `false` when there is none.
    fn drop_apple(&mut self) -> bool {
        let free = (COLUMNS * ROWS) as usize - self.snake.len();
        if free == 0 {
            return false;
        }
        let mut skip = (self.next_random() % free as u64) as usize;
        for index in 0..COLUMNS * ROWS {
            let place = Place { column: index % COLUMNS, row: index / COLUMNS };
            if !self.snake.contains(&place) {
                if skip == 0 {
                    self.apple = place;
                    return true;
                }
                skip -= 1;
            }
        }
        false
    }

    /// Marsaglia's xorshift, the upper bits.
    fn next_random(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random >> 11
    }
}

fn is_inside(place: Place) -> bool {
    (0..COLUMNS).contains(&place.column) && (0..ROWS).contains(&place.row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use fastrand::Rng;

    /// The model: a list that is rebuilt at each step.
    struct Model {
        body: Vec<(i32, i32)>,
        heading: (i32, i32),
    }

    impl Model {
        fn step(&mut self, turn: Option<(i32, i32)>, apple: (i32, i32)) -> Step {
            self.heading = turn.unwrap_or(self.heading);
            let head = (self.body[0].0 + self.heading.0, self.body[0].1 + self.heading.1);
            let mut body: Vec<(i32, i32)> = core::iter::once(head).chain(self.body.iter().copied()).collect();
            if head != apple {
                body.pop();
            }
            let inside = head.0 >= 0 && head.0 < COLUMNS && head.1 >= 0 && head.1 < ROWS;
            if !inside || body[1..].contains(&head) {
                return Step::Died;
            }
            self.body = body;
            if head == apple { Step::Ate } else { Step::Moved }
        }
    }

    #[test]
    fn random_games_agree_with_the_model() {
        let directions = [Direction::Up, Direction::Down, Direction::Left, Direction::Right];
        let mut eaten = 0;
        for seed in 0..300_u64 {
            let mut game = Game::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let mut model = Model {
                body: game.snake().map(|place| (place.column, place.row)).collect(),
                heading: (1, 0),
            };
            let mut random = Rng::with_seed(seed);
            loop {
                let apple = (game.apple().column, game.apple().row);
                assert!(!model.body.contains(&apple), "an apple on the snake");
                // Mostly towards the apple, sometimes anywhere.
                let (dx, dy) = (apple.0 - model.body[0].0, apple.1 - model.body[0].1);
                let direction = match random.u8(..8) {
                    0 => directions[random.usize(..4)],
                    _ if dx > 0 => Direction::Right,
                    _ if dx < 0 => Direction::Left,
                    _ if dy > 0 => Direction::Down,
                    _ => Direction::Up,
                };
                let turn = direction.step();
                let is_turn = turn.0 * model.heading.0 + turn.1 * model.heading.1 == 0;
                game.turn(direction);
                let expected = model.step(is_turn.then_some(turn), apple);
                assert_eq!(game.step(), expected);
                if expected == Step::Died {
                    assert!(game.ended);
                    break;
                }
                eaten += u32::from(expected == Step::Ate);
                let body: Vec<(i32, i32)> = game.snake().map(|place| (place.column, place.row)).collect();
                assert_eq!(body, model.body);
                assert_eq!(game.score() as usize, body.len() - 4);
            }
        }
        assert!(eaten > 300, "the games were worth playing: {eaten}");
    }

    #[test]
    fn it_cannot_turn_on_the_spot_but_two_quick_turns_count() {
        let mut game = Game::new(1);
        let head = game.snake().next().unwrap();
        game.turn(Direction::Left);
        game.turn(Direction::Up);
        game.turn(Direction::Left);
        game.step();
        game.step();
        let now = game.snake().next().unwrap();
        assert_eq!(now, Place { column: head.column - 1, row: head.row - 1 });
    }

    #[test]
    fn a_dead_snake_stays_dead() {
        let mut game = Game::new(1);
        while game.step() != Step::Died {}
        let length = game.snake().len();
        assert_eq!(game.step(), Step::Died);
        assert_eq!(game.snake().len(), length);
    }
}
