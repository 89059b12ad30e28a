//! What the view sends to its primary, and what comes of it: as the host does it, which asks again when a primary ends before it
//! answers, and works with the file where the primary cannot.

use protocol::{Digest, DiskContent, Intent, Merge, Seq};
use rooms::{Answer, Ask, Backing, DiskRead, DocumentRoom, Input, WriteOutcome};
use std::sync::Arc;
use std::time::Duration;

use super::{Fault, PRIMARY, Two, VIEW};

/// How often a primary that ends before it answers is asked again.
const TRIES: u32 = 3;

/// Something to be done with what stands behind a room.
#[derive(Clone, Debug)]
pub(super) enum Errand {
    /// A room opens.
    Open,
    Read,
    Write {
        content: DiskContent,
        expect: Option<Digest>,
        seq: Seq,
    },
    /// The answer to a write was lost, or was a refusal: what is there now?
    Settle {
        intent: Intent,
        lost: bool,
    },
    Save,
}

/// An errand on its way to the primary.
#[derive(Clone, Debug)]
pub(super) struct Question {
    /// The room that asks.
    life: u64,
    errand: Errand,
    here: bool,
    /// The room's writes when it asked.
    writes: u64,
    tries: u32,
}

impl Two {
    /// The view sends a question.
    pub(super) fn send_errand(&mut self, errand: Errand) {
        let site = &self.sites[VIEW];
        let (life, here, writes) = (site.life, site.is_wanted(), site.writes);
        self.to_primary.push_back(Question { life, errand, here, writes, tries: 0 });
    }

    /// Whether a question of an earlier room of this name is still on its way: the next one waits for that.
    pub(super) fn has_old_errands(&self) -> bool {
        let life = self.sites[VIEW].life;
        let on_their_way = self.to_primary.iter().chain(self.asked.values());
        let mut all = on_their_way.chain(self.to_view.iter().map(|(question, _)| question));
        all.any(|question| question.life < life)
    }

    /// A question arrives; the primary is started if it is not there.
    pub(super) fn ask(&mut self) -> Result<(), String> {
        let Some(question) = self.to_primary.pop_front() else { return Ok(()) };
        self.start(PRIMARY);
        self.tickets += 1;
        let (ticket, view, here) = (self.tickets, self.sites[VIEW].id.to_string(), question.here);
        let ask = match question.errand.clone() {
            Errand::Open | Errand::Read | Errand::Settle { .. } => Ask::Read,
            Errand::Write { content, expect, seq } => Ask::Write { content, expect, seq },
            Errand::Save => Ask::Save,
        };
        self.asked.insert(ticket, question);
        self.tell(PRIMARY, Input::View { ticket, view, here, ask })
    }

    /// The primary ended: nobody who asked it is answered.
    pub(super) fn leave_unanswered(&mut self) {
        let mut questions: Vec<Question> = std::mem::take(&mut self.asked).into_values().collect();
        // What is still in its queue may be found there by the next one.
        if self.rng.chance(50) {
            questions.extend(self.to_primary.drain(..));
        }
        self.to_view.extend(questions.into_iter().map(|question| (question, None)));
    }

    /// An answer arrives.
    pub(super) fn reply(&mut self) -> Result<(), String> {
        let number = self.rng.below(self.to_view.len());
        let Some((question, answer)) = self.to_view.remove(number) else { return Ok(()) };
        if question.life != self.sites[VIEW].life {
            return Ok(());
        }
        match &question.errand {
            Errand::Save => {
                let result = match answer {
                    Some(Answer::Saved(result)) => result,
                    Some(Answer::Refused(reason)) => Err(reason),
                    _ => Err("it could not be saved just now".to_owned()),
                };
                self.tell(VIEW, Input::FileSaved(result))?;
                self.part_again()
            }
            Errand::Write { content, seq, .. } => match answer {
                Some(Answer::Wrote { outcome, saved }) => self.wrote(VIEW, outcome, Backing::Primary { saved }),
                answer => {
                    let intent = Intent { digest: content.digest, seq: *seq };
                    let errand = Errand::Settle { intent, lost: answer.is_none() };
                    self.to_primary.push_back(Question { errand, tries: 0, ..question });
                    Ok(())
                }
            },
            Errand::Open | Errand::Read | Errand::Settle { .. } => {
                let (read, backing, merges) = match answer {
                    None if question.tries + 1 < TRIES => {
                        self.to_primary.push_back(Question { tries: question.tries + 1, ..question });
                        return Ok(());
                    }
                    Some(Answer::Read { content, saved, merges }) => {
                        (DiskRead::Content(content), Backing::Primary { saved }, Some(merges))
                    }
                    _ => (self.disk.read(), Backing::File, None),
                };
                self.found(question, read, backing, merges)
            }
        }
    }

