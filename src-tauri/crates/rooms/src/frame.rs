//! The frames of a room's WebSocket, to and from bytes: y-sync, awareness, Jupyter's RAW messages and chat.
//!
//! Not here: what a frame means. Reading foreign bytes never panics and never copies.

use bytes::Bytes;
use protocol::Notice;
use protocol::message::{
    AWARENESS, CHAT, QUERY_AWARENESS, RAW, RAW_SAVE, RAW_STORED, SYNC, SYNC_STEP_1, SYNC_STEP_2, SYNC_UPDATE,
};
use serde_json::{Value, json};

/// Bytes that are no frame of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a frame of this protocol: {0}")]
pub(crate) struct Malformed(pub(crate) &'static str);

/// One message of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Message<'a> {
    /// A state vector: what do I lack?
    Step1(&'a [u8]),
    /// An update that answers a step 1.
    Step2(&'a [u8]),
    /// An update.
    Update(&'a [u8]),
    /// Awareness entries.
    Awareness(&'a [u8]),
    /// Asks for all awareness states.
    Query,
    /// Save now, and answer with this number.
    Save(u64),
    /// Tell this number when everything before is durable.
    Stored(u64),
    /// JSON content of a chat message.
    Chat(&'a [u8]),
    /// A message that this protocol allows and that we ignore.
    Other,
}

impl Message<'_> {
    /// Whether it wants an answer.
    fn asks(self) -> bool {
        matches!(self, Self::Step1(_) | Self::Query | Self::Save(_) | Self::Stored(_))
    }
}

/// Reads lib0's encoding.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Seven bits a byte, the lowest first.
    pub(crate) fn number(&mut self) -> Result<u64, Malformed> {
        let mut number = 0u64;
        for place in 0..10 {
            let Some((&byte, rest)) = self.0.split_first() else { return Err(Malformed("it ends inside a number")) };
            self.0 = rest;
            let bits = u64::from(byte & 0x7f);
            if place == 9 && bits > 1 {
                break;
            }
            number |= bits << (7 * place);
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Malformed("a number is too large"))
    }

    /// A length, then that many bytes.
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let length = usize::try_from(self.number()?).map_err(|_| Malformed("a length is too large"))?;
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Malformed("it is shorter than it says"))?;
        self.0 = rest;
        Ok(taken)
    }

    /// Length-prefixed UTF-8.
    pub(crate) fn text(&mut self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Malformed("a text is not UTF-8"))
    }

    /// The next message of a frame. Some clients put several into one.
    pub(crate) fn message(&mut self) -> Result<Message<'a>, Malformed> {
        let kind = u8::try_from(self.number()?).unwrap_or(u8::MAX);
        match kind {
            SYNC => {
                let step = self.number()?;
                let body = self.bytes()?;
                match u8::try_from(step) {
                    Ok(SYNC_STEP_1) => Ok(Message::Step1(body)),
                    Ok(SYNC_STEP_2) => Ok(Message::Step2(body)),
                    Ok(SYNC_UPDATE) => Ok(Message::Update(body)),
                    _ => Err(Malformed("an unknown step of synchronisation")),
                }
            }
            AWARENESS => Ok(Message::Awareness(self.bytes()?)),
            QUERY_AWARENESS => Ok(Message::Query),
            CHAT => Ok(Message::Chat(self.bytes()?)),
            RAW => match self.text()? {
                RAW_SAVE => Ok(Message::Save(self.number()?)),
                RAW_STORED => Ok(Message::Stored(self.number()?)),
                _ => Ok(self.rest()),
            },
            _ => Ok(self.rest()),
        }
    }

    /// Whatever follows belongs to a message whose shape is not known here.
    fn rest(&mut self) -> Message<'a> {
        self.0 = &[];
        Message::Other
    }
}

/// Questions in one frame, at most: each is a few bytes, and its answer may be the whole document.
const MOST_QUESTIONS: usize = 16;

/// All messages of a frame, up to the first that cannot be read or that asks too often.
pub(crate) fn messages(frame: &[u8]) -> impl Iterator<Item = Result<Message<'_>, Malformed>> {
    let mut reader = Some(Reader::new(frame));
    let mut first = true;
    let mut questions = 0;
    std::iter::from_fn(move || {
        let at = reader.as_mut()?;
        if at.is_empty() && !first {
            return None;
        }
        first = false;
        let mut message = at.message();
        questions += usize::from(message.is_ok_and(Message::asks));
        if questions > MOST_QUESTIONS {
            message = Err(Malformed("it asks too often"));
        }
        if message.is_err() {
            reader = None;
        }
        Some(message)
    })
}

/// Appends a number.
pub(crate) fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number as u8 & 0x7f) | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Appends a length and the bytes.
pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn framed(head: &[u8], body: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(head.len() + body.len() + 5);
    out.extend_from_slice(head);
    put_bytes(&mut out, body);
    out.into()
}

/// The question what a client has that the room lacks.
pub(crate) fn step1(state_vector: &[u8]) -> Bytes {
    framed(&[SYNC, SYNC_STEP_1], state_vector)
}

/// The answer to a client's step 1.
pub(crate) fn step2(update: &[u8]) -> Bytes {
    framed(&[SYNC, SYNC_STEP_2], update)
}

