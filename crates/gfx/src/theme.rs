//! The look: one palette and one set of measures for everything on the screen.

use crate::Color;

/// The one accent: what is selected, focused or running.
pub const ACCENT: Color = Color::hex(0x3b82f6);
/// The accent under the pointer.
pub const ACCENT_HOVER: Color = Color::hex(0x5b9bff);
/// The accent while pressed.
pub const ACCENT_PRESSED: Color = Color::hex(0x2563eb);
/// A tint of the accent behind things that are selected but not focused.
pub const ACCENT_SOFT: Color = Color::hex(0xdbe8fe);
/// Behind selected text.
pub const SELECTION: Color = Color::hex(0xbcd4fb);
/// Behind text that was searched for.
pub const FOUND: Color = Color::hex(0xffe9a8);
/// Text and symbols on the accent.
pub const ON_ACCENT: Color = Color::WHITE;

/// The inside of a window.
pub const SURFACE: Color = Color::hex(0xf8f9fc);
/// Side bars and cards, set off from the inside of a window.
pub const SURFACE_SUNKEN: Color = Color::hex(0xeff1f6);
/// Fields, menus and cards that stand out from the inside of a window.
pub const SURFACE_RAISED: Color = Color::WHITE;
/// A row or a button under the pointer.
pub const SURFACE_HOVER: Color = Color::hex(0xe6e9f0);
/// A button while pressed.
pub const SURFACE_PRESSED: Color = Color::hex(0xd9dde7);
/// Lines between parts, borders of fields.
pub const BORDER: Color = Color::hex(0xd5d9e2);

/// Text.
pub const TEXT: Color = Color::hex(0x1f2430);
/// Text of lesser weight: captions, hints.
pub const TEXT_MUTED: Color = Color::hex(0x6b7280);
/// Text that can't be acted on.
pub const TEXT_DISABLED: Color = Color::hex(0xa6adba);

/// The title bar of the window in front.
pub const TITLE_BAR: Color = Color::hex(0xe9ebf0);
/// The title bar of the other windows.
pub const TITLE_BAR_INACTIVE: Color = Color::hex(0xf1f2f6);
/// The title of the window in front.
pub const TITLE_TEXT: Color = Color::hex(0x2d3340);
/// The title of the other windows.
pub const TITLE_TEXT_INACTIVE: Color = Color::hex(0x9097a5);
/// The hairline around a window, over whatever lies beneath.
pub const WINDOW_OUTLINE: Color = Color::rgba(0, 0, 0, 46);

/// The window button that closes.
pub const CLOSE: Color = Color::hex(0xff5f57);
/// The window button that minimises.
pub const MINIMISE: Color = Color::hex(0xfebc2e);
/// The window button that maximises.
pub const MAXIMISE: Color = Color::hex(0x28c840);
/// All window buttons of a window that is not in front.
pub const BUTTON_INACTIVE: Color = Color::hex(0xcdd1da);

/// Something went well.
pub const SUCCESS: Color = Color::hex(0x10b981);
/// Something wants attention.
pub const WARNING: Color = Color::hex(0xf59e0b);
/// Something failed.
pub const DANGER: Color = Color::hex(0xef4444);

/// The panel, over the wallpaper.
pub const PANEL: Color = Color::rgba(0x12, 0x15, 0x24, 168);
/// Text and symbols on the panel.
pub const PANEL_TEXT: Color = Color::hex(0xf1f4fb);
/// The dock, over the wallpaper.
pub const DOCK: Color = Color::rgba(0xff, 0xff, 0xff, 64);

/// The wallpaper's gradient, from the top left to the bottom right.
pub const WALLPAPER: [Color; 3] = [Color::hex(0x3b2667), Color::hex(0x2c5f9e), Color::hex(0x1ba4a8)];

/// A terminal's background.
pub const TERMINAL_BACKGROUND: Color = Color::hex(0x181a24);
/// A terminal's text.
pub const TERMINAL_TEXT: Color = Color::hex(0xcdd3e6);
/// A terminal's title bar.
pub const TERMINAL_TITLE_BAR: Color = Color::hex(0x242736);
/// A terminal's sixteen colours, in the order of the SGR codes 30–37 and 90–97.
pub const TERMINAL_COLORS: [Color; 16] = [
    Color::hex(0x2a2e3f),
    Color::hex(0xf07a8a),
    Color::hex(0x9fd88a),
    Color::hex(0xf0cf8a),
    Color::hex(0x7fa8f5),
    Color::hex(0xc79bf0),
    Color::hex(0x7fd6d8),
    Color::hex(0xcdd3e6),
    Color::hex(0x5a6178),
    Color::hex(0xff9aa8),
    Color::hex(0xb9eda6),
    Color::hex(0xffe2a8),
    Color::hex(0xa3c3ff),
    Color::hex(0xddbcff),
    Color::hex(0xa3ecee),
    Color::hex(0xf5f7ff),
];

/// The radius of a window's corners, in pixels.
pub const WINDOW_RADIUS: i32 = 12;
/// The radius of cards, menus and dialogs, in pixels.
pub const CARD_RADIUS: i32 = 10;
/// The radius of buttons, fields and selected rows, in pixels.
pub const CONTROL_RADIUS: i32 = 6;

/// The unit of distance: gaps are multiples or halves of it, in pixels.
pub const SPACING: i32 = 8;
/// The height of a window's title bar, in pixels.
pub const TITLE_BAR_HEIGHT: i32 = 36;
/// The diameter of a window button, in pixels.
pub const WINDOW_BUTTON: i32 = 12;
/// From the middle of one window button to the next, in pixels.
pub const WINDOW_BUTTON_PITCH: i32 = 20;
/// The height of the panel, in pixels.
pub const PANEL_HEIGHT: i32 = 30;
/// The height of buttons and fields, in pixels.
pub const CONTROL_HEIGHT: i32 = 28;
/// The height of a row of a list or a menu, in pixels.
pub const ROW_HEIGHT: i32 = 28;
/// The width of a scroll bar, in pixels.
pub const SCROLL_BAR: i32 = 8;
