//! The power is cut at every call of a save, with every other misfortune, and the file is looked at afterwards.
//!
//! Not here: the room and its log. Of those only what a save relies on: that before a save its content is durable as *intended*,
//! and that content which was handed over is merged and durable before the next save expects it.

mod disk;

use crate::WriteError;
use crate::atomic::{recover_at, save};
use disk::{Disk, Failure, Fate, Foreign, TARGET, THEIRS};
use protocol::Digest;
use std::path::Path;

const OURS: [&[u8]; 3] = [b"the first that was saved", b"then more was saved, the second", b"third"];
const FOLDER: &str = "/folder";

/// What the room knows, and what may be in the file.
#[derive(Clone, Debug, Default)]
struct Room {
    known: Option<Vec<u8>>,
    intended: Option<Digest>,
    /// The last save was confirmed; its base may or may not be durable.
    confirmed: bool,
    /// What may be at the target after a cut; `None`: no file.
    allowed: Vec<Option<Vec<u8>>>,
    /// The other program's content was merged: it may go.
    merged: bool,
}

#[derive(Default)]
struct Seen {
    cuts: u64,
    broken: Vec<String>,
}

/// One life of a document: three saves, the second of the same content as one that was undone by a crash. Stops when the power does.
fn live(disk: &Disk, room: &mut Room) {
    let target = Path::new(FOLDER).join(TARGET);
    for ours in OURS {
        room.intended = Some(Digest::of(ours));
        room.confirmed = false;
        // What was there, what is to be there; what another program does is added by the check.
        // What a save that failed wrote may come back until one is confirmed.
        room.allowed.extend([room.known.clone(), Some(ours.to_vec())]);
        let expect = room.known.as_deref().map(Digest::of);
        let answer = save(disk, &target, TARGET, ours, expect, room.known.is_some().then_some(&()));
        if disk.fate.cut.is_some_and(|cut| disk.calls() >= cut) {
            // Whatever it answered, nobody heard it, except if it was its last call.
            if answer.is_ok() {
                confirm(room, ours);
            }
            return;
        }
        match answer {
            Ok(_) => confirm(room, ours),
            Err(WriteError::Changed(found)) => {
                let found = found.map(|content| content.bytes.to_vec());
                room.merged |= found.as_deref() == Some(THEIRS);
                (room.known, room.intended) = (found, None);
            }
            // The room looks at the file.
            Err(WriteError::Outside(_) | WriteError::Other { .. }) => {
                room.known = disk.content(TARGET);
                room.merged |= room.known.as_deref() == Some(THEIRS);
                room.intended = None;
            }
        }
    }
}

fn confirm(room: &mut Room, ours: &[u8]) {
    room.known = Some(ours.to_vec());
    room.confirmed = true;
    room.allowed = vec![room.known.clone()];
}

/// Every state in which the disk may be now, opened again.
fn check(disk: &Disk, room: &Room, seen: &mut Seen, story: &str) {
    let mut seed = 0x9e37_79b9_7f4a_7c15u64 ^ disk.calls() as u64;
    let draw = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    let target = Path::new(FOLDER).join(TARGET);
    let wrote = disk.fate.foreign.filter(|(at, _)| *at < disk.calls()).map(|(_, foreign)| foreign);
    let mut allowed = room.allowed.clone();
    match wrote {
        Some(Foreign::Deletes) => allowed.push(None),
        Some(_) => allowed.push(Some(THEIRS.to_vec())),
        None => {}
    }
    // A base that is durable forgets the intent.
    let intents = if room.confirmed { vec![room.intended, None] } else { vec![room.intended] };
    for after in disk.after_a_cut(draw) {
        for intended in &intents {
            seen.cuts += 1;
            // It is in the file, or was displaced by ours. What it wrote into a file of ours whose new name did not last is, after
            // the cut, no different from a temporary file that was half written.
            let inside = after.content(TARGET);
            let ours_is_in = inside.as_deref().map(Digest::of) == *intended;
            let is_there = wrote.is_some()
                && (inside.as_deref() == Some(THEIRS)
                    || ours_is_in && after.all().iter().any(|(_, content)| content == THEIRS));
            let mut again = after.clone();
            // The power is cut while it is tidied up, too.
            for cut in [Some(3), Some(6), None] {
                again.fate.cut = cut.map(|cut| again.calls() + cut);
                let tidied = recover_at(&again, &target, TARGET, *intended);
                if cut.is_none() && tidied.is_err() {
                    seen.broken.push(format!("{story}: {tidied:?}"));
                }
                if cut.is_some() {
                    let states = again.after_a_cut(|| 1);
                    again = states[states.len() / 2].clone();
                }
            }
            let now = again.content(TARGET);
            let mut told = |what: &str| {
                let show = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let before: Vec<_> = after.all().into_iter().map(|(name, bytes)| (name, show(&bytes))).collect();
                let now = now.as_deref().map(show);
                seen.broken.push(format!("{what}: {now:?}, {before:?} before; {story}, {room:?}"));
            };
            if !allowed.contains(&now) {
                told("the file holds what it never should");
            }
            if is_there && !room.merged && now.as_deref() != Some(THEIRS) && intended.is_some() {
                told("another program's write is lost");
            }
            if again.all().len() > usize::from(now.is_some()) {
                told("something is left beside it");
            }
        }
    }
}

