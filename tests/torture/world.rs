//! One life: a text and a notebook, people who type, another program that writes, and a host that is killed.

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
    pub(crate) disk_edits: usize,
    pub(crate) losses: usize,
    pub(crate) doublings: usize,
    pub(crate) returns: usize,
}

struct Document {
    kind: Kind,
    name: &'static str,
    room: String,
    session: String,
    clients: Vec<TestClient>,
    ledger: Ledger,
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

const OPTIONS: [&str; 6] = ["--save-delay", "0.05", "--cleanup-delay", "0.5", "--poll-interval", "0.2"];

impl World {
    pub(crate) async fn new(seed: u64) -> Self {
        let place = Place::new();
        place.write("log.md", "# Log\n");
        place.write("n.ipynb", &tests::notebook(&[("markdown", "# Tides"), ("code", "1 + 1")]));
        let program = place.serve(&OPTIONS).await;
        let authority = program.authority();
        let mut documents = Vec::new();
        for (kind, name, room) in [(Kind::Text, "log.md", "text:file"), (Kind::Notebook, "n.ipynb", "json:notebook")] {
            let (room, session) = open(&authority, name, room).await;
            let mut clients = Vec::new();
            for _ in 0..3 {
                clients.push(TestClient::new().connected(join(&authority, &room, &session)).await.synced().await);
            }
            documents.push(Document { kind, name, room, session, clients, ledger: Ledger::default() });
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
        let who = format!("client {number}");
        let (rng, ledger) = (&mut self.rng, &mut document.ledger);
        document.clients[number].edit(|doc| typing::edit(document.kind, doc, rng, ledger, &who));
        let now = document.clients[number].see(|seen| typing::content(document.kind, &seen.doc)).join("|");
        self.trace.push(format!("{who} edits {}: {}", document.name, other::numbers(&now)));
        counts.edits += 1;
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
        let request = join(&self.authority, &document.room, &document.session);
        let visitor = TestClient::new().connected(request).await.synced().await;
        let (rng, ledger) = (&mut self.rng, &mut document.ledger);
        visitor.edit(|doc| typing::edit(document.kind, doc, rng, ledger, "visitor"));
        visitor.send(frame::stored(1));
        visitor.until("it is stored", |seen| seen.raw.iter().any(|raw| raw["type"] == "stored")).await;
        drop(visitor);
        self.trace.push(format!("a visitor edits {}", document.name));
        counts.edits += 1;
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
            for client in &mut document.clients {
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
                let client = document.clients.remove(0);
                let client = client.connected(join(&self.authority, &document.room, &document.session)).await;
                document.clients.push(client);
                if self.rng.chance(20) {
                    self.edit_on_disk(counts);
                }
            }
        }
    }

    /// Waits until everybody and the file say the same, and looks what that is.
    async fn rest(&mut self, counts: &mut Counts) -> Vec<String> {
        let mut words = Vec::new();
        for document in &mut self.documents {
            let kind = document.kind;
            let path = self.place.file(document.name);
            let file = || other::content(kind, &std::fs::read_to_string(&path).unwrap());
            for client in &document.clients {
                client.handled().await;
            }
            let fresh = TestClient::new().connected(join(&self.authority, &document.room, &document.session)).await;
            let clients = || document.clients.iter().chain([&fresh]);
            let agreed = || {
                let file = file();
                file.is_some()
                    && clients().all(|client| Some(client.see(|seen| typing::content(kind, &seen.doc))) == file)
            };
            let resting = until("clients, room and file agree", async || {
                agreed() && {
                    for client in clients() {
                        client.handled().await;
                    }
                    agreed()
                }
            });
            resting.await;
            let text = file().unwrap_or_default().join("\n");
            let found = document.ledger.settle(&text);
            if !found.is_empty() {
                words.push(format!("{}: {found:#?}\nit says {}", document.name, other::numbers(&text)));
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
