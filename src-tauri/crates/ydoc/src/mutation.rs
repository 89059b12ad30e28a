//! Named faults of the code under test, for the simulation: a suite that does not fail with one of them switched on would not
//! notice it in earnest. Compiled only with the feature `mutations`; off unless a test asks, and then for its thread alone.

use std::cell::Cell;

/// A fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mutation {
    /// `merge_disk` forks from the live document instead of the base.
    ForkFromLive,
    /// `merge_disk` forgets what the disk deleted.
    DropDiskDelete,
    /// `merge_disk` deletes a cell on the disk's word although somebody edits it here.
    DeleteEdited,
    /// The room writes without an intent.
    NoIntent,
    /// The room does not remember what it wrote as the new base.
    NoBase,
    /// The room takes everything it has as written, not what the written bytes stand for.
    BaseTooNew,
    /// The room does not tell the others that a dropped socket's people are gone.
    LostAwarenessRemoval,
    /// The room does not tell a newcomer who is here.
    NoAwarenessReplay,
    /// The room does not send a client's update to the others.
    NoBroadcast,
    /// The room does not append what the disk brought to its log.
    UnloggedMerge,
    /// The room accepts a viewer's edits.
    ViewerEdits,
    /// A primary tells a view that its text was taken before that is durable.
    TookTooEarly,
    /// A primary takes a view's text whatever that view last read.
    TookUnseen,
    /// A primary takes everything it has as what it shows its views, not what the view's text stands for.
    MirrorTooNew,
}

thread_local! {
    static ACTIVE: Cell<Option<Mutation>> = const { Cell::new(None) };
}

/// Whether this fault is switched on.
pub fn active(mutation: Mutation) -> bool {
    ACTIVE.get() == Some(mutation)
}

/// Runs with a fault switched on (or, with `None`, without any) on this thread.
pub fn with<T>(mutation: Option<Mutation>, run: impl FnOnce() -> T) -> T {
    let before = ACTIVE.replace(mutation);
    let result = run();
    ACTIVE.set(before);
    result
}
