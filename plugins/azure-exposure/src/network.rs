//! Network security rules: whether one lets the whole internet in, and where to. Parses bodies; knows no fields.

use cordon_sdk::microsoft::azure::{member, text};
use cordon_sdk::microsoft::is_listed;
use cordon_sdk::serde_json::Value;

use crate::Rule;
use crate::table::{Act, new};

/// How the whole internet is written.
const WORLD: [&str; 6] = ["*", "0.0.0.0/0", "0.0.0.0", "::/0", "internet", "any"];

/// Ports that give control of a machine or its data: SSH, Telnet, RPC, SMB, databases, RDP, WinRM, VNC.
const GRAVE: [u16; 16] = [21, 22, 23, 135, 139, 445, 1433, 1521, 3306, 3389, 5432, 5900, 5985, 5986, 6379, 27017];

/// What the rules in a body open to the world; the gravest counts.
pub(crate) fn opened(body: &Value, harmless: &[String]) -> Option<Act> {
    let rules: Vec<&Value> = match member(body, "securityRules").and_then(Value::as_array) {
        Some(rules) => rules.iter().collect(),
        None => vec![body],
    };
    let ports: Vec<String> = rules.into_iter().filter(|rule| lets_the_world_in(rule)).flat_map(ports).collect();
    let open: Vec<&String> = ports.iter().filter(|port| !is_listed(port, harmless)).collect();
    if open.is_empty() {
        return None;
    }
    if open.iter().any(|port| is_grave(port)) {
        return new(Rule::NetworkOpenedToWorld, 2, 1, "opened a port of remote control or data to the internet");
    }
    new(Rule::NetworkOpenedToWorld, 1, 1, "opened a port to the internet")
}

fn lets_the_world_in(rule: &Value) -> bool {
    let says = |name: &str, word: &str| text(rule, name).is_some_and(|text| text.eq_ignore_ascii_case(word));
    let world = list(rule, "sourceAddressPrefix", "sourceAddressPrefixes");
    says("access", "Allow")
        && says("direction", "Inbound")
        && world.iter().any(|source| WORLD.iter().any(|name| source.trim().eq_ignore_ascii_case(name)))
}

fn ports(rule: &Value) -> Vec<String> {
    list(rule, "destinationPortRange", "destinationPortRanges")
}

/// One value and many, under two names.
fn list(rule: &Value, one: &str, many: &str) -> Vec<String> {
    let many = member(rule, many).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let all = many.iter().filter_map(Value::as_str).chain(text(rule, one));
    all.map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned).collect()
}

/// `*`, or a range that holds a grave port.
fn is_grave(port: &str) -> bool {
    let (low, high) = port.split_once('-').unwrap_or((port, port));
    match (low.trim().parse::<u16>(), high.trim().parse::<u16>()) {
        (Ok(low), Ok(high)) => GRAVE.iter().any(|grave| (low..=high).contains(grave)),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use cordon_sdk::serde_json::json;

    use super::*;

    fn weight(source: &str, ports: Value) -> Option<u8> {
        let rule = json!({"properties": {"access": "Allow", "direction": "Inbound", "sourceAddressPrefix": source, "destinationPortRanges": ports}});
        opened(&rule, &["443".to_owned()]).map(|act| act.weight)
    }

    #[test]
    fn ports_of_control_weigh_more_and_public_web_sites_nothing() {
        assert_eq!(weight("*", json!(["3389"])), Some(2));
        assert_eq!(weight("Internet", json!(["1-1024"])), Some(2));
        assert_eq!(weight("0.0.0.0/0", json!(["8080"])), Some(1));
        assert_eq!(weight("::/0", json!(["443"])), None);
        assert_eq!(weight("10.0.0.0/8", json!(["3389"])), None);
        assert_eq!(weight("*", json!([7, null])), None);
    }

    #[test]
    fn all_rules_of_a_group_are_looked_at() {
        let rule = |access: &str, port: &str| json!({"properties": {"access": access, "direction": "Inbound", "sourceAddressPrefix": "*", "destinationPortRange": port}});
        let group =
            json!({"properties": {"securityRules": [rule("Deny", "3389"), rule("Allow", "443"), rule("Allow", "22")]}});
        assert_eq!(opened(&group, &["443".to_owned()]).map(|act| act.weight), Some(2));
    }
}
