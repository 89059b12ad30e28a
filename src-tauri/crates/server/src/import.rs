//! `commonplace-host import-history`: what only the history of a Jupyter server has becomes versions of the files.

use crate::options::{self, Options};
use anyhow::Context as _;
use clap::Args;
use host::{Host, HostConfig, Imported, Keeping, Outcome, is_jupyter_history};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Name of the history where nobody named another.
const HISTORY: &str = ".jupyter_ystore.db";
/// Jupyter's classes of file ids; each has an option for its database.
const FILE_IDS: [&str; 3] = ["BaseFileIdManager", "ArbitraryFileIdManager", "LocalFileIdManager"];

/// Options of `import-history`.
#[derive(Args, Debug)]
pub(crate) struct Import {
    /// The history, which is only read; the Jupyter that wrote it must not be running [default: the one that --ystore-file or
    /// --jupyter-config name, else the .jupyter_ystore.db in the folder]
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// The folder that the files are in
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
    /// Jupyter's file_id_manager.db, which knows which history belongs to which file [default: the one that --jupyter-config names,
    /// else they are found by path and content]
    #[arg(long, value_name = "FILE")]
    file_ids: Option<PathBuf>,
    /// Where histories, links and events are kept [default: the platform's data directory]
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// The file of the store, as for `serve`; if Jupyter made it, it is the history
    #[arg(long, value_name = "FILE", visible_alias = "SQLiteYStore.db_path")]
    ystore_file: Option<PathBuf>,
    /// A configuration of Jupyter's, as for `serve`: where its history and its file ids are, or where this host's store is
    #[arg(long, value_name = "FILE")]
    jupyter_config: Option<PathBuf>,
}

/// Where everything is.
#[derive(Debug, PartialEq)]
struct Places {
    from: PathBuf,
    file_ids: Option<PathBuf>,
    store: Option<PathBuf>,
}

impl Import {
    /// Imports, and prints a line for each history.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let Places { from, file_ids, store } = self.places().await?;
        let keeping = Keeping::File(store);
        let config = HostConfig { state_dir: self.state_dir, keeping, remembered: false, ..HostConfig::default() };
        let host = Host::start(config).await.context("cannot start the host")?;
        let imported = async {
            let slug = host.add_folder(&self.folder, None).await?;
            host.import_history(&slug, &from, file_ids.as_deref()).await
        };
        let imported = imported.await;
        host.shutdown().await;
        let imported = imported?;
        let mut out = std::io::stdout().lock();
        for entry in &imported {
            writeln!(out, "{}", line(entry)).context("cannot print what was imported")?;
        }
        let failed = imported.iter().filter(|entry| matches!(entry.outcome, Outcome::Failed(_))).count();
        anyhow::ensure!(failed == 0, "{failed} of {} histories could not be kept; the others were", imported.len());
        Ok(())
    }

    /// A file that is named as the store is the history if Jupyter made it, and this host's store if not.
    async fn places(&self) -> anyhow::Result<Places> {
        let (mut configured, mut configured_ids) = (None, None);
        if let Some(path) = &self.jupyter_config {
            let options = Options::read(path).map_err(anyhow::Error::msg)?;
            configured = options.store_file().map(Path::to_owned);
            let config = options::read(path).map_err(anyhow::Error::msg)?;
            let named = |class: &&str| config.get(*class)?.get("db_path")?.as_str().map(PathBuf::from);
            configured_ids = FILE_IDS.iter().find_map(named).map(|place| self.located(place));
        }
        let mut from = self.from.clone();
        let mut store = self.ystore_file.clone();
        if from.is_none()
            && let Some(place) = store.as_ref().map(|place| self.located(place.clone()))
            && is_jupyter_history(&place).await
        {
            (from, store) = (Some(place), None);
        }
        if let Some(named) = configured {
            let place = self.located(named.clone());
            match is_jupyter_history(&place).await {
                true => from = from.or(Some(place)),
                false => store = store.or(Some(named)),
            }
        }
        let from = from.unwrap_or_else(|| self.folder.join(HISTORY));
        Ok(Places { from, file_ids: self.file_ids.clone().or(configured_ids), store })
    }

    /// Jupyter takes such a path from where it is started, which mostly is the folder.
    fn located(&self, place: PathBuf) -> PathBuf {
        let here = self.folder.join(&place);
        if here.exists() { here } else { place }
    }
}

fn line(entry: &Imported) -> String {
    let name = match &entry.path {
        Some(path) => format!("{path} ({})", entry.name),
        None => entry.name.clone(),
    };
    match &entry.outcome {
        Outcome::Kept { updates: 1 } => format!("{name}: kept as a version (1 update)"),
        Outcome::Kept { updates } => format!("{name}: kept as a version ({updates} updates)"),
        Outcome::Known => format!("{name}: says nothing that the file and its versions do not say"),
        Outcome::NoFile => format!("{name}: no file of this folder is known to be its file; nothing was imported"),
        Outcome::Unreadable(why) => format!("{name}: cannot be read: {why}; nothing was imported"),
        Outcome::Failed(why) => format!("{name}: could not be kept: {why}; nothing was imported"),
    }
}
