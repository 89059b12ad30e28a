//! Whose turn it is: a die says so, or a script.

use rooms::Input;

use super::Fault;
use super::rng::Rng;
use super::script::{Kind, Script, Step, Turn};
use super::world::World;

impl World {
    /// A whole life: stretches of turmoil, and a rest after each.
    pub(crate) fn live(&mut self) -> Result<(), String> {
        self.begin()?;
        for _ in 0..4 {
            for _ in 0..self.rng.between(50, 150) {
                let choices = self.choices();
                if let Some(step) = self.rng.weighted(&choices) {
                    self.step(step)?;
                }
            }
            self.step(Kind::Rest.into())?;
        }
        Ok(())
    }

    /// A life once more, as far as its steps are possible, and a rest at the end.
    pub(crate) fn relive(&mut self, script: &Script) -> Result<(), String> {
        self.begin()?;
        for Turn { step, die } in &script.turns {
            let possible =
                step.kind == Kind::Rest || self.choices().iter().any(|(weight, it)| *weight > 0 && it == step);
            if possible {
                self.rng = Rng::at(*die);
                self.step(*step)?;
            }
        }
        self.step(Kind::Rest.into())
    }

    /// Everybody comes, and nothing is written.
    fn begin(&mut self) -> Result<(), String> {
        let before = self.disk.content().cloned();
        self.rest()?;
        if before.as_ref() != self.disk.content() || self.disk.writes > 0 {
            return Err("opening a file and closing it changed it".into());
        }
        Ok(())
    }

    fn step(&mut self, step: Step) -> Result<(), String> {
        self.trace.push(format!("{:6} ms  {:?} {}", self.millis, step.kind, step.at));
        self.script.turns.push(Turn { step, die: self.rng.state() });
        self.take(step)?;
        self.inspect()
    }

    /// What can happen now, by weight.
    fn choices(&self) -> Vec<(usize, Step)> {
        let of = Step::of;
        let cells = self.shape.reshapes();
        let some = |wanted: bool, weight: usize| if wanted { weight } else { 0 };
        let mut choices = vec![(20, Kind::Wait.into()), (1, Kind::Kill.into())];
        let closing = self.host.as_ref().is_some_and(|host| host.closing);
        for (at, client) in self.clients.iter().enumerate() {
            choices.extend([(some(client.role.may_edit(), 9) + 3, of(Kind::Edit, at)), (1, of(Kind::Quit, at))]);
            if cells {
                choices.push((some(client.role.may_edit(), 5), of(Kind::Reshape, at)));
            }
            match &client.connection {
                Some(connection) => choices.extend([
                    (some(!connection.up.is_empty(), 20), of(Kind::Up, at)),
                    (some(!connection.down.is_empty(), 20), of(Kind::Down, at)),
                    (2, of(Kind::Cut, at)),
                    (3, of(Kind::AskStored, at)),
                    (some(self.asks, 2), of(Kind::AskSave, at)),
                    (1, of(Kind::Renew, at)),
                ]),
                None => choices.push((some(!closing, 7), of(Kind::Connect, at))),
            }
        }
        match (&self.torn, &self.aside) {
            (Some(_), _) => choices.push((12, Kind::FinishDisk.into())),
            (_, Some(_)) => choices.push((6, Kind::PutBack.into())),
            _ => choices.extend([
                (7, Kind::EditDisk.into()),
                (1, Kind::CopyDisk.into()),
                (1, Kind::StaleDisk.into()),
                (some(!self.asks, 1), Kind::TakeAway.into()),
            ]),
        }
        if cells && self.torn.is_none() && self.aside.is_none() {
            choices.push((4, Kind::ReshapeDisk.into()));
        }
        choices.push((some(!self.store.pending.is_empty(), 20), Kind::Commit.into()));
        let Some(host) = &self.host else { return choices };
        choices.extend([
            (some(host.open_wanted, 25), Kind::Open.into()),
            (some(!host.jobs.is_empty(), 20), Kind::Job.into()),
            (some(!host.answers.is_empty(), 25), Kind::Answer.into()),
            (some(!host.closing, 1), Kind::Close.into()),
        ]);
        match &host.write {
            Some(write) if write.outcome.is_some() => {
                choices.extend([(18, Kind::Wrote.into()), (6, Kind::Kill.into())])
            }
            Some(_) => choices.extend([(18, Kind::Write.into()), (2, Kind::FailWrite.into())]),
            None => choices.extend([
                (some(host.read_wanted, 18), Kind::Read.into()),
                (4, Kind::Look.into()),
                (some(host.seen.is_some(), 10), Kind::Tell.into()),
                (some(host.seen.is_some() && cells, 3), Kind::Miss.into()),
            ]),
        }
        choices
    }

