//! Dates and times as the shell shows and takes them; sizes are crate `units`.

use alloc::format;
use alloc::string::String;

use ui::DateTime;

/// `2026-11-20 10:43`.
pub(crate) fn short_date(date: &DateTime) -> String {
    format!("{:04}-{:02}-{:02} {:02}:{:02}", date.year, date.month, date.day, date.hour, date.minute)
}

/// Seconds with at most three decimals (`1.5`) in milliseconds; `None` for anything else.
pub(crate) fn parse_seconds(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) {
        return None;
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let milliseconds = fraction
        .bytes()
        .chain(core::iter::repeat(b'0'))
        .take(3)
        .fold(0, |value, digit| value * 10 + u64::from(digit - b'0'));
    whole.checked_mul(1000)?.checked_add(milliseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        assert_eq!(parse_seconds("1.5"), Some(1500));
        assert_eq!(parse_seconds(".25"), Some(250));
        assert_eq!(parse_seconds("3"), Some(3000));
        for bad in ["", ".", "-1", "1e3", "99999999999999999999"] {
            assert_eq!(parse_seconds(bad), None, "{bad}");
        }
    }
}
