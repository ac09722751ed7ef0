//! From text to settings, naming every error that can be named at once: what is wrong is taken out, and the rest read again.

use super::Config;
use crate::near::distance;

/// Errors that are named at most.
const MOST: usize = 20;

/// The settings of a text, without what is wrong with it; and that.
pub(super) fn parse(text: &str) -> (Config, Vec<String>) {
    let mut errors = Vec::new();
    if let Err(error) = text.parse::<toml::Table>() {
        errors.push(said(text, &error));
        return (Config::default(), errors);
    }
    let mut rest = text.to_owned();
    while errors.len() < MOST {
        let error = match toml::from_str(&rest) {
            Ok(config) => return (config, errors),
            Err(error) => error,
        };
        errors.push(said(&rest, &error));
        match error.span().and_then(|span| without(&rest, span.start)) {
            Some(less) => rest = less,
            None => break,
        }
    }
    (Config::default(), errors)
}

fn said(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    let line = before.map_or(String::new(), |before| format!("line {}: ", before.matches('\n').count() + 1));
    format!("{line}{}{}", error.message(), nearest(error.message()))
}

/// Of the keys that serde names, the one that was probably meant.
fn nearest(message: &str) -> String {
    let mut names = message.split('`').skip(1).step_by(2);
    let Some(unknown) = names.next().filter(|_| message.starts_with("unknown field")) else { return String::new() };
    match names.min_by_key(|name| distance(unknown, name)) {
        Some(name) if distance(unknown, name) <= unknown.chars().count() / 2 => format!("; did you mean `{name}`?"),
        _ => String::new(),
    }
}

/// The text with blanks for the setting that holds this place: its lines, or its table where the place is a table's head.
fn without(text: &str, at: usize) -> Option<String> {
    let wrong = text.get(..at)?.matches('\n').count();
    let is_head = |line: &str| line.trim_start().starts_with('[');
    let lines: Vec<&str> = text.split('\n').collect();
    let of_table = is_head(lines.get(wrong)?);
    let mut end = wrong + 1;
    if of_table {
        end += lines.get(end..)?.iter().take_while(|line| !is_head(line)).count();
    }
    // A value may go on over several lines.
    while end <= lines.len() {
        let kept =
            |(at, line): (usize, &&str)| if (wrong..end).contains(&at) { String::new() } else { (*line).to_owned() };
        let less = lines.iter().enumerate().map(kept).collect::<Vec<_>>().join("\n");
        if less.parse::<toml::Table>().is_ok() {
            return Some(less);
        }
        end += 1;
    }
    None
}
