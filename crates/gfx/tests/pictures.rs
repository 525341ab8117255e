//! Pictures of everything that is drawn, to be looked at: `UPDATE_GOLDEN=1 cargo test -p gfx` draws them
//! anew.

use gfx::{
    Canvas, Color, Corners, Font, Icon, IconSize, Point, PointerShape, Rect, ShadowLevel, Size, Surface,
    Symbol, theme,
};

/// Draws on a surface of `size` filled with `background` and compares it with the golden image of that name.
fn picture(name: &str, size: Size, background: Color, draw: impl FnOnce(&mut Canvas)) {
    let mut surface = Surface::filled(size, background);
    draw(&mut surface.canvas());
    testkit::golden(name, surface.pixels(), size.width, size.height);
}

#[test]
fn text() {
    picture("text", Size::new(640, 424), theme::SURFACE, |canvas| {
        canvas.fill(Rect::new(320, 0, 320, 424), theme::TERMINAL_BACKGROUND);
        let lines = [
            "Quicklime boots in 0.9 s — “hello, world”",
            "The quick brown fox jumps over the lazy dog",
            "Größe, façade, žluťoučký kůň; 12:45 • 37 %",
        ];
        for (left, color) in [(12, theme::TEXT), (332, theme::TERMINAL_TEXT)] {
            let mut y = 10;
            for font in Font::ALL {
                let mut canvas = canvas.clipped(Rect::new(left, 0, 304, 424));
                for line in &lines[..if font == Font::Title { 2 } else { 3 }] {
                    canvas.text(Point::new(left, y), line, font, color);
                    y += font.line_height();
                }
                y += 6;
            }
        }
    });
}

#[test]
fn characters() {
    let printable =
        |range: std::ops::RangeInclusive<u32>| range.filter_map(char::from_u32).filter(|c| !c.is_control());
    let fonts = [Font::Small, Font::Ui, Font::UiBold, Font::Mono, Font::MonoBold];
    picture("characters", Size::new(620, 730), theme::SURFACE, |canvas| {
        let mut y = 6;
        for font in fonts {
            let mut all: Vec<char> = printable(0x20..=0x17f).collect();
            all.extend("–—‘’‚“”„†•…‹›€™−←↑→↓↔↕≈≠≤≥✓✗■●▲▶▼◀\u{2603}".chars());
            for line in all.chunks(62) {
                for (column, character) in line.iter().enumerate() {
                    let at = Point::new(8 + column as i32 * 98 / 10, y);
                    canvas.text(at, character.encode_utf8(&mut [0; 4]), font, theme::TEXT);
                }
                y += font.line_height();
            }
            y += 8;
        }
    });
}

#[test]
fn box_drawing() {
    let lines = [
        "┌──┬──┐ ╔══╦══╗ ╒══╤══╕ ╓──╥──╖ ┏━━┳━━┓ ╭──┬──╮",
        "│ab│cd│ ║ab║cd║ │  │  │ ║  ║  ║ ┃  ┃  ┃ │╲╱│╳ │",
        "├──┼──┤ ╠══╬══╣ ╞══╪══╡ ╟──╫──╢ ┣━━╋━━┫ ├──┼──┤",
        "│ef│gh│ ║ef║gh║ │  │  │ ║  ║  ║ ┃  ┃  ┃ │╱╲│  │",
        "└──┴──┘ ╚══╩══╝ ╘══╧══╛ ╙──╨──╜ ┗━━┻━━┛ ╰──┴──╯",
        "┝━┥┠─┨┍━┑┎─┒ ┄┄┄┅┅┅┈┈┈┉┉┉╌╌╌╍╍╍ ╴╵╶╷╸╹╺╻╼╽╾╿ ┆┇┊┋",
        "▁▂▃▄▅▆▇█▉▊▋▌▍▎▏ ░░▒▒▓▓ ▀▀▐▐ ▔▔▕ ▖▗▘▙▚▛▜▝▞▟ ┢╅╆┪┡╇",
    ];
    picture("box-drawing", Size::new(49 * 9 + 16, 7 * 18 + 16), theme::TERMINAL_BACKGROUND, |canvas| {
        for (index, line) in lines.iter().enumerate() {
            canvas.text(Point::new(8, 8 + 18 * index as i32), line, Font::Mono, theme::TERMINAL_TEXT);
        }
    });
}

#[test]
fn icons() {
    picture("icons", Size::new(640, 160), theme::SURFACE, |canvas| {
        canvas.diagonal_gradient(Rect::new(0, 80, 640, 80), &theme::WALLPAPER);
        for row in [0, 80] {
            for (index, icon) in Icon::ALL.into_iter().enumerate() {
                let x = 8 + 56 * index as i32;
                canvas.icon(icon, IconSize::Large, Point::new(x, row + 4));
                canvas.icon(icon, IconSize::Medium, Point::new(x, row + 54));
                canvas.icon(icon, IconSize::Small, Point::new(x + 28, row + 58));
            }
        }
    });
}

