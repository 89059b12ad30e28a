//! One life: a text and a notebook, people who type, in the notebook's text too, another program that writes, and a host that is
//! killed.

use crate::ledger::{Findings, Ledger};
use crate::other;
use crate::place::{Place, join, open};
use crate::rng::Rng;
use crate::typing::{self, Kind};
use std::time::Duration;
use tests::{Program, TestClient, frame, until};

/// What happened.
#[derive(Default, Debug)]
pub(crate) struct Counts {
    pub(crate) rounds: usize,
    pub(crate) kills: usize,
    pub(crate) edits: usize,
    /// Of these in the text of a notebook.
    pub(crate) in_views: usize,
    pub(crate) disk_edits: usize,
    pub(crate) losses: usize,
    pub(crate) doublings: usize,
    pub(crate) returns: usize,
}

struct Document {
    kind: Kind,
    name: &'static str,
    /// What is open of it.
    rooms: Vec<Room>,
    clients: Vec<Client>,
    ledger: Ledger,
}

struct Room {
    kind: Kind,
    room: String,
    session: String,
}

struct Client {
    /// Number of its room.
    at: usize,
    client: TestClient,
}

impl Room {
    async fn open(authority: &str, name: &str, room: &str, kind: Kind) -> Self {
        let (room, session) = open(authority, name, room).await;
        Self { kind, room, session }
    }

    async fn join(&self, authority: &str, client: TestClient) -> TestClient {
        client.connected(join(authority, &self.room, &self.session)).await
    }
}

/// See the module.
pub(crate) struct World {
    place: Place,
    program: Option<Program>,
    authority: String,
    documents: Vec<Document>,
    rng: Rng,
    /// The last steps, for whoever looks for the reason of a finding.
    trace: Vec<String>,
}

/// How long everything may take to come to rest.
const PATIENCE: Duration = Duration::from_secs(25);

const OPTIONS: [&str; 6] = ["--save-delay", "0.05", "--cleanup-delay", "0.5", "--poll-interval", "0.2"];

impl World {
    pub(crate) async fn new(seed: u64) -> Self {
        let place = Place::new();
        place.write("log.md", "# Log\n");
        place.write("n.ipynb", &tests::notebook(&[("markdown", "# Tides"), ("code", "1 + 1")]));
        let program = place.serve(&OPTIONS).await;
        let authority = program.authority();
        let mut documents = Vec::new();
        let text = Room::open(&authority, "log.md", "text:file", Kind::Text).await;
        let notebook = Room::open(&authority, "n.ipynb", "json:notebook", Kind::Notebook).await;
        let json = Room::open(&authority, "n.ipynb", "text:file", Kind::Json).await;
        for (kind, name, rooms) in
            [(Kind::Text, "log.md", vec![text]), (Kind::Notebook, "n.ipynb", vec![notebook, json])]
        {
            let mut clients = Vec::new();
            for number in 0..2 + rooms.len() {
                let at = number % rooms.len();
                let client = rooms[at].join(&authority, TestClient::new()).await.synced().await;
                clients.push(Client { at, client });
            }
            documents.push(Document { kind, name, rooms, clients, ledger: Ledger::default() });
        }
        Self { place, program: Some(program), authority, documents, rng: Rng::new(seed), trace: Vec::new() }
    }

    /// One round: typing, kills and edits on disk, then rest. What was found, in words.
    pub(crate) async fn round(&mut self, counts: &mut Counts) -> Vec<String> {
        self.trace.clear();
        for _ in 0..20 + self.rng.below(30) {
            match self.rng.below(100) {
                0..70 => self.type_one(counts),
                70..84 => self.edit_on_disk(counts),
                84..88 => self.visit(counts).await,
                88..91 => self.kill(counts).await,
                // The pace of people: anywhere between before and after a save.
                _ => tokio::time::sleep(Duration::from_millis(self.rng.below(150) as u64)).await,
            }
        }
        if self.rng.chance(70) {
            self.kill(counts).await;
        }
        counts.rounds += 1;
        self.rest(counts).await
    }

    fn type_one(&mut self, counts: &mut Counts) {
        let document = &mut self.documents[self.rng.below(2)];
        let number = self.rng.below(document.clients.len());
        let Client { at, client } = &document.clients[number];
        let kind = document.rooms[*at].kind;
        let who = format!("client {number}");
        let (rng, ledger) = (&mut self.rng, &mut document.ledger);
        client.edit(|doc| typing::edit(kind, doc, rng, ledger, &who));
        let now = client.see(|seen| typing::content(kind, &seen.doc)).join("|");
        let said = if kind == Kind::Json { other::show(document.kind, &now) } else { other::numbers(&now) };
        self.trace.push(format!("{who} edits {}: {said}", document.name));
        counts.edits += 1;
        counts.in_views += usize::from(kind == Kind::Json);
    }

