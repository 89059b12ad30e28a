//! What the watcher knows of a folder, and what it is about to report: raw touches and renames become settled changes.
//!
//! Not here: threads, notifications, the disk; time and looks at the disk are arguments.

use crate::Change;
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

/// A path is reported when it was quiet for this long …
const QUIET: Duration = Duration::from_millis(100);
/// … or since its first change this much passed.
const LATEST: Duration = Duration::from_secs(1);
/// A rename is reported this long after it: until then it may turn out to be part of a replacement.
const RENAME: Duration = Duration::from_millis(300);
/// More than this at once, and looking at everything is cheaper.
const MANY: usize = 1000;

/// What is at a path at the moment.
pub(crate) trait Look {
    /// Whether it is a directory; `None`: nothing is there.
    fn is_directory(&self, path: &str) -> Option<bool>;
    /// Everything below a directory: `(path, is a directory)`.
    fn below(&self, path: &str) -> Vec<(String, bool)>;
    /// Whether somebody may know of it what this tree does not: it came and went between two looks, but is open.
    fn is_open(&self, path: &str) -> bool;
}

/// See the file's head.
#[derive(Default)]
pub(crate) struct Tree {
    /// What was there when last looked: is it a directory?
    known: BTreeMap<String, bool>,
    /// Touched paths: first and last time.
    touched: HashMap<String, (Instant, Instant)>,
    /// Renames that may turn out to be part of a replacement.
    moves: Vec<(String, String, Instant)>,
    lost: Option<Instant>,
}

impl Tree {
    /// Forgets all and takes this as what is there.
    pub(crate) fn reset(&mut self, everything: impl IntoIterator<Item = (String, bool)>) {
        *self = Self { known: everything.into_iter().collect(), ..Self::default() };
    }

    /// Something happened to a path.
    pub(crate) fn touch(&mut self, path: String, now: Instant) {
        self.touched.entry(path).or_insert((now, now)).1 = now;
    }

    /// Notifications were lost.
    pub(crate) fn lose(&mut self, now: Instant) {
        self.lost.get_or_insert(now);
    }

    /// Something was renamed; `None`: hidden, or out of the folder.
    pub(crate) fn rename(&mut self, from: Option<String>, to: Option<String>, now: Instant) {
        let (from, to) = match (from, to) {
            (Some(from), Some(to)) => (from, to),
            (Some(only), None) | (None, Some(only)) => return self.touch(only, now),
            (None, None) => return,
        };
        let Some(&directory) = self.known.get(&from) else {
            // It was made a moment ago and never reported: a program's temporary file.
            self.touched.remove(&from);
            return self.touch(to, now);
        };
        if self.known.contains_key(&to) || self.touched.contains_key(&to) {
            self.touch(from, now);
            return self.touch(to, now);
        }
        self.known.remove(&from);
        self.known.insert(to.clone(), directory);
        for (path, kind) in self.take_below(&from) {
            self.known.insert(format!("{to}{}", &path[from.len()..]), kind);
        }
        let carried: Vec<String> = self.touched.keys().filter(|path| is_at_or_below(path, &from)).cloned().collect();
        for path in carried {
            if let Some(times) = self.touched.remove(&path) {
                self.touched.insert(format!("{to}{}", &path[from.len()..]), times);
            }
        }
        match self.moves.iter().position(|(_, end, _)| *end == from) {
            Some(index) if self.moves[index].0 == to => {
                self.moves.remove(index);
                self.touch(to, now);
            }
            Some(index) => self.moves[index].1 = to,
            None => self.moves.push((from, to, now)),
        }
    }

