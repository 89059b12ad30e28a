//! A room with everything around it that it asks for: a disk, a store, clients with documents of their own, and two clocks.

use bytes::Bytes;
use protocol::{
    BaseRecord, ClientId, CloseCode, Digest, DiskContent, DocumentKind, Event, FileId, FileState, Intent, Notice, Role,
    RoomId, Seq, User,
};
use rooms::{Authors, Backing, DiskRead, DocumentRoom, Effect, Input, Job, Member, Now, Opened, Policy, WriteOutcome};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{Any, ClientID, Doc, GetString, Map, Out, ReadTxn, StateVector, Text, Transact, Update};

pub(crate) const POLICY: Policy = Policy {
    save_delay: Some(Duration::from_secs(1)),
    save_at_most: Duration::from_secs(5),
    cleanup_delay: Some(Duration::from_secs(60)),
    keep_alive: Duration::from_secs(15),
    retry_delay: Duration::from_secs(10),
    most_edits: 512 << 20,
};

pub(crate) const ANA: ClientId = ClientId(1);
pub(crate) const BEN: ClientId = ClientId(2);
pub(crate) const CEM: ClientId = ClientId(3);

pub(crate) fn member(client: ClientId, role: Role) -> Member {
    let name = match client {
        ANA => "Ana",
        BEN => "Ben",
        _ => "Cem",
    };
    Member { user: User::new(name.to_lowercase(), name, None), role }
}

/// A client's own document, as a foreign program would keep it.
pub(crate) struct Peer {
    pub(crate) doc: Doc,
}

impl Peer {
    pub(crate) fn new(client: ClientId) -> Self {
        let mut options = yrs::Options::with_client_id(ClientID::new(1000 + client.0));
        options.offset_kind = yrs::OffsetKind::Utf16;
        Self { doc: Doc::with_options(options) }
    }

    /// One that nobody knows, with this document.
    pub(crate) fn of(state: &[u8]) -> Self {
        let peer = Self::new(ClientId(99));
        peer.doc.transact_mut().apply_update(Update::decode_v1(state).unwrap()).unwrap();
        peer
    }

    pub(crate) fn text(&self) -> String {
        let text = self.doc.get_or_insert_text("source");
        text.get_string(&self.doc.transact())
    }

    pub(crate) fn state(&self, key: &str) -> Option<Any> {
        let map = self.doc.get_or_insert_map("state");
        match map.get(&self.doc.transact(), key) {
            Some(Out::Any(any)) => Some(any),
            _ => None,
        }
    }

    pub(crate) fn insert(&self, at: u32, what: &str) -> Vec<u8> {
        let text = self.doc.get_or_insert_text("source");
        let mut txn = self.doc.transact_mut();
        text.insert(&mut txn, at, what);
        txn.encode_update_v1()
    }

    pub(crate) fn remove(&self, at: u32, length: u32) -> Vec<u8> {
        let text = self.doc.get_or_insert_text("source");
        let mut txn = self.doc.transact_mut();
        text.remove_range(&mut txn, at, length);
        txn.encode_update_v1()
    }

    pub(crate) fn set(&self, key: &str, value: Any) -> Vec<u8> {
        let map = self.doc.get_or_insert_map("state");
        let mut txn = self.doc.transact_mut();
        map.insert(&mut txn, key, value);
        txn.encode_update_v1()
    }
}

/// A frame from its parts.
pub(crate) fn frame(head: &[u8], body: &[u8]) -> Bytes {
    let mut out = head.to_vec();
    number(&mut out, body.len() as u64);
    out.extend_from_slice(body);
    out.into()
}

pub(crate) fn number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number as u8) | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// The body of a frame whose length follows `skip` bytes.
pub(crate) fn body(frame: &[u8], skip: usize) -> &[u8] {
    let length = frame[skip..].iter().take_while(|byte| **byte >= 0x80).count() + 1;
    &frame[skip + length..]
}

