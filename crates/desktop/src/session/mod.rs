//! The session's state and what programs and the kernel do to it. What the user does is in
//! `pointer.rs` and `keys.rs`, what it looks like in `compose.rs`.

mod keys;
mod pointer;

use alloc::{
    collections::{BTreeMap, TryReserveError},
    format,
    string::String,
    vec::Vec,
};

use gfx::{Damage, Icon, Rect, Size, Surface, theme};
use ui::{AppInfo, DateTime, Event, Modifiers, TitleBar};
use wm::{Changes, Stack, WindowId, WindowOptions};

use self::pointer::Pointer;
use crate::{
    Action, ToastKind, card,
    decoration::{self, CornerMask},
    dialog::{Answer, Dialog},
    dock::Dock,
    menu::Menu,
    overview::Overview,
    panel::{Panel, TaskState},
    region::Region,
    target::Target,
    toast::Toasts,
};

/// A window to open.
#[derive(Debug, Clone, Copy)]
pub struct WindowSpec<'a> {
    /// The program's [`AppInfo::id`].
    pub app: &'a str,
    /// The first title.
    pub title: &'a str,
    /// The client area it would like.
    pub client: Size,
    /// The smallest client area.
    pub minimum: Size,
    /// The title bar that suits it.
    pub title_bar: TitleBar,
}

/// What the session knows of a window besides its place.
pub(crate) struct WindowInfo {
    /// Its program's place in the list.
    pub(crate) app: Option<usize>,
    pub(crate) title: String,
    pub(crate) title_bar: TitleBar,
    /// Closing it would lose something.
    pub(crate) is_unsaved: bool,
}

/// The whole desktop. See the crate's introduction.
pub struct Session {
    pub(crate) screen: Rect,
    pub(crate) apps: &'static [AppInfo],
    pub(crate) stack: Stack,
    /// In the order in which they were opened, which is the panel's order.
    pub(crate) windows: BTreeMap<WindowId, WindowInfo>,
    /// The wallpaper with the panel's background on it.
    pub(crate) background: Surface,
    pub(crate) corners: CornerMask,
    pub(crate) panel: Panel,
    pub(crate) dock: Dock,
    pub(crate) menu: Option<Menu>,
    pub(crate) toasts: Toasts,
    pub(crate) dialog: Option<Dialog>,
    pub(crate) pointer: Pointer,
    modifiers: Modifiers,
    /// When the user did something last, in milliseconds since boot.
    now_ms: u64,
    /// Super went down and nothing else happened since: releasing it opens the menu.
    meta_alone: bool,
    pub(crate) damage: Damage,
    actions: Vec<Action>,
}

impl Session {
    /// A session without windows on a screen of `size`, offering `apps`. All of the screen is damaged.
    /// It fails when there is no memory for the wallpaper.
    pub fn new(size: Size, apps: &'static [AppInfo]) -> Result<Self, TryReserveError> {
        let screen = Rect::new(0, 0, size.width, size.height);
        let panel = Panel::new(screen);
        let work_area = screen.inset_by(0, panel.area.height, 0, 0);
        let mut background = Surface::try_new(size)?;
        background.canvas().diagonal_gradient(screen, &theme::WALLPAPER);
        background.canvas().blend(panel.area, theme::PANEL);
        let dock = Dock::new(screen, apps.iter().filter(|app| app.in_launcher).count());
        let above_dock = Rect { height: dock.area.y - work_area.y, ..work_area };
        Ok(Self {
            screen,
            apps,
            stack: Stack::new(work_area, decoration::metrics()).with_opening_area(above_dock),
            windows: BTreeMap::new(),
            background,
            corners: CornerMask::new(theme::WINDOW_RADIUS),
            panel,
            dock,
            menu: None,
            toasts: Toasts::new(screen),
            dialog: None,
            pointer: Pointer::new(screen.center()),
            modifiers: Modifiers::empty(),
            now_ms: 0,
            meta_alone: false,
            damage: Damage::whole(screen),
            actions: Vec::new(),
        })
    }

