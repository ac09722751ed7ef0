//! contract: has 100,000 blocks inside each other, over which the compiler takes a minute
//! ends: at load by prepare-cpu-time
//! says: more than 1 s of CPU time
//! caps: prepare-seconds 1

use wasm_encoder::{BlockType, CodeSection, Function, FunctionSection, Instruction, Module, TypeSection};

use crate::guest::{Guest, append_core_module};

const DEPTH: usize = 100_000;

pub(super) fn component(manifest: &str) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let mut functions = FunctionSection::new();
    functions.function(0);
    let mut deep = Function::new([]);
    for _ in 0..DEPTH {
        deep.instruction(&Instruction::Block(BlockType::Empty));
    }
    for _ in 0..=DEPTH {
        deep.instruction(&Instruction::End);
    }
    let mut code = CodeSection::new();
    code.function(&deep);
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&code);
    let mut component = Guest::detecting("").manifest(Some(manifest)).build();
    append_core_module(&mut component, &module.finish());
    component
}
