//! Box drawing (U+2500–257F) and block elements (U+2580–259F), drawn to the cell: glyphs from a font leave
//! gaps between rows whose height they were not made for.
//!
//! Light lines are one pixel wide, heavy ones three, double ones two of one pixel. All pass through the same
//! middle pixel, so whatever meets at a cell's edge meets exactly.

use crate::outline::Bitmap;

/// What a box-drawing character does on one side of its cell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Arm {
    None,
    Light,
    Heavy,
    Double,
}

/// The arms (left, up, right, down) of the characters U+2500 to U+257F; the digits are 0 none, 1 light, 2
/// heavy, 3 double. Dashed lines, arcs and diagonals are 0000 here: `special` draws them.
const ARMS: [&str; 128] = [
    "1010", "2020", "0101", "0202", "0000", "0000", "0000", "0000", "0000", "0000", "0000", "0000", "0011",
    "0021", "0012", "0022", "1001", "2001", "1002", "2002", "0110", "0120", "0210", "0220", "1100", "2100",
    "1200", "2200", "0111", "0121", "0211", "0112", "0212", "0221", "0122", "0222", "1101", "2101", "1201",
    "1102", "1202", "2201", "2102", "2202", "1011", "2011", "1021", "2021", "1012", "2012", "1022", "2022",
    "1110", "2110", "1120", "2120", "1210", "2210", "1220", "2220", "1111", "2111", "1121", "2121", "1211",
    "1112", "1212", "2211", "1221", "2112", "1122", "2221", "2122", "2212", "1222", "2222", "0000", "0000",
    "0000", "0000", "3030", "0303", "0031", "0013", "0033", "3001", "1003", "3003", "0130", "0310", "0330",
    "3100", "1300", "3300", "0131", "0313", "0333", "3101", "1303", "3303", "3031", "1013", "3033", "3130",
    "1310", "3330", "3131", "1313", "3333", "0000", "0000", "0000", "0000", "0000", "0000", "0000", "1000",
    "0100", "0010", "0001", "2000", "0200", "0020", "0002", "1020", "0102", "2010", "0201",
];

/// One cell being drawn.
struct Cell {
    width: i32,
    height: i32,
    coverage: Vec<u8>,
}

/// All characters of both blocks, drawn for cells of `width` × `height` whose baseline is `ascent` rows down.
pub fn all(width: i32, height: i32, ascent: i32) -> Vec<(u32, Bitmap)> {
    (0x2500..=0x259f)
        .map(|code| {
            let mut cell = Cell { width, height, coverage: vec![0; (width * height) as usize] };
            if code < 0x2580 {
                cell.lines(code)
            } else {
                cell.block(code)
            }
            let (width, height) = (width as usize, height as usize);
            (code, Bitmap { left: 0, top: ascent, width, height, coverage: cell.coverage })
        })
        .collect()
}

/// The hollow box for a character without a glyph, standing on the baseline.
pub fn missing(width: i32, height: i32) -> Bitmap {
    let (columns, rows) = (width - 2, height);
    let mut cell = Cell { width: columns, height: rows, coverage: vec![0; (columns * rows) as usize] };
    for (left, top, right, bottom) in
        [(0, 0, columns, 1), (0, rows - 1, columns, rows), (0, 0, 1, rows), (columns - 1, 0, columns, rows)]
    {
        cell.fill(left, top, right, bottom, 160);
    }
    Bitmap { left: 1, top: rows, width: columns as usize, height: rows as usize, coverage: cell.coverage }
}

impl Cell {
    fn fill(&mut self, left: i32, top: i32, right: i32, bottom: i32, coverage: u8) {
        for y in top.max(0)..bottom.min(self.height) {
            for x in left.max(0)..right.min(self.width) {
                let pixel = &mut self.coverage[(y * self.width + x) as usize];
                *pixel = coverage.max(*pixel);
            }
        }
    }

    fn lines(&mut self, code: u32) {
        match code {
            0x2504..=0x250b | 0x254c..=0x254f => self.dashes(code),
            0x256d..=0x2570 => self.arc(code),
            0x2571..=0x2573 => self.diagonals(code),
            _ => {
                let arms: Vec<Arm> = ARMS[(code - 0x2500) as usize]
                    .chars()
                    .map(|arm| match arm {
                        '1' => Arm::Light,
                        '2' => Arm::Heavy,
                        '3' => Arm::Double,
                        _ => Arm::None,
                    })
                    .collect();
                self.cross([arms[0], arms[1], arms[2], arms[3]]);
            }
        }
    }

    /// Draws the four arms. Each is made of strands: lines at a distance from the middle, which reach inward
    /// as far as the strand that crosses them demands, so that corners close and double lines stay hollow.
    fn cross(&mut self, arms: [Arm; 4]) {
        let (middle_x, middle_y) = (self.width / 2, self.height / 2);
        for (side, &arm) in arms.iter().enumerate() {
            let opposite = arms[(side + 2) % 4];
            let (before, after) = (arms[(side + 3) % 4], arms[(side + 1) % 4]);
            let horizontal = side % 2 == 0;
            // Of the arms across, the one towards smaller coordinates and the one towards larger.
            let (low, high) = if matches!(side, 0 | 3) { (after, before) } else { (before, after) };
            for &(offset, half) in strands(arm) {
                let reach = inward(arm, offset, opposite, low, high);
                let (length, middle) =
                    if horizontal { (self.width, middle_x) } else { (self.height, middle_y) };
                let (from, to) = if side < 2 { (0, middle + reach + 1) } else { (middle - reach, length) };
                let across = if horizontal { middle_y } else { middle_x } + offset;
                if horizontal {
                    self.fill(from, across - half, to, across + half + 1, 255);
                } else {
                    self.fill(across - half, from, across + half + 1, to, 255);
                }
            }
        }
    }

