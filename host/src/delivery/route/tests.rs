#![allow(clippy::unwrap_used)]

use serde_json::json;

use super::*;

fn contact(force: &str, id: &str) -> Contact {
    serde_json::from_value(json!({
        "id": id, "force": force, "name": id, "channel": { "kind": "file", "path": "/x" }, "level": "full", "marking": "",
        "severity": "medium", "own": [], "confirmed": 1,
    }))
    .unwrap()
}

fn at(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_microsecond()
}

fn entities(value: &str) -> Vec<Entity> {
    vec![Entity { kind: "user".into(), value: value.into() }]
}

fn plan(contacts: &[Contact], severity: Severity, step: u8, when: &str) -> Plan {
    plan_about(contacts, severity, "x@durham.example", step, when)
}

fn plan_about(contacts: &[Contact], severity: Severity, whom: &str, step: u8, when: &str) -> Plan {
    plan_by(contacts, severity, whom, &[], step, when)
}

fn plan_by(contacts: &[Contact], severity: Severity, whom: &str, attack: &[String], step: u8, when: &str) -> Plan {
    let zone = TimeZone::get("Europe/London").unwrap();
    let (force, entities) = (Force::new("durham").unwrap(), entities(whom));
    let about = About { force: &force, severity, entities: &entities, attack, late: false };
    Roster { contacts, zone: &zone, national_zone: &zone }.plan(about, step, at(when))
}

/// Told now.
fn told(plan: &Plan) -> Vec<String> {
    let now = plan.told.iter().filter(|told| !told.waits);
    now.map(|told| format!("{}/{}", told.force, told.contact)).collect()
}

/// A desk by day, somebody on call, the National Management Centre, and who gets copies there.
fn roster() -> Vec<Contact> {
    let mut desk = contact("durham", "desk");
    desk.duty.hours = "mon-fri 08:00-18:00".to_owned().try_into().unwrap();
    desk.duty.out_of_hours = Some(Severity::Critical);
    let mut call = contact("durham", "call");
    call.duty.step = 2;
    let mut copies = contact("nmc", "copies");
    copies.duty.copies = true;
    copies.severity = Severity::Critical;
    vec![desk, call, contact("nmc", "watch"), copies]
}

const NIGHT: &str = "2026-11-29T03:00:00Z";
const DAY: &str = "2026-11-25T10:00:00Z";

#[test]
fn the_ladder_goes_from_the_desk_to_whoever_is_on_call_to_the_national_centre() {
    let contacts = roster();
    let day = plan(&contacts, Severity::High, 1, DAY);
    assert_eq!(told(&day), ["durham/desk"]);
    assert_eq!(day.next, Some(Next { step: 2, at: at("2026-11-25T10:30:00Z") }));
    assert_eq!(day.told[0].answer_by, day.next.map(|next| next.at));
    let second = plan(&contacts, Severity::High, 2, DAY);
    assert_eq!((told(&second), second.next.unwrap().step), (vec!["durham/call".to_owned()], NATIONAL));
    let last = plan(&contacts, Severity::High, NATIONAL, DAY);
    assert_eq!((told(&last), last.next), (vec!["nmc/watch".to_owned()], None));
    let critical = plan(&contacts, Severity::Critical, 1, DAY);
    assert_eq!(told(&critical), ["durham/desk", "nmc/copies"]);
    assert_eq!(plan(&contacts, Severity::Medium, 1, DAY).next, None, "nobody is hurried for what is not grave");
}

#[test]
fn where_a_contacts_mail_goes_and_where_they_are_called_is_their_own_without_being_said_so() {
    let mut mailed = contact("durham", "mailed");
    mailed.channel = serde_json::from_value(json!({ "kind": "email", "to": "jo@durham.example" })).unwrap();
    let mut called = contact("durham", "called");
    called.call = "07700 900123".into();
    let contacts = [mailed, called];
    let told_of = |whom| told(&plan_about(&contacts, Severity::Medium, whom, 1, DAY));
    assert_eq!(told_of("JO@durham.example"), ["durham/called"]);
    assert_eq!(told_of("+447700900123"), ["durham/mailed"]);
    assert_eq!(told_of("kim@durham.example").len(), 2);
}

#[test]
fn at_three_on_a_sunday_whoever_is_on_call_is_told_at_once_and_the_desk_on_monday() {
    let contacts = roster();
    let night = plan(&contacts, Severity::High, 1, NIGHT);
    assert_eq!(told(&night), ["durham/call"]);
    let waits = night.told.iter().find(|told| told.waits).unwrap();
    assert_eq!((waits.contact.as_str(), waits.at), ("desk", at("2026-11-30T08:00:00Z")));
    let medium = plan(&contacts, Severity::Medium, 1, NIGHT);
    assert_eq!((told(&medium).len(), medium.told.len()), (0, 1), "it waits: nobody is woken");
    let alone = plan(&contacts[..1], Severity::High, 1, NIGHT);
    assert!(alone.gaps.iter().any(|gap| gap.contains("nobody is told at once")), "{alone:?}");
    assert!(alone.gaps.iter().any(|gap| gap.contains("outside of its tenant")), "{alone:?}");
    let none = plan(&contacts[2..], Severity::High, 1, DAY);
    assert_eq!(told(&none), ["nmc/watch"]);
    assert!(none.gaps.iter().any(|gap| gap.contains("no contact")), "{none:?}");
}

