//! What a re-run says: identical, or what differs.

use serde::Serialize;

use crate::findings::FieldDifference;
use crate::ids::Digest;

/// What came of one piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The finding.
    pub id: Digest,
    /// `plugin/rule`
    pub rule: String,
    /// What is not as it was; empty where the finding is identical.
    pub differences: Vec<Difference>,
    /// What is not as it was and did not change the finding: the engine.
    pub remarks: Vec<Difference>,
    /// Whether nothing that the finding is made from differs: then the plugin did not keep the row rule.
    pub breaks_row_rule: bool,
}

/// One thing that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// `plugin`, `load-settings`, `run-settings`, `event-bytes`, `cited-event-bytes`, `engine`, `outcome`, `finding`,
    /// or a field of the finding as `finding.summary`.
    pub what: String,
    /// In the evidence; none where it is absent there.
    pub was: Option<String>,
    /// In the re-run; none where it is absent there.
    pub now: Option<String>,
}

impl Difference {
    pub(super) fn new(what: &str, was: impl ToString, now: impl ToString) -> Self {
        Self { what: what.to_owned(), was: Some(was.to_string()), now: Some(now.to_string()) }
    }
}

impl From<FieldDifference> for Difference {
    fn from(field: FieldDifference) -> Self {
        Self { what: format!("finding.{}", field.field), was: field.was, now: field.now }
    }
}

impl Report {
    /// Whether the finding was made again, byte for byte.
    #[must_use]
    pub fn is_identical(&self) -> bool {
        self.differences.is_empty()
    }
}
