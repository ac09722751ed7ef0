//! What one run remembers: its turn on what the lane kept, or the recorded answers that stand in for it.
//!
//! Owns the run's [`Turn`] and what each row was answered, from which evidence is made. What is to be kept leaves it only
//! when the run completed. Knows no store: who runs a plugin brings what its lane kept.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cordon_contract::limits;
use cordon_contract::manifest::Manifest;
use cordon_state::{Base, Changes, Fed, Memory as Kept, Remembering, Rows, StateError, Turn, state_time};
use serde::{Deserialize, Serialize};

use super::Caps;
use super::contract::{AnswerRecord, StateFault};
use super::meter::Stop;
use super::reference;
use crate::events::Batch;

/// What a run is given of what its lane remembers.
#[derive(Clone, Default)]
pub enum Past {
    /// Nothing was kept yet.
    #[default]
    Nothing,
    /// What the lane kept.
    Lane(Arc<dyn Base + Send + Sync>),
    /// What the one row of the batch was answered when it was run before.
    Answers(Arc<[StateAnswer]>),
}

/// What state or a window answered one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "asked", rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
#[allow(missing_docs, reason = "wit/v1/windows.wit and state.wit say what each is")]
pub enum StateAnswer {
    /// An entry that a window was fed.
    Window {
        window: String,
        key: String,
        member: String,
        add: bool,
        value: u32,
        capped: bool,
        first_time: bool,
    },
    Contributors {
        window: String,
        key: String,
        references: Vec<String>,
    },
    /// A value, in base64.
    Value {
        key: String,
        value: Option<String>,
    },
    /// What stands beside a key of a list; none where the list does not have it.
    Listed {
        list: String,
        key: String,
        value: Option<String>,
    },
}

/// One entry for a window, copied from the guest.
pub(super) struct FedEntry {
    pub(super) row: u32,
    pub(super) key: String,
    pub(super) member: String,
    pub(super) add: bool,
}

/// A value to be set, or removed where there is none.
pub(super) struct Setting {
    pub(super) row: u32,
    pub(super) key: String,
    pub(super) value: Option<(Vec<u8>, u32)>,
}

/// What a call answers the guest; the outer error ends the run.
pub(super) type Answered<T> = Result<Result<T, StateFault>, Stop>;
/// What a run that completed leaves: what is to be kept, and what rows were answered.
pub(super) type Left = (Option<Changes>, Vec<(u32, StateAnswer)>);

/// See the module.
pub(super) struct Memory {
    with: With,
    /// Windows that were fed, with what each entry was answered.
    fed: Vec<(String, Vec<FedEntry>, Vec<AnswerRecord>)>,
    /// Other answers, by row.
    answers: Vec<(u32, StateAnswer)>,
    /// Bytes that the guest handed in so far, and may in all.
    handed: usize,
    most: usize,
    refused: Option<String>,
}

enum With {
    /// The plugin remembers nothing.
    Nothing,
    Turn(Box<Turn<BatchRows>>),
    /// Recorded answers, and which of them were given.
    Answers(Arc<[StateAnswer]>, Vec<bool>),
}

/// What a manifest declares, under the operator's quotas.
pub(super) fn remembering(manifest: &Manifest, caps: &Caps) -> Remembering {
    Remembering::declared(manifest, caps.state_keys, u64::from(caps.state_mib) << 20)
}

/// A batch as a turn sees it.
struct BatchRows {
    batch: Arc<Batch>,
    times: Vec<i64>,
}

impl Rows for BatchRows {
    fn source(&self) -> &str {
        self.batch.source().as_str()
    }
    fn received(&self) -> &[i64] {
        self.batch.received()
    }
    fn times(&self) -> &[i64] {
        &self.times
    }
    fn identity(&self, row: u32) -> [u8; 32] {
        self.batch.identity(row as usize).map_or([0; 32], |digest| digest.0)
    }
    fn reference(&self, row: u32) -> String {
        reference::of_row(&self.batch, row).unwrap_or_default()
    }
}

impl Memory {
    /// Of a plugin that remembers nothing.
    pub(super) fn none() -> Self {
        Self::with(With::Nothing, 0)
    }

