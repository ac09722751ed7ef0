//! What the author wrote: checks the functions of the `impl` block, and the fields that they use.

use cordon_contract::manifest::{Manifest, nearest};
use syn::visit::{self, Visit};
use syn::{Expr, ExprField, FnArg, Ident, ImplItem, ImplItemFn, ItemImpl, Member, Pat, ReturnType, Type};

const DETECT: &str = "fn detect(&self, batch: &Batch, fields: &Fields, settings: &Settings, findings: &mut Findings) -> Result<(), Failure>";
const CONFIGURE: &str = "fn configure(load: &LoadSettings) -> Result<Self, Failure>";
const MIGRATE: &str = "fn migrate(from: u32, to: u32, value: &[u8]) -> Result<Migrated, Failure>";

/// The author's block, understood.
pub(crate) struct Author<'a> {
    pub(crate) type_name: &'a Ident,
    pub(crate) configures: bool,
    pub(crate) migrates: Option<&'a ImplItemFn>,
    /// Every function with the names under which it knows `&Fields`.
    functions: Vec<(&'a ImplItemFn, Vec<String>)>,
}

pub(crate) fn read(block: &ItemImpl) -> syn::Result<Author<'_>> {
    if let Some((_, path, _)) = &block.trait_ {
        return Err(syn::Error::new_spanned(
            path,
            "`#[detector]` stands on the type's own `impl`, not on that of a trait",
        ));
    }
    if !block.generics.params.is_empty() || block.generics.where_clause.is_some() {
        return Err(syn::Error::new_spanned(
            &block.generics,
            "a detector has no type parameters or lifetimes: a component holds exactly one detector, so name its types",
        ));
    }
    let Type::Path(path) = block.self_ty.as_ref() else { return Err(not_a_name(&block.self_ty)) };
    let type_name = match path.path.get_ident() {
        Some(ident) => ident,
        None => return Err(not_a_name(&block.self_ty)),
    };
    let functions: Vec<&ImplItemFn> = block
        .items
        .iter()
        .filter_map(|item| match item {
            ImplItem::Fn(function) => Some(function),
            _ => None,
        })
        .collect();
    let find = |name: &str| functions.iter().copied().find(|function| function.sig.ident == name);
    let Some(detect) = find("detect") else {
        return Err(syn::Error::new_spanned(type_name, format!("a detector needs\n    {DETECT}")));
    };
    check_detect(detect)?;
    if let Some(configure) = find("configure") {
        check_configure(configure)?;
    }
    let migrates = find("migrate");
    if let Some(migrate) = migrates {
        check_migrate(migrate)?;
    }
    let functions_with_names = functions.iter().map(|function| (*function, names_of_fields(function))).collect();
    Ok(Author { type_name, configures: find("configure").is_some(), migrates, functions: functions_with_names })
}

fn not_a_name(given: &Type) -> syn::Error {
    syn::Error::new_spanned(given, "`#[detector]` needs a plain type of this module: `impl MailForwarding`")
}

fn check_detect(function: &ImplItemFn) -> syn::Result<()> {
    plain(function, DETECT)?;
    let wrong =
        |what: &str| Err(syn::Error::new_spanned(&function.sig, format!("{what}; the signature is\n    {DETECT}")));
    let mut inputs = function.sig.inputs.iter();
    match inputs.next() {
        Some(FnArg::Receiver(this)) if this.reference.is_some() && this.mutability.is_none() => {}
        _ => return wrong("`detect` takes `&self`: a fresh copy of the detector judges every batch"),
    }
    let wanted = [("Batch", false), ("Fields", false), ("Settings", false), ("Findings", true)];
    let given: Vec<&FnArg> = inputs.collect();
    if given.len() != wanted.len() {
        return wrong(&format!("`detect` takes four arguments after `&self`, not {}", given.len()));
    }
    for (argument, (name, mutable)) in given.iter().zip(wanted) {
        if !is_reference_to(argument, name, mutable) {
            let form = if mutable { format!("&mut {name}") } else { format!("&{name}") };
            return Err(syn::Error::new_spanned(
                argument,
                format!("expected an argument of type `{form}` here; the signature is\n    {DETECT}"),
            ));
        }
    }
    if matches!(function.sig.output, ReturnType::Default) {
        return wrong("`detect` answers `Result<(), Failure>`");
    }
    Ok(())
}

fn check_configure(function: &ImplItemFn) -> syn::Result<()> {
    plain(function, CONFIGURE)?;
    let inputs: Vec<&FnArg> = function.sig.inputs.iter().collect();
    let fits = matches!(inputs.as_slice(), [argument] if is_reference_to(argument, "LoadSettings", false))
        && !matches!(function.sig.output, ReturnType::Default);
    if fits {
        return Ok(());
    }
    Err(syn::Error::new_spanned(
        &function.sig,
        format!("`configure` makes the detector; the signature is\n    {CONFIGURE}"),
    ))
}

