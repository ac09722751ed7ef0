//! What the host notices of itself and of those who send to it, as findings like any other.
//!
//! Reads `cordon.health`, which only the host writes: it decides when a condition begins, lasts and is over; this plugin
//! decides how grave it is and says what to do. All events of one condition give findings of one key. The host carries
//! this plugin in itself and deploys it for every force.

mod grave;

use cordon_sdk::prelude::*;

use crate::grave::{Noticed, severity};

/// The detector; it holds nothing.
#[derive(Debug, Default)]
pub struct CordonHealth;

#[detector]
impl CordonHealth {
    fn detect(
        &self,
        batch: &Batch,
        fields: &Fields,
        _settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        for row in batch.rows() {
            let condition = fields.condition.text(row).unwrap_or("");
            let is_over = fields.state.text(row) == Some("recovered");
            // A condition that only a newer host knows is not this version's.
            let Some(rule) = rule(condition, is_over) else { continue };
            let noticed = Noticed {
                condition,
                is_over,
                value: fields.value.number(row).unwrap_or(0.0),
                bound: fields.bound.number(row).unwrap_or(0.0),
                unit: fields.unit.text(row).unwrap_or(""),
            };
            let mut finding = rule
                .on(row)
                .severity(severity(&noticed))
                .summary(fields.text.text(row).unwrap_or(condition))
                .key(fields.key.text(row).unwrap_or(condition));
            for (kind, field) in [("force", &fields.force), ("plugin", &fields.plugin), ("token", &fields.token)] {
                finding = finding.entity(kind, field.text(row).unwrap_or(""));
            }
            for (name, field) in [("Source", &fields.source), ("Since", &fields.since)] {
                finding = finding.context(name, field.text(row).unwrap_or(""));
            }
            findings.emit(finding)?;
        }
        Ok(())
    }
}

fn rule(condition: &str, is_over: bool) -> Option<Rule> {
    let rule = match condition {
        "source-silent" | "source-never-seen" if is_over => Rule::ShipperBack,
        "source-silent" => Rule::SourceSilent,
        "source-never-seen" => Rule::SourceNeverSeen,
        "clock-skew" => Rule::ClockSkew,
        "refusals-high" => Rule::RefusalsHigh,
        "token-expiring" => Rule::TokenExpiring,
        "lane-resting" | "lane-paused" => Rule::LaneResting,
        "plugin-faulted" => Rule::PluginFaulted,
        "lag-high" => Rule::LagHigh,
        "disk-low" => Rule::DiskLow,
        _ => return None,
    };
    Some(if is_over && rule != Rule::ShipperBack { Rule::Recovered } else { rule })
}
