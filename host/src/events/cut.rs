//! An event cut to some paths: these find in the cut event what they find in the whole one, and nothing else of it is left.
//!
//! What a path passes through stays as a shell: objects with the one member, arrays with `null` for elements that nothing
//! leads to (positions count), a string of JSON with its document cut. What a path ends in stays byte for byte.

use cordon_contract::path::Step;

use super::Kind;
use super::tape::{Keys, NONE, Tape, equals, unescape};

/// Of the document at `root`, to concrete paths (an alias' own).
pub(super) fn cut(tape: &Tape, root: u32, paths: &[&[Step]]) -> String {
    let mut out = String::new();
    write(tape, root, paths, &mut out);
    out
}

/// As deep as the longest path.
fn write(tape: &Tape, at: u32, paths: &[&[Step]], out: &mut String) {
    let node = tape.node(at);
    if paths.iter().any(|path| matches!(path.first(), None | Some(Step::Lower | Step::Ip))) {
        let quote = if node.kind() == Kind::String { "\"" } else { "" };
        out.extend([quote, tape.raw(node), quote]);
        return;
    }
    match node.kind() {
        Kind::Object => object(tape, at, paths, out),
        Kind::Array => array(tape, at, paths, out),
        Kind::String => {
            let inner = after(paths, |step| *step == Step::Json);
            match (inner.is_empty(), document(tape, at, &inner)) {
                (false, Some(text)) => out.push_str(&quoted(&text)),
                _ => out.push_str("null"),
            }
        }
        _ => out.push_str("null"),
    }
}

fn object(tape: &Tape, at: u32, paths: &[&[Step]], out: &mut String) {
    out.push('{');
    let mut any = false;
    for member in tape.children(at) {
        let Some(name) = tape.key(member).map(|key| tape.keys().name(key)) else { continue };
        let rest = after(paths, |step| matches!(step, Step::Name(wanted) if wanted == name));
        if rest.is_empty() {
            continue;
        }
        if std::mem::replace(&mut any, true) {
            out.push(',');
        }
        out.push_str(&quoted(name));
        out.push(':');
        write(tape, member, &rest, out);
    }
    out.push('}');
}

fn array(tape: &Tape, at: u32, paths: &[&[Step]], out: &mut String) {
    let elements: Vec<u32> = tape.children(at).collect();
    // For each `[Name=Value]` the one element that it picks, and the member that says so.
    let mut picked: Vec<(usize, [Step; 1], &[Step])> = Vec::new();
    for path in paths {
        if let Some((Step::Where { name, value }, rest)) = path.split_first()
            && let Some(at) = elements.iter().rposition(|element| says(tape, *element, name, value))
        {
            picked.push((at, [Step::Name(name.clone())], rest));
        }
    }
    out.push('[');
    for (position, element) in elements.iter().enumerate() {
        let mut rest = after(paths, |step| match step {
            Step::All => true,
            Step::Index(index) => *index as usize == position,
            _ => false,
        });
        for (_, name, path) in picked.iter().filter(|(at, ..)| *at == position) {
            rest.extend([name.as_slice(), path]);
        }
        if position > 0 {
            out.push(',');
        }
        match rest.is_empty() {
            true => out.push_str("null"),
            false => write(tape, *element, &rest, out),
        }
    }
    out.push(']');
}

/// The document in a string, cut; none where there is none.
fn document(tape: &Tape, at: u32, paths: &[&[Step]]) -> Option<String> {
    let node = tape.node(at);
    let mut text = String::new();
    match node.escaped() {
        true => unescape(tape.raw(node), &mut text),
        false => text.push_str(tape.raw(node)),
    }
    let mut inner = Tape::new(Keys::with([]));
    let root = inner.push(&text).ok()?.root;
    Some(cut(&inner, root, paths))
}

/// What is left of the paths whose first step is such.
fn after<'a>(paths: &[&'a [Step]], mut is: impl FnMut(&Step) -> bool) -> Vec<&'a [Step]> {
    paths.iter().filter_map(|path| path.split_first().filter(|(first, _)| is(first)).map(|(_, rest)| rest)).collect()
}

fn says(tape: &Tape, element: u32, name: &str, value: &str) -> bool {
    let member = tape.keys().find(name).map_or(NONE, |key| tape.member(element, key, &mut 0));
    if member == NONE {
        return false;
    }
    let node = tape.node(member);
    node.kind() == Kind::String && equals(tape.raw(node), node.escaped(), value)
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use cordon_contract::path::Path;

    use super::*;

    fn of(event: &str, paths: &[&str]) -> String {
        let mut tape = Tape::new(Keys::with([]));
        let root = tape.push(event).unwrap().root;
        let paths: Vec<Path> = paths.iter().map(|path| Path::parse(path).unwrap()).collect();
        let steps: Vec<&[Step]> = paths.iter().map(Path::steps).collect();
        cut(&tape, root, &steps)
    }

    #[test]
    fn what_paths_lead_to_stays_byte_for_byte_and_nothing_else() {
        let event = r#"{"a": {"b": 1.00, "c": "secret"}, "d":"\u0041", "a2":[{"x": 1,"y":"secret"},"secret"], "z":{"p": [ 1,2 ]}}"#;
        assert_eq!(of(event, &["a.b", "d.@lower"]), r#"{"a":{"b":1.00},"d":"\u0041"}"#);
        assert_eq!(of(event, &["a2[].x"]), r#"{"a2":[{"x":1},null]}"#);
        assert_eq!(of(event, &["a2[1]"]), r#"{"a2":[null,"secret"]}"#);
        assert_eq!(of(event, &["z"]), r#"{"z":{"p": [ 1,2 ]}}"#);
        assert_eq!(of(event, &["z.p.q", "nowhere"]), r#"{"z":{"p":[null,null]}}"#);
        assert_eq!(of(event, &["d.more", "z.p"]), r#"{"d":null,"z":{"p":[ 1,2 ]}}"#);
    }

    #[test]
    fn elements_by_name_documents_in_strings_and_duplicate_keys_stay_as_paths_see_them() {
        let named = r#"{"P":[{"Name":"To","Value":"old"},{"Name":"Other","Value":"secret"},{"Name":"To","Value":"new","More":"secret"}]}"#;
        assert_eq!(of(named, &["P[Name=To].Value"]), r#"{"P":[null,null,{"Name":"To","Value":"new"}]}"#);
        let inner = r#"{"s":"{\"a\": \"x\",\"b\":\"secret\"}","k":"secret","k":"last"}"#;
        assert_eq!(of(inner, &["s.@json.a", "k"]), r#"{"s":"{\"a\":\"x\"}","k":"last"}"#);
        assert_eq!(of(r#"{"s":"no json"}"#, &["s.@json.a"]), r#"{"s":null}"#);
    }
}
