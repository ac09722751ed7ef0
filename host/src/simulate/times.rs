//! Times as text. A day's date is written once and kept: millions of events are of the same day.

const DAY: i64 = 86_400_000_000;

/// The dates written last.
#[derive(Debug, Default)]
pub(super) struct Days {
    day: i64,
    date: Vec<u8>,
}

impl Days {
    /// `2026-01-05T09:12:33`
    pub(super) fn write(&mut self, out: &mut Vec<u8>, micros: i64) {
        let day = micros.div_euclid(DAY);
        if self.date.is_empty() || day != self.day {
            self.day = day;
            let text = jiff::Timestamp::from_microsecond(day * DAY).map(|time| time.to_string()).unwrap_or_default();
            self.date = text.into_bytes().into_iter().take(10).collect();
        }
        out.extend_from_slice(&self.date);
        let seconds = micros.rem_euclid(DAY) / 1_000_000;
        for (mark, number) in [(b'T', seconds / 3_600), (b':', seconds / 60 % 60), (b':', seconds % 60)] {
            out.push(mark);
            digits(out, number, 2);
        }
    }

    /// `2026-01-05T09:12:33.1234560`, without a zone.
    pub(super) fn write_exact(&mut self, out: &mut Vec<u8>, micros: i64) {
        self.write(out, micros);
        out.push(b'.');
        digits(out, micros.rem_euclid(1_000_000) * 10, 7);
    }
}

fn digits(out: &mut Vec<u8>, number: i64, count: u32) {
    for at in (0..count).rev() {
        let digit = number / 10_i64.pow(at) % 10;
        out.push(b'0' + u8::try_from(digit).unwrap_or(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        let mut days = Days::default();
        for text in ["2026-01-05T09:12:33.120456Z", "2024-02-29T23:59:59.999999Z", "1969-12-31T00:00:00Z"] {
            let time: jiff::Timestamp = text.parse().unwrap();
            let mut out = Vec::new();
            days.write_exact(&mut out, time.as_microsecond());
            out.push(b'Z');
            let out = String::from_utf8(out).unwrap();
            assert_eq!(out.parse::<jiff::Timestamp>().unwrap(), time, "{out}");
        }
    }
}
