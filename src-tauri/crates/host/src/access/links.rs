//! Share links: which are live, what they give, and how they end.

use super::{AccessKey, Table, by_digest, check_role, link_key};
use crate::Result;
use protocol::panel::{Ended, LinkWish};
use protocol::{Digest, ErrorBody, ErrorCode};
use store::LinkRow;

/// Live links that a folder may have.
const MOST: usize = 50;
/// Ended links that stay listed.
const LISTED: usize = 20;
/// Longest label, in characters.
const LONGEST: usize = 40;

/// Why a link is not live at this time (Unix milliseconds).
pub(crate) fn ended_at(link: &LinkRow, now: u64) -> Option<Ended> {
    if let Some((why, _)) = link.ended {
        return Some(why);
    }
    if link.wish.expires.is_some_and(|expires| expires <= now) {
        return Some(Ended::Expired);
    }
    link.wish.most_uses.is_some_and(|most| link.uses >= most).then_some(Ended::UsedUp)
}

/// An error unless a link can be as it is wished.
pub(crate) fn check_wish(wish: &LinkWish, now: u64) -> Result<()> {
    check_role(wish.role)?;
    let refuse = |why: &str| Err(ErrorBody::new(ErrorCode::BadRequest, format!("A link {why}.")));
    if wish.label.chars().count() > LONGEST || wish.label.chars().any(char::is_control) {
        return refuse("has a name of at most 40 characters");
    }
    if wish.expires.is_some_and(|expires| expires <= now) {
        return refuse("ends in the future");
    }
    if wish.most_uses == Some(0) {
        return refuse("is good for at least one person");
    }
    Ok(())
}

fn ended(why: Option<Ended>) -> ErrorBody {
    let (reason, sentence) = match why {
        None => return ErrorBody::new(ErrorCode::LinkEnded, "This link has ended. Ask for a new one."),
        Some(Ended::Revoked) => ("revoked", "This link has ended: it was taken back. Ask for a new one."),
        Some(Ended::Expired) => ("expired", "This link has ended: its time is over. Ask for a new one."),
        Some(Ended::UsedUp) => ("used-up", "This link has ended: as many came by it as may. Ask for a new one."),
    };
    ErrorBody::new(ErrorCode::LinkEnded, sentence).because(reason)
}

impl Table {
    /// The live link with this secret; the error says why there is none.
    pub(crate) fn link_by_secret(&self, secret: &str, now: u64) -> Result<&LinkRow> {
        let found = by_digest(&self.rows.links, secret, |link| &link.secret).and_then(|at| self.rows.links.get(at));
        let link = found.ok_or_else(|| ended(None))?;
        match ended_at(link, now) {
            None => Ok(link),
            Some(why) => {
                let at = match why {
                    Ended::Expired => link.wish.expires,
                    Ended::Revoked => link.ended.map(|(_, when)| when),
                    Ended::UsedUp => None,
                };
                Err(ErrorBody { at, ..ended(Some(why)) })
            }
        }
    }

    /// An error unless this link is live.
    pub(crate) fn check_live(&self, id: &str, now: u64) -> Result<()> {
        match self.rows.links.iter().find(|link| link.id == id).map(|link| ended_at(link, now)) {
            Some(None) => Ok(()),
            why => Err(ended(why.flatten())),
        }
    }

    /// The link on the card: the newest that is live and whose secret is known, with that secret.
    pub(crate) fn present_link(&self, now: u64, secret_of: impl Fn(&str) -> String) -> Option<(&LinkRow, String)> {
        let live = self.rows.links.iter().rev().filter(|link| ended_at(link, now).is_none());
        live.map(|link| (link, secret_of(&link.id))).find(|(link, secret)| Digest::of(secret.as_bytes()) == link.secret)
    }

    /// A new link, the present one from now on.
    pub(crate) fn new_link(&mut self, id: String, secret: &str, wish: LinkWish, now: u64) -> Result<()> {
        if self.rows.links.iter().filter(|link| ended_at(link, now).is_none()).count() >= MOST {
            let message = format!("There are {MOST} links already; end one first.");
            return Err(ErrorBody::new(ErrorCode::BadRequest, message));
        }
        let secret = Digest::of(secret.as_bytes());
        let link = LinkRow { id, secret, wish, made: now, uses: 0, last_used: None, ended: None };
        self.changed(link_key(&link));
        self.rows.links.push(link);
        Ok(())
    }

    /// Changes a link that has not ended.
    pub(crate) fn change_link(&mut self, id: &str, wish: LinkWish, now: u64) -> Result<()> {
        let link = self.rows.links.iter_mut().find(|link| link.id == id);
        match link {
            // One that is used up may be given more.
            Some(link) if matches!(ended_at(link, now), None | Some(Ended::UsedUp)) => link.wish = wish,
            Some(_) => return Err(ErrorBody::new(ErrorCode::LinkEnded, "This link has ended and stays so.")),
            None => return Err(no_link(id)),
        }
        self.changed(AccessKey::Link(id.to_owned()));
        Ok(())
    }

    /// Somebody joined by it.
    pub(crate) fn link_used(&mut self, id: &str, now: u64) {
        if let Some(link) = self.rows.links.iter_mut().find(|link| link.id == id) {
            link.uses = link.uses.saturating_add(1);
            link.last_used = Some(now);
            self.changed(AccessKey::Link(id.to_owned()));
        }
    }

    /// Ends a link: its label, and the guests who came by it, who are guests no more.
    pub(crate) fn end_link(&mut self, id: &str, why: Ended, now: u64) -> Result<(String, Vec<String>)> {
        let link = self.rows.links.iter_mut().find(|link| link.id == id && link.ended.is_none());
        let link = link.ok_or_else(|| no_link(id))?;
        link.ended = Some((why, now));
        let label = link.wish.label.clone();
        self.changed(AccessKey::Link(id.to_owned()));
        self.forget_ended();
        self.knocks.link_ended(id);
        Ok((label, self.forget_guests_of(id)))
    }

    /// Ends the links whose time is over.
    pub(crate) fn expire_links(&mut self, now: u64) -> Vec<(String, Vec<String>)> {
        let over = |link: &&LinkRow| link.ended.is_none() && ended_at(link, now) == Some(Ended::Expired);
        let over: Vec<String> = self.rows.links.iter().filter(over).map(|link| link.id.clone()).collect();
        over.iter().filter_map(|id| self.end_link(id, Ended::Expired, now).ok()).collect()
    }

    /// Links that are not live in any sense, the newest of which stay listed.
    fn forget_ended(&mut self) {
        let mut ended: Vec<(u64, String)> =
            self.rows.links.iter().filter_map(|link| Some((link.ended?.1, link.id.clone()))).collect();
        ended.sort_by(|one, other| other.cmp(one));
        for (_, id) in ended.into_iter().skip(LISTED) {
            self.rows.links.retain(|link| link.id != id);
            self.changed(AccessKey::Link(id));
        }
    }
}

fn no_link(id: &str) -> ErrorBody {
    ErrorBody::new(ErrorCode::NotFound, format!("There is no live link {id}."))
}
