//! The imports `state` and `windows`: what each reads, measured in place before anything is copied, and answers.

use cordon_contract::limits;
use wasmtime::AsContext as _;
use wasmtime::component::{ComponentType, Lift, Linker, WasmList, WasmStr};

use super::contract::{self, FeedArgument, PlaceArgument, SetArgument, StateFault, shortened};
use super::link::Store;
use super::memory::{Answered, FedEntry, Setting};
use super::state::RunState;

/// Bytes of a window's name that are looked at; a manifest's names are shorter.
const NAME_BYTES: usize = 64;

pub(super) fn windows(linker: &mut Linker<RunState>) -> wasmtime::Result<()> {
    let mut windows = linker.instance(contract::WINDOWS)?;
    windows.func_wrap("feed", |mut store: Store<'_>, (window, list): (WasmStr, WasmList<FeedArgument>)| {
        store.data_mut().call()?;
        let fed = match entries(&mut store, &list)? {
            Ok(arguments) => fed(&store, &window, &arguments),
            Err(fault) => Err(fault),
        };
        answer(store, fed, |state, (window, entries)| state.memory.feed(window, entries))
    })?;
    windows.func_wrap("contributors", |mut store: Store<'_>, (window, row, key): (WasmStr, u32, WasmStr)| {
        store.data_mut().call()?;
        let asked = name(&store, &window).and_then(|(window, len)| {
            let key = text(&store, "a key", &key)?;
            let bytes = len + key.len();
            Ok(((window, key), bytes))
        });
        answer(store, asked, |state, (window, key)| {
            let answered = state.memory.contributors(&window, row, &key)?;
            if let Ok(references) = &answered {
                state.meter.crossing(references.iter().map(String::len).sum())?;
            }
            Ok(answered)
        })
    })
}

pub(super) fn state(linker: &mut Linker<RunState>) -> wasmtime::Result<()> {
    let mut state = linker.instance(contract::STATE)?;
    state.func_wrap("get", |mut store: Store<'_>, (list,): (WasmList<PlaceArgument>,)| {
        store.data_mut().call()?;
        let places = match entries(&mut store, &list)? {
            Ok(arguments) => places(&store, &arguments),
            Err(fault) => Err(fault),
        };
        answer(store, places, |state, places| {
            let answered = state.memory.get(places)?;
            if let Ok(values) = &answered {
                state.meter.crossing(values.iter().flatten().map(Vec::len).sum())?;
            }
            Ok(answered)
        })
    })?;
    state.func_wrap("set", |mut store: Store<'_>, (list,): (WasmList<SetArgument>,)| {
        store.data_mut().call()?;
        let settings = match entries(&mut store, &list)? {
            Ok(arguments) => settings(&store, &arguments),
            Err(fault) => Err(fault),
        };
        answer(store, settings, |state, settings| state.memory.set(&settings))
    })?;
    state.func_wrap("delete", |mut store: Store<'_>, (list,): (WasmList<PlaceArgument>,)| {
        store.data_mut().call()?;
        let places = match entries(&mut store, &list)? {
            Ok(arguments) => places(&store, &arguments),
            Err(fault) => Err(fault),
        };
        answer(store, places, |state, places| {
            let settings: Vec<Setting> =
                places.into_iter().map(|(row, key)| Setting { row, key, value: None }).collect();
            state.memory.set(&settings)
        })
    })
}

/// Answers a call whose arguments were read, or were refused; both take time.
fn answer<A, T>(
    mut store: Store<'_>,
    arguments: Result<(A, usize), StateFault>,
    call: impl FnOnce(&mut RunState, A) -> Answered<T>,
) -> wasmtime::Result<(Result<T, StateFault>,)> {
    let state = store.data_mut();
    let arguments = arguments.and_then(|(arguments, bytes)| state.memory.hand(bytes).map(|()| arguments));
    let answered = match arguments {
        Ok(arguments) => call(state, arguments)?,
        Err(fault) => Err(state.memory.refuse(fault)),
    };
    state.meter.check_time()?;
    Ok((answered,))
}

/// The entries of a call, their texts still in the guest.
fn entries<T: ComponentType + Lift + 'static>(
    store: &mut Store<'_>,
    list: &WasmList<T>,
) -> wasmtime::Result<Result<Vec<T>, StateFault>> {
    let rows = store.data().given.batch.as_ref().map_or(0, |batch| batch.len());
    let most = limits::STATE_ENTRIES + limits::STATE_ENTRIES_FOR_ROW * rows;
    if list.len() > most {
        let reason = format!("{} entries in one call, more than {most}: call again for the rest", list.len());
        return Ok(Err(StateFault::TooLarge(reason)));
    }
    let arguments: wasmtime::Result<Vec<T>> = list.iter(&mut *store)?.collect();
    Ok(Ok(arguments?))
}

fn fed(
    store: &Store<'_>,
    window: &WasmStr,
    arguments: &[FeedArgument],
) -> Result<((String, Vec<FedEntry>), usize), StateFault> {
    let (window, _) = name(store, window)?;
    let mut bytes = 0;
    let mut entries = Vec::with_capacity(arguments.len());
    for argument in arguments {
        let (key, member) = (text(store, "a key", &argument.key)?, text(store, "a member", &argument.member)?);
        bytes += key.len() + member.len();
        entries.push(FedEntry { row: argument.row, key, member, add: argument.add });
    }
    Ok(((window, entries), bytes))
}

fn places(store: &Store<'_>, arguments: &[PlaceArgument]) -> Result<(Vec<(u32, String)>, usize), StateFault> {
    let mut bytes = 0;
    let mut places = Vec::with_capacity(arguments.len());
    for argument in arguments {
        let key = text(store, "a key", &argument.key)?;
        bytes += key.len();
        places.push((argument.row, key));
    }
    Ok((places, bytes))
}

fn settings(store: &Store<'_>, arguments: &[SetArgument]) -> Result<(Vec<Setting>, usize), StateFault> {
    let mut bytes = 0;
    let mut settings = Vec::with_capacity(arguments.len());
    for argument in arguments {
        let key = text(store, "a key", &argument.key)?;
        let (len, limit) = (argument.value.len(), cordon_state::VALUE_BYTES);
        if len > limit {
            return Err(StateFault::TooLarge(format!("a value of {len} bytes: at most {limit} are kept")));
        }
        bytes += key.len() + len;
        let value = argument.value.as_le_slice(store.as_context()).to_vec();
        settings.push(Setting { row: argument.row, key, value: Some((value, argument.seconds)) });
    }
    Ok((settings, bytes))
}

fn text(store: &Store<'_>, what: &str, text: &WasmStr) -> Result<String, StateFault> {
    let limit = limits::STATE_KEY_BYTES;
    match text.to_str(store.as_context()) {
        Ok(text) if text.len() <= limit => Ok(text.into_owned()),
        Ok(text) => Err(StateFault::TooLarge(format!("{what} of {} bytes: at most {limit} are allowed", text.len()))),
        Err(_) => Err(StateFault::Other(format!("{what} is not Unicode text"))),
    }
}

/// A window's name, and its bytes.
fn name(store: &Store<'_>, window: &WasmStr) -> Result<(String, usize), StateFault> {
    let text = window.to_str(store.as_context());
    let text = text.map_err(|_| StateFault::Other("the window's name is not Unicode text".into()))?;
    if text.len() > NAME_BYTES {
        let name = shortened(&text, NAME_BYTES);
        return Err(StateFault::NotDeclared(format!("the manifest declares no window `{name}`")));
    }
    let len = text.len();
    Ok((text.into_owned(), len))
}
