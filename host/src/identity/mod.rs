//! Who may do what: forces, tokens, roles.
//!
//! Owns the records of forces and tokens. A token's text is random and shown once; only its digest is stored. Every change
//! commits with its audit record. Knows no route and no event.

mod forces;
mod roles;
mod tokens;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

pub use forces::{ForceRecord, LONGEST_QUIET, MOST_EXPECTED, Stage, Suspension};
pub use roles::{Permission, Role};
use tokens::Held;
pub use tokens::{DraftToken, NewToken, TokenRecord};

use crate::audit::{Act, Audit};
use crate::ids::Digest;
use crate::model::{Entity, Force, is_about};
use crate::store::{Effects, Store, StoreError};

/// Who asks, as their token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The token's id.
    pub token: String,
    /// What it is for.
    pub role: Role,
    /// The force that it belongs to; none where it belongs to none.
    pub force: Option<Force>,
    /// The accounts of whoever has it.
    pub own: Vec<String>,
}

impl Caller {
    /// Whether they are one of those that something is about: it is not for them to see or to end.
    #[must_use]
    pub fn is_subject(&self, entities: &[Entity]) -> bool {
        is_about(&self.own, entities)
    }
}

/// Why a token is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum Unauthorised {
    #[error("no token was given: send `Authorization: Bearer TOKEN`")]
    Absent,
    #[error("the token is unknown, or was revoked: ask the operator for a new one")]
    Unknown,
    #[error("the token has expired: ask the operator for a new one")]
    Expired,
}

/// Why a change is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// The caller's: with the way out.
    #[error("{0}")]
    Refused(String),
    /// There is no such force or token.
    #[error("{0}")]
    Absent(String),
    /// The store's.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// See the module.
pub struct Identity {
    store: Arc<Store>,
    audit: Arc<Audit>,
    known: RwLock<Known>,
}

/// What is in the store, in memory.
#[derive(Default)]
struct Known {
    forces: BTreeMap<Force, ForceRecord>,
    tokens: BTreeMap<Digest, Held>,
}

impl Identity {
    /// Reads forces and tokens.
    ///
    /// # Errors
    /// The store's.
    pub fn open(store: Arc<Store>, audit: Arc<Audit>) -> Result<Self, StoreError> {
        let known = Known { forces: forces::read(&store)?, tokens: tokens::read(&store)? };
        Ok(Self { store, audit, known: RwLock::new(known) })
    }

    /// Records an act that changes nothing: somebody read something.
    ///
    /// # Errors
    /// The store's.
    pub fn record(&self, act: Act) -> Result<(), StoreError> {
        self.audit.commit(&self.store, act, Effects::new())
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn act() -> Act {
        Act { time: 1, who: "t".into(), role: "operator".into(), force: None, what: "test", details: Value::Null }
    }

    fn identity(folder: &std::path::Path) -> Identity {
        let store = Arc::new(Store::open(folder).unwrap());
        let audit = Arc::new(Audit::open(&store).unwrap());
        Identity::open(store, audit).unwrap()
    }

    fn avon() -> ForceRecord {
        ForceRecord { display: "Avon".into(), stage: Stage::Live, ..ForceRecord::new(Force::new("avon").unwrap()) }
    }

    fn new_token(role: Role, force: Option<&str>) -> NewToken {
        let force = force.map(|name| Force::new(name).unwrap());
        NewToken { role, force, name: String::new(), own: Vec::new(), created: 10, expires: 100 }
    }

    #[test]
    fn a_token_is_known_until_it_expires_or_is_revoked_also_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let (record, text) = {
            let identity = identity(folder.path());
            identity.add_force(avon(), act()).unwrap();
            identity.create_token(new_token(Role::Intake, Some("avon")), act()).unwrap()
        };
        let identity = identity(folder.path());
        let caller = identity.caller(Some(&text), 99).unwrap();
        assert_eq!((caller.token.as_str(), caller.role), (record.id.as_str(), Role::Intake));
        assert_eq!(caller.force, Some(avon().name));
        assert_eq!(identity.caller(Some(&text), 100), Err(Unauthorised::Expired));
        assert_eq!(identity.caller(Some(&text[1..]), 99), Err(Unauthorised::Unknown));
        assert_eq!(identity.caller(None, 99), Err(Unauthorised::Absent));
        identity.revoke_token(&record.id, act()).unwrap();
        assert_eq!(identity.caller(Some(&text), 99), Err(Unauthorised::Unknown));
        assert!(identity.revoke_token(&record.id, act()).is_err());
    }

