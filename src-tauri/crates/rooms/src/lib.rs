//! Rooms as pure state machines: they are *told* what happened ([`Input`]) and *answer* with [`Effect`]s.
//!
//! Not here: sockets, files, databases, runtimes, clocks. Time comes in as [`Now`]; long work leaves as a [`Job`] and its
//! result comes back as an input.

mod awareness;
mod disk;
mod document_room;
mod events;
mod fault;
mod fork;
mod frame;
mod job;
mod lack;
mod live;
mod merge;
mod mirror;
mod opening;
mod past;
mod place;
mod presence;
mod rebuild;
mod roster;
mod save;
mod saving;
mod sync;
mod transient_room;

pub use document_room::DocumentRoom;
pub use events::lasting;
pub use fork::Seed;
pub use job::{Job, Outcome};
pub use roster::Here;
pub use transient_room::TransientRoom;

use bytes::Bytes;
use protocol::event::Person;
use protocol::{BaseRecord, ClientId, CloseCode, Digest, DiskContent, Event, Intent, Kept, Merge, Role, Seq, User};
use std::sync::Arc;
use std::time::Duration;
use ydoc::{AuthorId, Update};

/// Both clocks, as arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Monotonic time since some fixed moment.
    pub elapsed: Duration,
    /// Wall time, Unix milliseconds.
    pub unix_ms: u64,
}

/// Who joins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Identity.
    pub user: User,
    /// What the client may do.
    pub role: Role,
}

/// When a room saves and goes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Quiet time before a save (1 s); `None`: never by itself.
    pub save_delay: Option<Duration>,
    /// No later than this after the first unsaved edit (5 s).
    pub save_at_most: Duration,
    /// How long an empty room stays (60 s); `None`: for ever.
    pub cleanup_delay: Option<Duration>,
    /// A socket that got nothing for this long gets a frame (15 s).
    pub keep_alive: Duration,
    /// How long to wait before a failed save is tried again (10 s).
    pub retry_delay: Duration,
    /// Bytes of edits that an open document holds, those that wait for others included (512 MiB).
    pub most_edits: usize,
}

/// What the rim found when it opened a room.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The persisted log, oldest first; empty: no history.
    pub log: Vec<(Seq, Update)>,
    /// The last state that disk and room agreed on.
    pub base: Option<BaseRecord>,
    /// A save that was begun and not confirmed.
    pub intent: Option<Intent>,
    /// The merges that [`Effect::Remember`] gave, or those that came with what the primary gave; the oldest first.
    pub merges: Arc<[Merge]>,
    /// The file now, or what the primary gave.
    pub disk: DiskRead,
    /// API path of the file.
    pub path: String,
    /// Where `disk` comes from.
    pub backing: Backing,
    /// The last text of this view that its primary took ([`Effect::Took`]); `None` for any other room.
    pub taken: Option<Intent>,
}

/// What stands behind a room: what it reads and writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backing {
    /// The file itself.
    File,
    /// The file's primary room, of which this room is a view.
    Primary {
        /// The file holds exactly what the primary last gave.
        saved: bool,
    },
}

/// What a view wants of its primary.
#[derive(Clone, Debug)]
pub enum Ask {
    /// What is there; answered with [`Answer::Read`].
    Read,
    /// Take this text; answered with [`Answer::Wrote`].
    Write {
        /// The text.
        content: DiskContent,
        /// What must be there.
        expect: Option<Digest>,
        /// The view's log that it stands for.
        seq: Seq,
    },
    /// Save the file with all that was taken so far; answered with [`Answer::Saved`].
    Save,
}

