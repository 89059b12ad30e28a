//! What the person chose for all folders and that outlives a run, by name: the host keeps it and knows no meaning of it.

use crate::shared::store_fault;
use crate::{Host, Result};

impl Host {
    /// What was chosen last under this name.
    pub async fn setting(&self, name: &str) -> Result<Option<String>> {
        self.shared().store.setting(name).await.map_err(store_fault)
    }

    /// Keeps a choice.
    pub async fn keep_setting(&self, name: &str, value: &str) -> Result<()> {
        let kept = self.shared().store.set_setting(name, value).await.map_err(store_fault);
        self.shared().changes.tick();
        kept
    }
}
