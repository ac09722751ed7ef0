//! A text that stands in for a refused line: all of it is taken, or nothing.

use std::io::Cursor;

use super::name::RequestName;
use super::protocol::Plain;
use super::{Accepted, Intake, IntakeError, Post, read};

impl Intake {
    /// Takes a text whose every event must be sound. It is not counted against a quota and adds nothing to the list of
    /// refused lines. Blocks: not for an async thread.
    ///
    /// # Errors
    /// See [`IntakeError`]; `Unsound` names the first event that is refused.
    pub fn replay(&self, post: &Post, text: Vec<u8>) -> Result<Accepted, IntakeError> {
        let mut lease = self.budget.lease();
        let plain = Plain::open(Cursor::new(text), self.limit(), post.source.clone());
        let answer = plain.and_then(|mut plain| read(post, &mut plain, &mut lease, &mut |_, _| {})).and_then(
            |(batches, refused)| match refused.named.first() {
                Some(line) => {
                    Err(IntakeError::Unsound { line: line.line, unit: line.unit, reason: line.reason.clone() })
                }
                None => self.bring(post, &RequestName::of(post, None, 0), batches, refused),
            },
        );
        self.counts.answered(if answer.is_ok() { "replayed" } else { "replay-refused" });
        answer
    }
}
