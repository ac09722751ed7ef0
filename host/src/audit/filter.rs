//! Which records of the audit somebody asks for. Pure.

use super::Record;

/// All that is given must fit; what is not given fits always.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// The token's id, or `host`.
    pub who: Option<String>,
    /// The word for what was done.
    pub what: Option<String>,
    /// The force that it concerned.
    pub force: Option<String>,
    /// From this time on, microseconds since 1970 UTC.
    pub from: Option<i64>,
    /// Before this time, in the same.
    pub until: Option<i64>,
}

impl Filter {
    /// Whether a record is asked for.
    #[must_use]
    pub fn fits(&self, record: &Record) -> bool {
        let Self { who, what, force, from, until } = self;
        who.as_ref().is_none_or(|who| *who == record.who)
            && what.as_ref().is_none_or(|what| *what == record.what)
            && force.as_ref().is_none_or(|force| Some(force) == record.force.as_ref())
            && from.is_none_or(|from| record.time >= from)
            && until.is_none_or(|until| record.time < until)
    }
}
