//! Counts clicks: a second press soon after the first, at the same place, is a double click.

use gfx::Point;

/// Two presses within this time belong together, in milliseconds.
const DOUBLE_CLICK_MS: u64 = 400;
/// How far the pointer may have moved between them, in pixels.
const SLACK: i32 = 4;

/// The last press.
#[derive(Debug, Clone, Default)]
pub struct Clicks {
    last: Option<(u64, Point, u32)>,
}

impl Clicks {
    /// Takes a press; says how many there were in a row: 1 is a single click, 2 a double click.
    pub fn press(&mut self, at: Point, now_ms: u64) -> u32 {
        let count = match self.last {
            Some((then, before, count))
                if now_ms.saturating_sub(then) < DOUBLE_CLICK_MS
                    && (at.x - before.x).abs() <= SLACK
                    && (at.y - before.y).abs() <= SLACK =>
            {
                count.saturating_add(1)
            }
            _ => 1,
        };
        self.last = Some((now_ms, at, count));
        count
    }

    /// What comes next is a first press, wherever it is.
    pub fn forget(&mut self) {
        self.last = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_quick_presses_at_one_place_count_together() {
        let mut clicks = Clicks::default();
        let at = |x| Point::new(x, 10);
        assert_eq!(clicks.press(at(5), 1000), 1);
        assert_eq!(clicks.press(at(7), 1300), 2);
        assert_eq!(clicks.press(at(7), 1500), 3);
        assert_eq!(clicks.press(at(40), 1600), 1, "elsewhere");
        assert_eq!(clicks.press(at(40), 2100), 1, "too late");
        clicks.forget();
        assert_eq!(clicks.press(at(40), 2200), 1);
    }
}
