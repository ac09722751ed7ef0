//! Which incident an alert is of: that of the alerts of the last day that share an entity with it.

use std::collections::BTreeMap;

use super::{Incident, MOST, class, read};
use crate::alerts::alert::Alert;
use crate::alerts::book;
use crate::ids::Digest;
use crate::model::Force;
use crate::store::{Effects, Space, Store, StoreError};

/// How long after an alert another with the same entity is of its incident: a day, in microseconds.
const WITHIN: i64 = 86_400_000_000;

/// One page's incidents, as they are with it.
pub(in crate::alerts) struct Linking<'a> {
    store: &'a Store,
    force: &'a Force,
    now: i64,
    /// By entity: the incident of the newest alert about it, and when that was.
    marks: BTreeMap<Digest, Option<(u64, i64)>>,
    incidents: BTreeMap<u64, Incident>,
}

impl<'a> Linking<'a> {
    pub(in crate::alerts) fn new(store: &'a Store, force: &'a Force, now: i64) -> Self {
        Self { store, force, now, marks: BTreeMap::new(), incidents: BTreeMap::new() }
    }

    /// An alert as it will be committed: it is told which incident it is of.
    pub(in crate::alerts) fn link(&mut self, alert: &mut Alert) -> Result<(), StoreError> {
        let key = |entity| {
            let class = class(entity)?;
            Some(Digest::of_parts(&[class.as_bytes(), entity.value.to_lowercase().as_bytes()]))
        };
        let keys: Vec<Digest> = alert.entities.iter().filter_map(key).collect();
        let mut stories = Vec::new();
        for key in &keys {
            if let Some((number, at)) = self.mark(*key)?
                && self.now.saturating_sub(at) <= WITHIN
            {
                stories.push(self.whole(number)?.number);
            }
        }
        if let Some(own) = alert.incident {
            stories.push(self.whole(own)?.number);
        }
        stories.sort_unstable();
        stories.dedup();
        let mut into = stories.first().copied().unwrap_or(alert.number);
        for other in stories.into_iter().skip(1) {
            self.merge(into, other)?;
        }
        if into != alert.number {
            let mut incident = self.whole(into)?;
            if !incident.alerts.contains(&alert.number) {
                if incident.alerts.len() < MOST {
                    incident.alerts.push(alert.number);
                    incident.updated = self.now;
                    self.incidents.insert(into, incident);
                } else {
                    into = alert.number;
                }
            }
        }
        alert.incident = Some(into);
        self.marks.extend(keys.into_iter().map(|key| (key, Some((into, self.now)))));
        Ok(())
    }

    /// The effects that all this is so.
    pub(in crate::alerts) fn effects(self) -> Result<Effects, StoreError> {
        let mut effects = Effects::new();
        for (key, mark) in &self.marks {
            if let Some((number, at)) = mark {
                let value = [number.to_be_bytes(), at.to_be_bytes()].concat();
                effects = effects.put(Space::IncidentMark, &mark_key(self.force, *key), value);
            }
        }
        for incident in self.incidents.values().filter(|incident| incident.alerts.len() > 1 || incident.into.is_some())
        {
            let text =
                serde_json::to_vec(incident).map_err(|error| StoreError::TooLarge(format!("an incident: {error}")))?;
            effects = effects.put(Space::Incident, &book::key(self.force, incident.number), text);
        }
        Ok(effects)
    }

    fn mark(&mut self, key: Digest) -> Result<Option<(u64, i64)>, StoreError> {
        if let Some(mark) = self.marks.get(&key) {
            return Ok(*mark);
        }
        let kept = self.store.get(Space::IncidentMark, &mark_key(self.force, key))?;
        let mark = kept.and_then(|kept| {
            let (number, at) = kept.split_at_checked(8)?;
            Some((u64::from_be_bytes(number.try_into().ok()?), i64::from_be_bytes(at.try_into().ok()?)))
        });
        self.marks.insert(key, mark);
        Ok(mark)
    }

