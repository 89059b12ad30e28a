//! The rim around both rooms: what carries out their effects, late or not at all.

use bytes::Bytes;
use protocol::{ClientId, DiskContent, Intent, Merge, Role, User};
use rooms::{Answer, Authors, Backing, DiskRead, DocumentRoom, Effect, Input, Member, Now, Opened, Policy};
use std::sync::Arc;
use std::time::Duration;
use yrs::updates::encoder::Encode;
use yrs::{ReadTxn, Transact};

use super::errand::Errand;
use super::{PRIMARY, Tab, Two, VIEW};
use crate::store::Batch;
use crate::view;
use crate::wire::{self, Frame};

impl Two {
    /// All rooms of the file are to look.
    pub(super) fn all_look(&mut self) {
        self.sites[PRIMARY].look |= self.sites[PRIMARY].room.is_some();
        self.rouse(PRIMARY);
    }

    /// The other room of the file is to look; a view that nobody wants does when somebody comes.
    pub(super) fn rouse(&mut self, from: usize) {
        let other = &mut self.sites[1 - from];
        other.look |= if from == PRIMARY { other.is_wanted() } else { other.room.is_some() };
    }

    /// A room begins to read.
    pub(super) fn read(&mut self, at: usize) {
        let read = self.disk.read();
        let site = &mut self.sites[at];
        site.look = false;
        if at == PRIMARY {
            site.seen = Some((read, site.writes));
        } else {
            site.reading = true;
            self.send_errand(Errand::Read);
        }
    }

    /// The primary is told what it read.
    pub(super) fn told(&mut self, at: usize) -> Result<(), String> {
        let site = &mut self.sites[at];
        let Some((read, writes)) = site.seen.take() else { return Ok(()) };
        // A write overlapped it.
        if site.writing || writes != site.writes {
            site.look = true;
            return Ok(());
        }
        self.tell(at, Input::Disk(read))
    }

    /// A write begins, and where it goes to the file it ends as well.
    pub(super) fn write(&mut self, at: usize) {
        let site = &mut self.sites[at];
        let Some(errand) = site.write.take() else { return };
        let Errand::Write { content, expect, .. } = &errand else { return };
        if at == VIEW && site.backing != Backing::File {
            return self.send_errand(errand);
        }
        let outcome = self.disk.write_if(&content.bytes, *expect, self.fault);
        self.sites[at].answers.push_back(Input::Wrote(outcome));
    }

    pub(super) fn may_open(&self, at: usize) -> bool {
        let site = &self.sites[at];
        site.open_wanted && !site.reading && (at == PRIMARY || !self.has_old_errands())
    }

    pub(super) fn open(&mut self, at: usize) -> Result<(), String> {
        let answers = self.sites[at].store.commit();
        self.sites[at].answers.extend(answers);
        if self.rng.chance(30) {
            self.sites[at].store.compact(protocol::Seq::MAX)?;
        }
        if at == VIEW {
            self.sites[VIEW].reading = true;
            self.send_errand(Errand::Open);
            return Ok(());
        }
        let read = self.disk.read();
        self.opens(PRIMARY, read, None, self.merges.clone())
    }

    /// All that a room opens with is there.
    pub(super) fn opens(
        &mut self,
        at: usize,
        disk: DiskRead,
        taken: Option<Intent>,
        merges: Arc<[Merge]>,
    ) -> Result<(), String> {
        let site = &mut self.sites[at];
        site.open_wanted = false;
        let (log, base, intent) = (site.store.log.clone(), site.store.base.clone(), site.store.intent);
        let backing = site.backing;
        let path = "a/file".to_owned();
        self.tell(at, Input::Opened(Opened { log, base, merges, intent, disk, path, backing, taken }))
    }

