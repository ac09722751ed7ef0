//! A record's text with holes, and what fills them. One event has one seed: a hole that stands twice is filled alike.

use super::catalogue::Lists;
use super::dice::{mix, scaled};
use super::people::{FORCE_FIELDS, PERSON_FIELDS, World};
use super::times::Days;

/// Hex digits of one hole at most.
const HEX: u8 = 64;

/// A record's text, ready to be filled many times.
#[derive(Debug, Default)]
pub(super) struct Template {
    text: String,
    /// Where each piece of the text ends, and the hole behind it.
    pieces: Vec<(usize, Hole)>,
}

#[derive(Debug, Clone, Copy)]
enum Hole {
    Time,
    TimeZulu,
    TimeOffset,
    Force(usize),
    User(usize),
    Other(usize),
    Guid(u64),
    Hex(u8),
    List { list: usize, column: usize },
}

/// One event: what fills the holes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) world: &'a World,
    pub(super) lists: &'a Lists,
    /// Microseconds since 1970 UTC.
    pub(super) time: i64,
    pub(super) seed: u64,
    pub(super) user: usize,
    pub(super) other: usize,
}

impl Template {
    /// Reads a text whose parts are in place already.
    pub(super) fn compile(text: &str, lists: &Lists) -> Result<Self, String> {
        let mut template = Self::default();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("${") {
            let (name, after) = behind.split_once('}').ok_or_else(|| format!("`${{{behind}` has no end"))?;
            template.text.push_str(before);
            let hole = hole(name, lists).ok_or_else(|| format!("`${{{name}}}` is no part, list or field"))?;
            template.pieces.push((template.text.len(), hole));
            rest = after;
        }
        template.text.push_str(rest);
        Ok(template)
    }

    /// Appends the event.
    pub(super) fn fill(&self, out: &mut Vec<u8>, scene: &Scene<'_>, days: &mut Days) {
        let mut from = 0;
        for (to, hole) in &self.pieces {
            out.extend_from_slice(self.text.get(from..*to).unwrap_or_default().as_bytes());
            hole.fill(out, scene, days);
            from = *to;
        }
        out.extend_from_slice(self.text.get(from..).unwrap_or_default().as_bytes());
    }
}

fn hole(name: &str, lists: &Lists) -> Option<Hole> {
    let (first, second) = name.split_once('.').unwrap_or((name, ""));
    Some(match (first, second) {
        ("time", "") => Hole::Time,
        ("time", "z") => Hole::TimeZulu,
        ("time", "offset") => Hole::TimeOffset,
        ("force", field) => Hole::Force(FORCE_FIELDS.iter().position(|name| *name == field)?),
        ("user", field) => Hole::User(PERSON_FIELDS.iter().position(|name| *name == field)?),
        ("other", field) => Hole::Other(PERSON_FIELDS.iter().position(|name| *name == field)?),
        ("guid", "") => Hole::Guid(0),
        ("guid", number) => Hole::Guid(number.parse().ok()?),
        ("hex", digits) => Hole::Hex(digits.parse::<u8>().ok().filter(|digits| *digits <= HEX)?),
        (list, column) => {
            let column = if column.is_empty() { 0 } else { column.parse().ok()? };
            Hole::List { list: lists.position(list, column)?, column }
        }
    })
}

impl Hole {
    fn fill(self, out: &mut Vec<u8>, scene: &Scene<'_>, days: &mut Days) {
        // Holes of different kinds ask for different numbers of the event's seed.
        let number = |slot: u64| mix(scene.seed, slot);
        match self {
            Self::Time => days.write(out, scene.time),
            Self::TimeZulu | Self::TimeOffset => {
                days.write_exact(out, scene.time);
                out.extend_from_slice(if matches!(self, Self::TimeZulu) { b"Z" } else { b"+00:00" });
            }
            Self::Force(field) => out.extend_from_slice(scene.world.field(field).as_bytes()),
            Self::User(field) => out.extend_from_slice(scene.world.of(scene.user, field).as_bytes()),
            Self::Other(field) => out.extend_from_slice(scene.world.of(scene.other, field).as_bytes()),
            Self::Guid(slot) => write_guid(out, [number(1_000 + 2 * slot), number(1_001 + 2 * slot)]),
            Self::Hex(digits) => {
                for at in 0..u64::from(digits.div_ceil(16)) {
                    let left = usize::from(digits) - usize::try_from(at * 16).unwrap_or(0);
                    write_hex(out, number(2_000 + u64::from(digits) * 8 + at), left.min(16));
                }
            }
            Self::List { list, column } => {
                let rows = scene.lists.rows(list);
                let row = scaled(number(3_000 + list as u64), rows.len() as u64);
                let row = usize::try_from(row).ok().and_then(|row| rows.get(row));
                out.extend_from_slice(row.and_then(|row| row.get(column)).map_or(&b""[..], |text| text.as_bytes()));
            }
        }
    }
}

fn write_hex(out: &mut Vec<u8>, number: u64, digits: usize) {
    let bytes = number.to_be_bytes();
    let all = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    out.extend(all.take(digits).map(|digit| if digit < 10 { b'0' + digit } else { b'a' + digit - 10 }));
}

/// `4831a108-d2bf-4ba9-86e6-e12540b86826`
pub(super) fn write_guid(out: &mut Vec<u8>, numbers: [u64; 2]) {
    let [high, low] = numbers;
    // Version 4, as Microsoft's are.
    let high = (high & !0xF000) | 0x4000;
    let low = (low & !(0b11 << 62)) | (0b10 << 62);
    write_hex(out, high, 8);
    out.push(b'-');
    write_hex(out, high << 32, 4);
    out.push(b'-');
    write_hex(out, high << 48, 4);
    out.push(b'-');
    write_hex(out, low, 4);
    out.push(b'-');
    write_hex(out, low << 16, 12);
}
