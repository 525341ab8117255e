//! The System Monitor: load of each CPU, memory, and the threads, looked at once a second.
//!
//! `table.rs` keeps and sorts the threads, `layout.rs` says where everything lies, `paint.rs`
//! draws. This file takes the events.

mod layout;
mod paint;
mod table;

use gfx::{Canvas, Damage, Rect, Size, theme};
use ui::kit::{Graph, ScrollBar};
use ui::{App, Button, Event, Host, Key, PointerEvent, PointerKind, Response, SystemFigures};

use layout::Layout;
use paint::Painted;
use table::Table;

const REFRESH_MS: u64 = 1000;
/// Seconds that the graphs show.
const HISTORY: usize = 60;
const WHEEL_ROWS: i32 = 3;

/// The System Monitor's window.
pub struct Monitor {
    size: Size,
    layout: Layout,
    figures: SystemFigures,
    cpu_history: Graph,
    memory_history: Graph,
    table: Table,
    scroll: ScrollBar,
    painted: Painted,
}

impl Monitor {
    /// A monitor that has seen nothing yet.
    pub fn new() -> Monitor {
        Monitor {
            size: Size::ZERO,
            layout: Layout::default(),
            figures: SystemFigures::default(),
            cpu_history: Graph::new(HISTORY, theme::ACCENT),
            memory_history: Graph::new(HISTORY, theme::SUCCESS),
            table: Table::new(),
            scroll: ScrollBar::new(Rect::EMPTY),
            painted: Painted::default(),
        }
    }

    fn look(&mut self, host: &mut dyn Host) {
        let cpus_before = self.figures.cpu_busy_percent.len();
        self.figures = host.system();
        self.cpu_history.push(self.mean_load());
        // In KiB, because the graph counts in 32 bits: enough for 4 TiB.
        self.memory_history.push(kibibytes(self.figures.memory_used));
        self.table.update(&self.figures.threads, host.now_ms());
        if self.figures.cpu_busy_percent.len() != cpus_before {
            self.lay_out();
        }
        self.painted.figures_changed();
        self.update_scroll(self.scroll.first());
    }

    /// Mean load of all CPUs, in per cent.
    fn mean_load(&self) -> u32 {
        let loads = &self.figures.cpu_busy_percent;
        let sum: u32 = loads.iter().map(|percent| u32::from(*percent).min(100)).sum();
        sum.checked_div(loads.len() as u32).unwrap_or(0)
    }

    fn lay_out(&mut self) {
        self.layout = Layout::new(self.size, self.figures.cpu_busy_percent.len());
        let rows = self.layout.table_rows;
        let x = self.layout.table_card.right() - theme::SCROLL_BAR - 2;
        self.scroll.area = Rect::new(x, rows.y, theme::SCROLL_BAR, rows.height);
        self.update_scroll(self.scroll.first());
        self.painted.forget();
    }

    fn update_scroll(&mut self, first: usize) {
        self.scroll.set(self.table.rows.len(), self.layout.rows(), first);
    }

    fn key(&mut self, key: Key) -> bool {
        let page = self.layout.rows().max(1) as i32;
        let rows = match key {
            Key::Up => -1,
            Key::Down => 1,
            Key::PageUp => -page,
            Key::PageDown => page,
            Key::Home => i32::MIN + 1,
            Key::End => i32::MAX,
            _ => return false,
        };
        self.scroll.scroll(rows)
    }

    fn pointer(&mut self, event: &PointerEvent) -> bool {
        match event.kind {
            PointerKind::Wheel(notches) => self.scroll.scroll(notches.saturating_mul(-WHEEL_ROWS)),
            PointerKind::Pressed(Button::Primary) if self.layout.table_head.contains(event.position) => {
                if let Some(column) = self.table.columns.at(self.layout.table_head, event.position) {
                    self.table.sort_by(column);
                    self.painted.order_changed();
                    return true;
                }
                false
            }
            _ => {
                let over = (event.kind != PointerKind::Left).then_some(event.position);
                let head = self.layout.table_head;
                if self.table.columns.hover(head, over.filter(|point| head.contains(*point))) {
                    self.painted.order_changed();
                    self.scroll.pointer(event);
                    return true;
                }
                self.scroll.pointer(event)
            }
        }
    }
}

impl Default for Monitor {
    fn default() -> Self {
        Monitor::new()
    }
}

impl App for Monitor {
    fn title(&self) -> &str {
        "System Monitor"
    }

    fn initial_size(&self) -> Size {
        Size::new(640, 480)
    }

    fn minimum_size(&self) -> Size {
        Size::new(580, 340)
    }

    fn event(&mut self, event: Event, host: &mut dyn Host) -> Response {
        match event {
            Event::Resize(size) => {
                self.size = size;
                if self.cpu_history.samples().is_empty() {
                    self.look(host);
                }
                self.lay_out();
                Response::Redraw
            }
            Event::Tick { .. } => {
                self.look(host);
                Response::Redraw
            }
            Event::Key(key) => Response::redraw_if(key.is_down() && self.key(key.key)),
            Event::Pointer(pointer) => Response::redraw_if(self.pointer(&pointer)),
            Event::Close => Response::Close,
            Event::Focus(_) | Event::Data => Response::Nothing,
        }
    }

    fn draw(&mut self, canvas: &mut Canvas<'_>, damage: &mut Damage) {
        paint::draw(self, canvas, damage);
    }

    fn tick_interval_ms(&self) -> Option<u64> {
        Some(REFRESH_MS)
    }
}

fn kibibytes(bytes: u64) -> u32 {
    u32::try_from(bytes / 1024).unwrap_or(u32::MAX)
}
