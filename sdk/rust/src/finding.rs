//! The finding builder: whatever it is given, it makes a finding that the host accepts.
//!
//! Texts over a limit are cut visibly, empty entity values left out, duplicates folded, and what has no room is told in a last
//! context entry. A finding without a summary says its rule's title.

use cordon_contract::limits;

use crate::backend::Emission;
use crate::mask::Row;
use crate::text::{head, line, shorten};

/// How bad it is, in OCSF's words. Ascending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Severity {
    Informational,
    Low,
    Medium,
    High,
    Critical,
}

/// How sure it is, in OCSF's words. Ascending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Confidence {
    Low,
    Medium,
    High,
}

/// What was found on one row; made by `Rule::X.on(row)`, handed over by [`crate::Findings::emit`].
///
/// ```
/// # use cordon_sdk::prelude::*;
/// # fn look(rule: Finding) -> Finding {
/// // let rule = Rule::ExternalForwarding.on(row);
/// rule.summary("Mail of anna@force.example is forwarded to x@evil.example")
///     .entity("user", "anna@force.example")
///     .context("Forwards to", "x@evil.example")
///     .key("x@evil.example")
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a finding does nothing until it is emitted"]
pub struct Finding {
    row: Row,
    rule: &'static str,
    severity: Option<Severity>,
    confidence: Option<Confidence>,
    title: Option<String>,
    summary: String,
    entities: Vec<(String, String)>,
    context: Vec<(String, String)>,
    cited: Vec<String>,
    key: String,
    /// What had no room.
    left_out: LeftOut,
}

#[derive(Debug, Clone, Default)]
struct LeftOut {
    entities: usize,
    context: usize,
    cited: usize,
}

/// The key of the context entry that tells what had no room.
const LEFT_OUT: &str = "Left out";
/// Entries that the builder fills at most: one is kept for [`LEFT_OUT`].
const CONTEXT_ENTRIES: usize = limits::CONTEXT_ENTRIES - 1;
/// Bytes of entities, context and references of one finding at most: the rest of a row's allowance is for the other texts,
/// which together stay below it.
const LIST_BYTES: usize = limits::FINDING_BYTES_PER_ROW - (8 << 10);

impl Finding {
    /// For generated code: the rule is one of the manifest, the title its.
    #[doc(hidden)]
    pub fn new(rule: &'static str, title: &'static str, row: Row) -> Self {
        Self {
            row,
            rule,
            severity: None,
            confidence: None,
            title: None,
            summary: title.to_owned(),
            entities: Vec::new(),
            context: Vec::new(),
            cited: Vec::new(),
            key: String::new(),
            left_out: LeftOut::default(),
        }
    }

    /// What happened, in a sentence or two, for a person. At most 4,096 bytes.
    pub fn summary(mut self, text: impl AsRef<str>) -> Self {
        let text = text.as_ref().trim();
        if !text.is_empty() {
            self.summary = shorten(text, limits::SUMMARY_BYTES);
        }
        self
    }

