//! What of a document the gate asks for: which ids are here, what they are, and what they are in.
//!
//! Not here: judging an update.

use crate::gate::{Here, Place};
use crate::guard::Id;
use yrs::branch::BranchPtr;
use yrs::types::TypeRef;
use yrs::{Assoc, BranchID, ClientID, ID, IdSet, ReadTxn, StateVector, StickyIndex};

/// A document as it is now.
pub(crate) struct Store<'a, T> {
    txn: &'a T,
    state: StateVector,
    /// Asked for only when somebody writes into what is gone.
    deleted: Option<IdSet>,
}

impl<'a, T: ReadTxn> Store<'a, T> {
    pub(crate) fn new(txn: &'a T) -> Self {
        Self { txn, state: txn.state_vector(), deleted: None }
    }

    /// The type that an item is in.
    fn around(&self, id: ID) -> Option<BranchPtr> {
        Some(StickyIndex::from_id(id, Assoc::After).get_offset(self.txn)?.branch)
    }

    /// What is in this type.
    fn within(&self, mut branch: BranchPtr) -> Place {
        let mut place = Place { list: *branch.type_ref() == TypeRef::Array, depth: 0 };
        while let BranchID::Nested(id) = branch.id() {
            place.depth += 1;
            match self.around(id) {
                Some(around) => branch = around,
                None => break,
            }
        }
        place
    }
}

impl<T: ReadTxn> Here for Store<'_, T> {
    fn known(&self, client: u64) -> u32 {
        self.state.get(&ClientID::new(client))
    }

    fn can_hold(&mut self, id: Id) -> bool {
        let id = item(id);
        BranchID::get_nested(self.txn, &id).is_some()
            || self.deleted.get_or_insert_with(|| self.txn.snapshot().delete_set).contains(&id)
    }

    fn beside(&self, id: Id) -> Option<Place> {
        Some(self.within(self.around(item(id))?))
    }

    fn inside(&self, id: Id) -> Option<Place> {
        Some(self.within(BranchID::get_nested(self.txn, &item(id))?))
    }

    fn root(&self, name: &str) -> Place {
        let root = BranchID::get_root(self.txn, name);
        root.map_or(Place { list: false, depth: 0 }, |root| self.within(root))
    }
}

fn item((client, clock): Id) -> ID {
    ID::new(ClientID::new(client), clock)
}
