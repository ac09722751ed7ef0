//! Makes a finding again: `detect` on a batch of the one trigger row, in the production sandbox, then compares.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::folder::{component_beside, read};
use super::record::{CapsRecord, EngineRecord};
use super::verdict::{Difference, Report};
use super::{EVIDENCE_BYTES, Evidence, EvidenceError};
use crate::findings::{Finding, differences, stamp};
use crate::ids::Digest;
use crate::registry::SettingsFile;
use crate::sandbox::{Caps, Granted, LoadError, Outcome, Past, Plugin, RunInput, Sandbox, SandboxOptions};

/// Whatever caps a file records, a re-run gets no more than this.
pub(super) const MOST: Caps = Caps {
    cpu_ms: 60_000,
    cpu_us_per_row: 100_000,
    column_ms: 60_000,
    column_us_per_row: 100_000,
    wall_factor: 20,
    wall_floor_ms: 60_000,
    memory_mib: 4_096,
    table_elements: 1_000_000,
    host_calls: 1_000_000,
    prepare_seconds: 60,
    prepare_mib: 2_048,
    state_keys: 100_000,
    state_mib: 32,
    whole_events: Granted::None,
};
/// Prepared plugins that are kept for the next file.
const PLUGINS: usize = 256;

/// What stands in for what was kept with the evidence. `Default`: nothing does.
#[derive(Debug, Default)]
pub struct Instead {
    /// Components by the id of their plugin; where there are any, none is taken from beside the evidence.
    pub components: BTreeMap<String, Vec<u8>>,
    /// `run` and `load` settings by the id of their plugin.
    pub settings: Option<SettingsFile>,
}

/// Re-runs findings, one after the other. Keeps the sandbox and the plugins of the last files.
#[derive(Debug)]
pub struct Reproducer {
    options: SandboxOptions,
    instead: Instead,
    sandbox: Option<(CapsRecord, Arc<Sandbox>)>,
    plugins: HashMap<(Digest, String), Plugin>,
}

/// What a re-run is made from, the stand-ins already in place.
struct Ingredients {
    component: Vec<u8>,
    digest: Digest,
    load: Map<String, Value>,
    run: Arc<str>,
    /// Where the stand-ins, or damage under a good seal, make them other than they were.
    differences: Vec<Difference>,
}

impl Reproducer {
    /// With the cache and the preparing binary of these options; caps come from each file.
    #[must_use]
    pub fn new(options: SandboxOptions, instead: Instead) -> Self {
        Self { options, instead, sandbox: None, plugins: HashMap::new() }
    }

    /// Re-runs the finding of one file.
    ///
    /// # Errors
    /// Whatever leaves nothing to compare; see [`EvidenceError::is_alteration`].
    pub fn reproduce(&mut self, file: &Path) -> Result<Report, EvidenceError> {
        let evidence = Evidence::from_bytes(&read(file, EVIDENCE_BYTES)?)?;
        let text = |name: &str| evidence.finding.get(name).and_then(Value::as_str);
        let id = evidence.id().ok_or_else(|| EvidenceError::NotUnderstood("its finding has no id".into()))?;
        let rule = format!("{}/{}", evidence.plugin.id, text("rule").unwrap_or_default());
        let batch = evidence.trigger.batch(&evidence.force).map_err(EvidenceError::NotUnderstood)?;

        let mut ingredients = self.ingredients(file, &evidence)?;
        let mut found = std::mem::take(&mut ingredients.differences);
        found.extend(events(&evidence));
        let sandbox = self.sandbox(&evidence.caps)?;
        let engine = EngineRecord::of(&sandbox);
        let plugin = self.plugin(&sandbox, &ingredients)?;

        let past = Past::Answers(evidence.answers.clone().into());
        let input = RunInput { settings: Arc::clone(&ingredients.run), explain: false, past, lists: None };
        let batch = Arc::new(batch);
        let mut report = sandbox.run(&plugin, &batch, &input);
        if report.outcome != Outcome::Completed {
            report = sandbox.run(&plugin, &batch, &input);
        }
        let made_as_it_was = found.is_empty();
        if report.outcome == Outcome::Completed {
            let again: Vec<Finding> = report.findings.iter().filter_map(|e| stamp(e, &batch, &plugin)).collect();
            found.extend(compare(&evidence.finding, id, &rule, &again)?);
        } else if report.outcome.is_deterministic() {
            let now = format!("{}: {}", report.outcome.word(), report.outcome.reason());
            found.push(Difference::new("outcome", Outcome::Completed.word(), now));
        } else {
            return Err(EvidenceError::OfTheMoment(report.outcome.reason().to_owned()));
        }
        let same_engine = engine == evidence.engine;
        let breaks_row_rule = made_as_it_was && same_engine && !found.is_empty();
        let remarks = if same_engine { Vec::new() } else { vec![engines(&evidence.engine, &engine)] };
        Ok(Report { id, rule, differences: found, remarks, breaks_row_rule })
    }

