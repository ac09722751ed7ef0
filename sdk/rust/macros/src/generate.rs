//! Writes the generated code. Every path in it is absolute; every item stands in the author's module.
//!
//! Names of handles, settings and rules have the place of the author's type: what has the place of the attribute itself never
//! earns a warning, and 'declared but not used' must be one.

use std::collections::BTreeMap;

use cordon_contract::manifest::{Field, Rule, Setting, SettingKind};
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Ident, ItemImpl};

use crate::author::Author;
use crate::manifest::Found;

pub(crate) fn all(block: &ItemImpl, author: &Author<'_>, manifest: &Found) -> TokenStream {
    let parsed = &manifest.parsed;
    let at = author.type_name.span();
    let fields =
        fields(at, &parsed.sources.iter().map(|(name, source)| (name.as_str(), &source.fields)).collect::<Vec<_>>());
    let settings = settings(at, "Settings", "The force's `run` settings.", &parsed.settings.run);
    let load = settings_of_load(author, &parsed.settings.load);
    let rules = rules(at, &parsed.rules);
    let windows = windows(at, parsed.windows.keys());
    let lists = lists(at, parsed.lists.keys());
    let detector = detector(author, &manifest.path);
    quote! {
        #block
        #fields
        #settings
        #load
        #rules
        #windows
        #lists
        #detector
    }
}

