//! A room without a file.
//!
//! Not here, but beside it: what makes one a fork (`fork`).

use crate::events::Teller;
use crate::fork::Fork;
use crate::frame::{self, Malformed, Message, SaveAnswer};
use crate::roster::Roster;
use crate::{Effect, Here, Input, Member, Now, Policy};
use protocol::{ClientId, CloseCode, Event, Model, close::fit_reason};
use std::time::Duration;
use ydoc::{Applied, Document, State};

/// Joined by every JupyterLab tab; who comes and goes there is no news.
const GLOBAL_AWARENESS: &str = "JupyterLab:globalAwareness";
/// Bytes of edits that such a room takes: they are in nothing but memory.
const MOST_BYTES: usize = 16 << 20;

/// A room without a file: awareness, chat, and a document that is never stored: an empty one, or a copy (a fork).
pub struct TransientRoom {
    pub(crate) name: String,
    policy: Policy,
    pub(crate) roster: Roster,
    pub(crate) document: Document,
    /// Bytes of edits that it may still take.
    left: usize,
    pub(crate) fork: Option<Fork>,
    empty_since: Option<Duration>,
    done: bool,
}

impl TransientRoom {
    /// An empty room. Its first input must be a join.
    pub fn new(name: String, policy: Policy) -> Self {
        // The room itself writes nothing, so its author never shows.
        Self::around(name, policy, Document::new(Model::Text, 1), None)
    }

    pub(crate) fn around(name: String, policy: Policy, document: Document, fork: Option<Fork>) -> Self {
        let (roster, left) = (Roster::default(), MOST_BYTES);
        Self { name, policy, roster, document, left, fork, empty_since: None, done: false }
    }

    /// Tells the room what happened; it appends what it wants done.
    pub fn handle(&mut self, now: Now, input: Input, effects: &mut Vec<Effect>) {
        match input {
            Input::Join { client, .. } if self.done => {
                let reason = "This room has just closed; connecting again opens it.".to_owned();
                effects.push(Effect::Disconnect { client, code: CloseCode::FellBehind, reason });
            }
            Input::Join { client, member } => self.join(now, client, member, effects),
            Input::Leave { client } => self.leave(now, client, effects),
            Input::Role { client, role } => {
                let before = self.roster.set_role(now, client, role, effects);
                if before.is_some_and(|before| role.may_edit() && !before.may_edit()) {
                    self.roster.send(now, client, frame::step1(&self.document.state_vector()), effects);
                }
            }
            Input::Frame { client, bytes } => {
                for message in frame::messages(&bytes) {
                    if let Err(why) = message.and_then(|message| self.message(now, client, message, effects)) {
                        self.refused(client, &why, effects);
                    }
                }
            }
            Input::Close { reason } => {
                for client in self.roster.clients() {
                    let (code, reason) = (CloseCode::Quitting, fit_reason(&reason));
                    effects.push(Effect::Disconnect { client, code, reason });
                    self.leave(now, client, effects);
                }
                self.end(effects);
            }
            Input::Tick => self.roster.keep_alive(now, self.policy.keep_alive, effects),
            other => self.forked(now, other, effects),
        }
        if self.roster.is_empty() {
            self.empty_since.get_or_insert(now.elapsed);
        }
        if self.cleanup_at().is_some_and(|at| at <= now.elapsed) {
            self.end(effects);
        }
    }

    fn end(&mut self, effects: &mut Vec<Effect>) {
        if !std::mem::replace(&mut self.done, true) {
            effects.push(Effect::Done);
        }
    }

    fn cleanup_at(&self) -> Option<Duration> {
        let delay = self.fork.as_ref().map_or(self.policy.cleanup_delay, Fork::patience);
        Some(self.empty_since.filter(|_| !self.done)? + delay?)
    }

