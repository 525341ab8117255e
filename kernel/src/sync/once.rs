//! A value that is made once, by whoever needs it first. Others who need it meanwhile sleep: unlike `lock::Once`, whose
//! others spin, it is for what takes its time or sleeps itself.

use blocking::RawOnce;

use super::platform::{Kernel, assert_may_sleep, queue};
use crate::lock;

/// A place for such a value.
pub struct Once<T> {
    raw: RawOnce<Kernel>,
    /// Set by the thread that `raw` chose, while nobody else looks: nobody spins here.
    value: lock::Once<T>,
}

impl<T> Once<T> {
    /// An empty place.
    pub const fn new() -> Self {
        Self { raw: RawOnce::new(queue()), value: lock::Once::new() }
    }

    /// The value, made now if nobody has, by `make`, which must not need this same value. May sleep while another thread
    /// makes it.
    ///
    /// # Panics
    /// In debug builds, where nobody may sleep; as [`Mutex::lock`](super::Mutex::lock).
    pub fn get_or_make(&self, make: impl FnOnce() -> T) -> &T {
        assert_may_sleep();
        self.raw.call_once(|| {
            let value = make();
            self.value.call_once(|| value);
        });
        self.value.get().expect("who came back from the once has set the value, or seen that it is set")
    }

    /// The value if it is there. Never sleeps.
    pub fn get(&self) -> Option<&T> {
        self.value.get()
    }
}
