//! What saves that were cut short left beside a file: what may be nowhere else becomes a version of the file, then it goes.
//!
//! Not here: what a file name says of such a save (`files`), and the saves of rooms, whose logs know what they wrote.

use crate::folder::Folder;
use crate::shared::Shared;
use files::Root;
use protocol::{Digest, FileId, Kept, Why};

/// Tidies up beside a file before it is read. `intended`: what its document's save was to put there, if that was never confirmed.
/// What fails is tried again the next time, and nothing is removed before it is kept.
pub(crate) async fn tidy(
    shared: &Shared,
    folder: &Folder,
    root: &Root,
    (file, path): (&FileId, &str),
    intended: Option<Digest>,
) {
    let left = match root.left_beside(path, intended).await {
        Ok(left) => left,
        Err(error) => return tracing::error!(%error, "what a save cut short left behind cannot be read"),
    };
    for content in left {
        let kept = Kept { time: shared.clock.unix_ms(), why: Why::Saved, content };
        if let Err(error) = shared.store.keep_version(folder.id, file, shared.clock.steady_ms(), kept).await {
            return tracing::error!(%error, path, "what a save cut short left behind could not be kept");
        }
    }
    if let Err(error) = root.recover(path, intended).await {
        tracing::error!(%error, "what a save cut short left behind could not be tidied up");
    }
}

/// The same of a file that no room is at work with.
pub(crate) async fn tidy_if_free(shared: &Shared, folder: &Folder, (file, path): (&FileId, &str)) {
    if !folder.rooms.of_file(file, None).is_empty() {
        return;
    }
    match (folder.root(), shared.store.is_intended(folder.id, file).await) {
        (Ok(root), Ok(false)) => tidy(shared, folder, &root, (file, path), None).await,
        // Its room knows what was to be saved, and tidies up when it opens.
        (Ok(_), Ok(true)) | (Err(_), _) => {}
        (_, Err(error)) => tracing::error!(%error, path, "whether a save was cut short cannot be read"),
    }
}
