//! The simulation notices each named fault: of the code under test, and of the rim.

use ydoc::mutation::Mutation;

use super::script::{Script, Shape};
use super::{Case, Fault, run};

/// Seeds that a fault may survive, for each shape.
const PATIENCE: u64 = 60;
/// The same for faults that show seldom, and for lives of two rooms, which are short.
const LONG_PATIENCE: u64 = 600;

/// Fails if one of these faults is noticed by no seed.
fn noticed(mutations: &[Mutation], faults: &[Fault]) {
    noticed_in(&[Shape::Text, Shape::Cells], PATIENCE, mutations, faults);
}

fn noticed_in(shapes: &[Shape], patience: u64, mutations: &[Mutation], faults: &[Fault]) {
    let cases = mutations.iter().map(|mutation| (Some(*mutation), None));
    for (mutation, fault) in cases.chain(faults.iter().map(|fault| (None, Some(*fault)))) {
        let seeds = (0..patience).flat_map(|seed| shapes.iter().map(move |shape| (*shape, seed)));
        let failed = seeds.map(|(shape, seed)| Case { shape, seed, fault, mutation }).find_map(|case| {
            let failure = run(case, None).err()?;
            Some(format!("{case} {}", failure.reason.lines().next().unwrap_or_default()))
        });
        match failed {
            Some(reason) => println!("{mutation:?} {fault:?}: noticed by {reason}"),
            None => panic!("{mutation:?} {fault:?} is noticed by none of {patience} seeds"),
        }
    }
}

#[test]
fn sync_43_edits_that_are_not_sent_on_are_noticed() {
    noticed(&[Mutation::NoBroadcast], &[]);
}

#[test]
fn disk_40_the_disk_speaks_about_the_last_agreed_state_and_is_heard() {
    noticed(&[Mutation::ForkFromLive, Mutation::DropDiskDelete, Mutation::UnloggedMerge], &[]);
}

#[test]
fn disk_130_what_the_watcher_reports_is_a_reason_to_read_and_no_news_by_itself() {
    noticed_in(&[Shape::Text], LONG_PATIENCE, &[], &[Fault::OldNews]);
}

#[test]
fn disk_41_a_cell_deleted_on_disk_and_edited_here_stays() {
    noticed(&[Mutation::DeleteEdited], &[]);
}

#[test]
fn save_40_a_save_overwrites_only_what_it_has_seen() {
    noticed(&[], &[Fault::SaveWithoutCompare]);
}

#[test]
fn save_41_exactly_what_was_written_counts_as_agreed() {
    noticed(&[Mutation::NoBase, Mutation::BaseTooNew], &[]);
}

#[test]
fn store_40_a_kill_between_rename_and_base_doubles_nothing() {
    noticed(&[Mutation::NoIntent], &[Fault::IntentNotKept]);
}

#[test]
fn store_41_what_was_confirmed_survives_and_half_a_merge_never_does() {
    noticed(&[], &[Fault::StoredTooEarly, Fault::SplitBatch]);
}

#[test]
fn store_124_a_log_is_never_shortened_past_a_save_under_way() {
    // It takes a merge, a save and a kill, each in its instant.
    noticed_in(&[Shape::Text, Shape::Notebook], 4 * LONG_PATIENCE, &[], &[Fault::ShortenedPastSave]);
}

#[test]
fn aware_40_everybody_knows_exactly_who_is_here() {
    noticed(&[Mutation::LostAwarenessRemoval, Mutation::NoAwarenessReplay], &[]);
}

#[test]
fn role_40_what_a_viewer_types_reaches_nobody() {
    noticed(&[Mutation::ViewerEdits], &[]);
}

#[test]
fn sync_94_a_view_and_its_primary_forget_nothing_that_they_told_each_other() {
    let mutations = [Mutation::TookTooEarly, Mutation::TookUnseen, Mutation::BaseTooNew, Mutation::MirrorTooNew];
    noticed_in(&[Shape::TextView, Shape::NotebookView], LONG_PATIENCE, &mutations, &[Fault::ReceiptIgnored]);
}

#[test]
fn sync_92_a_failing_life_goes_the_same_way_again_and_in_fewer_steps() {
    for (shape, mutation) in [(Shape::Cells, Mutation::NoBroadcast), (Shape::NotebookView, Mutation::BaseTooNew)] {
        goes_the_same_way(Case { shape, seed: 0, fault: None, mutation: Some(mutation) });
    }
}

fn goes_the_same_way(case: Case) {
    let failure = run(case, None).expect_err("a fault is noticed");
    let again = run(case, Some(&failure.script)).expect_err("the same happens");
    assert_eq!((again.reason, again.trace), (failure.reason, failure.trace));
    let shortest = failure.script.clone().shortest(|script| run(case, Some(script)).is_err());
    assert!(shortest.turns.len() < failure.script.turns.len());
    let written: Script = shortest.to_string().parse().expect("a script can be read again");
    assert_eq!(written, shortest);
    assert!(run(case, Some(&written)).is_err());
}
