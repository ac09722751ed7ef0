//! What a set of plugins covers, told from their manifests alone: an ATT&CK layer for the Navigator, and a page for people.
//!
//! Pure: manifests in, text out. Knows no files and runs nothing.

mod layer;
mod page;

pub use layer::layer;
pub use page::page;
