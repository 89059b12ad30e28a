//! What is true only while somebody is there: awareness entries, their clocks, and which connection speaks for which.
//!
//! Not here: frames to send, people, time. Silence is not judged: clients drop entries that are not renewed.

use crate::frame::{Malformed, Reader, put_bytes, put_number};
use protocol::ClientId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Awareness ids one connection may speak for; more can only be malice.
const MOST_IDS: usize = 256;

/// One entry of an awareness update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Y client id.
    pub(crate) id: u64,
    /// Rises with each change of this id.
    pub(crate) clock: u64,
    /// JSON, or `None`: gone.
    pub(crate) state: Option<Arc<str>>,
}

/// Reads an awareness update.
pub(crate) fn decode(body: &[u8]) -> Result<Vec<Entry>, Malformed> {
    let mut reader = Reader::new(body);
    let count = reader.number()?;
    let mut entries = Vec::new();
    for _ in 0..count {
        let (id, clock, state) = (reader.number()?, reader.number()?, reader.text()?);
        let state = (state != "null").then(|| Arc::from(state));
        entries.push(Entry { id, clock, state });
    }
    Ok(entries)
}

/// Writes an awareness update.
pub(crate) fn encode(entries: &[Entry]) -> Vec<u8> {
    let mut out = Vec::new();
    put_number(&mut out, entries.len() as u64);
    for entry in entries {
        put_number(&mut out, entry.id);
        put_number(&mut out, entry.clock);
        put_bytes(&mut out, entry.state.as_deref().unwrap_or("null").as_bytes());
    }
    out
}

struct Known {
    clock: u64,
    state: Option<Arc<str>>,
    owner: Option<ClientId>,
}

/// What an update brought.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct News {
    /// To everybody.
    pub(crate) fresh: Vec<Entry>,
    /// Back to the sender alone: it says what the room knows to be over, and must count on from there.
    pub(crate) correct: Vec<Entry>,
}

/// The entries of one room.
#[derive(Default)]
pub(crate) struct Awareness {
    known: BTreeMap<u64, Known>,
}

impl Awareness {
    /// Takes what is new. Entries that others echo (stock clients send on what they receive) are not, nor is the claim of one
    /// client that another, who is connected here, is gone. `same` tells whether a connection is of the sender's person.
    pub(crate) fn apply(
        &mut self,
        from: ClientId,
        entries: Vec<Entry>,
        same: impl Fn(ClientId) -> bool,
    ) -> Result<News, Malformed> {
        let readable = |entry: &Entry| {
            entry.state.as_deref().is_none_or(|state| serde_json::from_str::<serde_json::Value>(state).is_ok())
        };
        let mut owned = self.owned(from).len();
        let mut news = News::default();
        for entry in entries {
            let Some(known) = self.known.get_mut(&entry.id) else {
                if entry.state.is_some() {
                    if owned >= MOST_IDS {
                        return Err(Malformed("too many awareness ids"));
                    }
                    if !readable(&entry) {
                        return Err(Malformed("an awareness state is not JSON"));
                    }
                    owned += 1;
                    let known = Known { clock: entry.clock, state: entry.state.clone(), owner: Some(from) };
                    self.known.insert(entry.id, known);
                    news.fresh.push(entry);
                }
                continue;
            };
            let mine = known.owner.is_none_or(|owner| owner == from);
            let newer = match &entry.state {
                Some(_) => entry.clock > known.clock,
                None => mine && known.state.is_some() && entry.clock >= known.clock,
            };
            if newer {
                if !readable(&entry) {
                    return Err(Malformed("an awareness state is not JSON"));
                }
                known.clock = entry.clock;
                known.state = entry.state.clone();
                known.owner = entry.state.is_some().then_some(from);
                news.fresh.push(entry);
            } else if entry.state.is_some() && known.state.is_none() {
                news.correct.push(Entry { id: entry.id, clock: known.clock, state: None });
            } else if entry.state.is_some()
                && entry.clock == known.clock
                && owned == 0
                && known.owner.is_some_and(&same)
            {
                // A person's client says first who it is itself: it is back, and its old socket has not ended yet.
                known.owner = Some(from);
                owned += 1;
            }
        }
        Ok(news)
    }

