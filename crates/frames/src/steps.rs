//! What the unit tests of this crate count: words of the bitmap and its summaries that are looked at. Nothing is counted
//! elsewhere.

#[cfg(test)]
std::thread_local! {
    static STEPS: core::cell::Cell<u64> = const { core::cell::Cell::new(0) };
}

/// Counts one.
#[inline(always)]
pub(crate) fn count() {
    #[cfg(test)]
    STEPS.with(|steps| steps.set(steps.get() + 1));
}

/// Steps of `work` on this thread.
#[cfg(test)]
pub(crate) fn of<R>(work: impl FnOnce() -> R) -> (R, u64) {
    let before = STEPS.with(core::cell::Cell::get);
    let result = work();
    (result, STEPS.with(core::cell::Cell::get) - before)
}
