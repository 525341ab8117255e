//! Process-context identifiers: under which number a processor keeps an address space's translations, and whether what it
//! kept under that number is still true (SDM vol. 3A, section 4.10.1).
//!
//! Without them, every change of CR3 forgets all translations that are not global. With them, a few address spaces
//! per processor each have a number, and coming back to one finds its translations again. What makes that
//! right is a count of changes: whoever takes something away from an address space raises its count and then tells the
//! processors that run it at that moment, and no others. A processor that comes back to it compares the count with that of the
//! last time and forgets what it kept if they differ. Nobody else's interrupt is needed, and no address space has to tell
//! anybody that it is gone: its name is never used again.
//!
//! This is arithmetic on numbers; the kernel does what comes out. It is tested here against a processor that is simulated, for the
//! emulator at hand has no such identifiers.

use crate::address::PhysicalAddress;

/// Address spaces whose translations a processor keeps at a time. More would rarely find anything: a processor's TLB is small.
const KEPT: usize = 6;

/// CR3's bit that asks to keep what is known under the identifier (SDM vol. 3A, section 4.10.4.1).
const KEEP: u64 = 1 << 63;

/// A value for CR3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// The identifier. 0 is the kernel's own, for tables without a lower half, and that of everybody where there are none.
    pub id: u16,
    /// Whether what the processor knows under the identifier is still true.
    pub keep: bool,
}

impl Context {
    /// The kernel's own tables: what they map is global, so there is nothing to forget.
    #[must_use]
    pub const fn kernel(identifiers: bool) -> Self {
        Self { id: 0, keep: identifiers }
    }

    /// What CR3 has to hold to run the tables at `root` in this context.
    #[must_use]
    pub const fn control_register_3(self, root: PhysicalAddress) -> u64 {
        root.get() | self.id as u64 | if self.keep { KEEP } else { 0 }
    }
}

/// Whether identifiers are to be used. They demand global pages: those are what INVLPG forgets under all identifiers, and
/// the kernel's half is never unmapped under one alone.
#[must_use]
pub const fn are_usable(identifiers: bool, global_pages: bool) -> bool {
    identifiers && global_pages
}

/// What one processor keeps, and for whom.
#[derive(Debug)]
pub struct Contexts {
    /// The address space that has identifier n + 1, by its name, and its count of changes the last time; 0 is nobody's name.
    kept: [(u64, u64); KEPT],
    /// Whose place is given away next.
    next: usize,
}

impl Contexts {
    /// A processor that knows nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { kept: [(0, 0); KEPT], next: 0 }
    }

    /// The context to run the address space `name` (not 0, and never another's) in, when its count of changes is `changes`
    /// after this processor was counted among those that run it.
    pub fn enter(&mut self, name: u64, changes: u64, identifiers: bool) -> Context {
        if !identifiers {
            return Context { id: 0, keep: false };
        }
        let found = self.kept.iter().position(|&(kept, _)| kept == name);
        let place = found.unwrap_or_else(|| {
            let oldest = self.next;
            self.next = (oldest + 1) % KEPT;
            oldest
        });
        let keep = self.kept.get(place) == Some(&(name, changes));
        if let Some(kept) = self.kept.get_mut(place) {
            *kept = (name, changes);
        }
        Context { id: place as u16 + 1, keep }
    }
}

impl Default for Contexts {
    fn default() -> Self {
        Self::new()
    }
}
