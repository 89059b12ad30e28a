//! Who may come into a folder, as it is kept: links, guests, API tokens, remembered devices. Secrets are digests here.
//!
//! Not here: what they allow.

use crate::FolderId;
use crate::connection::Fault;
use protocol::panel::{Ended, LinkWish};
use protocol::{Digest, Role, User};
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

type Outcome<T> = std::result::Result<T, Fault>;

/// A share link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkRow {
    /// Names it; no secret.
    pub id: String,
    /// SHA-256 of its secret.
    #[serde(with = "hex")]
    pub secret: Digest,
    /// What its owner wants of it.
    pub wish: LinkWish,
    /// Unix milliseconds.
    pub made: u64,
    /// How many joined by it.
    #[serde(default)]
    pub uses: u32,
    /// When the last did, Unix milliseconds.
    #[serde(default)]
    pub last_used: Option<u64>,
    /// It was ended: why, and when in Unix milliseconds.
    #[serde(default)]
    pub ended: Option<(Ended, u64)>,
}

/// A person who came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestRow {
    /// SHA-256 of the token in the guest's cookie.
    #[serde(with = "hex")]
    pub token: Digest,
    /// Who.
    pub user: User,
    /// What they may do.
    pub role: Role,
    /// Id of the link they came by; `None`: let in without one.
    #[serde(default)]
    pub link: Option<String>,
    /// Address of their device, if it is another one than this.
    #[serde(default)]
    pub address: Option<String>,
    /// When they were here last, to the hour, Unix milliseconds; 0: not known.
    #[serde(default)]
    pub seen: u64,
    /// When they were put out, Unix milliseconds.
    #[serde(default)]
    pub removed: Option<u64>,
}

/// An API token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRow {
    /// Names it; no secret.
    pub id: String,
    /// SHA-256 of it.
    #[serde(with = "hex")]
    pub token: Digest,
    /// As whom it acts.
    pub user: User,
    /// What it allows.
    pub role: Role,
    /// Unix milliseconds.
    pub made: u64,
    /// To the minute, Unix milliseconds.
    #[serde(default)]
    pub last_used: Option<u64>,
}

/// A device that comes in without asking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRow {
    /// Names it; no secret.
    pub id: String,
    /// SHA-256 of the token in its cookie.
    #[serde(with = "hex")]
    pub token: Digest,
    /// The guest it was last.
    pub user: User,
    /// With which role it comes in.
    pub role: Role,
    /// Unix milliseconds.
    pub since: u64,
}

/// All that is kept of a folder's access, each kind in the order it was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessRows {
    /// Share links.
    pub links: Vec<LinkRow>,
    /// Guests, also removed ones.
    pub guests: Vec<GuestRow>,
    /// API tokens.
    pub tokens: Vec<TokenRow>,
    /// Remembered devices.
    pub devices: Vec<DeviceRow>,
}

/// What names one of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AccessKey {
    /// By its id.
    Link(String),
    /// By the username.
    Guest(String),
    /// By its id.
    Token(String),
    /// By its id.
    Device(String),
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[allow(missing_docs)] // The names of the rows say it.
pub enum AccessRow {
    Link(LinkRow),
    Guest(GuestRow),
    Token(TokenRow),
    Device(DeviceRow),
}

impl AccessKey {
    fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::Link(id) => ("link", id),
            Self::Guest(id) => ("guest", id),
            Self::Token(id) => ("token", id),
            Self::Device(id) => ("device", id),
        }
    }
}

pub(crate) fn read(connection: &Connection, folder: FolderId) -> Outcome<AccessRows> {
    let mut statement = connection.prepare("SELECT kind, row FROM access WHERE folder = ? ORDER BY rowid")?;
    let rows = statement.query_map([folder.0], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let mut all = AccessRows::default();
    for row in rows {
        let (kind, row) = row?;
        match kind.as_str() {
            "link" => all.links.push(serde_json::from_str(&row)?),
            "guest" => all.guests.push(serde_json::from_str(&row)?),
            "token" => all.tokens.push(serde_json::from_str(&row)?),
            "device" => all.devices.push(serde_json::from_str(&row)?),
            other => return Err(Fault::new(format!("access of an unknown kind: {other}"))),
        }
    }
    Ok(all)
}

/// `None` forgets it; with a guest goes what was kept for them.
pub(crate) fn set(connection: &Connection, folder: FolderId, key: &AccessKey, row: Option<&AccessRow>) -> Outcome<()> {
    let (kind, id) = key.parts();
    match row {
        Some(row) => connection.execute(
            "INSERT INTO access (folder, kind, id, row) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (folder, kind, id) DO UPDATE SET row = excluded.row",
            params![folder.0, kind, id, serde_json::to_string(row)?],
        )?,
        None => {
            if let AccessKey::Guest(username) = key {
                forget_kept(connection, folder, username)?;
            }
            connection
                .execute("DELETE FROM access WHERE folder = ? AND kind = ? AND id = ?", params![folder.0, kind, id])?
        }
    };
    Ok(())
}

/// Forgets everything; what the owner has kept stays.
pub(crate) fn forget(connection: &Connection, folder: FolderId) -> Outcome<()> {
    for guest in read(connection, folder)?.guests {
        forget_kept(connection, folder, &guest.user.username)?;
    }
    connection.execute("DELETE FROM access WHERE folder = ?", [folder.0])?;
    Ok(())
}

fn forget_kept(connection: &Connection, folder: FolderId, username: &str) -> Outcome<()> {
    let of = crate::people::kept_key(folder, username, "");
    connection.execute("DELETE FROM settings WHERE substr(key, 1, length(?1)) = ?1", [of])?;
    Ok(())
}

/// The link that an older version kept in clear, as what it is now; its secret is overwritten.
pub(crate) fn adopt(connection: &Connection, folder: FolderId, link: LinkRow) -> Outcome<()> {
    // Else the bytes would stay in the file until something else needs the space.
    connection.execute_batch("PRAGMA secure_delete = ON")?;
    connection.execute("UPDATE folders SET secret = '' WHERE id = ?", [folder.0])?;
    connection.execute_batch("PRAGMA secure_delete = OFF")?;
    set(connection, folder, &AccessKey::Link(link.id.clone()), Some(&AccessRow::Link(link)))
}

/// Digests as lower-case hexadecimal.
mod hex {
    use protocol::Digest;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(digest: &Digest, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&digest.to_hex())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Digest, D::Error> {
        let text = String::deserialize(deserializer)?;
        let byte = |at: usize| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        let bytes: Option<Vec<u8>> = (0..text.len()).step_by(2).map(byte).collect();
        bytes
            .and_then(|bytes| Digest::from_slice(&bytes))
            .ok_or_else(|| D::Error::custom("a digest has 64 hexadecimal digits"))
    }
}