#[test]
fn symbols_and_pointers() {
    picture("symbols", Size::new(448, 120), theme::SURFACE, |canvas| {
        canvas.diagonal_gradient(Rect::new(0, 90, 448, 30), &theme::WALLPAPER);
        for (index, symbol) in Symbol::ALL.into_iter().enumerate() {
            canvas.symbol(symbol, Point::new(8 + 20 * index as i32, 6), theme::TEXT);
        }
        let buttons = [
            (Symbol::Close, theme::CLOSE),
            (Symbol::Minimise, theme::MINIMISE),
            (Symbol::Maximise, theme::MAXIMISE),
        ];
        for (index, (symbol, color)) in buttons.into_iter().enumerate() {
            let center = Point::new(16 + theme::WINDOW_BUTTON_PITCH * index as i32, 42);
            canvas.window_button(center, color, Some(symbol));
            canvas.window_button(center.offset(80, 0), color, None);
            canvas.window_button(center.offset(160, 0), theme::BUTTON_INACTIVE, None);
        }
        for (index, shape) in PointerShape::ALL.into_iter().enumerate() {
            canvas.pointer(shape, Point::new(20 + 40 * index as i32, 74));
            canvas.pointer(shape, Point::new(20 + 40 * index as i32, 105));
        }
    });
}

#[test]
fn shadows() {
    picture("shadows", Size::new(520, 200), Color::hex(0xdfe4ee), |canvas| {
        for (index, level) in ShadowLevel::ALL.into_iter().enumerate() {
            let (x, radius) = (40 + 165 * index as i32, [6, 10, 12][index]);
            for rect in [Rect::new(x, 30, 110, 70), Rect::new(x + 20, 140, 61, 23)] {
                canvas.shadow(rect, level);
                canvas.rounded_rect(rect, radius, theme::SURFACE_RAISED);
            }
        }
    });
}

#[test]
fn shapes() {
    picture("shapes", Size::new(520, 200), theme::SURFACE, |canvas| {
        for (index, radius) in [0, 1, 2, 4, 8, 16, 40].into_iter().enumerate() {
            let rect = Rect::new(10 + 70 * index as i32, 10, 60, 40);
            canvas.rounded_rect(rect, radius, theme::ACCENT);
            canvas.stroke_rounded_rect(
                rect.translate(0, 50),
                radius,
                1 + index as i32 % 3,
                theme::ACCENT_PRESSED,
            );
        }
        canvas.rounded_rect_corners(Rect::new(10, 110, 60, 30), Corners::top(12), theme::ACCENT_SOFT);
        canvas.rounded_rect_corners(
            Rect::new(10, 142, 60, 30),
            Corners::bottom(12),
            theme::ACCENT.with_alpha(128),
        );
        for (index, radius) in [0, 1, 2, 3, 5, 8, 13].into_iter().enumerate() {
            canvas.circle(Point::new(90 + 24 * index as i32, 125), radius, theme::DANGER);
        }
        for (index, turn) in
            [(60, 0), (60, 9), (60, 30), (60, 60), (30, 60), (9, 60), (0, 60)].into_iter().enumerate()
        {
            let from = Point::new(90 + 12 * index as i32, 145);
            canvas.line(from, from.offset(turn.0 * 2 / 3, turn.1 * 2 / 3), theme::TEXT);
        }
        let samples: Vec<u32> = (0..60).map(|x| (x * x * 7919 % 83 + x) % 100).collect();
        let rect = Rect::new(280, 110, 230, 80);
        canvas.rounded_rect(rect, 8, theme::SURFACE_SUNKEN);
        canvas.graph(rect.inset(6), &samples, 100, theme::ACCENT, theme::ACCENT.with_alpha(60));
    });
}

#[test]
fn gradients() {
    picture("gradients", Size::new(320, 120), Color::BLACK, |canvas| {
        canvas.diagonal_gradient(Rect::new(0, 0, 200, 120), &theme::WALLPAPER);
        canvas.gradient(Rect::new(200, 0, 60, 120), theme::ACCENT_HOVER, theme::ACCENT_PRESSED);
        canvas.gradient(Rect::new(260, 0, 60, 120), Color::hex(0x202020), Color::hex(0x242424));
    });
}

