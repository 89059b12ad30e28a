//! Who typed and who deleted which token, and what must therefore be there at rest.
//!
//! A token is one ideograph that nobody else ever types: a word by itself, as a merge sees it. A token stays unless somebody deleted it, and once it was gone at
//! a moment of rest it never comes back. Not sure are: what the other program overwrote, because it had read the file
//! before our last save; and deletions of a stretch in which the host was killed and the file was edited on disk, because
//! a host that comes back cannot always know which of the two came first.

use std::collections::{BTreeMap, BTreeSet};

/// The n-th token; every fourth needs two UTF-16 units and four bytes.
fn token(n: u32) -> char {
    let code = if n % 4 == 3 { 0x2_0000 + n } else { 0x4e00 + n };
    char::from_u32(code).filter(|c| is_token(*c)).unwrap()
}

/// Whether this is a token.
pub(crate) fn is_token(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c) || ('\u{20000}'..='\u{2a6df}').contains(&c)
}

/// The tokens of a text, in order.
pub(crate) fn tokens(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(|c| is_token(*c))
}

/// Its number, for people.
pub(crate) fn number(c: char) -> u32 {
    u32::from(c) - if c < '\u{20000}' { 0x4e00 } else { 0x2_0000 }
}

#[derive(Debug)]
#[allow(dead_code, reason = "read by people, in what is found")]
struct Token {
    by: String,
    /// Its insertion may have been overwritten.
    lost: bool,
    /// By whom it was deleted, and whether that is sure.
    deleted: Option<(String, bool)>,
}

/// What was found wrong at a moment of rest.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) losses: Vec<String>,
    pub(crate) doublings: Vec<String>,
    pub(crate) returns: Vec<String>,
}

impl Findings {
    pub(crate) fn is_empty(&self) -> bool {
        self.losses.is_empty() && self.doublings.is_empty() && self.returns.is_empty()
    }
}

/// The book of one document.
#[derive(Default)]
pub(crate) struct Ledger {
    made: u32,
    tokens: BTreeMap<char, Token>,
    dead: BTreeSet<char>,
    killed: bool,
    on_disk: bool,
}

impl Ledger {
    /// A token that nobody has typed before.
    pub(crate) fn token(&mut self, by: &str) -> char {
        let token = token(self.made);
        self.made += 1;
        self.tokens.insert(token, Token { by: by.to_owned(), lost: false, deleted: None });
        token
    }

    /// Somebody deleted tokens; `sure`: unless a kill and an edit on disk meet.
    pub(crate) fn deleted(&mut self, by: &str, text: &str, sure: bool) {
        for c in tokens(text) {
            if let Some(token) = self.tokens.get_mut(&c) {
                let before = token.deleted.as_ref().is_some_and(|(_, sure)| *sure);
                token.deleted = Some((by.to_owned(), sure || before));
            }
        }
    }

    /// The other program replaced what it had not read, or brought back what was gone: nobody can tell.
    pub(crate) fn overwritten(&mut self, c: char) {
        if let Some(token) = self.tokens.get_mut(&c) {
            token.lost = true;
            if let Some((_, sure)) = &mut token.deleted {
                *sure = false;
            }
        }
    }

    /// The host was killed.
    pub(crate) fn killed(&mut self) {
        self.killed = true;
    }

    /// The file was edited by another program.
    pub(crate) fn edited_on_disk(&mut self) {
        self.on_disk = true;
    }

    /// All is quiet and everybody has this text: compares, and what is not there is dead from now on.
    pub(crate) fn settle(&mut self, text: &str) -> Findings {
        let mut there: BTreeMap<char, usize> = BTreeMap::new();
        tokens(text).for_each(|c| *there.entry(c).or_default() += 1);
        let mut found = Findings::default();
        for (c, times) in &there {
            if *times > 1 {
                found.doublings.push(format!("{} is there {times} times: {:?}", number(*c), self.tokens.get(c)));
            }
            if self.dead.contains(c) || !self.tokens.contains_key(c) {
                found.returns.push(format!("{} had been gone, or was never typed", number(*c)));
            }
        }
        let doubt = self.killed && self.on_disk;
        for (c, token) in &self.tokens {
            let what = || format!("{} {token:?}", number(*c));
            match (there.contains_key(c), &token.deleted) {
                (false, None) if !token.lost => found.losses.push(what()),
                (true, Some((_, true))) if !doubt && !token.lost => found.returns.push(what()),
                _ => {}
            }
        }
        let gone: Vec<char> = self.tokens.keys().filter(|c| !there.contains_key(c)).copied().collect();
        for c in gone {
            self.tokens.remove(&c);
            self.dead.insert(c);
        }
        self.tokens.values_mut().for_each(|token| (token.lost, token.deleted) = (false, None));
        (self.killed, self.on_disk) = (false, false);
        found
    }
}
