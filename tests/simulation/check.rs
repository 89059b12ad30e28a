//! What must be true after every step, and what must be true when everything has come to rest.

use protocol::Role;
use rooms::Input;

use super::client::Client;
use super::edit::{Author, DISK};
use super::view::{self, View};
use super::world::World;
use yrs::{Any, Map, Out, Transact};

impl World {
    /// After a step: nothing is anywhere twice, nothing came back, a viewer's words stay with the viewer.
    pub(crate) fn inspect(&mut self) -> Result<(), String> {
        if std::mem::take(&mut self.room_changed)
            && let Some(host) = &self.host
            && let Some((room, true)) = host.view(self.model)?
        {
            self.sound("the room", DISK, &room)?;
        }
        if let Some(at) = self.client_changed.take() {
            let client = &self.clients[at];
            let view = client.view(self.model)?;
            self.sound(&format!("client {}", client.author), client.author, &view)?;
        }
        if std::mem::take(&mut self.file_changed)
            && self.disk_is_whole()
            && let Some(content) = self.disk.content()
        {
            self.sound("the file", DISK, &View::of_file(self.model, &content.bytes)?)?;
        }
        Ok(())
    }

    fn sound(&self, place: &str, reader: Author, view: &View) -> Result<(), String> {
        view.doubled(|id| self.ledger.is_twin(id)).map_err(|what| format!("{place}: {what}: {view:?}"))?;
        if let Some(c) = view.tokens().find(|c| self.ledger.is_dead(*c)) {
            return Err(format!("{place}: {c} was gone and has come back"));
        }
        match view.tokens().find(|c| self.ledger.is_void_for(reader, *c)) {
            Some(c) => Err(format!("{place}: {c} was typed by a viewer")),
            None => Ok(()),
        }
    }

    /// Lets everything come to rest, and checks that all agree on the right thing.
    pub(crate) fn rest(&mut self) -> Result<(), String> {
        self.finish_disk();
        self.put_back();
        let mut quiet = 0;
        for _ in 0..80 {
            self.gather()?;
            self.drain()?;
            if self.host.as_ref().is_some_and(|host| host.room.is_open()) {
                self.poll()?;
            }
            self.drain()?;
            quiet = if self.is_quiet()? { quiet + 1 } else { 0 };
            if quiet == 3 {
                break;
            }
            self.wait(1100)?;
            self.drain()?;
        }
        self.inspect()?;
        self.agree()?;
        if quiet < 3 {
            return Err("it does not come to rest".into());
        }
        if self.rng.chance(40) {
            self.visit()?;
        }
        let view = self.room_view()?.ok_or("the room is not open at rest")?;
        self.ledger.settle(&view, &self.file_view()?);
        self.forget();
        Ok(())
    }

    fn gather(&mut self) -> Result<(), String> {
        for at in 0..self.clients.len() {
            if self.clients[at].connection.is_none() && !self.host.as_ref().is_some_and(|host| host.closing) {
                self.join(at)?;
            }
        }
        Ok(())
    }

    fn is_quiet(&self) -> Result<bool, String> {
        let Some(host) = &self.host else { return Ok(false) };
        let connected = self.clients.iter().all(|client| client.connection.is_some());
        let (file, room) = (self.file_view()?, self.room_view()?);
        Ok(connected && host.room.is_open() && !host.room.is_dirty() && room.is_some_and(|room| file.says(&room)))
    }

    fn file_view(&self) -> Result<View, String> {
        let content = self.disk.content().ok_or("the file is gone at rest")?;
        View::of_file(self.model, &content.bytes)
    }

