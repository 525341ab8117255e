//! Leaving: what was written goes to the disks, then the machine goes down.

use alloc::format;
use alloc::string::{String, ToString};

use shell::PowerAction;

use crate::drivers::power;
use crate::fs;

/// Puts everything on the disks and stops the machine. Returns only when it can't, with the reason in
/// words.
pub fn leave(action: PowerAction) -> String {
    if let Err(error) = fs::shut_down() {
        // Better to stay than to lose what was written.
        return format!("not everything could be written to the disk: {error}");
    }
    match action {
        PowerAction::PowerOff => {
            log::info!("powering off");
            log::logger().flush();
            power::power_off().to_string()
        }
        PowerAction::Reboot => {
            log::info!("restarting");
            log::logger().flush();
            power::reboot()
        }
    }
}
