//! Frames as a client reads and writes them; written apart from the code under test.

use bytes::Bytes;
use protocol::message::{AWARENESS, QUERY_AWARENESS, RAW, RAW_SAVE, RAW_STORED, SYNC};
use yrs::encoding::read::{Cursor, Error, Read};
use yrs::encoding::write::Write;

/// One awareness entry.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) id: u64,
    pub(crate) clock: u32,
    /// JSON; `None`: gone.
    pub(crate) state: Option<String>,
}

/// What a client can be told.
pub(crate) enum Frame {
    Step1(Vec<u8>),
    Step2(Vec<u8>),
    Update(Vec<u8>),
    Awareness(Vec<Entry>),
    QueryAwareness,
    Raw(serde_json::Value),
    Other,
}

/// Reads a frame that the room sent.
pub(crate) fn read(bytes: &[u8]) -> Result<Frame, String> {
    parse(bytes).map_err(|error| format!("the room sent a frame that cannot be read: {error}: {bytes:?}"))
}

fn parse(bytes: &[u8]) -> Result<Frame, Error> {
    let mut cursor = Cursor::new(bytes);
    Ok(match cursor.read_var::<u8>()? {
        SYNC => match cursor.read_var::<u8>()? {
            0 => Frame::Step1(cursor.read_buf()?.to_vec()),
            1 => Frame::Step2(cursor.read_buf()?.to_vec()),
            _ => Frame::Update(cursor.read_buf()?.to_vec()),
        },
        AWARENESS => Frame::Awareness(entries(cursor.read_buf()?)?),
        RAW => Frame::Raw(serde_json::from_str(cursor.read_string()?).unwrap_or_default()),
        QUERY_AWARENESS => Frame::QueryAwareness,
        _ => Frame::Other,
    })
}

fn entries(bytes: &[u8]) -> Result<Vec<Entry>, Error> {
    let mut cursor = Cursor::new(bytes);
    let mut entries = Vec::new();
    for _ in 0..cursor.read_var::<u32>()? {
        let id = cursor.read_var()?;
        let clock = cursor.read_var()?;
        let state = cursor.read_string()?;
        entries.push(Entry { id, clock, state: (state != "null").then(|| state.to_owned()) });
    }
    Ok(entries)
}

fn sync(kind: u8, body: &[u8]) -> Bytes {
    let mut frame = vec![SYNC, kind];
    frame.write_buf(body);
    frame.into()
}

/// A client's state vector.
pub(crate) fn step1(vector: &[u8]) -> Bytes {
    sync(0, vector)
}

/// What the room lacks.
pub(crate) fn step2(update: &[u8]) -> Bytes {
    sync(1, update)
}

/// An edit.
pub(crate) fn update(update: &[u8]) -> Bytes {
    sync(2, update)
}

/// Who is where.
pub(crate) fn awareness(entries: &[Entry]) -> Bytes {
    let mut body = Vec::new();
    body.write_var(entries.len());
    for entry in entries {
        body.write_var(entry.id);
        body.write_var(entry.clock);
        body.write_string(entry.state.as_deref().unwrap_or("null"));
    }
    let mut frame = vec![AWARENESS];
    frame.write_buf(&body);
    frame.into()
}

/// Asks for a save.
pub(crate) fn save(id: u32) -> Bytes {
    raw(RAW_SAVE, id)
}

/// Asks when all before this is durable.
pub(crate) fn stored(id: u32) -> Bytes {
    raw(RAW_STORED, id)
}

fn raw(word: &str, id: u32) -> Bytes {
    let mut frame = vec![RAW];
    frame.write_string(word);
    frame.write_var(id);
    frame.into()
}
