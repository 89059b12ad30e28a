//! Coming in: who holds a token, what a link offers, joining, and knocking.

use crate::access::{Admission, Asking, Found, Grant, LinkOffer, Try, Verdict, check_role, same_secret};
use crate::folder::Folder;
use crate::shared::{Shared, host_event};
use crate::{Device, Host, Result, names, random};
use protocol::guest::{Ask, Join, Joined, Knocked};
use protocol::panel::Purpose;
use protocol::{Action, Digest, ErrorBody, ErrorCode, Event, Level, Role, User};
use std::sync::Arc;
use std::time::Duration;
use store::LinkRow;

/// Id of the person at the host.
const OWNER: &str = "owner";
/// How long a question for the host's answer is held back at most.
const HELD: Duration = Duration::from_secs(20);

/// The browser that asks: what it shows, and where it is.
#[derive(Clone, Debug, Default)]
pub struct Visitor {
    /// Its device.
    pub device: Device,
    /// Token of a guest, good or not.
    pub cookie: Option<String>,
    /// Token of a remembered device, good or not.
    pub remembered: Option<String>,
}

/// What a browser is to keep.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// A guest's token; `true`: also after the browser was closed.
    pub guest: Option<(String, bool)>,
    /// A remembered device's token.
    pub device: Option<String>,
}

impl Host {
    /// The owner's token, for the local pages and for stock clients.
    pub fn owner_token(&self) -> &str {
        &self.shared().keys.owner
    }

    /// Name of the person at the host.
    pub fn host_name(&self) -> &str {
        &self.shared().host_name
    }

    /// Their name as a network writes names: lower-case letters, digits and dashes.
    pub fn host_label(&self) -> String {
        let label = crate::names::slug(self.host_name(), |_| false);
        // What a name without any letter of these becomes.
        if label == "folder" { "commonplace".to_owned() } else { label }
    }

    /// Whether this is the owner's token. Constant-time.
    pub fn is_owner(&self, token: &str) -> bool {
        same_secret(self.owner_token(), token)
    }

    /// The value of Jupyter's `_xsrf` cookie beside a cookie with this token: scripts of our own pages can read it, and it tells
    /// nothing of the token.
    pub fn xsrf(&self, token: &str) -> String {
        self.shared().keys.xsrf(token)
    }

    /// Whether this is that value. Constant-time.
    pub fn is_xsrf(&self, token: &str, sent: &str) -> bool {
        same_secret(&self.xsrf(token), sent)
    }

    /// Who holds this token, in this folder. Constant-time. `local`: the request came over loopback; a folder that is not
    /// shared opens for nobody else.
    pub fn authenticate(&self, slug: &str, token: &str, local: bool) -> Result<Grant> {
        let folder = self.shared().folder(slug)?;
        if !local && !folder.access.is_shared() {
            return Err(not_shared());
        }
        if self.is_owner(token) {
            let user = User::new(OWNER, self.host_name(), Some(names::COLORS[0].to_owned()));
            return Ok(Grant { slug: slug.to_owned(), user, role: Role::Run, owner: true });
        }
        let now = self.shared().clock.unix_ms();
        let mut access = folder.access.lock();
        match access.holder(token, now) {
            Found::Guest(user, _) if access.link_of_guest_is_over(&user.username, now) => {
                Err(ErrorBody::new(ErrorCode::LinkEnded, "The link you came by has ended."))
            }
            Found::Guest(user, role) | Found::Token(user, role) => {
                Ok(Grant { slug: slug.to_owned(), user, role, owner: false })
            }
            Found::Removed(_) => {
                let message = format!("{} removed you from {}.", self.host_name(), folder.name);
                Err(ErrorBody::new(ErrorCode::Removed, message))
            }
            Found::Nobody => Err(ErrorBody::new(ErrorCode::Forbidden, "You need a link to open this folder.")),
        }
    }

