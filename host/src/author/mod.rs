//! What an author does: build plugins into components, start new ones, keep cases and run them.
//!
//! Owns the files of plugin folders and the nested cargo call. Does not run events itself: cases go through the same
//! sandbox as everything else. Knows no terminal: the command line prints what this module answers.

pub mod bench;
pub mod build;
pub mod cases;
pub mod catalogue;
pub mod fields;
mod folder;
pub mod mask;
mod nested;
pub mod new;
mod shims;
pub mod sigma;
mod toolchain;

pub use folder::{FolderError, PluginFolder, find};
pub use toolchain::ToolchainMissing;