/// What a primary answers a view. `saved`: the file holds exactly what is there.
#[derive(Clone, Debug)]
pub enum Answer {
    /// To [`Ask::Read`].
    Read {
        /// What is there.
        content: DiskContent,
        /// As in [`Backing::Primary`].
        saved: bool,
        /// The newest merges with the file that are in it, the oldest first.
        merges: Arc<[Merge]>,
    },
    /// To [`Ask::Write`]; what was taken is durable.
    Wrote {
        /// Never `Failed`, and never `Changed(None)`.
        outcome: WriteOutcome,
        /// As in [`Backing::Primary`].
        saved: bool,
    },
    /// To [`Ask::Save`]; an error is a sentence.
    Saved(Result<(), String>),
    /// This room cannot read the file, as the sentence says: the view is to work with the file itself.
    Refused(String),
}

/// The file at one moment.
#[derive(Clone, Debug)]
pub enum DiskRead {
    /// Its content.
    Content(DiskContent),
    /// It does not exist.
    Gone,
    /// It could not be read; the sentence says why.
    Failed(String),
}

/// How a write ended.
#[derive(Clone, Debug)]
pub enum WriteOutcome {
    /// The bytes are in the file.
    Done(Digest),
    /// Somebody else's content is there (`None`: the file is gone); nothing was written.
    Changed(Option<DiskContent>),
    /// It failed, or nobody knows; the sentence says why.
    Failed(String),
    /// The primary cannot make a document of it, as the sentence says; nothing was taken. Trying again is of no use before the
    /// next edit.
    Unfit(String),
}

/// What a room is told.
#[derive(Debug)]
pub enum Input {
    /// Answer to [`Effect::Open`].
    Opened(Opened),
    /// A client connected. Before the room is open it waits inside.
    Join {
        /// Its connection.
        client: ClientId,
        /// Who.
        member: Member,
    },
    /// A frame from a client.
    Frame {
        /// From.
        client: ClientId,
        /// One WebSocket message.
        bytes: Bytes,
    },
    /// A client's socket ended.
    Leave {
        /// Which.
        client: ClientId,
    },
    /// A client may do something else from now on.
    Role {
        /// Which.
        client: ClientId,
        /// What.
        role: Role,
    },
    /// The watcher saw the file change (or vanish, or come back), or answer to [`Effect::Read`]. It must have been read after
    /// the last [`Effect::Write`] ended: a read that overlapped a write is made again.
    Disk(DiskRead),
    /// Only of a view: the merges that are in what its primary just gave ([`Answer::Read`]); comes after the [`Input::Disk`] with
    /// that. Whoever is here is told of those that are new.
    Merges(Arc<[Merge]>),
    /// A [`Job`] ended.
    Finished(Outcome),
    /// [`Effect::Intend`] is durable.
    Intended,
    /// Answer to [`Effect::Write`].
    Wrote(WriteOutcome),
    /// The log is durable up to here.
    Stored(Seq),
    /// What stands behind the room from now on; comes before the [`Input::Disk`] or [`Input::Wrote`] from there.
    Backed(Backing),
    /// Answer to [`Effect::Save`], one for each, in order; an error is a sentence.
    FileSaved(Result<(), String>),
    /// A view asks its primary, this room; answered with [`Effect::Answer`]. Before the room is open it waits inside.
    View {
        /// Names the question.
        ticket: u64,
        /// Name of the view's room.
        view: String,
        /// Somebody is in it: then it wants to be told when something changes, and this room stays.
        here: bool,
        /// What it wants.
        ask: Ask,
    },
    /// Nobody is in this view any more, and it has nothing that this room lacks.
    ViewLeft {
        /// Name of the view's room.
        view: String,
    },
    /// The file has another path now.
    Moved {
        /// API path.
        path: String,
        /// Who moved it, if somebody did it here.
        by: Option<Person>,
    },
    /// Somebody who may edit puts an earlier version back: what it says becomes an edit of the document, and what the document
    /// said is kept. Answered by [`Effect::Restored`].
    Restore {
        /// Number that the answer repeats.
        request: u64,
        /// Who.
        by: User,
        /// The version, as a file.
        bytes: Arc<[u8]>,
    },
    /// What another room has becomes an edit here: a fork is merged back, or the document that a fork was copied from went on.
    Merge {
        /// Number that the answer ([`Effect::Restored`]) repeats; without one there is none.
        request: Option<u64>,
        /// Whose edits they are from now on.
        by: Option<User>,
        /// All of it, or what is new.
        update: Update,
    },
    /// A deadline passed.
    Tick,
    /// The host stops: disconnect everybody with `Quitting` and this reason, save what is unsaved, then [`Effect::Done`].
    Close {
        /// A sentence for people.
        reason: String,
    },
}

