//! What to simulate, from arguments: forces, times, rates, attacks.

use anyhow::{Context as _, Result, bail};
use jiff::tz::TimeZone;
use jiff::{Span, SpanRelativeTo, Timestamp, civil};

use crate::model::Force;
use crate::simulate::{STORIES, Settings, Story};

/// Forces where more are asked for than are named.
const FORCES: [&str; 12] = [
    "westmarch",
    "eastmoor",
    "northdale",
    "southfell",
    "highwold",
    "lowmere",
    "ashdown",
    "fenwick",
    "stourvale",
    "carrick",
    "penhallow",
    "thornley",
];

#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// How many forces; as many as --for names where it is not given, else 2
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    forces: Option<u16>,
    /// Names of forces; more than these are made up
    #[arg(long = "for", value_name = "NAMES", value_delimiter = ',')]
    names: Vec<String>,
    /// Their time zone
    #[arg(long, value_name = "ZONE", default_value = "Europe/London")]
    zone: String,
    /// When it begins: a local time, or one with its offset
    #[arg(long, value_name = "TIME", default_value = "2026-01-05T00:00")]
    start: String,
    /// How long it goes on: 60s, 12h, 1d
    #[arg(long, value_name = "TIME", default_value = "1d")]
    duration: String,
    /// Events of all forces together, repeats too, on a week's average: 200/s, 30/m, 5000/h; a number is of a second
    #[arg(long, value_name = "RATE", default_value = "2/s")]
    rate: String,
    /// The same seed, the same events
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Attacks on each force, each once: all, none, found, or names
    #[arg(long, value_name = "LIST", default_value = "all", value_delimiter = ',')]
    attacks: Vec<String>,
    /// Errands of each force in a day: what people do in good faith and looks a little like an attack
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=200))]
    errands: u32,
    /// The share of the service's own records in the unified audit log
    #[arg(long, value_name = "SHARE", default_value_t = 0.6)]
    noise: f64,
    /// The share of the unified audit log's lines that were delivered before
    #[arg(long, value_name = "SHARE", default_value_t = 0.4)]
    repeats: f64,
    /// The share of events that arrive more than an hour late
    #[arg(long, value_name = "SHARE", default_value_t = 0.02)]
    late: f64,
}

impl Args {
    /// The forces; `or` where none is named and no number given.
    pub(super) fn forces(&self, or: Vec<Force>) -> Result<Vec<Force>> {
        if self.names.is_empty() && self.forces.is_none() && !or.is_empty() {
            return Ok(or);
        }
        let mut forces: Vec<Force> = Vec::new();
        for name in &self.names {
            let force = Force::new(name).context("--for")?;
            anyhow::ensure!(!forces.contains(&force), "--for names {force} twice");
            forces.push(force);
        }
        let wanted = self.forces.map_or(if forces.is_empty() { 2 } else { forces.len() }, usize::from);
        anyhow::ensure!(wanted >= forces.len(), "--forces {wanted}, but --for names {}", forces.len());
        let mut made =
            FORCES.iter().map(|name| (*name).to_owned()).chain((1..).map(|number| format!("force-{number}")));
        while forces.len() < wanted {
            let force = Force::new(&made.next().unwrap_or_default())?;
            if !forces.contains(&force) {
                forces.push(force);
            }
        }
        Ok(forces)
    }

    pub(super) fn zone(&self) -> Result<TimeZone> {
        let zone = TimeZone::get(&self.zone).ok();
        zone.with_context(|| format!("--zone `{}`: no such time zone; use a name such as Europe/London", self.zone))
    }

    /// The settings of each of so many forces.
    pub(super) fn settings(&self, forces: usize) -> Result<Settings> {
        let share = |name: &str, share: f64, most: f64| match share {
            share if (0.0..=most).contains(&share) => Ok(share),
            share => bail!("--{name} {share}: give 0 to {most}"),
        };
        #[allow(clippy::cast_precision_loss, reason = "at most a thousand")]
        let rate = rate(&self.rate)? / forces.max(1) as f64;
        Ok(Settings {
            seed: self.seed,
            stream: 0,
            start: self.begin()?,
            duration: duration(&self.duration)?,
            rate,
            live: false,
            noise: share("noise", self.noise, 1.0)?,
            repeats: share("repeats", self.repeats, 0.89)?,
            late: share("late", self.late, 1.0)?,
            stories: attacks(&self.attacks)?,
            errands: self.errands,
        })
    }

    fn begin(&self) -> Result<i64> {
        if let Ok(time) = self.start.parse::<Timestamp>() {
            return Ok(time.as_microsecond());
        }
        let local = self.start.parse::<civil::DateTime>();
        let local = local.with_context(|| format!("--start `{}`: give a time such as 2026-01-05T00:00", self.start))?;
        let time = self.zone()?.to_ambiguous_zoned(local).compatible();
        Ok(time.with_context(|| format!("--start `{}`: out of range", self.start))?.timestamp().as_microsecond())
    }
}

/// Microseconds of `1d`, `12h`, `60s`; at most a year.
fn duration(text: &str) -> Result<i64> {
    let span = text.parse::<Span>().ok();
    let long = span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
    let micros = long.map(|long| long.as_micros()).and_then(|micros| i64::try_from(micros).ok());
    let micros = micros.filter(|micros| (1_000_000..=366 * 86_400_000_000).contains(micros));
    micros.with_context(|| format!("--duration `{text}`: give a time from 1s to 366d, such as 60s, 12h or 1d"))
}

/// Events in a second, of `200/s`, `30/m`, `5000/h` or `200`.
fn rate(text: &str) -> Result<f64> {
    let (number, unit) = text.split_once('/').unwrap_or((text, "s"));
    let seconds = match unit {
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        _ => 0.0,
    };
    let rate = number.trim().parse::<f64>().ok().map(|number| number / seconds);
    let rate = rate.filter(|rate| (1e-3..=1e6).contains(rate));
    rate.with_context(|| format!("--rate `{text}`: give 0.001/s to 1000000/s, such as 200/s, 30/m or 5000/h"))
}

fn attacks(names: &[String]) -> Result<Vec<&'static Story>> {
    let mut wanted = Vec::new();
    for name in names {
        match name.as_str() {
            "all" => wanted.extend(STORIES),
            "none" => {}
            "found" => wanted.extend(found()),
            name => {
                let story = STORIES.iter().find(|story| story.name == name);
                let known = || STORIES.map(|story| story.name).join(", ");
                wanted.push(
                    *story.with_context(|| format!("--attacks `{name}`: give all, none, found, or of {}", known()))?,
                );
            }
        }
    }
    let mut once: Vec<&'static Story> = Vec::new();
    for story in wanted {
        if !once.iter().any(|known| known.name == story.name) {
            once.push(story);
        }
    }
    Ok(once)
}

/// The attacks that a plugin of today finds.
pub(in crate::cli) fn found() -> impl Iterator<Item = &'static Story> {
    STORIES.into_iter().filter(|story| story.finds.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_durations_are_read_with_their_units_and_nonsense_is_refused() {
        assert!((rate("120/m").unwrap() - 2.0).abs() < 1e-9);
        assert!((rate("0.5").unwrap() - 0.5).abs() < 1e-9);
        assert!(["", "x", "5/d", "-1/s", "nan", "inf", "0"].iter().all(|text| rate(text).is_err()));
        assert_eq!(duration("1d").unwrap(), 86_400_000_000);
        assert_eq!(duration("90s").unwrap(), 90_000_000);
        assert!(["", "0s", "-5s", "2y", "soon"].iter().all(|text| duration(text).is_err()));
    }
}
