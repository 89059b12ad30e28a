//! Who is in a room: the connections, what they say about themselves, and when each was last sent something.
//!
//! Not here: documents. Every frame that a room sends goes through here.

use crate::awareness::{self, Awareness, Entry};
use crate::fault::faulty;
use crate::frame::{self, Malformed};
use crate::{Effect, Member, Now};
use bytes::Bytes;
use protocol::{ClientId, Notice, Role};
use std::collections::BTreeMap;
use std::time::Duration;

/// A client that is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Here {
    /// Its connection.
    pub client: ClientId,
    /// Who, with which role.
    pub member: Member,
    /// When it joined, Unix milliseconds.
    pub since: u64,
    /// Awareness ids (Y client ids) it speaks for.
    pub awareness: Vec<u64>,
}

struct Person {
    member: Member,
    since: u64,
    joined: Duration,
    /// When it was last sent something.
    sent: Duration,
    /// It takes part; before, it waits for the room to open.
    served: bool,
    /// A frame of it that was refused has been reported.
    reported: bool,
    /// It was told that an edit of it has no place here.
    conflicted: bool,
}

/// Somebody who left.
pub(crate) struct Left {
    pub(crate) member: Member,
    /// It had taken part.
    pub(crate) served: bool,
    /// How long it was here.
    pub(crate) stayed: Duration,
}

/// The connections of one room.
#[derive(Default)]
pub(crate) struct Roster {
    people: BTreeMap<ClientId, Person>,
    awareness: Awareness,
}

impl Roster {
    /// A connection came; `false` if it is here already.
    pub(crate) fn add(&mut self, now: Now, client: ClientId, member: Member) -> bool {
        if self.people.contains_key(&client) {
            return false;
        }
        let (joined, since) = (now.elapsed, now.unix_ms);
        let (sent, served, reported, conflicted) = (joined, false, false, false);
        self.people.insert(client, Person { member, since, joined, sent, served, reported, conflicted });
        true
    }

    /// From now on it takes part: it hears who is here.
    pub(crate) fn serve(&mut self, now: Now, client: ClientId, first: Bytes, out: &mut Vec<Effect>) {
        let Some(person) = self.people.get_mut(&client) else { return };
        person.served = true;
        self.send(now, client, first, out);
        let states = self.awareness.states(None);
        if !states.is_empty() && !faulty!(NoAwarenessReplay) {
            self.send_entries(now, client, &states, out);
        }
    }

    /// A connection ended. The others are told that those it spoke for are gone.
    pub(crate) fn remove(&mut self, now: Now, client: ClientId, out: &mut Vec<Effect>) -> Option<Left> {
        let person = self.people.remove(&client)?;
        let gone = self.awareness.leave(client);
        if !gone.is_empty() && !faulty!(LostAwarenessRemoval) {
            self.broadcast(now, None, frame::awareness(&awareness::encode(&gone)), out);
        }
        if self.people.is_empty() {
            self.awareness.clear();
        }
        let stayed = now.elapsed.saturating_sub(person.joined);
        Some(Left { member: person.member, served: person.served, stayed })
    }

    /// To one who is here.
    pub(crate) fn send(&mut self, now: Now, to: ClientId, frame: Bytes, out: &mut Vec<Effect>) {
        if let Some(person) = self.people.get_mut(&to) {
            person.sent = now.elapsed;
            out.push(Effect::Send { to, frame });
        }
    }

    fn send_entries(&mut self, now: Now, to: ClientId, entries: &[Entry], out: &mut Vec<Effect>) {
        self.send(now, to, frame::awareness(&awareness::encode(entries)), out);
    }

    /// To everybody but one; nothing if that is nobody.
    pub(crate) fn broadcast(&mut self, now: Now, except: Option<ClientId>, frame: Bytes, out: &mut Vec<Effect>) {
        let mut anybody = false;
        for (client, person) in &mut self.people {
            if person.served && Some(*client) != except {
                person.sent = now.elapsed;
                anybody = true;
            }
        }
        if anybody {
            out.push(Effect::Broadcast { except, frame });
        }
    }

    /// Somebody takes part besides this one.
    pub(crate) fn has_audience(&self, except: Option<ClientId>) -> bool {
        self.people.iter().any(|(client, person)| person.served && Some(*client) != except)
    }

