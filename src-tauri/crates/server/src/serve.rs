//! `commonplace-host serve`: its options, and its life.

use crate::options::{self, Options, truth};
use anyhow::Context as _;
use clap::Args;
use host::{Host, HostConfig};
use protocol::Role;
use server::{Interfaces, Server, ServerOptions, Tls};
use std::io::Write as _;
use std::net::IpAddr;
use std::path::PathBuf;

/// Options of `serve`.
#[derive(Args, Debug)]
pub(crate) struct Serve {
    /// Folders to serve, each at /SLUG/; a single one also at /
    #[arg(required_unless_present = "show_config", value_name = "FOLDER")]
    folders: Vec<PathBuf>,
    /// Port; if another program has it, the next free one; 0: any free one
    #[arg(long, value_name = "N", default_value_t = 8787)]
    port: u16,
    /// Listen on this address as well, and share every folder there [default: this computer only]
    #[arg(long, value_name = "ADDR")]
    bind: Option<IpAddr>,
    /// Speak TLS to other devices with this certificate: a PEM file, the host's own certificate first
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key: a PEM file
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Show this host to other hosts on the network by multicast DNS, under a name ending in .local; list them in the window
    #[arg(long)]
    nearby: bool,
    /// The owner's token [default: the one of the last run, else a random one]
    #[arg(long, value_name = "T", value_parser = token)]
    token: Option<String>,
    /// Slug of the folder, if it is only one [default: made from its name]
    #[arg(long, value_name = "S")]
    slug: Option<String>,
    /// Where histories, links and events are kept [default: the platform's data directory]
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    #[command(flatten)]
    options: Options,
    /// Take options that are not given here from this file: a jupyter_server_config.json or jupyter_config.json; may be given again
    #[arg(long, value_name = "FILE")]
    jupyter_config: Vec<PathBuf>,
    /// Print the options that Jupyter has too, under our names and its own, and end
    #[arg(long)]
    show_config: bool,
    /// Your name, as guests read it [default: the one of the last run, else the account's]
    #[arg(long, value_name = "NAME")]
    host_name: Option<String>,
    /// What guests may do who come by a folder's first share link: "view" or "edit"
    #[arg(long, value_name = "ROLE", default_value = "edit", value_parser = link_role)]
    link_role: Role,
    /// Ask the owner about everybody who comes by that link
    #[arg(long)]
    ask: bool,
    /// A JupyterLab with jupyter-collaboration to serve at /lab: its share/jupyter, or the environment it is in
    /// [default: the one that Jupyter's usual places have]
    #[arg(long, value_name = "DIR")]
    jupyterlab: Option<PathBuf>,
    /// What is deleted goes into the trash; "false": it is deleted for good, folders only if they are empty
    #[arg(long, value_name = "BOOL", default_value = "true", action = clap::ArgAction::Set, value_parser = truth,
        aliases = ["delete_to_trash", "FileContentsManager.delete_to_trash"])]
    delete_to_trash: bool,
    /// Largest WebSocket message
    #[arg(long, value_name = "BYTES", default_value_t = 256 * 1024 * 1024)]
    max_message: usize,
    /// Largest file that is opened as a document
    #[arg(long, value_name = "BYTES", default_value_t = 256 * 1024 * 1024)]
    max_file: u64,
}

/// Running code is never a link's to give.
fn link_role(text: &str) -> Result<Role, String> {
    match text {
        "view" => Ok(Role::View),
        "edit" => Ok(Role::Edit),
        _ => Err("expected view or edit".to_owned()),
    }
}

/// A token travels in headers, addresses and cookies, so it is made of what needs no encoding in any of them.
fn token(text: &str) -> Result<String, String> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte));
    plain.then(|| text.to_owned()).ok_or_else(|| "expected letters, digits, - _ . or ~".to_owned())
}

impl Serve {
    /// Serves until a signal comes.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let config = self.config()?;
        if self.show_config {
            let text = serde_json::to_string_pretty(&options::show(&config))?;
            return writeln!(std::io::stdout(), "{text}").context("cannot print the options");
        }
        if config.server_side_execution {
            tracing::warn!(
                "server_side_execution is on, but code is not run here yet: front ends that ask for it are told so"
            );
        }
        anyhow::ensure!(self.slug.is_none() || self.folders.len() == 1, "--slug is for a single folder");
        let tls = self.tls_cert.as_deref().zip(self.tls_key.as_deref());
        let tls = tls.map(|(certificate, key)| Tls::load(certificate, key)).transpose()?;
        // Signals are caught from here on, so that one that comes early is not a kill.
        let stop = stop_signal()?;
        let host = Host::start(config).await.context("cannot start the host")?;
        let mut slugs = Vec::new();
        for folder in &self.folders {
            let slug = host.add_folder(folder, self.slug.as_deref()).await;
            slugs.push(slug.with_context(|| format!("cannot serve {}", folder.display()))?);
        }
        let options = ServerOptions {
            port: self.port,
            interfaces: Interfaces::default(),
            bind: self.bind,
            nearby: Some(self.nearby),
            tls,
            max_message: self.max_message,
            jupyterlab: self.jupyterlab.clone(),
            ..ServerOptions::default()
        };
        let server = Server::start(host.clone(), options).await.context("cannot start the server")?;
        let line = self.addresses(&server, &host, &slugs);
        let mut out = std::io::stdout().lock();
        writeln!(out, "{line}").and_then(|()| out.flush()).context("cannot print the address")?;
        drop(out);
        stop.await;
        tracing::info!("stopping: writing what is unsaved");
        server.stop().await;
        Ok(())
    }

    fn config(&self) -> anyhow::Result<HostConfig> {
        let mut config = HostConfig {
            state_dir: self.state_dir.clone(),
            host_name: self.host_name.clone(),
            owner_token: self.token.clone(),
            max_file: self.max_file,
            link_role: self.link_role,
            delete_to_trash: self.delete_to_trash,
            link_ask: self.ask,
            remembered: false,
            ..HostConfig::default()
        };
        // Of several files, the last one counts most.
        let mut options = self.options.clone();
        for file in self.jupyter_config.iter().rev() {
            options = options.or(Options::read(file).map_err(anyhow::Error::msg)?);
        }
        options.apply(&mut config);
        Ok(config)
    }

    /// The line that says where the folders are: the owner's addresses, then the share links.
    fn addresses(&self, server: &Server, host: &Host, slugs: &[String]) -> String {
        let at_root = self.slug.is_none() && host.only_folder().as_ref() == slugs.first();
        let base = |slug: &String| if at_root { String::new() } else { format!("{slug}/") };
        let own = slugs.iter().map(|slug| format!("{}{}?token={}", server.url(), base(slug), host.owner_token()));
        let state = server.state();
        let shared = state.folders.into_iter().filter(|folder| slugs.contains(&folder.slug));
        let links = shared.filter_map(|folder| folder.sharing.and_then(|sharing| sharing.link));
        own.chain(links).collect::<Vec<_>>().join(" ")
    }
}

/// Ends with the first Ctrl-C or SIGTERM.
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt()).context("cannot catch SIGINT")?;
        let mut terminate = signal(SignalKind::terminate()).context("cannot catch SIGTERM")?;
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_needs_no_encoding() {
        assert!(token("abc-1").is_ok() && token("a;b").is_err() && token("").is_err());
    }
}
