//! All tests of one field, put to a value at once.
//!
//! Whole texts, starts and ends are found by hash, texts inside by one automaton, each in lower case. What a literal alone does
//! not decide (wildcards between, case, expressions) is verified on the value only when its literal was found: the literal of a
//! test stands in every text that fulfils it, so nothing is missed.

mod affix;
mod lines;
mod raw;

use std::net::IpAddr;

use daachorse::DoubleArrayAhoCorasick;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use regex_automata::Input;
use regex_automata::meta::{self, Cache, Regex};

use self::affix::{Affixes, End};
use self::lines::{LONG, Lines};
pub(super) use self::raw::Raw;
use super::{Kind, json};
use crate::pattern::{ANY, Part, Pattern, fold};
use crate::test::{Cidr, Compare, Test, TimePart, number, truth};
use crate::when;

/// Bytes that a compiled regular expression may take; a little above what reading allows.
const REGEX_BYTES: usize = 2 << 20;
/// Literals of an expression at most: with more it is tried on every value.
const LITERALS: usize = 32;

/// The number of a test in its plan.
pub(super) type Leaf = u32;

/// What is left to do when a literal was found.
#[derive(Debug)]
enum Check {
    /// Nothing.
    Holds(Leaf),
    /// The whole pattern, on text in lower case.
    Folded(Leaf, Pattern),
    /// The whole pattern, on the text as it is.
    Cased(Leaf, Pattern),
    Regex(Leaf, Box<Regex>),
}

/// The tests of one field.
pub(super) struct Index {
    checks: Vec<Check>,
    whole: HashMap<Box<str>, Vec<u32>, FixedState>,
    starts: Affixes,
    ends: Affixes,
    inside: Option<DoubleArrayAhoCorasick<u32>>,
    /// Whether each of its literals stands within a line.
    by_line: bool,
    /// Per literal of the automaton: its checks.
    of_literal: Vec<Vec<u32>>,
    /// Checks without a literal: on every text.
    always: Vec<u32>,
    equal: HashMap<u64, Vec<Leaf>, FixedState>,
    compared: Vec<(Compare, f64, Leaf)>,
    truths: [Vec<Leaf>; 2],
    networks: Vec<(Cidr, Leaf)>,
    times: Vec<(TimePart, Compare, f64, Leaf)>,
    any_test: bool,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index").field("checks", &self.checks.len()).finish_non_exhaustive()
    }
}

/// Scratch of one run.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    folded: String,
    /// Per check: the value (by number) for which it was done last.
    done: Vec<u32>,
    value: u32,
    /// What a search needs, by leaf. Not in the expression's own pool: that would write to the page of every expression, and each
    /// page that a batch writes to is copied for it.
    caches: HashMap<Leaf, Cache, FixedState>,
    lines: Lines,
    pub(super) hits: Vec<Leaf>,
}

impl Scratch {
    /// For the next field.
    pub(super) fn clear(&mut self) {
        self.lines.clear();
    }
}