fn fields(at: Span, sources: &[(&str, &BTreeMap<String, Field>)]) -> TokenStream {
    // One handle may have a path in several sources; the manifest has checked that all are single or all multi.
    let mut handles: BTreeMap<&str, Vec<(&str, &Field)>> = BTreeMap::new();
    for (source, fields) in sources {
        for (handle, field) in *fields {
            handles.entry(handle).or_default().push((source, field));
        }
    }
    let (mut declared, mut made, mut scoped) = (Vec::new(), Vec::new(), Vec::new());
    for (handle, paths) in &handles {
        let name = Ident::new(handle, at);
        let many = paths.iter().any(|(_, field)| field.path.has_all());
        let kind = if many {
            quote_spanned!(at=> ::cordon_sdk::FieldValues)
        } else {
            quote_spanned!(at=> ::cordon_sdk::Field)
        };
        let places: Vec<String> = paths.iter().map(|(source, field)| format!("`{}` of {source}", field.path)).collect();
        let doc = places.join(", ");
        let table: Vec<_> = paths
            .iter()
            .map(|(source, field)| {
                let path = field.path.to_string();
                quote!((#source, #path))
            })
            .collect();
        declared.push(quote_spanned! { at=> #[doc = #doc] #name: #kind<'b> });
        made.push(quote! { #name: #kind::new(batch, #handle, &[#(#table),*]) });
        // Made anew: reading the author's handles here would silence 'never read' about those that nothing reads.
        scoped.push(quote! { #name: #kind::new(batch, #handle, &[#(#table),*]).within(&scope) });
    }
    quote! {
        /// The fields that `cordon.toml` declares. One that this batch's source does not declare is absent in every row.
        struct Fields<'b> {
            #(#declared,)*
            batch_of_these_fields: &'b ::cordon_sdk::Batch<'b>,
        }

        impl<'b> Fields<'b> {
            fn new(batch: &'b ::cordon_sdk::Batch<'b>) -> Self {
                Self { #(#made,)* batch_of_these_fields: batch }
            }

            /// The same fields in some rows only, once cheap fields have left few rows over: the host is then asked
            /// about these rows alone. Masks never hold another row; there every field reads as absent.
            #[allow(dead_code)]
            fn among(&self, rows: &::cordon_sdk::Mask) -> Self {
                let (batch, scope) = (self.batch_of_these_fields, ::cordon_sdk::__private::Scope::of(rows));
                let _ = &scope; // where no field is declared
                Self { #(#scoped,)* batch_of_these_fields: batch }
            }
        }
    }
}

fn settings_of_load(author: &Author<'_>, declared: &BTreeMap<String, Setting>) -> TokenStream {
    // Without `configure` and without settings there is nothing to hand over.
    if !author.configures && declared.is_empty() {
        return quote!();
    }
    settings(author.type_name.span(), "LoadSettings", "The `load` settings, known before the snapshot.", declared)
}

fn settings(at: Span, name: &str, doc: &str, declared: &BTreeMap<String, Setting>) -> TokenStream {
    let name = Ident::new(name, at);
    let fields = declared.iter().map(|(setting, declared)| {
        let field = Ident::new(setting, at);
        let doc = &declared.description;
        let kind = match declared.kind {
            SettingKind::String => quote_spanned!(at=> ::std::string::String),
            SettingKind::Strings => quote_spanned!(at=> ::std::vec::Vec<::std::string::String>),
            SettingKind::Integer => quote_spanned!(at=> i64),
            SettingKind::Number => quote_spanned!(at=> f64),
            SettingKind::Boolean => quote_spanned!(at=> bool),
            SettingKind::Map => {
                quote_spanned!(at=> ::std::collections::BTreeMap<::std::string::String, ::std::string::String>)
            }
        };
        quote_spanned! { at=> #[doc = #doc] #field: #kind }
    });
    let taken = declared.keys().map(|setting| {
        let field = Ident::new(setting, at);
        quote! { #field: reader.take(#setting)? }
    });
    let reads = if declared.is_empty() {
        // No setting, nothing to parse: the guest need not carry a JSON parser.
        quote! { let _ = text; }
    } else {
        quote! { let mut reader = ::cordon_sdk::__private::Reader::new(text)?; }
    };
    quote! {
        #[doc = #doc]
        #[derive(Debug, Clone)]
        struct #name { #(#fields,)* }

        impl #name {
            #[allow(dead_code)]
            fn read(text: &str) -> ::core::result::Result<Self, ::cordon_sdk::Failure> {
                #reads
                ::core::result::Result::Ok(Self { #(#taken,)* })
            }
        }
    }
}

fn rules(at: Span, rules: &[Rule]) -> TokenStream {
    let names: Vec<_> = rules.iter().map(|rule| Ident::new(&pascal(&rule.id), at)).collect();
    let variants = rules.iter().zip(&names).map(|(rule, name)| {
        let doc = &rule.title;
        quote_spanned! { at=> #[doc = #doc] #name }
    });
    let ids = rules.iter().map(|rule| &rule.id);
    let titles = rules.iter().map(|rule| &rule.title);
    quote! {
        /// The rules that `cordon.toml` declares.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        enum Rule { #(#variants,)* }

        impl Rule {
            /// Begins a finding triggered by this row.
            #[allow(dead_code)]
            fn on(self, row: ::cordon_sdk::Row) -> ::cordon_sdk::Finding {
                match self {
                    #(Self::#names => ::cordon_sdk::Finding::new(#ids, #titles, row),)*
                }
            }
        }
    }
}

fn windows<'w>(at: Span, declared: impl ExactSizeIterator<Item = &'w String>) -> TokenStream {
    if declared.len() == 0 {
        return quote!();
    }
    let ids: Vec<&String> = declared.collect();
    let names: Vec<_> = ids.iter().map(|id| Ident::new(&pascal(id), at)).collect();
    let variants = names.iter().map(|name| quote_spanned! { at=> #name });
    quote! {
        /// The windows that `cordon.toml` declares.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        enum Window { #(#variants,)* }

        impl Window {
            /// Gathers what this batch feeds to the window.
            #[allow(dead_code)]
            fn of(self, batch: &::cordon_sdk::Batch<'_>) -> ::cordon_sdk::Feed {
                match self {
                    #(Self::#names => ::cordon_sdk::Feed::new(batch, #ids),)*
                }
            }
        }
    }
}

fn lists<'l>(at: Span, declared: impl ExactSizeIterator<Item = &'l String>) -> TokenStream {
    if declared.len() == 0 {
        return quote!();
    }
    let ids: Vec<&String> = declared.collect();
    let names: Vec<_> = ids.iter().map(|id| Ident::new(&pascal(id), at)).collect();
    let variants = names.iter().map(|name| quote_spanned! { at=> #name });
    quote! {
        /// The lists that `cordon.toml` declares.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        enum List { #(#variants,)* }

        impl ::core::convert::From<List> for ::cordon_sdk::ListName {
            fn from(list: List) -> Self {
                match list {
                    #(List::#names => ::cordon_sdk::ListName::new(#ids),)*
                }
            }
        }

        impl List {
            /// What stands beside each key; see [`::cordon_sdk::ListName::lookup`].
            #[allow(dead_code)]
            fn lookup(
                self,
                keys: &[&str],
            ) -> ::core::result::Result<
                ::std::vec::Vec<::core::option::Option<::std::string::String>>,
                ::cordon_sdk::Failure,
            > {
                ::cordon_sdk::ListName::from(self).lookup(keys)
            }
        }
    }
}

/// `external-forwarding` is `ExternalForwarding`. A manifest's ids start with a letter, and no two make one name.
fn pascal(id: &str) -> String {
    id.split('-')
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
        })
        .collect()
}

fn detector(author: &Author<'_>, manifest: &str) -> TokenStream {
    let name = author.type_name;
    let configure = if author.configures {
        quote! { <#name>::configure(&LoadSettings::read(load_settings)?) }
    } else {
        quote! {
            let _ = load_settings;
            ::core::result::Result::Ok(<#name as ::core::default::Default>::default())
        }
    };
    let migrate = author.migrates.map(|_| {
        quote! {
            fn migrate(
                from: u32,
                to: u32,
                value: &[u8],
            ) -> ::core::result::Result<::cordon_sdk::Migrated, ::cordon_sdk::Failure> {
                <#name>::migrate(from, to, value)
            }
        }
    });
    quote! {
        /// What `cordon build` exports.
        #[doc(hidden)]
        pub type CordonDetector = #name;

        impl ::cordon_sdk::Detector for #name {
            // Also what makes cargo rebuild when the manifest changes.
            const MANIFEST: &'static str = ::core::include_str!(#manifest);

            fn configure(load_settings: &str) -> ::core::result::Result<Self, ::cordon_sdk::Failure> {
                #configure
            }

            fn detect(
                &self,
                batch: &::cordon_sdk::Batch<'_>,
                run_settings: &str,
                findings: &mut ::cordon_sdk::Findings,
            ) -> ::core::result::Result<(), ::cordon_sdk::Failure> {
                <#name>::detect(self, batch, &Fields::new(batch), &Settings::read(run_settings)?, findings)
            }

            #migrate
        }
    }
}