    /// What a link's secret, or the short code, offers in this folder.
    pub fn offer(&self, slug: &str, secret: Option<&str>, code: Option<&str>, visitor: &Visitor) -> Result<LinkOffer> {
        let folder = self.shared().folder(slug)?;
        let link = self.link_for(&folder, secret, code)?;
        let link = link.ok_or_else(|| ErrorBody::new(ErrorCode::Forbidden, "You need a link to open this folder."))?;
        let (folder_name, host) = (folder.name.clone(), self.host_name().to_owned());
        let ask = self.must_ask(&folder, &link, visitor);
        Ok(LinkOffer { folder: folder_name, host, role: link.wish.role, ask })
    }

    /// Redeems a link: a new guest, and the token for its cookie.
    pub async fn join_folder(&self, slug: &str, join: Join, visitor: &Visitor) -> Result<(Tokens, Joined)> {
        let folder = self.shared().folder(slug)?;
        let link = self.link_for(&folder, join.secret.as_deref(), join.code.as_deref())?;
        names::person(&join.name)?;
        match link {
            Some(link) if !self.must_ask(&folder, &link, visitor) => {
                let role = link.wish.role;
                let line = came_by(&link);
                self.admit(&folder, &join, role, Some(link.id), visitor, line).await
            }
            _ => {
                let message = format!("{} is asked about everybody who comes in: knock.", self.host_name());
                Err(ErrorBody::new(ErrorCode::MustAsk, message))
            }
        }
    }

    /// Asks to come in, or to edit, or to come back. Whoever need not ask is in at once.
    pub async fn knock(&self, slug: &str, ask: Ask, visitor: &Visitor) -> Result<(Tokens, Knocked)> {
        let shared = self.shared();
        let folder = shared.folder(slug)?;
        check_role(ask.wants)?;
        let now = shared.clock.now();
        let holder = visitor.cookie.as_deref().map(|cookie| folder.access.lock().holder(cookie, now.unix_ms));
        let (purpose, who, link) = match holder {
            Some(Found::Guest(me, role)) if role >= ask.wants => {
                return Ok((Tokens::default(), Knocked::LetIn(Joined { me, role })));
            }
            Some(Found::Guest(user, _)) => (Purpose::Edit, Some(user), None),
            Some(Found::Removed(user)) => (Purpose::Back, Some(user), None),
            _ => {
                let link = self.link_for(&folder, ask.join.secret.as_deref(), ask.join.code.as_deref())?;
                (Purpose::Join, None, link)
            }
        };
        if !folder.access.is_shared() {
            return Err(not_shared());
        }
        let wants = link.as_ref().map_or(ask.wants, |link| ask.wants.min(link.wish.role));
        if purpose == Purpose::Join {
            names::person(&ask.join.name)?;
            let known = self.known_device(&folder, visitor);
            let free = link.as_ref().filter(|link| !self.must_ask(&folder, link, visitor));
            if let (Some(link), None) = (free, &known) {
                let (role, line) = (link.wish.role, came_by(link));
                let id = Some(link.id.clone());
                return self.admit(&folder, &ask.join, role, id, visitor, line).await.map(let_in);
            }
            if let Some((_, role)) = known {
                let link = link.map(|link| link.id);
                let line = "let in, their device is remembered".to_owned();
                return self.admit(&folder, &ask.join, wants.min(role), link, visitor, line).await.map(let_in);
            }
        }
        let name = match &who {
            Some(user) => user.name.clone(),
            None => names::person(&ask.join.name)?.to_owned(),
        };
        let color = who.as_ref().map_or_else(
            || names::color(ask.join.color.as_deref(), &[]),
            |user| user.color.clone().unwrap_or_default(),
        );
        let ticket = random::secret();
        let asking = Asking {
            id: random::id(),
            ticket: Digest::of(ticket.as_bytes()),
            name,
            color: Some(color),
            device: visitor.device.clone(),
            code: random::digits::<4>(),
            wants,
            since: now.unix_ms,
            link: link.map(|link| link.id),
            purpose,
            who: who.map(|user| user.username),
        };
        let answer = Knocked::Waiting { ticket, code: asking.code.clone(), since: asking.since };
        let event = knock_event(
            &asking,
            Action::Knock,
            match purpose {
                Purpose::Join => format!("at {} asks to come in", asking.device.address),
                Purpose::Edit => "asks to edit".to_owned(),
                Purpose::Back => format!("at {} asks to come back", asking.device.address),
            },
        );
        folder.access.lock().knocks.ask(asking, now.elapsed)?;
        shared.bus.emit(slug, event);
        shared.changes.tick();
        Ok((Tokens::default(), answer))
    }

