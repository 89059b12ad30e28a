//! A document's earlier states, shown in a fork: which there are, and moving between them. They are the kept versions of its file,
//! so that they are there after a restart and however short the log is.
//!
//! Going back to one for good is not here: whoever looks has in its document what was done to the fork, connects to the root
//! again and brings it along as edits of its own.

use super::{Fork, Kind, may_edit};
use crate::access::Grant;
use crate::folder::Folder;
use crate::registry::{Handle, Told};
use crate::shared::{read_fault, store_fault};
use crate::{Host, Result};
use files::Root;
use protocol::{DocumentKind, ErrorBody, ErrorCode, RoomId, User, Version, fork};
use std::sync::Arc;
use tokio::sync::oneshot;

/// Timelines of a folder that nobody looks at yet, and of one person: front ends ask for them with each document.
const WAITING: usize = 64;
const WAITING_OF_PERSON: usize = 8;
/// States that one shows: the newest.
const STATES: usize = 500;

/// Where somebody is in the past of a document.
pub(super) struct Timeline {
    /// The oldest first; behind them is now.
    versions: Vec<Version>,
    /// 0 is the oldest version, the number of versions is now.
    at: usize,
}

/// Which way, and how far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// So many steps into the past.
    Back(usize),
    /// So many steps towards now.
    Forth(usize),
}

/// How that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turned {
    /// It is there, or as far as it goes.
    Moved,
    /// It was at that end already.
    AtEnd,
}

fn missing(message: impl Into<String>) -> ErrorBody {
    ErrorBody::new(ErrorCode::NotFound, message)
}

impl Host {
    /// The states in which an open document was, and the name of a room that shows them. The document is copied when somebody
    /// enters that room or moves in time.
    pub async fn timeline(&self, grant: &Grant, path: &str, kind: &DocumentKind) -> Result<fork::Timeline> {
        may_edit(grant, "turn a copy of it back")?;
        let folder = self.shared().folder(&grant.slug)?;
        let path = folder.root()?.own_path(&Root::normalise(path).map_err(read_fault)?).await.map_err(read_fault)?;
        let row = folder.ids.at(&path).ok_or_else(|| missing("Room not found"))?;
        let root = RoomId::document(kind.clone(), row.id.clone());
        if folder.rooms.get(&root).is_none() {
            return Err(missing("Room not found"));
        }
        let mut versions = self.shared().store.versions(folder.id, &row.id).await.map_err(store_fault)?;
        versions.truncate(STATES);
        versions.reverse();
        let seconds = |ms: u64| ms as f64 / 1000.0;
        let mut timestamps: Vec<f64> = versions.iter().map(|version| seconds(version.time)).collect();
        timestamps.push(seconds(self.shared().clock.unix_ms()));
        let at = versions.len();
        let timeline = Arc::new(tokio::sync::Mutex::new(Timeline { versions, at }));
        folder.forks.make_room(&grant.user);
        let fork_room = folder.forks.add(root.clone(), &grant.user, Kind::Timeline(timeline));
        Ok(fork::Timeline { room_id: root.to_string(), timestamps, fork_room, session_id: folder.session().1 })
    }

    /// Moves a fork in time.
    pub async fn turn(&self, grant: &Grant, root: &str, fork: &str, turn: Turn) -> Result<Turned> {
        let (folder, root, timeline) = self.find_timeline(grant, root, fork)?;
        let mut timeline = timeline.lock().await;
        let (at, now) = (timeline.at, timeline.versions.len());
        let to = match turn {
            Turn::Back(steps) => at.saturating_sub(steps),
            Turn::Forth(steps) => at.saturating_add(steps).min(now),
        };
        if to == at {
            let still = matches!(turn, Turn::Back(0) | Turn::Forth(0));
            return Ok(if still { Turned::Moved } else { Turned::AtEnd });
        }
        let room = folder.grow(fork).await?;
        let bytes = match timeline.versions.get(to) {
            Some(version) => self.version_bytes(&folder, &root, version).await?,
            None => self.present(&folder, &root, &room).await?,
        };
        say(&room, &grant.user, bytes.into()).await?;
        timeline.at = to;
        Ok(Turned::Moved)
    }

