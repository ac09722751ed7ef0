//! A stolen administrator's account stops a resource's logs from leaving Azure.

use super::stage::Stage;
use super::{Finds, Story};

pub(super) const STORY: Story = Story {
    name: "azure-logs-off",
    what: "The diagnostic setting that sends a machine's logs to the SOC is deleted",
    attack: &["T1562.008"],
    finds: Some(Finds { plugin: "azure-monitoring", rule: "log-export-deleted" }),
    tell,
};

fn tell(stage: &mut Stage<'_>) {
    let (administrator, from) = (stage.administrator(), stage.address());
    stage.break_in(administrator, &from);
    stage.wait(60, 600);
    stage.azure_act(
        administrator,
        "Microsoft.Insights/diagnosticSettings/delete",
        "resourceGroups/rg-custody/providers/Microsoft.Compute/virtualMachines/custody-01/providers/Microsoft.Insights/diagnosticSettings/to-soc",
        &from,
        &[],
    );
    stage.now_known();
}