    /// An awareness update of a client: what is new goes to all, the author included, because stock clients reconnect when
    /// they hear nothing for 30 s.
    pub(crate) fn awareness(
        &mut self,
        now: Now,
        from: ClientId,
        body: &[u8],
        out: &mut Vec<Effect>,
    ) -> Result<(), Malformed> {
        let people = &self.people;
        let name = |client| people.get(&client).map(|person| &person.member.user.username);
        let news = self.awareness.apply(from, awareness::decode(body)?, |owner| name(owner) == name(from));
        if !news.fresh.is_empty() {
            self.broadcast(now, None, frame::awareness(&awareness::encode(&news.fresh)), out);
        }
        if !news.correct.is_empty() {
            self.send_entries(now, from, &news.correct, out);
        }
        news.fault.map_or(Ok(()), Err)
    }

    /// All known states to one who asks.
    pub(crate) fn tell_all(&mut self, now: Now, to: ClientId, out: &mut Vec<Effect>) {
        let states = self.awareness.states(None);
        self.send_entries(now, to, &states, out);
    }

    /// A chat message to all others.
    pub(crate) fn chat(
        &mut self,
        now: Now,
        from: ClientId,
        content: &[u8],
        out: &mut Vec<Effect>,
    ) -> Result<(), Malformed> {
        let Some(person) = self.people.get(&from) else { return Ok(()) };
        let frame = frame::chat(&person.member.user.username, now.unix_ms, content);
        self.broadcast(now, Some(from), frame.ok_or(Malformed("a chat message is not JSON"))?, out);
        Ok(())
    }

    /// A frame to each who heard nothing for long.
    pub(crate) fn keep_alive(&mut self, now: Now, after: Duration, out: &mut Vec<Effect>) {
        let silent = |person: &Person| person.served && now.elapsed >= person.sent + after;
        let due: Vec<_> = self.people.iter().filter(|(_, person)| silent(person)).map(|(client, _)| *client).collect();
        for client in due {
            let own = self.awareness.states(Some(client));
            self.send_entries(now, client, &own, out);
        }
    }

    /// Tells a client that an edit of it has no place in the document; once, because it asks its user what to do.
    pub(crate) fn conflict(&mut self, now: Now, to: ClientId, out: &mut Vec<Effect>) {
        if self.people.get_mut(&to).is_some_and(|person| !std::mem::replace(&mut person.conflicted, true)) {
            self.send(now, to, frame::conflict(), out);
        }
    }

    /// Whether the document is to be saved by itself, as far as those who are here say.
    pub(crate) fn autosave(&self) -> bool {
        self.awareness.autosave()
    }

    /// When [`Roster::keep_alive`] is wanted.
    pub(crate) fn deadline(&self, after: Duration) -> Option<Duration> {
        self.people.values().filter(|person| person.served).map(|person| person.sent + after).min()
    }

    /// A client may do something else from now on, and is told; what it might before, unless that is the same.
    pub(crate) fn set_role(&mut self, now: Now, client: ClientId, role: Role, out: &mut Vec<Effect>) -> Option<Role> {
        let person = self.people.get_mut(&client)?;
        let before = std::mem::replace(&mut person.member.role, role);
        if before == role {
            return None;
        }
        self.send(now, client, frame::notice(&Notice::Role { role }), out);
        Some(before)
    }

    /// Who a client is.
    pub(crate) fn member(&self, client: ClientId) -> Option<&Member> {
        self.people.get(&client).map(|person| &person.member)
    }

    /// Whether a client's frame is the first of it to be reported.
    pub(crate) fn report(&mut self, client: ClientId) -> bool {
        self.people.get_mut(&client).is_some_and(|person| !std::mem::replace(&mut person.reported, true))
    }

    /// All connections.
    pub(crate) fn clients(&self) -> Vec<ClientId> {
        self.people.keys().copied().collect()
    }

    /// Everybody.
    pub(crate) fn here(&self) -> Vec<Here> {
        let here = |(client, person): (&ClientId, &Person)| Here {
            client: *client,
            member: person.member.clone(),
            since: person.since,
            awareness: self.awareness.owned(*client),
        };
        self.people.iter().map(here).collect()
    }

    /// Nobody is here.
    pub(crate) fn is_empty(&self) -> bool {
        self.people.is_empty()
    }
}
