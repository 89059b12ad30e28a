//! The events of a room: the exact messages of the reference server, and a line for people.
//!
//! Not here: when they are emitted.

use crate::Member;
use crate::roster::Left;
use protocol::event::Person;
use protocol::{Action, Event, EventKind, Level, MergeReport, Model, User};
use std::time::Duration;

/// Reference server: the disk changed.
pub(crate) const OUT_OF_BAND: &str = "Out-of-band changes. Overwriting the room.";
/// Reference server: the disk changed under a save.
pub(crate) const OUT_OF_BAND_SAVING: &str = "Out-of-band changes while saving.";
const FROM_DISK: &str = "Content loaded from disk.";
const FROM_STORE: &str = "Content loaded from the store SQLiteYStore";
const OUT_OF_SYNC: &str = "The file is out-of-sync with the ystore.";

/// Makes the events of one room.
pub(crate) struct Teller<'a> {
    /// Name of the room.
    pub(crate) room: &'a str,
    /// API path of the file, if there is one.
    pub(crate) path: Option<&'a str>,
}

/// Last part of a path.
pub(crate) fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

impl Teller<'_> {
    fn event(&self, level: Level, kind: EventKind, action: Action, msg: &str, line: String) -> Event {
        Event {
            level,
            kind,
            action,
            room: Some(self.room.to_owned()),
            path: self.path.map(str::to_owned),
            person: None,
            msg: msg.to_owned(),
            line,
        }
    }

    fn info(&self, action: Action, msg: &str, line: String) -> Event {
        self.event(Level::Info, EventKind::Session, action, msg, line)
    }

    fn by(mut event: Event, member: &Member) -> Event {
        event.person = Some((&member.user).into());
        event
    }

    fn file(&self) -> &str {
        self.path.map_or(self.room, name)
    }

    pub(crate) fn loaded_file(&self) -> Event {
        self.info(Action::Load, FROM_DISK, format!("{} from the file", self.file()))
    }

    /// `ahead`: entries of the log that the file lacks, if that is known; 0: none.
    pub(crate) fn loaded_log(&self, ahead: Option<u64>) -> Event {
        let more = match ahead {
            Some(0) => String::new(),
            Some(1) => ", with 1 edit the file did not have".to_owned(),
            Some(count) => format!(", with {count} edits the file did not have"),
            None => ", with edits the file did not have".to_owned(),
        };
        self.info(Action::Load, FROM_STORE, format!("{} from the log{more}", self.file()))
    }

    pub(crate) fn out_of_sync(&self, model: Model, report: &MergeReport) -> Event {
        let line = format!("{} changed on disk while it was closed: {}", self.file(), merged(model, report));
        self.info(Action::Initialize, OUT_OF_SYNC, line)
    }

    /// `refused`: entries of the log of which today's rules refuse something.
    pub(crate) fn mended(&self, refused: usize) -> Event {
        let (entries, it) = match refused {
            1 => ("1 entry".to_owned(), "it"),
            _ => (format!("{refused} entries"), "them"),
        };
        let cannot = format!("{entries} in the history of {} cannot be taken any more", self.file());
        let line = format!("{cannot}; all that does not build on {it} is there");
        self.event(Level::Warning, EventKind::Host, Action::Load, "", line)
    }

    pub(crate) fn ready(&self) -> Event {
        self.info(Action::Initialize, "Room initialized", "Room ready".to_owned())
    }

    pub(crate) fn connected(&self, member: &Member) -> Event {
        let line = format!("is connected to {}", self.file());
        Self::by(self.info(Action::Initialize, "New client connected.", line), member)
    }

    pub(crate) fn joined(&self, member: &Member) -> Event {
        let may = if member.role.may_edit() { "" } else { ", may view" };
        let line = match self.path {
            Some(path) => format!("opened {}{may}", name(path)),
            None => format!("came in{may}"),
        };
        Self::by(self.event(Level::Info, EventKind::Awareness, Action::Join, "", line), member)
    }

    pub(crate) fn left(&self, left: &Left) -> Event {
        let line = format!("after {}", lasting(left.stayed));
        Self::by(self.event(Level::Info, EventKind::Awareness, Action::Leave, "", line), &left.member)
    }

    pub(crate) fn saved(&self, size: usize, waited: Option<Duration>) -> Event {
        let line = match waited {
            None => format!("{}, {}", self.file(), sized(size)),
            Some(waited) => format!("Saved, {}, after {} of waiting", sized(size), lasting(waited)),
        };
        self.info(Action::Save, "Content saved.", line)
    }

    pub(crate) fn save_failed(&self, reason: &str) -> Event {
        let msg = format!("Error saving file: {}\n{reason}", self.path.unwrap_or_default());
        let line = format!("{}; edits kept on the host", reason.trim_end_matches('.'));
        self.event(Level::Error, EventKind::Session, Action::Save, &msg, line)
    }

    pub(crate) fn load_failed(&self, reason: &str, line: String) -> Event {
        let msg = format!("Error loading content from file: {}\n{reason}", self.path.unwrap_or_default());
        self.event(Level::Error, EventKind::Session, Action::Load, &msg, line)
    }

    pub(crate) fn overwritten(&self, msg: &str, model: Model, report: &MergeReport) -> Event {
        self.info(Action::Overwrite, msg, format!("{} changed on disk: {}", self.file(), merged(model, report)))
    }

    pub(crate) fn restored(&self, by: &User, size: usize) -> Event {
        let line = format!("put an earlier version of {} back, {}", self.file(), sized(size));
        let event = self.event(Level::Info, EventKind::Host, Action::Overwrite, "", line);
        Event { person: Some(by.into()), ..event }
    }

    /// `by`: who did it, if it was done here.
    pub(crate) fn moved(&self, old: &str, by: Option<Person>) -> Event {
        let new = self.path.unwrap_or_default();
        // A name that stayed says nothing.
        let (from, to) = if name(old) == name(new) { (old, new) } else { (name(old), name(new)) };
        let line = match by {
            Some(_) => format!("renamed {from} to {to}"),
            None => format!("{from} is now {to}"),
        };
        Event { person: by, ..self.event(Level::Info, EventKind::Host, Action::Rename, "", line) }
    }

    pub(crate) fn deleted(&self, people: usize) -> Event {
        let kept = match people {
            0 => "its text is kept on the host".to_owned(),
            1 => "kept open for 1 person".to_owned(),
            count => format!("kept open for {count} people"),
        };
        let line = format!("{} was deleted on disk; {kept}", self.file());
        self.event(Level::Warning, EventKind::Host, Action::Delete, "", line)
    }

    pub(crate) fn cleaned(&self, line: String) -> Event {
        self.info(Action::Clean, "Room deleted.", line)
    }

    pub(crate) fn let_go(&self) -> Event {
        self.info(Action::Clean, "Loader deleted.", format!("{} is not watched any more", self.file()))
    }

    pub(crate) fn refused(&self, member: &Member, line: String) -> Event {
        Self::by(self.event(Level::Debug, EventKind::Host, Action::Fault, "", line), member)
    }
}