/// What a room wants done, in order.
#[derive(Debug)]
pub enum Effect {
    /// To one client.
    Send {
        /// To.
        to: ClientId,
        /// One WebSocket message.
        frame: Bytes,
    },
    /// To every client in the room but one: the same bytes, encoded once.
    Broadcast {
        /// Not to this one.
        except: Option<ClientId>,
        /// One WebSocket message.
        frame: Bytes,
    },
    /// Close a client's socket.
    Disconnect {
        /// Which.
        client: ClientId,
        /// Why, for programs.
        code: CloseCode,
        /// Why, for people (or JSON for 1003); fits a close frame.
        reason: String,
    },
    /// Load log, base, intent and file; answer with [`Input::Opened`].
    Open,
    /// Append to the log (committed in groups); confirmed by [`Input::Stored`]. Appends, [`Effect::SetBase`], [`Effect::Keep`] and
    /// [`Effect::Remember`] that come out of one `handle` call are committed in one transaction: half of a merge must never
    /// survive.
    Append {
        /// Its number.
        seq: Seq,
        /// The update.
        update: Update,
    },
    /// Run off the task; answer with [`Input::Finished`].
    Run(Job),
    /// Make the intent durable *after* everything appended so far; answer with [`Input::Intended`].
    Intend(Intent),
    /// Remember the base (and forget the intent), never before what was appended earlier.
    SetBase(BaseRecord),
    /// Keep these bytes: something else takes their place. Durable no later than an [`Effect::Intend`] that follows.
    Keep(Kept),
    /// Remember the newest merges for the next [`Opened`]: this one too.
    Remember(Merge),
    /// How an [`Input::Restore`] or [`Input::Merge`] ended, once it is durable, with the version that was kept for it; the error
    /// is a sentence.
    Restored {
        /// Its number.
        request: u64,
        /// Whether the document says now what the version says, or has what the other room had.
        outcome: Result<(), String>,
    },
    /// Read the file; answer with [`Input::Disk`].
    Read,
    /// Write the file if it still has the expected digest (`None`: if it does not exist); answer with [`Input::Wrote`]. A view
    /// writes to its primary.
    Write {
        /// New content.
        bytes: Arc<[u8]>,
        /// What must be there.
        expect: Option<Digest>,
        /// The log that it stands for, as in the [`Effect::Intend`] before.
        seq: Seq,
    },
    /// Only of a view: have the primary save the file; answer with [`Input::FileSaved`].
    Save,
    /// A view's text was taken. Committed in one transaction with the [`Effect::Append`] before it; given back to the view when
    /// it opens ([`Opened::taken`]).
    Took {
        /// Name of the view's room.
        view: String,
        /// The view's text and the log it stands for.
        intent: Intent,
    },
    /// Answer to [`Input::View`].
    Answer {
        /// The question.
        ticket: u64,
        /// The answer.
        answer: Answer,
    },
    /// There is news for the views: they are to look.
    Views,
    /// Tell the world.
    Emit(Event),
    /// The room is finished and holds nothing that is not stored.
    Done,
}

/// Y client ids of a room's own writers: random below 2^32, never 0, different from each other, new in each process run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authors {
    /// Writes the keys of `state`.
    pub document: AuthorId,
    /// Writes what the disk brought.
    pub disk: AuthorId,
    /// Writes what views brought.
    pub views: AuthorId,
}
