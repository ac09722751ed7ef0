//! A stolen administrator's account deletes backups, so that nothing can be brought back.

use super::stage::Stage;
use super::{Finds, Story};

pub(super) const STORY: Story = Story {
    name: "azure-backups-destroyed",
    what: "A backup vault is deleted, as before ransom",
    attack: &["T1490"],
    finds: Some(Finds { plugin: "azure-destruction", rule: "backup-destroyed" }),
    tell,
};

fn tell(stage: &mut Stage<'_>) {
    let (administrator, from) = (stage.administrator(), stage.address());
    stage.break_in(administrator, &from);
    stage.wait(120, 1_200);
    stage.azure_act(
        administrator,
        "Microsoft.RecoveryServices/vaults/delete",
        "resourceGroups/rg-storage/providers/Microsoft.RecoveryServices/vaults/nightly",
        &from,
        &[],
    );
    stage.now_known();
}
