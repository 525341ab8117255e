//! One frame: what is damaged is cut into what is visible of each layer, and painted.
//!
//! The layers are listed from front to back. For each damaged rectangle the walk down keeps the
//! region that is still to be seen; a layer gets the parts of it inside its bounds, and its opaque
//! parts are then taken out. So nothing is painted below an opaque thing. The walk back up paints, so
//! that translucent edges and shadows blend with what is really beneath.

use alloc::vec::Vec;

use gfx::{Canvas, Color, Damage, Rect, Surface, theme};
use wm::{Part, Window, WindowId};

use crate::{card, decoration::Decoration, panel::Task, region::Region, session::Session, target::Target};

/// Laid over the screen behind the modal dialog.
const DIM: Color = Color::rgba(10, 12, 24, 96);
/// From the half of the screen to the preview of a snap inside it.
const PREVIEW_INSET: i32 = 8;

/// Where a session finds the pixels that programs have drawn.
pub trait Surfaces {
    /// Calls `draw` with the window's surface, if it has one. The surface must not change while
    /// `draw` runs; its size may differ from the client area's while a program has yet to answer a
    /// resize.
    fn with_surface(&self, window: WindowId, draw: &mut dyn FnMut(&Surface));
}

/// One thing on the screen.
#[derive(Clone, Copy)]
enum Layer<'a> {
    Pointer,
    Dialog,
    Overview,
    Menu,
    Toast(usize),
    Panel,
    Dock,
    Window(&'a Window),
    Preview(Rect),
    Background,
}

impl Session {
    /// Paints everything damaged since the last frame into `target`, a canvas of the screen's size
    /// that still holds the last frame, and returns what it painted.
    pub fn compose(&mut self, target: &mut Canvas<'_>, surfaces: &dyn Surfaces) -> Damage {
        let damage = self.damage.take();
        let layers = self.layers();
        for rect in damage.rects() {
            self.compose_rect(&layers, target, rect.intersect(self.screen), surfaces);
        }
        damage
    }

