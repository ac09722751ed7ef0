//! Role grants as Entra's audit log (`entra.audit`) writes them, by the directory itself and by Privileged Identity Management.
//! Reads fields; judges nothing.

use cordon_sdk::microsoft::unquoted;
use cordon_sdk::prelude::*;

use crate::Fields;
use crate::grant::{Act, Grant, Kind, is_guid};

/// One target of a record.
struct Target<'a> {
    kind: &'a str,
    id: &'a str,
    name: &'a str,
    user: &'a str,
}

/// The grant of this row: its targets are the member and the role, in either order, and PIM's request among them.
pub(crate) fn grant<'a>(act: Act, fields: &'a Fields, row: Row) -> Option<Grant<'a>> {
    let targets = || {
        let parts = fields.target_types.slots(row).zip(fields.target_ids.slots(row));
        let names = fields.target_names.slots(row).zip(fields.target_users.slots(row));
        parts.zip(names).map(|((kind, id), (name, user))| Target {
            kind: kind.unwrap_or(""),
            id: id.unwrap_or(""),
            name: name.unwrap_or(""),
            user: user.unwrap_or(""),
        })
    };
    let (kind, member) = targets().find_map(|target| Some((Kind::of(target.kind, target.user)?, target)))?;
    let role = targets().find(|target| target.kind.eq_ignore_ascii_case("Role"));
    let stated =
        fields.target_role_template.slots(row).chain(fields.target_pim_template.slots(row)).flatten().map(unquoted);
    let mut templates: Vec<_> = stated.filter(|id| !id.is_empty()).collect();
    if templates.is_empty() {
        // PIM names a built-in role by its template; the directory names it by its own id, which is on no list.
        templates.extend(role.as_ref().map(|role| role.id.into()).filter(|id: &std::borrow::Cow<'_, str>| is_guid(id)));
    }
    let named = fields.target_role_name.texts(row).next().map(unquoted).filter(|name| !name.is_empty());
    Some(Grant {
        act,
        kind,
        member: if member.id.is_empty() { member.user } else { member.id }.into(),
        member_name: [member.user, member.name, member.id]
            .into_iter()
            .find(|name| !name.is_empty())
            .unwrap_or("")
            .into(),
        templates,
        role_name: named.or(role.map(|role| role.name.into())).unwrap_or_default(),
    })
}