    /// The answer to a knock, once there is one, or that there is none yet. The page is there as long as this is waited for.
    pub async fn wait_for_answer(&self, slug: &str, ticket: &str) -> Result<(Tokens, Knocked)> {
        let folder = self.shared().folder(slug)?;
        let mut answers = folder.access.answers.subscribe();
        let Some(_held) = Held::new(self.shared(), &folder, ticket) else {
            return Ok((Tokens::default(), Knocked::Over));
        };
        let until = tokio::time::Instant::now() + HELD;
        loop {
            answers.borrow_and_update();
            let told = folder.access.lock().knocks.told(ticket);
            match told {
                Some((asking, None)) => {
                    let news = tokio::time::timeout_at(until, answers.changed()).await;
                    if news.is_err() {
                        let (code, since) = (asking.code, asking.since);
                        let waiting = Knocked::Waiting { ticket: ticket.to_owned(), code, since };
                        return Ok((Tokens::default(), waiting));
                    }
                }
                Some((_, Some(Verdict::LetIn { joined, token, device }))) => {
                    let lasting = device.is_some();
                    let tokens = Tokens { guest: token.map(|token| (token, lasting)), device };
                    return Ok((tokens, Knocked::LetIn(joined)));
                }
                Some((_, Some(Verdict::Refused))) => return Ok((Tokens::default(), Knocked::Refused)),
                Some((_, Some(Verdict::Over))) | None => return Ok((Tokens::default(), Knocked::Over)),
            }
        }
    }

    /// The page asks no more.
    pub fn take_back_knock(&self, slug: &str, ticket: &str) -> Result<()> {
        let folder = self.shared().folder(slug)?;
        if folder.access.lock().knocks.take_back(ticket) {
            folder.access.answers.tick();
            self.shared().changes.tick();
        }
        Ok(())
    }

    /// The link that somebody has, or that the code leads to; `None`: they have neither.
    fn link_for(&self, folder: &Folder, secret: Option<&str>, code: Option<&str>) -> Result<Option<LinkRow>> {
        let shared = self.shared();
        let now = shared.clock.now();
        let mut access = folder.access.lock();
        if let Some(secret) = secret {
            return access.link_by_secret(secret, now.unix_ms).cloned().map(Some);
        }
        let Some(code) = code else { return Ok(None) };
        match access.codes.try_code(code, now.elapsed) {
            Try::Fits => {
                let present = access.present_link(now.unix_ms, |id| shared.keys.link_secret(id));
                let ended = || ErrorBody::new(ErrorCode::LinkEnded, "There is no link to come in by at the moment.");
                present.map(|(link, _)| Some(link.clone())).ok_or_else(ended)
            }
            Try::Wrong => {
                Err(ErrorBody::new(ErrorCode::BadCode, "That code does not fit. Look at the host's screen again."))
            }
            Try::TooMany => {
                let message = "Too many wrong codes were typed; wait for the next code on the host's screen.";
                Err(ErrorBody::new(ErrorCode::TooMany, message))
            }
        }
    }

    fn known_device(&self, folder: &Folder, visitor: &Visitor) -> Option<(String, Role)> {
        visitor.remembered.as_deref().and_then(|token| folder.access.lock().device(token))
    }