    /// Lines broken into two, three or four dashes.
    fn dashes(&mut self, code: u32) {
        let (count, offset) = match code {
            0x2504..=0x2507 => (3, code - 0x2504),
            0x2508..=0x250b => (4, code - 0x2508),
            _ => (2, code - 0x254c),
        };
        let (vertical, half) = (offset >= 2, (offset % 2) as i32);
        let length = if vertical { self.height } else { self.width };
        for dash in 0..count {
            let (from, to) = (dash * length / count, (dash + 1) * length / count - 1);
            if vertical {
                self.fill(self.width / 2 - half, from, self.width / 2 + half + 1, to, 255);
            } else {
                self.fill(from, self.height / 2 - half, to, self.height / 2 + half + 1, 255);
            }
        }
    }

    /// A rounded corner: a quarter circle between two straight ends.
    fn arc(&mut self, code: u32) {
        let (middle_x, middle_y) = ((self.width / 2) as f32 + 0.5, (self.height / 2) as f32 + 0.5);
        let radius = middle_x.min(middle_y);
        let (right, down) = (matches!(code, 0x256d | 0x2570), matches!(code, 0x256d | 0x256e));
        let (toward_x, toward_y) = (if right { 1.0 } else { -1.0 }, if down { 1.0 } else { -1.0 });
        self.sample(|x, y| {
            // Distances from the middle, counted towards the two ends.
            let (along, aside) = ((x - middle_x) * toward_x, (y - middle_y) * toward_y);
            let distance = if along > radius {
                aside.abs()
            } else if aside > radius {
                along.abs()
            } else {
                ((along - radius).hypot(aside - radius) - radius).abs()
            };
            distance <= 0.5
        });
    }

    fn diagonals(&mut self, code: u32) {
        let (width, height) = (self.width as f32, self.height as f32);
        let length = width.hypot(height);
        self.sample(|x, y| {
            let rising = ((x * height + y * width - width * height) / length).abs() <= 0.55;
            let falling = ((x * height - y * width) / length).abs() <= 0.55;
            (code != 0x2572 && rising) || (code != 0x2571 && falling)
        });
    }

    /// Covers each pixel by the share of its 8 × 8 samples that are `inside`.
    fn sample(&mut self, inside: impl Fn(f32, f32) -> bool) {
        for index in 0..self.coverage.len() {
            let (x, y) = ((index as i32 % self.width) as f32, (index as i32 / self.width) as f32);
            let samples = (0..64).filter(|sample| {
                inside(x + ((sample % 8) as f32 + 0.5) / 8.0, y + ((sample / 8) as f32 + 0.5) / 8.0)
            });
            self.coverage[index] = (samples.count() * 255 / 64) as u8;
        }
    }

    /// U+2580–259F: parts of the cell in eighths, shades and quadrants.
    fn block(&mut self, code: u32) {
        let (width, height) = (self.width, self.height);
        let eighths = |length: i32, count: u32| (length * count as i32 + 4) / 8;
        match code {
            0x2580 => self.fill(0, 0, width, height / 2, 255),
            0x2581..=0x2588 => self.fill(0, height - eighths(height, code - 0x2580), width, height, 255),
            0x2589..=0x258f => self.fill(0, 0, eighths(width, 0x2590 - code), height, 255),
            0x2590 => self.fill(width / 2, 0, width, height, 255),
            0x2591..=0x2593 => self.fill(0, 0, width, height, (64 * (code - 0x2590)) as u8),
            0x2594 => self.fill(0, 0, width, eighths(height, 1), 255),
            0x2595 => self.fill(width - eighths(width, 1), 0, width, height, 255),
            _ => {
                // Quadrants as bits: 1 upper left, 2 upper right, 4 lower left, 8 lower right.
                let quadrants = [4, 8, 1, 13, 9, 7, 11, 2, 6, 14][(code - 0x2596) as usize];
                for (bit, (left, top)) in
                    [(0, 0), (width / 2, 0), (0, height / 2), (width / 2, height / 2)].into_iter().enumerate()
                {
                    if quadrants >> bit & 1 == 1 {
                        let right = if left == 0 { width / 2 } else { width };
                        let bottom = if top == 0 { height / 2 } else { height };
                        self.fill(left, top, right, bottom, 255);
                    }
                }
            }
        }
    }
}

/// The lines an arm is made of: the distance of each from the middle and its half width.
fn strands(arm: Arm) -> &'static [(i32, i32)] {
    match arm {
        Arm::None => &[],
        Arm::Light => &[(0, 0)],
        Arm::Heavy => &[(0, 1)],
        Arm::Double => &[(-1, 0), (1, 0)],
    }
}

/// How far beyond the middle a strand at `offset` reaches; negative when it ends before it. `low` and `high`
/// are the arms that cross it, on the side of smaller and of larger coordinates.
fn inward(arm: Arm, offset: i32, opposite: Arm, low: Arm, high: Arm) -> i32 {
    let half = |arm: Arm| match arm {
        Arm::Heavy | Arm::Double => 1,
        Arm::None | Arm::Light => 0,
    };
    if arm == Arm::Double {
        // An arm of two strands that leaves on this strand's side has it turn the inner corner; on the other,
        // the outer one.
        let near = if offset < 0 { low } else { high };
        return if near == Arm::Double { -1 } else { half(low).max(half(high)) };
    }
    // A single strand stops at a double line that runs straight across; else it closes the corner.
    if low == Arm::Double && high == Arm::Double && opposite == Arm::None {
        return -1;
    }
    half(low).max(half(high))
}
