//! What is true only while somebody is there: awareness entries, their clocks, and which connection speaks for which. What a
//! connection says must not stop others: how much it is, and how large its numbers are, has limits.
//!
//! Not here: frames to send, people, time. Silence is not judged: clients drop entries that are not renewed.

use crate::frame::{Malformed, Reader, put_bytes, put_number};
use crate::presence::{self, CLIENT_IDS};
use protocol::ClientId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Awareness ids one connection may speak for; more can only be malice.
const MOST_IDS: usize = 256;

/// Bytes of all states that one connection speaks for: everybody who comes gets all of them.
const MOST_BYTES: usize = 128 * 1024;

/// Clocks begin at 0 and rise by one with each change. Some clients keep them in 32 bits, and when an id goes its clock rises once
/// more.
const CLOCKS: u64 = u32::MAX as u64;

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
        // One number that a client cannot read costs it all entries of a frame.
        if id >= CLIENT_IDS || clock >= CLOCKS {
            return Err(Malformed("an awareness id or clock is too large"));
        }
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
    /// What it says of saving by itself; `None`: nobody is behind it who could say anything.
    autosave: Option<bool>,
}

/// What a state says of saving by itself. Who says something else wants it.
fn autosave(state: Option<&str>) -> Option<bool> {
    let state: serde_json::Map<String, serde_json::Value> = serde_json::from_str(state?).ok()?;
    let wanted = || state.get("autosave").is_none_or(|value| value != false);
    (!state.is_empty()).then(wanted)
}

/// What an update brought.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct News {
    /// To everybody.
    pub(crate) fresh: Vec<Entry>,
    /// Back to the sender alone: it says what the room knows to be over, and must count on from there.
    pub(crate) correct: Vec<Entry>,
    /// Something of it was not taken.
    pub(crate) fault: Option<Malformed>,
}

/// The entries of one room.
#[derive(Default)]
pub(crate) struct Awareness {
    known: BTreeMap<u64, Known>,
}

impl Awareness {
    /// Takes what is new. Entries that others echo (stock clients send on what they receive) are not, nor is what one person says
    /// of another's client that is connected here. `same` tells whether a connection is of the sender's person.
    pub(crate) fn apply(&mut self, from: ClientId, entries: Vec<Entry>, same: impl Fn(ClientId) -> bool) -> News {
        let mut news = News::default();
        for mut entry in entries {
            let (clock, owner, is_here) = match self.known.get(&entry.id) {
                Some(known) => (Some(known.clock), known.owner, known.state.is_some()),
                None => (None, None, false),
            };
            let newer = match (&entry.state, clock) {
                (Some(_), None) => true,
                (Some(_), Some(clock)) => entry.clock > clock && owner.is_none_or(|owner| owner == from || same(owner)),
                (None, _) => is_here && owner.is_none_or(|owner| owner == from) && clock <= Some(entry.clock),
            };
            if newer {
                if let Err(fault) = self.fit(from, &mut entry) {
                    news.fault = Some(fault);
                    continue;
                }
                let (clock, state) = (entry.clock, entry.state.clone());
                let (owner, autosave) = (state.is_some().then_some(from), autosave(state.as_deref()));
                self.known.insert(entry.id, Known { clock, state, owner, autosave });
                news.fresh.push(entry);
            } else if entry.state.is_some() && !is_here {
                news.correct.extend(clock.map(|clock| Entry { id: entry.id, clock, state: None }));
            } else if entry.state.is_some()
                && clock == Some(entry.clock)
                && owner.is_some_and(&same)
                && self.owned(from).is_empty()
                && let Some(known) = self.known.get_mut(&entry.id)
            {
                // A person's client says first who it is itself: it is back, and its old socket has not ended yet.
                known.owner = Some(from);
            }
        }
        news
    }

