//! The guest of the bench of what plugins remember: what one call for a whole batch saves.

use cordon_sdk::prelude::*;

/// See the module.
#[derive(Debug, Default)]
pub struct BenchAsking;

#[detector]
impl BenchAsking {
    fn detect(
        &self,
        batch: &Batch,
        fields: &Fields,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let user = |row| fields.user.text(row).unwrap_or("");
        let found = match settings.way.as_str() {
            "at-once" => {
                let places: Vec<(Row, &str)> = batch.rows().map(|row| (row, user(row))).collect();
                batch.state().get(&places)?.into_iter().flatten().count()
            }
            "one-by-one" => {
                let mut found = 0;
                for row in batch.rows() {
                    found += batch.state().get(&[(row, user(row))])?.into_iter().flatten().count();
                }
                found
            }
            "window" => {
                let mut window = Window::OfUser.of(batch);
                batch.rows().for_each(|row| window.add(row, user(row), ""));
                window.answers()?.iter().filter(|seen| seen.value == u32::MAX).count()
            }
            "list" => fields.user.in_list(List::Watched)?.iter().count(),
            _ => batch.rows().filter(|row| user(*row).is_empty()).count(),
        };
        if found > 0 {
            batch.rows().take(1).try_for_each(|row| findings.emit(Rule::None.on(row)))?;
        }
        Ok(())
    }
}
