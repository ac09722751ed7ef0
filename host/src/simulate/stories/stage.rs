//! What a story has at hand: people, addresses, time that passes, and the parts of the catalogue that become events.

use super::STORIES;
use crate::simulate::catalogue::{Catalogue, Lists, escaped};
use crate::simulate::delivery::SECOND;
use crate::simulate::dice::Dice;
use crate::simulate::people::{ADMINISTRATORS, PEOPLE, World, guid};
use crate::simulate::template::{Scene, Template};
use crate::simulate::times::Days;

/// A person of the force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Who(usize);

/// What a part's holes are set to.
pub(super) type Set<'a> = &'a [(&'static str, &'a str)];

/// Where intruders sign in from, in a session of their own, on a machine that nobody manages.
pub(super) const AFAR: Set<'static> = &[
    ("city", "Auckland"),
    ("state", "Auckland"),
    ("country", "NZ"),
    ("latitude", "-36.85"),
    ("longitude", "174.76"),
    ("device", "${no-device}"),
    ("session", "${guid.3}"),
    (
        "agent",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
    ),
];

/// See the module.
pub(super) struct Stage<'a> {
    catalogue: &'a Catalogue,
    world: &'a World,
    /// Its number among the stories of the force.
    number: u64,
    clock: i64,
    failed: Option<String>,
    told: Told,
}

/// A story that was told.
pub(super) struct Told {
    pub(super) dice: Dice,
    /// People of whom a story was told.
    pub(super) used: Vec<usize>,
    pub(super) accounts: Vec<String>,
    pub(super) steps: Vec<Step>,
    /// The step with which it can be known.
    pub(super) knowable: usize,
}

/// One event of a story.
pub(super) struct Step {
    /// Since the story began.
    pub(super) offset: i64,
    pub(super) source: usize,
    template: Template,
    seed: u64,
    user: usize,
    other: usize,
}

impl Step {
    pub(super) fn fill(&self, world: &World, lists: &Lists, time: i64) -> Vec<u8> {
        let mut out = Vec::new();
        let Self { seed, user, other, .. } = *self;
        self.template.fill(&mut out, &Scene { world, lists, time, seed, user, other }, &mut Days::default());
        out
    }
}

impl Told {
    /// How long it takes.
    pub(super) fn span(&self) -> i64 {
        self.steps.last().map_or(0, |step| step.offset)
    }
}

impl<'a> Stage<'a> {
    pub(super) fn new(catalogue: &'a Catalogue, world: &'a World, number: u64, dice: Dice, used: Vec<usize>) -> Self {
        let told = Told { dice, used, accounts: Vec::new(), steps: Vec::new(), knowable: 0 };
        Self { catalogue, world, number, clock: 0, failed: None, told }
    }

    /// The story, or what is wrong with it.
    pub(super) fn told(self) -> Result<Told, String> {
        self.failed.map_or(Ok(self.told), Err)
    }

    /// Somebody of whom no story was told yet.
    pub(super) fn victim(&mut self) -> Who {
        self.somebody(ADMINISTRATORS, PEOPLE)
    }

    /// The same, of those who administer; when all are used, one again.
    pub(super) fn administrator(&mut self) -> Who {
        self.somebody(0, ADMINISTRATORS)
    }

    fn somebody(&mut self, from: usize, to: usize) -> Who {
        let first = usize::try_from(self.number((to - from) as u64)).unwrap_or(0);
        let all = (0..to - from).map(|next| from + (first + next) % (to - from));
        let who = all.clone().find(|person| !self.told.used.contains(person));
        let who = who.unwrap_or(from + first);
        self.told.used.push(who);
        self.told.accounts.push(self.world.of(who, 0).to_owned());
        Who(who)
    }

    /// A field of somebody: `mail`, `id`, ...
    pub(super) fn of(&self, who: Who, field: &str) -> String {
        self.world.named(who.0, field).to_owned()
    }

