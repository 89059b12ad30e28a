//! Before a room is open, and the moment it opens.
//!
//! Not here: rebuilding the document, which is a job.

use crate::events::unreadable;
use crate::fault::faulty;
use crate::live::{Live, Start};
use crate::past::{Past, Wish};
use crate::place::Turn;
use crate::rebuild::{Ready, Source, Trouble};
use crate::{Answer, Ask, Backing, Effect, Input};
use bytes::Bytes;
use protocol::{ClientId, CloseCode, Merge, User};
use std::sync::Arc;
use ydoc::{Update, UpdateError};

/// Bytes that clients may send before the room is open, all together.
const MOST_HELD: usize = 64 << 20;

/// What came before the room was open.
#[derive(Default)]
pub(crate) struct Waiting {
    frames: Vec<(ClientId, Bytes)>,
    size: usize,
    /// Those who may edit, sent something and left again.
    left: Vec<ClientId>,
    moved: Option<String>,
    /// Merges of before.
    pub(crate) merges: Arc<[Merge]>,
    wishes: Vec<Wish>,
    /// What other rooms have: request, by whom, update.
    foreign: Vec<(Option<u64>, Option<User>, Update)>,
    /// The file may have changed since it was read for opening.
    touched: bool,
    /// Questions of views: ticket, name, whether somebody is there, and what they want.
    views: Vec<(u64, String, bool, Ask)>,
}

impl Waiting {
    /// Path that the file got meanwhile.
    pub(crate) fn moved(&self) -> Option<&str> {
        self.moved.as_deref()
    }

    /// Keeps an input for later. Clients that wait are not yet counted as having joined.
    pub(crate) fn take(&mut self, turn: &mut Turn<'_>, input: Input) {
        match input {
            Input::Join { client, member } => {
                turn.place.roster.add(turn.now, client, member);
            }
            Input::Leave { client } => {
                // What it typed was sent, and may be nowhere else any more.
                if turn.place.roster.member(client).is_some_and(|member| member.role.may_edit()) {
                    self.left.push(client);
                }
                turn.farewell(client);
            }
            Input::Role { client, role } => {
                turn.place.roster.set_role(turn.now, client, role, turn.out);
            }
            Input::Frame { client, bytes } => {
                if turn.place.roster.member(client).is_none() {
                    return;
                }
                // A frame costs something even if it is empty.
                self.size += bytes.len() + 64;
                if self.size > MOST_HELD {
                    turn.disconnect(client, CloseCode::FellBehind, "Too much was sent before the document was open.");
                    self.frames.retain(|(from, _)| *from != client);
                    self.size = self.frames.iter().map(|(_, bytes)| bytes.len() + 64).sum();
                } else {
                    self.frames.push((client, bytes));
                }
            }
            Input::Moved { path, .. } => {
                if !turn.place.path.is_empty() {
                    turn.place.path.clone_from(&path);
                }
                self.moved = Some(path);
            }
            Input::Restore { request, by, bytes } => self.wishes.push(Wish { request, by, bytes }),
            Input::Merge { request, by, update } => self.foreign.push((request, by, update)),
            Input::Disk(_) => self.touched = true,
            Input::View { ticket, view, here, ask } => self.views.push((ticket, view, here, ask)),
            Input::ViewLeft { view } => {
                for (_, _, here, _) in self.views.iter_mut().filter(|(_, name, ..)| *name == view) {
                    *here = false;
                }
            }
            _ => {}
        }
    }

    /// The room cannot be opened: no view has a primary in it.
    pub(crate) fn refuse(&mut self, turn: &mut Turn<'_>, reason: &str) {
        for (ticket, ..) in self.views.drain(..) {
            turn.want(Effect::Answer { ticket, answer: Answer::Refused(reason.to_owned()) });
        }
    }
}

/// Opens the room: says what was found, remembers it, and serves those who wait.
pub(crate) fn open(turn: &mut Turn<'_>, ready: Ready, waiting: Waiting) -> Live {
    let Ready { document, seq, source, append, base, record, seen, unsaved, trouble, written, refused } = ready;
    match &source {
        Source::File => turn.tell(|teller, _| teller.loaded_file()),
        Source::Log { ahead, merged } => {
            turn.tell(|teller, _| teller.loaded_log(*ahead));
            // What comes from the primary of a view is no news of the file.
            if let Some(found) = merged.as_ref().filter(|_| turn.place.backing == Backing::File) {
                turn.tell(|teller, place| teller.out_of_sync(place.model, &found.report));
            }
        }
    }
    if refused > 0 {
        turn.tell(|teller, _| teller.mended(refused));
    }
    turn.tell(|teller, _| teller.ready());
    let mut live = Live::new(Start { document, seq, base, seen, unsaved, written });
    live.past = Past::new(waiting.merges);
    waiting.wishes.into_iter().for_each(|wish| live.past.wish(wish));
    let unlogged = faulty!(UnloggedMerge) && matches!(source, Source::Log { .. });
    if let Some(update) = append.filter(|_| !unlogged) {
        live.log_own(turn, update);
    }
    if let Source::Log { merged: Some(found), .. } = source
        && turn.place.backing == Backing::File
    {
        live.merged_in(turn, found);
    }
    if let Some(record) = record {
        live.agree(turn, record);
    }
    match trouble {
        Some(Trouble::Gone) => live.gone(turn),
        Some(Trouble::Unreadable { digest, reason }) => live.cannot_read(turn, digest, reason),
        Some(Trouble::Misfit { digest, error }) => {
            let reason = misfit(turn, &error);
            live.still_unreadable(turn, Some(digest), reason);
        }
        None => {}
    }
    live.restate(turn);
    if unsaved {
        live.touch(turn);
    }
    for client in turn.place.roster.clients() {
        live.serve(turn, client);
    }
    for (client, bytes) in waiting.frames {
        if waiting.left.contains(&client) {
            live.legacy(turn, client, &bytes);
        } else {
            live.frame(turn, client, &bytes);
        }
    }
    for (request, by, update) in waiting.foreign {
        live.take_from_room(turn, request, by.as_ref(), &update);
    }
    if waiting.touched {
        turn.want(Effect::Read);
    }
    for (ticket, view, here, ask) in waiting.views {
        live.asked(turn, ticket, view, here, ask);
    }
    if turn.place.roster.is_empty() && !live.mirror.has_views() {
        live.abandoned(turn);
    }
    live.settle(turn);
    live
}

/// The sentence for a file whose edits do not fit the document: they build on what it never had.
pub(crate) fn misfit(turn: &Turn<'_>, error: &UpdateError) -> String {
    format!("{} was changed by another program and cannot be merged: {error}", crate::events::name(&turn.place.path))
}

/// The sentence for a file that cannot be read as what it should be.
pub(crate) fn complaint(turn: &Turn<'_>, reason: &str, parsed: bool) -> String {
    if parsed { unreadable(turn.place.model, &turn.place.path, reason) } else { reason.to_owned() }
}
