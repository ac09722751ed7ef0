//! Tokens: 256 random bits, stored as their digest. Two of one role may be good at once, so that one can follow the other.
//!
//! When a token was last used is known in memory, and written now and then: at most once an hour a token, and at the end.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};

use serde::{Deserialize, Serialize};

use super::roles::Role;
use super::{Caller, Identity, IdentityError, Unauthorised};
use crate::audit::Act;
use crate::ids::Digest;
use crate::model::Force;
use crate::store::{Effects, Space, Store, StoreError};

/// Before the random part, so that a scanner of secrets knows what it found.
const MARK: &str = "cordon_";
/// Tokens at most, expired ones included.
const MOST: usize = 10_000;
/// Characters of a token's name at most.
const NAME: usize = 100;
/// Accounts of whoever has a token.
const OWN: usize = 32;
/// Tokens whose last use is written in one commit.
const GROUP: usize = 256;

/// A token that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// What it is for.
    pub role: Role,
    /// The force that it belongs to.
    pub force: Option<Force>,
    /// For people: who has it, or where it is used. May be empty.
    pub name: String,
    /// The accounts of whoever has it: what is found about them is not for them. May be empty.
    pub own: Vec<String>,
    /// Now, microseconds since 1970 UTC.
    pub created: i64,
    /// When it ends, in the same.
    pub expires: i64,
}

/// What is known of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenRecord {
    /// Names it in lists and the audit; says nothing of its text.
    pub id: String,
    /// What it is for.
    pub role: Role,
    /// The force that it belongs to.
    pub force: Option<Force>,
    /// See [`NewToken::name`].
    pub name: String,
    /// See [`NewToken::own`].
    pub own: Vec<String>,
    /// When it was made, microseconds since 1970 UTC.
    pub created: i64,
    /// When it ends, in the same.
    pub expires: i64,
    /// When it was last used, in the same; none where it never was.
    pub used: Option<i64>,
}

/// A token in memory.
pub(super) struct Held {
    /// As it is stored.
    record: TokenRecord,
    /// When it was last used; 0 where it never was.
    used: AtomicI64,
}

impl Held {
    fn new(record: TokenRecord) -> Self {
        let used = AtomicI64::new(record.used.unwrap_or(0));
        Self { record, used }
    }

    fn current(&self) -> TokenRecord {
        let used = Some(self.used.load(Ordering::Relaxed)).filter(|used| *used != 0);
        TokenRecord { used, ..self.record.clone() }
    }
}

/// As it is stored; the digest of its text is the key. What came later has a default: stores were written without it.
#[derive(Serialize, Deserialize)]
struct Stored {
    id: String,
    role: Role,
    force: Option<String>,
    #[serde(default)]
    name: String,
    #[serde(default)]
    own: Vec<String>,
    created: i64,
    expires: i64,
    #[serde(default)]
    used: Option<i64>,
}

/// A token that is made and does not count yet.
pub struct DraftToken {
    digest: Digest,
    record: TokenRecord,
    text: String,
}

