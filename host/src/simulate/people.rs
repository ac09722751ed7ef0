//! Who works for a force: fictional people with identities, a place, a device and an address of their own, which they keep.
//! Addresses are of the documentation ranges: people's are 192.0.2.0/24 and 2001:db8::/32, a force's own 198.51.100.0/24.

use jiff::tz::TimeZone;

use super::dice::{Dice, named};
use crate::model::Force;

/// What a force has for the holes `${force.NAME}`.
pub(super) const FORCE_FIELDS: [&str; 8] = ["name", "domain", "org", "forest", "ip", "graph", "policy", "subscription"];

/// What a person has for the holes `${user.NAME}` and `${other.NAME}`.
pub(super) const PERSON_FIELDS: [&str; 20] = [
    "mail",
    "id",
    "puid",
    "sid",
    "mailbox",
    "session",
    "device",
    "name",
    "alias",
    "site",
    "agent",
    "os",
    "browser",
    "computer",
    "ip",
    "city",
    "state",
    "country",
    "latitude",
    "longitude",
];

/// People of a force; the first of them administer it.
pub(super) const PEOPLE: usize = 300;
pub(super) const ADMINISTRATORS: usize = 6;

const GIVEN: [&str; 24] = [
    "Ada", "Ben", "Cleo", "Dev", "Esme", "Finn", "Gwen", "Hari", "Iris", "Jude", "Kofi", "Lena", "Milo", "Nia", "Omar",
    "Pia", "Quin", "Rosa", "Sami", "Tess", "Umar", "Vera", "Wren", "Zara",
];
const FAMILY: [&str; 25] = [
    "Abbot", "Bell", "Crane", "Dale", "Ellis", "Frost", "Grant", "Hart", "Irwin", "Jessop", "Kerr", "Lowe", "Marsh",
    "Nash", "Osei", "Price", "Quayle", "Reed", "Shah", "Thorne", "Upton", "Vance", "Ward", "Yates", "Zeller",
];
/// City, state, country, latitude, longitude; most people are at home.
const PLACES: [[&str; 5]; 8] = [
    ["London", "London", "GB", "51.5", "-0.12"],
    ["Bristol", "Bristol", "GB", "51.45", "-2.58"],
    ["Leeds", "Leeds", "GB", "53.8", "-1.55"],
    ["Maidstone", "Kent", "GB", "51.27", "0.52"],
    ["Cardiff", "Cardiff", "GB", "51.48", "-3.18"],
    ["Glasgow", "Glasgow City", "GB", "55.86", "-4.25"],
    ["Norwich", "Norfolk", "GB", "52.63", "1.3"],
    ["Dublin", "Dublin", "IE", "53.35", "-6.26"],
];
/// User agent, operating system, browser.
const AGENTS: [[&str; 3]; 4] = [
    [
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
        "Windows10",
        "Edge 131.0.0",
    ],
    [
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
        "Windows10",
        "Chrome 131.0.0",
    ],
    [
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
        "Ios 18.1",
        "Mobile Safari",
    ],
    ["Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", "Linux", "Firefox 133.0"],
];

/// A force and its people.
#[derive(Debug)]
pub(super) struct World {
    pub(super) force: Force,
    pub(super) zone: TimeZone,
    fields: [String; FORCE_FIELDS.len()],
    people: Vec<[String; PERSON_FIELDS.len()]>,
}

impl World {
    /// The same people for the same seed and force.
    pub(super) fn new(seed: u64, force: Force, zone: TimeZone) -> Self {
        let mut dice = Dice::new(&[seed, named(force.as_str()), named("people")]);
        let domain = format!("{force}.example");
        let fields = [
            force.to_string(),
            domain.clone(),
            guid(&mut dice),
            "GBRP265A001".to_owned(),
            format!("198.51.100.{}", 1 + dice.below(250)),
            guid(&mut dice),
            guid(&mut dice),
            guid(&mut dice),
        ];
        let people = (0..PEOPLE).map(|number| person(&mut dice, number, &domain)).collect();
        Self { force, zone, fields, people }
    }

    /// By its number in [`FORCE_FIELDS`].
    pub(super) fn field(&self, field: usize) -> &str {
        self.fields.get(field).map_or("", String::as_str)
    }

    /// Of a person, by its number in [`PERSON_FIELDS`].
    pub(super) fn of(&self, person: usize, field: usize) -> &str {
        self.people.get(person).and_then(|person| person.get(field)).map_or("", String::as_str)
    }

    /// Of a person, by name.
    pub(super) fn named(&self, person: usize, field: &str) -> &str {
        PERSON_FIELDS.iter().position(|name| *name == field).map_or("", |field| self.of(person, field))
    }
}

fn person(dice: &mut Dice, number: usize, domain: &str) -> [String; PERSON_FIELDS.len()] {
    let pick = |list: &[&'static str], at: usize| list.get(at % list.len()).copied().unwrap_or_default();
    // 24 and 25 have no common divisor: no name comes twice.
    let (given, family) = (pick(&GIVEN, number), pick(&FAMILY, number));
    let alias = format!("{given}.{family}").to_lowercase();
    let place = if dice.happens(970_000) { dice.below(7) } else { 7 };
    let place = PLACES.get(usize::try_from(place).unwrap_or(0)).copied().unwrap_or_default();
    let agent = AGENTS.get(usize::try_from(dice.below(4)).unwrap_or(0)).copied().unwrap_or_default();
    let ip = match dice.happens(800_000) {
        true => format!("192.0.2.{}", 1 + dice.below(250)),
        false => format!("2001:db8:{:x}:{:x}::{:x}", dice.below(1 << 16), dice.below(1 << 16), 1 + dice.below(250)),
    };
    let [city, state, country, latitude, longitude] = place.map(str::to_owned);
    let [agent, os, browser] = agent.map(str::to_owned);
    [
        format!("{alias}@{domain}"),
        guid(dice),
        format!("1003200{:09X}", dice.below(1 << 36)),
        format!("S-1-5-21-{}-{}-{}-{}", dice.below(1 << 31), dice.below(1 << 31), dice.below(1 << 31), 20_000 + number),
        guid(dice),
        guid(dice),
        guid(dice),
        format!("{given} {family}"),
        alias.clone(),
        format!("{alias}_{domain}").replace('.', "_"),
        agent,
        os,
        browser,
        format!("LAPTOP-{:06X}", dice.below(1 << 24)),
        ip,
        city,
        state,
        country,
        latitude,
        longitude,
    ]
}

/// As Microsoft writes identifiers.
pub(super) fn guid(dice: &mut Dice) -> String {
    let mut text = Vec::with_capacity(36);
    super::template::write_guid(&mut text, [dice.number(), dice.number()]);
    String::from_utf8(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_comes_twice_and_the_same_seed_gives_the_same_people() {
        let world = |seed| World::new(seed, Force::new("avon").unwrap(), TimeZone::UTC);
        let (world, same, other) = (world(7), world(7), world(8));
        let mails: std::collections::BTreeSet<&str> = (0..PEOPLE).map(|person| world.of(person, 0)).collect();
        assert_eq!(mails.len(), PEOPLE);
        assert_eq!(world.people, same.people);
        assert_ne!(world.people, other.people);
    }
}
