//! When changes go to the disk by themselves.
//!
//! A thread looks once a second. What was changed is committed when it is [`COMMIT_AFTER_S`] old, so a power failure costs
//! the last seconds of what nobody synced; when nothing was changed for [`REST_AFTER_S`] after that, the volume is marked as
//! sound, so that the machine may be switched off at the wall. A commit that fails is tried again, and told once.
//! Who writes faster than the disk waits for it ([`throttle`]), so that dirty pages never take the memory.

use core::sync::atomic::{AtomicBool, Ordering};

use super::mount::Mount;
use super::{cache, tree};
use crate::task;

/// Seconds between a change and its commit.
const COMMIT_AFTER_S: u32 = 2;
/// Seconds without a change after which a volume is marked as sound.
const REST_AFTER_S: u32 = 3;

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
    loop {
        task::sleep_ms(1000);
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
    if cache::statistics().dirty > cache::dirty_limit() {
        // As above.
        let _ = mount.write_back();
    }
}
