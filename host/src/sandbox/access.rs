//! Field access: which paths a plugin may ask for, and what each answer costs.
//!
//! A plugin sees only what its manifest declares for the batch's source, however the path is spelt; whole events only with
//! the grant. Building columns is the batch's work; this module decides and counts.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use cordon_contract::limits;
use cordon_contract::manifest::Manifest;
use cordon_contract::path::Path;

use super::contract::{AccessFault, shortened};
use super::meter::{Meter, Stop};
use super::options::Caps;
use crate::events::{AccessError, Batch, Column, Multi};

/// What is missing, and the way out.
pub(super) const NOT_GRANTED: &str = "the operator did not grant `whole-events`: give it by `--grant-whole-events`, or on a host by `[grants] whole-events = [ID]` in its configuration";

/// What a plugin may see, by source.
#[derive(Debug)]
pub(super) struct Access {
    /// Declared paths by their canonical text: nearly every request is spelt so, and needs no parsing.
    declared: BTreeMap<String, HashMap<String, Path>>,
    /// Whether it asks for whole events, and whether it was granted them.
    asks_whole: bool,
    granted_whole: bool,
}

/// What a request answers to the guest.
pub(super) type Answer<T> = Result<T, AccessFault>;

impl Access {
    pub(super) fn of(manifest: &Manifest, caps: &Caps) -> Self {
        let declared = manifest
            .sources
            .iter()
            .map(|(name, source)| {
                let paths = source.fields.values().map(|field| (field.path.to_string(), field.path.clone()));
                (name.clone(), paths.collect())
            })
            .collect();
        let granted_whole = caps.whole_events.to(&manifest.plugin.id);
        Self { declared, asks_whole: manifest.grants.whole_events, granted_whole }
    }

    /// Whether it asks for whole events and was not granted them.
    pub(super) fn lacks_grant(&self) -> bool {
        self.asks_whole && !self.granted_whole
    }

    fn path(&self, source: &str, text: &str) -> Answer<&Path> {
        let declared = self.declared.get(source);
        if let Some(path) = declared.and_then(|paths| paths.get(text)) {
            return Ok(path);
        }
        if text.len() > limits::PATH_BYTES {
            let (len, limit) = (text.len(), limits::PATH_BYTES);
            return Err(AccessFault::BadPath(format!("a path of {len} bytes: at most {limit} are allowed")));
        }
        let parsed = Path::parse(text).map_err(|error| AccessFault::BadPath(error.to_string()))?;
        declared.and_then(|paths| paths.get(parsed.to_string().as_str())).ok_or_else(|| {
            AccessFault::NotDeclared(format!(
                "the manifest does not declare `{text}` for source {source}: add it under [sources.\"{source}\".fields] in cordon.toml"
            ))
        })
    }

    /// `batch.column`
    pub(super) fn column(&self, batch: &Batch, meter: &mut Meter, path: &str) -> Result<Answer<Arc<Column>>, Stop> {
        let path = match self.path(batch.source().as_str(), path) {
            Ok(path) => path,
            Err(fault) => return Ok(Err(fault)),
        };
        // Reading the clock costs more than handing over a column that is there.
        let column = match batch.built(path) {
            Some(column) => Ok(column),
            None => meter.building(|| batch.column(path)),
        };
        match column {
            Ok(column) => {
                count(meter, column_bytes(&column))?;
                Ok(Ok(column))
            }
            Err(error) => Ok(Err(fault_of(error))),
        }
    }

    /// `batch.column-for`. Built for this plugin alone, so its time is the plugin's.
    pub(super) fn column_for(
        &self,
        batch: &Batch,
        meter: &mut Meter,
        path: &str,
        rows: &[u32],
    ) -> Result<Answer<Arc<Column>>, Stop> {
        let path = match self.path(batch.source().as_str(), path) {
            Ok(path) => path,
            Err(fault) => return Ok(Err(fault)),
        };
        if rows.len() > batch.len() {
            let (asked, there) = (rows.len(), batch.len());
            return Ok(Err(AccessFault::BadRows(format!("{asked} rows asked for, the batch has {there}"))));
        }
        match batch.column_for(path, rows) {
            Ok(column) => {
                count(meter, column_bytes(&column))?;
                Ok(Ok(Arc::new(column)))
            }
            Err(error) => Ok(Err(fault_of(error))),
        }
    }

    /// `batch.values`
    pub(super) fn values(&self, batch: &Batch, meter: &mut Meter, path: &str) -> Result<Answer<Arc<Multi>>, Stop> {
        let path = match self.path(batch.source().as_str(), path) {
            Ok(path) => path,
            Err(fault) => return Ok(Err(fault)),
        };
        let multi = meter.building(|| batch.values(path));
        count(meter, column_bytes(&multi.values) + multi.starts.len() * 4)?;
        Ok(Ok(multi))
    }

    /// `batch.whole`
    pub(super) fn whole(&self, batch: &Batch, meter: &mut Meter, row: u32) -> Result<Answer<String>, Stop> {
        if !self.asks_whole {
            return Ok(Err(AccessFault::NeedsGrant(
                "the manifest does not ask for whole events: add `whole-events = true` under [grants] in cordon.toml"
                    .into(),
            )));
        }
        if !self.granted_whole {
            return Ok(Err(AccessFault::NeedsGrant(NOT_GRANTED.into())));
        }
        let Some(event) = usize::try_from(row).ok().and_then(|row| batch.event(row)) else {
            let there = batch.len();
            return Ok(Err(AccessFault::BadRows(format!("row {row} asked for, the batch has {there}"))));
        };
        meter.crossing(event.len())?;
        Ok(Ok(event.to_owned()))
    }
}

fn count(meter: &mut Meter, bytes: usize) -> Result<(), Stop> {
    meter.columns = meter.columns.saturating_add(1);
    meter.crossing(bytes)?;
    // Host work between two looks of the guest's own clock.
    meter.check_time()
}

fn column_bytes(column: &Column) -> usize {
    column.rows.len() * 4 + column.kinds.len() + column.offsets.len() * 4 + column.bytes.len()
}

fn fault_of(error: AccessError) -> AccessFault {
    match error {
        AccessError::BadRows(reason) => AccessFault::BadRows(shortened(&reason, 1024)),
        AccessError::ManyValues(reason) => AccessFault::ManyValues(shortened(&reason, 1024)),
    }
}
