//! The engine against a plain reading of Sigma, and against events that the authors of rules published.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bad_input;
mod cloud;
mod correlations;
#[path = "../support/data.rs"]
mod data;
mod differential;
mod made_up;
mod reference;
mod regression;
mod specification;