    fn take(&mut self, step: Step) -> Result<(), String> {
        let at = step.at;
        match step.kind {
            Kind::Edit | Kind::Reshape => {
                let reshape = step.kind == Kind::Reshape;
                if reshape && self.is_murky() {
                    return Ok(());
                }
                self.client_changed = Some(at);
                let op = self.clients[at].edit(&mut self.rng, &mut self.ledger, self.model, reshape);
                self.trace.push(format!("      {op:?}"));
                Ok(())
            }
            Kind::Up => (0..self.rng.between(1, 3)).try_for_each(|_| self.up(at)),
            Kind::Down => (0..self.rng.between(1, 3)).try_for_each(|_| self.down(at)),
            Kind::Cut => self.part(at),
            Kind::Connect => self.join(at),
            Kind::Quit => self.quit(at),
            Kind::Renew => {
                self.clients[at].renew();
                Ok(())
            }
            Kind::AskStored => {
                self.clients[at].ask_stored();
                Ok(())
            }
            Kind::AskSave => {
                self.clients[at].ask_save();
                Ok(())
            }
            Kind::Open => self.open(),
            Kind::Job => self.run_job(),
            Kind::Commit => self.commit(),
            Kind::Answer => match self.host.as_mut().and_then(|host| host.answers.pop_front()) {
                Some(answer) => self.tell(answer),
                None => Ok(()),
            },
            Kind::Write => self.write(false),
            Kind::FailWrite if self.is_murky() && self.ledger.has_moves() => Ok(()),
            Kind::FailWrite => self.write(true),
            Kind::Wrote => self.wrote(),
            Kind::Look => {
                let seen = self.disk.read();
                let faulty = self.fault == Some(Fault::OldNews);
                if let Some(host) = &mut self.host {
                    host.old = host.seen.replace(seen.clone()).filter(|_| faulty);
                }
                Ok(())
            }
            Kind::Tell => {
                match self.host.as_mut().and_then(|host| std::mem::replace(&mut host.seen, host.old.take())) {
                    Some(seen) => self.tell(Input::Disk(seen)),
                    None => Ok(()),
                }
            }
            Kind::Read => self.poll(),
            Kind::Wait => {
                let millis = self.rng.between(10, 2500) as u64;
                self.wait(millis)
            }
            Kind::EditDisk => self.edit_disk(false),
            Kind::ReshapeDisk => self.edit_disk(true),
            Kind::Rest => self.rest(),
            Kind::Miss => {
                self.host.iter_mut().for_each(|host| host.seen = None);
                Ok(())
            }
            Kind::CopyDisk => {
                self.copy = self.disk.content().map(|content| content.bytes.to_vec());
                Ok(())
            }
            Kind::StaleDisk => self.write_stale_copy(),
            Kind::FinishDisk => {
                self.finish_disk();
                Ok(())
            }
            Kind::TakeAway => {
                self.aside = self.disk.content().map(|content| content.bytes.to_vec());
                self.disk.put(None);
                Ok(())
            }
            Kind::PutBack => {
                self.put_back();
                Ok(())
            }
            Kind::Kill => self.kill(),
            Kind::Close => {
                self.host.iter_mut().for_each(|host| host.closing = true);
                self.tell(Input::Close { reason: "The host stops.".to_owned() })
            }
            // Of two rooms on one file.
            Kind::Erase
            | Kind::Half
            | Kind::Space
            | Kind::Fault
            | Kind::Ask
            | Kind::Reply
            | Kind::EraseDisk
            | Kind::BreakDisk
            | Kind::Leave => Ok(()),
        }
    }
}