    fn tell(&self, event: impl FnOnce(&Teller<'_>) -> Event, effects: &mut Vec<Effect>) {
        if self.name != GLOBAL_AWARENESS {
            effects.push(Effect::Emit(event(&Teller { room: &self.name, path: None })));
        }
    }

    fn join(&mut self, now: Now, client: ClientId, member: Member, effects: &mut Vec<Effect>) {
        self.empty_since = None;
        if self.roster.add(now, client, member.clone()) {
            self.roster.serve(now, client, frame::step1(&self.document.state_vector()), effects);
            self.tell(|teller| teller.joined(&member), effects);
        }
    }

    fn leave(&mut self, now: Now, client: ClientId, effects: &mut Vec<Effect>) {
        if let Some(left) = self.roster.remove(now, client, effects) {
            self.tell(|teller| teller.left(&left), effects);
        }
    }

    /// A client's update. Who fills the room is let go, and everybody else stays.
    fn edit(&mut self, now: Now, client: ClientId, update: &[u8], effects: &mut Vec<Effect>) -> Result<(), Malformed> {
        if update.len() > self.left {
            let reason = fit_reason("This room holds too much already; what is edited here is in no file.");
            effects.push(Effect::Disconnect { client, code: CloseCode::TooBig, reason });
            self.leave(now, client, effects);
            return Ok(());
        }
        let applied = self.document.apply(update).map_err(|_| Malformed("an update cannot be applied"))?;
        self.take_in(now, Some(client), applied, effects);
        Ok(())
    }

    /// What was new in an update of a client or, without one, of another room is sent on.
    pub(crate) fn take_in(&mut self, now: Now, client: Option<ClientId>, applied: Applied, effects: &mut Vec<Effect>) {
        if let Some(new) = applied.update {
            self.left = self.left.saturating_sub(if client.is_some() { new.len() } else { 0 });
            if let Some(fork) = &mut self.fork {
                fork.edits += 1;
            }
            let except = client.filter(|_| !applied.more);
            self.roster.broadcast(now, except, frame::update(&new), effects);
        }
    }

    fn refused(&mut self, client: ClientId, why: &Malformed, effects: &mut Vec<Effect>) {
        if self.roster.report(client)
            && let Some(member) = self.roster.member(client).cloned()
        {
            let line = format!("sent something that cannot be read: {}", why.0);
            self.tell(|teller| teller.refused(&member, line), effects);
        }
    }

    fn message(
        &mut self,
        now: Now,
        client: ClientId,
        message: Message<'_>,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Malformed> {
        let Some(member) = self.roster.member(client) else { return Ok(()) };
        match message {
            Message::Step1(state_vector) => {
                let update =
                    self.document.diff(state_vector).map_err(|_| Malformed("a state vector cannot be read"))?;
                self.roster.send(now, client, frame::step2(&update), effects);
            }
            Message::Step2(update) | Message::Update(update) if member.role.may_edit() => {
                self.edit(now, client, update, effects)?;
            }
            Message::Awareness(body) => self.roster.awareness(now, client, body, effects)?,
            Message::Query => self.roster.tell_all(now, client, effects),
            Message::Chat(content) => self.roster.chat(now, client, content, effects)?,
            Message::Save(id) => {
                let answer = SaveAnswer::Failed("This room has no file of its own.".to_owned());
                self.roster.send(now, client, frame::saved(id, &answer), effects);
            }
            Message::Step2(_) | Message::Update(_) | Message::Stored(_) | Message::Other => {}
        }
        Ok(())
    }

    /// [`Input::Tick`] is wanted no later than at this `Now::elapsed`.
    pub fn deadline(&self) -> Option<Duration> {
        self.roster.deadline(self.policy.keep_alive).into_iter().chain(self.cleanup_at()).min()
    }

    /// Connected clients.
    pub fn clients(&self) -> Vec<ClientId> {
        self.roster.clients()
    }

    /// Who is here.
    pub fn people(&self) -> Vec<Here> {
        self.roster.here()
    }

    /// The whole document as one update.
    pub fn state(&self) -> State {
        self.document.state()
    }

    /// Nobody is here.
    pub fn is_empty(&self) -> bool {
        self.roster.is_empty()
    }
}
