//! A room with a disk, a log and three clients around it: Ana and Ben may edit, Vic may view and follows what he is told.

use bytes::Bytes;
use protocol::{
    BaseRecord, ClientId, Digest, DiskContent, DocumentKind, FileId, Intent, Model, Role, RoomId, Seq, User,
};
use rooms::{Authors, Backing, DiskRead, DocumentRoom, Effect, Input, Member, Now, Opened, Policy, WriteOutcome};
use std::collections::VecDeque;
use std::time::Duration;
use ydoc::Document;

pub(crate) const ANA: ClientId = ClientId(1);
pub(crate) const BEN: ClientId = ClientId(2);
pub(crate) const VIC: ClientId = ClientId(3);
/// Comes at the end and looks.
pub(crate) const EVE: ClientId = ClientId(4);

const POLICY: Policy = Policy {
    save_delay: Some(Duration::from_secs(1)),
    save_at_most: Duration::from_secs(5),
    cleanup_delay: None,
    keep_alive: Duration::from_secs(15),
    retry_delay: Duration::from_secs(10),
    most_edits: 512 << 20,
};

/// The room and its surroundings.
pub(crate) struct Stage {
    pub(crate) room: DocumentRoom,
    pub(crate) model: Model,
    pub(crate) disk: Option<Vec<u8>>,
    pub(crate) failing: bool,
    /// What Vic holds.
    pub(crate) follower: Document,
    /// What went out since somebody looked: to whom (`None`: all but one) and what.
    pub(crate) sent: Vec<(Option<ClientId>, Bytes)>,
    kind: DocumentKind,
    pub(crate) log: Vec<(Seq, ydoc::Update)>,
    base: Option<BaseRecord>,
    intent: Option<Intent>,
    now: Now,
    run: u64,
}

impl Stage {
    /// With everybody in.
    pub(crate) fn new(kind: DocumentKind, disk: &[u8]) -> Self {
        let model = kind.model();
        let mut stage = Self {
            room: room(&kind, 0),
            model,
            disk: Some(disk.to_vec()),
            failing: false,
            follower: Document::new(model, 9),
            sent: Vec::new(),
            kind,
            log: Vec::new(),
            base: None,
            intent: None,
            now: Now { elapsed: Duration::from_secs(1000), unix_ms: 1_700_000_000_000 },
            run: 0,
        };
        stage.everybody();
        stage
    }

    fn everybody(&mut self) {
        for client in [ANA, BEN, VIC] {
            self.join(client);
        }
        let question = frame(&[0, 0], &self.follower.state_vector());
        self.frame(VIC, &question);
    }

    pub(crate) fn join(&mut self, client: ClientId) {
        let role = if matches!(client, ANA | BEN) { Role::Edit } else { Role::View };
        let name = ["Ana", "Ben", "Vic", "Eve"][client.0 as usize - 1];
        let member = Member { user: User::new(name.to_lowercase(), name, None), role };
        self.give(Input::Join { client, member });
    }

    pub(crate) fn frame(&mut self, client: ClientId, bytes: &[u8]) {
        self.give(Input::Frame { client, bytes: Bytes::copy_from_slice(bytes) });
    }

    pub(crate) fn leave(&mut self, client: ClientId) {
        self.give(Input::Leave { client });
    }

    /// The process ends without warning; the room opens again from what was stored, and all come back.
    pub(crate) fn crash(&mut self) {
        self.run += 1;
        self.room = room(&self.kind, self.run);
        self.everybody();
    }

    /// Another program writes the file or removes it.
    pub(crate) fn edit_disk(&mut self, bytes: Option<&[u8]>) {
        self.disk = bytes.map(<[u8]>::to_vec);
        self.give(Input::Disk(self.read()));
    }

    /// Time passes; the room is woken when it wants to be.
    pub(crate) fn pass(&mut self, ms: u64) {
        let end = self.now.elapsed + Duration::from_millis(ms);
        for _ in 0..10_000 {
            let next = self.room.deadline().filter(|at| *at <= end);
            let to = next.unwrap_or(end).max(self.now.elapsed);
            self.now.unix_ms += (to - self.now.elapsed).as_millis() as u64;
            self.now.elapsed = to;
            if next.is_none() {
                return;
            }
            self.give(Input::Tick);
        }
        panic!("a room that wants to be woken all the time");
    }