/// Cuts the power at every call, for a disk of this kind, with and without another program and failing calls.
fn explore(kind: Fate, before: Option<&[u8]>, foreign: &[Foreign], failures: &[Failure]) -> Seen {
    let mut seen = Seen::default();
    let room = Room { known: before.map(<[u8]>::to_vec), ..Room::default() };
    let quiet = Disk::with(before, kind);
    live(&quiet, &mut room.clone());
    let calls = quiet.calls() + 4;
    let moments = |count: usize| std::iter::once(None).chain((0..count).map(Some));
    let foreigns: Vec<_> = std::iter::once(None)
        .chain(foreign.iter().flat_map(|foreign| (0..calls).map(move |at| Some((at, *foreign)))))
        .collect();
    let failures: Vec<_> = std::iter::once(None)
        .chain(failures.iter().flat_map(|failure| (0..calls).map(move |at| Some((at, *failure)))))
        .collect();
    let mut number = 0;
    for foreign in &foreigns {
        for fails in &failures {
            for cut in moments(calls) {
                // What would happen after the cut does not happen.
                let late = |at: usize| cut.is_some_and(|cut| at >= cut);
                if foreign.is_some_and(|(at, _)| late(at)) || fails.is_some_and(|(at, _)| late(at)) {
                    continue;
                }
                // Of what comes together only a part, always the same one.
                number += 1;
                if foreign.is_some() && fails.is_some() && number % 11 != 0 {
                    continue;
                }
                let fate = Fate { cut, foreign: *foreign, fails: *fails, ..kind };
                let (disk, mut room) = (Disk::with(before, fate), room.clone());
                live(&disk, &mut room);
                if cut.is_none_or(|cut| disk.calls() >= cut) {
                    check(&disk, &room, &mut seen, &format!("{fate:?}"));
                }
            }
        }
    }
    seen
}

fn holds(kind: Fate, before: Option<&[u8]>, foreign: &[Foreign], failures: &[Failure]) {
    let seen = explore(kind, before, foreign, failures);
    println!("{} states of the disk after a cut", seen.cuts);
    assert!(
        seen.broken.is_empty(),
        "{} of {}, first {:#?}",
        seen.broken.len(),
        seen.cuts,
        &seen.broken[..seen.broken.len().min(3)]
    );
    assert!(seen.cuts > 100);
}

const BEFORE: Option<&[u8]> = Some(b"as it was before");
const ALL: [Foreign; 3] = [Foreign::Replaces, Foreign::Overwrites, Foreign::Deletes];
const FAILURES: [Failure; 3] = [Failure::Once, Failure::OnceButDone, Failure::FromThenOn];

#[test]
fn save_80_after_a_power_cut_at_any_call_of_a_save_the_file_holds_one_whole_content() {
    holds(Fate::default(), BEFORE, &[], &FAILURES);
    holds(Fate::default(), None, &[], &FAILURES);
}

#[test]
fn save_81_what_another_program_wrote_in_the_last_instant_is_there_after_a_power_cut() {
    holds(Fate::default(), BEFORE, &ALL, &[]);
    holds(Fate::default(), None, &ALL, &[]);
}

#[test]
fn save_81_also_when_calls_fail() {
    holds(Fate::default(), BEFORE, &[Foreign::Replaces, Foreign::Overwrites], &FAILURES);
}

#[test]
fn save_82_disks_that_cannot_exchange_or_link_keep_one_whole_content_too() {
    for number in 1..8 {
        let kind = Fate {
            no_exchange: number & 1 != 0,
            no_rename_new: number & 2 != 0,
            no_links: number & 4 != 0,
            ..Fate::default()
        };
        holds(kind, BEFORE, &[], &FAILURES);
        holds(kind, None, &[], &FAILURES);
    }
}

#[test]
fn save_83_a_flush_that_fails_is_a_save_that_failed() {
    let target = Path::new(FOLDER).join(TARGET);
    let count = |disk: &Disk| {
        let expect = BEFORE.map(Digest::of);
        (save(disk, &target, TARGET, OURS[0], expect, None), disk.calls())
    };
    let (answer, calls) = count(&Disk::with(BEFORE, Fate::default()));
    assert_eq!(answer, Ok(Digest::of(OURS[0])));
    // Every call but the last one, which removes what was displaced.
    for at in 0..calls - 1 {
        for failure in [Failure::Once, Failure::OnceButDone] {
            let (answer, _) = count(&Disk::with(BEFORE, Fate { fails: Some((at, failure)), ..Fate::default() }));
            assert!(
                matches!(answer, Err(WriteError::Outside(_) | WriteError::Other { .. })),
                "{failure:?} of call {at}: {answer:?}"
            );
        }
    }
}

#[test]
fn without_its_flushes_a_save_is_found_out() {
    let lax_files = Fate { lax_files: true, ..Fate::default() };
    let lax_folders = Fate { lax_folders: true, ..Fate::default() };
    for kind in [lax_files, lax_folders] {
        assert!(!explore(kind, BEFORE, &[], &[]).broken.is_empty());
    }
}
