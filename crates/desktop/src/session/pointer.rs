//! The pointer: where it is, what it is over, what its buttons do.

use alloc::vec::Vec;

use gfx::{Point, PointerShape, Rect};
use ui::{Button, Event, Modifiers, PointerEvent, PointerKind};
use wm::{Edge, Hit, Part, TitleButton, WindowId};

use super::Session;
use crate::{Action, Input, dialog::Answer, target::Target};

/// Two presses on a title bar within this time are a double click.
const DOUBLE_CLICK_MS: u64 = 400;

/// The pointer's state.
pub(crate) struct Pointer {
    pub(crate) position: Point,
    pub(crate) shape: PointerShape,
    /// What it is over.
    pub(crate) hover: Target,
    /// What the primary button went down on, until it comes up.
    pub(crate) pressed: Option<Target>,
    /// The window whose client area a button went down in: it gets everything until all are up.
    grab: Option<WindowId>,
    /// The window that was last told about the pointer.
    inside: Option<WindowId>,
    /// Buttons that are down.
    held: Vec<Button>,
    /// The last press on a title bar, for double clicks.
    title_press: Option<(WindowId, u64)>,
}

impl Pointer {
    pub(super) fn new(position: Point) -> Self {
        Self {
            position,
            shape: PointerShape::Arrow,
            hover: Target::Desktop,
            pressed: None,
            grab: None,
            inside: None,
            held: Vec::new(),
            title_press: None,
        }
    }

    /// The pixels it covers.
    pub(crate) fn bounds(&self) -> Rect {
        self.shape.bounds(self.position)
    }

    /// A window is gone.
    pub(super) fn forget(&mut self, id: WindowId) {
        self.grab = self.grab.filter(|grab| *grab != id);
        self.inside = self.inside.filter(|inside| *inside != id);
    }
}

impl Session {
    /// Takes something the user did. `now_ms` is the time since boot.
    pub fn input(&mut self, input: Input, now_ms: u64) -> Vec<Action> {
        self.now_ms = now_ms;
        match input {
            Input::Key(event) => return self.key(event),
            Input::PointerMotion { dx, dy } => self.moved(dx, dy),
            Input::Button { button, pressed: true } => self.press(button, now_ms),
            Input::Button { button, pressed: false } => self.release(button),
            Input::Wheel(notches) => self.wheel(notches),
        }
        self.finish()
    }

    fn moved(&mut self, dx: i32, dy: i32) {
        let from = self.pointer.position;
        let last = Point::new(self.screen.right() - 1, self.screen.bottom() - 1);
        let to = from.offset(dx, dy);
        let to = Point::new(to.x.min(last.x).max(0), to.y.min(last.y).max(0));
        if to == from {
            return;
        }
        self.damage.add(self.pointer.bounds().intersect(self.screen));
        self.pointer.position = to;
        self.damage.add(self.pointer.bounds().intersect(self.screen));

        if self.stack.is_dragging() {
            let changes = self.stack.drag_to(to);
            self.apply(changes);
            return;
        }
        // Pushed against the lower edge, the dock comes; away from it, it may go.
        if to.y == last.y {
            self.dock.summoned = true;
        } else if to.y < self.dock.area.y {
            self.dock.summoned = false;
        }
        if self.dialog.is_some() {
            self.dialog_pointer(PointerKind::Moved);
            return;
        }
        if let Target::MenuRow(row) = self.target(to) {
            self.select_menu_row(row);
        }
        self.tell_program(PointerKind::Moved);
    }

    /// Tells the program under the pointer (or the one that has grabbed it) about `kind`, and the one
    /// that the pointer has left that it has.
    fn tell_program(&mut self, kind: PointerKind) {
        let over = match self.target(self.pointer.position) {
            Target::Window(id, Part::Client) => Some(id),
            _ => None,
        };
        let receiver = self.pointer.grab.or(over);
        if let Some(left) = self.pointer.inside.filter(|inside| Some(*inside) != receiver) {
            self.send_pointer(left, PointerKind::Left);
        }
        self.pointer.inside = receiver;
        if let Some(receiver) = receiver {
            self.send_pointer(receiver, kind);
        }
    }