fn check_migrate(function: &ImplItemFn) -> syn::Result<()> {
    plain(function, MIGRATE)?;
    let values = function.sig.inputs.iter().filter(|input| matches!(input, FnArg::Typed(_))).count();
    if values == 3 && function.sig.inputs.len() == 3 && !matches!(function.sig.output, ReturnType::Default) {
        return Ok(());
    }
    Err(syn::Error::new_spanned(
        &function.sig,
        format!("`migrate` carries one value of state over; the signature is\n    {MIGRATE}"),
    ))
}

/// Refuses a `migrate` that nobody would call.
pub(crate) fn check_schema(author: &Author<'_>, manifest: &Manifest) -> syn::Result<()> {
    match author.migrates {
        Some(function) if manifest.state.as_ref().is_none_or(|state| state.schema < 2) => Err(syn::Error::new_spanned(
            &function.sig.ident,
            "`migrate` carries values over between two schemas, but cordon.toml has no second one: raise `schema` under [state]",
        )),
        _ => Ok(()),
    }
}

/// Not async, not generic.
fn plain(function: &ImplItemFn, signature: &str) -> syn::Result<()> {
    if let Some(word) = &function.sig.asyncness {
        return Err(syn::Error::new_spanned(
            word,
            format!("a detector is never async: it has nothing to wait for; the signature is\n    {signature}"),
        ));
    }
    if !function.sig.generics.params.is_empty() {
        return Err(syn::Error::new_spanned(
            &function.sig.generics,
            format!("no type parameters or lifetimes here; the signature is\n    {signature}"),
        ));
    }
    Ok(())
}

/// Looks at the last word of the type only: `cordon_sdk::Batch<'_>` is as good as `Batch`. The compiler checks the rest.
fn is_reference_to(argument: &FnArg, name: &str, mutable: bool) -> bool {
    let FnArg::Typed(argument) = argument else { return false };
    let Type::Reference(reference) = argument.ty.as_ref() else { return false };
    let Type::Path(path) = reference.elem.as_ref() else { return false };
    reference.mutability.is_some() == mutable && path.path.segments.last().is_some_and(|last| last.ident == name)
}

/// The arguments of type `&Fields`.
fn names_of_fields(function: &ImplItemFn) -> Vec<String> {
    let arguments = function.sig.inputs.iter().filter(|argument| is_reference_to(argument, "Fields", false));
    arguments
        .filter_map(|argument| match argument {
            FnArg::Typed(argument) => match argument.pat.as_ref() {
                Pat::Ident(name) => Some(name.ident.to_string()),
                _ => None,
            },
            FnArg::Receiver(_) => None,
        })
        .collect()
}

/// Refuses every `fields.NAME` that the manifest does not declare, at that name, with the line to add.
pub(crate) fn check_fields(author: &Author<'_>, manifest: &Manifest) -> syn::Result<()> {
    let mut known: Vec<&str> =
        manifest.sources.values().flat_map(|source| source.fields.keys().map(String::as_str)).collect();
    known.sort_unstable();
    known.dedup();
    let mut uses = Uses { names: &[], known: &known, manifest, error: None };
    for (function, names) in &author.functions {
        uses.names = names;
        uses.visit_block(&function.block);
    }
    uses.error.map_or(Ok(()), Err)
}

struct Uses<'a> {
    names: &'a [String],
    known: &'a [&'a str],
    manifest: &'a Manifest,
    error: Option<syn::Error>,
}

impl Uses<'_> {
    fn refuse(&mut self, member: &Ident) {
        let near = nearest(&member.to_string(), self.known.iter().copied());
        let near = near.map_or_else(String::new, |near| format!(" Did you mean `{near}`?"));
        let source = self.manifest.sources.keys().next().map_or("m365.audit", String::as_str);
        let text = format!(
            "field `{member}` is not declared in cordon.toml.{near} To declare it, add under [sources.\"{source}\".fields] (or \
             another source):\n    {member} = \"{}\"",
            guess(&member.to_string())
        );
        let error = syn::Error::new_spanned(member, text);
        match &mut self.error {
            Some(errors) => errors.combine(error),
            None => self.error = Some(error),
        }
    }
}

impl<'ast> Visit<'ast> for Uses<'_> {
    fn visit_expr_field(&mut self, access: &'ast ExprField) {
        if let (Expr::Path(base), Member::Named(member)) = (access.base.as_ref(), &access.member)
            && base.path.get_ident().is_some_and(|base| self.names.iter().any(|name| base == name))
            && !self.known.contains(&member.to_string().as_str())
        {
            self.refuse(member);
        }
        visit::visit_expr_field(self, access);
    }
}

/// `client_ip` is most likely `ClientIp`: something to start from.
fn guess(handle: &str) -> String {
    handle
        .split('_')
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
        })
        .collect()
}