    /// The incident of this number, or the older one that it became part of. One alert alone is one, too.
    fn whole(&mut self, number: u64) -> Result<Incident, StoreError> {
        let mut at = number;
        loop {
            let incident = match self.incidents.get(&at) {
                Some(incident) => incident.clone(),
                None => read(self.store, self.force, at)?.unwrap_or_else(|| Incident {
                    force: self.force.clone(),
                    number: at,
                    alerts: vec![at],
                    created: self.now,
                    updated: self.now,
                    into: None,
                }),
            };
            match incident.into {
                // It is always an older one: this ends.
                Some(older) if older < at => at = older,
                _ => return Ok(incident),
            }
        }
    }

    fn merge(&mut self, into: u64, other: u64) -> Result<(), StoreError> {
        let (mut older, mut newer) = (self.whole(into)?, self.whole(other)?);
        if older.alerts.len() + newer.alerts.len() > MOST {
            return Ok(());
        }
        for number in &newer.alerts {
            if !older.alerts.contains(number) {
                older.alerts.push(*number);
            }
        }
        (older.updated, newer.into) = (self.now, Some(into));
        self.incidents.insert(into, older);
        self.incidents.insert(other, newer);
        Ok(())
    }
}

fn mark_key(force: &Force, key: Digest) -> Vec<u8> {
    [book::of_force(force).as_slice(), &key.0].concat()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::alerts::alert::sample;
    use crate::model::Entity;

    /// The incident of each alert about these, one page each, so many hours after one another.
    fn linked(alerts: &[&[(&str, &str)]], hours: i64) -> (Store, tempfile::TempDir, Vec<u64>) {
        let folder = tempfile::tempdir().unwrap();
        let (store, force) = (Store::open(folder.path()).unwrap(), Force::new("avon").unwrap());
        let mut found = Vec::new();
        for (at, about) in alerts.iter().enumerate() {
            let mut alert = sample(at as u64 + 1);
            alert.entities =
                about.iter().map(|(kind, value)| Entity { kind: (*kind).into(), value: (*value).into() }).collect();
            let mut linking = Linking::new(&store, &force, at as i64 * hours * 3_600_000_000);
            linking.link(&mut alert).unwrap();
            store.commit(linking.effects().unwrap()).unwrap();
            found.push(alert.incident.unwrap());
        }
        (store, folder, found)
    }

    #[test]
    fn alerts_of_a_day_that_share_an_account_an_address_an_application_or_a_machine_are_one_story() {
        let about: &[&[(&str, &str)]] = &[
            &[("user", "anna@x"), ("ip", "192.0.2.1")],
            &[("mailbox", "ANNA@x"), ("file", "plan.docx")],
            &[("user", "ben@x"), ("file", "plan.docx")],
            &[("app", "anna@x")],
            &[("ip", "192.0.2.1"), ("host", "laptop")],
        ];
        assert_eq!(linked(about, 1).2, [1, 1, 3, 4, 1]);
        assert_eq!(linked(about, 25).2, [1, 2, 3, 4, 5]);
    }

    #[test]
    fn two_stories_that_turn_out_to_be_one_become_the_older() {
        let about: &[&[(&str, &str)]] = &[
            &[("user", "a")],
            &[("user", "b")],
            &[("user", "b"), ("ip", "1")],
            &[("user", "b"), ("user", "a")],
            &[("ip", "1")],
        ];
        let (store, _folder, found) = linked(about, 1);
        assert_eq!(found, [1, 2, 2, 1, 1]);
        let force = Force::new("avon").unwrap();
        assert_eq!(read(&store, &force, 1).unwrap().unwrap().alerts, [1, 2, 3, 4, 5]);
        assert_eq!(read(&store, &force, 2).unwrap().unwrap().into, Some(1));
    }

    #[test]
    fn an_incident_takes_256_alerts_and_the_next_begins_another() {
        let about: Vec<&[(&str, &str)]> = vec![&[("user", "a")]; 300];
        let (store, _folder, found) = linked(&about, 0);
        assert_eq!((found[255], found[256], found[299]), (1, 257, 257));
        let force = Force::new("avon").unwrap();
        assert_eq!(read(&store, &force, 1).unwrap().unwrap().alerts.len(), 256);
        assert_eq!(read(&store, &force, 257).unwrap().unwrap().alerts.len(), 44);
    }
}
