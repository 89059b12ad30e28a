//! A room with a file behind it.

use crate::job::Found;
use crate::live::Live;
use crate::opening::{Waiting, open};
use crate::place::{Place, Turn};
use crate::rebuild::{Rebuild, Rebuilt};
use crate::roster::Roster;
use crate::{Authors, Backing, Effect, Here, Input, Job, Now, Policy};
use protocol::{ClientId, CloseCode, Model, RoomId, Seq};
use std::time::Duration;
use ydoc::State;

/// A room with a file behind it.
///
/// A function of its inputs: nothing depends on an effect having been carried out before the answer to it arrives, so it may
/// be dropped between any two effects and opened again from what was committed.
pub struct DocumentRoom {
    place: Place,
    phase: Phase,
}

enum Phase {
    /// Nobody came yet.
    Fresh,
    /// Asked for the file and the history, then rebuilding.
    Opening(Waiting),
    Open(Box<Live>),
    /// `Done` was said.
    Finished,
}

impl DocumentRoom {
    /// A room that has not opened its file yet. `id` must be [`RoomId::Document`] (anything else is served as text).
    pub fn new(id: RoomId, policy: Policy, authors: Authors) -> Self {
        let model = match &id {
            RoomId::Document { kind, .. } => kind.model(),
            RoomId::Transient(_) => Model::Text,
        };
        let (name, path, roster) = (id.to_string(), String::new(), Roster::default());
        let backing = Backing::File;
        Self { place: Place { id, name, path, model, policy, authors, roster, backing }, phase: Phase::Fresh }
    }

    /// Tells the room what happened; it appends what it wants done, in order.
    pub fn handle(&mut self, now: Now, input: Input, effects: &mut Vec<Effect>) {
        let Self { place, phase } = self;
        let mut turn = Turn { place, now, out: effects };
        if matches!(phase, Phase::Fresh) && !matches!(input, Input::Close { .. } | Input::Tick | Input::ViewLeft { .. })
        {
            turn.want(Effect::Open);
            *phase = Phase::Opening(Waiting::default());
        }
        match phase {
            Phase::Open(live) => {
                live.handle(&mut turn, input);
                if live.is_done() {
                    *phase = Phase::Finished;
                }
            }
            Phase::Finished => {
                if let Input::Join { client, .. } = input {
                    let reason = "This room has just closed; connecting again opens it.".to_owned();
                    turn.want(Effect::Disconnect { client, code: CloseCode::FellBehind, reason });
                }
            }
            Phase::Fresh | Phase::Opening(_) => Self::before_open(phase, &mut turn, input),
        }
    }

    fn before_open(phase: &mut Phase, turn: &mut Turn<'_>, input: Input) {
        if let Input::Close { reason } = &input {
            // Nothing was changed yet; what the log may hold beyond the file stays there.
            turn.disconnect_all(CloseCode::Quitting, reason);
            turn.want(Effect::Done);
            *phase = Phase::Finished;
            return;
        }
        let Phase::Opening(waiting) = phase else { return };
        match input {
            Input::Opened(mut opened) => {
                waiting.merges = std::mem::take(&mut opened.merges);
                turn.place.path = waiting.moved().unwrap_or(&opened.path).to_owned();
                turn.place.backing = opened.backing;
                let (model, authors) = (turn.place.model, turn.place.authors);
                turn.want(Effect::Run(Job::rebuild(Rebuild { model, authors, opened })));
            }
            Input::Finished(outcome) => match outcome.0 {
                Found::Rebuilt(Rebuilt::Ready(ready)) => {
                    let waiting = std::mem::take(waiting);
                    *phase = Phase::Open(Box::new(open(turn, *ready, waiting)));
                }
                Found::Rebuilt(Rebuilt::Refused { code, reason }) => {
                    // A view asks only to see whether it has a primary.
                    if !turn.place.roster.is_empty() {
                        turn.tell(|teller, _| teller.load_failed(&reason, reason.clone()));
                    }
                    waiting.refuse(turn, &reason);
                    turn.disconnect_all(code, &reason);
                    turn.want(Effect::Done);
                    *phase = Phase::Finished;
                }
                _ => {}
            },
            other => waiting.take(turn, other),
        }
    }

    /// [`Input::Tick`] is wanted no later than at this `Now::elapsed`.
    pub fn deadline(&self) -> Option<Duration> {
        let Phase::Open(live) = &self.phase else { return None };
        let silence = self.place.roster.deadline(self.place.policy.keep_alive);
        silence.into_iter().chain(live.deadline(&self.place)).min()
    }

    /// Its name.
    pub fn id(&self) -> &RoomId {
        &self.place.id
    }

    /// API path of the file; empty before it was opened.
    pub fn path(&self) -> &str {
        &self.place.path
    }

    /// Connected clients, also those that wait for the room to open.
    pub fn clients(&self) -> Vec<ClientId> {
        self.place.roster.clients()
    }

    /// Who is here.
    pub fn people(&self) -> Vec<Here> {
        self.place.roster.here()
    }

    /// Nobody is here.
    pub fn is_empty(&self) -> bool {
        self.place.roster.is_empty()
    }

    /// Opened and serving.
    pub fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open(_))
    }

    /// The file lacks edits that the room has.
    pub fn is_dirty(&self) -> bool {
        let behind = self.place.backing == Backing::Primary { saved: false };
        matches!(&self.phase, Phase::Open(live) if live.is_unsaved() || behind)
    }

    /// Somebody is here, or it has something that what stands behind it lacks; or that is not known yet.
    pub fn is_wanted(&self) -> bool {
        match &self.phase {
            Phase::Open(live) => live.unsaved || !self.is_empty(),
            Phase::Fresh | Phase::Opening(_) => true,
            Phase::Finished => false,
        }
    }

    /// Up to here the stored log may be shortened, now or later: nothing under way stands for less of it that the store was not
    /// told of. While the room opens nothing may be.
    pub fn steady(&self) -> Seq {
        match &self.phase {
            Phase::Open(live) => live.steady(),
            Phase::Opening(_) => 0,
            Phase::Fresh | Phase::Finished => Seq::MAX,
        }
    }

    /// As [`DocumentRoom::state`], to be given to others: `None` also while something in it must be durable first.
    pub fn copy(&self) -> Option<State> {
        match &self.phase {
            Phase::Open(live) if !live.is_gated() => Some(live.document.state()),
            _ => None,
        }
    }

    /// The whole document as one update; `None` until it is open.
    pub fn state(&self) -> Option<State> {
        match &self.phase {
            Phase::Open(live) => Some(live.document.state()),
            _ => None,
        }
    }
}
