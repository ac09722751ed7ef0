//! `cordon run` without its output: the pipeline with one worker, from files to findings in order.

use cordon::registry::Loaded;
use cordon::sandbox::Sandbox;
use cordon::telemetry::Metrics;
use cordon::wiring::{Happening, Pipeline, Summary};
use cordon_contract::limits::BATCH_ROWS;

use super::events::{self, RECEIVED, Real};

/// All events through all plugins; whatever is not a finding ends the bench.
pub fn whole(real: &Real, sandbox: &Sandbox, loaded: &[Loaded]) -> Summary {
    whole_in_batches(real, sandbox, loaded, BATCH_ROWS)
}

/// The same in batches of so many rows.
pub fn whole_in_batches(real: &Real, sandbox: &Sandbox, loaded: &[Loaded], rows: usize) -> Summary {
    let pipeline = Pipeline {
        sandbox,
        plugins: loaded,
        options: events::options(rows),
        workers: 1,
        received: RECEIVED,
        only: None,
        evidence: false,
        cuts: None,
        progress: Default::default(),
        metrics: &Metrics::new(),
        duplicates: None,
    };
    let summary = pipeline
        .run(&real.inputs, |happening| match happening {
            Happening::Finding(_) => Ok(()),
            other => panic!("{other:?}"),
        })
        .unwrap();
    assert_eq!(summary.events, real.events);
    summary
}
