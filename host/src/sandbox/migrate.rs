//! Values of state in the form of another schema, by the version of a plugin that knows both: on a fresh instance, like a batch,
//! but without one.

use std::sync::Arc;

use cordon_state::VALUE_BYTES;

use super::contract::MigrateFailure;
use super::memory::Memory;
use super::run::{started, store};
use super::state::Given;
use super::{Limit, Outcome, Plugin, Sandbox};

/// Values of one call at most.
pub const MIGRATED_VALUES: usize = 256;
/// Bytes of the values of one call at most.
pub const MIGRATED_BYTES: usize = 1 << 20;

/// Bytes that an answer may have in all, with what describes its lists.
const ANSWER_BYTES: usize = MIGRATED_VALUES * (VALUE_BYTES + 64);

/// What `migrate` answers.
pub(super) type Answer = Result<Vec<Option<Vec<u8>>>, MigrateFailure>;

/// Why values are not carried over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MigrateError {
    /// It cannot go from the one schema to the other.
    #[error("{0}")]
    Unsupported(String),
    /// The plugin's doing; the same values fail again.
    #[error("{0}")]
    Failed(String),
    /// The host's, of the moment.
    #[error("{0}")]
    Host(String),
}

impl Sandbox {
    /// Values of schema `from` in the form of schema `to`, each where it stood; none for one without a counterpart. At most
    /// [`MIGRATED_VALUES`] and [`MIGRATED_BYTES`] of them. With no values: whether it can.
    ///
    /// # Errors
    /// See [`MigrateError`].
    pub fn migrate(
        &self,
        plugin: &Plugin,
        from: u32,
        to: u32,
        values: &[Vec<u8>],
    ) -> Result<Vec<Option<Vec<u8>>>, MigrateError> {
        let name = &plugin.manifest().plugin;
        let Some(migrate) = &plugin.inner.migrate else {
            let reason = format!("{} {} exports no `migrate`", name.id, name.version);
            return Err(MigrateError::Unsupported(reason));
        };
        let _running = self.ticker.running();
        let terms = Arc::clone(&plugin.inner.terms);
        let given = Given { terms, batch: None, settings: Arc::from("{}"), explain: false };
        let mut store = store(&self.engine, given, Memory::none());
        store.set_hostcall_fuel(ANSWER_BYTES);
        let instance = plugin.inner.pre.instantiate(&mut store).map_err(|error| ended(started(&error)))?;
        let migrate = instance
            .get_typed_func::<(u32, u32, &[Vec<u8>]), (Answer,)>(&mut store, migrate)
            .map_err(|error| MigrateError::Host(format!("`migrate` changed its type after load: {error:#}")))?;
        let answer = match migrate.call(&mut store, (from, to, values)) {
            Ok((answer,)) => answer,
            Err(error) => return Err(ended(Outcome::of_error(&error, store.data().said.log.panic_message()))),
        };
        let moved = answer.map_err(|failure| match failure {
            MigrateFailure::Unsupported(reason) => MigrateError::Unsupported(reason),
            MigrateFailure::BadValue(reason) => MigrateError::Failed(format!("it cannot read a value: {reason}")),
            MigrateFailure::Other(reason) => MigrateError::Failed(reason),
        })?;
        if moved.len() != values.len() {
            let reason = format!("it was given {} values and answered {}", values.len(), moved.len());
            return Err(MigrateError::Failed(reason));
        }
        match moved.iter().flatten().find(|value| value.len() > VALUE_BYTES) {
            Some(value) => Err(MigrateError::Failed(format!(
                "it answered a value of {} bytes: at most {VALUE_BYTES} are kept",
                value.len()
            ))),
            None => Ok(moved),
        }
    }
}

/// A call that ended without an answer.
fn ended(outcome: Outcome) -> MigrateError {
    let reason = format!("`migrate` ended with {}: it {}", outcome.word(), outcome.reason());
    match outcome {
        Outcome::HostTrouble { .. } | Outcome::OutOfTime { limit: Limit::WallClock, .. } => MigrateError::Host(reason),
        _ => MigrateError::Failed(reason),
    }
}
