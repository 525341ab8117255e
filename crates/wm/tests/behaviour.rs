//! What a user does with the pointer and the keys, on a screen of real size.

use gfx::{Point, Rect, Size};
use wm::{Direction, Edge, Hit, Metrics, Part, Placement, Stack, TitleButton, WindowId, WindowOptions};

const WORK_AREA: Rect = Rect::new(0, 30, 1280, 770);
const METRICS: Metrics = Metrics {
    title_height: 36,
    shadow_side: 24,
    shadow_top: 12,
    shadow_bottom: 32,
    corner_radius: 10,
    grab_margin: 8,
    corner_grab: 16,
    reachable: 120,
    button_start: 20,
    button_pitch: 20,
};

fn stack_with(frames: &[Rect]) -> (Stack, Vec<WindowId>) {
    let mut stack = Stack::new(WORK_AREA, METRICS);
    let ids = frames
        .iter()
        .map(|frame| {
            let (id, _) = stack.open(WindowOptions {
                client: METRICS.client(*frame).size(),
                minimum: Size::new(200, 100),
                position: Some(frame.origin()),
            });
            id
        })
        .collect();
    (stack, ids)
}

const FRAME: Rect = Rect::new(300, 200, 500, 400);

fn frame(stack: &Stack, id: WindowId) -> Rect {
    stack.window(id).expect("open").frame()
}

#[test]
fn every_part_of_a_window_is_hit_where_it_is_seen() {
    let (stack, ids) = stack_with(&[FRAME]);
    let id = ids[0];
    let hit = |x, y| match stack.hit_test(Point::new(x, y)) {
        Hit::Window(window, part) => {
            assert_eq!(window, id);
            Some(part)
        }
        Hit::Desktop => None,
    };
    assert_eq!(hit(320, 218), Some(Part::Button(TitleButton::Close)));
    assert_eq!(hit(340, 218), Some(Part::Button(TitleButton::Minimise)));
    assert_eq!(hit(360, 218), Some(Part::Button(TitleButton::Maximise)));
    assert_eq!(hit(550, 218), Some(Part::Title));
    assert_eq!(hit(550, 400), Some(Part::Client));
    assert_eq!(hit(795, 400), Some(Part::Client));
    for (x, y, edge) in [
        (550, 195, Edge::Top),
        (550, 605, Edge::Bottom),
        (295, 400, Edge::Left),
        (805, 400, Edge::Right),
        (297, 197, Edge::TopLeft),
        (803, 197, Edge::TopRight),
        (297, 603, Edge::BottomLeft),
        (803, 603, Edge::BottomRight),
    ] {
        assert_eq!(hit(x, y), Some(Part::Edge(edge)), "at {x},{y}");
    }
    assert_eq!(hit(550, 190), None);
}

#[test]
fn a_half_is_resized_by_its_inner_edge_only() {
    let (mut stack, ids) = stack_with(&[FRAME]);
    let _ = stack.place(ids[0], Placement::LeftHalf);
    let part = |stack: &Stack, x, y| stack.hit_test(Point::new(x, y));
    assert_eq!(part(&stack, 640, 400), Hit::Window(ids[0], Part::Edge(Edge::Right)));
    assert_eq!(part(&stack, 0, 400), Hit::Window(ids[0], Part::Client));
    assert_eq!(part(&stack, 300, 799), Hit::Window(ids[0], Part::Client));
    assert_eq!(part(&stack, 300, 30), Hit::Window(ids[0], Part::Title));
    let _ = stack.place(ids[0], Placement::RightHalf);
    assert_eq!(part(&stack, 638, 400), Hit::Window(ids[0], Part::Edge(Edge::Left)));
    let _ = stack.toggle_maximised(ids[0]);
    assert_eq!(part(&stack, 0, 400), Hit::Window(ids[0], Part::Client));
}

