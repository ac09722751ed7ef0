//! Finding the end of a string, sixteen bytes at a time, in safe code that the compiler turns into vector instructions.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The first byte from `at` on that is `"`, `\` or a control character; the input's length where there is none.
#[inline]
pub(super) fn special(input: &[u8], mut at: usize) -> usize {
    while let Some(chunk) = input.get(at..).and_then(<[u8]>::first_chunk::<16>) {
        if any(chunk) {
            let [low, high] = [half(chunk, 0), half(chunk, 8)];
            return at + if low < 8 { low } else { 8 + high };
        }
        at += 16;
    }
    while let Some(byte) = input.get(at) {
        if is_special(*byte) {
            return at;
        }
        at += 1;
    }
    at
}

fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Without a branch, so that it is a handful of instructions.
#[inline]
fn any(chunk: &[u8; 16]) -> bool {
    chunk.iter().fold(false, |any, byte| any | (*byte < 0x20) | (*byte == b'"') | (*byte == b'\\'))
}

/// The first special byte of eight, from `from` on; 8 where there is none.
#[inline]
fn half(chunk: &[u8; 16], from: usize) -> usize {
    let Some(bytes) = chunk[from..].first_chunk::<8>() else { return 8 };
    let word = u64::from_le_bytes(*bytes);
    let quote = word ^ (ONES * b'"' as u64);
    let slash = word ^ (ONES * b'\\' as u64);
    // A borrow can only disturb bytes above the first true one, so the lowest bit is exact.
    let found = (quote.wrapping_sub(ONES) & !quote
        | slash.wrapping_sub(ONES) & !slash
        | word.wrapping_sub(ONES * 0x20) & !word)
        & HIGH;
    (found.trailing_zeros() / 8) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_special_byte_is_found_at_any_place() {
        for special_byte in [b'"', b'\\', 0, 0x1f, b'\n'] {
            for place in 0..40 {
                for after in [b'"', b'!', 0x7f, 0x80, 0xff, b'\\', 0x21, 0x1f, 0x20] {
                    let mut input = vec![b' '; 48];
                    input[place] = special_byte;
                    input[place + 1] = after;
                    for start in 0..=place {
                        assert_eq!(special(&input, start), place);
                    }
                }
            }
        }
        for plain in [0x20u8, 0x21, 0x23, 0x5b, 0x5d, 0x7f, 0x80, 0xa2, 0xdc, 0xff] {
            assert_eq!(special(&[plain; 37], 0), 37);
        }
    }
}