    /// It is known what stands behind the view.
    fn found(
        &mut self,
        question: Question,
        read: DiskRead,
        backing: Backing,
        merges: Option<Arc<[Merge]>>,
    ) -> Result<(), String> {
        if backing == Backing::File {
            self.book.direct();
        }
        let taken = self.sites[PRIMARY].store.taken.filter(|_| self.fault != Some(Fault::ReceiptIgnored));
        let site = &mut self.sites[VIEW];
        match question.errand {
            Errand::Open => {
                site.reading = false;
                site.backing = backing;
                let taken = taken.filter(|_| backing != Backing::File);
                self.opens(VIEW, read, taken, merges.unwrap_or_default())
            }
            Errand::Settle { intent, lost } => {
                let outcome = match read {
                    _ if lost && taken == Some(intent) => WriteOutcome::Done(intent.digest),
                    DiskRead::Content(content) => WriteOutcome::Changed(Some(content)),
                    DiskRead::Gone => WriteOutcome::Changed(None),
                    DiskRead::Failed(reason) => WriteOutcome::Failed(reason),
                };
                self.wrote(VIEW, outcome, backing)
            }
            _ => {
                site.reading = false;
                // A write overlapped it.
                if site.writing || site.writes != question.writes {
                    site.look = true;
                } else {
                    self.backed(backing)?;
                    self.tell(VIEW, Input::Disk(read))?;
                    merges.map_or(Ok(()), |merges| self.tell(VIEW, Input::Merges(merges)))?;
                }
                self.part_again()
            }
        }
    }

    /// A write ended, to the primary or to the file.
    pub(super) fn wrote(&mut self, at: usize, outcome: WriteOutcome, backing: Backing) -> Result<(), String> {
        self.sites[at].writing = false;
        if matches!(outcome, WriteOutcome::Done(_)) && backing == Backing::File {
            // The other room learns of it now; and a primary that could not read the file may be able to.
            self.sites[at].look |= at == VIEW;
            self.rouse(at);
        }
        if at == PRIMARY {
            return self.tell(at, Input::Wrote(outcome));
        }
        self.backed(backing)?;
        self.tell(at, Input::Wrote(outcome))?;
        self.part_again()
    }

    fn backed(&mut self, backing: Backing) -> Result<(), String> {
        if std::mem::replace(&mut self.sites[VIEW].backing, backing) == backing {
            return Ok(());
        }
        self.tell(VIEW, Input::Backed(backing))
    }

    /// A question of a view that nobody wants may have come after its farewell.
    fn part_again(&mut self) -> Result<(), String> {
        if self.sites[VIEW].wanted { Ok(()) } else { self.part() }
    }

    /// Tells the primary that nobody is in the view.
    pub(super) fn part(&mut self) -> Result<(), String> {
        let view = self.sites[VIEW].id.to_string();
        self.tell(PRIMARY, Input::ViewLeft { view })
    }

    pub(super) fn tick(&mut self) -> Result<(), String> {
        for at in [PRIMARY, VIEW] {
            let due = self.sites[at].room.as_ref().and_then(DocumentRoom::deadline);
            if due.is_some_and(|due| due <= Duration::from_millis(self.millis)) {
                self.tell(at, Input::Tick)?;
            }
        }
        Ok(())
    }
}
