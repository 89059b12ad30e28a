//! `commonplace-host`: the host without a window. Arguments in, one line with the address out, until it is told to stop.

mod import;
mod options;
mod serve;

use clap::{Parser, Subcommand};

/// Folders of notebooks, shared with everybody on the same network.
#[derive(Parser)]
#[command(name = "commonplace-host", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves folders until it is stopped (Ctrl-C or SIGTERM); prints one line with their addresses when it is ready.
    Serve(Box<serve::Serve>),
    /// Takes over what only the history of a Jupyter server has: edits that never reached their files become versions of them.
    ImportHistory(import::Import),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    server::log_to_stderr("info");
    match Arguments::parse().command {
        Command::Serve(serve) => serve.run().await,
        Command::ImportHistory(import) => import.run().await,
    }
}
