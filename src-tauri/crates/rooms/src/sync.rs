//! What clients of an open document send: updates, questions, awareness, chat, wishes.

use crate::Effect;
use crate::fault::faulty;
use crate::frame::{self, Malformed, Message, SaveAnswer};
use crate::live::{Asker, Live};
use crate::place::Turn;
use protocol::{ClientId, User};

/// An update that says nothing.
const NOTHING: [u8; 2] = [0, 0];

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
            if let Message::Step2(update) | Message::Update(update) = message {
                let _unreadable = self.edit(turn, client, update);
            }
        }
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
            Message::Step2(update) | Message::Update(update) if may_edit => {
                self.edit(turn, client, update)?;
                if matches!(message, Message::Step2(_)) {
                    // A client from before a crash may bring the room's own words of then.
                    self.restate(turn);
                }
            }
            // A client answers the room's question before it knows that it may only view.
            Message::Step2(_) => {}
            Message::Update(update) => {
                if update != NOTHING {
                    turn.complain(client, "tried to edit, may only view".to_owned());
                }
            }
            Message::Awareness(body) => turn.place.roster.awareness(turn.now, client, body, turn.out)?,
            Message::Query => turn.place.roster.tell_all(turn.now, client, turn.out),
            Message::Chat(content) => turn.place.roster.chat(turn.now, client, content, turn.out)?,
            Message::Save(id) if may_edit => self.askers.push((Asker::Client(client, id), self.edited)),
            Message::Save(id) => {
                let answer = SaveAnswer::Failed("You may view this document, not save it.".to_owned());
                turn.send(client, frame::saved(id, &answer));
            }
            Message::Stored(id) if self.stored >= self.seq => turn.send(client, frame::stored(id)),
            // All that is in the log so far: what this client sent may have come by way of another.
            Message::Stored(id) => self.confirms.push((self.seq, client, id)),
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
        let taken = self.take_in(turn, None, by, update);
        // A copy has words of the room's own too, of the time when it was made.
        self.restate(turn);
        let Some(request) = request else { return };
        match taken {
            Ok(()) => self.answer_when_stored(turn, request),
            Err(Malformed(why)) => turn.want(Effect::Restored { request, outcome: Err(format!("There, {why}.")) }),
        }
    }

    /// A client's update.
    fn edit(&mut self, turn: &mut Turn<'_>, client: ClientId, update: &[u8]) -> Result<(), Malformed> {
        self.take_in(turn, Some(client), None, update)
    }

    /// An update of a client, or of somebody (`by`) in another room: only what was new is logged and sent on.
    fn take_in(
        &mut self,
        turn: &mut Turn<'_>,
        client: Option<ClientId>,
        by: Option<&User>,
        update: &[u8],
    ) -> Result<(), Malformed> {
        if update == NOTHING {
            return Ok(());
        }
        let applied = match self.document.apply(update) {
            Ok(applied) => applied,
            Err(error) => {
                if let Some(client) = client.filter(|_| error.is_conflict()) {
                    turn.place.roster.conflict(turn.now, client, turn.out);
                }
                return Err(Malformed("an update cannot be applied"));
            }
        };
        let Some(new) = applied.update else { return Ok(()) };
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
        Ok(())
    }
}