    fn send_pointer(&mut self, id: WindowId, kind: PointerKind) {
        if let Some(window) = self.stack.window(id) {
            let client = self.stack.metrics().client(window.frame());
            let position = self.pointer.position - client.origin();
            let modifiers = self.modifiers;
            self.deliver(id, Event::Pointer(PointerEvent { kind, position, modifiers }));
        }
    }

    fn dialog_pointer(&mut self, kind: PointerKind) {
        let event = PointerEvent { kind, position: self.pointer.position, modifiers: self.modifiers };
        let Some(dialog) = self.dialog.as_mut() else { return };
        let mut changed = false;
        let answer = dialog.pointer(&event, &mut changed);
        if changed {
            self.damage.add(dialog.area);
        }
        if let Some(answer) = answer {
            self.answer_dialog(answer);
        }
    }

    fn select_menu_row(&mut self, row: usize) {
        if let Some(menu) = self.menu.as_mut()
            && menu.selected != Some(row)
        {
            menu.selected = Some(row);
            self.damage.add(menu.area);
        }
    }

    fn wheel(&mut self, notches: i32) {
        if self.dialog.is_none() {
            self.tell_program(PointerKind::Wheel(notches));
        }
    }

    fn press(&mut self, button: Button, now_ms: u64) {
        self.meta_alone = false;
        if !self.pointer.held.contains(&button) {
            self.pointer.held.push(button);
        }
        if self.dialog.is_some() {
            self.dialog_pointer(PointerKind::Pressed(button));
            return;
        }
        let target = self.target(self.pointer.position);
        if button == Button::Primary {
            self.pointer.pressed = Some(target);
            self.damage.add(self.highlight(target));
        }
        if !matches!(target, Target::Overview(_)) && self.stack.switcher().is_some() {
            self.cancel_overview();
        }
        if !matches!(target, Target::Menu | Target::MenuRow(_) | Target::Launcher) {
            self.close_menu();
        }
        if let Target::Window(id, part) = target {
            self.press_window(id, part, button, now_ms);
        }
    }

    fn press_window(&mut self, id: WindowId, part: Part, button: Button, now_ms: u64) {
        let at = self.pointer.position;
        let anywhere = self.modifiers.intersects(Modifiers::ALT | Modifiers::META);
        let changes = match (button, part) {
            (Button::Primary, Part::Client | Part::Title) if anywhere => self.stack.begin_move(id, at),
            (Button::Primary, Part::Title) => self.press_title(id, now_ms),
            (Button::Primary, Part::Edge(edge)) => self.stack.begin_resize(id, edge, at),
            _ => self.stack.focus(id),
        };
        self.apply(changes);
        if part == Part::Client && !self.stack.is_dragging() {
            self.pointer.grab = Some(id);
            self.tell_program(PointerKind::Pressed(button));
        }
    }

    /// The second press in a short time maximises; any other may begin a move.
    fn press_title(&mut self, id: WindowId, now_ms: u64) -> wm::Changes {
        let previous = self.pointer.title_press.take();
        if previous.is_some_and(|(window, at_ms)| window == id && now_ms < at_ms + DOUBLE_CLICK_MS) {
            return self.stack.toggle_maximised(id);
        }
        self.pointer.title_press = Some((id, now_ms));
        self.stack.begin_move(id, self.pointer.position)
    }

    fn release(&mut self, button: Button) {
        self.pointer.held.retain(|held| *held != button);
        if self.dialog.is_some() {
            self.dialog_pointer(PointerKind::Released(button));
            return;
        }
        if self.pointer.grab.is_some() {
            self.tell_program(PointerKind::Released(button));
            if self.pointer.held.is_empty() {
                self.pointer.grab = None;
            }
        }
        if button != Button::Primary {
            return;
        }
        if self.stack.is_dragging() {
            if self.stack.is_moving() {
                self.pointer.title_press = None;
            }
            let changes = self.stack.end_drag();
            self.apply(changes);
        }
        if let Some(pressed) = self.pointer.pressed.take() {
            self.damage.add(self.highlight(pressed));
            if pressed == self.target(self.pointer.position) {
                self.click(pressed);
            }
        }
    }

