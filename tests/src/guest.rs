//! Guests from core WebAssembly text: a prelude with the contract's imports and a few helpers, and the body of `detect`
//! (and of `configure`), encoded as a component of the real world with a manifest inside.
//!
//! Below the SDK on purpose: what a hostile guest does is not what the SDK lets an author do.

use std::path::Path;

use wasm_encoder::{ComponentSection as _, ComponentSectionId, CustomSection, Encode as _};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// What every guest here declares: one source, four fields, one rule.
pub const MANIFEST: &str = r#"
[plugin]
id = "guest"
version = "1.0.0"
summary = "A guest of the tests"
authors = ["tests"]
licence = "Apache-2.0"

[sources."custom.test".fields]
operation = "Operation"
user = "UserId"
ip = "ClientIP"
text = "Text"

[[rules]]
id = "rule-a"
title = "Rule A"
severity = "high"
description = "For tests."
next-steps = ["Nothing."]
false-positives = ["All."]
"#;

/// Imports, memory layout and helpers. Addresses: 0 a zeroed answer (`ok`), 64 answers of host calls, 512 what a helper
/// builds, 1024 the finding, 2048 and up texts, 65536 and up the heap.
const PRELUDE: &str = include_str!("../guests/prelude.wat");

/// A body of `detect`: one finding per row, its key the row's operation.
pub const EACH_ROW: &str = "
    (call $column (local.get $batch) (i32.const 2080) (i32.const 9) (i32.const 64))
    (if (i32.load8_u (i32.const 64)) (then unreachable))
    (if (i32.ne (i32.load (i32.const 72)) (call $len (local.get $batch))) (then unreachable))
    (loop $rows
      (local.set $j (i32.add (i32.load (i32.const 84)) (i32.mul (i32.const 4)
        (i32.sub (i32.load (i32.add (i32.load (i32.const 68)) (i32.mul (local.get $i) (i32.const 4)))) (i32.const 1)))))
      (call $draft (local.get $i))
      (i32.store (i32.const 1104) (i32.add (i32.load (i32.const 92)) (i32.load (local.get $j))))
      (i32.store (i32.const 1108) (i32.sub (i32.load offset=4 (local.get $j)) (i32.load (local.get $j))))
      (if (call $send) (then unreachable))
      (br_if $rows (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (call $len (local.get $batch)))))";

/// A guest to be built.
#[derive(Debug, Clone)]
pub struct Guest {
    items: String,
    configure: String,
    detect: String,
    realloc: String,
    manifest: Option<String>,
    pages: u32,
    maximum: String,
}

impl Guest {
    /// A guest whose `detect` runs these instructions, then answers ok. The batch is local 0; locals `$i`, `$j`, `$n` (i32).
    #[must_use]
    pub fn detecting(body: &str) -> Self {
        Self {
            items: String::new(),
            configure: String::new(),
            detect: body.to_owned(),
            realloc: String::new(),
            manifest: Some(MANIFEST.to_owned()),
            pages: 2,
            maximum: String::new(),
        }
    }

    /// `detect` runs these instructions instead.
    #[must_use]
    pub fn detects(mut self, body: &str) -> Self {
        self.detect = body.to_owned();
        self
    }

    /// `configure` runs these instructions; its text is at locals `$text`, `$len`.
    #[must_use]
    pub fn configuring(mut self, body: &str) -> Self {
        self.configure = body.to_owned();
        self
    }

    /// The allocator, which the host calls to hand something over, runs these instructions first.
    #[must_use]
    pub fn allocating(mut self, body: &str) -> Self {
        self.realloc = body.to_owned();
        self
    }

    /// More fields of the core module: functions, globals, data.
    #[must_use]
    pub fn with(mut self, items: &str) -> Self {
        self.items = items.to_owned();
        self
    }

    /// Another manifest, or none.
    #[must_use]
    pub fn manifest(mut self, manifest: Option<&str>) -> Self {
        self.manifest = manifest.map(str::to_owned);
        self
    }

    /// Initial pages of memory.
    #[must_use]
    pub fn pages(mut self, pages: u32) -> Self {
        self.pages = pages;
        self
    }

    /// The memory's own maximum.
    #[must_use]
    pub fn maximum(mut self, pages: u32) -> Self {
        self.maximum = pages.to_string();
        self
    }

    /// The core module.
    ///
    /// # Panics
    /// When the text does not assemble.
    #[must_use]
    pub fn core(&self) -> Vec<u8> {
        let text = PRELUDE
            .replace("{pages}", &format!("{} {}", self.pages, self.maximum))
            .replace("{items}", &self.items)
            .replace("{realloc}", &self.realloc)
            .replace("{configure}", &self.configure)
            .replace("{detect}", &self.detect);
        wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The component.
    ///
    /// # Panics
    /// When the module does not fit the world.
    #[must_use]
    pub fn build(&self) -> Vec<u8> {
        let mut component = encode(self.core(), StringEncoding::UTF8);
        if let Some(manifest) = &self.manifest {
            append_manifest(&mut component, manifest);
        }
        component
    }
}

/// A core module of the world `detector` as a component, its strings in this encoding.
///
/// # Panics
/// When it does not fit.
#[must_use]
pub fn encode(mut core: Vec<u8>, strings: StringEncoding) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit/v1")).unwrap();
    let world = resolve.select_world(&[package], Some("detector")).unwrap();
    embed_component_metadata(&mut core, &resolve, world, strings).unwrap();
    ComponentEncoder::default().validate(true).module(&core).unwrap().encode().unwrap()
}

/// Appends a manifest's custom section to a component.
pub fn append_manifest(component: &mut Vec<u8>, manifest: &str) {
    let section = CustomSection { name: cordon_contract::MANIFEST_SECTION.into(), data: manifest.as_bytes().into() };
    component.push(section.id());
    section.encode(component);
}

/// Appends a component inside a component.
pub fn append_component(component: &mut Vec<u8>, inner: &[u8]) {
    component.push(ComponentSectionId::Component.into());
    inner.encode(component);
}

/// Appends a core module inside a component.
pub fn append_core_module(component: &mut Vec<u8>, module: &[u8]) {
    component.push(ComponentSectionId::CoreModule.into());
    module.encode(component);
}

/// A text as a WAT data segment at an address.
#[must_use]
pub fn data(at: u32, text: &str) -> String {
    let bytes: String = text.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    format!("(data (i32.const {at}) \"{bytes}\")")
}