impl Index {
    /// Of a field's tests but `Null`, `Exists`, `Field` and `Listed`, which a value alone does not decide.
    ///
    /// # Errors
    /// An expression that does not compile.
    pub(super) fn new<'t>(tests: impl Iterator<Item = (Leaf, &'t Test)>) -> Result<Self, String> {
        let mut index = Self {
            checks: Vec::new(),
            whole: HashMap::default(),
            starts: Affixes::new(End::Start),
            ends: Affixes::new(End::End),
            inside: None,
            by_line: false,
            of_literal: Vec::new(),
            always: Vec::new(),
            equal: HashMap::default(),
            compared: Vec::new(),
            truths: Default::default(),
            networks: Vec::new(),
            times: Vec::new(),
            any_test: false,
        };
        let mut literals: HashMap<String, Vec<u32>, FixedState> = HashMap::default();
        for (leaf, test) in tests {
            index.any_test = true;
            match test {
                Test::Text(pattern) => index.text(leaf, pattern, false, &mut literals),
                Test::Cased(pattern) => index.text(leaf, pattern, true, &mut literals),
                Test::Regex(expression) => index.regex(leaf, expression, &mut literals)?,
                Test::Cidr(cidr) => index.networks.push((*cidr, leaf)),
                Test::Number(Compare::Equal, n) => index.equal.entry(bits(*n)).or_default().push(leaf),
                Test::Number(compare, n) => index.compared.push((*compare, *n, leaf)),
                Test::Bool(truth) => index.truths[usize::from(*truth)].push(leaf),
                Test::Time(part, compare, n) => index.times.push((*part, *compare, *n, leaf)),
                Test::Null | Test::Exists | Test::Field { .. } | Test::Listed(_) => {}
            }
        }
        // In order: the same rules make the same automaton.
        let mut literals: Vec<(String, Vec<u32>)> = literals.into_iter().collect();
        literals.sort();
        if !literals.is_empty() {
            let patterns = literals.iter().map(|(text, _)| text.as_bytes());
            let automaton = DoubleArrayAhoCorasick::new(patterns)
                .map_err(|error| format!("too many texts for one automaton: {error}"))?;
            index.inside = Some(automaton);
            index.by_line = literals.iter().all(|(text, _)| !text.contains('\n'));
            index.of_literal = literals.into_iter().map(|(_, checks)| checks).collect();
        }
        Ok(index)
    }

    fn check(&mut self, check: Check) -> u32 {
        self.checks.push(check);
        // Leaves are numbered in 32 bits.
        u32::try_from(self.checks.len() - 1).unwrap_or(u32::MAX)
    }

    fn text(
        &mut self,
        leaf: Leaf,
        pattern: &Pattern,
        cased: bool,
        literals: &mut HashMap<String, Vec<u32>, FixedState>,
    ) {
        let folded = pattern.folded();
        let verify = |index: &mut Self| {
            let check = if cased { Check::Cased(leaf, pattern.clone()) } else { Check::Folded(leaf, folded.clone()) };
            index.check(check)
        };
        let simple = |index: &mut Self| if cased { verify(index) } else { index.check(Check::Holds(leaf)) };
        match folded.parts() {
            [] => {
                let check = simple(self);
                self.whole.entry("".into()).or_default().push(check);
            }
            [Part::Text(text)] => {
                let check = simple(self);
                self.whole.entry(text.as_str().into()).or_default().push(check);
            }
            [Part::Text(text), any] if *any == ANY => {
                let check = simple(self);
                self.starts.add(text, check);
            }
            [any, Part::Text(text)] if *any == ANY => {
                let check = simple(self);
                self.ends.add(text, check);
            }
            [before, Part::Text(text), after] if *before == ANY && *after == ANY => {
                let check = simple(self);
                literals.entry(text.clone()).or_default().push(check);
            }
            parts => {
                let texts = parts.iter().filter_map(|part| match part {
                    Part::Text(text) => Some(text),
                    Part::Wild(_) => None,
                });
                let longest = texts.max_by_key(|text| text.len()).cloned();
                let check = verify(self);
                match longest {
                    Some(text) => literals.entry(text).or_default().push(check),
                    None => self.always.push(check),
                }
            }
        }
    }

    fn regex(
        &mut self,
        leaf: Leaf,
        expression: &str,
        literals: &mut HashMap<String, Vec<u32>, FixedState>,
    ) -> Result<(), String> {
        let regex = meta::Builder::new()
            .configure(meta::Config::new().nfa_size_limit(Some(REGEX_BYTES)))
            .build(expression)
            .map_err(|error| format!("the expression `{expression}` does not compile: {error}"))?;
        let check = self.check(Check::Regex(leaf, Box::new(regex)));
        match required(expression) {
            Some(texts) => texts.into_iter().for_each(|text| literals.entry(text).or_default().push(check)),
            None => self.always.push(check),
        }
        Ok(())
    }

    /// Whether any value can fulfil anything here.
    pub(super) fn is_empty(&self) -> bool {
        !self.any_test
    }

    pub(super) fn automaton_bytes(&self) -> usize {
        self.inside.as_ref().map_or(0, DoubleArrayAhoCorasick::heap_bytes)
    }

    /// Leaves in `scratch.hits` those that a value fulfils, each once.
    pub(super) fn hits(&self, kind: Kind, text: &str, scratch: &mut Scratch) {
        scratch.hits.clear();
        scratch.value += 1;
        if scratch.done.len() < self.checks.len() {
            scratch.done.resize(self.checks.len(), 0);
        }
        if kind == Kind::Array {
            json::elements(text, &mut |kind, text| self.one(kind, text, scratch));
            scratch.hits.sort_unstable();
            scratch.hits.dedup();
        } else {
            self.one(kind, text, scratch);
        }
    }

    /// The same for an event of which every leaf is a value.
    pub(super) fn hits_of_whole(&self, event: &str, scratch: &mut Scratch) {
        scratch.hits.clear();
        scratch.done.resize(self.checks.len().max(scratch.done.len()), 0);
        json::leaves(event, &mut |kind, text| self.one(kind, text, scratch));
        scratch.hits.sort_unstable();
        scratch.hits.dedup();
    }

    fn one(&self, kind: Kind, text: &str, scratch: &mut Scratch) {
        // Another element may fulfil what this one does not.
        scratch.value += 1;
        let text = match kind {
            Kind::Null | Kind::Array | Kind::Object => return,
            Kind::False => "false",
            Kind::True => "true",
            Kind::Number | Kind::String => text,
        };
        self.texts(text, scratch);
        let hits = &mut scratch.hits;
        if !(self.equal.is_empty() && self.compared.is_empty())
            && matches!(kind, Kind::Number | Kind::String)
            && let Some(n) = number(text)
        {
            hits.extend(self.equal.get(&bits(n)).into_iter().flatten());
            hits.extend(
                self.compared.iter().filter(|(compare, with, _)| compare.holds(n, *with)).map(|(.., leaf)| leaf),
            );
        }
        if self.truths.iter().any(|leaves| !leaves.is_empty())
            && let Some(truth) = truth(text)
        {
            hits.extend(&self.truths[usize::from(truth)]);
        }
        if !self.networks.is_empty()
            && let Ok(address) = text.parse::<IpAddr>()
        {
            hits.extend(self.networks.iter().filter(|(cidr, _)| cidr.contains(address)).map(|(_, leaf)| leaf));
        }
        for (part, compare, with, leaf) in &self.times {
            if when::part(text, *part).is_some_and(|n| compare.holds(n, *with)) {
                hits.push(*leaf);
            }
        }
    }

    fn texts(&self, text: &str, scratch: &mut Scratch) {
        if self.checks.is_empty() {
            return;
        }
        let mut folded = std::mem::take(&mut scratch.folded);
        folded.clear();
        fold(text, &mut folded);
        for check in self.whole.get(folded.as_str()).into_iter().flatten().chain(&self.always) {
            self.verify(*check, text, &folded, scratch);
        }
        self.starts.each(folded.as_bytes(), |check| self.verify(check, text, &folded, scratch));
        self.ends.each(folded.as_bytes(), |check| self.verify(check, text, &folded, scratch));
        self.literals(text, &folded, scratch);
        scratch.folded = folded;
    }

    /// The checks of every literal that stands in a text.
    fn literals(&self, text: &str, folded: &str, scratch: &mut Scratch) {
        let Some(automaton) = &self.inside else { return };
        let search = |text| automaton.find_overlapping_iter(text).map(|found| found.value());
        let verify = |literal: u32, scratch: &mut Scratch| {
            for check in self.of_literal.get(literal as usize).into_iter().flatten() {
                self.verify(*check, text, folded, scratch);
            }
        };
        if !self.by_line || folded.len() < LONG {
            return search(folded.as_bytes()).for_each(|literal| verify(literal, scratch));
        }
        let mut lines = std::mem::take(&mut scratch.lines);
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', folded.as_bytes()).chain([folded.len()]) {
            let line = folded.as_bytes().get(start..end).unwrap_or_default();
            match lines.found(line, || search(line)) {
                Some(found) => found.iter().for_each(|literal| verify(*literal, scratch)),
                None => search(line).for_each(|literal| verify(literal, scratch)),
            }
            start = end + 1;
        }
        scratch.lines = lines;
    }

    fn verify(&self, check: u32, text: &str, folded: &str, scratch: &mut Scratch) {
        let (Some(done), Some(of)) = (scratch.done.get_mut(check as usize), self.checks.get(check as usize)) else {
            return;
        };
        // A literal may stand in a text a thousand times.
        if std::mem::replace(done, scratch.value) == scratch.value {
            return;
        }
        let (leaf, holds) = match of {
            Check::Holds(leaf) => (leaf, true),
            Check::Folded(leaf, pattern) => (leaf, pattern.matches(folded)),
            Check::Cased(leaf, pattern) => (leaf, pattern.matches(text)),
            Check::Regex(leaf, regex) => {
                let cache = scratch.caches.entry(*leaf).or_insert_with(|| regex.create_cache());
                (leaf, regex.search_half_with(cache, &Input::new(text).earliest(true)).is_some())
            }
        };
        if holds {
            scratch.hits.push(*leaf);
        }
    }
}

