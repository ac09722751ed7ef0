//! A stolen administrator's account reaches into a machine through Azure, past its own logons.

use super::stage::Stage;
use super::{Finds, Story};

pub(super) const STORY: Story = Story {
    name: "azure-run-command",
    what: "A stolen administrator's account runs a command as SYSTEM on a machine in Azure",
    attack: &["T1651"],
    finds: Some(Finds { plugin: "azure-execution", rule: "machine-run-command" }),
    tell,
};

fn tell(stage: &mut Stage<'_>) {
    let (administrator, from) = (stage.administrator(), stage.address());
    stage.break_in(administrator, &from);
    stage.wait(60, 900);
    stage.azure_act(
        administrator,
        "Microsoft.Compute/virtualMachines/runCommand/action",
        "resourceGroups/rg-custody/providers/Microsoft.Compute/virtualMachines/custody-01",
        &from,
        &[],
    );
    stage.now_known();
}
