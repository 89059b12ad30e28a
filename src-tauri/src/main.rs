//! The desktop shell: a window on the host that runs inside this process.
//!
//! Here arguments are read and the screen is looked for, before anything of Tauri is touched. What the window asks is in
//! `commands`, what it is told in `stream`, the life of the app in `app`, how it calls somebody in `attention`. Nothing here knows documents: that is the host's.

mod app;
mod attention;
mod commands;
mod editor;
mod stream;

use clap::Parser;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// Work on one notebook, all of you, at once: share a folder of notebooks with people on your network.
#[derive(Parser, Clone, Debug)]
#[command(name = "commonplace", version)]
struct Arguments {
    /// Folders to add to the window
    #[arg(value_name = "FOLDER")]
    folders: Vec<PathBuf>,
    /// Where history, links and settings are kept [default: the platform's data directory]
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// Port to listen on; if it is taken, the next free one (0: any)
    #[arg(long, default_value_t = 8787)]
    port: u16,
    /// Your name, as guests read it [default: what was used last, else the account's]
    #[arg(long, value_name = "NAME")]
    host_name: Option<String>,
    /// Speak TLS to other devices with this certificate (PEM), which needs its key
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Offer these addresses for sharing instead of the machine's own
    #[arg(long = "interface", value_name = "ADDRESS")]
    interfaces: Vec<IpAddr>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    server::log_to_stderr("warn");
    // Without a screen the window system ends the process with a panic; say it in words instead.
    if !has_screen() {
        eprintln!(
            "commonplace: there is no screen to open a window on. To share a folder without a window, run: commonplace-host serve FOLDER"
        );
        return ExitCode::FAILURE;
    }
    match app::run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("commonplace: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether the session has a display. On macOS and Windows it always has.
fn has_screen() -> bool {
    !cfg!(target_os = "linux")
        || ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}