    /// The primary button went down and came up on `target`.
    fn click(&mut self, target: Target) {
        match target {
            Target::Launcher => self.toggle_menu(),
            Target::Power => self.open_dialog(Answer::PowerOff),
            Target::Task(index) => {
                if let Some(id) = self.windows.keys().nth(index).copied() {
                    self.toggle_window(id);
                }
            }
            Target::DockIcon(index) => {
                if let Some(app) = self.launcher_apps().nth(index) {
                    self.activate_app(app);
                }
            }
            Target::MenuRow(row) => {
                let choice = self.menu.as_ref().and_then(|menu| menu.choice(row));
                self.choose(choice);
            }
            Target::Toast(index) => {
                let before = self.toasts.bounds();
                self.toasts.dismiss(index);
                self.damage.add(before);
            }
            Target::Overview(index) => {
                self.stack.switch_to(index);
                self.end_overview();
            }
            Target::Window(id, Part::Button(button)) => self.click_title_button(id, button),
            Target::Window(..)
            | Target::Dialog
            | Target::Menu
            | Target::Panel
            | Target::Dock
            | Target::Desktop => {}
        }
    }

    fn click_title_button(&mut self, id: WindowId, button: TitleButton) {
        let changes = match button {
            TitleButton::Close => return self.deliver(id, Event::Close),
            TitleButton::Minimise => self.stack.minimise(id),
            TitleButton::Maximise => self.stack.toggle_maximised(id),
        };
        self.apply(changes);
        self.damage_tasks();
    }

    /// What lies under `point`, the topmost thing.
    pub(crate) fn target(&self, point: Point) -> Target {
        if self.dialog.is_some() {
            return Target::Dialog;
        }
        if let Some(index) = self.overview().and_then(|overview| overview.hit(point)) {
            return Target::Overview(index);
        }
        if let Some(target) = self.menu.as_ref().and_then(|menu| menu.hit(point)) {
            return target;
        }
        if let Some(index) = self.toasts.hit(point) {
            return Target::Toast(index);
        }
        let panel = self.panel.hit(point, self.windows.len());
        if let Some(target) = panel.or_else(|| self.dock.hit(point)) {
            return target;
        }
        match self.stack.hit_test(point) {
            Hit::Window(id, part) => Target::Window(id, part),
            Hit::Desktop => Target::Desktop,
        }
    }

    /// Settles what the pointer is over and what it looks like, after anything has changed.
    pub(crate) fn update_hover(&mut self) {
        let target = self.target(self.pointer.position);
        if target != self.pointer.hover {
            let (left, entered) = (self.highlight(self.pointer.hover), self.highlight(target));
            self.damage.add(left.intersect(self.screen));
            self.damage.add(entered.intersect(self.screen));
            self.pointer.hover = target;
        }
        let shape = self.shape_over(target);
        if shape != self.pointer.shape {
            self.damage.add(self.pointer.bounds().intersect(self.screen));
            self.pointer.shape = shape;
            self.damage.add(self.pointer.bounds().intersect(self.screen));
        }
    }

    fn shape_over(&self, target: Target) -> PointerShape {
        if self.stack.is_moving() {
            return PointerShape::Move;
        }
        let resizing = self.stack.resizing_edge();
        let edge = resizing.or(match target {
            Target::Window(_, Part::Edge(edge)) if self.pointer.held.is_empty() => Some(edge),
            _ => None,
        });
        match edge {
            None => PointerShape::Arrow,
            Some(Edge::Left | Edge::Right) => PointerShape::ResizeHorizontal,
            Some(Edge::Top | Edge::Bottom) => PointerShape::ResizeVertical,
            Some(Edge::TopLeft | Edge::BottomRight) => PointerShape::ResizeDiagonalDown,
            Some(Edge::TopRight | Edge::BottomLeft) => PointerShape::ResizeDiagonalUp,
        }
    }
}
