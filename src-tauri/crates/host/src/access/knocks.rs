//! Knocks: who waits to be let in, for how long, and what they were told.

use crate::Device;
use crate::Result;
use protocol::guest::Joined;
use protocol::panel::Purpose;
use protocol::{Digest, ErrorBody, ErrorCode, Role};
use std::collections::HashMap;
use std::time::Duration;
use subtle::ConstantTimeEq;

/// How long somebody may wait.
const LONGEST: Duration = Duration::from_secs(600);
/// How long the page that waits may be away.
const AWAY: Duration = Duration::from_secs(30);
/// How long an answer is kept for the page, which may lose its connection just then.
const KEPT: Duration = Duration::from_secs(120);
/// Who may wait at once, in all.
const MOST: usize = 20;
/// Who may wait at once from one address.
const MOST_OF_ONE: usize = 3;
/// How often one address may knock in [`LONGEST`].
const MOST_TRIES: usize = 12;
/// Addresses that are counted.
const ADDRESSES: usize = 1024;

/// Somebody who asks.
#[derive(Clone, Debug)]
pub(crate) struct Asking {
    pub(crate) id: String,
    /// Digest of the secret by which the page asks for the answer.
    pub(crate) ticket: Digest,
    pub(crate) name: String,
    pub(crate) color: Option<String>,
    pub(crate) device: Device,
    /// Four digits for both screens.
    pub(crate) code: String,
    pub(crate) wants: Role,
    /// Unix milliseconds.
    pub(crate) since: u64,
    /// Id of the link they have.
    pub(crate) link: Option<String>,
    pub(crate) purpose: Purpose,
    /// Username of one who was in before.
    pub(crate) who: Option<String>,
}

/// What the host said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Come in; with the token of a new guest, and that of a device that is remembered.
    LetIn {
        joined: Joined,
        token: Option<String>,
        device: Option<String>,
    },
    Refused,
    Over,
}

struct Knock {
    asking: Asking,
    asked: Duration,
    /// When the page was heard last.
    heard: Duration,
    /// Questions of the page that are held back just now.
    held: u32,
    verdict: Option<(Verdict, Duration)>,
}

/// All who ask at one folder.
#[derive(Default)]
pub(crate) struct Knocks {
    knocks: Vec<Knock>,
    /// When each address knocked.
    tries: HashMap<String, Vec<Duration>>,
}

fn too_many(sentence: &str) -> ErrorBody {
    ErrorBody::new(ErrorCode::TooMany, sentence)
}

impl Knocks {
    /// Somebody asks from now on. One who was in before asks once: the later knock takes the place of the earlier.
    pub(crate) fn ask(&mut self, asking: Asking, now: Duration) -> Result<()> {
        self.pass(now);
        let address = asking.device.address.clone();
        if let Some(who) = &asking.who {
            self.end(|knock| knock.asking.who.as_ref() == Some(who), now);
        }
        let waiting = || self.knocks.iter().filter(|knock| knock.verdict.is_none());
        if waiting().filter(|knock| knock.asking.device.address == address).count() >= MOST_OF_ONE {
            return Err(too_many("Others at this address wait already; wait for their answer."));
        }
        if waiting().count() >= MOST {
            return Err(too_many("Too many are waiting; try again in a minute."));
        }
        if self.tries.len() >= ADDRESSES && !self.tries.contains_key(&address) {
            return Err(too_many("Too many are asking; try again in a few minutes."));
        }
        let tries = self.tries.entry(address).or_default();
        if tries.len() >= MOST_TRIES {
            return Err(too_many("You asked often; try again in a few minutes."));
        }
        tries.push(now);
        self.knocks.push(Knock { asking, asked: now, heard: now, held: 0, verdict: None });
        Ok(())
    }