/// Why bytes cannot be opened as this model; names the file, and the line if it is known.
pub(crate) fn unreadable(model: Model, path: &str, reason: &str) -> String {
    match model {
        Model::Notebook => format!("{} is no readable notebook: {reason}", name(path)),
        _ => format!("{} is no readable text: {reason}", name(path)),
    }
}

fn counted(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

fn merged(model: Model, report: &MergeReport) -> String {
    let (part, place) = match model {
        Model::Notebook => ("cell", "cell"),
        _ => ("line", "line"),
    };
    let count = report.changed + report.added + report.removed;
    let mut line = format!("{} merged", counted(count, part));
    if report.kept > 0 {
        let kept = format!("{} kept because somebody edits here", counted(report.kept, part));
        line = if count == 0 { kept } else { format!("{line}, {kept}") };
    } else if report.live_edits {
        line += ", typing kept";
    }
    let mut places: Vec<usize> = report.conflicts.iter().map(|conflict| conflict.number).collect();
    places.dedup();
    if let [first, rest @ ..] = &places[..] {
        let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
        let on = if part == "cell" { "both wrote on one line in" } else { "both wrote on" };
        line += &format!("; {on} {place} {first}{more}; both texts are there");
    }
    line
}

/// A size for people.
fn sized(bytes: usize) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} KB", (bytes + 500) / 1_000),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

/// A span of time for people: `7 s`, `5 min 39 s`, `2 h 5 min`.
pub fn lasting(span: Duration) -> String {
    let seconds = span.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::Conflict;

    #[test]
    fn lines_are_the_catalogues() {
        let teller = Teller { room: "json:notebook:1", path: Some("a/counts.ipynb") };
        assert_eq!(teller.loaded_file().line, "counts.ipynb from the file");
        assert_eq!(teller.loaded_log(Some(3)).line, "counts.ipynb from the log, with 3 edits the file did not have");
        assert_eq!(teller.saved(48_211, None).line, "counts.ipynb, 48 KB");
        assert_eq!(teller.saved(51_000, Some(Duration::from_secs(42))).line, "Saved, 51 KB, after 42 s of waiting");
        assert_eq!(teller.save_failed("Disk is full.").line, "Disk is full; edits kept on the host");
        assert_eq!(teller.deleted(2).line, "counts.ipynb was deleted on disk; kept open for 2 people");
        assert_eq!(teller.moved("a/b.ipynb", None).line, "b.ipynb is now counts.ipynb");
        let report = MergeReport { changed: 2, live_edits: true, ..MergeReport::default() };
        let line = |report: &MergeReport| teller.overwritten(OUT_OF_BAND, Model::Notebook, report).line;
        assert_eq!(line(&report), "counts.ipynb changed on disk: 2 cells merged, typing kept");
        let conflict = Conflict { number: 3, cell: None, texts: None };
        let report = MergeReport { changed: 1, conflicts: vec![conflict.clone(), conflict], ..MergeReport::default() };
        let both = "1 cell merged; both wrote on one line in cell 3; both texts are there";
        assert_eq!(line(&report), format!("counts.ipynb changed on disk: {both}"));
    }

    #[test]
    fn spans_read_well() {
        let check = |seconds, expect: &str| assert_eq!(lasting(Duration::from_secs(seconds)), expect);
        check(7, "7 s");
        check(339, "5 min 39 s");
        check(60, "1 min");
        check(7530, "2 h 5 min");
    }
}