    /// Everything that is under way arrives.
    fn drain(&mut self) -> Result<(), String> {
        for _ in 0..2000 {
            let Some(host) = &mut self.host else { return Ok(()) };
            if host.open_wanted {
                self.open()?;
            } else if let Some(answer) = host.answers.pop_front() {
                self.tell(answer)?;
            } else if !host.jobs.is_empty() {
                self.run_job()?;
            } else if let Some(write) = &host.write {
                if write.outcome.is_none() { self.write(false)? } else { self.wrote()? }
            } else if host.read_wanted || host.seen.is_some() {
                self.poll()?;
            } else if !self.store.pending.is_empty() {
                self.commit()?;
            } else if let Some(at) = self.waiting(|client| client.connection.as_ref().is_some_and(|c| !c.up.is_empty()))
            {
                self.up(at)?;
            } else if let Some(at) = self.waiting(|c| c.connection.as_ref().is_some_and(|c| !c.down.is_empty())) {
                self.down(at)?;
            } else {
                return Ok(());
            }
            self.inspect()?;
        }
        Err("it goes round in circles".into())
    }

    fn waiting(&self, is_waiting: impl Fn(&Client) -> bool) -> Option<usize> {
        self.clients.iter().position(is_waiting)
    }

    /// Room, file and clients have the same, and it is what was written and not deleted.
    fn agree(&self) -> Result<(), String> {
        let room = self.room_view()?.ok_or("the room is not open at rest")?;
        self.ledger.check(&room)?;
        same("the file", &self.file_view()?, &room)?;
        for client in &self.clients {
            let view = (*client.view(self.model)?).clone().without(|c| self.ledger.is_void(c));
            same(&format!("client {}", client.author), &view, &room)?;
        }
        self.presence()?;
        self.words()
    }

    /// Each client knows exactly those who are here; and so does the room.
    fn presence(&self) -> Result<(), String> {
        let mut here: Vec<u64> = self.clients.iter().map(Client::id).collect();
        here.sort_unstable();
        for client in &self.clients {
            if client.sees() != here {
                let (id, seen) = (client.id(), client.sees());
                return Err(format!("client {id} believes that {seen:?} are here, and it is {here:?}"));
            }
        }
        let people = self.host.as_ref().map(|host| host.room.people()).unwrap_or_default();
        let mut roster: Vec<u64> = people.iter().flat_map(|person| person.awareness.iter().copied()).collect();
        roster.sort_unstable();
        if roster != here {
            return Err(format!("the room believes that {roster:?} are here, and it is {here:?}"));
        }
        Ok(())
    }

    /// The room's own words about the document are true.
    fn words(&self) -> Result<(), String> {
        let doc = view::document(1);
        let state = self.host.as_ref().and_then(|host| host.room.state()).ok_or("the room is not open")?;
        view::apply(&doc, &state)?;
        let words = doc.get_or_insert_map("state");
        if words.get(&doc.transact(), "dirty") == Some(Out::Any(Any::from(true))) {
            return Err("the document says that it is not saved, and it is".into());
        }
        let digest = self.disk.digest().map(|digest| Out::Any(Any::from(digest.to_hex())));
        match words.get(&doc.transact(), "hash") {
            hash if hash == digest || hash.is_none() => Ok(()),
            hash => Err(format!("the document's hash is {hash:?}, the file's {digest:?}")),
        }
    }

    /// Somebody looks in: knows at once who is here, leaves, and nothing has changed.
    fn visit(&mut self) -> Result<(), String> {
        let (before, writes) = (self.disk.content().cloned(), self.disk.writes);
        let role = if self.rng.chance(50) { Role::Edit } else { Role::View };
        let visitor = self.newcomer(role);
        self.clients.push(visitor);
        self.gather()?;
        self.drain()?;
        self.agree()?;
        self.part(self.clients.len() - 1)?;
        self.clients.pop();
        for _ in 0..6 {
            self.wait(1000)?;
            self.drain()?;
        }
        self.tell(Input::Tick)?;
        self.poll()?;
        self.drain()?;
        self.agree()?;
        if before.as_ref() != self.disk.content() || writes != self.disk.writes {
            return Err("a visit without an edit changed the file".into());
        }
        Ok(())
    }
}

fn same(place: &str, view: &View, room: &View) -> Result<(), String> {
    if view.says(room) { Ok(()) } else { Err(format!("{place} and the room differ:\n  {view:?}\n  {room:?}")) }
}