#[test]
fn the_upper_window_is_hit_first_and_minimised_ones_never() {
    let (mut stack, ids) = stack_with(&[FRAME, FRAME.translate(40, 40)]);
    let both = Point::new(600, 400);
    assert_eq!(stack.hit_test(both), Hit::Window(ids[1], Part::Client));
    let _ = stack.minimise(ids[1]);
    assert_eq!(stack.hit_test(both), Hit::Window(ids[0], Part::Client));
    let _ = stack.minimise(ids[0]);
    assert_eq!(stack.hit_test(both), Hit::Desktop);
}

#[test]
fn a_title_drag_moves_by_the_pointers_way_and_a_click_does_not() {
    let (mut stack, ids) = stack_with(&[FRAME]);
    let grab = Point::new(550, 210);
    let _ = stack.begin_move(ids[0], grab);
    assert_eq!(stack.drag_to(grab.offset(2, -3)), Default::default());
    let _ = stack.drag_to(grab.offset(-70, 55));
    let _ = stack.end_drag();
    assert_eq!(frame(&stack, ids[0]), FRAME.translate(-70, 55));
}

#[test]
fn the_side_edges_snap_to_halves_and_the_top_maximises() {
    let left = Rect::new(0, 30, 640, 770);
    let right = Rect::new(640, 30, 640, 770);
    for (at, preview) in
        [(Point::new(0, 300), left), (Point::new(1279, 300), right), (Point::new(600, 10), WORK_AREA)]
    {
        let (mut stack, ids) = stack_with(&[FRAME]);
        let _ = stack.begin_move(ids[0], Point::new(550, 210));
        let _ = stack.drag_to(at);
        assert_eq!(stack.snap_preview(), Some(preview));
        assert_ne!(frame(&stack, ids[0]), preview, "only a preview while dragging");
        let changes = stack.end_drag();
        assert_eq!(frame(&stack, ids[0]), preview);
        assert_eq!(changes.resized, [(ids[0], METRICS.client(preview).size())]);
        let _ = stack.place(ids[0], Placement::Floating);
        assert_eq!(frame(&stack, ids[0]), FRAME, "restored to where it was");
    }
}

#[test]
fn a_drag_takes_a_maximised_window_out_under_the_pointer() {
    let (mut stack, ids) = stack_with(&[FRAME]);
    let _ = stack.toggle_maximised(ids[0]);
    let grab = Point::new(640, 40);
    let _ = stack.begin_move(ids[0], grab);
    let _ = stack.drag_to(grab.offset(0, 100));
    let now = frame(&stack, ids[0]);
    assert_eq!(now.size(), FRAME.size());
    assert!(METRICS.title_bar(now).contains(grab.offset(0, 100)), "{now:?}");
    assert_eq!(now.center().x, 640, "the pointer was in the middle and stays there");
}

#[test]
fn escape_puts_a_dragged_window_back() {
    let (mut stack, ids) = stack_with(&[FRAME]);
    let _ = stack.toggle_maximised(ids[0]);
    let _ = stack.begin_move(ids[0], Point::new(640, 40));
    let _ = stack.drag_to(Point::new(300, 300));
    let _ = stack.cancel_drag();
    assert_eq!(frame(&stack, ids[0]), WORK_AREA);
    let _ = stack.toggle_maximised(ids[0]);
    assert_eq!(frame(&stack, ids[0]), FRAME);
}

#[test]
fn resizing_stops_at_the_minimum_and_leaves_the_other_side_alone() {
    let (mut stack, ids) = stack_with(&[FRAME]);
    let _ = stack.begin_resize(ids[0], Edge::TopLeft, FRAME.origin());
    let _ = stack.drag_to(Point::new(2000, 2000));
    let _ = stack.end_drag();
    assert_eq!(frame(&stack, ids[0]), Rect::from_edges(600, 464, 800, 600));
    let _ = stack.begin_resize(ids[0], Edge::BottomRight, Point::new(799, 599));
    let _ = stack.drag_to(Point::new(999, 699));
    assert_eq!(frame(&stack, ids[0]), Rect::from_edges(600, 464, 1000, 700));
}

