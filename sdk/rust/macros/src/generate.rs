//! Writes the generated code. Every path in it is absolute; every item stands in the author's module.

use std::collections::BTreeMap;

use cordon_contract::manifest::{Field, Rule, Setting, SettingKind};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::ItemImpl;

use crate::author::Author;
use crate::manifest::Found;

pub(crate) fn all(block: &ItemImpl, author: &Author<'_>, manifest: &Found) -> TokenStream {
    let parsed = &manifest.parsed;
    let fields =
        fields(&parsed.sources.iter().map(|(name, source)| (name.as_str(), &source.fields)).collect::<Vec<_>>());
    let settings = settings("Settings", "The force's `run` settings.", &parsed.settings.run);
    let load = settings_of_load(author, &parsed.settings.load);
    let rules = rules(&parsed.rules);
    let detector = detector(author, &manifest.path);
    quote! {
        #block
        #fields
        #settings
        #load
        #rules
        #detector
    }
}

fn fields(sources: &[(&str, &BTreeMap<String, Field>)]) -> TokenStream {
    // One handle may have a path in several sources; the manifest has checked that all are single or all multi.
    let mut handles: BTreeMap<&str, Vec<(&str, &Field)>> = BTreeMap::new();
    for (source, fields) in sources {
        for (handle, field) in *fields {
            handles.entry(handle).or_default().push((source, field));
        }
    }
    let (mut declared, mut made) = (Vec::new(), Vec::new());
    for (handle, paths) in &handles {
        let name = format_ident!("{handle}");
        let many = paths.iter().any(|(_, field)| field.path.has_all());
        let kind = if many { quote!(::cordon_sdk::FieldValues) } else { quote!(::cordon_sdk::Field) };
        let places: Vec<String> = paths.iter().map(|(source, field)| format!("`{}` of {source}", field.path)).collect();
        let doc = places.join(", ");
        let table = paths.iter().map(|(source, field)| {
            let path = field.path.to_string();
            quote!((#source, #path))
        });
        declared.push(quote! { #[doc = #doc] #name: #kind<'b> });
        made.push(quote! { #name: #kind::new(batch, #handle, &[#(#table),*]) });
    }
    quote! {
        /// The fields that `cordon.toml` declares. One that no source of this batch declares is absent in every row.
        struct Fields<'b> {
            #(#declared,)*
            // Ties the lifetime where no field is declared.
            #[allow(dead_code)]
            batch_of_these_fields: ::core::marker::PhantomData<&'b ()>,
        }

        impl<'b> Fields<'b> {
            fn new(batch: &'b ::cordon_sdk::Batch<'b>) -> Self {
                let _ = batch;
                Self { #(#made,)* batch_of_these_fields: ::core::marker::PhantomData }
            }
        }
    }
}

fn settings_of_load(author: &Author<'_>, declared: &BTreeMap<String, Setting>) -> TokenStream {
    // Without `configure` and without settings there is nothing to hand over.
    if !author.configures && declared.is_empty() {
        return quote!();
    }
    settings("LoadSettings", "The `load` settings, known before the snapshot.", declared)
}

fn settings(name: &str, doc: &str, declared: &BTreeMap<String, Setting>) -> TokenStream {
    let name = format_ident!("{name}");
    let fields = declared.iter().map(|(setting, declared)| {
        let field = format_ident!("{setting}");
        let doc = &declared.description;
        let kind = match declared.kind {
            SettingKind::String => quote!(::std::string::String),
            SettingKind::Strings => quote!(::std::vec::Vec<::std::string::String>),
            SettingKind::Integer => quote!(i64),
            SettingKind::Number => quote!(f64),
            SettingKind::Boolean => quote!(bool),
            SettingKind::Map => quote!(::std::collections::BTreeMap<::std::string::String, ::std::string::String>),
        };
        quote! { #[doc = #doc] #field: #kind }
    });
    let taken = declared.keys().map(|setting| {
        let field = format_ident!("{setting}");
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

fn rules(rules: &[Rule]) -> TokenStream {
    let names: Vec<_> = rules.iter().map(|rule| format_ident!("{}", pascal(&rule.id))).collect();
    let docs = rules.iter().map(|rule| &rule.title);
    let ids = rules.iter().map(|rule| &rule.id);
    let titles = rules.iter().map(|rule| &rule.title);
    quote! {
        /// The rules that `cordon.toml` declares.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        enum Rule { #(#[doc = #docs] #names,)* }

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
        }
    }
}
