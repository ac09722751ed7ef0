//! In a guest: the host, through the bindings of `wit/v1`.

use super::{Answer, Emission, Fed, Look};
use crate::column::{Column, Multi};
use crate::log::Level;

/// Made by `wit-bindgen` from `wit/v1`.
// Crossing the boundary is unsafe by nature; the generated code is the only such code in a guest.
#[allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]
pub mod bindings {
    wit_bindgen::generate!({
        path: "../../wit/v1",
        world: "detector",
        generate_all,
        pub_export_macro: true,
        export_macro_name: "export_component",
        default_bindings_module: "cordon_sdk::__private::bindings",
    });
}

/// The same of the world that carries values over.
#[allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]
pub mod migrator {
    wit_bindgen::generate!({
        path: "../../wit/v1",
        world: "migrator",
        generate_all,
        pub_export_macro: true,
        export_macro_name: "export_migrator",
        default_bindings_module: "cordon_sdk::__private::migrator",
    });
}

use bindings::cordon::detection::{events, findings, lists, log as host_log, state, types, windows};

/// The host's batch.
pub(crate) struct Batch<'b>(pub(crate) &'b events::Batch);

impl Batch<'_> {
    pub(crate) fn len(&self) -> u32 {
        self.0.len()
    }

    pub(crate) fn source(&self) -> String {
        self.0.source()
    }

    pub(crate) fn times(&self) -> Vec<i64> {
        self.0.times()
    }

    pub(crate) fn marks(&self) -> Vec<u8> {
        self.0.marks()
    }

    pub(crate) fn received(&self) -> Vec<i64> {
        self.0.received()
    }

    pub(crate) fn local_minutes(&self) -> Vec<i16> {
        self.0.local_minutes()
    }

    pub(crate) fn column(&self, path: &str) -> Result<Column, String> {
        column(self.0.column(path).map_err(access)?)
    }

    pub(crate) fn column_for(&self, path: &str, rows: &[u32]) -> Result<Column, String> {
        column(self.0.column_for(path, rows).map_err(access)?)
    }

    pub(crate) fn values(&self, path: &str) -> Result<Multi, String> {
        let types::Multi { starts, values } = self.0.values(path).map_err(access)?;
        Multi::new(starts, column(values)?).ok_or_else(contradiction)
    }

    pub(crate) fn whole(&self, row: u32) -> Result<String, String> {
        self.0.whole(row).map_err(access)
    }

    pub(crate) fn reference(&self, row: u32) -> String {
        self.0.reference(row)
    }
}

fn column(column: types::Column) -> Result<Column, String> {
    Column::new(column.rows, column.kinds, column.offsets, column.bytes).ok_or_else(contradiction)
}

fn contradiction() -> String {
    "the host's column contradicts itself".to_owned()
}

fn access(error: types::AccessError) -> String {
    use types::AccessError as E;
    match error {
        E::NotDeclared(text)
        | E::NeedsGrant(text)
        | E::BadPath(text)
        | E::BadRows(text)
        | E::ManyValues(text)
        | E::Other(text) => text,
    }
}

/// Hands a finding to the host.
pub(crate) fn emit(finding: Emission) -> Result<(), String> {
    use types::EmitError as E;
    let finding = types::Finding {
        row: finding.row,
        rule: finding.rule,
        severity: finding.severity,
        confidence: finding.confidence,
        title: finding.title,
        summary: finding.summary,
        entities: finding.entities.into_iter().map(|(kind, value)| types::Entity { kind, value }).collect(),
        context: finding.context.into_iter().map(|(key, value)| types::ContextEntry { key, value }).collect(),
        cited: finding.cited,
        key: finding.key,
    };
    findings::emit(&finding).map_err(|error| match error {
        E::BadRow(text)
        | E::BadRule(text)
        | E::BadReference(text)
        | E::BadField(text)
        | E::TooLarge(text)
        | E::TooMany(text)
        | E::Other(text) => text,
    })
}

/// Writes to the plugin's log.
pub(crate) fn log(level: Level, message: &str) {
    let level = match level {
        Level::Debug => host_log::Level::Debug,
        Level::Info => host_log::Level::Info,
        Level::Warn => host_log::Level::Warn,
        Level::Error => host_log::Level::Error,
    };
    host_log::write(level, message);
}

/// Whether the host wants explanations.
pub(crate) fn explaining() -> bool {
    host_log::explaining()
}

/// Tells the host of one look.
pub(crate) fn explain(look: &Look<'_>) {
    host_log::explain(&host_log::Explanation {
        row: look.row,
        field: look.field.to_owned(),
        predicate: look.predicate.to_owned(),
        value: look.value.map(str::to_owned),
        held: look.held,
    });
}

fn refused(error: types::StateError) -> String {
    use types::StateError as E;
    match error {
        E::NotDeclared(text) | E::BadRows(text) | E::FedAlready(text) | E::TooLarge(text) | E::Other(text) => text,
    }
}

/// What lists hold.
pub(crate) fn lookup(list: &str, keys: &[&str]) -> Result<Vec<Option<String>>, String> {
    let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
    lists::lookup(list, &keys).map_err(refused)
}

/// Feeds a window.
pub(crate) fn feed(window: &str, entries: &[Fed<'_>]) -> Result<Vec<Answer>, String> {
    let entry = |fed: &Fed<'_>| windows::Entry {
        row: fed.row,
        key: fed.key.to_owned(),
        member: fed.member.to_owned(),
        add: fed.add,
    };
    let entries: Vec<windows::Entry> = entries.iter().map(entry).collect();
    let answers = windows::feed(window, &entries).map_err(refused)?;
    let answer = |a: windows::Answer| Answer { value: a.value, capped: a.capped, first_time: a.first_time };
    Ok(answers.into_iter().map(answer).collect())
}

/// Who else is in a window.
pub(crate) fn contributors(window: &str, row: u32, key: &str) -> Result<Vec<String>, String> {
    windows::contributors(window, row, key).map_err(refused)
}

fn places(places: &[(u32, &str)]) -> Vec<state::Place> {
    places.iter().map(|(row, key)| state::Place { row: *row, key: (*key).to_owned() }).collect()
}

/// Values.
pub(crate) fn get(asked: &[(u32, &str)]) -> Result<Vec<Option<Vec<u8>>>, String> {
    state::get(&places(asked)).map_err(refused)
}

/// Sets values.
pub(crate) fn set(entries: &[(u32, &str, &[u8], u32)]) -> Result<(), String> {
    let entry = |(row, key, value, seconds): &(u32, &str, &[u8], u32)| state::Entry {
        row: *row,
        key: (*key).to_owned(),
        value: value.to_vec(),
        seconds: *seconds,
    };
    let entries: Vec<state::Entry> = entries.iter().map(entry).collect();
    state::set(&entries).map_err(refused)
}

/// Removes values.
pub(crate) fn delete(gone: &[(u32, &str)]) -> Result<(), String> {
    state::delete(&places(gone)).map_err(refused)
}