    /// Leaves out of a new state what others must not get.
    fn fit(&self, from: ClientId, entry: &mut Entry) -> Result<(), Malformed> {
        let Some(state) = &entry.state else { return Ok(()) };
        let others = || self.known.iter().filter(|(id, known)| known.owner == Some(from) && **id != entry.id);
        if others().count() >= MOST_IDS {
            return Err(Malformed("too many awareness ids"));
        }
        let said: usize = others().filter_map(|(_, known)| known.state.as_deref().map(str::len)).sum();
        if let Some(fitted) = presence::fit(state, MOST_BYTES.saturating_sub(said))? {
            entry.state = Some(fitted.into());
        }
        Ok(())
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
                let clock = known.clock.saturating_add(1);
                *known = Known { clock, state: None, owner: None, autosave: None };
                gone.push(Entry { id: *id, clock: known.clock, state: None });
            }
        }
        gone
    }

    /// Whether the document is to be saved by itself: somebody wants it, or nobody says anything.
    pub(crate) fn autosave(&self) -> bool {
        let mut said = self.known.values().filter_map(|known| known.autosave).peekable();
        said.peek().is_none() || said.any(|wanted| wanted)
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
        let mut fresh = |from, e: Entry| room.apply(from, vec![e], |_| false).fresh.len();
        assert_eq!(fresh(ANA, entry(7, 0, "{}")), 1);
        assert_eq!(fresh(ANA, entry(7, 1, "{\"a\":1}")), 1);
        assert_eq!(fresh(BEN, entry(8, 0, "{}")), 1);
        assert_eq!(fresh(BEN, entry(7, 1, "{\"a\":1}")), 0, "an echo");
        assert_eq!(fresh(BEN, entry(7, 1, "null")), 0, "Ben cannot say that Ana is gone");
        assert_eq!(fresh(ANA, entry(7, 0, "{}")), 0, "old");
        assert_eq!(fresh(ANA, entry(7, 1, "null")), 1);
        assert_eq!(fresh(ANA, entry(7, 1, "null")), 0);
        let news = room.apply(ANA, vec![entry(9, 1, "{"), entry(10, 1, "{}")], |_| true);
        assert_eq!((news.fresh, news.fault.is_some()), (vec![entry(10, 1, "{}")], true));
    }

    #[test]
    fn frame_1_who_has_autosave_off_counts_only_while_nobody_has_it_on() {
        let mut room = Awareness::default();
        assert!(room.autosave(), "nobody says anything");
        let mut say = |from, e: Entry| {
            room.apply(from, vec![e], |_| false);
            room.autosave()
        };
        assert!(say(ANA, entry(7, 0, "{}")));
        assert!(!say(ANA, entry(7, 1, "{\"autosave\":false}")));
        assert!(!say(BEN, entry(8, 0, "{}")), "an empty state is nobody's");
        assert!(say(BEN, entry(8, 1, "{\"user\":{}}")), "who says nothing of it wants it");
        assert!(!say(BEN, entry(8, 2, "{\"autosave\":false}")));
        assert!(say(ANA, entry(7, 2, "{\"autosave\":true}")));
        room.leave(ANA);
        assert!(!room.autosave());
        room.leave(BEN);
        assert!(room.autosave());
    }

    #[test]
    fn a_new_socket_takes_over_and_the_old_one_takes_nothing_with_it() {
        let mut room = Awareness::default();
        room.apply(ANA, vec![entry(7, 5, "{}")], |_| true);
        assert_eq!(room.apply(BEN, vec![entry(7, 5, "{}")], |_| true), News::default());
        assert_eq!(room.owned(BEN), [7]);
        assert_eq!(room.leave(ANA), []);
        assert_eq!(room.leave(BEN), [entry(7, 6, "null")]);
    }

    #[test]
    fn who_returns_with_an_old_clock_is_told() {
        let mut room = Awareness::default();
        room.apply(ANA, vec![entry(7, 5, "{}")], |_| true);
        room.leave(ANA);
        let news = room.apply(BEN, vec![entry(7, 5, "{}")], |_| true);
        assert_eq!(news, News { fresh: vec![], correct: vec![entry(7, 6, "null")], fault: None });
        assert_eq!(room.apply(BEN, vec![entry(7, 7, "{}")], |_| true).fresh.len(), 1);
        assert_eq!(room.owned(BEN), [7]);
    }

    #[test]
    fn aware_61_what_one_connection_says_has_limits() {
        let mut room = Awareness::default();
        let long = format!("\"{}\"", "x".repeat(MOST_BYTES / 2));
        assert_eq!(room.apply(ANA, vec![entry(1, 0, &long)], |_| true).fault, None);
        assert_eq!(room.apply(ANA, vec![entry(1, 1, &long)], |_| true).fault, None, "in the place of the other");
        assert!(room.apply(ANA, vec![entry(2, 0, &long)], |_| true).fault.is_some());
        assert_eq!(room.apply(BEN, vec![entry(2, 0, &long)], |_| true).fault, None);
        let many = (10..10 + MOST_IDS as u64).map(|id| entry(id, 0, "1")).collect();
        let news = room.apply(ANA, many, |_| true);
        assert_eq!((news.fresh.len(), news.fault.is_some()), (MOST_IDS - 1, true));
        for (id, clock) in [(CLIENT_IDS, 0), (0, CLOCKS), (u64::MAX, u64::MAX)] {
            assert!(decode(&encode(&[entry(id, clock, "{}")])).is_err());
        }
        assert!(decode(&encode(&[entry(CLIENT_IDS - 1, CLOCKS - 1, "{}")])).is_ok());
    }

    #[test]
    fn aware_62_nobody_speaks_for_the_client_of_another_person() {
        let mut room = Awareness::default();
        room.apply(ANA, vec![entry(7, 5, "{}")], |_| true);
        assert_eq!(room.apply(BEN, vec![entry(7, 9, "1")], |_| false), News::default());
        assert_eq!(room.apply(BEN, vec![entry(7, 9, "null")], |_| false), News::default());
        assert_eq!(room.apply(ANA, vec![entry(7, 6, "2")], |_| false).fresh.len(), 1);
        assert_eq!(room.apply(BEN, vec![entry(7, 7, "3")], |_| true).fresh.len(), 1, "another page of hers");
    }
}
