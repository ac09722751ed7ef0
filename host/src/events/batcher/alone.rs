//! Events as a batch again, with what their first batch said of each: for reproduction and replay.
//!
//! Time, marks, zone offset, shape and sequence are taken as recorded and never derived again: a later host may recognise
//! a shape or read a time in another way, and the plugin must see what it saw.

use cordon_contract::limits::{BATCH_BYTES, BATCH_ROWS, EVENT_BYTES};

use super::super::sources::Sources;
use super::super::{Batch, EventOrigin, Kind};
use super::open::{Open, Row};
use crate::model::{Force, SourceName};

/// An event and what its batch said of it.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Whose it is.
    pub force: Force,
    /// What kind of log it is.
    pub source: SourceName,
    /// Name of its shape; none for sources that are taken as they are.
    pub shape: Option<String>,
    /// The event exactly as received.
    pub event: String,
    /// Its time, microseconds since 1970 UTC.
    pub time: i64,
    /// Bit 0: no time of its own; bit 1: late.
    pub marks: u8,
    /// When its request was accepted, microseconds since 1970 UTC.
    pub received: i64,
    /// Offset of the force's time zone at its time, minutes east of UTC.
    pub local_minutes: i16,
    /// Its number in its force's stream.
    pub sequence: u64,
    /// Where it stood.
    pub origin: EventOrigin,
}

/// Why a recorded event makes no batch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum AloneError {
    #[error("the event has {0} bytes, more than {EVENT_BYTES}")]
    TooLarge(usize),
    #[error("the event is no JSON object")]
    NotAnObject,
    #[error("there are {0} events, and a batch has 1 to {BATCH_ROWS}")]
    Rows(usize),
    #[error("the events have more than the {BATCH_BYTES} bytes of a batch")]
    Bytes,
    #[error("the events are of more than one force or source")]
    Mixed,
    #[error(
        "the event is of shape `{shape}` of {source_name}, which this host does not know: use the version that made the evidence"
    )]
    UnknownShape { shape: String, source_name: SourceName },
}

impl Batch {
    /// A batch of this one row.
    ///
    /// # Errors
    /// See [`AloneError`].
    pub fn alone(recorded: Recorded) -> Result<Batch, AloneError> {
        Self::recorded(vec![recorded])
    }

    /// A batch of these rows, in this order.
    ///
    /// # Errors
    /// See [`AloneError`].
    pub fn recorded(all: Vec<Recorded>) -> Result<Batch, AloneError> {
        let rows = all.len();
        let Some((force, source)) = all.first().map(|first| (first.force.clone(), first.source.clone())) else {
            return Err(AloneError::Rows(0));
        };
        if rows > BATCH_ROWS {
            return Err(AloneError::Rows(rows));
        }
        let sources = Sources::get();
        let table = sources.find(&source);
        let mut open = Open::new(source, table, sources.keys([]));
        for recorded in all {
            if recorded.force != force || recorded.source != open.source {
                return Err(AloneError::Mixed);
            }
            take(&mut open, recorded)?;
        }
        if rows > 1 && open.bytes() > BATCH_BYTES {
            return Err(AloneError::Bytes);
        }
        Ok(open.close(force))
    }
}

fn take(open: &mut Open, recorded: Recorded) -> Result<(), AloneError> {
    let Recorded { source, shape, event, time, marks, received, local_minutes, sequence, origin, .. } = recorded;
    if event.len() > EVENT_BYTES {
        return Err(AloneError::TooLarge(event.len()));
    }
    let position = match (open.table, &shape) {
        (None, None) => Some(0),
        (Some(table), Some(shape)) => table.shapes.iter().position(|known| known.name == *shape),
        _ => None,
    };
    let Some(shape) = position.and_then(|position| u8::try_from(position).ok()) else {
        return Err(AloneError::UnknownShape { shape: shape.unwrap_or_default(), source_name: source });
    };
    let root = open.tape.push(&event).map_err(|_| AloneError::NotAnObject)?.root;
    if open.tape.node(root).kind() != Kind::Object {
        return Err(AloneError::NotAnObject);
    }
    open.take(Row { root, shape, time, marks, received, local_minutes, sequence, origin });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(source: &str, shape: Option<&str>, event: &str) -> Recorded {
        Recorded {
            force: Force::new("avon").unwrap(),
            source: SourceName::new(source).unwrap(),
            shape: shape.map(str::to_owned),
            event: event.to_owned(),
            time: 17,
            marks: 3,
            received: 18,
            local_minutes: -60,
            sequence: 9,
            origin: EventOrigin { file: "f".into(), line: 4, unit: "line" },
        }
    }

    #[test]
    fn everything_is_as_recorded_and_nothing_is_derived_again() {
        // Its own CreationTime says otherwise, on purpose.
        let event = r#"{ "Operation" :"x\u00e4", "CreationTime":"2026-03-09T10:09:55"}"#;
        let name = Sources::get().find(&SourceName::new("m365.audit").unwrap()).unwrap().shapes[0].name.clone();
        let batch = Batch::alone(recorded("m365.audit", Some(&name), event)).unwrap();
        assert_eq!((batch.len(), batch.event(0)), (1, Some(event)));
        assert_eq!(
            (batch.times(), batch.marks(), batch.received()),
            ([17].as_slice(), [3].as_slice(), [18].as_slice())
        );
        assert_eq!((batch.local_minutes(), batch.sequence(0)), ([-60].as_slice(), 9));
        assert_eq!((batch.shape(0), batch.origin(0).unwrap().line), (Some(name.as_str()), 4));
    }

    #[test]
    fn what_is_no_event_or_of_no_known_shape_is_refused() {
        assert_eq!(Batch::alone(recorded("custom.x", None, "[1]")).unwrap_err(), AloneError::NotAnObject);
        assert_eq!(Batch::alone(recorded("custom.x", None, "{")).unwrap_err(), AloneError::NotAnObject);
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(EVENT_BYTES));
        assert!(matches!(Batch::alone(recorded("custom.x", None, &long)), Err(AloneError::TooLarge(_))));
        for (source, shape) in [("m365.audit", Some("of 2031")), ("m365.audit", None), ("custom.x", Some("flat"))] {
            assert!(matches!(Batch::alone(recorded(source, shape, "{}")), Err(AloneError::UnknownShape { .. })));
        }
    }
}
