//! The simulation notices each named fault: of the code under test, and of the rim.

use protocol::Model;
use ydoc::mutation::Mutation;

use super::{Case, Fault, run};

/// Seeds that a fault may survive, for each model.
const PATIENCE: u64 = 60;

/// Fails if one of these faults is noticed by no seed.
fn noticed(mutations: &[Mutation], faults: &[Fault]) {
    let cases = mutations.iter().map(|mutation| (Some(*mutation), None));
    for (mutation, fault) in cases.chain(faults.iter().map(|fault| (None, Some(*fault)))) {
        let seeds = (0..PATIENCE).flat_map(|seed| [(Model::Text, seed), (Model::Notebook, seed)]);
        let failed = seeds.map(|(model, seed)| Case { model, seed, fault, mutation }).find_map(|case| {
            let failure = run(case).err()?;
            Some(format!("{case} {}", failure.reason.lines().next().unwrap_or_default()))
        });
        match failed {
            Some(reason) => println!("{mutation:?} {fault:?}: noticed by {reason}"),
            None => panic!("{mutation:?} {fault:?} is noticed by none of {PATIENCE} seeds"),
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
fn aware_40_everybody_knows_exactly_who_is_here() {
    noticed(&[Mutation::LostAwarenessRemoval, Mutation::NoAwarenessReplay], &[]);
}

#[test]
fn role_40_what_a_viewer_types_reaches_nobody() {
    noticed(&[Mutation::ViewerEdits], &[]);
}