/// A room and its surroundings.
pub(crate) struct Stage {
    pub(crate) room: DocumentRoom,
    pub(crate) now: Now,
    pub(crate) disk: Option<Vec<u8>>,
    pub(crate) log: Vec<(Seq, ydoc::Update)>,
    pub(crate) base: Option<BaseRecord>,
    pub(crate) intent: Option<Intent>,
    pub(crate) merges: Vec<protocol::Merge>,
    pub(crate) kept: Vec<protocol::Kept>,
    /// How restorations ended.
    pub(crate) restored: Vec<(u64, Result<(), String>)>,
    pub(crate) peers: BTreeMap<ClientId, Peer>,
    /// Frames that each client got.
    pub(crate) sent: BTreeMap<ClientId, Vec<Bytes>>,
    pub(crate) events: Vec<Event>,
    pub(crate) closed: Vec<(ClientId, CloseCode, String)>,
    pub(crate) writes: usize,
    pub(crate) done: bool,
    /// What the next writes answer instead of writing.
    pub(crate) write_fails: VecDeque<String>,
    /// Whether appends are confirmed at once.
    pub(crate) storing: bool,
    /// Whether jobs run at once; else they wait in `jobs`.
    pub(crate) running: bool,
    pub(crate) jobs: Vec<Job>,
    /// Whether the file is written at once; else it waits in `pending`.
    pub(crate) writing: bool,
    pub(crate) pending: Option<(Arc<[u8]>, Option<Digest>)>,
    kind: DocumentKind,
    policy: Policy,
    run: u64,
}

impl Stage {
    pub(crate) fn new(kind: DocumentKind, disk: Option<&[u8]>) -> Self {
        Self::with(kind, disk, POLICY)
    }

    pub(crate) fn text(disk: &str) -> Self {
        Self::new(DocumentKind::text(), Some(disk.as_bytes()))
    }

    pub(crate) fn with(kind: DocumentKind, disk: Option<&[u8]>, policy: Policy) -> Self {
        Self {
            room: room(&kind, policy, 0),
            now: Now { elapsed: Duration::from_secs(1000), unix_ms: 1_700_000_000_000 },
            disk: disk.map(<[u8]>::to_vec),
            log: Vec::new(),
            base: None,
            intent: None,
            merges: Vec::new(),
            kept: Vec::new(),
            restored: Vec::new(),
            peers: BTreeMap::new(),
            sent: BTreeMap::new(),
            events: Vec::new(),
            closed: Vec::new(),
            writes: 0,
            done: false,
            write_fails: VecDeque::new(),
            storing: true,
            running: true,
            jobs: Vec::new(),
            writing: true,
            pending: None,
            kind,
            policy,
            run: 0,
        }
    }

    /// The process ends without warning and starts again; the clients stay as they are and are not connected.
    pub(crate) fn crash(&mut self) {
        self.run += 1;
        self.room = room(&self.kind, self.policy, self.run);
        (self.jobs, self.pending, self.storing, self.running, self.writing) = (Vec::new(), None, true, true, true);
        (self.events, self.closed, self.done, self.sent) = (Vec::new(), Vec::new(), false, BTreeMap::new());
    }