    /// When something will be due.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let touched = self.touched.iter().map(|(path, times)| self.due_at(path, times));
        let moves = self.moves.iter().map(|(_, _, at)| *at + RENAME);
        touched.chain(moves).chain(self.lost.map(|at| at + QUIET)).min()
    }

    /// What is due. After a [`Change::Rescan`] the caller looks around and calls [`Tree::reset`].
    pub(crate) fn due(&mut self, now: Instant, look: &impl Look) -> Vec<Change> {
        if self.lost.is_some_and(|at| at + QUIET <= now) {
            return self.give_up();
        }
        let mut changes = Vec::new();
        let (due, later) = std::mem::take(&mut self.moves).into_iter().partition(|(_, _, at)| *at + RENAME <= now);
        self.moves = later;
        for (from, to, _) in due {
            if look.is_directory(&from).is_some() {
                // An editor put the old content aside and wrote anew.
                self.touched.remove(&from);
                self.touched.remove(&to);
                self.settle(from, look, &mut changes);
                self.settle(to, look, &mut changes);
            } else {
                changes.push(Change::Moved { from, to });
            }
        }
        let due = self.touched.iter().filter(|(path, times)| self.due_at(path, times) <= now);
        let mut due: Vec<String> = due.map(|(path, _)| path.clone()).collect();
        due.sort();
        for path in due {
            self.touched.remove(&path);
            self.settle(path, look, &mut changes);
        }
        if changes.len() > MANY { self.give_up() } else { changes }
    }

    /// When a touch is due: not before a rename to that path, or of a folder around it, was reported.
    fn due_at(&self, path: &str, (first, last): &(Instant, Instant)) -> Instant {
        let renamed = self.moves.iter().filter(|(_, to, _)| is_at_or_below(path, to)).map(|(_, _, at)| *at + RENAME);
        renamed.fold((*last + QUIET).min(*first + LATEST), Instant::max)
    }

    fn give_up(&mut self) -> Vec<Change> {
        *self = Self::default();
        vec![Change::Rescan]
    }

    fn settle(&mut self, path: String, look: &impl Look, changes: &mut Vec<Change>) {
        let before = self.known.get(&path).copied();
        let now = look.is_directory(&path);
        // A folder may have been taken away and made anew between two looks: only its content tells.
        let gone = if before == Some(true) { self.take_below(&path) } else { Vec::new() };
        let mut gone: BTreeMap<String, bool> = gone.into_iter().collect();
        if now == Some(true) {
            self.known.insert(path.clone(), true);
            for (path, directory) in look.below(&path) {
                let before = gone.remove(&path).or_else(|| self.known.get(&path).copied());
                self.known.insert(path.clone(), directory);
                if !directory && before != Some(false) {
                    changes.push(Change::Changed(path));
                }
            }
        }
        changes.extend(gone.into_iter().filter(|(_, directory)| !directory).map(|(path, _)| Change::Changed(path)));
        match now {
            Some(true) => {}
            Some(false) => {
                self.known.insert(path.clone(), false);
                changes.push(Change::Changed(path));
            }
            None => {
                let directory = self.known.remove(&path);
                if directory == Some(false) || (directory.is_none() && look.is_open(&path)) {
                    changes.push(Change::Changed(path));
                }
            }
        }
    }

    fn take_below(&mut self, path: &str) -> Vec<(String, bool)> {
        let prefix = format!("{path}/");
        let below: Vec<_> = self
            .known
            .range(prefix.clone()..)
            .take_while(|(path, _)| path.starts_with(&prefix))
            .map(|(path, directory)| (path.clone(), *directory))
            .collect();
        for (path, _) in &below {
            self.known.remove(path);
        }
        below
    }
}

