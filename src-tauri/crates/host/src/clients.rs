//! Who is connected, over all folders: one entry for every socket, and the rows that the panel makes of them.

use crate::connection::Device;
use crate::{Closing, Grant, RoomCount};
use protocol::panel::Presence;
use protocol::{ClientId, Role};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Remote addresses that are remembered of a folder. One device may have very many (IPv6).
const DEVICES: usize = 1024;

/// One socket in one room.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    /// Who, where, as what.
    pub(crate) grant: Grant,
    /// From which device.
    pub(crate) device: Device,
    /// Name of the room.
    pub(crate) room: String,
    /// API path of the document, `None` in a transient room.
    pub(crate) path: Option<String>,
    /// Unix milliseconds.
    pub(crate) since: u64,
    /// How to reach it from outside its room.
    pub(crate) line: Line,
}

/// What a client is told from outside its room.
#[derive(Clone, Debug)]
pub(crate) enum Push {
    /// Its socket closes.
    Close(Closing),
    /// It may do this from now on.
    Role(Role),
}

/// The way to one client, whatever room it is in.
#[derive(Clone)]
pub(crate) struct Line(pub(crate) std::sync::Arc<dyn Fn(ClientId, Push) + Send + Sync>);

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Line")
    }
}

/// All connected clients.
#[derive(Default)]
pub(crate) struct Clients {
    next: AtomicU64,
    /// Bytes that wait in the outboxes of all.
    pub(crate) waiting: Arc<AtomicUsize>,
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    clients: BTreeMap<ClientId, Client>,
    /// Those whose connection may have died while the computer slept.
    doubted: HashSet<ClientId>,
    /// Remote addresses seen, per folder, since it was shared.
    devices: HashMap<String, HashSet<String>>,
}

