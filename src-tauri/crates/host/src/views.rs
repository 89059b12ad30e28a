//! A file's rooms as one primary and its views: which room is a view, and the questions that go from a view to its primary.
//!
//! The primary alone reads and writes the file. Where it cannot, because the file holds no document of its kind, a view works
//! with the file itself, and with the primary again as soon as that can: whichever answers, digests say what is there, so that
//! changing over loses nothing.
//!
//! Not here: what the rooms make of it.

use crate::actor::{self, Actor};
use crate::folder::Folder;
use crate::opening;
use crate::registry::Told;
use crate::shared::Shared;
use crate::{carry::Ended, kinds};
use protocol::guest::FileKind;
use protocol::{Digest, DiskContent, DocumentKind, FileId, Intent, Merge, Model, RoomId};
use rooms::{Answer, Ask, Backing, DiskRead, Input, WriteOutcome};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::oneshot;

/// How often a primary that ends before it answers is asked again.
const TRIES: u32 = 3;

impl Folder {
    /// The primary of a room; `None` for a room that works with the file itself. What is no text has no primary.
    pub(crate) fn primary_of(&self, room: &RoomId) -> Option<RoomId> {
        let RoomId::Document { kind, file } = room else { return None };
        let path = self.ids.path(file)?;
        let primary = DocumentKind::primary_for(&path);
        let is_opaque = matches!(kind.model(), Model::Base64 | Model::Blob) && kinds::kind(&path) == FileKind::Other;
        (*kind != primary && !is_opaque).then(|| RoomId::document(primary, file.clone()))
    }
}

/// What a room works with, seen from one of its child tasks.
pub(crate) struct Way {
    pub(crate) shared: Arc<Shared>,
    pub(crate) folder: Arc<Folder>,
    pub(crate) room: RoomId,
    pub(crate) file: FileId,
    /// Somebody is in it.
    here: bool,
}

/// What a primary shows its views.
pub(crate) struct Shown {
    pub(crate) content: DiskContent,
    /// The file holds exactly this.
    pub(crate) saved: bool,
    /// Merges with the file that are in it.
    pub(crate) merges: Arc<[Merge]>,
}

impl Way {
    /// Asks the primary, which is started if it is not there. `None`: it ended before it answered, or may not be started.
    async fn ask(&self, primary: &RoomId, ask: Ask) -> Option<Answer> {
        let (answer, answered) = oneshot::channel();
        let told = Told::View { view: self.room.to_string(), here: self.here, ask, answer };
        let start = |told, status| {
            let task = actor::run(self.shared.clone(), self.folder.clone(), primary.clone(), status, told);
            self.folder.tasks.spawn(task);
        };
        self.folder.rooms.ask(primary, told, start).ok()?;
        answered.await.ok()
    }

    /// What the primary has; `None` where the file itself has to be looked at.
    pub(crate) async fn primary_read(&self) -> Option<Shown> {
        let primary = self.folder.primary_of(&self.room)?;
        for _ in 0..TRIES {
            match self.ask(&primary, Ask::Read).await {
                Some(Answer::Read { content, saved, merges }) => return Some(Shown { content, saved, merges }),
                Some(_) => return None,
                None => {}
            }
        }
        None
    }

    /// What is there, and where.
    async fn read(&self) -> (DiskRead, Backing, Option<Arc<[Merge]>>) {
        match self.primary_read().await {
            Some(Shown { content, saved, merges }) => {
                (DiskRead::Content(content), Backing::Primary { saved }, Some(merges))
            }
            None => (opening::read(&self.shared, &self.folder, &self.file).await, Backing::File, None),
        }
    }

    /// The last text of this view that its primary took.
    pub(crate) async fn taken(&self) -> Option<Intent> {
        let primary = self.folder.primary_of(&self.room)?.to_string();
        let taken = self.shared.store.taken(self.folder.id, &primary, &self.room.to_string()).await;
        taken.inspect_err(|error| tracing::error!(%error, "what a primary took cannot be read")).ok().flatten()
    }