    /// A run's turn on a batch.
    ///
    /// # Errors
    /// What the lane kept cannot be read.
    pub(super) fn begin(declared: &Arc<Remembering>, batch: &Arc<Batch>, past: &Past) -> Result<Self, String> {
        if declared.windows.is_empty() && declared.values.is_none() {
            return Ok(Self::with(With::Nothing, batch.len()));
        }
        let base: Arc<dyn Base + Send + Sync> = match past {
            Past::Answers(answers) => {
                let given = vec![false; answers.len()];
                return Ok(Self::with(With::Answers(Arc::clone(answers), given), batch.len()));
            }
            Past::Nothing => Arc::new(Kept::default()),
            Past::Lane(base) => Arc::clone(base),
        };
        let times = batch.times().iter().zip(batch.received()).map(|(time, received)| state_time(*time, *received));
        let rows = BatchRows { batch: Arc::clone(batch), times: times.collect() };
        let turn = Turn::begin(base, Arc::clone(declared), rows).map_err(|error| error.to_string())?;
        Ok(Self::with(With::Turn(Box::new(turn)), batch.len()))
    }

    fn with(with: With, rows: usize) -> Self {
        let most = limits::STATE_BYTES.saturating_add(limits::STATE_BYTES_FOR_ROW.saturating_mul(rows));
        Self { with, fed: Vec::new(), answers: Vec::new(), handed: 0, most, refused: None }
    }

    /// The first refusal.
    pub(super) fn refused(&self) -> Option<&str> {
        self.refused.as_deref()
    }

    /// A call is refused, before or in it.
    pub(super) fn refuse(&mut self, fault: StateFault) -> StateFault {
        self.refused.get_or_insert_with(|| fault.reason().to_owned());
        fault
    }

    /// Counts bytes that the guest hands in.
    ///
    /// # Errors
    /// When they are too many for one run.
    pub(super) fn hand(&mut self, bytes: usize) -> Result<(), StateFault> {
        self.handed = self.handed.saturating_add(bytes);
        if self.handed > self.most {
            let most = self.most;
            let reason = format!("this batch has handed more than {most} bytes to state, windows and lists");
            return Err(StateFault::TooLarge(reason));
        }
        Ok(())
    }

    /// `windows.feed`
    pub(super) fn feed(&mut self, window: String, entries: Vec<FedEntry>) -> Answered<Vec<AnswerRecord>> {
        let fed: Vec<Fed<'_>> = entries
            .iter()
            .map(|FedEntry { row, key, member, add }| Fed { row: *row, key, member, add: *add })
            .collect();
        let answered = match &mut self.with {
            With::Nothing => Err(StateError::NotDeclared(format!(
                "the manifest declares no window `{window}`: add [windows.{window}]"
            ))),
            With::Turn(turn) => turn.feed(&window, &fed).map(|answers| {
                let record = |a: cordon_state::Answer| AnswerRecord {
                    value: a.value,
                    capped: a.capped,
                    first_time: a.first_time,
                };
                answers.into_iter().map(record).collect::<Vec<_>>()
            }),
            With::Answers(answers, given) => {
                fed.iter().map(|fed| recorded_window(answers, given, &window, fed)).collect()
            }
        };
        drop(fed);
        let answers = match self.checked(answered)? {
            Ok(answers) => answers,
            Err(fault) => return Ok(Err(fault)),
        };
        self.fed.push((window, entries, answers.clone()));
        Ok(Ok(answers))
    }

    /// `windows.contributors`
    pub(super) fn contributors(&mut self, window: &str, row: u32, key: &str) -> Answered<Vec<String>> {
        let answered = match &mut self.with {
            With::Nothing => Err(StateError::NotDeclared(format!(
                "the manifest declares no window `{window}`: add [windows.{window}]"
            ))),
            With::Turn(turn) => turn
                .contributors(window, row, key, limits::CONTRIBUTORS)
                .map(|references| references.into_iter().map(String::from).collect::<Vec<_>>()),
            With::Answers(answers, _) => {
                let of = |answer: &StateAnswer| match answer {
                    StateAnswer::Contributors { window: of, key: whose, references }
                        if of == window && whose == key =>
                    {
                        Some(references.clone())
                    }
                    _ => None,
                };
                answers.iter().find_map(of).ok_or_else(not_recorded)
            }
        };
        let answered = self.checked(answered)?;
        if let Ok(references) = &answered {
            let (window, key, references) = (window.to_owned(), key.to_owned(), references.clone());
            self.answers.push((row, StateAnswer::Contributors { window, key, references }));
        }
        Ok(answered)
    }

    /// `state.get`
    pub(super) fn get(&mut self, places: Vec<(u32, String)>) -> Answered<Vec<Option<Vec<u8>>>> {
        let asked: Vec<(u32, &str)> = places.iter().map(|(row, key)| (*row, key.as_str())).collect();
        let answered = match &mut self.with {
            With::Nothing => Err(no_values()),
            With::Turn(turn) => turn.get(&asked),
            With::Answers(answers, given) => asked.iter().map(|(_, key)| recorded_value(answers, given, key)).collect(),
        };
        let answered = self.checked(answered)?;
        if let Ok(values) = &answered {
            let texts = values.iter().map(|value| value.as_ref().map(|bytes| BASE64.encode(bytes)));
            let told =
                places.into_iter().zip(texts).map(|((row, key), value)| (row, StateAnswer::Value { key, value }));
            self.answers.extend(told);
        }
        Ok(answered)
    }

