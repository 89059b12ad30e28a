//! A client of a room: speaks the protocol and keeps what it saw in plain fields.

use crate::DEADLINE;
use crate::http::Request;
use crate::wire::{Incoming, frame, parse};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::{mpsc, watch};
use tokio_tungstenite::tungstenite::Message;
use yrs::types::ToJson;
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{Any, Array, Doc, GetString, Map, OffsetKind, Options, Out, ReadTxn, StateVector, Text, Transact, Update};

/// What a client saw.
pub struct Seen {
    /// Its document.
    pub doc: Doc,
    /// SyncStep2 has come on this connection.
    pub synced: bool,
    /// How many SyncStep2 have come on all connections.
    pub answers: usize,
    /// Awareness: client to clock and state.
    pub states: BTreeMap<u64, (u64, Value)>,
    /// RAW answers.
    pub raw: Vec<Value>,
    /// Other RAW messages: what pages are told beside the document.
    pub notices: Vec<Value>,
    /// Chat messages.
    pub chat: Vec<Value>,
    /// Binary frames so far.
    pub frames: usize,
    /// Code and reason of the close frame; 0: the connection ended without.
    pub closed_with: Option<(u16, String)>,
}

impl Seen {
    /// The text of a text file.
    pub fn text(&self) -> String {
        let text = self.doc.get_or_insert_text("source");
        text.get_string(&self.doc.transact())
    }

    /// The first 600 letters of whatever is in the document.
    pub fn beginning(&self) -> String {
        self.doc.to_json(&self.doc.transact()).to_string().chars().take(600).collect()
    }

    /// Type and source of each cell of a notebook.
    pub fn cells(&self) -> Vec<(String, String)> {
        let cells = self.doc.get_or_insert_array("cells");
        let txn = self.doc.transact();
        let cell = |out: Out| {
            let Out::YMap(cell) = out else { panic!("a cell is {out:?}") };
            let ty = match cell.get(&txn, "cell_type") {
                Some(Out::Any(Any::String(ty))) => ty.to_string(),
                other => format!("{other:?}"),
            };
            let source = match cell.get(&txn, "source") {
                Some(Out::YText(source)) => source.get_string(&txn),
                other => format!("{other:?}"),
            };
            (ty, source)
        };
        cells.iter(&txn).map(cell).collect()
    }

    /// Sources of the cells of a notebook.
    pub fn sources(&self) -> Vec<String> {
        self.cells().into_iter().map(|(_, source)| source).collect()
    }

    /// Names in the awareness of others and of this client, sorted.
    pub fn users(&self) -> Vec<String> {
        let name = |(_, state): &(u64, Value)| state["user"]["name"].as_str().map(str::to_owned);
        let mut names: Vec<String> = self.states.values().filter_map(name).collect();
        names.sort();
        names
    }
}

/// A client with a document of its own, which outlives its connections.
pub struct TestClient {
    seen: Arc<Mutex<Seen>>,
    changed: watch::Sender<u64>,
    to_host: mpsc::UnboundedSender<Message>,
}

impl Default for TestClient {
    fn default() -> Self {
        Self::new()
    }
}

impl TestClient {
    /// A client that is not connected yet.
    pub fn new() -> Self {
        let options = Options { offset_kind: OffsetKind::Utf16, ..Options::default() };
        let seen = Seen {
            doc: Doc::with_options(options),
            synced: false,
            answers: 0,
            states: BTreeMap::new(),
            raw: Vec::new(),
            notices: Vec::new(),
            chat: Vec::new(),
            frames: 0,
            closed_with: None,
        };
        Self { seen: Arc::new(Mutex::new(seen)), changed: watch::channel(0).0, to_host: mpsc::unbounded_channel().0 }
    }

    /// Connects, or connects again, and speaks first: SyncStep1 of what the document holds.
    pub async fn connected(mut self, request: Request) -> Self {
        let socket = request.clone().connect().await.unwrap_or_else(|status| panic!("{request:?}: {status}"));
        let (mut sink, mut stream) = socket.split();
        let (to_host, mut outgoing) = mpsc::unbounded_channel();
        self.to_host = to_host.clone();
        {
            let mut seen = self.lock();
            seen.synced = false;
            seen.closed_with = None;
            seen.states.clear();
        }
        let _ = to_host.send(Message::binary(frame::step_1(&self.state_vector().encode_v1())));
        let (seen, changed) = (self.seen.clone(), self.changed.clone());
        // Held weakly: a client that is dropped ends its connection without a word, as a crashed browser does.
        let to_host = to_host.downgrade();
        tokio::spawn(async move {
            let closed_with = loop {
                tokio::select! {
                    message = outgoing.recv() => match message {
                        Some(message) => if sink.send(message).await.is_err() {
                            break (0, "cannot be written to".to_owned());
                        },
                        None => break (0, "dropped".to_owned()),
                    },
                    message = stream.next() => match message {
                        Some(Ok(Message::Binary(bytes))) => {
                            let answer = lock(&seen).take(&bytes);
                            if let (Some(answer), Some(to_host)) = (answer, to_host.upgrade()) {
                                let _ = to_host.send(Message::binary(answer));
                            }
                        }
                        Some(Ok(Message::Close(close))) => {
                            let close = close.map(|close| (close.code.into(), close.reason.to_string()));
                            let _ = sink.flush().await;
                            break close.unwrap_or((1005, String::new()));
                        }
                        Some(Ok(_)) => {}
                        Some(Err(error)) => break (0, error.to_string()),
                        None => break (0, "ended".to_owned()),
                    },
                }
                changed.send_modify(|count| *count += 1);
            };
            lock(&seen).closed_with = Some(closed_with);
            changed.send_modify(|count| *count += 1);
        });
        self
    }

