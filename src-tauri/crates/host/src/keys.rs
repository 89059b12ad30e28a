//! The owner's key file: the owner's token, and the key from which the secrets of links are made. Neither is in the store.

use crate::shared::store_fault;
use crate::{Result, random};
use hmac::{Hmac, KeyInit, Mac};
use protocol::{ErrorBody, ErrorCode};
use sha2::Sha256;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use store::Store;

/// Name of the file in the state directory.
const FILE: &str = "keys";
/// Setting in which older versions kept the owner's token.
const OLD_TOKEN: &str = "owner-token";

/// What the key file holds.
pub(crate) struct Keys {
    /// The owner's token.
    pub(crate) owner: String,
    links: String,
}

impl Keys {
    /// Reads the file, or makes it. `asked`: the token that the owner wants from now on.
    pub(crate) async fn open(directory: &Path, store: &Store, asked: Option<&str>) -> Result<Self> {
        let path = directory.join(FILE);
        let failed = |error: std::io::Error| {
            ErrorBody::new(ErrorCode::Fault, format!("The keys in {} cannot be used: {error}", path.display()))
        };
        let before = match tokio::fs::read_to_string(&path).await {
            Ok(text) => read(&text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        let old = store.setting(OLD_TOKEN).await.map_err(store_fault)?;
        let (links, owner) = before.clone().unzip();
        let owner = asked.map(str::to_owned).or(owner).or_else(|| old.clone()).unwrap_or_else(random::secret);
        let links = links.unwrap_or_else(|| format!("{}{}", random::secret(), random::secret()));
        if before.as_ref() != Some(&(links.clone(), owner.clone())) {
            let (path, text) = (path.clone(), format!("links {links}\nowner {owner}\n"));
            let written = tokio::task::spawn_blocking(move || write(&path, &text)).await;
            written.map_err(std::io::Error::other).and_then(|written| written).map_err(failed)?;
        }
        if old.is_some() {
            store.forget_setting(OLD_TOKEN).await.map_err(store_fault)?;
        }
        Ok(Self { owner, links })
    }

    /// Keys that end with the host, as its store does; those in the file stay what they are.
    pub(crate) fn passing(asked: Option<&str>) -> Self {
        Self { owner: asked.map_or_else(random::secret, str::to_owned), links: random::secret() }
    }

    /// The secret of a link: 128 bits as 32 hexadecimal digits, always the same for one id, and of no use to learn another's.
    pub(crate) fn link_secret(&self, id: &str) -> String {
        self.made_of("link ", id)
    }

    /// What a page shows beside the cookie with this token, to prove that it is one of ours.
    pub(crate) fn xsrf(&self, token: &str) -> String {
        self.made_of("xsrf ", token)
    }

    fn made_of(&self, purpose: &str, what: &str) -> String {
        // A key of any length is one.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.links.as_bytes()) else { return random::secret() };
        mac.update(purpose.as_bytes());
        mac.update(what.as_bytes());
        mac.finalize().into_bytes().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The key of links and the owner's token; `None`: this is no key file.
fn read(text: &str) -> Option<(String, String)> {
    let mut lines = text.lines();
    let links = lines.next()?.strip_prefix("links ").filter(|key| key.len() == 64)?;
    let owner = lines.next()?.strip_prefix("owner ").filter(|token| !token.is_empty())?;
    Some((links.to_owned(), owner.to_owned()))
}

/// For this account's eyes only, and whole or not at all.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    // A store that is elsewhere has not made the directory.
    path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    match std::fs::remove_file(&beside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn link_37_secrets_come_from_a_key_file_that_only_the_owner_can_read() {
        let place = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(&place.path().join("store")).await.unwrap();
        store.set_setting(OLD_TOKEN, "of-before").await.unwrap();
        let first = Keys::open(place.path(), &store, None).await.unwrap();
        assert_eq!(first.owner, "of-before");
        assert_eq!(store.setting(OLD_TOKEN).await.unwrap(), None, "it is not in the store any more");
        let (a, b) = (first.link_secret("a"), first.link_secret("b"));
        assert!(a.len() == 32 && a.bytes().all(|digit| digit.is_ascii_hexdigit()) && a != b);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(place.path().join(FILE)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }

        let again = Keys::open(place.path(), &store, Some("asked")).await.unwrap();
        assert_eq!((again.owner.as_str(), again.link_secret("a")), ("asked", a.clone()));
        let third = Keys::open(place.path(), &store, None).await.unwrap();
        assert_eq!((third.owner.as_str(), third.link_secret("b")), ("asked", b));

        // A file that is none is replaced: links of before still open, they only cannot be shown.
        std::fs::write(place.path().join(FILE), "links").unwrap();
        let other = Keys::open(place.path(), &store, None).await.unwrap();
        assert_ne!(other.link_secret("a"), a);
        assert_ne!(other.owner, "asked");
    }
}
