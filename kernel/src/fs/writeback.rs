//! When changes go to the disk by themselves.
//!
//! A thread looks once a second. What was changed is committed when it is [`COMMIT_AFTER_S`] old, so a power failure costs
//! the last seconds of what nobody synced; when nothing was changed for [`REST_AFTER_S`] after that, the volume is marked as
//! sound, so that the machine may be switched off at the wall. A commit that fails is tried again, and told once.
//! When much is dirty the thread begins at once, so that the disk works while more is written; who writes faster than the
//! disk waits for it in the end ([`throttle`]), so that dirty pages never take the memory.

use core::sync::atomic::{AtomicBool, Ordering};

use super::mount::Mount;
use super::{cache, tree};
use crate::arch::time;
use crate::sync::{WaitQueue, deadline_after};
use crate::task;

/// Seconds between a change and its commit.
const COMMIT_AFTER_S: u32 = 2;
/// Seconds without a change after which a volume is marked as sound.
const REST_AFTER_S: u32 = 3;

/// Dirty pages with which the disk begins to be busy: 8 MiB, or less where memory is short.
const EARLY: usize = 2048;

/// Much is dirty.
static IS_MUCH: AtomicBool = AtomicBool::new(false);
static NEWS: WaitQueue = WaitQueue::new();

/// The last commit failed, and that was told.
static FAILING: AtomicBool = AtomicBool::new(false);

/// Starts the thread.
pub fn start() {
    if let Err(error) = task::spawn("write-back", run) {
        log::error!("no write-back thread ({error}): only sync puts changes on the disk");
    }
}

fn run() {
    // Seconds since something was first found changed, and since nothing is.
    let (mut waiting, mut quiet) = (0, 0);
    let mut second = deadline_after(1000);
    loop {
        if NEWS.wait_until_deadline(second, || IS_MUCH.swap(false, Ordering::Relaxed)) {
            // Its error comes again with the commit.
            tree::for_each_mount(|mount| {
                let _ = mount.write_back();
            });
            if time::uptime_ns() < second {
                continue;
            }
        }
        second = deadline_after(1000);
        // What others took meanwhile the cache gives back.
        cache::make_room(0);
        let mut changed = false;
        tree::for_each_mount(|mount| {
            mount.trim();
            changed |= mount.is_changed();
        });
        if changed {
            quiet = 0;
            waiting += 1;
            if waiting >= COMMIT_AFTER_S {
                waiting = 0;
                tree::for_each_mount(commit);
            }
        } else {
            waiting = 0;
            quiet += 1;
            if quiet == REST_AFTER_S {
                tree::for_each_mount(rest);
            }
        }
    }
}

fn commit(mount: &Mount) {
    if !mount.is_changed() {
        return;
    }
    match mount.sync() {
        Ok(()) => FAILING.store(false, Ordering::Relaxed),
        Err(error) => {
            if !FAILING.swap(true, Ordering::Relaxed) {
                log::error!(
                    "{}: changes could not be written, and will be tried again: {error}",
                    mount.source
                );
            }
        }
    }
}

fn rest(mount: &Mount) {
    if let Err(error) = mount.rest() {
        log::error!("{}: could not be marked as sound: {error}", mount.source);
    }
}

/// Called by those who have just changed something, with nothing locked: waits until there are not too many changes that
/// only memory has.
pub fn throttle(mount: &Mount) {
    if mount.device.is_none() {
        return;
    }
    if mount.lock().should_commit() {
        // Its error comes again with the next one, to those who asked for it.
        let _ = mount.sync();
    }
    let (dirty, limit) = (cache::statistics().dirty, cache::dirty_limit());
    if dirty > EARLY.min(limit / 4) && !IS_MUCH.swap(true, Ordering::Relaxed) {
        NEWS.wake_one();
    }
    if dirty > limit {
        // As above.
        let _ = mount.write_back();
    }
}
