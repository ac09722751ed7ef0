//! Groups on the force's list that somebody joins, in either log. Reads fields and settings; emits nothing.

use std::borrow::Cow;

use cordon_sdk::microsoft::{is_listed, operation, unquoted};
use cordon_sdk::prelude::*;

use crate::grant::is_guid;
use crate::{Fields, Settings};

/// An account that joined a listed group.
pub(crate) struct Join<'a> {
    /// Directory id of the member, or its name where the record has no id.
    pub(crate) member: &'a str,
    pub(crate) member_name: &'a str,
    /// Object id of the group, or its name.
    pub(crate) group: Cow<'a, str>,
    pub(crate) group_name: Cow<'a, str>,
    /// A guest, or no person at all.
    pub(crate) outsider: bool,
}

/// Whether an operation makes somebody member or owner of a group.
pub(crate) fn is_join(name: &str) -> bool {
    let name = operation(name);
    ["Add member to group", "Add owner to group"].iter().any(|join| name.eq_ignore_ascii_case(join))
}

/// The join of this row, where its group is on the list.
pub(crate) fn join<'a>(fields: &'a Fields, settings: &Settings, row: Row) -> Option<Join<'a>> {
    let id = fields.group_id.text(row).map(unquoted).unwrap_or_default();
    let name = fields.group_name.text(row).map(unquoted).unwrap_or_default();
    let listed =
        [&id, &name].into_iter().any(|group| !group.is_empty() && is_listed(group, &settings.privileged_groups));
    if !listed {
        return None;
    }
    // In the unified audit log the target is a list of its names, the id among them.
    let ids = fields.target_ids.texts(row).chain(fields.audit_targets.texts(row));
    let member_id = ids.into_iter().find(|id| is_guid(id)).unwrap_or("");
    let named =
        [fields.target_users.texts(row).next(), fields.audit_object.text(row), fields.target_names.texts(row).next()];
    let member_name = named.into_iter().flatten().find(|name| !name.is_empty()).unwrap_or(member_id);
    let outsider = !member_name.contains('@') || member_name.to_ascii_uppercase().contains("#EXT#");
    let group_name = if name.is_empty() { id.clone() } else { name.clone() };
    Some(Join {
        member: if member_id.is_empty() { member_name } else { member_id },
        member_name,
        group: if id.is_empty() { name } else { id },
        group_name,
        outsider,
    })
}
