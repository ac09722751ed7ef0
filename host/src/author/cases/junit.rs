//! Case reports as JUnit XML, which every CI reads. Pure.

use std::fmt::Write as _;

use super::run::{CaseReport, Verdict};

/// One suite a plugin.
#[must_use]
pub fn to_junit(reports: &[CaseReport]) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for suite in reports.chunk_by(|a, b| a.plugin == b.plugin) {
        let failed =
            suite.iter().filter(|report| matches!(report.verdict, Verdict::Differs(_) | Verdict::DependsOnBatches(_)));
        let broken = suite.iter().filter(|report| matches!(report.verdict, Verdict::Broken(_)));
        let _ = writeln!(
            out,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\">",
            suite.first().map(|report| escaped(&report.plugin)).unwrap_or_default(),
            suite.len(),
            failed.count(),
            broken.count()
        );
        for report in suite {
            let _ = write!(
                out,
                "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\"",
                escaped(&report.plugin),
                escaped(&report.name),
                report.seconds
            );
            let (tag, message, text) = match &report.verdict {
                Verdict::Holds => {
                    out.push_str("/>\n");
                    continue;
                }
                Verdict::Differs(diff) => ("failure", "other findings than expected", diff),
                Verdict::DependsOnBatches(text) => {
                    ("failure", "findings depend on how events are cut into batches", text)
                }
                Verdict::Broken(text) => ("error", "the case cannot be run", text),
            };
            let _ = writeln!(out, ">\n      <{tag} message=\"{message}\">{}</{tag}>", escaped(text));
            if !report.log.is_empty() {
                let log: Vec<&str> = report.log.iter().map(|line| line.message.as_str()).collect();
                let _ = writeln!(out, "      <system-out>{}</system-out>", escaped(&log.join("\n")));
            }
            out.push_str("    </testcase>\n");
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

/// XML 1.0 has no place for most control characters, not even escaped.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_events_cannot_break_the_document() {
        assert_eq!(escaped("a<b>&\"\u{1b}\n"), "a&lt;b&gt;&amp;&quot;\u{fffd}\n");
    }
}
