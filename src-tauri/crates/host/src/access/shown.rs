//! What the owner sees of the table, without secrets.

use super::Table;
use protocol::panel::{Knock, Remembered, Removed, Token};

impl Table {
    /// Who waits, the longest first.
    pub(crate) fn shown_knocks(&self) -> Vec<Knock> {
        let shown = |asking: &super::Asking| Knock {
            id: asking.id.clone(),
            name: asking.name.clone(),
            color: asking.color.clone(),
            device: asking.device.to_string(),
            code: asking.code.clone(),
            wants: asking.wants,
            since: asking.since,
            link: asking.link.clone(),
            why: asking.purpose,
        };
        self.knocks.waiting().map(shown).collect()
    }

    /// Who was removed, the last first.
    pub(crate) fn shown_removed(&self) -> Vec<Removed> {
        let shown = |guest: &store::GuestRow| {
            let (username, name, color) =
                (guest.user.username.clone(), guest.user.display_name.clone(), guest.user.color.clone());
            guest.removed.map(|since| Removed { username, name, color, since })
        };
        let mut removed: Vec<_> = self.rows.guests.iter().filter_map(shown).collect();
        removed.sort_by_key(|person| std::cmp::Reverse(person.since));
        removed
    }

    /// API tokens, the newest first.
    pub(crate) fn shown_tokens(&self) -> Vec<Token> {
        let shown = |row: &store::TokenRow| Token {
            id: row.id.clone(),
            name: row.user.display_name.clone(),
            role: row.role,
            made: row.made,
            last_used: row.last_used,
        };
        self.rows.tokens.iter().rev().map(shown).collect()
    }

    /// Remembered devices, the newest first.
    pub(crate) fn shown_devices(&self) -> Vec<Remembered> {
        let shown = |row: &store::DeviceRow| Remembered {
            id: row.id.clone(),
            name: row.user.display_name.clone(),
            role: row.role,
            since: row.since,
        };
        self.rows.devices.iter().rev().map(shown).collect()
    }
}
