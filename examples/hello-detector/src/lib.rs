//! The smallest plugin: one field decides, two are shown. Start your own with `cordon new`.

use cordon_sdk::prelude::*;

/// Finds sharing links that open without signing in.
#[derive(Debug, Default)]
pub struct HelloDetector;

#[detector]
impl HelloDetector {
    fn detect(
        &self,
        _batch: &Batch,
        fields: &Fields,
        _settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        for row in &fields.operation.equals("AnonymousLinkCreated") {
            let user = fields.user.text(row).unwrap_or("Somebody");
            let file = fields.file.text(row).unwrap_or("a file");
            findings.emit(
                Rule::AnonymousLink
                    .on(row)
                    .summary(format!("{user} made a link to {file} that anybody may open."))
                    .entity("user", user)
                    .entity("file", file)
                    .key(file),
            )?;
        }
        Ok(())
    }
}