    fn ingredients(&self, file: &Path, evidence: &Evidence) -> Result<Ingredients, EvidenceError> {
        let plugin = &evidence.plugin;
        let component = match self.instead.components.get(&plugin.id) {
            Some(component) => component.clone(),
            None if self.instead.components.is_empty() => component_beside(file, plugin.sha256)?,
            None => return Err(EvidenceError::NotGiven(plugin.id.clone())),
        };
        let digest = Digest::of(&component);
        let mut differences = Vec::new();
        if digest != plugin.sha256 {
            differences.push(Difference::new("plugin", plugin.sha256, digest));
        }
        let manifest = crate::sandbox::inspect(&component).map_err(not_loaded)?.manifest;
        let (mut load, mut run) = (object(&plugin.load_settings)?, Arc::from(plugin.run_settings.as_str()));
        if let Some(settings) = &self.instead.settings {
            let refused = |error: cordon_contract::manifest::SettingsError| EvidenceError::NotLoaded(error.to_string());
            load = manifest.load_settings(settings.load(&plugin.id)).map_err(refused)?;
            run = Value::Object(manifest.run_settings(settings.run(&plugin.id)).map_err(refused)?).to_string().into();
        } else if let Err(error) = manifest.run_settings(&object(&run)?) {
            differences.push(Difference::new("run-settings", &run, format!("refused: {error}")));
        }
        let now = Value::Object(load.clone()).to_string();
        for (what, recorded, now) in [
            ("load-settings", plugin.load_settings_sha256, now.as_bytes()),
            ("run-settings", plugin.run_settings_sha256, run.as_bytes()),
        ] {
            if Digest::of(now) != recorded {
                differences.push(Difference::new(what, recorded, Digest::of(now)));
            }
        }
        Ok(Ingredients { component, digest, load, run, differences })
    }

    /// A sandbox with these caps.
    fn sandbox(&mut self, record: &CapsRecord) -> Result<Arc<Sandbox>, EvidenceError> {
        if let Some((of, sandbox)) = &self.sandbox
            && of == record
        {
            return Ok(Arc::clone(sandbox));
        }
        self.plugins.clear();
        self.sandbox = None; // its address space is given back first
        let options = SandboxOptions { workers: 1, caps: record.caps(&MOST), ..self.options.clone() };
        let sandbox = Arc::new(Sandbox::new(options).map_err(not_loaded)?);
        self.sandbox = Some((record.clone(), Arc::clone(&sandbox)));
        Ok(sandbox)
    }

    fn plugin(&mut self, sandbox: &Sandbox, ingredients: &Ingredients) -> Result<Plugin, EvidenceError> {
        let key = (ingredients.digest, Value::Object(ingredients.load.clone()).to_string());
        if let Some(plugin) = self.plugins.get(&key) {
            return Ok(plugin.clone());
        }
        let plugin = sandbox.load(&ingredients.component, &ingredients.load).map_err(not_loaded)?;
        if self.plugins.len() >= PLUGINS {
            self.plugins.clear();
        }
        self.plugins.insert(key, plugin.clone());
        Ok(plugin)
    }
}

pub(super) fn not_loaded(error: LoadError) -> EvidenceError {
    EvidenceError::NotLoaded(error.to_string())
}

pub(super) fn object(text: &str) -> Result<Map<String, Value>, EvidenceError> {
    serde_json::from_str(text).map_err(|error| EvidenceError::NotUnderstood(format!("settings: {error}")))
}

/// Events whose bytes are not those that their identity was taken of.
fn events(evidence: &Evidence) -> Vec<Difference> {
    let mut found = Vec::new();
    let stamped = evidence.finding.get("event").and_then(|event| event.get("digest")).and_then(Value::as_str);
    let (recorded, now) = (evidence.trigger.digest, evidence.trigger.identity());
    if recorded != now || stamped != Some(now.to_string().as_str()) {
        found.push(Difference::new("event-bytes", stamped.unwrap_or_default(), now));
    }
    for event in evidence.cited.iter().filter_map(|cited| cited.event.as_ref()) {
        if event.digest != event.identity() {
            found.push(Difference::new("cited-event-bytes", event.digest, event.identity()));
        }
    }
    found
}

fn engines(was: &EngineRecord, now: &EngineRecord) -> Difference {
    let shown = |engine: &EngineRecord| format!("{} (cordon {})", engine.sha256, engine.cordon);
    Difference::new("engine", shown(was), shown(now))
}

/// The finding of that id among those that were made again, field by field.
fn compare(was: &Value, id: Digest, rule: &str, again: &[Finding]) -> Result<Vec<Difference>, EvidenceError> {
    let Some(now) = again.iter().find(|finding| finding.id == id) else {
        let others: Vec<String> = again.iter().map(|f| format!("{}/{} {}", f.plugin.id, f.rule, f.id)).collect();
        let now = if others.is_empty() { "nothing".to_owned() } else { others.join(", ") };
        return Ok(vec![Difference::new("finding", format!("{rule} {id}"), now)]);
    };
    // Through text, as the evidence was: what JSON rounds is rounded on both sides.
    let text = serde_json::to_string(now).map_err(|error| EvidenceError::NotUnderstood(error.to_string()))?;
    let now: Value = serde_json::from_str(&text).map_err(|error| EvidenceError::NotUnderstood(error.to_string()))?;
    Ok(differences(was, &now).into_iter().map(Difference::from).collect())
}