    /// Ends the connection without a close frame; the document stays.
    pub fn disconnect(&mut self) {
        self.to_host = mpsc::unbounded_channel().0;
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        lock(&self.seen)
    }

    fn state_vector(&self) -> StateVector {
        self.lock().doc.transact().state_vector()
    }

    /// Looks at what was seen.
    pub fn see<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.lock())
    }

    /// The text of a text file.
    pub fn text(&self) -> String {
        self.see(Seen::text)
    }

    /// Waits until what was seen is so.
    pub async fn until(&self, what: &str, condition: impl Fn(&Seen) -> bool) {
        let mut changed = self.changed.subscribe();
        let waiting = async {
            while !self.see(&condition) {
                changed.changed().await.unwrap();
            }
        };
        if tokio::time::timeout(DEADLINE, waiting).await.is_err() {
            let seen = self.see(|seen| format!("{} {:?} {:?}", seen.beginning(), seen.states, seen.closed_with));
            panic!("not within the deadline: {what}; seen: {seen}");
        }
    }

    /// Waits for SyncStep2.
    pub async fn synced(self) -> Self {
        self.until("the document comes", |seen| seen.synced || seen.closed_with.is_some()).await;
        assert_eq!(self.see(|seen| seen.closed_with.clone()), None);
        self
    }

    /// Waits until the host has dealt with everything sent before: asks once more, and waits for the answer.
    pub async fn handled(&self) {
        let before = self.see(|seen| seen.answers);
        self.send(frame::step_1(&self.state_vector().encode_v1()));
        self.until("an answer", |seen| seen.answers > before || seen.closed_with.is_some()).await;
        assert_eq!(self.see(|seen| seen.closed_with.clone()), None);
    }

    /// Waits for the close frame: its code and reason.
    pub async fn closed(&self) -> (u16, String) {
        self.until("the connection is closed", |seen| seen.closed_with.is_some()).await;
        self.see(|seen| seen.closed_with.clone()).unwrap_or_default()
    }

    /// Changes the document and sends what is new.
    pub fn edit(&self, change: impl FnOnce(&Doc)) {
        let seen = self.lock();
        let before = seen.doc.transact().state_vector();
        change(&seen.doc);
        let update = seen.doc.transact().encode_state_as_update_v1(&before);
        let _ = self.to_host.send(Message::binary(frame::update(&update)));
    }

    /// Types into a text file, at an offset in UTF-16 units.
    pub fn type_at(&self, at: u32, typed: &str) {
        self.edit(|doc| doc.get_or_insert_text("source").insert(&mut doc.transact_mut(), at, typed));
    }

    /// Types into a cell of a notebook.
    pub fn type_in_cell(&self, cell: u32, at: u32, typed: &str) {
        self.edit(|doc| {
            let cells = doc.get_or_insert_array("cells");
            let mut txn = doc.transact_mut();
            let Some(Out::YMap(cell)) = cells.get(&txn, cell) else { panic!("no cell {cell}") };
            let Some(Out::YText(source)) = cell.get(&txn, "source") else { panic!("no source") };
            source.insert(&mut txn, at, typed);
        });
    }

    /// Announces a name.
    pub fn announce(&self, name: &str) {
        let client = self.see(|seen| seen.doc.client_id());
        let state = serde_json::json!({ "user": { "username": name, "name": name, "display_name": name } });
        self.send(frame::awareness(client.get(), 1, &state.to_string()));
    }

    /// Sends a binary frame as it is.
    pub fn send(&self, frame: impl Into<Vec<u8>>) {
        self.send_message(Message::binary(frame.into()));
    }

    /// Sends any message.
    pub fn send_message(&self, message: Message) {
        let _ = self.to_host.send(message);
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Seen {
    /// Takes a frame in; what to answer.
    fn take(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        self.frames += 1;
        match parse(bytes).unwrap_or_else(|| panic!("the host sent {bytes:02x?}")) {
            Incoming::Step1(vector) => {
                let vector = StateVector::decode_v1(&vector).unwrap();
                return Some(frame::step_2(&self.doc.transact().encode_state_as_update_v1(&vector)));
            }
            Incoming::Step2(update) => {
                self.apply(&update);
                self.synced = true;
                self.answers += 1;
            }
            Incoming::Update(update) => self.apply(&update),
            Incoming::Awareness(states) => {
                for (client, clock, state) in states {
                    if self.states.get(&client).is_some_and(|(known, _)| *known > clock) {
                        continue;
                    }
                    if state.is_null() {
                        self.states.remove(&client);
                    } else {
                        self.states.insert(client, (clock, state));
                    }
                }
            }
            Incoming::Raw(json) if json.get("responseTo").is_some() => self.raw.push(json),
            Incoming::Raw(json) => self.notices.push(json),
            Incoming::Chat(json) => self.chat.push(json),
            Incoming::Other => {}
        }
        None
    }

    fn apply(&mut self, update: &[u8]) {
        self.doc.transact_mut().apply_update(Update::decode_v1(update).unwrap()).unwrap();
    }
}