    fn compose_rect(
        &self,
        layers: &[Layer<'_>],
        target: &mut Canvas<'_>,
        rect: Rect,
        surfaces: &dyn Surfaces,
    ) {
        let mut visible = Region::of(rect);
        let mut parts: Vec<(Layer<'_>, Rect)> = Vec::new();
        for layer in layers {
            let bounds = self.bounds(*layer);
            parts.extend(visible.within(bounds).map(|part| (*layer, part)));
            for opaque in self.opaque(*layer) {
                visible.subtract(opaque);
            }
            if visible.is_empty() {
                break;
            }
        }
        for (layer, part) in parts.into_iter().rev() {
            self.paint(layer, &mut target.clipped(part), surfaces);
        }
    }

    /// Everything on the screen, front to back.
    fn layers(&self) -> Vec<Layer<'_>> {
        let mut layers = Vec::with_capacity(self.windows.len() + self.toasts.len() + 8);
        layers.push(Layer::Pointer);
        layers.extend(self.dialog.as_ref().map(|_| Layer::Dialog));
        layers.extend(self.stack.switcher().map(|_| Layer::Overview));
        layers.extend(self.menu.as_ref().map(|_| Layer::Menu));
        layers.extend((0..self.toasts.len()).map(Layer::Toast));
        layers.push(Layer::Panel);
        layers.extend(self.dock.visible.then_some(Layer::Dock));
        let mut windows = self.stack.visible().rev();
        // The preview of a snap lies right below the window that is being moved, which is on top.
        layers.extend(windows.next().map(Layer::Window));
        layers.extend(self.stack.snap_preview().map(Layer::Preview));
        layers.extend(windows.map(Layer::Window));
        layers.push(Layer::Background);
        layers
    }

    /// Everything a layer may paint.
    fn bounds(&self, layer: Layer<'_>) -> Rect {
        match layer {
            Layer::Pointer => self.pointer.bounds(),
            Layer::Dialog | Layer::Background => self.screen,
            Layer::Overview => self.overview().map_or(Rect::EMPTY, |overview| card::bounds(overview.area)),
            Layer::Menu => self.menu.as_ref().map_or(Rect::EMPTY, |menu| card::bounds(menu.area)),
            Layer::Toast(index) => card::bounds(self.toasts.area(index)),
            Layer::Panel => self.panel.area,
            Layer::Dock => self.dock.bounds(),
            Layer::Window(window) => self.stack.metrics().visual(window.frame(), window.placement()),
            Layer::Preview(rect) => rect,
        }
    }

    /// The parts of a layer through which nothing shows.
    fn opaque(&self, layer: Layer<'_>) -> [Rect; 3] {
        let hidden = match layer {
            Layer::Dialog => self.dialog.as_ref().map(|dialog| dialog.area),
            Layer::Overview => self.overview().map(|overview| overview.area),
            Layer::Menu => self.menu.as_ref().map(|menu| menu.area),
            Layer::Toast(index) => Some(self.toasts.area(index)),
            // Its background is a copy of the wallpaper's.
            Layer::Panel => return [self.panel.area, Rect::EMPTY, Rect::EMPTY],
            Layer::Window(window) => return self.decoration(window).opaque(),
            Layer::Pointer | Layer::Dock | Layer::Preview(_) | Layer::Background => None,
        };
        hidden.map_or([Rect::EMPTY; 3], card::opaque)
    }

    fn paint(&self, layer: Layer<'_>, canvas: &mut Canvas<'_>, surfaces: &dyn Surfaces) {
        match layer {
            Layer::Pointer => canvas.pointer(self.pointer.shape, self.pointer.position),
            Layer::Dialog => {
                canvas.blend(self.screen, DIM);
                if let Some(dialog) = &self.dialog {
                    dialog.draw(canvas);
                }
            }
            Layer::Overview => self.paint_overview(canvas),
            Layer::Menu => {
                if let Some(menu) = &self.menu {
                    menu.draw(canvas, self.launcher_apps());
                }
            }
            Layer::Toast(index) => {
                self.toasts.draw(canvas, index, self.pointer.hover == Target::Toast(index));
            }
            Layer::Panel => self.paint_panel(canvas),
            Layer::Dock => {
                let apps = self.launcher_apps().map(|app| (app, self.is_running(app)));
                self.dock.draw(canvas, apps, self.pointer.hover);
            }
            Layer::Window(window) => self.paint_window(canvas, window, surfaces),
            Layer::Preview(rect) => {
                let rect = rect.inset(PREVIEW_INSET);
                canvas.rounded_rect(rect, theme::WINDOW_RADIUS, theme::ACCENT.with_alpha(72));
                canvas.stroke_rounded_rect(rect, theme::WINDOW_RADIUS, 2, theme::ACCENT.lighter(80));
            }
            Layer::Background => self.paint_background(canvas),
        }
    }

    fn paint_background(&self, canvas: &mut Canvas<'_>) {
        canvas.blit(&self.background, self.background.bounds(), self.screen.origin());
    }

    fn paint_panel(&self, canvas: &mut Canvas<'_>) {
        self.paint_background(canvas);
        let tasks = self.windows.iter().map(|(id, info)| Task {
            title: &info.title,
            icon: self.icon(info),
            state: self.task_state(*id),
        });
        self.panel.draw(canvas, tasks, self.pointer.hover, self.menu.is_some());
    }

    fn paint_overview(&self, canvas: &mut Canvas<'_>) {
        let (Some(overview), Some((windows, selected))) = (self.overview(), self.stack.switcher()) else {
            return;
        };
        let windows = windows.iter().filter_map(|id| self.windows.get(id));
        let windows = windows.map(|info| (self.icon(info), info.title.as_str()));
        overview.draw(canvas, windows, selected);
    }

    fn paint_window(&self, canvas: &mut Canvas<'_>, window: &Window, surfaces: &dyn Surfaces) {
        let decoration = self.decoration(window);
        let metrics = self.stack.metrics();
        let client = metrics.client(window.frame());
        let mut painted = false;
        // The surface is held only while its pixels are needed.
        if canvas.clip().intersects(client) {
            surfaces.with_surface(window.id(), &mut |surface| {
                decoration.draw(canvas, metrics, &self.corners, Some(surface));
                painted = true;
            });
        }
        if !painted {
            decoration.draw(canvas, metrics, &self.corners, None);
        }
    }

    pub(crate) fn decoration(&self, window: &Window) -> Decoration<'_> {
        let info = self.windows.get(&window.id());
        let on_button = |target: Option<Target>| match target {
            Some(Target::Window(id, Part::Button(button))) if id == window.id() => Some(button),
            _ => None,
        };
        let hovered = on_button(Some(self.pointer.hover));
        Decoration {
            frame: window.frame(),
            placement: window.placement(),
            title: info.map_or("", |info| &info.title),
            style: info.map(|info| info.title_bar).unwrap_or_default(),
            focused: self.stack.focused() == Some(window.id()),
            hovered,
            pressed: hovered.is_some() && on_button(self.pointer.pressed) == hovered,
        }
    }
}
