//! Which of the rules that hold for one event are told one by one. An event may have 64 findings and 64 KiB of their text, and
//! one more would lose them all: whoever writes an event that hundreds of rules know must not hide it by that.
//!
//! The worst rules come first, the others are named in the last finding. Depends on the row alone.

use cordon_contract::limits;

/// Findings told one by one.
const FINDINGS: usize = limits::FINDINGS_PER_ROW;
/// Bytes of their text; the rest of what a row may have is for the names of the others and for what a builder adds.
const BYTES: usize = limits::FINDING_BYTES_PER_ROW - (8 << 10);
/// Bytes of the names of the others.
const NAMES: usize = 2 << 10;

/// A rule that holds for the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Candidate<'r, R> {
    /// The rule, in the order of the manifest.
    pub(crate) rule: R,
    /// How bad it is, ascending.
    pub(crate) level: u8,
    /// Its id.
    pub(crate) id: &'r str,
    /// Bytes of its own texts: id, title, notes.
    pub(crate) bytes: usize,
}

/// What is told of a row.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Told<R> {
    /// Rules, the worst first; each with whether there is room for whom it is about.
    pub(crate) findings: Vec<(R, bool)>,
    /// What the last of them says of the others.
    pub(crate) others: Option<String>,
}

/// Chooses; `entities` is the bytes of whom the row is about, once for each finding.
pub(crate) fn told<R: Copy + Ord>(mut candidates: Vec<Candidate<'_, R>>, entities: usize) -> Told<R> {
    candidates.sort_by_key(|candidate| (std::cmp::Reverse(candidate.level), candidate.rule));
    // What the findings' own texts leave over is for whom they are about; the worst says it in any case that it fits.
    let own: usize = candidates.iter().take(FINDINGS).map(|candidate| candidate.bytes).sum();
    let mut room = BYTES.saturating_sub(own);
    let (mut findings, mut spent) = (Vec::new(), 0);
    for candidate in candidates.iter().take(FINDINGS) {
        let whole = entities <= room || (findings.is_empty() && candidate.bytes + entities <= BYTES);
        let bytes = candidate.bytes + if whole { entities } else { 0 };
        if spent + bytes > BYTES {
            break;
        }
        if whole {
            room = room.saturating_sub(entities);
        }
        spent += bytes;
        findings.push((candidate.rule, whole));
    }
    let left = candidates.get(findings.len()..).unwrap_or_default();
    Told { findings, others: (!left.is_empty()).then(|| named(left)) }
}

fn named<R>(left: &[Candidate<'_, R>]) -> String {
    let mut text = format!("{} more rules hold for this event, too many to tell one by one:", left.len());
    for (at, candidate) in left.iter().enumerate() {
        if text.len() + candidate.id.len() > NAMES {
            text.push_str(&format!(" and {} more", left.len() - at));
            break;
        }
        text.push(' ');
        text.push_str(candidate.id);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(ids: &[String], bytes: usize) -> Vec<Candidate<'_, u32>> {
        let of = |(rule, id): (u32, &'_ String)| (rule, id.len());
        (0u32..)
            .zip(ids)
            .map(|pair| Candidate { rule: of(pair).0, level: u8::from(pair.0 % 7 == 0), id: pair.1, bytes })
            .collect()
    }

    #[test]
    fn an_event_that_hundreds_of_rules_know_keeps_the_worst_findings_and_names_the_others() {
        let ids: Vec<String> = (0..300).map(|number| format!("sigma-{number}")).collect();
        let told = told(candidates(&ids, 300), 200);
        assert_eq!(told.findings.len(), FINDINGS);
        // 43 of the 300 are worse than the others.
        assert!(told.findings.iter().take(43).all(|(rule, _)| rule % 7 == 0));
        let others = told.others.unwrap();
        assert!(others.starts_with("236 more rules") && others.len() < NAMES + 64, "{others}");
    }

    #[test]
    fn long_texts_of_the_event_are_left_out_before_findings_are() {
        let ids: Vec<String> = (0..60).map(|number| format!("sigma-{number}")).collect();
        let told = told(candidates(&ids, 500), 11 << 10);
        assert_eq!((told.findings.len(), told.others), (60, None));
        assert!(told.findings[0].1 && !told.findings[59].1);
    }

    #[test]
    fn what_is_told_never_exceeds_what_a_row_may_have() {
        for (rules, bytes, entities) in [(64, 1_000, 0), (65, 1, 1), (400, 4_000, 20_000), (1, 12_000, 20_000)] {
            let ids: Vec<String> = (0..rules).map(|number| format!("sigma-{number}")).collect();
            let told = told(candidates(&ids, bytes), entities);
            let text: usize = told.findings.iter().map(|(_, whole)| bytes + if *whole { entities } else { 0 }).sum();
            assert!(!told.findings.is_empty() && told.findings.len() <= FINDINGS && text <= BYTES, "{rules} {bytes}");
        }
    }
}
