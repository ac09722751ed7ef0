//! In a guest: the host, through the bindings of `wit/v1`.

use super::{Emission, Look};
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

use bindings::cordon::detection::{events, findings, log as host_log, types};

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
