//! Looks an update over before yrs decodes it: what a few bytes may claim (a billion blocks, values nested a million deep,
//! clocks beyond their width) must neither take the memory nor the stack of the host.
//!
//! Not here: whether an update makes sense; yrs says that.

use crate::UpdateError;
use crate::json::DEEPEST;
use std::collections::HashSet;
use std::ops::Range;

/// Ids of clients are that wide.
const CLIENT_BITS: u32 = 53;

/// The blocks of an update, and what it deletes.
pub(crate) struct Blocks {
    pub(crate) runs: Vec<Run>,
    /// Where its deletions begin.
    pub(crate) deletions: usize,
    /// Clock ticks that it deletes, of these clients.
    pub(crate) deleted: Vec<(u64, Range<u32>)>,
}

/// The blocks of one client.
pub(crate) struct Run {
    pub(crate) client: u64,
    pub(crate) blocks: Vec<Block>,
}

/// A block: a stretch of clock ticks.
pub(crate) struct Block {
    /// Where it is in the update.
    pub(crate) bytes: Range<usize>,
    pub(crate) ticks: Range<u32>,
    pub(crate) content: Content,
    /// Its neighbours and its parent.
    pub(crate) needs: Vec<Id>,
    /// What it is in, if it says so; else what its neighbours are in.
    pub(crate) parent: Option<Parent>,
}

/// What a block is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Parent {
    Root(String),
    Item(Id),
}

/// A client and a clock tick of it.
pub(crate) type Id = (u64, u32);

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// It stands for blocks that are not here.
    Hole,
    /// Deleted: what is said to be in it is deleted too.
    Gone,
    /// A shared type: other blocks may be in it.
    Type,
    /// One that is a list.
    List,
    /// Text with characters that take two clock ticks.
    Pairs,
    /// Other text, values, formats: nothing can be in it.
    Value,
}

/// Refuses an update (v1) that claims more than its bytes can hold.
pub(crate) fn update(bytes: &[u8]) -> Result<Blocks, UpdateError> {
    let mut walk = Walk { bytes, at: 0 };
    walk.update().ok_or_else(|| UpdateError(format!("it makes no sense at byte {}", walk.at)))
}

/// Refuses a state vector (v1) that claims more than its bytes can hold.
pub(crate) fn state_vector(bytes: &[u8]) -> Result<(), UpdateError> {
    let mut walk = Walk { bytes, at: 0 };
    let mut read = || {
        for _ in 0..walk.count()? {
            walk.client()?;
            walk.clock()?;
        }
        Some(())
    };
    read().ok_or_else(|| UpdateError("it is no state vector".into()))
}

struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Walk<'_> {
    fn update(&mut self) -> Option<Blocks> {
        let mut runs = Vec::new();
        let mut clients = HashSet::new();
        for _ in 0..self.count()? {
            let count = self.count()?;
            let client = self.client()?;
            // Yjs takes the last of two; nobody writes any.
            if !clients.insert(client) {
                return None;
            }
            let mut clock = self.clock()?;
            let mut blocks = Vec::new();
            for _ in 0..count {
                let block = self.block(clock)?;
                clock = block.ticks.end;
                blocks.push(block);
            }
            runs.push(Run { client, blocks });
        }
        let deletions = self.at;
        let mut deleted = Vec::new();
        for _ in 0..self.count()? {
            let client = self.client()?;
            for _ in 0..self.count()? {
                let start = self.clock()?;
                deleted.push((client, start..start.checked_add(self.clock()?)?));
            }
        }
        Some(Blocks { runs, deletions, deleted })
    }

    /// Passes a block that begins with this clock tick.
    fn block(&mut self, clock: u32) -> Option<Block> {
        let start = self.at;
        let info = self.byte()?;
        let (mut needs, mut parent) = (Vec::new(), None);
        let (length, content) = match info {
            0 => (self.clock()?, Content::Gone),
            10 => (self.clock()?, Content::Hole),
            _ => self.item(info, &mut needs, &mut parent)?,
        };
        Some(Block { bytes: start..self.at, ticks: clock..clock.checked_add(length)?, content, needs, parent })
    }

    /// Passes an item after its first byte; returns how many clock ticks it takes, and what it is.
    fn item(&mut self, info: u8, needs: &mut Vec<Id>, parent: &mut Option<Parent>) -> Option<(u32, Content)> {
        let ends = [0x80, 0x40].into_iter().filter(|bit| info & bit != 0).count();
        for _ in 0..ends {
            needs.push(self.id()?);
        }
        if ends == 0 {
            *parent = Some(if self.clock()? == 1 {
                Parent::Root(std::str::from_utf8(self.text()?).ok()?.to_owned())
            } else {
                let id = self.id()?;
                needs.push(id);
                Parent::Item(id)
            });
            if info & 0x20 != 0 {
                self.text()?;
            }
        }
        match info & 0x0f {
            1 => return Some((self.clock()?, Content::Gone)),
            // JSON as clients wrote it years ago: yrs reads one more than is said, and cannot read again what it writes of it.
            2 => return None,
            3 | 5 => {
                self.text()?;
            }
            4 => {
                let text = std::str::from_utf8(self.text()?).ok()?;
                let length = text.encode_utf16().count();
                let content = if length == text.chars().count() { Content::Value } else { Content::Pairs };
                return Some((u32::try_from(length).ok()?, content));
            }
            6 => {
                self.text()?;
                self.text()?;
            }
            7 => {
                let kind = self.byte()?;
                if kind == 3 {
                    self.text()?;
                }
                return Some((1, if kind == 0 { Content::List } else { Content::Type }));
            }
            8 => {
                let count = self.count()?;
                for _ in 0..count {
                    self.value(0)?;
                }
                return Some((count, Content::Value));
            }
            9 => {
                self.text()?;
                self.value(0)?;
            }
            _ => return None,
        }
        Some((1, Content::Value))
    }

    fn value(&mut self, depth: usize) -> Option<()> {
        match self.byte()? {
            120 | 121 | 126 | 127 => {}
            125 => self.varint().map(|_| ())?,
            124 => self.skip(4)?,
            122 | 123 => self.skip(8)?,
            116 | 119 => {
                self.text()?;
            }
            117 if depth < DEEPEST * 2 => {
                for _ in 0..self.count()? {
                    self.value(depth + 1)?;
                }
            }
            118 if depth < DEEPEST * 2 => {
                for _ in 0..self.count()? {
                    self.text()?;
                    self.value(depth + 1)?;
                }
            }
            _ => return None,
        }
        Some(())
    }

    fn id(&mut self) -> Option<Id> {
        Some((self.client()?, self.clock()?))
    }

    fn client(&mut self) -> Option<u64> {
        self.varint().filter(|client| client >> CLIENT_BITS == 0)
    }

    fn clock(&mut self) -> Option<u32> {
        self.varint()?.try_into().ok()
    }

    /// A number of things, each of which takes a byte at least.
    fn count(&mut self) -> Option<u32> {
        self.clock().filter(|count| *count as usize <= self.bytes.len() - self.at)
    }

    /// Bytes after their number.
    fn text(&mut self) -> Option<&[u8]> {
        let (length, start) = (self.count()? as usize, self.at);
        self.skip(length)?;
        self.bytes.get(start..self.at)
    }

    fn skip(&mut self, length: usize) -> Option<()> {
        self.at = self.at.checked_add(length).filter(|at| *at <= self.bytes.len())?;
        Some(())
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied()?;
        self.at += 1;
        Some(byte)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for place in 0..9 {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << (7 * place);
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_claims_more_than_it_is_is_refused() {
        let refused = |bytes: &[u8]| assert!(update(bytes).is_err(), "{bytes:?}");
        refused(&[]);
        refused(&[0xff, 0xff, 0xff, 0xff, 0x0f]);
        refused(&[1, 0xff, 0xff, 0xff, 0x7f, 5, 0]);
        refused(&[0, 1, 5, 1, 0xff, 0xff, 0xff, 0xff, 0x0f, 9]);
        let nested = [&[1, 1, 5, 0, 8, 1, 1, b'a', 1][..], &[117, 1].repeat(100_000), &[126, 0]].concat();
        refused(&nested);
        let shallow = [&[1, 1, 5, 0, 8, 1, 1, b'a', 1][..], &[117, 1].repeat(100), &[126, 0]].concat();
        assert!(update(&shallow).is_ok());
        assert!(update(&[0, 0]).is_ok());
        refused(&[1, 1, 5, 0, 2, 1, 1, b'a', 1, 1, b'1', 1, b'2', 0]);
        let twice = [&[2][..], &[1, 5, 0, 8, 1, 1, b'a', 1, 126].repeat(2), &[0]].concat();
        refused(&twice);
        assert!(state_vector(&[0xff, 0xff, 0xff, 0xff, 0x0f]).is_err());
        assert_eq!(state_vector(&[1, 5, 3]), Ok(()));
    }
}
