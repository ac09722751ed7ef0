//! Any split into batches gives the same findings under the same ids; any order within the lateness the same rules and keys
//! of rules that promise it. `CORDON_PARTITIONS` says how many splits of each plugin are tried; by hand 10,000.

use std::collections::BTreeSet;
use std::sync::Arc;

use cordon::events::{Batch, BatcherOptions, Input};
use cordon::registry::Loaded;
use cordon::sandbox::{Outcome, Past, RunInput};
use cordon::telemetry::Metrics;
use cordon::wiring::{Happening, Pipeline, Progress};
use cordon_state::Memory;
use cordon_tests::batches::{RECEIVED, batch, options};
use cordon_tests::sandboxes::TestSandbox;

use crate::support::{BINARY, SignIn, component, plugin, sign_ins};

const STATEFUL: [&str; 3] = ["remembering", "password-spray", "guessed-password"];
/// Without `remembering`: its two logs share keys, and the order between logs decides what a key's row is told.
const APART: [&str; 2] = ["password-spray", "guessed-password"];

fn partitions(usual: u64) -> u64 {
    std::env::var("CORDON_PARTITIONS").map_or(usual, |count| count.parse().unwrap())
}

/// What a plugin finds in these events, cut into batches at these places.
fn found(sandbox: &TestSandbox, plugin: &cordon::sandbox::Plugin, whole: &Arc<Batch>, sizes: &[usize]) -> Vec<String> {
    let memory = Arc::new(Memory::default());
    let settings = plugin.manifest().run_settings(&serde_json::Map::new()).unwrap();
    let settings: Arc<str> = serde_json::Value::Object(settings).to_string().into();
    let (mut from, mut found) = (0, Vec::new());
    for size in sizes {
        let piece = Arc::new(whole.select(from..from + size));
        let input = RunInput {
            settings: Arc::clone(&settings),
            past: Past::Lane(Arc::clone(&memory) as _),
            ..RunInput::default()
        };
        let report = sandbox.sandbox().run(plugin, &piece, &input);
        assert_eq!(report.outcome, Outcome::Completed);
        memory.apply(&report.remembered.unwrap());
        found.extend(report.findings.into_iter().map(|mut finding| {
            let row = from as u32 + std::mem::take(&mut finding.row);
            format!("{row} {finding:?}")
        }));
        from += size;
    }
    found
}

fn cut(random: &mut fastrand::Rng, rows: usize) -> Vec<usize> {
    let (mut sizes, mut left, most) = (Vec::new(), rows, random.usize(1..=rows));
    while left > 0 {
        let size = random.usize(1..=left.min(most));
        sizes.push(size);
        left -= size;
    }
    sizes
}

#[test]
fn any_split_into_batches_gives_every_stateful_plugin_the_same_findings() {
    let sandbox = TestSandbox::new(BINARY);
    for id in STATEFUL {
        let plugin = sandbox.load(&component(id)).unwrap();
        let mut random = fastrand::Rng::with_seed(11);
        let count = partitions(60);
        for seed in 0..count {
            // Mostly in order; some late, some much too late, some twice.
            let mut events = sign_ins(seed / 20, 60);
            for _ in 0..random.usize(0..20) {
                let (from, to) = (random.usize(0..60), random.usize(0..60));
                events.swap(from, to);
            }
            let again = events[random.usize(0..60)].clone();
            events.push(again);
            let whole = batch("entra.signin", &events.iter().map(SignIn::line).collect::<Vec<_>>());
            let expected = found(&sandbox, &plugin, &whole, &[whole.len()]);
            assert!(id != "remembering" || expected.len() >= whole.len());
            let sizes = cut(&mut random, whole.len());
            assert_eq!(found(&sandbox, &plugin, &whole, &sizes), expected, "{id}, seed {seed}, cut {sizes:?}");
        }
        println!("{id}: {count} partitions");
    }
}