impl DraftToken {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.record.id
    }

    /// Its text, which is nowhere else.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Identity {
    /// Whose token it is, at this time (microseconds since 1970 UTC).
    ///
    /// # Errors
    /// See [`Unauthorised`].
    pub fn caller(&self, token: Option<&str>, now: i64) -> Result<Caller, Unauthorised> {
        let digest = Digest::of(token.ok_or(Unauthorised::Absent)?.as_bytes());
        let known = self.read();
        let held = known.tokens.get(&digest).ok_or(Unauthorised::Unknown)?;
        if held.record.expires <= now {
            return Err(Unauthorised::Expired);
        }
        held.used.fetch_max(now, Ordering::Relaxed);
        let TokenRecord { id, role, force, own, .. } = &held.record;
        Ok(Caller { token: id.clone(), role: *role, force: force.clone(), own: own.clone() })
    }

    /// Whether a token of this id is good at this time.
    #[must_use]
    pub fn is_current(&self, id: &str, now: i64) -> bool {
        self.read().tokens.values().any(|held| held.record.id == id && held.record.expires > now)
    }

    /// All tokens, by id.
    #[must_use]
    pub fn tokens(&self) -> Vec<TokenRecord> {
        let mut tokens: Vec<TokenRecord> = self.read().tokens.values().map(Held::current).collect();
        tokens.sort_by(|a, b| a.id.cmp(&b.id));
        tokens
    }

    /// A token by its id.
    #[must_use]
    pub fn token(&self, id: &str) -> Option<TokenRecord> {
        self.read().tokens.values().find(|held| held.record.id == id).map(Held::current)
    }

    /// Creates a token: its record, and its text, which is nowhere else.
    ///
    /// # Errors
    /// When the role asks for a force and none is given (or the other way round), there is no such force, the name is not as
    /// it must be, or there are too many tokens.
    pub fn create_token(&self, new: NewToken, act: Act) -> Result<(TokenRecord, String), IdentityError> {
        self.issue_token(self.draft_token(new)?, act)
    }

    /// A token that does not count yet: its text can be put where it is needed before it does.
    ///
    /// # Errors
    /// As [`Identity::create_token`].
    pub fn draft_token(&self, new: NewToken) -> Result<DraftToken, IdentityError> {
        let refuse = |reason: String| Err(IdentityError::Refused(reason));
        match (&new.force, new.role.is_of_a_force()) {
            (None, true) => return refuse(format!("a token of role {} belongs to a force: name it", new.role.word())),
            (Some(_), false) => {
                return refuse(format!("a token of role {} belongs to no force: name none", new.role.word()));
            }
            _ => {}
        }
        if new.name.chars().count() > NAME || new.name.chars().any(char::is_control) {
            return refuse(format!("name: give at most {NAME} characters, without control characters"));
        }
        let unfit =
            |own: &String| own.trim().is_empty() || own.chars().count() > 200 || own.chars().any(char::is_control);
        if new.own.len() > OWN || new.own.iter().any(unfit) {
            return refuse(format!("own: give at most {OWN} accounts of at most 200 characters"));
        }
        if let Some(force) = &new.force {
            self.known_force(force.as_str())?;
        }
        Ok(make(new)?)
    }

    /// Makes a drafted token count.
    ///
    /// # Errors
    /// The store's, or too many tokens.
    pub fn issue_token(&self, draft: DraftToken, act: Act) -> Result<(TokenRecord, String), IdentityError> {
        let DraftToken { digest, record, text } = draft;
        let mut known = self.write();
        if known.tokens.len() >= MOST {
            let reason = format!("there are {MOST} tokens: revoke those that expired (`cordon token list`)");
            return Err(IdentityError::Refused(reason));
        }
        self.audit.commit(&self.store, act, put(digest, &record)?)?;
        known.tokens.insert(digest, Held::new(record.clone()));
        Ok((record, text))
    }

    /// Revokes a token by its id.
    ///
    /// # Errors
    /// When there is none.
    pub fn revoke_token(&self, id: &str, act: Act) -> Result<(), IdentityError> {
        let mut known = self.write();
        let digest = known.tokens.iter().find(|(_, held)| held.record.id == id).map(|(digest, _)| *digest);
        let digest = digest.ok_or_else(|| {
            IdentityError::Absent(format!("there is no token `{id}`: see them with `cordon token list`"))
        })?;
        self.audit.commit(&self.store, act, Effects::new().delete(Space::Token, &digest.0))?;
        known.tokens.remove(&digest);
        Ok(())
    }

    /// Writes when tokens were last used, where that changed.
    ///
    /// # Errors
    /// The store's.
    pub fn write_uses(&self) -> Result<(), StoreError> {
        let mut known = self.write();
        let is_new = |held: &Held| held.used.load(Ordering::Relaxed) != held.record.used.unwrap_or(0);
        let changed: Vec<(Digest, TokenRecord)> = known
            .tokens
            .iter()
            .filter(|(_, held)| is_new(held))
            .map(|(digest, held)| (*digest, held.current()))
            .collect();
        for group in changed.chunks(GROUP) {
            let mut effects = Effects::new();
            for (digest, record) in group {
                effects = effects.and(put(*digest, record)?);
            }
            self.store.commit(effects)?;
        }
        for (digest, record) in changed {
            if let Some(held) = known.tokens.get_mut(&digest) {
                held.record = record;
            }
        }
        Ok(())
    }
}

fn make(new: NewToken) -> Result<DraftToken, StoreError> {
    let mut random = [0; 32 + 6];
    let no_random = |error| StoreError::Disk { file: "/dev/urandom".into(), reason: format!("{error}") };
    getrandom::fill(&mut random).map_err(no_random)?;
    let (secret, id) = random.split_at(32);
    let text = format!("{MARK}{}", hex::encode(secret));
    let NewToken { role, force, name, own, created, expires } = new;
    let record = TokenRecord { id: hex::encode(id), role, force, name, own, created, expires, used: None };
    Ok(DraftToken { digest: Digest::of(text.as_bytes()), record, text })
}

fn put(digest: Digest, record: &TokenRecord) -> Result<Effects, StoreError> {
    let TokenRecord { id, role, force, name, own, created, expires, used } = record.clone();
    let force = force.map(|force| force.to_string());
    let text = serde_json::to_vec(&Stored { id, role, force, name, own, created, expires, used })
        .map_err(|error| StoreError::TooLarge(format!("a token: {error}")))?;
    Ok(Effects::new().put(Space::Token, &digest.0, text))
}

pub(super) fn read(store: &Store) -> Result<BTreeMap<Digest, Held>, StoreError> {
    let pairs = store.list(Space::Token, &[], None, usize::MAX)?;
    Ok(pairs
        .into_iter()
        .filter_map(|(key, value)| {
            let Stored { id, role, force, name, own, created, expires, used } = serde_json::from_slice(&value).ok()?;
            // A token whose force cannot be read is no token: it must not become one of all forces.
            let force = match force {
                None => None,
                Some(name) => Some(Force::new(&name).ok()?),
            };
            let record = TokenRecord { id, role, force, name, own, created, expires, used };
            Some((Digest(key.try_into().ok()?), Held::new(record)))
        })
        .collect())
}
