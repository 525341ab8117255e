//! A point that threads pass only together.

use crate::{Lock, Platform, Reason, WaitKind, WaitQueue};

/// Holds `parties` threads until all have arrived; then it can be used again. Threads only.
pub struct Barrier<P: Platform> {
    parties: usize,
    state: P::Lock<State>,
    waiters: WaitQueue<P>,
}

struct State {
    arrived: usize,
    /// How often all have passed.
    round: u64,
}

impl<P: Platform> Barrier<P> {
    /// A barrier for `parties` threads over an empty queue; for none or one it holds nobody.
    pub fn new(parties: usize, waiters: WaitQueue<P>) -> Self {
        Self { parties, state: P::lock(State { arrived: 0, round: 0 }), waiters }
    }

    /// Waits for all; true for one of them, the last to arrive. May sleep.
    pub fn wait(&self) -> bool {
        let (last, round) = self.state.with(|state| {
            let round = state.round;
            state.arrived += 1;
            let last = state.arrived >= self.parties;
            if last {
                state.arrived = 0;
                state.round += 1;
            }
            (last, round)
        });
        if last {
            self.waiters.wake_all();
        } else {
            let reason = Reason::new(WaitKind::Barrier, self);
            self.waiters.wait_for(reason, || self.state.with(|state| state.round != round));
        }
        last
    }
}
