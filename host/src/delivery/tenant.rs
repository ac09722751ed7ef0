//! Whether an alert says that somebody may hold the tenant that is watched: its administrators, mail flow or audit settings. Who
//! does can stop what is sent into it. Told from the ATT&CK techniques that the rule's manifest names. Pure.

/// With their sub-techniques.
const TECHNIQUES: &[&str] = &[
    "T1070.008", // mail removed
    "T1098",     // roles, credentials and delegations added
    "T1114.003", // mail forwarded
    "T1136",     // accounts made
    "T1484",     // policies and trust of the tenant
    "T1556",     // how people sign in
    "T1562",     // protection and audit switched off
    "T1564.008", // mail hidden
];

/// See the module.
pub(super) fn may_be_held(attack: &[String]) -> bool {
    let below = |id: &str, technique: &str| {
        id.strip_prefix(technique).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    attack.iter().any(|id| TECHNIQUES.iter().any(|technique| below(id, technique)))
}

#[cfg(test)]
mod tests {
    use super::may_be_held;

    #[test]
    fn administrators_mail_flow_and_audit_are_told_by_their_techniques() {
        let held = |id: &str| may_be_held(&["T1078".to_owned(), id.to_owned()]);
        for id in ["T1098", "T1098.003", "T1562.008", "T1114.003", "T1484.002"] {
            assert!(held(id), "{id}");
        }
        for id in ["T1078.004", "T1114.002", "T1114", "T10981", "T1485", ""] {
            assert!(!held(id), "{id}");
        }
    }
}
