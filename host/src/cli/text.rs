//! Small pieces of text for people: sizes, times, counts, paths.

use std::path::Path;
use std::time::Duration;

/// `193 kB`
pub(super) fn bytes(bytes: u64) -> String {
    #[allow(clippy::cast_precision_loss)]
    let size = bytes as f64;
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..10_000 => format!("{:.1} kB", size / 1e3),
        10_000..1_000_000 => format!("{:.0} kB", size / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", size / 1e6),
        _ => format!("{:.1} GB", size / 1e9),
    }
}

/// `47 us`, `1.20 ms`, `3.1 s`
pub(super) fn time(time: Duration) -> String {
    let us = time.as_secs_f64() * 1e6;
    if us < 1_000.0 {
        format!("{us:.0} us")
    } else if us < 1e6 {
        format!("{:.2} ms", us / 1e3)
    } else {
        format!("{:.1} s", us / 1e6)
    }
}

/// `6,914`
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 event`, `2 events`
pub(super) fn plural(number: u64, one: &str) -> String {
    let many = match one.strip_suffix("tch") {
        Some(stem) => format!("{stem}tches"),
        None => format!("{one}s"),
    };
    format!("{} {}", count(number), if number == 1 { one } else { &many })
}

/// A path as seen from the working folder where that is shorter.
pub(super) fn near(path: &Path) -> String {
    let from_here = std::env::current_dir().ok().and_then(|here| path.strip_prefix(here).ok().map(Path::to_owned));
    from_here.as_deref().unwrap_or(path).display().to_string()
}

/// `ID` or `ID@VERSION`, taken apart.
pub(super) fn versioned(text: &str) -> (&str, Option<&str>) {
    text.split_once('@').map_or((text, None), |(id, version)| (id, Some(version)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(
            (count(0), count(999), count(1_000), count(1_234_567)),
            ("0".into(), "999".into(), "1,000".into(), "1,234,567".into())
        );
    }
}