#[test]
fn on_both_clock_change_nights_a_deadline_is_so_many_minutes_and_hours_are_the_wall_clocks() {
    let mut contacts = roster();
    contacts[0].duty.hours = "sat-sun 00:00-24:00".to_owned().try_into().unwrap();
    for when in ["2026-03-29T00:45:00Z", "2026-10-25T00:45:00Z"] {
        let night = plan(&contacts, Severity::High, 1, when);
        assert_eq!((told(&night), night.next.unwrap().at - at(when)), (vec!["durham/desk".to_owned()], 30 * MINUTE));
    }
    contacts[0].duty.hours = "sun 02:00-08:00".to_owned().try_into().unwrap();
    assert_eq!(told(&plan(&contacts, Severity::High, 1, "2026-03-29T01:00:00Z")), ["durham/desk"]);
    assert_eq!(told(&plan(&contacts, Severity::High, 1, "2026-10-25T01:30:00Z")), ["durham/call"]);
    assert_eq!(told(&plan(&contacts, Severity::High, 1, "2026-10-25T02:00:00Z")), ["durham/desk"]);
}

#[test]
fn whom_an_alert_is_about_is_never_told_in_whatever_spelling_and_the_next_step_is() {
    let spellings = [
        ("jo@durham.example", "JO@Durham.example"),
        ("jo@durham.example", "i:0#.f|membership|jo@durham.example"),
        ("07700 900123", "+44 7700 900123"),
        ("jo", "DURHAM\\jo"),
    ];
    for (own, whom) in spellings {
        let mut contacts = roster();
        contacts[0].own = vec![own.to_owned()];
        for (severity, when) in [(Severity::High, DAY), (Severity::Critical, NIGHT)] {
            let plan = plan_about(&contacts, severity, whom, 1, when);
            assert!(told(&plan).contains(&"durham/call".to_owned()), "{whom}");
            assert!(plan.told.iter().all(|told| told.contact != "desk"), "{whom}: {plan:?}");
            assert!(plan.untold[0].why.contains("own account"), "{plan:?}");
        }
    }
    let is_about = |whom: &str, own: &str| crate::model::is_about(&[own.to_owned()], &entities(whom));
    assert!(!is_about("banjo@durham.example", "jo@durham.example") && !is_about("x", " "));
}

#[test]
fn what_is_about_the_only_one_of_a_step_goes_to_the_next_however_little_it_is() {
    let mut contacts = roster();
    contacts[0].own = vec!["jo@durham.example".to_owned()];
    let medium = plan_about(&contacts, Severity::Medium, "jo@durham.example", 1, DAY);
    assert_eq!((told(&medium), medium.next), (vec!["durham/call".to_owned()], None));
    contacts[1].own = contacts[0].own.clone();
    let both = plan_about(&contacts, Severity::Medium, "jo@durham.example", 1, DAY);
    assert_eq!(told(&both), ["nmc/watch"]);
}

#[test]
fn where_somebody_may_hold_the_tenant_contacts_outside_of_it_are_told_too_and_else_the_national_centre() {
    let mut contacts = roster();
    let attack = ["T1562.008".to_owned()];
    let about = |contacts: &[Contact], severity| plan_by(contacts, severity, "x", &attack, 1, DAY);
    assert_eq!(told(&about(&contacts, Severity::High)), ["durham/desk", "nmc/watch"]);
    let medium = about(&contacts, Severity::Medium);
    assert_eq!(told(&medium), ["durham/desk"]);
    assert!(medium.gaps.iter().any(|gap| gap.contains("may hold the tenant")), "{medium:?}");
    contacts[1].duty.outside = true;
    let plan = about(&contacts, Severity::High);
    assert_eq!(told(&plan), ["durham/desk", "durham/call"]);
    assert!(plan.gaps.is_empty() && plan.told.iter().all(|told| told.answer_by.is_some()), "{plan:?}");
    // What happens to the subject's own account is not told them there either.
    contacts[1].own = vec!["x".to_owned()];
    assert_eq!(told(&about(&contacts, Severity::High)), ["durham/desk", "nmc/watch"]);
}

#[test]
fn who_has_confirmed_nothing_or_wants_graver_alerts_is_not_told_and_why_is_said() {
    let mut desk = contact("durham", "desk");
    desk.confirmed = None;
    let none = plan(&[desk.clone()], Severity::High, 1, DAY);
    assert!(told(&none).is_empty() && none.untold[0].why.contains("confirmed"), "{none:?}");
    desk.confirmed = Some(1);
    let low = plan(&[desk], Severity::Low, 1, DAY);
    assert!(low.untold[0].why.contains("from severity medium"), "{low:?}");
}
