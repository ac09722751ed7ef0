//! `POST /v1/exercises`: events that are no attack enter a force's real intake, and what they trigger is to reach a contact. The
//! answer says when each hop was passed, and which was not. What is found in them is marked at every step, and counts nowhere.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Api;
use super::answer::{Refused, Shared, act, blocking};
use crate::alerts::{Alert, Filter};
use crate::clock::now_micros;
use crate::delivery::About;
use crate::identity::Caller;
use crate::ids::{Digest, event_identity};
use crate::intake::Post;
use crate::model::{Force, SourceName};
use crate::results::{Outcome, Ran, exercised, findings_of, page, ran};

/// What is sent where nothing else is given: a mailbox forwards outside. `EXERCISE-ID` becomes the exercise's id.
const EVENT: &str = include_str!("exercise.json");
/// Bytes and events of an exercise.
const MOST: (usize, usize) = (256 << 10, 100);
/// Seconds that all hops may take.
const SECONDS: std::ops::RangeInclusive<u64> = 1..=300;
/// Between two looks.
const LOOK: Duration = Duration::from_millis(10);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    #[serde(rename = "for")]
    force: String,
    /// An event a line; `EXERCISE-ID` in them becomes the exercise's id.
    events: Option<String>,
    /// What they are; recognised by their shape where left out.
    source: Option<String>,
    /// Who is to get it; anybody where left out.
    contact: Option<String>,
    seconds: u64,
}

/// One step from an event to a person.
#[derive(Serialize)]
struct Hop {
    hop: &'static str,
    /// Milliseconds since the exercise began; none where it was not passed.
    ms: Option<u64>,
    #[serde(skip_serializing_if = "String::is_empty")]
    why: String,
}

struct Exercise {
    api: Arc<Api>,
    id: String,
    force: Force,
    contact: Option<String>,
    began: Instant,
    until: Instant,
    hops: Vec<Hop>,
}

/// `{"exercise": ID, "passed": bool, "alert": REF, "hops": [{"hop", "ms", "why"}, ...]}`. The first hop without `ms` failed.
pub(super) async fn run(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Json(new): Json<New>,
) -> Result<Json<Value>, Refused> {
    blocking(move || {
        let New { force, events, source, contact, seconds } = new;
        let force = api.identity.known_force(&force)?;
        if !SECONDS.contains(&seconds) {
            return Err(Refused::bad(format!("seconds: give {} to {}", SECONDS.start(), SECONDS.end())));
        }
        let source = match (source, &events) {
            (Some(source), _) => source,
            (None, Some(_)) => return Err(Refused::bad("source: say what the events are, such as m365.audit")),
            (None, None) => "m365.audit".to_owned(),
        };
        let source = SourceName::new(&source).map_err(|error| Refused::bad(error.to_string()))?;
        let id = id()?;
        let lines = lines(events.as_deref().unwrap_or(EVENT), &id)?;
        let events: Vec<Digest> = lines.iter().map(|line| event_identity(source.as_str(), line.as_bytes())).collect();
        let details = json!({ "exercise": id, "events": events.len(), "source": source, "contact": contact });
        let record = act(&caller, "exercise-run", Some(force.clone()), details);
        let (found, alerts) = (findings_of(&api.store, &force)?, api.alerts.last(&force)?);
        // Known as one before its first event is: nothing of it is ever told as real.
        let mut run = Ran { exercise: id.clone(), at: now_micros(), outcome: Outcome::Begun };
        let effects = exercised(&force, &events, &id).and(ran(&force, &run)?);
        api.audit.commit(&api.store, record, effects)?;
        let began = Instant::now();
        let until = began + Duration::from_secs(seconds);
        let mut exercise = Exercise { api, id, force, contact, began, until, hops: Vec::new() };
        let alert = exercise.walk(&lines, source, found, alerts)?;
        let failed = exercise.hops.iter().find(|hop| hop.ms.is_none());
        let passed = failed.is_none();
        run.outcome = failed.map_or(Outcome::Passed, |hop| Outcome::Failed(hop.hop.to_owned()));
        exercise.api.store.commit(ran(&exercise.force, &run)?)?;
        let reference = alert.map(|alert| alert.reference);
        Ok(Json(json!({ "exercise": exercise.id, "passed": passed, "alert": reference, "hops": exercise.hops })))
    })
    .await
}

impl Exercise {
    /// From hop to hop, until one is not passed in time.
    fn walk(
        &mut self,
        lines: &[String],
        source: SourceName,
        found: u64,
        alerts: u64,
    ) -> Result<Option<Alert>, Refused> {
        if let Err(why) = self.send(lines, source) {
            self.failed("intake", why);
            return Ok(None);
        }
        self.passed("intake");
        let mut after = found;
        let seen = self.wait(|exercise| {
            let mark = format!("\"exercise\":\"{}\"", exercise.id);
            let found = page(&exercise.api.store, &exercise.force, after, 512)?.findings;
            after = found.last().map_or(after, |(number, _)| *number);
            Ok(found.iter().any(|(_, finding)| finding.contains(&mark)).then_some(()))
        })?;
        if seen.is_none() {
            let why =
                "no plugin that is live for the force found anything in its events in time: see `cordon plugin list`";
            self.failed("detection", why.into());
            return Ok(None);
        }
        self.passed("detection");
        let alert = self.wait(|exercise| exercise.alert(alerts))?;
        let Some(alert) = alert else {
            self.failed(
                "alert",
                "no alert was made of the finding: an exception may hide it (`cordon exception list`)".into(),
            );
            return Ok(None);
        };
        self.passed("alert");
        self.deliver(&alert)?;
        Ok(Some(alert))
    }

