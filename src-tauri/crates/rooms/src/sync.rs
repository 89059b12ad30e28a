//! What clients of an open document send: updates, questions, awareness, chat, wishes.

use crate::Effect;
use crate::fault::faulty;
use crate::frame::{self, Malformed, Message, SaveAnswer};
use crate::live::{Asker, Live};
use crate::place::Turn;
use protocol::close::unknown_session_reason;
use protocol::{ClientId, CloseCode, User};
use ydoc::{Applied, NOTHING};

/// Why a save is not confirmed although the file was written.
const LACKS: &str = "Something you typed has not arrived here, or builds on what has not; what has arrived is saved. Connecting again sends it.";

impl Live {
    /// One WebSocket message. What cannot be read is left out, and never closes the socket.
    pub(crate) fn frame(&mut self, turn: &mut Turn<'_>, client: ClientId, bytes: &[u8]) {
        let Some(member) = turn.place.roster.member(client) else { return };
        let may_edit = member.role.may_edit() || faulty!(ViewerEdits);
        for message in frame::messages(bytes) {
            if let Err(why) = message.and_then(|message| self.message(turn, client, may_edit, message)) {
                turn.refused(client, &why);
            }
        }
    }

    /// The edits in a message of a client that has left before the room was open, and might have edited.
    pub(crate) fn legacy(&mut self, turn: &mut Turn<'_>, client: ClientId, bytes: &[u8]) {
        for message in frame::messages(bytes).flatten() {
            if let Message::Step2(update) | Message::Update(update) = message
                && !self.document.would_double(update)
            {
                let _unreadable = self.edit(turn, client, update);
            }
        }
        self.lack.forget(client);
    }

    fn message(
        &mut self,
        turn: &mut Turn<'_>,
        client: ClientId,
        may_edit: bool,
        message: Message<'_>,
    ) -> Result<(), Malformed> {
        match message {
            Message::Step1(state_vector) => {
                if !self.answer(turn, client, state_vector) {
                    return Err(Malformed("a state vector cannot be read"));
                }
            }
            Message::Step2(update) if may_edit && self.document.would_double(update) => {
                // Its history is not this document's, whatever its session says: it is to load that.
                self.lack.refused(client);
                let (code, reason) = (CloseCode::UnknownSession, unknown_session_reason(""));
                turn.want(Effect::Disconnect { client, code, reason });
            }
            Message::Step2(update) | Message::Update(update) if may_edit => {
                let whole = self.edit(turn, client, update)?;
                if matches!(message, Message::Step2(_)) {
                    if whole {
                        // That is all it has, also what it sent before.
                        self.all_is_here(turn, client);
                    }
                    // A client from before a crash may bring the room's own words of then.
                    self.restate(turn);
                }
            }
            // A client answers the room's question before it knows that it may only view.
            Message::Step2(update) => self.pass_over(client, update),
            Message::Update(update) => {
                if update != NOTHING {
                    turn.complain(client, "tried to edit, may only view".to_owned());
                }
                self.pass_over(client, update);
            }
            Message::Awareness(body) => turn.place.roster.awareness(turn.now, client, body, turn.out)?,
            Message::Query => turn.place.roster.tell_all(turn.now, client, turn.out),
            Message::Chat(content) => turn.place.roster.chat(turn.now, client, content, turn.out)?,
            Message::Save(id) if may_edit && self.lack.is_of(client) => {
                self.flush |= self.unsaved;
                turn.send(client, frame::saved(id, &SaveAnswer::Failed(LACKS.to_owned())));
            }
            Message::Save(id) if may_edit => self.askers.push((Asker::Client(client, id), self.edited)),
            Message::Save(id) => {
                let answer = SaveAnswer::Failed("You may view this document, not save it.".to_owned());
                turn.send(client, frame::saved(id, &answer));
            }
            Message::Stored(id) => self.asked_stored(turn, client, id),
            Message::Other => {}
        }
        Ok(())
    }

    /// What another room has. Answered once it is durable.
    pub(crate) fn take_from_room(
        &mut self,
        turn: &mut Turn<'_>,
        request: Option<u64>,
        by: Option<&User>,
        update: &[u8],
    ) {
        // Of what somebody asked for, either all is taken or nothing; what flows in by itself may wait for what comes next.
        let applied = match request {
            Some(_) => self.document.apply_whole(update),
            None => self.document.apply(update),
        };
        let taken = applied.map(|applied| self.take_in(turn, None, by, applied));
        self.settle_lack(turn);
        // A copy has words of the room's own too, of the time when it was made.
        self.restate(turn);
        let Some(request) = request else { return };
        match taken {
            Ok(()) => self.answer_when_stored(turn, request),
            Err(error) => {
                let outcome = Err(format!("What is there cannot be taken over: {error}."));
                turn.want(Effect::Restored { request, outcome });
            }
        }
    }

    /// What a client that may only view has, or thinks that it edited, is not taken.
    fn pass_over(&mut self, client: ClientId, update: &[u8]) {
        if !self.document.holds(update) {
            self.lack.refused(client);
        }
    }

    /// Whether so many bytes more would be too much for the document. What was edited and is gone again weighs little, so that it
    /// is counted anew before somebody is told so, unless nothing has changed since.
    fn is_full(&mut self, most: usize, more: usize) -> bool {
        let is_too_much = |taken: usize| taken.saturating_add(more) > most;
        if is_too_much(self.taken) && self.counted.replace(self.seq) != Some(self.seq) {
            self.taken = self.document.size();
        }
        is_too_much(self.taken)
    }

    /// A client's update. Whether all of it is in the document.
    fn edit(&mut self, turn: &mut Turn<'_>, client: ClientId, update: &[u8]) -> Result<bool, Malformed> {
        if update == NOTHING {
            return Ok(true);
        }
        let most = turn.place.policy.most_edits;
        if self.is_full(most, update.len()) && !self.document.holds(update) {
            self.lack.refused(client);
            turn.place.roster.conflict(turn.now, client, turn.out);
            let line = format!("edited a document that holds {} MB of edits, and takes no more", most >> 20);
            turn.complain(client, line);
            return Ok(false);
        }
        let applied = match self.document.apply(update) {
            Ok(applied) => applied,
            Err(error) => {
                self.lack.refused(client);
                if error.is_conflict() {
                    turn.place.roster.conflict(turn.now, client, turn.out);
                }
                return Err(Malformed("an update cannot be applied"));
            }
        };
        let whole = applied.awaits.is_empty();
        self.taken += if whole { applied.update.as_ref().map_or(0, |new| new.len()) } else { update.len() };
        self.lack.awaits(client, &applied.awaits);
        self.take_in(turn, Some(client), None, applied);
        self.settle_lack(turn);
        Ok(whole)
    }

    /// What was new in an update of a client, or of somebody (`by`) in another room, is logged and sent on.
    fn take_in(&mut self, turn: &mut Turn<'_>, client: Option<ClientId>, by: Option<&User>, applied: Applied) {
        let Some(new) = applied.update else { return };
        let seq = self.log(turn, new.clone());
        if !faulty!(NoBroadcast) {
            // What others had sent before, its author does not have yet.
            self.share(turn, client.filter(|_| !applied.more), &new);
        }
        let member = client.and_then(|client| turn.place.roster.member(client));
        if applied.content
            && let Some(author) = member.map(|member| &member.user).or(by)
        {
            self.past.wrote(author);
        }
        if applied.content || applied.dirtied {
            self.edited = seq;
            self.touch(turn);
        }
    }
}