    /// `state.set` and `state.delete`
    pub(super) fn set(&mut self, settings: &[Setting]) -> Answered<()> {
        let answered = match &mut self.with {
            With::Nothing => Err(no_values()),
            With::Turn(turn) => settings.iter().try_for_each(|Setting { row, key, value }| {
                turn.set(*row, key, value.as_ref().map(|(bytes, seconds)| (bytes.as_slice(), *seconds)))
            }),
            With::Answers(..) => Ok(()),
        };
        self.checked(answered)
    }

    fn checked<T>(&mut self, answered: Result<T, StateError>) -> Answered<T> {
        let fault = match answered {
            Ok(answer) => return Ok(Ok(answer)),
            Err(StateError::Kept(reason)) => return Err(Stop::Host(reason)),
            Err(StateError::NotDeclared(reason)) => StateFault::NotDeclared(reason),
            Err(StateError::BadRows(reason)) => StateFault::BadRows(reason),
            Err(StateError::FedAlready(reason)) => StateFault::FedAlready(reason),
            Err(StateError::TooLarge(reason)) => StateFault::TooLarge(reason),
        };
        Ok(Err(self.refuse(fault)))
    }

    /// What is to be kept, and what these rows (ascending) were answered: of a run that completed.
    ///
    /// # Errors
    /// What the lane kept cannot be read.
    pub(super) fn finish(self, rows: &[u32]) -> Result<Left, String> {
        let asks_for = |row: &u32| rows.binary_search(row).is_ok();
        let mut answers = Vec::new();
        for (window, entries, given) in self.fed {
            for (FedEntry { row, key, member, add }, answer) in entries.into_iter().zip(given) {
                if asks_for(&row) {
                    let AnswerRecord { value, capped, first_time } = answer;
                    let window = window.clone();
                    answers.push((row, StateAnswer::Window { window, key, member, add, value, capped, first_time }));
                }
            }
        }
        answers.extend(self.answers.into_iter().filter(|(row, _)| asks_for(row)));
        let changes = match self.with {
            With::Turn(turn) => Some(turn.finish().map_err(|error| error.to_string())?),
            With::Nothing | With::Answers(..) => None,
        };
        Ok((changes, answers))
    }
}

fn no_values() -> StateError {
    StateError::NotDeclared("the manifest declares no values: add [state] with schema = 1".into())
}

fn not_recorded() -> StateError {
    StateError::NotDeclared("this was not asked when the finding was made: the evidence holds no answer".into())
}

fn recorded_window(
    answers: &[StateAnswer],
    given: &mut [bool],
    window: &str,
    fed: &Fed<'_>,
) -> Result<AnswerRecord, StateError> {
    let of = |answer: &StateAnswer| match answer {
        StateAnswer::Window { window: of, key, member, add, value, capped, first_time } => {
            let same = of == window && key == fed.key && member == fed.member && *add == fed.add;
            same.then_some(AnswerRecord { value: *value, capped: *capped, first_time: *first_time })
        }
        _ => None,
    };
    take(answers, given, of)
}

fn recorded_value(answers: &[StateAnswer], given: &mut [bool], key: &str) -> Result<Option<Vec<u8>>, StateError> {
    let broken = |_| StateError::NotDeclared(format!("the recorded value of `{key}` is no base64"));
    let text = take(answers, given, |answer| match answer {
        StateAnswer::Value { key: of, value } if of == key => Some(value.clone()),
        _ => None,
    })?;
    text.map(|text| BASE64.decode(text).map_err(broken)).transpose()
}

/// The first answer of that kind that was not given yet: the same question twice is answered as it was.
fn take<T>(
    answers: &[StateAnswer],
    given: &mut [bool],
    of: impl Fn(&StateAnswer) -> Option<T>,
) -> Result<T, StateError> {
    let mut left = answers.iter().zip(given.iter_mut()).filter(|(_, given)| !**given);
    let found = left.find_map(|(answer, given)| of(answer).map(|found| (found, given)));
    let (found, given) = found.ok_or_else(not_recorded)?;
    *given = true;
    Ok(found)
}

impl fmt::Debug for Past {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Past::Nothing => "Nothing",
            Past::Lane(_) => "Lane",
            Past::Answers(_) => "Answers",
        })
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("handed", &self.handed).finish_non_exhaustive()
    }
}