impl Clients {
    /// An id that no client of this run had.
    pub(crate) fn next_id(&self) -> ClientId {
        ClientId(self.next.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inside> {
        // A panic while holding the lock leaves plain maps behind, which stay usable.
        self.inside.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// A client came.
    pub(crate) fn insert(&self, id: ClientId, client: Client) {
        self.lock().clients.insert(id, client);
    }

    /// A client left; whether it was here.
    pub(crate) fn remove(&self, id: ClientId) -> bool {
        let inside = &mut self.lock();
        inside.doubted.remove(&id);
        inside.clients.remove(&id).is_some()
    }

    /// The computer slept: every connection may be dead. Answers the people who were here, by folder and username, without the
    /// person at the host.
    pub(crate) fn doubt(&self) -> HashSet<(String, String)> {
        let inside = &mut self.lock();
        inside.doubted = inside.clients.keys().copied().collect();
        let guests = inside.clients.values().filter(|client| !client.grant.owner);
        guests.map(|client| (client.grant.slug.clone(), client.grant.user.username.clone())).collect()
    }

    /// A client proved that it is there; whether that was in doubt.
    pub(crate) fn heard(&self, id: ClientId) -> bool {
        self.lock().doubted.remove(&id)
    }

    /// How many of these people are here for certain.
    pub(crate) fn back(&self, people: &HashSet<(String, String)>) -> usize {
        let inside = self.lock();
        let certain = inside.clients.iter().filter(|(id, _)| !inside.doubted.contains(id));
        let here: HashSet<_> = certain.map(|(_, it)| (it.grant.slug.clone(), it.grant.user.username.clone())).collect();
        people.intersection(&here).count()
    }

    /// A document has another path.
    pub(crate) fn moved(&self, slug: &str, from: &str, to: &str) {
        for client in self.lock().clients.values_mut() {
            if client.grant.slug == slug && client.path.as_deref() == Some(from) {
                client.path = Some(to.to_owned());
            }
        }
    }

    /// Notes that a remote address opened the folder; whether it is the first time.
    pub(crate) fn reached(&self, slug: &str, address: &str) -> bool {
        let inside = &mut self.lock();
        let seen = inside.devices.entry(slug.to_owned()).or_default();
        seen.len() < DEVICES && !seen.contains(address) && seen.insert(address.to_owned())
    }

    /// Forgets the remote addresses: the folder is shared anew.
    pub(crate) fn forget_devices(&self, slug: &str) {
        self.lock().devices.remove(slug);
    }

    /// How many remote addresses opened the folder.
    pub(crate) fn devices(&self, slug: &str) -> u32 {
        self.lock().devices.get(slug).map_or(0, |set| set.len() as u32)
    }

    /// Closes every client that matches; they count as gone from now on. Answers how many people that were.
    pub(crate) fn close(&self, closing: &Closing, matches: impl Fn(&Client) -> bool) -> usize {
        let chosen: Vec<(ClientId, Client)> = {
            let clients = &mut self.lock().clients;
            let ids: Vec<_> = clients.iter().filter(|(_, client)| matches(client)).map(|(id, _)| *id).collect();
            ids.into_iter().filter_map(|id| clients.remove_entry(&id)).collect()
        };
        let mut people = HashSet::new();
        for (id, client) in chosen {
            (client.line.0)(id, Push::Close(closing.clone()));
            people.insert(client.grant.user.username);
        }
        people.len()
    }

    /// A person's clients may do something else from now on, in rooms and in the list of people.
    pub(crate) fn set_role(&self, slug: &str, username: &str, role: Role) {
        let mut lines = Vec::new();
        for (id, client) in &mut self.lock().clients {
            if client.grant.slug == slug && client.grant.user.username == username {
                client.grant.role = role;
                lines.push((*id, client.line.clone()));
            }
        }
        for (id, line) in lines {
            (line.0)(id, Push::Role(role));
        }
    }

    /// What a client that is coming in may do by now.
    pub(crate) fn set_role_of(&self, id: ClientId, role: Role) {
        if let Some(client) = self.lock().clients.get_mut(&id) {
            client.grant.role = role;
        }
    }

    /// Usernames of those who are in the folder.
    pub(crate) fn usernames(&self, slug: &str) -> HashSet<String> {
        let inside = self.lock();
        let here = inside.clients.values().filter(|client| client.grant.slug == slug);
        here.map(|client| client.grant.user.username.clone()).collect()
    }

    /// From where a person speaks, if it is another device than this.
    pub(crate) fn address(&self, slug: &str, username: &str) -> Option<String> {
        let inside = self.lock();
        let mut theirs =
            inside.clients.values().filter(|it| it.grant.slug == slug && it.grant.user.username == username);
        theirs.find(|client| client.device.is_remote()).map(|client| client.device.address.clone())
    }

    /// The folder's people, first come first; several sockets of one person are one row.
    pub(crate) fn people(&self, slug: &str) -> Vec<Presence> {
        let inside = self.lock();
        let mut rows: Vec<Presence> = Vec::new();
        for client in inside.clients.values().filter(|client| client.grant.slug == slug) {
            let user = &client.grant.user;
            let index = match rows.iter().position(|row| row.username == user.username) {
                Some(index) => index,
                None => {
                    rows.push(Presence {
                        username: user.username.clone(),
                        name: user.display_name.clone(),
                        color: user.color.clone(),
                        role: client.grant.role,
                        owner: client.grant.owner,
                        documents: Vec::new(),
                        device: client.device.to_string(),
                        since: client.since,
                        connections: 0,
                        by: None,
                    });
                    rows.len() - 1
                }
            };
            let row = &mut rows[index];
            row.connections += 1;
            if let Some(path) = &client.path
                && !row.documents.contains(path)
            {
                row.documents.push(path.clone());
            }
        }
        rows
    }

    /// How many clients there are, in all folders.
    pub(crate) fn count(&self) -> usize {
        self.lock().clients.len()
    }

    /// The folder's rooms that somebody is in, by name.
    pub(crate) fn rooms(&self, slug: &str) -> Vec<RoomCount> {
        let mut rooms: BTreeMap<String, RoomCount> = BTreeMap::new();
        for client in self.lock().clients.values().filter(|client| client.grant.slug == slug) {
            let Client { room, path, .. } = client;
            let new = || RoomCount { room: room.clone(), path: path.clone(), clients: 0 };
            rooms.entry(room.clone()).or_insert_with(new).clients += 1;
        }
        rooms.into_values().collect()
    }

    /// Who has which document of a folder open: path and person, each pair once.
    pub(crate) fn open_documents(&self, slug: &str) -> HashMap<String, Vec<protocol::event::Person>> {
        let mut open: HashMap<String, Vec<protocol::event::Person>> = HashMap::new();
        for client in self.lock().clients.values().filter(|client| client.grant.slug == slug) {
            if let Some(path) = &client.path {
                let people = open.entry(path.clone()).or_default();
                if !people.iter().any(|person| person.username == client.grant.user.username) {
                    people.push((&client.grant.user).into());
                }
            }
        }
        open
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::User;

    fn client(slug: &str, username: &str, path: Option<&str>) -> Client {
        Client {
            grant: Grant {
                slug: slug.into(),
                user: User::new(username, username, None),
                role: Role::Edit,
                owner: false,
            },
            device: Device::default(),
            room: path.unwrap_or("presence").to_owned(),
            path: path.map(str::to_owned),
            since: 1,
            line: Line(std::sync::Arc::new(|_, _| {})),
        }
    }

    #[test]
    fn event_people_are_rows_and_tabs_are_counted() {
        let clients = Clients::default();
        for entry in [client("a", "ana", Some("x.ipynb")), client("a", "ana", Some("y.md")), client("b", "ben", None)] {
            clients.insert(clients.next_id(), entry);
        }
        let people = clients.people("a");
        assert_eq!(people.len(), 1);
        assert_eq!(people[0].connections, 2);
        assert_eq!(people[0].documents, ["x.ipynb", "y.md"]);
        assert_eq!(clients.open_documents("a")["x.ipynb"].len(), 1);
        clients.moved("a", "x.ipynb", "z.ipynb");
        assert!(clients.open_documents("a").contains_key("z.ipynb"));
    }
}