    /// Where it differs from the rule's.
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }

    /// Where it differs from the rule's.
    pub fn confidence(mut self, confidence: Confidence) -> Self {
        self.confidence = Some(confidence);
        self
    }

    /// Where it differs from the rule's. One line, at most 256 bytes.
    pub fn title(mut self, text: impl AsRef<str>) -> Self {
        let text = line(text.as_ref(), limits::TITLE_BYTES);
        if !text.is_empty() {
            self.title = Some(text);
        }
        self
    }

    /// Somebody or something that it is about; `kind` is `user`, `ip`, `app`, `mailbox`, `file`, `host`, `phone`, `role`,
    /// `domain`, `resource` or another short kebab-case word. An empty value is left out.
    pub fn entity(mut self, kind: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        let entity = (kebab(kind.as_ref()), line(value.as_ref(), limits::ENTITY_VALUE_BYTES));
        if entity.1.is_empty() || self.entities.contains(&entity) {
            return self;
        }
        if self.entities.len() < limits::ENTITIES && self.has_room(entity.0.len() + entity.1.len()) {
            self.entities.push(entity);
        } else {
            self.left_out.entities += 1;
        }
        self
    }

    /// One piece of context shown with it, in the order given. An empty value is left out; a second value under the same key
    /// is added to the first.
    pub fn context(mut self, key: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        let key = line(key.as_ref(), limits::CONTEXT_KEY_BYTES);
        let value = shorten(value.as_ref().trim(), limits::CONTEXT_VALUE_BYTES);
        if key.is_empty() || value.is_empty() {
            return self;
        }
        let room = self.has_room(key.len() + value.len() + 2);
        let free = self.context.len() < CONTEXT_ENTRIES && key != LEFT_OUT;
        match self.context.iter_mut().find(|(known, _)| *known == key) {
            Some((_, before)) if before.split("; ").any(|part| part == value) => {}
            Some((_, before)) if room => *before = shorten(&format!("{before}; {value}"), limits::CONTEXT_VALUE_BYTES),
            None if room && free => self.context.push((key, value)),
            _ => self.left_out.context += 1,
        }
        self
    }

    /// Another event that belongs to the evidence: [`crate::Batch::reference`].
    pub fn cite(mut self, reference: impl Into<String>) -> Self {
        let reference = reference.into();
        if reference.trim().is_empty() || self.cited.contains(&reference) {
            return self;
        }
        let fits = reference.len() <= limits::REFERENCE_BYTES && self.has_room(reference.len());
        if fits && self.cited.len() < limits::CITED {
            self.cited.push(reference);
        } else {
            self.left_out.cited += 1;
        }
        self
    }

    /// The same for several: [`crate::Seen::contributors`].
    pub fn cite_all(self, references: impl IntoIterator<Item = String>) -> Self {
        references.into_iter().fold(self, Finding::cite)
    }

    /// What a person should see once has one key: alerts group by it. At most 512 bytes; a longer one keeps its beginning and a
    /// digest of the whole, so that different keys stay different.
    pub fn key(mut self, text: impl AsRef<str>) -> Self {
        let text = line(text.as_ref(), usize::MAX);
        self.key = if text.len() <= limits::KEY_BYTES {
            text
        } else {
            format!("{}…{:016x}", head(&text, limits::KEY_BYTES - 19), fnv(text.as_bytes()))
        };
        self
    }

    fn has_room(&self, bytes: usize) -> bool {
        let pairs = self.entities.iter().chain(&self.context).map(|(a, b)| a.len() + b.len());
        let used: usize = pairs.chain(self.cited.iter().map(String::len)).sum();
        used + bytes <= LIST_BYTES
    }

    /// In the contract's shape.
    pub(crate) fn finish(mut self) -> Emission {
        let LeftOut { entities, context, cited } = self.left_out;
        if entities + context + cited > 0 {
            let counts = [(entities, "entities"), (context, "context entries"), (cited, "cited events")];
            let told: Vec<String> =
                counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
            self.context.push((LEFT_OUT.to_owned(), format!("no room for {} more", told.join(", "))));
        }
        Emission {
            row: self.row.0,
            rule: self.rule.to_owned(),
            severity: self.severity.map(|severity| severity.word().to_owned()),
            confidence: self.confidence.map(|confidence| confidence.word().to_owned()),
            title: self.title,
            summary: self.summary,
            entities: self.entities,
            context: self.context,
            cited: self.cited,
            key: self.key,
        }
    }
}

