//! The rim around both rooms: what carries out their effects, and brings questions and answers from the one to the other, late or
//! not at all.

use super::*;

impl Two {
    pub(super) fn tick(&mut self) -> Result<(), String> {
        for at in [PRIMARY, VIEW] {
            let due = self.sites[at].room.as_ref().and_then(DocumentRoom::deadline);
            if due.is_some_and(|due| due <= Duration::from_millis(self.millis)) {
                self.tell(at, Input::Tick)?;
            }
        }
        Ok(())
    }

    /// A room looks at the file, or a view sends its question.
    pub(super) fn look(&mut self) -> Result<(), String> {
        let [primary, second] = &mut self.sites;
        if primary.look && primary.write.is_none() {
            primary.look = false;
            let read = self.disk.read();
            return self.tell(PRIMARY, Input::Disk(read));
        }
        if let Some(write) = second.write.take() {
            self.to_primary.push_back(write);
        } else if second.look && !second.reading && !second.writing {
            (second.look, second.reading, second.again) = (false, true, false);
            self.to_primary.push_back(Ask::Read);
        }
        Ok(())
    }

    /// A question of the view arrives; the primary is started if it is not there.
    pub(super) fn ask(&mut self) -> Result<(), String> {
        let Some(ask) = self.to_primary.pop_front() else { return Ok(()) };
        self.start(PRIMARY);
        self.tickets += 1;
        let (ticket, view) = (self.tickets, self.sites[VIEW].id.to_string());
        let here = self.sites[VIEW].room.as_ref().is_some_and(DocumentRoom::is_wanted);
        self.tell(PRIMARY, Input::View { ticket, view, here, ask })
    }

    /// An answer of the primary arrives.
    pub(super) fn reply(&mut self) -> Result<(), String> {
        let Some(answer) = self.to_view.pop_front() else { return Ok(()) };
        let site = &mut self.sites[VIEW];
        let saved = match &answer {
            Answer::Read { saved, .. } | Answer::Wrote { saved, .. } => Some(*saved),
            _ => None,
        };
        let opening = site.open_wanted;
        let mut inputs = Vec::new();
        if let Some(saved) = saved.filter(|_| !opening) {
            let backing = Backing::Primary { saved };
            if std::mem::replace(&mut site.backing, backing) != backing {
                inputs.push(Input::Backed(backing));
            }
        }
        match answer {
            Answer::Read { content, saved } if opening => {
                (site.reading, site.open_wanted) = (false, false);
                site.backing = Backing::Primary { saved };
                let taken = self.sites[PRIMARY].store.taken.filter(|_| self.fault != Some(Fault::ReceiptIgnored));
                inputs.push(Input::Opened(self.opened(VIEW, DiskRead::Content(content), taken)));
            }
            Answer::Read { content, .. } => {
                site.reading = false;
                // A write overlapped it.
                if std::mem::take(&mut site.again) || site.writing {
                    site.look = true;
                } else {
                    inputs.push(Input::Disk(DiskRead::Content(content)));
                }
            }
            Answer::Wrote { outcome, .. } => {
                site.writing = false;
                inputs.push(Input::Wrote(outcome));
            }
            Answer::Saved(result) => inputs.push(Input::FileSaved(result)),
            Answer::Refused(reason) => return Err(format!("the primary refuses: {reason}")),
        }
        inputs.into_iter().try_for_each(|input| self.tell(VIEW, input))
    }

    pub(super) fn open(&mut self, at: usize) -> Result<(), String> {
        let answers = self.sites[at].store.commit();
        self.sites[at].answers.extend(answers);
        if self.rng.chance(30) {
            self.sites[at].store.compact()?;
        }
        if at == VIEW {
            self.sites[VIEW].reading = true;
            self.to_primary.push_back(Ask::Read);
            return Ok(());
        }
        self.sites[PRIMARY].open_wanted = false;
        let opened = self.opened(PRIMARY, self.disk.read(), None);
        self.tell(PRIMARY, Input::Opened(opened))
    }

    pub(super) fn opened(&self, at: usize, disk: DiskRead, taken: Option<Intent>) -> Opened {
        let store = &self.sites[at].store;
        let backing = if at == PRIMARY { Backing::File } else { self.sites[VIEW].backing };
        let (log, base, intent) = (store.log.clone(), store.base.clone(), store.intent);
        Opened { log, base, merges: Vec::new(), intent, disk, path: "a/file".to_owned(), backing, taken }
    }

