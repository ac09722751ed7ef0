//! The screen of `cordon status`, from the host's answer. Pure.

use std::fmt::Write as _;

use serde_json::Value;

use crate::cli::{style, text};
use crate::findings::text::safe;

/// Bytes of a GiB.
const GIB: f64 = 1_073_741_824.0;

/// The whole screen; `all`: every source and plugin, not only what is red.
pub(super) fn screen(status: &Value, all: bool) -> String {
    let mut out = String::new();
    let forces = list(status, "forces");
    let now = number(status, "now");
    head(&mut out, status, forces, now);
    let wide = forces.iter().map(|force| word(force, "name").len()).max().unwrap_or(0).max(5);
    if !forces.is_empty() {
        let names = ["last event", "taken", "refused", "behind", "findings"];
        let [last, taken, refused, behind, findings] = names;
        let _ = writeln!(out, "{:wide$}  {last:>10} {taken:>11} {refused:>9} {behind:>16} {findings:>9}", "force");
    }
    for force in forces {
        line(&mut out, status, force, now, wide);
        if all || is_red(force) {
            details(&mut out, status, force, now, all);
        }
    }
    for condition in list(status, "conditions").iter().filter(|one| one.get("force").is_none()) {
        told(&mut out, condition, "");
    }
    for of in list(status, "files") {
        file(&mut out, of, all);
    }
    host(&mut out, status);
    out
}

fn head(out: &mut String, status: &Value, forces: &[Value], now: i64) {
    let red = forces.iter().filter(|force| is_red(force)).count();
    let (mark, said) = match (is_red(status), red) {
        (false, _) => (style::GOOD, "nothing is red".to_owned()),
        (true, 0) => (style::BAD, "RED".to_owned()),
        (true, red) => (style::BAD, format!("{} RED", text::plural(red as u64, "force"))),
    };
    let (now, since) = (clock(now), clock(number(status, "since")));
    let _ = writeln!(out, "{now} UTC  {mark}{said}{}  taken and refused since {since}", style::OFF);
}

fn line(out: &mut String, status: &Value, force: &Value, now: i64, wide: usize) {
    // What the host itself writes is no sign of a sender.
    let sent = list(force, "sources").iter().filter(|source| !word(source, "source").starts_with("cordon."));
    let last = sent.filter_map(|source| source.get("last")?.as_i64()).max();
    let last = last.map_or("never".to_owned(), |last| age(now - last));
    let behind = match (number(force, "behind"), number(force, "lag_seconds")) {
        (0, _) => "-".to_owned(),
        (events, seconds) => format!("{} / {}", text::count(events as u64), age(seconds * 1_000_000)),
    };
    let [taken, refused, findings] =
        ["accepted", "refused", "findings"].map(|name| text::count(number(force, name) as u64));
    let mut notes = Vec::new();
    if word(force, "stage") == "onboarding" {
        notes.push("onboarding".to_owned());
    }
    if let Some(suspended) = force.get("suspended").filter(|suspended| !suspended.is_null()) {
        notes.push(format!("suspended: {}", word(suspended, "reason")));
    }
    if list(status, "held").iter().any(|held| held.as_str() == force.get("name").and_then(Value::as_str)) {
        notes.push("legal hold".to_owned());
    }
    match number(force, "skipped") {
        0 => {}
        skipped => notes.push(format!("{} passed without a result", text::plural(skipped as u64, "event"))),
    }
    let (mark, off) = (if is_red(force) { style::BAD } else { style::PLAIN }, style::OFF);
    let name = word(force, "name");
    let _ = writeln!(
        out,
        "{mark}{name:wide$}{off}  {last:>10} {taken:>11} {refused:>9} {behind:>16} {findings:>9}  {}",
        notes.join(", ")
    );
}

fn details(out: &mut String, status: &Value, force: &Value, now: i64, all: bool) {
    let name = word(force, "name");
    let own = |one: &&Value| word(one, "force") == name;
    for source in list(force, "sources") {
        let silent = source.get("silent").and_then(Value::as_bool) == Some(true);
        if silent || all {
            let last = source.get("last").and_then(Value::as_i64);
            let last = last.map_or("never seen".to_owned(), |last| format!("last event {} ago", age(now - last)));
            let may = match source.get("quiet_seconds").and_then(Value::as_i64) {
                Some(quiet) => format!(", may be quiet for {}", age(quiet * 1_000_000)),
                None => String::new(),
            };
            let usual = match source.get("suggested_minutes").and_then(Value::as_u64) {
                Some(minutes) => format!(" (suggested: {minutes} minutes)"),
                None => String::new(),
            };
            let (mark, said) = if silent { (style::BAD, "SILENT: ") } else { (style::PLAIN, "") };
            let _ = writeln!(out, "  {mark}{:<16} {said}{last}{may}{usual}{}", word(source, "source"), style::OFF);
        }
    }
    let kinds = ["source-silent", "source-never-seen"];
    for condition in list(status, "conditions").iter().filter(own) {
        // What is silent stands above.
        if !kinds.contains(&word(condition, "condition").as_str()) {
            told(out, condition, "  ");
        }
    }
    for lane in list(status, "lanes").iter().filter(own) {
        let stands = word(lane, "state") != "running";
        if stands || all {
            let behind = number(lane, "head") - number(lane, "cursor");
            let state = match (stands, behind) {
                (true, _) => format!("{}{}: {}{}", style::BAD, word(lane, "state"), word(lane, "why"), style::OFF),
                (false, 0) => format!("{}up to date{}", style::GOOD, style::OFF),
                (false, behind) => format!("up to {} behind", text::plural(behind.max(0) as u64, "event")),
            };
            let _ = writeln!(out, "  {:<16} {:<24} {state}", word(lane, "source"), word(lane, "plugin"));
        }
    }
}