fn is_at_or_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Disk(BTreeMap<String, bool>);

    impl Look for Disk {
        fn is_directory(&self, path: &str) -> Option<bool> {
            self.0.get(path).copied()
        }

        fn below(&self, path: &str) -> Vec<(String, bool)> {
            let below = self.0.iter().filter(|(other, _)| *other != path && is_at_or_below(other, path));
            below.map(|(path, directory)| (path.clone(), *directory)).collect()
        }

        fn is_open(&self, path: &str) -> bool {
            path == "open"
        }
    }

    fn disk(paths: &[&str]) -> Disk {
        let entry = |path: &&str| (path.trim_end_matches('/').to_owned(), path.ends_with('/'));
        Disk(paths.iter().map(entry).collect())
    }

    fn changed(path: &str) -> Change {
        Change::Changed(path.to_owned())
    }

    fn moved(from: &str, to: &str) -> Change {
        Change::Moved { from: from.to_owned(), to: to.to_owned() }
    }

    enum Step {
        Touch(&'static str),
        Rename(&'static str, &'static str),
    }

    #[test]
    fn renames_and_touches_settle() {
        use Step::{Rename, Touch};
        let some = |path: &str| (!path.is_empty()).then(|| path.to_owned());
        type Case = (&'static str, &'static [&'static str], Vec<Step>, &'static [&'static str], Vec<Change>);
        let cases: Vec<Case> = vec![
            ("a write", &["a"], vec![Touch("a"), Touch("a")], &["a"], vec![changed("a")]),
            ("a deletion", &["a"], vec![Touch("a")], &[], vec![changed("a")]),
            ("made and gone", &[], vec![Touch("a")], &[], vec![]),
            ("made and gone, but open", &[], vec![Touch("open")], &[], vec![changed("open")]),
            ("a move", &["a"], vec![Rename("a", "b")], &["b"], vec![moved("a", "b")]),
            ("two moves", &["a"], vec![Rename("a", "b"), Rename("b", "c")], &["c"], vec![moved("a", "c")]),
            ("there and back", &["a"], vec![Rename("a", "b"), Rename("b", "a")], &["a"], vec![changed("a")]),
            (
                "written, then moved",
                &["a"],
                vec![Touch("a"), Rename("a", "b")],
                &["b"],
                vec![moved("a", "b"), changed("b")],
            ),
            ("replaced from a hidden file", &["a"], vec![Rename("", "a")], &["a"], vec![changed("a")]),
            (
                "replaced from a visible new file",
                &["a"],
                vec![Touch("a~"), Rename("a~", "a")],
                &["a"],
                vec![changed("a")],
            ),
            (
                "put aside and written anew",
                &["a"],
                vec![Rename("a", "a~"), Touch("a")],
                &["a", "a~"],
                vec![changed("a"), changed("a~")],
            ),
            ("moved onto another", &["a", "b"], vec![Rename("a", "b")], &["b"], vec![changed("a"), changed("b")]),
            ("a folder moved", &["d/", "d/a"], vec![Rename("d", "e")], &["e/", "e/a"], vec![moved("d", "e")]),
            ("a folder deleted", &["d/", "d/a", "d2"], vec![Touch("d")], &["d2"], vec![changed("d/a")]),
            ("a folder made", &[], vec![Touch("d")], &["d/", "d/a"], vec![changed("d/a")]),
            ("a folder moved out", &["d/", "d/a"], vec![Rename("d", "")], &[], vec![changed("d/a")]),
            ("a folder touched", &["d/", "d/a"], vec![Touch("d")], &["d/", "d/a"], vec![]),
        ];
        for (name, before, steps, after, expected) in cases {
            let (start, mut tree) = (Instant::now(), Tree::default());
            tree.reset(disk(before).0);
            for step in steps {
                match step {
                    Touch(path) => tree.touch(path.to_owned(), start),
                    Rename(from, to) => tree.rename(some(from), some(to), start),
                }
            }
            assert_eq!(tree.due(start, &disk(after)), [], "{name}: not yet");
            assert_eq!(tree.due(start + RENAME, &disk(after)), expected, "{name}");
            assert_eq!(tree.deadline(), None, "{name}");
            tree.known.retain(|path, _| !after.iter().any(|other| other.trim_end_matches('/') == path));
            assert!(tree.known.is_empty(), "{name}: {:?}", tree.known);
        }
    }

    #[test]
    fn constant_writing_is_reported_after_a_second_and_losses_swallow_the_rest() {
        let (start, mut tree) = (Instant::now(), Tree::default());
        for step in 0..20 {
            tree.touch("a".to_owned(), start + QUIET / 2 * step);
        }
        assert_eq!(tree.due(start + LATEST - QUIET / 2, &disk(&["a"])), []);
        assert_eq!(tree.due(start + LATEST, &disk(&["a"])), [changed("a")]);
        tree.touch("a".to_owned(), start);
        tree.lose(start);
        assert_eq!(tree.due(start + QUIET, &disk(&["a"])), [Change::Rescan]);
        assert_eq!(tree.deadline(), None);
    }
}
