//! Role grants as the unified audit log (`m365.audit`) writes them. Reads fields; judges nothing.

use cordon_sdk::microsoft::unquoted;
use cordon_sdk::prelude::*;

use crate::Fields;
use crate::grant::{Act, Grant, Kind, is_guid};

/// The grant of this row.
pub(crate) fn grant<'a>(act: Act, fields: &'a Fields, row: Row) -> Option<Grant<'a>> {
    let object = fields.audit_object.text(row).unwrap_or("");
    // The target is a list of its names: 'User_' and the id, the id, the kind, the address. Sometimes only the object is left.
    let typed = |name: &'a str| name.split_once('_').filter(|(kind, id)| is_guid(id) && Kind::of(kind, "").is_some());
    let typed = fields.audit_targets.texts(row).find_map(typed);
    let (kind, id) = typed.unwrap_or(("User", object));
    let name = fields.audit_targets.texts(row).nth(3).unwrap_or(object);
    let guest_or = if object.is_empty() { name } else { object };
    let templates = [fields.audit_role_template.text(row), fields.audit_pim_template.text(row)];
    Some(Grant {
        act,
        kind: Kind::of(kind, guest_or)?,
        member: id.into(),
        member_name: name.into(),
        templates: templates.into_iter().flatten().map(unquoted).collect(),
        role_name: fields.audit_role_name.text(row).map(unquoted).unwrap_or_default(),
    })
}