    fn must_ask(&self, folder: &Folder, link: &LinkRow, visitor: &Visitor) -> bool {
        if self.known_device(folder, visitor).is_some_and(|(_, role)| role >= link.wish.role) {
            return false;
        }
        let now = self.shared().clock.unix_ms();
        link.wish.ask || folder.access.lock().was_removed(visitor.cookie.as_deref(), remote(&visitor.device), now)
    }

    /// A new guest comes in without further questions.
    async fn admit(
        &self,
        folder: &Folder,
        join: &Join,
        role: Role,
        link: Option<String>,
        visitor: &Visitor,
        line: String,
    ) -> Result<(Tokens, Joined)> {
        let token = random::secret();
        let joined = self.shared().admit(folder, join, role, link, &visitor.device, &token)?;
        if let Some((id, _)) = self.known_device(folder, visitor) {
            folder.access.lock().device_came(&id, &joined.me);
        }
        self.shared().keep_access(folder).await?;
        // Whoever ended the link meanwhile ended this guest too.
        self.authenticate(&folder.slug, &token, true)?;
        let event = host_event(Level::Info, Action::Join, line);
        self.shared().bus.emit(&folder.slug, Event { person: Some((&joined.me).into()), ..event });
        Ok((Tokens { guest: Some((token, true)), device: None }, joined))
    }
}

impl Shared {
    /// A new guest in the table.
    pub(crate) fn admit(
        &self,
        folder: &Folder,
        join: &Join,
        role: Role,
        link: Option<String>,
        device: &Device,
        token: &str,
    ) -> Result<Joined> {
        let name = names::person(&join.name)?;
        let here = self.clients.usernames(&folder.slug);
        let now = self.clock.unix_ms();
        let mut access = folder.access.lock();
        if let Some(id) = &link {
            access.check_live(id, now)?;
        }
        access.make_room(&here)?;
        let (address, color) = (remote(device).map(str::to_owned), join.color.as_deref());
        let (username, host) = (random::username(), self.host_name.as_str());
        let guest =
            access.admit(Admission { username, name, color, role, link, address, token, here: &here, host }, now);
        Ok(Joined { me: guest.user, role: guest.role })
    }
}

fn let_in((tokens, joined): (Tokens, Joined)) -> (Tokens, Knocked) {
    (tokens, Knocked::LetIn(joined))
}

fn came_by(link: &LinkRow) -> String {
    match link.wish.label.as_str() {
        "" => "came in by the link".to_owned(),
        label => format!("came in by the link “{label}”"),
    }
}

fn not_shared() -> ErrorBody {
    ErrorBody::new(ErrorCode::NotShared, "This folder is not shared at the moment.")
}

/// The address of a device, if it is another one than this.
pub(crate) fn remote(device: &Device) -> Option<&str> {
    device.is_remote().then_some(device.address.as_str())
}

/// An event about somebody who asks, who need not be a person here yet.
pub(crate) fn knock_event(asking: &Asking, action: Action, line: String) -> Event {
    let username = asking.who.clone().unwrap_or_else(|| asking.id.clone());
    let person = protocol::event::Person { username, name: asking.name.clone(), color: asking.color.clone() };
    Event { person: Some(person), ..host_event(Level::Info, action, line) }
}

/// A page's question that is held back. Dropping it says that the page is not there any more.
struct Held {
    shared: Arc<Shared>,
    folder: Arc<Folder>,
    ticket: String,
}

impl Held {
    fn new(shared: &Arc<Shared>, folder: &Arc<Folder>, ticket: &str) -> Option<Self> {
        folder.access.lock().knocks.hold(ticket, shared.clock.now().elapsed)?;
        Some(Self { shared: shared.clone(), folder: folder.clone(), ticket: ticket.to_owned() })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.folder.access.lock().knocks.let_go(&self.ticket, self.shared.clock.now().elapsed);
    }
}
