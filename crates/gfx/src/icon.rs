//! Pictures that `build/` drew: application icons, one-colour symbols and mouse pointers.

use crate::baked::{ICONS, POINTER_HOTSPOTS, POINTERS, SYMBOLS};
use crate::{Point, Rect};

/// An application's icon, in its own colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Icon {
    /// A prompt on a dark screen.
    Terminal,
    /// A load graph: the system monitor.
    Monitor,
    /// The letter i: about this system.
    About,
    /// The game.
    Snake,
    /// A folder: the file manager.
    Files,
    /// A sheet and a pencil: the text editor.
    Editor,
    /// Sliders.
    Settings,
    /// The sign on a power switch.
    Power,
    /// An application that has no icon of its own.
    Generic,
    /// A folder, as a file list shows it.
    Folder,
    /// A file, as a file list shows it.
    File,
}

/// The sizes that icons were drawn for. Each is drawn anew, none is scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IconSize {
    /// 16 pixels square: title bars, lists.
    Small,
    /// 24 pixels square: menus, the panel.
    Medium,
    /// 48 pixels square: the launcher, the desktop.
    Large,
}

impl IconSize {
    /// Every size, smallest first.
    pub const ALL: [IconSize; 3] = [IconSize::Small, IconSize::Medium, IconSize::Large];

    /// The side of the square, in pixels.
    pub const fn pixels(self) -> i32 {
        match self {
            IconSize::Small => 16,
            IconSize::Medium => 24,
            IconSize::Large => 48,
        }
    }
}

impl Icon {
    /// Every icon, for tables and test sheets.
    pub const ALL: [Icon; 11] = [
        Icon::Terminal,
        Icon::Monitor,
        Icon::About,
        Icon::Snake,
        Icon::Files,
        Icon::Editor,
        Icon::Settings,
        Icon::Power,
        Icon::Generic,
        Icon::Folder,
        Icon::File,
    ];

    /// The premultiplied pixels of the icon in `size`, row after row.
    pub(crate) fn image(self, size: IconSize) -> &'static [u32] {
        let area = |size: IconSize| (size.pixels() * size.pixels()) as usize;
        let each: usize = IconSize::ALL.map(area).iter().sum();
        let before: usize = IconSize::ALL.iter().take(size as usize).map(|&smaller| area(smaller)).sum();
        let start = self as usize * each + before;
        &ICONS[start..start + area(size)]
    }
}

/// A sign of one colour, 16 pixels square: window buttons and small controls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Symbol {
    /// A cross: close.
    Close,
    /// A low bar: minimise.
    Minimise,
    /// A frame: maximise.
    Maximise,
    /// Two frames: back to the former size.
    Restore,
    /// An arrowhead up.
    ChevronUp,
    /// An arrowhead down.
    ChevronDown,
    /// An arrowhead to the left: back.
    ChevronLeft,
    /// An arrowhead to the right: forward.
    ChevronRight,
    /// A tick.
    Check,
    /// A cross of bars: new.
    Plus,
    /// A lens: search.
    Search,
    /// Three bars: menu.
    Menu,
    /// Three by three dots: the launcher.
    Grid,
    /// The sign on a power switch.
    Power,
    /// A round arrow: reboot, reload.
    Restart,
    /// An arrow back: undo.
    Undo,
    /// An arrow forth: redo.
    Redo,
    /// A bin: the trash.
    Trash,
    /// A drive: a disk.
    Disk,
    /// A clock: what does not last.
    Clock,
    /// A screen on a foot: the computer, all there is.
    Computer,
    /// A folder.
    Folder,
}

impl Symbol {
    /// The side of the square that a symbol fills, in pixels.
    pub const SIDE: i32 = 16;

    /// Every symbol, for tables and test sheets.
    pub const ALL: [Symbol; 22] = [
        Symbol::Close,
        Symbol::Minimise,
        Symbol::Maximise,
        Symbol::Restore,
        Symbol::ChevronUp,
        Symbol::ChevronDown,
        Symbol::ChevronLeft,
        Symbol::ChevronRight,
        Symbol::Check,
        Symbol::Plus,
        Symbol::Search,
        Symbol::Menu,
        Symbol::Grid,
        Symbol::Power,
        Symbol::Restart,
        Symbol::Undo,
        Symbol::Redo,
        Symbol::Trash,
        Symbol::Disk,
        Symbol::Clock,
        Symbol::Computer,
        Symbol::Folder,
    ];

    /// How much of each pixel the symbol covers, row after row.
    pub(crate) fn coverage(self) -> &'static [u8] {
        const AREA: usize = (Symbol::SIDE * Symbol::SIDE) as usize;
        &SYMBOLS[self as usize * AREA..][..AREA]
    }
}

/// What the mouse pointer looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PointerShape {
    /// The arrow.
    #[default]
    Arrow,
    /// A beam between letters.
    Text,
    /// A hand: something to press.
    Hand,
    /// Four arrows: moving.
    Move,
    /// Left and right arrows: resizing the width.
    ResizeHorizontal,
    /// Up and down arrows: resizing the height.
    ResizeVertical,
    /// Arrows to the top left and bottom right.
    ResizeDiagonalDown,
    /// Arrows to the bottom left and top right.
    ResizeDiagonalUp,
}

impl PointerShape {
    /// Every shape, for tables and test sheets.
    pub const ALL: [PointerShape; 8] = [
        PointerShape::Arrow,
        PointerShape::Text,
        PointerShape::Hand,
        PointerShape::Move,
        PointerShape::ResizeHorizontal,
        PointerShape::ResizeVertical,
        PointerShape::ResizeDiagonalDown,
        PointerShape::ResizeDiagonalUp,
    ];

    /// The pixels that the pointer takes when it points at `at`: what to repaint when it moves.
    pub fn bounds(self, at: Point) -> Rect {
        let (x, y) = POINTER_HOTSPOTS[self as usize];
        Rect::new(at.x.saturating_sub(x), at.y.saturating_sub(y), POINTER_SIDE, POINTER_SIDE)
    }

    /// The premultiplied pixels of the pointer, row after row of its bounds.
    pub(crate) fn image(self) -> &'static [u32] {
        const AREA: usize = (POINTER_SIDE * POINTER_SIDE) as usize;
        &POINTERS[self as usize * AREA..][..AREA]
    }
}

/// The side of the square that a pointer's picture fills, in pixels.
const POINTER_SIDE: i32 = 24;

// The tables hold exactly the pictures that the enums name.
const _: () = assert!(POINTERS.len() == PointerShape::ALL.len() * (POINTER_SIDE * POINTER_SIDE) as usize);
const _: () = assert!(SYMBOLS.len() == Symbol::ALL.len() * (Symbol::SIDE * Symbol::SIDE) as usize);
const _: () = assert!(ICONS.len() == Icon::ALL.len() * (16 * 16 + 24 * 24 + 48 * 48));
