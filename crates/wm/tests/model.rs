//! Random operations against a per-pixel model of what can be seen, and the promises a user counts
//! on: one focus, no window lost, every title bar within reach.

use fastrand::Rng;
use std::collections::BTreeSet;

use gfx::{Point, Rect, Size};
use wm::{Changes, Direction, Edge, Metrics, Placement, Stack, WindowId, WindowOptions};

const SCREEN: Size = Size::new(96, 72);
const WORK_AREA: Rect = Rect::new(0, 4, 96, 68);
const METRICS: Metrics = Metrics {
    title_height: 6,
    shadow_side: 3,
    shadow_top: 2,
    shadow_bottom: 4,
    corner_radius: 2,
    grab_margin: 2,
    corner_grab: 3,
    reachable: 14,
    button_start: 3,
    button_pitch: 4,
};

fn random_point(random: &mut Rng) -> Point {
    Point::new(random.i32(0..SCREEN.width), random.i32(0..SCREEN.height))
}

/// What decides a pixel's colour: every window seen there from the top down to the first opaque one,
/// with the place inside that window, and the focus where the decoration shows it.
type Pixel = Vec<(WindowId, i32, i32, Size, bool)>;

fn picture(stack: &Stack) -> Vec<Pixel> {
    let mut pixels = Vec::new();
    for y in 0..SCREEN.height {
        for x in 0..SCREEN.width {
            let point = Point::new(x, y);
            let mut pixel = Pixel::new();
            for window in stack.visible().rev() {
                let frame = window.frame();
                if !METRICS.visual(frame, window.placement()).contains(point) {
                    continue;
                }
                let in_corner = (x < frame.x + METRICS.corner_radius
                    || x >= frame.right() - METRICS.corner_radius)
                    && (y < frame.y + METRICS.corner_radius || y >= frame.bottom() - METRICS.corner_radius);
                let inside = METRICS.client(frame).contains(point) && !in_corner;
                let focus = !inside && stack.focused() == Some(window.id());
                pixel.push((window.id(), x - frame.x, y - frame.y, frame.size(), focus));
                if frame.contains(point) && !in_corner {
                    break;
                }
            }
            pixels.push(pixel);
        }
    }
    pixels
}

fn assert_damage_covers(before: &[Pixel], after: &[Pixel], changes: &Changes, step: &str) {
    for (index, (old, new)) in before.iter().zip(after).enumerate() {
        let point = Point::new(index as i32 % SCREEN.width, index as i32 / SCREEN.width);
        assert!(
            old == new || changes.damage.iter().any(|rect| rect.contains(point)),
            "{step}: {point:?} changed from {old:?} to {new:?} without damage"
        );
    }
}

fn assert_promises(stack: &Stack, open: &BTreeSet<WindowId>, step: &str) {
    let listed: Vec<_> = stack.windows().map(|w| w.id()).collect();
    assert_eq!(listed.len(), open.len(), "{step}: a window twice");
    assert_eq!(&listed.into_iter().collect::<BTreeSet<_>>(), open, "{step}: a window lost");
    let top = stack.windows().rfind(|w| !w.is_minimised()).map(|w| w.id());
    assert_eq!(stack.focused(), top, "{step}: the focus is not on top");
    for window in stack.visible() {
        let title = METRICS.title_bar(window.frame()).intersect(WORK_AREA);
        let reach = METRICS.reachable.min(window.frame().width);
        assert!(
            title.width >= reach && title.height == METRICS.title_height,
            "{step}: the title bar of {window:?} is out of reach"
        );
    }
}

const EDGES: [Edge; 8] = [
    Edge::Top,
    Edge::Bottom,
    Edge::Left,
    Edge::Right,
    Edge::TopLeft,
    Edge::TopRight,
    Edge::BottomLeft,
    Edge::BottomRight,
];
const PLACEMENTS: [Placement; 4] =
    [Placement::Floating, Placement::Maximised, Placement::LeftHalf, Placement::RightHalf];
const DIRECTIONS: [Direction; 4] = [Direction::Left, Direction::Right, Direction::Up, Direction::Down];

/// Does one random operation; returns what it was and what the stack said about it.
fn step(stack: &mut Stack, open: &mut BTreeSet<WindowId>, random: &mut Rng) -> (String, Changes) {
    let some =
        (!open.is_empty()).then(|| *open.iter().nth(random.usize(..open.len())).expect("below the length"));
    let Some(id) = some.filter(|_| open.len() > 5 || random.i32(0..12) != 0) else {
        let client = Size::new(random.i32(0..120), random.i32(0..90));
        let options = WindowOptions {
            client,
            minimum: Size::new(random.i32(0..30), random.i32(0..20)),
            position: (random.bool()).then(|| random_point(random)),
        };
        let (id, changes) = stack.open(options);
        open.insert(id);
        return (format!("open {options:?}"), changes);
    };
    let point = random_point(random);
    match random.i32(0..16) {
        0 => {
            open.remove(&id);
            (format!("close {id:?}"), stack.close(id))
        }
        1 => (format!("focus {id:?}"), stack.focus(id)),
        2 => (format!("minimise {id:?}"), stack.minimise(id)),
        3 => (format!("toggle {id:?}"), stack.toggle_maximised(id)),
        4 => {
            let placement = PLACEMENTS[random.usize(..4)];
            (format!("place {id:?} {placement:?}"), stack.place(id, placement))
        }
        5 => ("arrow".into(), stack.arrow(DIRECTIONS[random.usize(..4)])),
        6 => (format!("begin move {id:?} {point:?}"), stack.begin_move(id, point)),
        7 => {
            let edge = EDGES[random.usize(..8)];
            (format!("resize {id:?} {edge:?} {point:?}"), stack.begin_resize(id, edge, point))
        }
        8 => ("end drag".into(), stack.end_drag()),
        9 if random.i32(0..3) == 0 => ("cancel drag".into(), stack.cancel_drag()),
        10 => {
            stack.switch(random.bool());
            ("switch".into(), Changes::default())
        }
        11 => ("end switch".into(), stack.end_switch()),
        _ => (format!("drag to {point:?}"), stack.drag_to(point)),
    }
}

#[test]
fn random_operations_keep_every_promise() {
    for seed in 1..=30 {
        let mut random = Rng::with_seed(seed);
        let mut stack = Stack::new(WORK_AREA, METRICS);
        let mut open = BTreeSet::new();
        let mut before = picture(&stack);
        for number in 0..150 {
            let preview = stack.snap_preview();
            let focus = stack.focused();
            let sizes: Vec<_> = stack.windows().map(|w| (w.id(), w.frame().size())).collect();
            let (what, changes) = step(&mut stack, &mut open, &mut random);
            let name = format!("seed {seed}, step {number}: {what}");
            let after = picture(&stack);
            assert_damage_covers(&before, &after, &changes, &name);
            assert_promises(&stack, &open, &name);
            if preview != stack.snap_preview() {
                for rect in [preview, stack.snap_preview()].into_iter().flatten() {
                    assert!(changes.damage.contains(&rect), "{name}: preview {rect:?} not damaged");
                }
            }
            assert_eq!(changes.focus.map(|f| f.gained).unwrap_or(focus), stack.focused(), "{name}");
            for window in stack.windows() {
                let resized = sizes.iter().any(|s| s.0 == window.id() && s.1 != window.frame().size());
                let told = changes.resized.iter().find(|r| r.0 == window.id());
                assert_eq!(told.is_some(), resized, "{name}");
                if let Some((_, client)) = told {
                    assert_eq!(METRICS.frame_size(*client), window.frame().size(), "{name}");
                }
            }
            before = after;
        }
    }
}
