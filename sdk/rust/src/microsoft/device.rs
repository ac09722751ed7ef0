//! What kind of device and network a record tells of, as roughly as it may be compared. Pure.

/// The family of an operating system. What calls itself by two names on one device is one family: a tablet as a Mac, a
/// telephone that asks for a page's large form as Linux.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Of Microsoft's.
    Windows,
    /// macOS, iOS, iPadOS.
    Apple,
    /// Linux, Android, ChromeOS.
    Linux,
}

impl Family {
    /// From the name of an operating system (`Windows10`, `Ios 17.2`, `MacOs`), or from a browser's user agent; none where it
    /// names none.
    ///
    /// ```
    /// use cordon_sdk::microsoft::Family;
    /// assert_eq!(Family::of("Windows 10"), Some(Family::Windows));
    /// assert_eq!(Family::of("Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X)"), Some(Family::Apple));
    /// assert_eq!(Family::of("Client=MSExchangeRPC"), None);
    /// ```
    pub fn of(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        if has(&["windows"]) {
            Some(Self::Windows)
        } else if has(&["macos", "mac os", "macintosh", "iphone", "ipad"]) || text.starts_with("ios") {
            Some(Self::Apple)
        } else {
            has(&["linux", "android", "x11; cros", "chromeos"]).then_some(Self::Linux)
        }
    }

    /// As people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Windows => "Windows",
            Self::Apple => "Apple",
            Self::Linux => "Linux or Android",
        }
    }
}

/// The network of an address, roughly: the first half of an IPv4 one, the first three groups of an IPv6 one, of which the rest
/// changes by itself. At most 40 characters.
///
/// ```
/// use cordon_sdk::microsoft::network;
/// assert_eq!((network("192.0.2.7"), network("2001:db8:7:9::1")), ("192.0".to_owned(), "2001:db8:7".to_owned()));
/// ```
pub fn network(ip: &str) -> String {
    let (mark, parts) = if ip.contains(':') { (':', 3) } else { ('.', 2) };
    ip.split(mark).take(parts).collect::<Vec<_>>().join(&mark.to_string()).chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_device_that_calls_itself_by_two_names_is_one_family() {
        let safari = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15";
        assert_eq!(Family::of(safari), Family::of("Ios 17"));
        let large = "Client=OWA;Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36";
        assert_eq!(Family::of(large), Family::of("Mozilla/5.0 (Linux; Android 14; Pixel 8)"));
        assert_eq!(Family::of("Mozilla/5.0 (Windows NT 10.0; Win64; x64)"), Some(Family::Windows));
        assert_eq!((Family::of(""), Family::of("Microsoft Office")), (None, None));
    }
}
