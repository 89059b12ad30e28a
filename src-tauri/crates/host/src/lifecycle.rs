//! Starting and stopping a host.

use crate::bus::Bus;
use crate::clients::Clients;
use crate::clock::Clock;
use crate::keys::Keys;
use crate::shared::{Changes, Shared, store_fault};
use crate::uploads::Uploads;
use crate::{Host, HostConfig, Keeping, Result, Running, retention, sharing, statistics, wake};
use protocol::{Action, ErrorBody, ErrorCode, EventRecord, Level};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex};
use store::Store;
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

/// The store's file in the state directory.
const STORE: &str = "commonplace.sqlite";

impl Host {
    /// Opens the store and brings back the folders of the last run.
    pub async fn start(config: HostConfig) -> Result<Host> {
        let state_dir = state_dir(&config).await?;
        let (store, aside) = match &config.keeping {
            Keeping::File(Some(path)) => Store::open(path).await,
            Keeping::File(None) => Store::open(&state_dir.join(STORE)).await,
            Keeping::Temporary => Store::temporary().await.map(|store| (store, None)),
        }
        .map_err(store_fault)?;
        let account = || account().unwrap_or_else(|| "The host".to_owned());
        let host_name = remembered(&store, "host-name", config.host_name.as_deref(), account).await?;
        let keys = match &config.keeping {
            Keeping::File(_) => Keys::open(&state_dir, &store, config.owner_token.as_deref()).await?,
            Keeping::Temporary => Keys::passing(config.owner_token.as_deref()),
        };
        let lead = store.setting(wake::LEAD).await.map_err(store_fault)?;
        let lead = lead.and_then(|lead| lead.parse().ok()).unwrap_or(0);
        let clock = Clock::start(config.clocks.clone(), lead);
        let bus = Bus::start(store.clone(), clock.clone()).await.map_err(store_fault)?;
        let shared = Arc::new(Shared {
            config,
            state_dir,
            clock,
            lead: AtomicI64::new(lead),
            bus,
            store,
            clients: Clients::default(),
            changes: Changes::new(),
            wakes: Changes::new(),
            uploads: Uploads::default(),
            keys,
            host_name,
            stop: CancellationToken::new(),
            folders: Mutex::default(),
            adding: tokio::sync::Mutex::default(),
        });
        let host = Host(Arc::new(Running { _stop: shared.stop.clone().drop_guard(), shared }));
        if let Some(aside) = aside {
            let line = format!(
                "The store could not be read and was moved aside to {}. Folders, links and histories begin anew.",
                aside.display()
            );
            host.shared().event("", Level::Error, Action::Fault, line);
        }
        let _one_at_a_time = host.shared().adding.lock().await;
        if host.shared().config.remembered {
            for record in host.shared().store.folders().await.map_err(store_fault)? {
                host.bring_back(record).await?;
            }
        }
        drop(_one_at_a_time);
        tokio::spawn(wake::watch(host.shared().clone()));
        tokio::spawn(sharing::watch(host.shared().clone()));
        tokio::spawn(retention::watch(host.shared().clone()));
        tokio::spawn(statistics::log(host.shared().clone()));
        Ok(host)
    }

    /// Live events of all folders; [`Host::recent_events`] has the earlier ones.
    pub fn events(&self) -> broadcast::Receiver<EventRecord> {
        self.shared().bus.subscribe()
    }

    /// The newest `count` events of all folders, oldest first.
    pub async fn recent_events(&self, count: usize) -> Result<Vec<EventRecord>> {
        self.shared().bus.recent(count).await.map_err(store_fault)
    }

    /// The newest `count` events of all folders with numbers below `before`, oldest first.
    pub async fn events_before(&self, before: u64, count: usize) -> Result<Vec<EventRecord>> {
        self.shared().bus.before(before, count).await.map_err(store_fault)
    }

    /// Ticks whenever [`Host::folders`] may say something new.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shared().changes.subscribe()
    }

    /// Something besides the host that is shown with it changed: [`Host::changes`] ticks.
    pub fn changed(&self) {
        self.shared().changes.tick();
    }

    /// Ticks when the computer woke from sleep. Whoever has sockets asks at once whether their clients are still there, and says
    /// so of those that answer ([`crate::Connection::is_alive`]).
    pub fn wakes(&self) -> watch::Receiver<u64> {
        self.shared().wakes.subscribe()
    }

    /// Disconnects everybody, writes what is unsaved, closes the store.
    pub async fn shutdown(&self) {
        let shared = self.shared();
        let _nothing_is_added = shared.adding.lock().await;
        let folders = shared.folders().clone();
        let reason = format!("{} stopped Commonplace.", shared.host_name);
        // All folders at once: none is told later because another saves slowly.
        let mut closing = tokio::task::JoinSet::new();
        for folder in folders {
            let reason = reason.clone();
            closing.spawn(async move { folder.close(&reason).await });
        }
        while closing.join_next().await.is_some() {}
        wake::remember_lead(shared).await;
        shared.stop.cancel();
        shared.bus.flush().await;
        shared.store.close().await;
    }
}

/// The state directory, made if something is to be kept in it and it is not there, for this account's eyes only.
async fn state_dir(config: &HostConfig) -> Result<PathBuf> {
    let place = config
        .state_dir
        .clone()
        .or_else(|| directories::ProjectDirs::from("", "", "commonplace").map(|dirs| dirs.data_dir().to_owned()));
    let failed = |why: String| ErrorBody::new(ErrorCode::Fault, why);
    let place = place.ok_or_else(|| failed("This account has no home directory to keep things in.".to_owned()))?;
    if config.keeping != Keeping::File(None) {
        return Ok(place);
    }
    let there = place.is_dir();
    let sentence = |error: std::io::Error| failed(format!("{} cannot be used: {error}", place.display()));
    tokio::fs::create_dir_all(&place).await.map_err(sentence)?;
    if !there {
        keep_private(&place).map_err(sentence)?;
    }
    Ok(place)
}

#[cfg(unix)]
fn keep_private(place: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(place, std::fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn keep_private(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// A setting: what is asked for now, else what was used last, else something new; remembered for the next run.
async fn remembered(store: &Store, key: &str, asked: Option<&str>, make: impl FnOnce() -> String) -> Result<String> {
    let before = store.setting(key).await.map_err(store_fault)?;
    let value = match (asked, &before) {
        (Some(asked), _) => asked.to_owned(),
        (None, Some(before)) => before.clone(),
        (None, None) => make(),
    };
    if before.as_ref() != Some(&value) {
        store.set_setting(key, &value).await.map_err(store_fault)?;
    }
    Ok(value)
}

/// Name of the account, with a capital.
fn account() -> Option<String> {
    let name = ["USER", "USERNAME", "LOGNAME"].iter().find_map(|key| std::env::var(key).ok())?;
    let mut letters = name.trim().chars();
    let first = letters.next()?;
    Some(first.to_uppercase().chain(letters).collect())
}
