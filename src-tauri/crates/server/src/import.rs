//! `commonplace-host import-history`: what only the history of a Jupyter server has becomes versions of the files.

use anyhow::Context as _;
use clap::Args;
use host::{Host, HostConfig, Imported, Outcome};
use std::io::Write as _;
use std::path::PathBuf;

/// Options of `import-history`.
#[derive(Args, Debug)]
pub(crate) struct Import {
    /// The history: a .jupyter_ystore.db. It is only read; the Jupyter that wrote it must not be running
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// The folder that the files are in
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
    /// Jupyter's file_id_manager.db, which knows which history belongs to which file [default: found by path and content]
    #[arg(long, value_name = "FILE")]
    file_ids: Option<PathBuf>,
    /// Where histories, links and events are kept [default: the platform's data directory]
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
}

impl Import {
    /// Imports, and prints a line for each history.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let config = HostConfig { state_dir: self.state_dir, remembered: false, ..HostConfig::default() };
        let host = Host::start(config).await.context("cannot start the host")?;
        let imported = async {
            let slug = host.add_folder(&self.folder, None).await?;
            host.import_history(&slug, &self.from, self.file_ids.as_deref()).await
        };
        let imported = imported.await;
        host.shutdown().await;
        let mut out = std::io::stdout().lock();
        for entry in imported? {
            writeln!(out, "{}", line(&entry)).context("cannot print what was imported")?;
        }
        Ok(())
    }
}

fn line(entry: &Imported) -> String {
    let name = entry.path.as_ref().unwrap_or(&entry.name);
    match &entry.outcome {
        Outcome::Kept { updates: 1 } => format!("{name}: kept as a version (1 update)"),
        Outcome::Kept { updates } => format!("{name}: kept as a version ({updates} updates)"),
        Outcome::Known => format!("{name}: says nothing that the file and its versions do not say"),
        Outcome::NoFile => format!("{name}: no file of this folder is known to be its file; nothing was imported"),
        Outcome::Unreadable(why) => format!("{name}: cannot be read: {why}"),
    }
}