#[test]
fn any_order_within_the_lateness_reaches_the_threshold_for_the_same_keys() {
    let sandbox = TestSandbox::new(BINARY);
    let mut random = fastrand::Rng::with_seed(12);
    for (id, rule) in [("remembering", "many"), ("password-spray", "password-spray")] {
        let plugin = sandbox.load(&component(id)).unwrap();
        let keys = |events: &[SignIn]| -> BTreeSet<String> {
            let whole = batch("entra.signin", &events.iter().map(SignIn::line).collect::<Vec<_>>());
            let mut sizes = vec![7; whole.len() / 7];
            sizes.push(whole.len() % 7);
            let report = found(&sandbox, &plugin, &whole, &sizes[..sizes.len() - usize::from(whole.len() % 7 == 0)]);
            let of_rule = report.iter().filter(|one| one.contains(&format!("rule: \"{rule}\"")));
            of_rule.map(|one| one.rsplit_once("key: ").unwrap().1.to_owned()).collect()
        };
        let mut some = 0;
        for seed in 0..partitions(40) {
            let mut events = sign_ins(100 + seed, 80);
            let in_order = keys(&events);
            some += in_order.len();
            // Each comes up to an hour late.
            let mut late: Vec<(i64, SignIn)> =
                events.drain(..).map(|event| (event.seconds + random.i64(0..=3_600), event)).collect();
            late.sort_by_key(|(arrives, _)| *arrives);
            let late: Vec<SignIn> = late.into_iter().map(|(_, event)| event).collect();
            assert_eq!(keys(&late), in_order, "{id}, seed {seed}");
        }
        assert!(some > 0, "{id}");
    }
}

#[test]
fn any_number_of_workers_gives_the_same_ids_over_two_logs_that_share_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let sign_ins = sign_ins(5, 800);
    let file = folder.path().join("signins.jsonl");
    std::fs::write(&file, sign_ins.iter().map(|event| event.line() + "\n").collect::<String>()).unwrap();
    let audit = folder.path().join("audit.jsonl");
    std::fs::write(&audit, sign_ins.iter().map(|event| event.audit() + "\n").collect::<String>()).unwrap();
    let sandbox = TestSandbox::new(BINARY);
    let paths = APART
        .map(|id| plugin(id).into())
        .map(|folder: std::path::PathBuf| std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path());
    let plugins = cordon::registry::load(sandbox.sandbox(), &paths, &Default::default(), 2).unwrap();
    let ids = |workers, rows, cuts| ids(&sandbox, &plugins, &[file.clone(), audit.clone()], workers, rows, cuts);
    let first = ids(1, 4_096, None);
    assert!(first.len() > 200, "{}", first.len());
    for (workers, rows, cuts) in [(2, 4_096, Some(1)), (2, 64, None), (1, 7, Some(2)), (2, 513, Some(3))] {
        let again = ids(workers, rows, cuts);
        let difference: Vec<_> = first.symmetric_difference(&again).take(3).collect();
        assert!(difference.is_empty(), "{workers} workers, batches of {rows}: {difference:?}");
    }
}

fn ids(
    sandbox: &TestSandbox,
    plugins: &[Loaded],
    files: &[std::path::PathBuf],
    workers: usize,
    rows: usize,
    cuts: Option<u64>,
) -> BTreeSet<String> {
    let pipeline = Pipeline {
        sandbox: sandbox.sandbox(),
        plugins,
        options: BatcherOptions { rows, ..options(None) },
        workers,
        received: RECEIVED + 90 * 86_400_000_000,
        only: None,
        evidence: false,
        cuts,
        progress: Arc::new(Progress::default()),
        metrics: &Metrics::new(),
        duplicates: None,
    };
    let mut ids = BTreeSet::new();
    let inputs: Vec<Input> = files.iter().cloned().map(Input::File).collect();
    let summary = pipeline.run(&inputs, |happening| {
        match happening {
            Happening::Finding(found) => {
                ids.insert(format!("{} {} {}", found.finding.id, found.finding.rule, found.finding.summary));
            }
            Happening::Fault(fault) => panic!("{fault:?}"),
            _ => {}
        }
        Ok(())
    });
    assert_eq!(summary.unwrap().faults(), 0);
    ids
}
