//! What file systems take for the time.

use vfs::inode::Time;

use crate::drivers::rtc;

/// Now, in UTC.
pub fn now() -> Time {
    let (seconds, nanoseconds) = rtc::now_precisely();
    Time { seconds: i64::try_from(seconds).unwrap_or(i64::MAX), nanoseconds }
}
