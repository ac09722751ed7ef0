//! A field that the manifest does not declare is refused where it is used, with the line to add.
use cordon_sdk::prelude::*;

#[derive(Default)]
pub struct Probe;

#[detector(manifest = "good.toml")]
impl Probe {
    fn detect(&self, _: &Batch, fields: &Fields, _: &Settings, _: &mut Findings) -> Result<(), Failure> {
        let _ = fields.operation.present() & fields.operatoin.present();
        let _ = Self::helper(fields);
        Ok(())
    }

    fn helper(all: &Fields) -> Mask {
        all.client_ip.present()
    }
}

fn main() {}