    /// Ends what is over; whether somebody is not waited for any more.
    pub(crate) fn pass(&mut self, now: Duration) -> bool {
        let over = |knock: &Knock| now >= knock.asked + LONGEST || (knock.held == 0 && now >= knock.heard + AWAY);
        let ended = self.end(over, now);
        self.knocks.retain(|knock| knock.verdict.as_ref().is_none_or(|(_, when)| now < *when + KEPT));
        self.tries.retain(|_, tries| {
            tries.retain(|tried| now < *tried + LONGEST);
            !tries.is_empty()
        });
        ended
    }

    fn end(&mut self, which: impl Fn(&Knock) -> bool, now: Duration) -> bool {
        let mut ended = false;
        for knock in self.knocks.iter_mut().filter(|knock| knock.verdict.is_none() && which(knock)) {
            knock.verdict = Some((Verdict::Over, now));
            ended = true;
        }
        ended
    }

    /// Sharing stopped: nobody is waited for.
    pub(crate) fn stop(&mut self, now: Duration) {
        self.end(|_| true, now);
    }

    /// Who has this link only asks in vain.
    pub(crate) fn link_ended(&mut self, link: &str) {
        let ended = |knock: &Knock| knock.asking.link.as_deref() == Some(link);
        for knock in self.knocks.iter_mut().filter(|knock| knock.verdict.is_none() && ended(knock)) {
            knock.verdict = Some((Verdict::Over, knock.heard));
        }
    }

    /// Who was in before asks no more: they were put out.
    pub(crate) fn forget(&mut self, who: &str, now: Duration) {
        self.end(|knock| knock.asking.who.as_deref() == Some(who), now);
    }

    /// Who waits, the longest first.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = &Asking> {
        self.knocks.iter().filter(|knock| knock.verdict.is_none()).map(|knock| &knock.asking)
    }

    /// Somebody who waits.
    pub(crate) fn find(&self, id: &str) -> Result<Asking> {
        let found = self.waiting().find(|asking| asking.id == id).cloned();
        found.ok_or_else(|| ErrorBody::new(ErrorCode::NotFound, "Nobody waits with this knock any more."))
    }

    /// The host answers. `false`: it is too late.
    pub(crate) fn answer(&mut self, id: &str, verdict: Verdict, now: Duration) -> bool {
        let waits = |knock: &&mut Knock| knock.asking.id == id && knock.verdict.is_none();
        let Some(knock) = self.knocks.iter_mut().find(waits) else { return false };
        knock.verdict = Some((verdict, now));
        true
    }

    fn by_ticket(&mut self, ticket: &str) -> Option<&mut Knock> {
        let ticket = Digest::of(ticket.as_bytes());
        let mut found = None;
        for knock in &mut self.knocks {
            if bool::from(knock.asking.ticket.0.ct_eq(&ticket.0)) {
                found = Some(knock);
            }
        }
        found
    }

    /// The page asks, and is there until [`Knocks::let_go`]. `None`: nobody waits with this ticket.
    pub(crate) fn hold(&mut self, ticket: &str, now: Duration) -> Option<()> {
        let knock = self.by_ticket(ticket)?;
        knock.heard = now;
        knock.held += 1;
        Some(())
    }

    /// The page's question ended.
    pub(crate) fn let_go(&mut self, ticket: &str, now: Duration) {
        if let Some(knock) = self.by_ticket(ticket) {
            knock.heard = now;
            knock.held = knock.held.saturating_sub(1);
        }
    }

    /// What the page is to be told: who asks, and the verdict if there is one.
    pub(crate) fn told(&mut self, ticket: &str) -> Option<(Asking, Option<Verdict>)> {
        let knock = self.by_ticket(ticket)?;
        Some((knock.asking.clone(), knock.verdict.as_ref().map(|(verdict, _)| verdict.clone())))
    }

    /// The page asks no more.
    pub(crate) fn take_back(&mut self, ticket: &str) -> bool {
        let Some(id) = self.by_ticket(ticket).map(|knock| knock.asking.id.clone()) else { return false };
        self.knocks.retain(|knock| knock.asking.id != id);
        true
    }
}