    pub(super) fn start(&mut self, at: usize) {
        if self.sites[at].room.is_some() {
            return;
        }
        let policy = Policy {
            save_delay: self.rng.chance(70).then_some(Duration::from_secs(1)),
            save_at_most: Duration::from_secs(5),
            cleanup_delay: Some(Duration::from_secs(60)),
            keep_alive: Duration::from_secs(15),
            retry_delay: Duration::from_secs(10),
            most_edits: 512 << 20,
        };
        let document = 0x1000_0000 + 8 * self.rng.below(0x0100_0000) as u64;
        let authors = Authors { document, disk: document + 1, views: document + 2 };
        let site = &mut self.sites[at];
        site.reset();
        site.life += 1;
        site.room = Some(DocumentRoom::new(site.id.clone(), policy, authors));
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
                Effect::Remember(merge) if at == PRIMARY => {
                    self.merges = self.merges.iter().cloned().chain([merge]).collect();
                }
                Effect::Keep(_) | Effect::Remember(_) | Effect::Restored { .. } => {}
                Effect::Run(job) => site.jobs.push(job),
                Effect::Read => site.look = true,
                Effect::Write { bytes, expect, seq } => {
                    if std::mem::replace(&mut site.writing, true) {
                        return Err("a room writes while it writes".into());
                    }
                    site.writes += 1;
                    site.write = Some(Errand::Write { content: DiskContent::new(bytes), expect, seq });
                }
                Effect::Save => self.send_errand(Errand::Save),
                Effect::Views => self.rouse(PRIMARY),
                Effect::Answer { ticket, answer } => self.answered(ticket, answer),
                Effect::Emit(event) => self.trace.push(format!("      {at} {:?}: {}", event.action, event.line)),
                Effect::Done => done = true,
            }
        }
        let early = self.sites[at].store.take(batch);
        self.sites[at].answers.extend(early);
        if done {
            self.gone(at);
            return if at == VIEW { self.part() } else { Ok(()) };
        }
        self.show_wanted(at)
    }

    fn answered(&mut self, ticket: u64, answer: Answer) {
        if let Some(question) = self.asked.remove(&ticket) {
            self.to_view.push_back((question, Some(answer)));
        }
    }

    /// A room is no more.
    pub(super) fn gone(&mut self, at: usize) {
        self.sites[at].reset();
        if at == PRIMARY {
            self.leave_unanswered();
        }
    }

    /// Tells the primary when nobody wants the view any more; the view looks what is new when somebody does again.
    fn show_wanted(&mut self, at: usize) -> Result<(), String> {
        let site = &mut self.sites[at];
        let wanted = site.is_wanted();
        if at == PRIMARY || std::mem::replace(&mut site.wanted, wanted) == wanted {
            return Ok(());
        }
        site.look |= wanted;
        if wanted { Ok(()) } else { self.part() }
    }

    fn send(&mut self, to: impl Fn(ClientId) -> bool, frame: &Bytes) {
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
        id.map_or(Ok(()), |client| self.tell(site, Input::Leave { client }))
    }
}

impl Tab {
    pub(super) fn cut(&mut self) {
        (self.id, self.early) = (None, None);
        self.up.clear();
        self.down.clear();
    }

    pub(super) fn hear(&mut self, frame: &[u8]) -> Result<(), String> {
        match wire::read(frame)? {
            Frame::Step1(vector) => self.up.push_back(wire::step2(&view::missing(&self.doc, &vector)?)),
            Frame::Step2(update) => {
                view::apply(&self.doc, &update)?;
                self.synced = true;
                self.early.take().into_iter().flatten().try_for_each(|update| view::apply(&self.doc, &update))?;
            }
            Frame::Raw(said) => {
                let merges = said["merges"].as_array().into_iter().flatten();
                self.told =
                    merges.filter_map(|merge| merge["id"].as_u64()).chain([self.told]).max().unwrap_or_default();
            }
            Frame::Update(update) => match &mut self.early {
                Some(early) => early.push(update),
                None => view::apply(&self.doc, &update)?,
            },
            _ => {}
        }
        Ok(())
    }
}
