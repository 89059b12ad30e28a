//! What the owner decides about people: letting in, refusing, roles, removing, API tokens, remembered devices.

use crate::access::{Asking, Verdict, check_role};
use crate::connection::Closing;
use crate::entering::knock_event;
use crate::folder::Folder;
use crate::shared::host_event;
use crate::{Host, Result, names, random};
use protocol::guest::{Join, Joined};
use protocol::panel::Purpose;
use protocol::{Action, CloseCode, ErrorBody, ErrorCode, Event, Level, Role, User};

impl Host {
    /// Lets somebody in who knocks, with this role; `remember`: their device may come in by itself the next time.
    pub async fn let_in(&self, slug: &str, knock: &str, role: Role, remember: bool) -> Result<()> {
        check_role(role)?;
        let shared = self.shared();
        let folder = shared.folder(slug)?;
        let asking = folder.access.lock().knocks.find(knock)?;
        let now = shared.clock.now();
        let (joined, token) = match (asking.purpose, &asking.who) {
            (Purpose::Edit, Some(who)) => {
                let joined = self.give_role(&folder, who, role)?;
                (joined, None)
            }
            (Purpose::Back, Some(who)) => {
                let (me, role) = folder.access.lock().let_back(who, Some(role), now.unix_ms)?;
                (Joined { me, role }, None)
            }
            _ => {
                let token = random::secret();
                let (name, color) = (asking.name.clone(), asking.color.clone());
                let join = Join { secret: None, code: None, name, color };
                let joined = shared.admit(&folder, &join, role, asking.link.clone(), &asking.device, &token)?;
                (joined, Some(token))
            }
        };
        let device = remember.then(|| {
            let token = random::secret();
            folder.access.lock().remember(random::id(), &token, joined.me.clone(), joined.role, now.unix_ms);
            token
        });
        let verdict = Verdict::LetIn { joined: joined.clone(), token, device };
        // Stored first: who was told to come in comes in, also after a crash.
        let kept = shared.keep_access(&folder).await;
        folder.access.lock().knocks.answer(knock, verdict, shared.clock.now().elapsed);
        folder.access.answers.tick();
        if asking.purpose != Purpose::Edit {
            self.tell(&folder, &joined.me, Action::Join, format!("let in by you, {}", may(joined.role)));
        }
        kept
    }

    /// Refuses somebody who knocks.
    pub async fn refuse(&self, slug: &str, knock: &str) -> Result<()> {
        let shared = self.shared();
        let folder = shared.folder(slug)?;
        let asking: Asking = folder.access.lock().knocks.find(knock)?;
        folder.access.lock().knocks.answer(knock, Verdict::Refused, shared.clock.now().elapsed);
        folder.access.answers.tick();
        shared.bus.emit(slug, knock_event(&asking, Action::Refuse, "by you".to_owned()));
        shared.changes.tick();
        Ok(())
    }

    /// Changes what somebody may do, on sockets that are open too.
    pub async fn set_role(&self, slug: &str, person: &str, role: Role) -> Result<()> {
        check_role(role)?;
        let folder = self.shared().folder(slug)?;
        self.give_role(&folder, person, role)?;
        self.shared().keep_access(&folder).await
    }

    fn give_role(&self, folder: &Folder, person: &str, role: Role) -> Result<Joined> {
        let shared = self.shared();
        let (changed, me) = {
            let mut access = folder.access.lock();
            let changed = access.set_role(person, role)?;
            (changed, access.user(person).ok_or_else(|| nobody(folder, person))?)
        };
        if changed.is_some() {
            shared.clients.set_role(&folder.slug, person, role);
            self.tell(folder, &me, Action::Role, format!("{} now", may(role)));
        }
        Ok(Joined { me, role })
    }

    /// Puts somebody out: their sockets close, their cookie opens nothing, and coming back takes a knock. An API token ends.
    pub async fn remove_person(&self, slug: &str, person: &str) -> Result<()> {
        let shared = self.shared();
        let folder = shared.folder(slug)?;
        if folder.access.lock().guest(person).is_none() {
            return self.end_token(slug, person).await;
        }
        let now = shared.clock.now();
        let address = shared.clients.address(slug, person);
        let user = {
            let mut access = folder.access.lock();
            access.knocks.forget(person, now.elapsed);
            access.remove(person, address, now.unix_ms)?
        };
        folder.access.answers.tick();
        let reason = format!("{} removed you from {}.", self.host_name(), folder.name);
        shared.leave(&folder, std::slice::from_ref(&user.username), &Closing::new(CloseCode::Forbidden, reason));
        self.tell(&folder, &user, Action::Remove, "by you".to_owned());
        shared.keep_access(&folder).await
    }

    /// Lets somebody back in who was removed, with the role of before.
    pub async fn let_back(&self, slug: &str, person: &str) -> Result<()> {
        let shared = self.shared();
        let folder = shared.folder(slug)?;
        let (user, role) = folder.access.lock().let_back(person, None, shared.clock.unix_ms())?;
        self.tell(&folder, &user, Action::Join, format!("let back in by you, {}", may(role)));
        shared.keep_access(&folder).await
    }

    /// Makes an API token: the token, which nobody can show again.
    pub async fn new_token(&self, slug: &str, name: &str, role: Role) -> Result<String> {
        check_role(role)?;
        let shared = self.shared();
        let folder = shared.folder(slug)?;
        let name = names::person(name)?;
        let token = random::secret();
        let now = shared.clock.unix_ms();
        let user = folder.access.lock().new_token(random::id(), random::username(), name, &token, role, now)?;
        shared.keep_access(&folder).await?;
        self.tell(&folder, &user, Action::Add, format!("has an API token, {}", may(role)));
        Ok(token)
    }

    /// Ends an API token; who is connected by it leaves.
    pub async fn end_token(&self, slug: &str, id: &str) -> Result<()> {
        let shared = self.shared();
        let folder = shared.folder(slug)?;
        let user = folder.access.lock().end_token(id)?;
        let closing = Closing::new(CloseCode::Forbidden, "This API token has ended.");
        shared.leave(&folder, std::slice::from_ref(&user.username), &closing);
        self.tell(&folder, &user, Action::Revoke, "has no API token any more".to_owned());
        shared.keep_access(&folder).await
    }

    /// Has a remembered device ask again.
    pub async fn forget_device(&self, slug: &str, id: &str) -> Result<()> {
        let folder = self.shared().folder(slug)?;
        folder.access.lock().forget_device(id)?;
        self.shared().keep_access(&folder).await
    }

    fn tell(&self, folder: &Folder, user: &User, action: Action, line: String) {
        let event = host_event(Level::Info, action, line);
        self.shared().bus.emit(&folder.slug, Event { person: Some(user.into()), ..event });
        self.shared().changes.tick();
    }
}

fn may(role: Role) -> &'static str {
    if role.may_edit() { "may edit" } else { "may view" }
}

fn nobody(folder: &Folder, person: &str) -> ErrorBody {
    ErrorBody::new(ErrorCode::NotFound, format!("Nobody called {person} is in {}.", folder.name))
}