fn told(out: &mut String, condition: &Value, before: &str) {
    let mark = if is_red(condition) { style::BAD } else { style::WARN };
    let _ = writeln!(out, "{before}{mark}{}: {}{}", word(condition, "condition"), word(condition, "text"), style::OFF);
}

/// A folder or file that is looked at.
fn file(out: &mut String, of: &Value, all: bool) {
    let place = format!("{} {} ({})", word(of, "kind"), word(of, "path"), word(of, "force"));
    match of.get("problem").and_then(Value::as_str) {
        Some(problem) => {
            let _ = writeln!(out, "{}{place}: {}{}", style::BAD, safe(problem), style::OFF);
        }
        None if all => {
            let [taken, refused] = ["accepted", "refused"].map(|name| text::count(number(of, name) as u64));
            let _ = writeln!(out, "{place}: {taken} taken, {refused} refused");
        }
        None => {}
    }
}

fn host(out: &mut String, status: &Value) {
    let Some(host) = status.get("host").filter(|host| !host.is_null()) else { return };
    let gib = |name: &str| host.get(name).and_then(Value::as_f64).map(|bytes| bytes / GIB);
    let free = gib("disk_free").map_or(String::new(), |free| format!("{free:.1} GiB of disk free, "));
    let lasts = match host.get("disk_hours").and_then(Value::as_f64) {
        Some(hours) => format!("lasts {hours:.0} hours at this rate, "),
        None => String::new(),
    };
    let journal = text::bytes(number(host, "journal_bytes") as u64);
    let waiting = match status.get("refused_waiting").and_then(Value::as_u64) {
        Some(lines) => format!(", {} waiting", text::plural(lines, "refused line")),
        None => String::new(),
    };
    let _ = writeln!(out, "host: {free}{lasts}journal {journal}{waiting}");
    if let Some(stalled) = host.get("stalled").and_then(Value::as_u64) {
        let _ = writeln!(out, "{}health has not been looked at for {stalled} s{}", style::BAD, style::OFF);
    }
}

fn list<'a>(of: &'a Value, name: &str) -> &'a [Value] {
    of.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn word(of: &Value, name: &str) -> String {
    safe(of.get(name).and_then(Value::as_str).unwrap_or_default())
}

fn number(of: &Value, name: &str) -> i64 {
    of.get(name).and_then(Value::as_i64).unwrap_or(0)
}

fn is_red(of: &Value) -> bool {
    of.get("red").and_then(Value::as_bool) == Some(true)
}

/// `3 s`, `12 min`, `5 h`, `2 d`: of microseconds.
fn age(micros: i64) -> String {
    match micros.max(0) / 1_000_000 {
        seconds @ ..=119 => format!("{seconds} s"),
        seconds @ 120..=7_199 => format!("{} min", seconds / 60),
        seconds @ 7_200..=172_799 => format!("{} h", seconds / 3_600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

fn clock(micros: i64) -> String {
    let time = jiff::Timestamp::from_microsecond(micros).unwrap_or_default().to_string();
    time.get(11..16).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn force(name: &str, red: bool) -> Value {
        let sources = json!([
            { "source": "m365.audit", "last": 3_600_000_000_i64, "expected": true, "quiet_seconds": 60, "silent": red },
            { "source": "entra.signin", "last": 7_199_000_000_i64, "expected": false, "silent": false },
        ]);
        json!({ "name": name, "stage": "live", "red": red, "accepted": 12_345, "refused": 7, "behind": 0, "sources": sources })
    }

    #[test]
    fn forty_three_forces_are_a_line_each_and_details_are_shown_of_what_is_red() {
        let forces: Vec<Value> = (0..43).map(|n| force(&format!("force-{n}"), n == 5)).collect();
        let status = json!({ "now": 7_200_000_000_i64, "since": 0, "red": true, "forces": forces, "conditions": [], "lanes": [] });
        let text = screen(&status, false);
        assert_eq!(text.lines().count(), 2 + 43 + 1, "{text}");
        assert!(text.contains("1 force RED"), "{text}");
        let silent = text.lines().find(|line| line.contains("SILENT")).unwrap();
        assert!(silent.contains("m365.audit") && silent.contains("last event 60 min ago"), "{silent}");
        assert_eq!(screen(&status, true).lines().count(), 2 + 43 * 3);
    }

    #[test]
    fn nothing_wrong_says_so_and_what_is_wrong_of_the_host_is_shown() {
        let good = json!({ "now": 0, "red": false, "forces": [force("avon", false)] });
        assert!(screen(&good, false).contains("nothing is red"));
        let condition = json!({ "condition": "disk-low", "text": "The disk is full.", "red": true });
        let host = json!({ "disk_free": 1_073_741_824_u64, "disk_hours": 3.2, "journal_bytes": 5, "stalled": 99 });
        let bad = json!({ "now": 0, "red": true, "forces": [], "conditions": [condition], "host": host });
        let text = screen(&bad, false);
        for part in ["RED", "disk-low: The disk is full.", "1.0 GiB", "lasts 3 hours", "for 99 s"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