/// Whether a value fulfils a test that one value decides.
///
/// # Errors
/// An expression that does not compile.
pub fn holds(test: &Test, kind: Kind, text: &str) -> Result<bool, String> {
    let index = Index::new(std::iter::once((0, test)))?;
    let mut scratch = Scratch::default();
    index.hits(kind, text, &mut scratch);
    Ok(!scratch.hits.is_empty())
}

/// A number by its bits: zero is one number.
fn bits(n: f64) -> u64 {
    if n == 0.0 { 0 } else { n.to_bits() }
}

/// Texts in lower case of which one stands in the lower case of whatever the expression matches; none where that is unknown, or
/// where they are too short to be worth anything.
fn required(expression: &str) -> Option<Vec<String>> {
    let tree = regex_syntax::Parser::new().parse(expression).ok()?;
    let mut best: Option<Vec<String>> = None;
    for kind in [regex_syntax::hir::literal::ExtractKind::Prefix, regex_syntax::hir::literal::ExtractKind::Suffix] {
        let mut extractor = regex_syntax::hir::literal::Extractor::new();
        extractor.kind(kind).limit_total(LITERALS).limit_literal_len(64);
        let sequence = extractor.extract(&tree);
        let Some(found) = sequence.literals() else { continue };
        let texts: Option<Vec<String>> = found
            .iter()
            .map(|literal| {
                let text = std::str::from_utf8(literal.as_bytes()).ok()?;
                let mut folded = String::new();
                fold(text, &mut folded);
                (folded.len() >= 3).then_some(folded)
            })
            .collect();
        let Some(mut texts) = texts.filter(|texts| !texts.is_empty()) else { continue };
        texts.sort();
        texts.dedup();
        let shortest = |texts: &[String]| texts.iter().map(String::len).min().unwrap_or(0);
        if best.as_ref().is_none_or(|best| shortest(best) < shortest(&texts)) {
            best = Some(texts);
        }
    }
    best
}