impl Severity {
    fn word(self) -> &'static str {
        match self {
            Severity::Informational => "informational",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

impl Confidence {
    fn word(self) -> &'static str {
        match self {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        }
    }
}

/// A kind in the contract's form: lower-case letters, digits and single `-`, a letter first; `other` where nothing is left.
fn kebab(kind: &str) -> String {
    let mut out = String::new();
    for c in kind.chars() {
        if c.is_ascii_alphanumeric() && (!out.is_empty() || c.is_ascii_alphabetic()) {
            out.push(c.to_ascii_lowercase());
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    out.truncate(limits::ENTITY_KIND_BYTES);
    let out = out.trim_end_matches('-');
    if out.is_empty() { "other".to_owned() } else { out.to_owned() }
}

/// FNV-1a: only tells long keys apart, promises nothing more.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use cordon_contract::manifest::Manifest;
    use proptest::prelude::*;

    use super::*;
    use crate::testing::check::Check;

    fn check() -> Check {
        Check::new(&Manifest::parse(include_str!("../cordon.toml")).unwrap(), 10)
    }

    fn finding() -> Finding {
        Finding::new("flood", "Too much", Row(3))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn whatever_the_builder_is_given_the_host_accepts(
            texts in proptest::collection::vec("(\\PC|[\n\t\u{0}]){0,80}", 4..5),
            stretch in 0usize..8_000,
            pairs in proptest::collection::vec(("(\\PC|[ -]){0,12}", "(\\PC|\n){0,20}", 0usize..600), 0..150),
        ) {
            let long = |text: &str| text.repeat(1 + stretch / text.len().max(1));
            let mut finding = finding().summary(long(&texts[0])).title(long(&texts[1])).key(long(&texts[2])).cite(&texts[3]);
            for (name, value, times) in &pairs {
                finding = finding.entity(name, value.repeat(*times)).context(name, value.repeat(*times)).cite(value.repeat(*times % 20));
            }
            let emission = finding.finish();
            prop_assert_eq!(check().finding(&emission), Ok(()));
            prop_assert!(emission.entities.iter().all(|(_, value)| !value.is_empty()));
            prop_assert_eq!(emission.entities.iter().collect::<BTreeSet<_>>().len(), emission.entities.len());
        }
    }

    #[test]
    fn a_finding_without_summary_says_its_rules_title() {
        assert_eq!(finding().finish().summary, "Too much");
        assert_eq!(finding().summary(" \n").finish().summary, "Too much");
    }

    #[test]
    fn empty_values_are_left_out_and_duplicates_folded() {
        let emission = finding()
            .entity("user", "")
            .entity("user", "a")
            .entity("User", "a")
            .context("Rule", "")
            .context("To", "x")
            .context("To", "y")
            .context("To", "x")
            .finish();
        assert_eq!(emission.entities, [("user".to_owned(), "a".to_owned())]);
        assert_eq!(emission.context, [("To".to_owned(), "x; y".to_owned())]);
    }

    #[test]
    fn what_has_no_room_is_told_in_the_last_entry() {
        let mut finding = finding();
        for i in 0..100 {
            finding = finding.entity("user", i.to_string()).context(format!("k{i}"), "v").cite(format!("r{i}"));
        }
        let emission = finding.finish();
        assert_eq!((emission.entities.len(), emission.context.len(), emission.cited.len()), (64, 64, 64));
        let last = emission.context.last().unwrap();
        assert_eq!(last.1, "no room for 36 entities, 37 context entries, 36 cited events more");
    }

    #[test]
    fn long_keys_stay_within_the_limit_and_stay_different() {
        let key = |end: &str| finding().key("k".repeat(600) + end).finish().key;
        assert!(key("a").len() <= limits::KEY_BYTES && key("a") != key("b") && key("a") == key("a"));
    }

    #[test]
    fn a_kind_of_any_form_becomes_kebab_case() {
        for (given, expected) in [
            ("user", "user"),
            ("IP Address", "ip-address"),
            ("  -x--y- ", "x-y"),
            ("9lives", "lives"),
            ("é", "other"),
            ("", "other"),
        ] {
            assert_eq!(kebab(given), expected);
        }
    }
}