#[test]
fn new_windows_leave_the_dock_clear_if_they_fit() {
    let clear = Rect::new(WORK_AREA.x, WORK_AREA.y, WORK_AREA.width, 680);
    let mut stack = Stack::new(WORK_AREA, METRICS).with_opening_area(clear);
    let mut open = |client| {
        let options = WindowOptions { client, minimum: Size::new(200, 100), position: None };
        let (id, _) = stack.open(options);
        frame(&stack, id)
    };
    assert_eq!(open(Size::new(740, 452)), WORK_AREA.centered(Size::new(740, 488)), "the first in the middle");
    for _ in 0..4 {
        let next = open(Size::new(604, 438));
        assert!(clear.contains_rect(next), "{next:?}");
    }
    let tall = open(Size::new(604, 700));
    assert!(WORK_AREA.contains_rect(tall), "{tall:?}");
}

#[test]
fn super_and_arrows_walk_through_the_placements() {
    let (mut stack, ids) = stack_with(&[FRAME]);
    let mut press = |direction| {
        let _ = stack.arrow(direction);
        let window = stack.window(ids[0]).expect("open");
        (window.placement(), window.is_minimised())
    };
    assert_eq!(press(Direction::Left), (Placement::LeftHalf, false));
    assert_eq!(press(Direction::Right), (Placement::Floating, false));
    assert_eq!(press(Direction::Right), (Placement::RightHalf, false));
    assert_eq!(press(Direction::Up), (Placement::Maximised, false));
    assert_eq!(press(Direction::Down), (Placement::Floating, false));
    assert_eq!(press(Direction::Down), (Placement::Floating, true));
}

#[test]
fn alt_tab_goes_back_and_forth_between_the_last_two() {
    let (mut stack, ids) = stack_with(&[FRAME, FRAME.translate(20, 20), FRAME.translate(40, 40)]);
    for expected in [ids[1], ids[2], ids[1]] {
        stack.switch(true);
        let _ = stack.end_switch();
        assert_eq!(stack.focused(), Some(expected));
    }
    stack.switch(true);
    stack.switch(true);
    assert_eq!(stack.switcher().map(|s| s.1), Some(2));
    stack.switch(true);
    assert_eq!(stack.switcher().map(|s| s.1), Some(0), "it goes round");
    stack.cancel_switch();
    assert_eq!(stack.focused(), Some(ids[1]));
}

#[test]
fn alt_tab_brings_a_minimised_window_back() {
    let (mut stack, ids) = stack_with(&[FRAME]);
    let _ = stack.minimise(ids[0]);
    assert_eq!(stack.focused(), None);
    stack.switch(true);
    let changes = stack.end_switch();
    assert_eq!(changes.focus.and_then(|f| f.gained), Some(ids[0]));
}

#[test]
fn moving_a_window_repaints_its_old_and_new_place_and_no_more() {
    let (mut stack, ids) = stack_with(&[FRAME, FRAME.translate(30, 30)]);
    let _ = stack.begin_move(ids[1], Point::new(600, 240));
    let changes = stack.drag_to(Point::new(610, 245));
    let old = METRICS.visual(FRAME.translate(30, 30), Placement::Floating);
    assert_eq!(changes.damage, [old, old.translate(10, 5)]);
    assert!(changes.resized.is_empty() && changes.focus.is_none());
}

#[test]
fn new_windows_do_not_hide_each_other() {
    let mut stack = Stack::new(WORK_AREA, METRICS);
    let mut titles: Vec<Rect> = Vec::new();
    for (width, height) in [(736, 448), (560, 380), (400, 400), (420, 300), (736, 448)] {
        let options =
            WindowOptions { client: Size::new(width, height), minimum: Size::new(200, 100), position: None };
        let (id, _) = stack.open(options);
        let frame = frame(&stack, id);
        assert!(WORK_AREA.contains_rect(frame), "{frame:?}");
        for title in &titles {
            assert!(!frame.contains_rect(*title), "{frame:?} hides the title bar {title:?}");
        }
        titles.push(METRICS.title_bar(frame));
    }
}