    /// What the room holds.
    pub(crate) fn state(&self) -> ydoc::State {
        self.room.state().expect("the room is open")
    }

    /// Tells the room, and carries out what it wants until it wants nothing more.
    fn give(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        let mut told = 0;
        while let Some(input) = inputs.pop_front() {
            told += 1;
            assert!(told < 10_000, "a room that never rests");
            let mut effects = Vec::new();
            self.room.handle(self.now, input, &mut effects);
            for effect in effects {
                self.carry_out(effect, &mut inputs);
            }
        }
    }

    fn carry_out(&mut self, effect: Effect, inputs: &mut VecDeque<Input>) {
        match effect {
            Effect::Send { to, frame } => self.deliver(Some(to), to == VIC, frame),
            Effect::Broadcast { except, frame } => self.deliver(None, except != Some(VIC), frame),
            Effect::Disconnect { client, reason, .. } => panic!("{client:?} is thrown out: {reason}"),
            Effect::Open => inputs.push_back(Input::Opened(Opened {
                log: self.log.clone(),
                base: self.base.clone(),
                intent: self.intent,
                merges: std::sync::Arc::default(),
                disk: self.read(),
                path: "a/file".to_owned(),
                backing: Backing::File,
                taken: None,
            })),
            Effect::Append { seq, update } => {
                self.log.push((seq, update));
                inputs.push_back(Input::Stored(seq));
            }
            Effect::Keep(_) | Effect::Remember(_) | Effect::Restored { .. } => {}
            Effect::Run(job) => inputs.push_back(Input::Finished(job.run())),
            Effect::Intend(intent) => {
                self.intent = Some(intent);
                inputs.push_back(Input::Intended);
            }
            Effect::SetBase(base) => (self.base, self.intent) = (Some(base), None),
            Effect::Read => inputs.push_back(Input::Disk(self.read())),
            Effect::Write { bytes, expect, .. } => {
                let outcome = self.write(&bytes, expect);
                inputs.push_back(Input::Wrote(outcome));
            }
            Effect::Emit(_) => {}
            Effect::Save | Effect::Took { .. } | Effect::Answer { .. } => panic!("there is no view"),
            Effect::Views => {}
            Effect::Done => panic!("a room that people are in goes away"),
        }
    }

    fn deliver(&mut self, to: Option<ClientId>, follows: bool, frame: Bytes) {
        if follows && let [0, 1 | 2, ..] = frame[..] {
            self.follower.apply(body(&frame, 2)).expect("what the room sends can be applied");
        }
        self.sent.push((to, frame));
    }

    fn read(&self) -> DiskRead {
        self.disk.as_ref().map_or(DiskRead::Gone, |bytes| DiskRead::Content(DiskContent::new(bytes.clone())))
    }

    fn write(&mut self, bytes: &[u8], expect: Option<Digest>) -> WriteOutcome {
        if self.failing {
            return WriteOutcome::Failed("The disk is full.".to_owned());
        }
        if self.disk.as_deref().map(Digest::of) != expect {
            return WriteOutcome::Changed(self.disk.clone().map(DiskContent::new));
        }
        self.disk = Some(bytes.to_vec());
        WriteOutcome::Done(Digest::of(bytes))
    }
}

fn room(kind: &DocumentKind, run: u64) -> DocumentRoom {
    let authors = Authors { document: 5_000 + run, disk: 6_000 + run, views: 7_000 + run };
    DocumentRoom::new(RoomId::document(kind.clone(), FileId("f".to_owned())), POLICY, authors)
}

/// A frame of a head and a body with its length.
pub(crate) fn frame(head: &[u8], body: &[u8]) -> Vec<u8> {
    let mut out = head.to_vec();
    number(&mut out, body.len() as u64);
    out.extend_from_slice(body);
    out
}

pub(crate) fn number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number as u8) | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// The body whose length follows `skip` bytes.
pub(crate) fn body(frame: &[u8], skip: usize) -> &[u8] {
    let length = frame[skip..].iter().take_while(|byte| **byte >= 0x80).count() + 1;
    &frame[skip + length..]
}