    fn send(&self, lines: &[String], source: SourceName) -> Result<(), String> {
        let suspended = self.api.identity.force(&self.force).and_then(|record| record.suspended);
        if let Some(suspension) = suspended {
            return Err(format!("force {} is suspended ({})", self.force, suspension.reason));
        }
        let post = Post { force: self.force.clone(), source: Some(source), received: now_micros(), key: None };
        let body = std::io::Cursor::new(lines.join("\n").into_bytes());
        match self.api.intake.accept(&post, body) {
            Ok(accepted) if accepted.accepted == lines.len() as u64 => Ok(()),
            Ok(accepted) => Err(format!(
                "{} of {} events were taken: {} were known, {} refused",
                accepted.accepted,
                lines.len(),
                accepted.duplicates,
                accepted.refused
            )),
            Err(error) => Err(error.to_string()),
        }
    }

    fn alert(&self, after: u64) -> Result<Option<Alert>, Refused> {
        let (alerts, _) = self.api.alerts.page(&self.force, after, 1_000, &Filter::default())?;
        Ok(alerts.into_iter().find(|alert| alert.exercise.as_ref() == Some(&self.id)))
    }

    /// That the contact is told, and gets it.
    fn deliver(&mut self, alert: &Alert) -> Result<(), Refused> {
        let got = |exercise: &Self| -> Result<bool, Refused> {
            let got = exercise.api.delivery.got_exercise(&exercise.force, &exercise.id)?;
            Ok(got.iter().any(|(contact, _)| exercise.is_meant(&contact.id)))
        };
        let told = self.wait(|exercise| {
            let waits = exercise.waiting(alert)?.is_some();
            Ok((waits || got(exercise)?).then_some(()))
        })?;
        if told.is_none() {
            let plan = self.api.delivery.preview(About::from(alert), now_micros());
            let untold = plan.untold.iter().filter(|untold| self.is_meant(&untold.contact));
            let untold: Vec<String> = untold.map(|untold| format!("{}: {}", untold.contact, untold.why)).collect();
            let why = if untold.is_empty() { "no such contact would be told".to_owned() } else { untold.join("; ") };
            self.failed("routing", format!("{why}; see `cordon route preview`"));
            return Ok(());
        }
        self.passed("routing");
        if self.wait(|exercise| Ok(got(exercise)?.then_some(())))?.is_some() {
            self.passed("delivery");
            return Ok(());
        }
        let why = self.waiting(alert)?.filter(|why| !why.is_empty());
        self.failed("delivery", why.unwrap_or_else(|| "it was not sent in time: see `cordon delivery list`".into()));
        Ok(())
    }

    /// Whether a message of the alert waits for who is meant; why it was not sent, where it was tried.
    fn waiting(&self, alert: &Alert) -> Result<Option<String>, Refused> {
        let all = self.api.delivery.waiting(None)?.into_iter();
        let mut all = all.filter(|one| one.message.force == alert.force && one.message.alert == alert.number);
        Ok(all.find(|one| self.is_meant(&one.contact)).map(|one| one.message.why))
    }

    fn is_meant(&self, contact: &str) -> bool {
        self.contact.as_ref().is_none_or(|meant| meant == contact)
    }

    /// Looks again and again until there is something, or time is up.
    fn wait<T>(&self, mut look: impl FnMut(&Self) -> Result<Option<T>, Refused>) -> Result<Option<T>, Refused> {
        loop {
            if let Some(found) = look(self)? {
                return Ok(Some(found));
            }
            if Instant::now() >= self.until {
                return Ok(None);
            }
            std::thread::sleep(LOOK);
        }
    }

    fn passed(&mut self, hop: &'static str) {
        let ms = u64::try_from(self.began.elapsed().as_millis()).ok();
        self.hops.push(Hop { hop, ms, why: String::new() });
    }

    fn failed(&mut self, hop: &'static str, why: String) {
        self.hops.push(Hop { hop, ms: None, why });
    }
}

/// Six random bytes, as letters and digits.
fn id() -> Result<String, Refused> {
    let mut random = [0; 6];
    getrandom::fill(&mut random).map_err(|error| Refused::host(&std::io::Error::other(error.to_string())))?;
    Ok(hex::encode(random))
}

/// The events, one a line, each another for each exercise.
fn lines(text: &str, id: &str) -> Result<Vec<String>, Refused> {
    let now = jiff::Timestamp::from_microsecond(now_micros()).unwrap_or_default();
    let now = now.strftime("%Y-%m-%dT%H:%M:%S").to_string();
    if text.len() > MOST.0 {
        return Err(Refused::too_large(format!("events: at most {} bytes", MOST.0)));
    }
    let lines: Vec<String> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| line.replace("EXERCISE-ID", id).replace("EXERCISE-TIME", &now))
        .collect();
    if lines.is_empty() || lines.len() > MOST.1 {
        return Err(Refused::bad(format!("events: give 1 to {}, one a line", MOST.1)));
    }
    if lines.iter().any(|line| !line.contains(id)) {
        return Err(Refused::bad("events: write EXERCISE-ID into each, or the next exercise is known already"));
    }
    Ok(lines)
}
