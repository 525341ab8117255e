//! About: what this system is, what it runs on, and the keys that work everywhere.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use gfx::{Canvas, Damage, Font, Icon, IconSize, Point, Rect, Size, theme};
use ui::kit::{Tabs, label};
use ui::{App, Event, Host, Key, Modifiers, Response};

use crate::MachineFacts;

const MARGIN: i32 = 20;
const HEADER: i32 = 84;
const TABS: i32 = 32;
/// With [`SHORTCUTS`] it makes the window just fit a screen of 480 lines below the panel.
const ROW: i32 = 23;
/// Width of the first column of either list.
const NAMES: i32 = 116;
const KEYS: i32 = 190;

/// The desktop's shortcuts (docs/desktop.md), then the Terminal's.
const SHORTCUTS: [(&str, &str); 12] = [
    ("Super", "Open or close the menu"),
    ("Alt+Tab", "Walk through the windows"),
    ("Super+Left, Right", "Put the window on one half"),
    ("Super+Up, Down", "Maximise, restore, minimise"),
    ("Alt+F4", "Close the window"),
    ("Alt+F9, Alt+F10", "Minimise, maximise"),
    ("Ctrl+Alt+T", "Open a Terminal"),
    ("Ctrl+Alt+Delete", "Switch off or restart"),
    ("Tab, Up", "Complete, recall (Terminal)"),
    ("Ctrl+C", "Interrupt (Terminal)"),
    ("Shift+PageUp, PageDown", "Scroll back (Terminal)"),
    ("Ctrl+Shift+C, V", "Copy, paste (Terminal)"),
];

/// The window that says what this is.
pub struct About {
    facts: MachineFacts,
    size: Size,
    tabs: Tabs,
    /// Name and value of each fact shown.
    rows: Vec<(&'static str, String)>,
}

impl About {
    /// The facts come from whoever started the machine; what is not known is left out.
    pub fn new(facts: MachineFacts) -> About {
        About {
            facts,
            size: Size::ZERO,
            tabs: Tabs::new(Rect::EMPTY, &["System", "Keyboard"]),
            rows: Vec::new(),
        }
    }

    /// Facts are looked up when the window opens; they don't change.
    fn look(&mut self, host: &mut dyn Host) {
        let figures = host.system();
        let cpus = figures.cpu_busy_percent.len();
        let plural = if cpus == 1 { "" } else { "s" };
        let rows = [
            ("Kernel", format!("Quicklime {} for x86-64", self.facts.version)),
            ("Started by", self.facts.loader.clone()),
            ("Processor", self.facts.processor.clone()),
            ("CPUs", format!("{cpus} CPU{plural} at work")),
            ("Memory", units::bytes(figures.memory_total)),
            ("Display", self.facts.display.clone()),
            ("Running for", units::duration(figures.uptime_ms)),
        ];
        self.rows = rows.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    }

    fn list(&self) -> Rect {
        Rect::from_edges(MARGIN, HEADER + TABS + 10, self.size.width - MARGIN, self.size.height)
    }

    fn draw_header(&self, canvas: &mut Canvas<'_>) {
        let icon = IconSize::Large.pixels();
        canvas.icon(Icon::About, IconSize::Large, Point::new(MARGIN, (HEADER - icon) / 2));
        let x = MARGIN + icon + 16;
        let title = Font::Title.line_height();
        let top = (HEADER - title - Font::Ui.line_height()) / 2;
        canvas.text(Point::new(x, top), "Quicklime", Font::Title, theme::TEXT);
        let line = format!("Version {}, a desktop system written in Rust", self.facts.version);
        let area = Rect::new(x, top + title, self.size.width - x - MARGIN, Font::Ui.line_height());
        label(canvas, area, &line, Font::Ui, theme::TEXT_MUTED);
    }

    fn draw_rows<'a>(
        &self,
        canvas: &mut Canvas<'_>,
        names: i32,
        rows: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> i32 {
        let area = self.list();
        let mut y = area.y;
        for (name, value) in rows {
            label(canvas, Rect::new(area.x, y, names - 8, ROW), name, Font::UiBold, theme::TEXT);
            let value_area = Rect::new(area.x + names, y, area.width - names, ROW);
            label(canvas, value_area, value, Font::Ui, theme::TEXT_MUTED);
            y += ROW;
        }
        y
    }

    fn draw_link(&self, canvas: &mut Canvas<'_>, y: i32) {
        let area = self.list();
        canvas.fill(Rect::new(area.x, y + 8, area.width, 1), theme::BORDER);
        let line = "Free software (MIT or Apache 2.0). Start reading at docs/architecture.md.";
        label(canvas, Rect::new(area.x, y + 14, area.width, ROW), line, Font::Small, theme::TEXT_MUTED);
    }
}

impl App for About {
    fn title(&self) -> &str {
        "About Quicklime"
    }

    fn initial_size(&self) -> Size {
        Size::new(500, 440)
    }

    fn minimum_size(&self) -> Size {
        Size::new(420, 412)
    }

    fn event(&mut self, event: Event, host: &mut dyn Host) -> Response {
        match event {
            Event::Resize(size) => {
                self.size = size;
                if self.rows.is_empty() {
                    self.look(host);
                }
                self.tabs.area = Rect::new(MARGIN, HEADER, size.width - 2 * MARGIN, TABS);
                Response::Redraw
            }
            Event::Pointer(pointer) => Response::redraw_if(self.tabs.pointer(&pointer)),
            Event::Key(key) if key.is_down() => match key.key {
                Key::Tab | Key::Left | Key::Right => {
                    let backwards = key.key == Key::Left || key.modifiers.contains(Modifiers::SHIFT);
                    self.tabs.step(!backwards);
                    Response::Redraw
                }
                Key::Escape => Response::Close,
                _ => Response::Nothing,
            },
            Event::Close => Response::Close,
            Event::Key(_) | Event::Focus(_) | Event::Tick { .. } | Event::Data => Response::Nothing,
        }
    }

    fn draw(&mut self, canvas: &mut Canvas<'_>, damage: &mut Damage) {
        canvas.clear(theme::SURFACE);
        self.draw_header(canvas);
        self.tabs.draw(canvas);
        if self.tabs.selected() == 0 {
            let y =
                self.draw_rows(canvas, NAMES, self.rows.iter().map(|(name, value)| (*name, value.as_str())));
            self.draw_link(canvas, y);
        } else {
            self.draw_rows(canvas, KEYS, SHORTCUTS.into_iter());
        }
        damage.add(Rect::at(Point::ZERO, self.size));
    }
}