    #[test]
    fn when_a_token_was_last_used_is_known_also_after_a_restart_and_revoking_it_is_final() {
        let folder = tempfile::tempdir().unwrap();
        let (record, text) = {
            let identity = identity(folder.path());
            let (record, text) = identity.create_token(new_token(Role::Operator, None), act()).unwrap();
            assert_eq!(identity.token(&record.id).unwrap().used, None);
            let _ = identity.caller(Some(&text), 50).unwrap();
            let _ = identity.caller(Some(&text), 40).unwrap();
            assert_eq!(identity.token(&record.id).unwrap().used, Some(50));
            identity.write_uses().unwrap();
            (record, text)
        };
        let identity = identity(folder.path());
        assert_eq!(identity.token(&record.id).unwrap().used, Some(50));
        let _ = identity.caller(Some(&text), 60).unwrap();
        identity.revoke_token(&record.id, act()).unwrap();
        identity.write_uses().unwrap();
        assert_eq!(identity.store.list(crate::store::Space::Token, &[], None, 9).unwrap(), []);
    }

    #[test]
    fn no_text_of_a_token_is_on_disk() {
        let folder = tempfile::tempdir().unwrap();
        let text = identity(folder.path()).create_token(new_token(Role::Operator, None), act()).unwrap().1;
        let log = std::fs::read(folder.path().join("store/sled/db")).unwrap();
        let on_disk = |part: &[u8]| log.windows(part.len()).any(|window| window == part);
        assert!(on_disk(b"operator"), "the record itself is there");
        assert!(!on_disk(&text.as_bytes()[8..40]));
    }

    #[test]
    fn forces_are_made_by_hand_only_and_a_typo_names_the_nearest() {
        let folder = tempfile::tempdir().unwrap();
        let identity = identity(folder.path());
        let error = identity.create_token(new_token(Role::Intake, Some("avno")), act()).unwrap_err().to_string();
        assert!(error.contains("cordon force add"), "{error}");
        identity.add_force(avon(), act()).unwrap();
        let error = identity.create_token(new_token(Role::Intake, Some("avno")), act()).unwrap_err().to_string();
        assert!(error.contains("nearest name is `avon`"), "{error}");
        assert!(identity.add_force(avon(), act()).unwrap_err().to_string().contains("already"));
        let error = identity.add_force(ForceRecord { zone: "Avon".into(), ..avon() }, act()).unwrap_err().to_string();
        assert!(error.contains("Europe/London"), "{error}");
        assert!(identity.create_token(new_token(Role::Intake, None), act()).is_err());
        assert!(identity.create_token(new_token(Role::Auditor, Some("avon")), act()).is_err());
    }

    #[test]
    fn the_national_tenant_is_there_from_the_first_start_and_cannot_be_suspended() {
        let folder = tempfile::tempdir().unwrap();
        let identity = identity(folder.path());
        identity.add_national(1).unwrap();
        identity.add_national(2).unwrap();
        let nmc = Force::national();
        assert_eq!(identity.force(&nmc).unwrap().display, "National Management Centre");
        assert_eq!(identity.audit.head().0, 1);
        let suspension = Suspension { since: 1, reason: "r".into() };
        let suspend = |record: &mut ForceRecord| -> Result<(), IdentityError> {
            record.suspended = Some(suspension.clone());
            Ok(())
        };
        assert!(identity.change_force(&nmc, act(), suspend).unwrap_err().to_string().contains("cannot be suspended"));
        assert_eq!(identity.force(&nmc).unwrap().suspended, None);
        identity.add_force(avon(), act()).unwrap();
        assert_eq!(identity.change_force(&avon().name, act(), suspend).unwrap().suspended, Some(suspension.clone()));
        assert!(identity.known_force("kent").unwrap_err().to_string().contains("`avon`"));
    }
}
