//! What a plugin is to the SDK. Authors never write this: `#[detector]` does.

use crate::{Batch, Failure, Findings, Migrated};

/// A detection plugin. Implemented by [`macro@crate::detector`].
pub trait Detector: Sized + 'static {
    /// The text of `cordon.toml`.
    const MANIFEST: &'static str;

    /// Makes the detector from `load` settings, a JSON object. Runs once, before the snapshot.
    ///
    /// # Errors
    /// The author's.
    fn configure(load_settings: &str) -> Result<Self, Failure>;

    /// Judges one batch under the force's `run` settings, a JSON object.
    ///
    /// # Errors
    /// The author's.
    fn detect(&self, batch: &Batch<'_>, run_settings: &str, findings: &mut Findings) -> Result<(), Failure>;

    /// Carries one value of `state` over from one schema to another. An empty value only asks whether it can.
    ///
    /// # Errors
    /// The author's: a value that cannot be read.
    fn migrate(from: u32, to: u32, value: &[u8]) -> Result<Migrated, Failure> {
        let _ = (from, to, value);
        Ok(Migrated::Unsupported)
    }
}

/// Makes a component's exports from a [`Detector`]; for the shim that `cordon build` generates.
///
/// With `migrates` behind the type it also exports `migrate`. Natively it only checks that the type is a detector, so that a
/// workspace with shims builds for any target.
#[macro_export]
macro_rules! export_detector {
    ($detector:ty, migrates) => {
        $crate::export_detector!($detector);

        #[cfg(target_arch = "wasm32")]
        const _: () = {
            struct Migrator;

            impl $crate::__private::migrator::Guest for Migrator {
                fn migrate(
                    from: u32,
                    to: u32,
                    values: ::std::vec::Vec<::std::vec::Vec<u8>>,
                ) -> ::std::result::Result<
                    ::std::vec::Vec<::std::option::Option<::std::vec::Vec<u8>>>,
                    $crate::__private::migrator::MigrateFailure,
                > {
                    $crate::__private::migrate::<$detector>(from, to, &values)
                }
            }

    $crate::__private::migrator::export_migrator!(Migrator with_types_in $crate::__private::migrator);
        };
    };
    ($detector:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            struct Plugin;

            ::std::thread_local! {
                // Filled by `configure`, kept by the snapshot.
                static DETECTOR: ::std::cell::OnceCell<$detector> = const { ::std::cell::OnceCell::new() };
            }

            impl $crate::__private::bindings::Guest for Plugin {
                fn configure(
                    load_settings: ::std::string::String,
                ) -> ::std::result::Result<(), $crate::__private::bindings::Failure> {
                    DETECTOR.with(|cell| $crate::__private::configure::<$detector>(cell, &load_settings))
                }

                fn detect(
                    batch: &$crate::__private::bindings::Batch,
                ) -> ::std::result::Result<(), $crate::__private::bindings::Failure> {
                    DETECTOR.with(|cell| $crate::__private::detect::<$detector>(cell, batch))
                }
            }

    $crate::__private::bindings::export_component!(Plugin with_types_in $crate::__private::bindings);
        };

        #[cfg(not(target_arch = "wasm32"))]
        const _: fn() = || {
            fn is_detector<T: $crate::Detector>() {}
            is_detector::<$detector>();
        };
    };
}
