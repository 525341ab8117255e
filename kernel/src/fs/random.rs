//! Bytes that nobody can foretell, for `/dev/random` and `/dev/urandom`, which are the same here, as in today's Linux.
//!
//! ChaCha20 (crate `rand_chacha`) makes them. After each answer the generator is given a new key from its own output, so that
//! who reads the kernel's memory later learns nothing of earlier answers ("fast key erasure", D. J. Bernstein, 2017). The
//! first key comes from the processor's generator of random numbers where it has one, the time-stamp counter and the clock; without the first it is
//! not secret to somebody who knows when the machine was started, and the log says so.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::clock;
use crate::arch::cpu;
use crate::sync::Mutex;

const KEY: usize = 32;

static GENERATOR: Mutex<Option<ChaCha20Rng>> = Mutex::new(None);

/// Fills `buffer`.
pub fn fill(buffer: &mut [u8]) {
    let mut generator = GENERATOR.lock();
    let generator = generator.get_or_insert_with(first);
    generator.fill_bytes(buffer);
    erase_key(generator, &[0; KEY]);
}

/// Makes `bytes` a part of what comes next. They can make it no less random, whoever chose them.
pub fn stir(bytes: &[u8]) {
    let mut generator = GENERATOR.lock();
    let generator = generator.get_or_insert_with(first);
    for chunk in bytes.chunks(KEY) {
        let mut part = [0; KEY];
        part[..chunk.len()].copy_from_slice(chunk);
        erase_key(generator, &part);
    }
}

/// Gives the generator a new key: its own next output, mixed with `more`.
fn erase_key(generator: &mut ChaCha20Rng, more: &[u8; KEY]) {
    let mut key = [0; KEY];
    generator.fill_bytes(&mut key);
    for (byte, more) in key.iter_mut().zip(more) {
        *byte ^= more;
    }
    *generator = ChaCha20Rng::from_seed(key);
}

fn first() -> ChaCha20Rng {
    let mut key = [0; KEY];
    let now = clock::now();
    let moment = now.seconds.unsigned_abs() ^ u64::from(now.nanoseconds).rotate_left(32);
    let mut is_secret = true;
    for (number, word) in (0..).zip(key.chunks_exact_mut(8)) {
        let hardware = cpu::random();
        is_secret &= hardware.is_some();
        let value = hardware.unwrap_or(0) ^ cpu::time_stamp().rotate_left(number * 16) ^ moment;
        word.copy_from_slice(&value.to_le_bytes());
    }
    if !is_secret {
        log::warn!("this processor has no generator of random numbers: /dev/random can be guessed");
    }
    ChaCha20Rng::from_seed(key)
}
