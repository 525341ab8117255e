//! The load averages: a task looks every five seconds how many threads want to run.

use vfs::procfs::load::{INTERVAL_MS, Load};

use crate::executor;
use crate::sync::Mutex;
use crate::task;

static LOAD: Mutex<Load> = Mutex::new(Load::new());

/// Starts the task.
pub fn start() {
    executor::spawn_service("load averages", async {
        loop {
            executor::sleep_ms(INTERVAL_MS).await;
            // The thread that polls this task runs, and is not meant.
            let others = task::wanting_to_run().saturating_sub(1);
            LOAD.lock().note(others as u64);
        }
    });
}

/// The averages over 1, 5 and 15 minutes, in hundredths.
pub fn averages() -> [u64; 3] {
    LOAD.lock().hundredths()
}
