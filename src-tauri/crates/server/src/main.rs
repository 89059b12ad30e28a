//! `commonplace-host`: the host without a window. Arguments in, one line with the address out, until it is told to stop.

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
    Serve(serve::Serve),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env();
    let filter = filter.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    // A line that cannot be written, as on a full disk, is no reason to panic where it was to be written.
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).log_internal_errors(false).init();
    match Arguments::parse().command {
        Command::Serve(serve) => serve.run().await,
    }
}