    /// The programs shown in the launcher and the dock.
    pub(crate) fn launcher_apps(&self) -> impl Iterator<Item = &'static AppInfo> + use<> {
        self.apps.iter().filter(|app| app.in_launcher)
    }

    /// Opens a window on top. The actions tell its program its real size.
    pub fn open(&mut self, spec: WindowSpec<'_>) -> (WindowId, Vec<Action>) {
        let options = WindowOptions { client: spec.client, minimum: spec.minimum, position: None };
        let (id, changes) = self.stack.open(options);
        let app = self.apps.iter().position(|app| app.id == spec.app);
        let title = String::from(spec.title);
        self.windows.insert(id, WindowInfo { app, title, title_bar: spec.title_bar, is_unsaved: false });
        if let Some(window) = self.stack.window(id) {
            let size = self.stack.metrics().client(window.frame()).size();
            self.deliver(id, Event::Resize(size));
        }
        self.apply(changes);
        // A new program shows a new dot in the dock.
        self.damage_dock();
        (id, self.finish())
    }

    /// Removes a window whose program has ended.
    pub fn close(&mut self, id: WindowId) -> Vec<Action> {
        let overview = self.overview_bounds();
        let changes = self.stack.close(id);
        self.windows.remove(&id);
        self.pointer.forget(id);
        self.apply(changes);
        self.damage_tasks();
        self.damage_dock();
        self.damage_overview(overview);
        self.finish()
    }

    /// Gives a window another title.
    pub fn set_title(&mut self, id: WindowId, title: &str) {
        let Some(info) = self.windows.get_mut(&id) else { return };
        if info.title == title {
            return;
        }
        info.title.clear();
        info.title.push_str(title);
        if let Some(window) = self.stack.window(id).filter(|window| !window.is_minimised()) {
            self.damage.add(self.stack.metrics().title_bar(window.frame()));
        }
        self.damage_tasks();
        self.damage_overview(Rect::EMPTY);
    }

    /// Says whether closing a window would lose something. While there is such a window the machine does not go
    /// down: the program is asked to close instead, and so comes to ask its question.
    pub fn set_unsaved(&mut self, id: WindowId, is_unsaved: bool) {
        if let Some(info) = self.windows.get_mut(&id) {
            info.is_unsaved = is_unsaved;
        }
    }

    /// A program has drawn: `damage` is what changed of its surface, in its own coordinates.
    pub fn commit(&mut self, id: WindowId, damage: &Damage) {
        let Some(window) = self.stack.window(id).filter(|window| !window.is_minimised()) else { return };
        let client = self.stack.metrics().client(window.frame());
        // What other windows cover needs no repainting.
        let above = self.stack.visible().skip_while(|window| window.id() != id).skip(1);
        let covering: Vec<_> = above
            .flat_map(|window| self.decoration(window).opaque())
            .filter(|rect| rect.intersects(client))
            .collect();
        for rect in damage.rects() {
            let mut visible = Region::of(rect.translate(client.x, client.y).intersect(client));
            covering.iter().for_each(|cover| visible.subtract(*cover));
            visible.within(self.screen).for_each(|part| self.damage.add(part));
        }
    }

    /// Shows this moment in the panel. Seconds are not shown, so once a minute is enough.
    pub fn set_time(&mut self, time: DateTime) {
        let text = format!(
            "{} {} {}  {:02}:{:02}",
            time.weekday_name(),
            time.day,
            time.month_name(),
            time.hour,
            time.minute
        );
        if self.panel.set_clock(&text) {
            self.damage.add(self.panel.clock());
        }
    }

    /// Shows a message in the corner from `now_ms` on.
    pub fn notify(&mut self, kind: ToastKind, text: &str, now_ms: u64) {
        let before = self.toasts.bounds();
        self.toasts.push(kind, text, now_ms);
        self.damage.add(before.union(self.toasts.bounds()));
    }

    /// Takes away messages that have been read; call it at [`Session::next_deadline`].
    pub fn tick(&mut self, now_ms: u64) {
        let before = self.toasts.bounds();
        if self.toasts.expire(now_ms) {
            self.damage.add(before);
            self.update_hover();
        }
    }

    /// When [`Session::tick`] has something to do, in milliseconds since boot; `None` for never.
    pub fn next_deadline(&self) -> Option<u64> {
        self.toasts.next_expiry()
    }

    /// Whether [`Session::compose`] would paint anything.
    pub fn needs_frame(&self) -> bool {
        !self.damage.is_empty()
    }

    /// Damages the whole screen: for a screen whose contents are unknown.
    pub fn damage_all(&mut self) {
        self.damage.add(self.screen);
    }

    /// The size of a window's client area; `None` for a window that is gone.
    pub fn client_size(&self, id: WindowId) -> Option<Size> {
        let window = self.stack.window(id)?;
        Some(self.stack.metrics().client(window.frame()).size())
    }

    pub(crate) fn deliver(&mut self, id: WindowId, event: Event) {
        self.actions.push(Action::Deliver(id, event));
    }

    pub(crate) fn request(&mut self, action: Action) {
        self.actions.push(action);
    }

    /// Ends every operation: settles what depends on the whole, and hands out the actions.
    pub(crate) fn finish(&mut self) -> Vec<Action> {
        self.update_dock();
        self.update_hover();
        core::mem::take(&mut self.actions)
    }

    /// Takes over what the window stack has changed.
    pub(crate) fn apply(&mut self, changes: Changes) {
        for rect in &changes.damage {
            self.damage.add(rect.intersect(self.screen));
        }
        for (id, size) in changes.resized {
            self.deliver(id, Event::Resize(size));
        }
        if let Some(focus) = changes.focus {
            if let Some(lost) = focus.lost {
                self.deliver(lost, Event::Focus(false));
            }
            if let Some(gained) = focus.gained {
                self.deliver(gained, Event::Focus(true));
            }
            self.damage_tasks();
        }
    }

    fn damage_tasks(&mut self) {
        self.damage.add(self.panel.tasks());
    }

    fn damage_dock(&mut self) {
        if self.dock.visible {
            self.damage.add(self.dock.area);
        }
    }

    /// Hides or shows the dock as windows and pointer stand now.
    fn update_dock(&mut self) {
        let area = self.dock.area;
        let covered = self.stack.visible().any(|window| window.frame().intersects(area));
        let visible = self.launcher_apps().next().is_some()
            && self.screen.contains_rect(area)
            && (!covered || self.dock.summoned);
        if visible != self.dock.visible {
            self.dock.visible = visible;
            self.damage.add(self.dock.bounds().intersect(self.screen));
        }
    }

    /// How a window's button in the panel looks.
    pub(crate) fn task_state(&self, id: WindowId) -> TaskState {
        if self.stack.focused() == Some(id) {
            TaskState::Focused
        } else if self.stack.window(id).is_some_and(|window| window.is_minimised()) {
            TaskState::Minimised
        } else {
            TaskState::Open
        }
    }

    pub(crate) fn icon(&self, info: &WindowInfo) -> Icon {
        info.app.and_then(|app| self.apps.get(app)).map_or(Icon::Generic, |app| app.icon)
    }

    /// Whether a program of this identity has a window.
    pub(crate) fn is_running(&self, app: &AppInfo) -> bool {
        self.windows.values().any(|info| info.app.is_some_and(|index| self.apps[index].id == app.id))
    }

    pub(crate) fn overview(&self) -> Option<Overview> {
        self.stack.switcher().map(|(windows, _)| Overview::new(self.screen, windows.len()))
    }

    fn overview_bounds(&self) -> Rect {
        self.overview().map_or(Rect::EMPTY, |overview| card::bounds(overview.area))
    }

    /// The overview has changed from covering `before`.
    fn damage_overview(&mut self, before: Rect) {
        self.damage.add(before.union(self.overview_bounds()).intersect(self.screen));
    }

    fn open_menu(&mut self) {
        let menu = Menu::new(self.panel.area, self.launcher_apps().count());
        self.damage.add(card::bounds(menu.area).intersect(self.screen));
        self.damage.add(self.panel.launcher());
        self.menu = Some(menu);
    }

    fn close_menu(&mut self) {
        if let Some(menu) = self.menu.take() {
            self.damage.add(card::bounds(menu.area).intersect(self.screen));
            self.damage.add(self.panel.launcher());
        }
    }

    fn toggle_menu(&mut self) {
        if self.menu.is_some() { self.close_menu() } else { self.open_menu() }
    }

    /// Asks whether to leave; `answer` is what Enter gives.
    fn open_dialog(&mut self, answer: Answer) {
        self.close_menu();
        // The rest of the screen is dimmed.
        self.damage.add(self.screen);
        self.dialog = Some(Dialog::new(self.screen, answer));
    }

    fn answer_dialog(&mut self, answer: Answer) {
        self.dialog = None;
        self.damage.add(self.screen);
        match answer {
            Answer::Cancel => {}
            Answer::Restart => self.leave(Action::Restart),
            Answer::PowerOff => self.leave(Action::PowerOff),
        }
    }

    /// Leaves, unless that would lose what was not saved.
    fn leave(&mut self, action: Action) {
        let is_unsaved = |id: &WindowId| self.windows.get(id).is_some_and(|info| info.is_unsaved);
        let unsaved: Vec<WindowId> =
            self.stack.windows().map(|window| window.id()).filter(|id| is_unsaved(id)).collect();
        let Some(front) = unsaved.last().copied() else {
            self.request(action);
            return;
        };
        let changes = self.stack.focus(front);
        self.apply(changes);
        self.damage_tasks();
        for id in unsaved {
            self.deliver(id, Event::Close);
        }
        let text = "The machine stays on: there are unsaved changes. Save or discard them, then try again.";
        self.notify(ToastKind::Warning, text, self.now_ms);
    }

    /// Starts a program, or raises the window it has.
    fn activate_app(&mut self, app: &'static AppInfo) {
        let of_app = |info: &WindowInfo| {
            info.app.and_then(|index| self.apps.get(index)).is_some_and(|a| a.id == app.id)
        };
        let newest = self.stack.windows().rfind(|window| self.windows.get(&window.id()).is_some_and(of_app));
        match newest.map(|window| window.id()) {
            Some(id) => self.toggle_window(id),
            None => self.request(Action::Launch(app.id)),
        }
    }

    /// What a click on a window's button does: brings it to the front, or away when it is there.
    fn toggle_window(&mut self, id: WindowId) {
        let changes =
            if self.stack.focused() == Some(id) { self.stack.minimise(id) } else { self.stack.focus(id) };
        self.apply(changes);
        self.damage_tasks();
    }

    /// What changes its look when the pointer comes to or leaves `target`.
    pub(crate) fn highlight(&self, target: Target) -> Rect {
        match target {
            Target::MenuRow(row) => self.menu.as_ref().map_or(Rect::EMPTY, |menu| menu.row(row)),
            Target::Toast(index) => self.toasts.area(index),
            Target::Launcher => self.panel.launcher(),
            Target::Power => self.panel.power(),
            Target::Task(index) => self.panel.task(index, self.windows.len()),
            Target::DockIcon(index) => {
                let app = self.launcher_apps().nth(index);
                app.map_or(Rect::EMPTY, |app| self.dock.highlight(index, app))
            }
            Target::Window(id, wm::Part::Button(_)) => self.stack.window(id).map_or(Rect::EMPTY, |window| {
                let metrics = self.stack.metrics();
                let areas = wm::TitleButton::ALL.map(|button| metrics.button_area(window.frame(), button));
                areas.into_iter().fold(Rect::EMPTY, Rect::union)
            }),
            Target::Window(..)
            | Target::Dialog
            | Target::Overview(_)
            | Target::Menu
            | Target::Panel
            | Target::Dock
            | Target::Desktop => Rect::EMPTY,
        }
    }
}
