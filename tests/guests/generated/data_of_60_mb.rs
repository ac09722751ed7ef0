//! contract: brings 60 MB of data, of which the compiler makes several copies
//! ends: at load by prepare-memory
//! says: 128 MiB
//! caps: prepare-mib 128

use wasm_encoder::{ConstExpr, DataSection, MemorySection, MemoryType, Module};

use crate::guest::{Guest, append_core_module};

pub(super) fn component(manifest: &str) -> Vec<u8> {
    let mut memories = MemorySection::new();
    let kind = MemoryType { minimum: 1_000, maximum: None, memory64: false, shared: false, page_size_log2: None };
    memories.memory(kind);
    let mut data = DataSection::new();
    data.active(0, &ConstExpr::i32_const(0), vec![7; 60_000_000]);
    let mut module = Module::new();
    module.section(&memories).section(&data);
    let mut component = Guest::detecting("").manifest(Some(manifest)).build();
    append_core_module(&mut component, &module.finish());
    component
}
