//! Random numbers that decide. Apart from [`Decide`], which the fuzz target shares and where bytes decide.

use super::decide::Decide;
use fastrand::Rng;

impl Decide for Rng {
    fn below(&mut self, limit: usize) -> usize {
        self.usize(..limit)
    }
}