    pub(super) fn start(&mut self, at: usize) {
        if self.sites[at].room.is_none() {
            let policy = Policy {
                save_delay: self.rng.chance(70).then_some(Duration::from_secs(1)),
                save_at_most: Duration::from_secs(5),
                cleanup_delay: Some(Duration::from_secs(60)),
                keep_alive: Duration::from_secs(15),
                retry_delay: Duration::from_secs(10),
            };
            let document = 0x1000_0000 + 8 * self.rng.below(0x0100_0000) as u64;
            let authors = Authors { document, disk: document + 1, views: document + 2 };
            self.sites[at].reset();
            self.sites[at].room = Some(DocumentRoom::new(self.sites[at].id.clone(), policy, authors));
        }
    }

    /// Tells a room something and takes care of what it wants.
    pub(super) fn tell(&mut self, at: usize, input: Input) -> Result<(), String> {
        let now = Now { elapsed: Duration::from_millis(self.millis), unix_ms: 1_700_000_000_000 + self.millis };
        let Some(room) = &mut self.sites[at].room else { return Ok(()) };
        let mut effects = Vec::new();
        room.handle(now, input, &mut effects);
        let mut batch = Batch::default();
        let mut done = false;
        for effect in effects {
            let site = &mut self.sites[at];
            match effect {
                Effect::Send { to, frame } => self.send(|id| id == to, &frame),
                Effect::Broadcast { except, frame } => {
                    let here: Vec<ClientId> =
                        self.tabs.iter().filter(|tab| tab.site == at).filter_map(|tab| tab.id).collect();
                    self.send(|id| Some(id) != except && here.contains(&id), &frame);
                }
                Effect::Disconnect { reason, .. } => return Err(format!("somebody was sent away: {reason}")),
                Effect::Open => site.open_wanted = true,
                Effect::Append { seq, update } => batch.append.push((seq, update)),
                Effect::SetBase(base) => batch.base = Some(base),
                Effect::Intend(intent) => batch.intent = Some(intent),
                Effect::Took { intent, .. } => batch.took = Some(intent),
                Effect::Keep(_) | Effect::Remember(_) | Effect::Restored { .. } => {}
                Effect::Run(job) => site.jobs.push(job),
                Effect::Read => site.look = true,
                Effect::Write { bytes, expect, seq } => {
                    if std::mem::replace(&mut site.writing, at == VIEW) || site.write.is_some() {
                        return Err("a room writes while it writes".into());
                    }
                    site.again = true;
                    site.write = Some(Ask::Write { content: protocol::DiskContent::new(bytes), expect, seq });
                }
                Effect::Save => self.to_primary.push_back(Ask::Save),
                Effect::Views => self.sites[VIEW].look = true,
                Effect::Answer { answer, .. } => self.to_view.push_back(answer),
                Effect::Emit(event) => self.trace.push(format!("      {at} {:?}: {}", event.action, event.line)),
                Effect::Done => done = true,
            }
        }
        let early = self.sites[at].store.take(batch);
        self.sites[at].answers.extend(early);
        if done {
            self.sites[at].reset();
        }
        Ok(())
    }

    pub(super) fn send(&mut self, to: impl Fn(ClientId) -> bool, frame: &Bytes) {
        for tab in &mut self.tabs {
            if tab.id.is_some_and(&to) {
                tab.down.push_back(frame.clone());
            }
        }
    }

    pub(super) fn connect(&mut self, at: usize) -> Result<(), String> {
        self.connections += 1;
        let (id, site) = (ClientId(self.connections), self.tabs[at].site);
        self.start(site);
        let tab = &mut self.tabs[at];
        (tab.id, tab.early) = (Some(id), Some(Vec::new()));
        tab.up.push_back(wire::step1(&tab.doc.transact().state_vector().encode_v1()));
        let user = User::new(at.to_string(), at.to_string(), None);
        self.tell(site, Input::Join { client: id, member: Member { user, role: Role::Edit } })
    }

    pub(super) fn cut(&mut self, at: usize) -> Result<(), String> {
        let (site, id) = (self.tabs[at].site, self.tabs[at].id);
        self.tabs[at].cut();
        id.map_or(Ok(()), |client| self.tell(site, Input::Leave { client }))?;
        if site == VIEW && self.sites[VIEW].room.as_ref().is_some_and(|room| !room.is_wanted()) {
            let view = self.sites[VIEW].id.to_string();
            self.tell(PRIMARY, Input::ViewLeft { view })?;
        }
        Ok(())
    }
}
