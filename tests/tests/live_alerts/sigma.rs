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
    let mut cordon = std::process::Command::new(env!("CARGO_BIN_EXE_cordon-under-test"));
    let built =
        cordon.args(["sigma", "build"]).arg(&rules).arg("-o").arg(folder.join("plugins/sigma.wasm")).output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
}

/// Events of these operations by a user from an address.
pub(crate) fn post(live: &Live, operations: &[&str], user: &str, address: &str) {
    // Now: what is older weighs less.
    let now = cordon::findings::rfc3339(cordon::clock::now_micros());
    let now = &now[..19];
    let line = |(at, operation): (usize, &&str)| {
        format!(
            "{{\"CreationTime\":\"{now}\",\"Id\":\"{operation}{user}{address}{at}\",\"Operation\":\
             \"{operation}\",\"Workload\":\"Exchange\",\"RecordType\":1,\"UserId\":\"{user}\",\"ClientIP\":\"{address}\"}}"
        )
    };
    let lines: Vec<String> = operations.iter().enumerate().map(line).collect();
    let sent = live.host.request("POST", "/v1/events/m365.audit", Some(&live.token), &lines.join("\n")).unwrap();
    assert_eq!(sent.status, 200, "{}", sent.body);
}
