//! Hostile guests too large for a text: one program a file, each with its contract in its first lines.

/// A program that makes a hostile guest.
pub(super) struct Program {
    /// Its file's name.
    pub(super) name: &'static str,
    /// Its file.
    pub(super) source: &'static str,
    /// The component, with this manifest inside.
    pub(super) component: fn(&str) -> Vec<u8>,
}

macro_rules! programs {
    ($($name:ident),* $(,)?) => {
        $(mod $name;)*
        /// All of them.
        pub(super) const ALL: &[Program] = &[$(Program {
            name: stringify!($name),
            source: include_str!(concat!(stringify!($name), ".rs")),
            component: $name::component,
        }),*];
    };
}

programs! {
    components_in_components,
    data_of_60_mb,
    deep_blocks,
    fields_by_the_thousand,
    manifest_in_a_nested_component,
    manifest_of_50_mb,
    manifest_that_lies,
    many_functions,
    one_large_function,
    paths_of_a_kilobyte,
    rules_by_the_thousand,
    section_that_lies,
    strings_in_utf_16,
    two_manifests,
    wasm_of_65_mib,
}