    /// An address from outside, of 203.0.113.0/24. No two stories share one: each would be found as part of the other.
    pub(super) fn address(&mut self) -> String {
        let (each, own) = (250 / STORIES.len() as u64, self.number % STORIES.len() as u64);
        format!("203.0.113.{}", 1 + own * each + self.number(each))
    }

    pub(super) fn guid(&mut self) -> String {
        guid(&mut self.told.dice)
    }

    pub(super) fn number(&mut self, below: u64) -> u64 {
        self.told.dice.below(below)
    }

    /// So many seconds pass.
    pub(super) fn wait(&mut self, from: i64, to: i64) {
        self.clock += self.told.dice.between(from * SECOND, to * SECOND);
    }

    /// An event: a part of the catalogue, by somebody, about somebody.
    pub(super) fn event(&mut self, part: &str, who: Who, about: Who, sets: &[Set<'_>]) {
        let set = sets.concat();
        let source = self.catalogue.source_of(part).ok_or_else(|| format!("there is no part `{part}`"));
        let template = self.catalogue.template(&format!("${{{part}}}"), &set);
        match source.and_then(|source| Ok((source, template?))) {
            Ok((source, template)) => {
                let seed = self.told.dice.number();
                self.told.steps.push(Step { offset: self.clock, source, template, seed, user: who.0, other: about.0 });
            }
            Err(reason) => self.failed = Some(reason),
        }
    }

    /// Somebody does something to a resource of the force's Azure subscription, and it comes about.
    pub(super) fn azure_act(&mut self, who: Who, operation: &str, resource: &str, from: &str, more: Set<'_>) {
        let scope = format!("/subscriptions/${{force.subscription}}/{resource}");
        let act = [("operation", operation), ("scope", &scope), ("result", "Success"), ("ip", from)];
        self.event("activity", who, who, &[&act, more]);
    }

    /// The last event is the one with which it can be known.
    pub(super) fn now_known(&mut self) {
        self.told.knowable = self.told.steps.len().saturating_sub(1);
    }

    /// Somebody from afar signs in as this person, and is let in.
    pub(super) fn break_in(&mut self, who: Who, address: &str) {
        self.event("signin", who, who, &[AFAR, &[("category", "SignInLogs"), ("ip", address)], PASSWORD_ONLY]);
        self.event(
            "logged-in",
            who,
            who,
            &[&[("operation", "UserLoggedIn"), ("result", "Success"), ("error", "0"), ("ip", address)]],
        );
    }
}

/// No second factor was asked for.
pub(super) const PASSWORD_ONLY: Set<'static> = &[
    ("steps", "${password-step}"),
    ("requirement", "singleFactorAuthentication"),
    ("ca", "notApplied"),
    ("policy-result", "notApplied"),
];

/// `{"Name":..,"Value":..}` of a cmdlet, several of them.
pub(super) fn parameters(list: &[(&str, &str)]) -> String {
    let each = list.iter().map(|(name, value)| format!(r#"{{"Name":"{name}","Value":"{}"}}"#, escaped(value)));
    each.collect::<Vec<_>>().join(",")
}

/// `{"Name":..,"NewValue":..,"OldValue":""}` of the unified audit log's directory records.
pub(super) fn changes(list: &[(&str, &str)]) -> String {
    let each = list
        .iter()
        .map(|(name, value)| format!(r#"{{"Name":"{name}","NewValue":"{}","OldValue":""}}"#, escaped(value)));
    each.collect::<Vec<_>>().join(",")
}

/// The same as Entra's own log has it: each value is JSON in a string.
pub(super) fn modified(list: &[(&str, &str)]) -> String {
    let each = list.iter().map(|(name, value)| {
        let value = serde_json::Value::from(*value).to_string();
        format!(r#"{{"displayName":"{name}","oldValue":null,"newValue":"{}"}}"#, escaped(&value))
    });
    each.collect::<Vec<_>>().join(",")
}