/// A desktop as programs compose it: what all of the above is for.
#[test]
fn desktop() {
    let size = Size::new(640, 400);
    picture("desktop", size, Color::BLACK, |canvas| {
        canvas.diagonal_gradient(Rect::at(Point::ZERO, size), &theme::WALLPAPER);
        canvas.blend(Rect::new(0, 0, 640, theme::PANEL_HEIGHT), theme::PANEL);
        canvas.text(Point::new(14, 6), "Quicklime", Font::UiBold, theme::PANEL_TEXT);
        canvas.text(Point::new(522, 6), "Fri 20 Nov  09:41", Font::Ui, theme::PANEL_TEXT);
        window(canvas, Rect::new(30, 56, 340, 240), "Files", ShadowLevel::Medium, false);
        let files = Rect::new(30, 56, 340, 240);
        canvas.rounded_rect_corners(
            Rect::new(files.x, files.y + 36, 110, 204),
            Corners { bottom_left: 12, ..Corners::SQUARE },
            theme::SURFACE_SUNKEN,
        );
        for (index, place) in ["Home", "Documents", "Pictures", "System"].into_iter().enumerate() {
            let row = Rect::new(files.x + 8, files.y + 46 + 30 * index as i32, 94, 28);
            if index == 1 {
                canvas.rounded_rect(row, theme::CONTROL_RADIUS, theme::ACCENT);
            }
            let (font, color) =
                if index == 1 { (Font::UiBold, theme::ON_ACCENT) } else { (Font::Ui, theme::TEXT) };
            canvas.icon(Icon::Folder, IconSize::Small, row.origin().offset(6, 6));
            canvas.text_cut(row.origin().offset(26, 5), 66, place, font, color);
        }
        for (index, name) in ["src", "notes.txt", "kernel.elf"].into_iter().enumerate() {
            let at = Point::new(files.x + 126 + 70 * index as i32, files.y + 52);
            canvas.icon(if index == 0 { Icon::Folder } else { Icon::File }, IconSize::Large, at.offset(6, 0));
            canvas.text_centered(Rect::new(at.x, at.y + 52, 60, 16), name, Font::Small, theme::TEXT);
        }
        let terminal = Rect::new(200, 150, 410, 210);
        window(canvas, terminal, "Terminal", ShadowLevel::High, true);
        let inside = terminal.inset_by(0, theme::TITLE_BAR_HEIGHT, 0, 0);
        canvas.rounded_rect_corners(
            inside,
            Corners::bottom(theme::WINDOW_RADIUS),
            theme::TERMINAL_BACKGROUND,
        );
        for (index, line) in [
            "user@quicklime:~$ ls -la /disk | head",
            "drwxr-xr-x 4 root root 4096 Nov 20 09:25 share",
            "┌─ tree ─┐ ▂▃▅▇",
            "fn main() -> Result<(), Error> { … }",
        ]
        .into_iter()
        .enumerate()
        {
            let color = theme::TERMINAL_COLORS[[2, 7, 4, 3][index]];
            canvas.clipped(inside).text(
                Point::new(inside.x + 10, inside.y + 8 + 18 * index as i32),
                line,
                Font::Mono,
                color,
            );
        }
        let dock = Rect::new(190, 336, 260, 58);
        canvas.shadow(dock, ShadowLevel::Medium);
        canvas.rounded_rect(dock, 14, theme::DOCK);
        for (index, icon) in [Icon::Files, Icon::Terminal, Icon::Monitor, Icon::Snake].into_iter().enumerate()
        {
            canvas.icon(icon, IconSize::Large, dock.origin().offset(10 + 64 * index as i32, 5));
        }
        canvas.pointer(PointerShape::Arrow, Point::new(330, 120));
    });
}

fn window(canvas: &mut Canvas, rect: Rect, title: &str, level: ShadowLevel, dark: bool) {
    canvas.shadow(rect, level);
    canvas.rounded_rect(rect, theme::WINDOW_RADIUS, theme::SURFACE);
    let bar = Rect::new(rect.x, rect.y, rect.width, theme::TITLE_BAR_HEIGHT);
    let (color, text) = if dark {
        (theme::TERMINAL_TITLE_BAR, theme::TERMINAL_TEXT)
    } else {
        (theme::TITLE_BAR, theme::TITLE_TEXT)
    };
    canvas.rounded_rect_corners(bar, Corners::top(theme::WINDOW_RADIUS), color);
    canvas.text_centered(bar, title, Font::UiBold, text);
    for (index, color) in [theme::CLOSE, theme::MINIMISE, theme::MAXIMISE].into_iter().enumerate() {
        canvas.window_button(Point::new(rect.x + 20 + 20 * index as i32, rect.y + 18), color, None);
    }
    canvas.stroke_rounded_rect(rect, theme::WINDOW_RADIUS, 1, theme::WINDOW_OUTLINE);
}
