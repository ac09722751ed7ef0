//! What one run looks up in lists: in those of its batch, or in the recorded answers that stand in for them.

use std::collections::BTreeMap;
use std::sync::Arc;

use cordon_contract::limits;
use cordon_contract::manifest::{ListKind, Manifest, list_key};
use wasmtime::AsContext as _;
use wasmtime::component::{Linker, WasmList, WasmStr};

use super::contract::{self, StateFault, shortened};
use super::link::Store;
use super::memory::{Past, StateAnswer};
use super::state::RunState;
use super::{Outcome, Plugin, RunInput, Sandbox};
use crate::events::Batch;
use crate::lists::Lists;

/// Bytes of a list's name that are looked at; a manifest's names are shorter.
const NAME_BYTES: usize = 64;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Lookups {
    with: With,
    /// What was answered, by list and key, where it is to be kept.
    asked: Option<BTreeMap<(String, String), Option<String>>>,
}

#[derive(Debug, Default)]
enum With {
    /// Every list is empty.
    #[default]
    Nothing,
    Lists(Lists),
    Answers(Arc<[StateAnswer]>),
}

impl Lookups {
    /// Of a run with this input. A run on recorded answers that is given lists says what they answered.
    pub(super) fn of(input: &RunInput) -> Self {
        match (&input.lists, &input.past) {
            (Some(lists), past) => {
                let asked = matches!(past, Past::Answers(_)).then(BTreeMap::new);
                Self { with: With::Lists(lists.clone()), asked }
            }
            (None, Past::Answers(answers)) => Self { with: With::Answers(Arc::clone(answers)), asked: None },
            (None, _) => Self::default(),
        }
    }

    pub(super) fn asked(self) -> Vec<StateAnswer> {
        let answer = |((list, key), value)| StateAnswer::Listed { list, key, value };
        self.asked.unwrap_or_default().into_iter().map(answer).collect()
    }

    fn answer(&mut self, (list, kind): (&str, ListKind), key: &str) -> Result<Option<String>, StateFault> {
        let found = match &self.with {
            With::Nothing => None,
            // Whoever fills a set may keep notes beside its keys.
            With::Lists(lists) => lists.get(list, key).map(|value| match kind {
                ListKind::Set => String::new(),
                ListKind::Map => value.to_owned(),
            }),
            With::Answers(answers) => {
                let of = |answer: &StateAnswer| match answer {
                    StateAnswer::Listed { list: of, key: asked, value } if of == list && asked == key => {
                        Some(value.clone())
                    }
                    _ => None,
                };
                answers.iter().find_map(of).ok_or_else(|| {
                    StateFault::Other(format!(
                        "list `{list}` was not asked for this key when the finding was made: the evidence holds no answer"
                    ))
                })?
            }
        };
        if let Some(asked) = &mut self.asked {
            asked.insert((list.to_owned(), key.to_owned()), found.clone());
        }
        Ok(found)
    }
}

impl Sandbox {
    /// What lists answer a run on one row alone, behind what state and windows answered it: with these a run on that row alone
    /// finds the same again, wherever. None where it does not complete: that is of the moment, it just did.
    #[must_use]
    pub fn listed(
        &self,
        plugin: &Plugin,
        row: &Arc<Batch>,
        settings: &Arc<str>,
        lists: &Lists,
        answers: Vec<StateAnswer>,
    ) -> Option<Vec<StateAnswer>> {
        if plugin.manifest().lists.is_empty() {
            return Some(answers);
        }
        let past = Past::Answers(answers.clone().into());
        let input = RunInput { settings: Arc::clone(settings), explain: false, past, lists: Some(lists.clone()) };
        let mut report = self.run(plugin, row, &input);
        if report.outcome != Outcome::Completed {
            report = self.run(plugin, row, &input);
        }
        (report.outcome == Outcome::Completed).then(|| [answers, report.listed].concat())
    }
}

pub(super) fn link(linker: &mut Linker<RunState>) -> wasmtime::Result<()> {
    let mut lists = linker.instance(contract::LISTS)?;
    lists.func_wrap("lookup", |mut store: Store<'_>, (name, keys): (WasmStr, WasmList<WasmStr>)| {
        store.data_mut().call()?;
        let asked = match within(&store, &keys) {
            Ok(()) => {
                let texts: wasmtime::Result<Vec<WasmStr>> = keys.iter(&mut store)?.collect();
                read(&store, &name, &texts?)
            }
            Err(fault) => Err(fault),
        };
        let state = store.data_mut();
        let answered = asked.and_then(|Asked { list, kind, keys, bytes }| {
            state.memory.hand(bytes)?;
            let answer = |key: &String| state.lookups.answer((&list, kind), key);
            keys.iter().map(answer).collect::<Result<Vec<Option<String>>, StateFault>>()
        });
        let answered = answered.map_err(|fault| state.memory.refuse(fault));
        if let Ok(values) = &answered {
            state.meter.crossing(values.iter().flatten().map(String::len).sum())?;
        }
        state.meter.check_time()?;
        Ok((answered,))
    })
}

fn within(store: &Store<'_>, keys: &WasmList<WasmStr>) -> Result<(), StateFault> {
    let rows = store.data().given.batch.as_ref().map_or(0, |batch| batch.len());
    let most = limits::STATE_ENTRIES + limits::STATE_ENTRIES_FOR_ROW * rows;
    if keys.len() > most {
        let reason = format!("{} keys in one call, more than {most}: ask for each distinct one once", keys.len());
        return Err(StateFault::TooLarge(reason));
    }
    Ok(())
}

/// What a call asks.
struct Asked {
    list: String,
    kind: ListKind,
    /// Folded.
    keys: Vec<String>,
    /// Of what was read.
    bytes: usize,
}

fn read(store: &Store<'_>, name: &WasmStr, texts: &[WasmStr]) -> Result<Asked, StateFault> {
    let manifest: &Manifest = &store.data().given.terms.manifest;
    let unreadable = |what: &str| StateFault::Other(format!("{what} is not Unicode text"));
    let name = name.to_str(store.as_context()).map_err(|_| unreadable("the list's name"))?;
    let Some(declared) = manifest.lists.get(&*name) else {
        let name = shortened(&name, NAME_BYTES);
        return Err(StateFault::NotDeclared(format!("the manifest declares no list `{name}`: add [lists.{name}]")));
    };
    let (mut keys, mut bytes) = (Vec::with_capacity(texts.len()), name.len());
    for text in texts {
        let text = text.to_str(store.as_context()).map_err(|_| unreadable("a key"))?;
        let limit = limits::LIST_KEY_BYTES;
        if text.len() > limit {
            let reason = format!("a key of {} bytes: at most {limit} are allowed", text.len());
            return Err(StateFault::TooLarge(reason));
        }
        bytes += text.len();
        keys.push(list_key(&text));
    }
    Ok(Asked { list: name.into_owned(), kind: declared.kind, keys, bytes })
}