/// An update.
pub(crate) fn update(update: &[u8]) -> Bytes {
    framed(&[SYNC, SYNC_UPDATE], update)
}

/// Encoded awareness entries.
pub(crate) fn awareness(body: &[u8]) -> Bytes {
    framed(&[AWARENESS], body)
}

/// How a manual save ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SaveAnswer {
    /// The file has it.
    Success,
    /// It does not; the sentence says why.
    Failed(String),
}

/// The answer to [`Message::Save`].
pub(crate) fn saved(id: u64, answer: &SaveAnswer) -> Bytes {
    let body = match answer {
        SaveAnswer::Success => json!({"type": "save", "responseTo": id, "status": "success"}),
        SaveAnswer::Failed(message) => {
            json!({"type": "save", "responseTo": id, "status": "failed", "message": message})
        }
    };
    framed(&[RAW], body.to_string().as_bytes())
}

/// The answer to [`Message::Stored`].
pub(crate) fn stored(id: u64) -> Bytes {
    framed(&[RAW], json!({"type": "stored", "responseTo": id}).to_string().as_bytes())
}

/// What the room tells of its own accord.
pub(crate) fn notice(notice: &Notice) -> Bytes {
    framed(&[RAW], notice.to_json().as_bytes())
}

/// Tells a client that an edit of it has no place in the document: JupyterLab offers to save or show what its user has.
pub(crate) fn conflict() -> Bytes {
    framed(&[RAW], json!({"type": "conflict"}).to_string().as_bytes())
}

/// Tells whether the file was deleted, in the words of JupyterLab's newest front end.
pub(crate) fn external_change(gone: Option<&str>) -> Bytes {
    let change = gone.map(|path| json!({"originalPath": path, "reason": "deleted"}));
    framed(&[RAW], json!({"type": "external-change", "change": change}).to_string().as_bytes())
}

/// A chat message as the others get it; `None` if the content is no JSON.
pub(crate) fn chat(sender: &str, unix_ms: u64, content: &[u8]) -> Option<Bytes> {
    let content: Value = serde_json::from_slice(content).ok()?;
    let timestamp = unix_ms as f64 / 1000.0;
    let body = json!({"sender": sender, "timestamp": timestamp, "content": content});
    Some(framed(&[CHAT], body.to_string().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(frame: &[u8]) -> Vec<Result<Message<'_>, Malformed>> {
        messages(frame).collect()
    }

    #[test]
    fn real_frames_are_read() {
        assert_eq!(all(&[0, 0, 1, 0]), [Ok(Message::Step1(&[0]))]);
        assert_eq!(all(&[0, 1, 2, 0, 0]), [Ok(Message::Step2(&[0, 0]))]);
        assert_eq!(all(&[0, 2, 2, 0, 0]), [Ok(Message::Update(&[0, 0]))]);
        assert_eq!(all(&[2, 4, b's', b'a', b'v', b'e', 7]), [Ok(Message::Save(7))]);
        assert_eq!(all(&[3]), [Ok(Message::Query)]);
        assert_eq!(all(&[0x7d, 2, b'4', b'2']), [Ok(Message::Chat(b"42"))]);
        assert_eq!(all(&[3, 0, 0, 1, 0]), [Ok(Message::Query), Ok(Message::Step1(&[0]))]);
        assert_eq!(all(&[99, 1, 2, 3]), [Ok(Message::Other)]);
        assert_eq!(all(&[2, 1, b'x', 9, 9]), [Ok(Message::Other)]);
    }

    #[test]
    fn broken_frames_are_told_apart() {
        let broken: [&[u8]; 8] =
            [&[], &[0], &[0, 9, 0], &[0, 2, 5, 1], &[1, 0xff], &[2, 1, 0xff], &[0xff; 12], &[0, 0, 1, 0, 0]];
        for frame in broken {
            assert!(all(frame).last().unwrap().is_err(), "{frame:?}");
        }
    }

    #[test]
    fn a_frame_asks_only_so_often() {
        let asking = all(&[0, 0, 1, 0].repeat(1000)).len();
        assert_eq!(asking, MOST_QUESTIONS + 1);
        assert!(all(&[3; 17]).last().unwrap().is_err());
        assert!(all(&[3; 16]).last().unwrap().is_ok());
    }

    #[test]
    fn numbers_come_back() {
        for number in [0, 1, 127, 128, 300, u64::from(u32::MAX), (1 << 53) - 1, u64::MAX] {
            let mut bytes = Vec::new();
            put_number(&mut bytes, number);
            assert_eq!(Reader::new(&bytes).number(), Ok(number));
        }
    }

    #[test]
    fn long_chat_keeps_its_content() {
        let content = json!({"text": "é".repeat(200)});
        let frame = chat("al", 1_795_414_739_263, content.to_string().as_bytes()).unwrap();
        let [Ok(Message::Chat(body))] = all(&frame)[..] else { panic!("one chat message") };
        let body: Value = serde_json::from_slice(body).unwrap();
        assert_eq!(body, json!({"sender": "al", "timestamp": 1_795_414_739.263, "content": content}));
        assert_eq!(chat("al", 0, b"{"), None);
    }
}
