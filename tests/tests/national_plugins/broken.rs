//! Records with any field missing, null, of another type, in another case, doubled or huge: no plugin fails on one.

use serde_json::{Map, Value, json};

use crate::{data, run};

/// Where a value stands in an event.
type Place = Vec<Step>;

#[derive(Clone)]
enum Step {
    Key(String),
    Index(usize),
}

fn places(value: &Value, at: &mut Place, out: &mut Vec<Place>) {
    let children: Vec<(Step, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(key, value)| (Step::Key(key.clone()), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(index, value)| (Step::Index(index), value)).collect(),
        _ => return,
    };
    for (step, child) in children {
        at.push(step);
        out.push(at.clone());
        places(child, at, out);
        at.pop();
    }
}

/// Applies a change to the value at a place; `None` takes it out.
fn changed(event: &Value, place: &[Step], change: &dyn Fn(&Value) -> Option<Value>) -> Value {
    let Some((first, rest)) = place.split_first() else { return change(event).unwrap_or(Value::Null) };
    let below = |child: &Value| if rest.is_empty() { change(child) } else { Some(changed(child, rest, change)) };
    let mut event = event.clone();
    match (&mut event, first) {
        (Value::Object(members), Step::Key(key)) => match members.get(key).and_then(below) {
            Some(value) => _ = members.insert(key.clone(), value),
            None => _ = members.shift_remove(key),
        },
        (Value::Array(items), Step::Index(index)) => match below(&items[*index]) {
            Some(value) => items[*index] = value,
            None => _ = items.remove(*index),
        },
        _ => unreachable!("places come from the event"),
    }
    event
}

fn doubled(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().chain(items).cloned().collect(),
        Value::String(text) => json!(format!("{text}{text}")),
        other => json!([other, other]),
    }
}

