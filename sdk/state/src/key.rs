//! Keys as they are kept: 16 bytes of a digest, so that no name of a person stands in a key and all have one size.

use sha2::{Digest as _, Sha256};

/// See the module.
pub(crate) type Short = [u8; 16];

/// The short form of a key or member.
pub(crate) fn short(text: &str) -> Short {
    let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    let mut short = [0; 16];
    short.copy_from_slice(&digest[..16]);
    short
}

/// A time as bytes that sort as times do.
pub(crate) fn sorted(time: i64) -> [u8; 8] {
    ((time as u64) ^ (1 << 63)).to_be_bytes()
}

/// The time of such bytes.
pub(crate) fn time_of(bytes: [u8; 8]) -> i64 {
    (u64::from_be_bytes(bytes) ^ (1 << 63)) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_bytes_sort_as_times_and_come_back() {
        let times = [i64::MIN, -1, 0, 1, 1_700_000_000_000_000, i64::MAX];
        assert!(times.map(sorted).is_sorted());
        assert_eq!(times.map(|time| time_of(sorted(time))), times);
    }
}
