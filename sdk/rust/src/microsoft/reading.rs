//! Reading of files and mail in the unified audit log: which records tell of it, and what tells one thing that was read from
//! another.

use super::{is_service, succeeded};
use crate::{Failure, Field, ListName, Mask, Row};

/// The operations by which files are opened and mail is read, one thing or one record of mail each.
pub const READS: [&str; 5] =
    ["FileAccessed", "FileDownloaded", "FilePreviewed", "FileSyncDownloadedFull", "MailItemsAccessed"];

/// Among rows of [`READS`], those that succeeded, by a named account that is none of Microsoft's services, none that a setting
/// names by its beginning, and none of a list.
///
/// # Errors
/// As [`ListName::lookup`].
pub fn read_by_people(
    user: &Field,
    result: &Field,
    services: &[String],
    list: impl Into<ListName>,
) -> Result<Mask, Failure> {
    let service = user.matches(|user| is_service(user, services)) | user.in_list(list)?;
    let failed = result.matches(|result| !succeeded(Some(result)));
    Ok(!service & !failed & !user.empty())
}

/// The first of some fields that says something; empty where none does.
pub fn first_named<'a>(fields: &[&'a Field<'_>], row: Row) -> &'a str {
    fields.iter().filter_map(|field| field.text(row)).find(|name| !name.is_empty()).unwrap_or("")
}