    /// Ids that a connection speaks for.
    pub(crate) fn owned(&self, client: ClientId) -> Vec<u64> {
        self.known.iter().filter(|(_, known)| known.owner == Some(client)).map(|(id, _)| *id).collect()
    }

    /// Entries of one connection, or of all.
    pub(crate) fn states(&self, of: Option<ClientId>) -> Vec<Entry> {
        let wanted = |known: &Known| known.state.is_some() && (of.is_none() || known.owner == of);
        let entry = |(id, known): (&u64, &Known)| Entry { id: *id, clock: known.clock, state: known.state.clone() };
        self.known.iter().filter(|(_, known)| wanted(known)).map(entry).collect()
    }

    /// A connection ended: what it still speaks for is gone.
    pub(crate) fn leave(&mut self, client: ClientId) -> Vec<Entry> {
        let mut gone = Vec::new();
        for (id, known) in &mut self.known {
            if known.owner == Some(client) {
                *known = Known { clock: known.clock.saturating_add(1), state: None, owner: None };
                gone.push(Entry { id: *id, clock: known.clock, state: None });
            }
        }
        gone
    }

    /// Forgets everything: nobody is here.
    pub(crate) fn clear(&mut self) {
        self.known.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANA: ClientId = ClientId(1);
    const BEN: ClientId = ClientId(2);

    fn entry(id: u64, clock: u64, state: &str) -> Entry {
        Entry { id, clock, state: (state != "null").then(|| Arc::from(state)) }
    }

    #[test]
    fn a_measured_update_is_read_and_written() {
        let body = b"\x01\x6f\x01\x2e{\"user\": {\"name\": \"Al\", \"display_name\": \"Al\"}}";
        let entries = decode(body).unwrap();
        assert_eq!((entries.len(), entries[0].id, entries[0].clock), (1, 111, 1));
        assert_eq!(encode(&entries), body);
        assert_eq!(decode(b"\x01\x6f\x02\x04null").unwrap(), [entry(111, 2, "null")]);
        assert!(decode(b"\x05\x6f").is_err());
        assert!(decode(&[0xff, 0xff, 0xff, 0xff, 0xff, 0x01]).is_err());
    }

    #[test]
    fn only_news_counts() {
        let mut room = Awareness::default();
        let mut fresh = |from, e: Entry| room.apply(from, vec![e], |_| false).unwrap().fresh.len();
        assert_eq!(fresh(ANA, entry(7, 0, "{}")), 1);
        assert_eq!(fresh(ANA, entry(7, 1, "{\"a\":1}")), 1);
        assert_eq!(fresh(BEN, entry(8, 0, "{}")), 1);
        assert_eq!(fresh(BEN, entry(7, 1, "{\"a\":1}")), 0, "an echo");
        assert_eq!(fresh(BEN, entry(7, 1, "null")), 0, "Ben cannot say that Ana is gone");
        assert_eq!(fresh(ANA, entry(7, 0, "{}")), 0, "old");
        assert_eq!(fresh(ANA, entry(7, 1, "null")), 1);
        assert_eq!(fresh(ANA, entry(7, 1, "null")), 0);
        assert!(room.apply(ANA, vec![entry(9, 1, "{")], |_| true).is_err());
    }

    #[test]
    fn a_new_socket_takes_over_and_the_old_one_takes_nothing_with_it() {
        let mut room = Awareness::default();
        room.apply(ANA, vec![entry(7, 5, "{}")], |_| true).unwrap();
        assert_eq!(room.apply(BEN, vec![entry(7, 5, "{}")], |_| true).unwrap(), News::default());
        assert_eq!(room.owned(BEN), [7]);
        assert_eq!(room.leave(ANA), []);
        assert_eq!(room.leave(BEN), [entry(7, 6, "null")]);
    }

    #[test]
    fn who_returns_with_an_old_clock_is_told() {
        let mut room = Awareness::default();
        room.apply(ANA, vec![entry(7, 5, "{}")], |_| true).unwrap();
        room.leave(ANA);
        let news = room.apply(BEN, vec![entry(7, 5, "{}")], |_| true).unwrap();
        assert_eq!(news, News { fresh: vec![], correct: vec![entry(7, 6, "null")] });
        assert_eq!(room.apply(BEN, vec![entry(7, 7, "{}")], |_| true).unwrap().fresh.len(), 1);
        assert_eq!(room.owned(BEN), [7]);
    }
}
