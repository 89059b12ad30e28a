//! What the programs write to stderr, and what they never do: the secrets that travel.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::Directive;

/// Libraries that write what they carry into their finest logs: frames, headers, addresses with all that is in them.
const TALKATIVE: [&str; 5] = ["tungstenite", "tokio_tungstenite", "hyper", "hyper_util", "axum"];

/// Logs to stderr from now on: what `RUST_LOG` asks for, else from `usual` on.
pub fn log_to_stderr(usual: &str) {
    let asked = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual));
    let quiet = TALKATIVE.iter().filter_map(|library| format!("{library}=info").parse::<Directive>().ok());
    let filter = quiet.fold(asked, EnvFilter::add_directive);
    // A line that cannot be written, as on a full disk, is no reason to panic where it was to be written.
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).log_internal_errors(false).init();
}
