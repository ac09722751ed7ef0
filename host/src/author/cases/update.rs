//! Writes what was found into a case, in place of what was expected.

use std::path::Path;

use super::format::CaseError;

/// Replaces the `[[findings]]` of a case.
///
/// # Errors
/// When `case.toml` cannot be read or written.
pub fn update(folder: &Path, found: &str) -> Result<(), CaseError> {
    let path = folder.join("case.toml");
    let wrong = |error: std::io::Error| CaseError { path: path.clone(), reason: error.to_string() };
    let text = std::fs::read_to_string(&path).map_err(wrong)?;
    std::fs::write(&path, with_findings(&text, found)).map_err(wrong)
}

/// Everything else stays as it was written, comments too.
fn with_findings(text: &str, found: &str) -> String {
    let mut kept = String::new();
    let mut inside = false;
    let mut quote = None;
    for line in text.lines() {
        if quote.is_none() && line.trim_start().starts_with('[') {
            inside = line.trim_start().starts_with("[[findings]]") || line.trim_start().starts_with("[findings.");
        }
        // A line of inline events may look like a header: inside a multi-line string nothing is one.
        for mark in ["'''", "\"\"\""] {
            for _ in 0..line.matches(mark).count() {
                match quote {
                    None => quote = Some(mark),
                    Some(open) if open == mark => quote = None,
                    Some(_) => {}
                }
            }
        }
        if !inside {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    let kept = kept.trim_end();
    if found.is_empty() { format!("{kept}\n") } else { format!("{kept}\n\n{}\n", found.trim_end()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_findings_change() {
        let text = "description = 'x' # why\n[[batches]]\nsource = 's'\ninline = '''\n[[findings]]\n'''\n\n[[findings]]\nrule = 'old'\n\n[run]\na = 1\n";
        let new = with_findings(text, "[[findings]]\nrule = \"new\"\n");
        assert_eq!(
            new,
            "description = 'x' # why\n[[batches]]\nsource = 's'\ninline = '''\n[[findings]]\n'''\n\n[run]\na = 1\n\n[[findings]]\nrule = \"new\"\n"
        );
        assert!(!with_findings(&new, "").contains("new"));
    }
}
