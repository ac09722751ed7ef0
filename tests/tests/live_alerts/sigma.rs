//! A host with two Sigma rules on Microsoft 365, whose findings say whom they are about.

use std::fs;
use std::path::Path;

use crate::support::Live;

const RULES: [(&str, &str, &str, &str); 2] = [
    ("rule", "New-InboxRule", "attack.t1114.003", "medium"),
    ("consent", "Consent to application.", "attack.t1528", "high"),
];

/// Builds the rules into the folder of plugins.
pub(crate) fn rules(folder: &Path) {
    let rules = folder.join("rules");
    fs::create_dir(&rules).unwrap();
    for (name, operation, tag, level) in RULES {
        let text = format!(
            "title: Sigma {name}\nid: 0d5f7e2a-0000-4000-8000-00000000000{}\nstatus: stable\nlevel: {level}\ntags: [{tag}]\n\
             logsource:\n  product: m365\n  service: audit\ndetection:\n  selection:\n    Operation: '{operation}'\n    \
             UserId|exists: true\n    ClientIP|exists: true\n  condition: selection\n",
            name.len()
        );
        fs::write(rules.join(format!("{name}.yml")), text).unwrap();
    }
    build(&rules, &folder.join("plugins/sigma.wasm"), "sigma-rules");
}

/// A rule, and one that counts what it finds: with the third of a user.
pub(crate) fn counting(folder: &Path) {
    let rules = folder.join("counting.yml");
    let text = "title: Once\nid: 11111111-2222-3333-4444-555555555555\nlevel: medium\nlogsource:\n  product: m365\n  \
                service: audit\ndetection:\n  selection:\n    Operation: New-InboxRule\n  condition: selection\n---\n\
                title: Again and again\nlevel: high\ncorrelation:\n  type: event_count\n  rules: \
                [11111111-2222-3333-4444-555555555555]\n  group-by: [UserId]\n  timespan: 1h\n  condition: {gte: 3}\n  \
                generate: true\n";
    fs::write(&rules, text).unwrap();
    build(&rules, &folder.join("plugins/counting.wasm"), "sigma-counting");
}

fn build(rules: &Path, to: &Path, id: &str) {
    let mut cordon = std::process::Command::new(env!("CARGO_BIN_EXE_cordon-under-test"));
    let built = cordon.args(["sigma", "build", "--id", id]).arg(rules).arg("-o").arg(to).output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
}

/// Events of these operations by a user from an address.
pub(crate) fn post(live: &Live, operations: &[&str], user: &str, address: &str) {
    // Now: what is older weighs less.
    let now = cordon::findings::rfc3339(cordon::clock::now_micros());
    post_at(live, &now[..19], operations, user, address);
}

/// The same, at a time in UTC.
pub(crate) fn post_at(live: &Live, time: &str, operations: &[&str], user: &str, address: &str) {
    let line = |(at, operation): (usize, &&str)| {
        format!(
            "{{\"CreationTime\":\"{time}\",\"Id\":\"{operation}{user}{address}{at}\",\"Operation\":\
             \"{operation}\",\"Workload\":\"Exchange\",\"RecordType\":1,\"UserId\":\"{user}\",\"ClientIP\":\"{address}\"}}"
        )
    };
    let lines: Vec<String> = operations.iter().enumerate().map(line).collect();
    let sent = live.host.request("POST", "/v1/events/m365.audit", Some(&live.token), &lines.join("\n")).unwrap();
    assert_eq!(sent.status, 200, "{}", sent.body);
}