    /// Tells the room, and carries out what it wants until it wants nothing more.
    pub(crate) fn give(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let mut effects = Vec::new();
            self.room.handle(self.now, input, &mut effects);
            for effect in effects {
                self.carry_out(effect, &mut inputs);
            }
        }
    }

    fn carry_out(&mut self, effect: Effect, inputs: &mut VecDeque<Input>) {
        match effect {
            Effect::Send { to, frame } => self.deliver(to, frame, inputs),
            Effect::Broadcast { except, frame } => {
                for client in self.room.clients() {
                    if Some(client) != except {
                        self.deliver(client, frame.clone(), inputs);
                    }
                }
            }
            Effect::Disconnect { client, code, reason } => self.closed.push((client, code, reason)),
            Effect::Open => inputs.push_back(Input::Opened(Opened {
                log: self.log.clone(),
                base: self.base.clone(),
                intent: self.intent,
                merges: self.merges.clone().into(),
                disk: self.read(),
                path: "a/notes.txt".to_owned(),
                backing: Backing::File,
                taken: None,
            })),
            Effect::Append { seq, update } => {
                self.log.push((seq, update));
                if self.storing {
                    inputs.push_back(Input::Stored(seq));
                }
            }
            Effect::Run(job) if self.running => inputs.push_back(Input::Finished(job.run())),
            Effect::Run(job) => self.jobs.push(job),
            Effect::Intend(intent) => {
                self.intent = Some(intent);
                inputs.push_back(Input::Intended);
            }
            Effect::SetBase(base) => (self.base, self.intent) = (Some(base), None),
            Effect::Keep(kept) => self.kept.push(kept),
            Effect::Remember(merge) => self.merges.push(merge),
            Effect::Restored { request, outcome } => self.restored.push((request, outcome)),
            Effect::Read => inputs.push_back(Input::Disk(self.read())),
            Effect::Write { bytes, expect, .. } if self.writing => {
                let outcome = self.write(&bytes, expect);
                inputs.push_back(Input::Wrote(outcome));
            }
            Effect::Write { bytes, expect, .. } => self.pending = Some((bytes, expect)),
            Effect::Emit(event) => self.events.push(event),
            Effect::Save | Effect::Took { .. } | Effect::Answer { .. } => panic!("there is no view"),
            Effect::Views => {}
            Effect::Done => self.done = true,
        }
    }

    pub(crate) fn read(&self) -> DiskRead {
        self.disk.as_ref().map_or(DiskRead::Gone, |bytes| DiskRead::Content(DiskContent::new(bytes.clone())))
    }

    /// Writes as the rim does.
    pub(crate) fn write(&mut self, bytes: &[u8], expect: Option<Digest>) -> WriteOutcome {
        if let Some(reason) = self.write_fails.pop_front() {
            return WriteOutcome::Failed(reason);
        }
        let there = self.disk.as_deref().map(Digest::of);
        if there != expect {
            return WriteOutcome::Changed(self.disk.clone().map(DiskContent::new));
        }
        self.disk = Some(bytes.to_vec());
        self.writes += 1;
        WriteOutcome::Done(Digest::of(bytes))
    }

    fn deliver(&mut self, to: ClientId, frame: Bytes, inputs: &mut VecDeque<Input>) {
        self.sent.entry(to).or_default().push(frame.clone());
        let Some(peer) = self.peers.get(&to) else { return };
        match frame[..] {
            [0, 0, ..] => {
                let vector = StateVector::decode_v1(body(&frame, 2)).unwrap();
                let update = peer.doc.transact().encode_state_as_update_v1(&vector);
                inputs.push_back(Input::Frame { client: to, bytes: self::frame(&[0, 1], &update) });
            }
            [0, 1 | 2, ..] => {
                let update = Update::decode_v1(body(&frame, 2)).unwrap();
                peer.doc.transact_mut().apply_update(update).unwrap();
            }
            _ => {}
        }
    }

    /// Connects a client that may edit, and asks for the document.
    pub(crate) fn join(&mut self, client: ClientId) {
        self.join_as(client, Role::Edit);
    }

    pub(crate) fn join_as(&mut self, client: ClientId, role: Role) {
        let vector = self.peers.entry(client).or_insert_with(|| Peer::new(client)).doc.transact().state_vector();
        self.give(Input::Join { client, member: member(client, role) });
        self.frame(client, frame(&[0, 0], &vector.encode_v1()));
    }

    pub(crate) fn leave(&mut self, client: ClientId) {
        self.give(Input::Leave { client });
    }

    pub(crate) fn frame(&mut self, client: ClientId, bytes: Bytes) {
        self.give(Input::Frame { client, bytes });
    }

    pub(crate) fn insert(&mut self, client: ClientId, at: u32, what: &str) {
        let update = self.peers[&client].insert(at, what);
        self.frame(client, frame(&[0, 2], &update));
    }

    pub(crate) fn set(&mut self, client: ClientId, key: &str, value: Any) {
        let update = self.peers[&client].set(key, value);
        self.frame(client, frame(&[0, 2], &update));
    }

    /// Somebody else writes the file, and the watcher sees it.
    pub(crate) fn edit_disk(&mut self, content: &str) {
        self.disk = Some(content.as_bytes().to_vec());
        self.give(Input::Disk(self.read()));
    }

    pub(crate) fn run_jobs(&mut self) {
        for job in std::mem::take(&mut self.jobs) {
            self.give(Input::Finished(job.run()));
        }
    }

    /// Time passes; the room is woken when it wants to be.
    pub(crate) fn pass(&mut self, ms: u64) {
        let end = self.now.elapsed + Duration::from_millis(ms);
        loop {
            let next = self.room.deadline().filter(|at| *at <= end);
            let to = next.unwrap_or(end).max(self.now.elapsed);
            self.now.unix_ms += (to - self.now.elapsed).as_millis() as u64;
            self.now.elapsed = to;
            if next.is_none() {
                return;
            }
            self.give(Input::Tick);
            assert_ne!(self.room.deadline(), next, "a deadline that passed is wanted again");
        }
    }

    /// What the room holds.
    pub(crate) fn content(&self) -> String {
        Peer::of(&self.room.state().unwrap()).text()
    }

    pub(crate) fn file(&self) -> &str {
        std::str::from_utf8(self.disk.as_deref().unwrap_or_default()).unwrap()
    }

    /// Frames of a kind that a client got.
    pub(crate) fn got(&self, client: ClientId, kind: &[u8]) -> Vec<Bytes> {
        let all = self.sent.get(&client).into_iter().flatten();
        all.filter(|frame| frame.starts_with(kind)).cloned().collect()
    }

    /// JSON that a client got: answers to what it asked, and what it was told beside the document.
    pub(crate) fn raw(&self, client: ClientId) -> impl Iterator<Item = serde_json::Value> {
        self.got(client, &[2]).into_iter().map(|frame| serde_json::from_slice(body(&frame, 1)).unwrap())
    }

    /// JSON answers that a client got.
    pub(crate) fn answers(&self, client: ClientId) -> Vec<serde_json::Value> {
        self.raw(client).filter(|json| json.get("responseTo").is_some()).collect()
    }

    /// What a client was told of the file.
    pub(crate) fn fared(&self, client: ClientId) -> Vec<FileState> {
        let told = self.raw(client).filter_map(|json| match serde_json::from_value(json) {
            Ok(Notice::File(state)) => Some(state),
            _ => None,
        });
        told.collect()
    }

    pub(crate) fn forget(&mut self) {
        self.sent.clear();
        self.events.clear();
    }

    /// Messages of the reference server, and our own lines where it has none.
    pub(crate) fn told(&self) -> Vec<&str> {
        self.events.iter().map(|event| if event.msg.is_empty() { &*event.line } else { &*event.msg }).collect()
    }
}

fn room(kind: &DocumentKind, policy: Policy, run: u64) -> DocumentRoom {
    let authors = Authors { document: 5_000 + run, disk: 6_000 + run, views: 7_000 + run };
    DocumentRoom::new(RoomId::document(kind.clone(), FileId("f".to_owned())), policy, authors)
}

/// Asks for a save.
pub(crate) fn save(id: u8) -> Bytes {
    Bytes::from(vec![2, 4, b's', b'a', b'v', b'e', id])
}

/// Asks to be told when all is stored.
pub(crate) fn stored(id: u8) -> Bytes {
    Bytes::from([&[2, 7][..], b"stored?", &[id]].concat())
}

/// An awareness frame with one entry.
pub(crate) fn aware(id: u64, clock: u64, state: &str) -> Bytes {
    let mut out = vec![1];
    number(&mut out, id);
    number(&mut out, clock);
    number(&mut out, state.len() as u64);
    out.extend_from_slice(state.as_bytes());
    frame(&[1], &out)
}