    /// Writes where the room last read.
    async fn write(&self, to: Backing, bytes: Arc<[u8]>, expect: Option<Digest>, seq: u64) -> (WriteOutcome, Backing) {
        let primary = self.folder.primary_of(&self.room).filter(|_| to != Backing::File);
        let Some(primary) = primary else {
            let outcome = opening::write(&self.shared, &self.folder, &self.file, bytes, expect).await;
            return (outcome, Backing::File);
        };
        let content = DiskContent::new(bytes);
        let intent = Intent { digest: content.digest, seq };
        let answer = self.ask(&primary, Ask::Write { content, expect, seq }).await;
        if let Some(Answer::Wrote { outcome, saved }) = answer {
            return (outcome, Backing::Primary { saved });
        }
        // Refused, or the answer was lost. Then what was stored says whether the text was taken.
        let (read, backing, _) = self.read().await;
        let outcome = match read {
            _ if answer.is_none() && self.taken().await == Some(intent) => WriteOutcome::Done(intent.digest),
            DiskRead::Content(content) => WriteOutcome::Changed(Some(content)),
            DiskRead::Gone => WriteOutcome::Changed(None),
            DiskRead::Failed(reason) => WriteOutcome::Failed(reason),
        };
        (outcome, backing)
    }

    /// Has the primary save the file; an error is a sentence.
    async fn save(&self) -> Result<(), String> {
        let answer = match self.folder.primary_of(&self.room) {
            Some(primary) => self.ask(&primary, Ask::Save).await,
            None => None,
        };
        match answer {
            Some(Answer::Saved(result)) => result,
            Some(Answer::Refused(reason)) => Err(reason),
            _ => Err("The document could not be saved just now; it is kept.".to_owned()),
        }
    }
}

impl Actor {
    /// The way to what this room works with; `None` for a room without a file.
    pub(crate) fn way(&self) -> Option<Way> {
        let (shared, folder, room) = (self.shared.clone(), self.folder.clone(), self.id.clone());
        Some(Way { shared, folder, room, file: self.file.clone()?, here: self.is_wanted() })
    }

    /// Begins to read.
    pub(crate) fn begin_read(&mut self) {
        let Some(way) = self.way() else { return };
        let writes = self.disk.writes;
        self.disk.reading = true;
        self.jobs.spawn(async move {
            let (read, backing, merges) = way.read().await;
            Ended::Read { read, backing, merges, writes }
        });
    }

    /// Begins to write.
    pub(crate) fn begin_write(&mut self, bytes: Arc<[u8]>, expect: Option<Digest>, seq: u64) {
        let Some(way) = self.way() else { return };
        let to = self.backing;
        self.disk.writing = true;
        self.disk.writes += 1;
        self.jobs.spawn(async move {
            let (outcome, backing) = way.write(to, bytes, expect, seq).await;
            Ended::Wrote { outcome, backing }
        });
    }

    /// Begins to have the file saved.
    pub(crate) fn begin_save(&mut self) {
        let Some(way) = self.way() else { return };
        self.jobs.spawn(async move { Ended::FileSaved(way.save().await) });
    }

    /// What the room works with from now on.
    pub(crate) fn backed(&mut self, backing: Backing) {
        self.status.direct.store(backing == Backing::File, Ordering::Relaxed);
        if std::mem::replace(&mut self.backing, backing) != backing {
            self.inputs.push_back(Input::Backed(backing));
        }
    }

    /// Tells the primary when nobody wants this view any more, and looks what is new when somebody does again.
    pub(crate) fn show_wanted(&mut self) {
        let wanted = self.is_wanted();
        if std::mem::replace(&mut self.wanted, wanted) == wanted {
            return;
        }
        if !wanted {
            self.part();
        } else if self.folder.primary_of(&self.id).is_some() {
            self.look();
        }
    }

    /// Tells the primary that nobody is in this view.
    pub(crate) fn part(&self) {
        if let Some(primary) = self.folder.primary_of(&self.id)
            && let Some(primary) = self.folder.rooms.get(&primary)
        {
            primary.tell(Told::ViewLeft { view: self.id.to_string() });
        }
    }

    /// A view asks this room.
    pub(crate) fn view_asks(&mut self, view: String, here: bool, ask: Ask, answer: oneshot::Sender<Answer>) {
        self.ticket += 1;
        let ticket = self.ticket;
        self.asking.insert(ticket, answer);
        self.inputs.push_back(Input::View { ticket, view, here, ask });
    }

    /// The file's other rooms are to look.
    pub(crate) fn rouse(&self) {
        if let Some(file) = &self.file {
            self.folder.look(file, Some(&self.id));
        }
    }
}
