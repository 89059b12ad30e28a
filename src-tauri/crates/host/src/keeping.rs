//! What the host keeps for a visitor of a folder: their settings of a front end, for instance. Not in the folder, and
//! forgotten with the guest.

use crate::access::Grant;
use crate::shared::store_fault;
use crate::{Host, Result};

impl Host {
    /// What was kept for this visitor under this name.
    pub async fn kept(&self, grant: &Grant, name: &str) -> Result<Option<String>> {
        let folder = self.shared().folder(&grant.slug)?;
        let kept = self.shared().store.kept(folder.id, &grant.user.username, name).await;
        kept.map_err(store_fault)
    }

    /// Keeps this for the visitor, in place of what was there.
    pub async fn keep(&self, grant: &Grant, name: &str, value: &str) -> Result<()> {
        let folder = self.shared().folder(&grant.slug)?;
        let kept = self.shared().store.keep(folder.id, &grant.user.username, name, value).await;
        kept.map_err(store_fault)
    }
}