fn shouted(value: &Value) -> Value {
    match value {
        Value::String(text) => json!(text.to_uppercase()),
        Value::Object(members) => {
            members.iter().map(|(key, value)| (key.to_uppercase(), value.clone())).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

type Change = Box<dyn Fn(&Value) -> Option<Value>>;

fn changes() -> Vec<Change> {
    let constants = [
        Value::Null,
        json!(true),
        json!(-17.5),
        json!(""),
        json!("\"[@.@]=>[[Scope: a, b]]@@x.y;\u{202e}\\"),
        json!("ä@ö.ü User_ ServicePrincipal_"),
        json!([]),
        json!([null, 3, "x@y.example", {}]),
        json!({"Name": {}, "displayName": 7, "Value": ["x@y.example"], "id": null}),
    ];
    let mut all: Vec<Change> =
        vec![Box::new(|_| None), Box::new(|value| Some(doubled(value))), Box::new(|value| Some(shouted(value)))];
    all.extend(constants.into_iter().map(|constant| Box::new(move |_: &Value| Some(constant.clone())) as Change));
    all
}

/// Events of different shape: one for each operation and set of named values.
fn distinct(lines: Vec<String>) -> Vec<Value> {
    let mut seen = std::collections::BTreeSet::new();
    let events = lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    events
        .filter(|event| {
            let mut all = Vec::new();
            places(event, &mut Vec::new(), &mut all);
            let name = ["Operation", "operationName", "category"].map(|name| event[name].to_string()).concat();
            seen.insert((name, all.len()))
        })
        .collect()
}

/// Whether all broken events are tried, not only a part.
fn every() -> bool {
    std::env::var_os("CORDON_EVERY").is_some()
}

fn survive(source: &str, lines: Vec<String>) -> usize {
    let changes = changes();
    let mut broken = Vec::new();
    for event in distinct(lines) {
        let mut all = Vec::new();
        places(&event, &mut Vec::new(), &mut all);
        for place in &all {
            broken.extend(changes.iter().map(|change| changed(&event, place, change).to_string()));
        }
    }
    // All of them take minutes; the same part every time tells of a break all the same. `CORDON_EVERY=1` tries all.
    fastrand::Rng::with_seed(1).shuffle(&mut broken);
    if !every() {
        broken.truncate(6_000);
    }
    run::all(source, &broken);
    println!("{source}: {} broken events", broken.len());
    broken.len()
}

#[test]
fn no_plugin_fails_on_a_broken_audit_record() {
    assert!(survive("m365.audit", data::lines_below("plugins", "m365.audit")) >= 6_000);
}

#[test]
fn no_plugin_fails_on_a_broken_entra_record() {
    assert!(survive("entra.audit", data::lines_below("plugins", "entra.audit")) >= 6_000);
}

#[test]
fn no_plugin_fails_on_a_broken_sign_in() {
    assert!(survive("entra.signin", data::lines_below("plugins", "entra.signin")) >= 6_000);
}

#[test]
fn no_plugin_fails_on_a_broken_azure_record() {
    assert!(survive("azure.activity", data::lines_below("plugins", "azure.activity")) >= 6_000);
}

#[test]
fn no_plugin_fails_on_a_broken_real_record() {
    let Some(lines) = data::real("m365-ual.jsonl.zst") else { return };
    let read = [
        "Set-Mailbox",
        "InboxRule",
        "TransportRule",
        "MailboxPermission",
        "RecipientPermission",
        "FolderPermissions",
        "MailItemsAccessed",
        "AdminAuditLogConfig",
        "Sharing",
        "AnonymousLink",
        "SiteCollectionAdmin",
        "MemberAdded",
        "FileDownloaded",
        "member to role",
        "onsent",
        "permission grant",
        "app role assignment",
        "secrets management",
        "Add owner to",
        "Update user",
        "UserLoggedIn",
    ];
    let lines = lines.into_iter().filter(|line| every() || read.iter().any(|part| line.contains(part))).collect();
    assert!(survive("m365.audit", lines) >= 6_000);
}

#[test]
fn a_huge_value_is_cut_and_not_refused() {
    let huge = |text: &str| text.repeat(200_000 / text.len());
    let rule = |name: &str, value: String| {
        json!({"Operation": "New-InboxRule", "UserId": "ada@westmarch.example", "ResultStatus": "True",
               "Parameters": [{"Name": "Name", "Value": "."}, {"Name": "DeleteMessage", "Value": "True"}, {"Name": name, "Value": value}]})
        .to_string()
    };
    let addresses: String = (0..5_000).map(|n| format!("drop{n}@mailbox.example.net;")).collect();
    let many: Vec<Value> = (0..20_000).map(|n| json!({"Name": format!("P{n}"), "Value": "x"})).collect();
    let lines = [
        rule("ForwardTo", addresses),
        rule("ForwardTo", huge("a@b")),
        rule("SubjectContainsWords", huge("invoice ")),
        rule("From", huge("@")),
        rule("Name", huge("é")),
        json!({"Operation": "New-InboxRule", "UserId": huge("u"), "Parameters": many}).to_string(),
    ];
    let hits = run::all("m365.audit", &lines);
    assert!(hits.iter().any(|hit| hit.line == 1 && hit.finding.key.len() <= 512));
    let scopes: String = (0..5_000).map(|n| format!("Mail.Read{n} ")).collect();
    let consent = json!({"Operation": "Add delegated permission grant.", "UserId": "ada@westmarch.example", "ModifiedProperties": [
        {"Name": "DelegatedPermissionGrant.Scope", "NewValue": format!("{scopes} Mail.Read"), "OldValue": scopes},
        {"Name": "ServicePrincipal.ObjectID", "NewValue": huge("0")}]});
    assert_eq!(run::all("m365.audit", &[consent.to_string()]).len(), 1);
}

#[test]
fn huge_policies_key_lists_and_bodies_are_read_in_time() {
    let ids =
        |from: usize| (from..from + 12_000).map(|n| format!("00000000-0000-4000-8000-{n:012}")).collect::<Vec<_>>();
    let policy =
        |from: usize| json!({"state": "enabled", "conditions": {"users": {"excludeUsers": ids(from)}}}).to_string();
    let keys = |from: usize| {
        json!(ids(from).iter().map(|id| format!("[KeyIdentifier={id},KeyType=Password]")).collect::<Vec<_>>())
            .to_string()
    };
    let ranges = |count: usize| {
        let all: Vec<Value> =
            (0..count).map(|n| json!({"cidrAddress": format!("10.{}.{}.0/24", n / 256, n % 256)})).collect();
        json!({"isTrusted": true, "ipRanges": all}).to_string()
    };
    let phones = |from: usize| (from..from + 20_000).map(|n| format!("+31 {n:09}\",\"")).collect::<String>();
    let event = |operation: &str, name: &str, before: String, after: String| {
        json!({"operationName": operation, "properties": {"result": "success", "targetResources": [{"id": "x", "displayName": "x",
            "modifiedProperties": [{"displayName": name, "oldValue": before, "newValue": after}]}]}})
        .to_string()
    };
    let lines = [
        event("Update conditional access policy", "ConditionalAccessPolicy", policy(0), policy(11_000)),
        event("Update service principal", "KeyDescription", keys(0), keys(6_000)),
        event("Update named location", "NamedLocation", ranges(9_000), ranges(9_500)),
        event("Update user", "StrongAuthenticationUserDetails", phones(0), phones(10)),
    ];
    let began = std::time::Instant::now();
    let hits = run::all("entra.audit", &lines);
    assert_eq!(hits.len(), 4, "{:?}", hits.iter().map(|hit| &hit.rule).collect::<Vec<_>>());
    assert!(hits.iter().all(|hit| hit.finding.key.len() <= 512));
    assert!(began.elapsed().as_secs() < 10, "{:?}", began.elapsed());
}