    fn edit_on_disk(&mut self, counts: &mut Counts) {
        let document = &mut self.documents[self.rng.below(2)];
        let path = self.place.file(document.name);
        let in_place = self.rng.chance(40);
        let edit = if in_place { other::rewrite } else { other::replace };
        let did = edit(document.kind, &path, &mut self.rng, &mut document.ledger);
        self.trace.push(format!(
            "disk edits {} {}: {did}",
            document.name,
            if in_place { "in place" } else { "over a file" }
        ));
        counts.disk_edits += 1;
    }

    /// Somebody types, hears that it is stored, and is gone for good with the only other copy; then perhaps a kill.
    async fn visit(&mut self, counts: &mut Counts) {
        let document = &mut self.documents[self.rng.below(2)];
        let room = &document.rooms[self.rng.below(document.rooms.len())];
        let visitor = room.join(&self.authority, TestClient::new()).await.synced().await;
        let (rng, ledger) = (&mut self.rng, &mut document.ledger);
        visitor.edit(|doc| typing::edit(room.kind, doc, rng, ledger, "visitor"));
        visitor.send(frame::stored(1));
        visitor.until("it is stored", |seen| seen.raw.iter().any(|raw| raw["type"] == "stored")).await;
        drop(visitor);
        self.trace.push(format!("a visitor edits {}", document.name));
        counts.edits += 1;
        counts.in_views += usize::from(room.kind == Kind::Json);
        if self.rng.chance(40) {
            self.kill(counts).await;
        }
    }

    /// SIGKILL, typing and edits on disk while the host is away, and the next host.
    async fn kill(&mut self, counts: &mut Counts) {
        tokio::time::sleep(Duration::from_millis(self.rng.below(90) as u64)).await;
        self.trace.push("kill".to_owned());
        self.program.take().unwrap().kill().await;
        counts.kills += 1;
        for document in &mut self.documents {
            document.ledger.killed();
            for Client { client, .. } in &mut document.clients {
                client.closed().await;
                client.disconnect();
            }
        }
        for _ in 0..self.rng.below(4) {
            if self.rng.chance(60) { self.type_one(counts) } else { self.edit_on_disk(counts) }
        }
        let program = self.place.serve(&OPTIONS).await;
        self.authority = program.authority();
        self.program = Some(program);
        self.trace.push("next".to_owned());
        for which in 0..self.documents.len() {
            for _ in 0..self.documents[which].clients.len() {
                let document = &mut self.documents[which];
                let Client { at, client } = document.clients.remove(0);
                let client = document.rooms[at].join(&self.authority, client).await;
                document.clients.push(Client { at, client });
                if self.rng.chance(20) {
                    self.edit_on_disk(counts);
                }
            }
        }
    }

    /// Waits until everybody and the file say the same, and looks what that is.
    async fn rest(&mut self, counts: &mut Counts) -> Vec<String> {
        let mut words = Vec::new();
        for Document { kind, name, rooms, clients, ledger } in &mut self.documents {
            let path = self.place.file(name);
            let file = |kind| other::content(kind, &std::fs::read_to_string(&path).unwrap());
            for Client { client, .. } in clients.iter() {
                client.handled().await;
            }
            let mut fresh = Vec::new();
            for (at, room) in rooms.iter().enumerate() {
                fresh.push(Client { at, client: room.join(&self.authority, TestClient::new()).await });
            }
            let all = || clients.iter().chain(&fresh);
            let agreed = |Client { at, client }: &Client| {
                Some(client.see(|seen| typing::content(rooms[*at].kind, &seen.doc))) == file(rooms[*at].kind)
            };
            let agreed = || file(*kind).is_some() && all().all(agreed);
            // What was typed in a line of the text that another replaced meanwhile may stand between the lines: somebody sees it.
            let mended = std::sync::Mutex::new(String::new());
            let mending = clients.iter().find(|client| rooms[client.at].kind == Kind::Json);
            let resting = until("clients, room and file agree", async || {
                if let Some(Client { client, .. }) = mending {
                    client.edit(|doc| mended.lock().unwrap().push_str(&typing::mend(doc)));
                }
                agreed() && {
                    for Client { client, .. } in all() {
                        client.handled().await;
                    }
                    agreed()
                }
            });
            if tokio::time::timeout(PATIENCE, resting).await.is_err() {
                let says =
                    |Client { at, client }: &Client| client.see(|seen| typing::content(rooms[*at].kind, &seen.doc));
                let says: Vec<String> = all().map(|client| says(client).join("|")).collect();
                let file = std::fs::read_to_string(&path).unwrap();
                words.push(format!("{name} does not come to rest; the file:\n{file}\n{}", says.join("\n")));
                break;
            }
            ledger.deleted("who mends", &mended.into_inner().unwrap(), false);
            let text = file(*kind).unwrap_or_default().join("\n");
            let found = ledger.settle(&text);
            if !found.is_empty() {
                words.push(format!("{name}: {found:#?}\nit says {}", other::numbers(&text)));
            }
            let Findings { losses, doublings, returns } = found;
            counts.losses += losses.len();
            counts.doublings += doublings.len();
            counts.returns += returns.len();
        }
        if !words.is_empty() {
            words.push(format!("the round:\n{}", self.trace.join("\n")));
        }
        words
    }
}