    /// The one who looked is done, and takes the shown state along.
    pub fn end_timeline(&self, grant: &Grant, root: &str, fork: &str) -> Result<()> {
        let (folder, ..) = self.find_timeline(grant, root, fork)?;
        // Its room goes when they have left it.
        folder.forks.forget(fork);
        Ok(())
    }

    fn find_timeline(
        &self,
        grant: &Grant,
        root: &str,
        fork: &str,
    ) -> Result<(Arc<Folder>, RoomId, Arc<tokio::sync::Mutex<Timeline>>)> {
        may_edit(grant, "turn a copy of it back")?;
        let folder = self.shared().folder(&grant.slug)?;
        match folder.forks.get(fork) {
            Some(Fork { root: of, kind: Kind::Timeline(timeline), .. }) if of.to_string() == root => {
                Ok((folder, of, timeline))
            }
            _ => Err(missing("Fork document not found")),
        }
    }

    async fn version_bytes(&self, folder: &Folder, root: &RoomId, version: &Version) -> Result<Vec<u8>> {
        let RoomId::Document { file, .. } = root else { return Err(missing("Room not found")) };
        let found = self.shared().store.version(folder.id, file, version.id).await.map_err(store_fault)?;
        let (_, bytes) = found.ok_or_else(|| missing(format!("Version {} is not kept any more.", version.id)))?;
        Ok(bytes)
    }

    /// What the document says now. The fork gets its edits first: what others typed meanwhile must not be typed there anew.
    async fn present(&self, folder: &Folder, root: &RoomId, room: &Handle) -> Result<Vec<u8>> {
        let RoomId::Document { kind, file } = root else { return Err(missing("Room not found")) };
        let (answer, state) = oneshot::channel();
        folder.rooms.get(root).ok_or_else(|| missing("Room not found"))?.tell(Told::State(answer));
        let state = state.await.ok().flatten().ok_or_else(|| missing("Room not found"))?;
        let path = folder.ids.path(file).ok_or_else(|| missing("Room not found"))?;
        room.tell(Told::Merge { by: None, update: state.clone(), session: u64::MAX, answer: None });
        self.render(folder, &path, kind, state).await
    }
}

/// Has a fork say this, and waits until it does.
async fn say(room: &Handle, by: &User, bytes: Arc<[u8]>) -> Result<()> {
    let (answer, said) = oneshot::channel();
    room.tell(Told::Restore { by: by.clone(), bytes, answer });
    match said.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(reason)) => {
            Err(ErrorBody::new(ErrorCode::BadRequest, format!("This version is no document of this kind: {reason}")))
        }
        Err(_) => Err(missing("Fork document not found")),
    }
}

impl super::Forks {
    /// Forgets timelines that nobody looked at, the oldest first, so that one more of this person has room.
    fn make_room(&self, by: &User) {
        let mut forks = self.lock();
        let idle = |fork: &Fork| matches!(fork.kind, Kind::Timeline(_)) && fork.session.is_none();
        let mut waiting: Vec<_> = forks
            .iter()
            .filter(|(_, fork)| idle(fork))
            .map(|(name, fork)| (fork.number, name.clone(), fork.by == by.username))
            .collect();
        waiting.sort_unstable();
        let mut own = (waiting.iter().filter(|(.., own)| *own).count() + 1).saturating_sub(WAITING_OF_PERSON);
        let mut all = (waiting.len() + 1).saturating_sub(WAITING);
        // Who has many loses their own, and nobody else's.
        waiting.sort_by_key(|(.., own)| !own);
        for (_, name, is_own) in waiting {
            let superfluous = if is_own { own > 0 } else { all > 0 };
            if superfluous {
                forks.remove(&name);
                own = own.saturating_sub(usize::from(is_own));
                all = all.saturating_sub(1);
            }
        }
    }
}
