//! Write Cordon detections in Rust.
//!
//! A plugin is a struct, a `detect` function and a `cordon.toml`:
//!
//! ```
//! use cordon_sdk::prelude::*;
//!
//! #[derive(Default)]
//! pub struct MailForwarding;
//!
//! #[detector]
//! impl MailForwarding {
//!     fn detect(&self, _: &Batch, fields: &Fields, settings: &Settings, findings: &mut Findings) -> Result<(), Failure> {
//!         let sets = fields.operation.equals("Set-Mailbox") & fields.forward_to.present();
//!         for row in &sets {
//!             let to = fields.forward_to.text(row).unwrap_or("");
//!             if settings.trusted_domains.iter().any(|domain| to.ends_with(domain.as_str())) {
//!                 continue;
//!             }
//!             findings.emit(Rule::ExternalForwarding.on(row).summary(format!("Mail goes to {to}")).key(to))?;
//!         }
//!         Ok(())
//!     }
//! }
//! ```
//!
//! [`macro@detector`] reads `cordon.toml` and generates `Fields`, `Settings`, `LoadSettings` and `Rule`. [`Field`] and
//! [`FieldValues`] are the handles, [`Mask`] the sets of rows that predicates answer with, [`Finding`] the builder of findings.
//! `testing` runs a detector natively. [`Feed`] and [`State`] are what the host remembers for a plugin, [`ListName`]
//! what people keep in lists for it.
//!
//! The page `docs/from-kql.md` shows KQL and Cordon side by side.
//!
//! This crate hides the bindings of `wit/v1`; it holds no state, reads no clock, and knows no host but through `backend`.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod backend;
mod batch;
mod column;
mod detector;
pub mod dynamic;
mod failure;
mod field;
mod finding;
mod findings;
#[cfg(target_arch = "wasm32")]
mod guest;
mod kept;
mod list;
pub mod log;
mod mask;
pub mod microsoft;
mod migrate;
mod settings;
mod since;
mod state;
mod test;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
mod text;
mod time;
mod window;

pub use batch::Batch;
pub use cordon_sdk_macros::detector;
pub use detector::Detector;
pub use failure::Failure;
pub use field::{Cased, CasedValues, Field, FieldValues};
pub use finding::{Confidence, Finding, Severity};
pub use findings::Findings;
pub use list::ListName;
pub use mask::{Mask, Row, Rows};
pub use migrate::Migrated;
pub use serde_json;
pub use since::Since;
pub use state::{Change, State};
pub use test::Cidr;
pub use time::{LocalTime, Weekday};
pub use window::{Feed, Seen};

/// What a plugin needs: `use cordon_sdk::prelude::*;`
pub mod prelude {
    pub use crate::{
        Batch, Change, Cidr, Confidence, Failure, Feed, Field, FieldValues, Finding, Findings, ListName, LocalTime,
        Mask, Migrated, Row, Seen, Severity, Since, State, Weekday, detector, log,
    };
}

/// For generated code only.
#[doc(hidden)]
pub mod __private {
    #[cfg(target_arch = "wasm32")]
    pub use crate::backend::wasm::{bindings, migrator};
    pub use crate::field::Scope;
    #[cfg(target_arch = "wasm32")]
    pub use crate::guest::{configure, detect, migrate};
    pub use crate::settings::Reader;
}

/// The README's example compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
