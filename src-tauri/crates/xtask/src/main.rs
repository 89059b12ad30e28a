//! `cargo xtask`: everything that sets the project up, runs it and checks it, as one program on any platform.
//!
//! It is not a build system: it finds what is missing, calls the real tools (cargo, npm, pip, apt-get) in the right
//! order, says what it does in a line each, and does nothing when there is nothing to do. Whatever it downloads or
//! remembers lies under `target/` (and in `node_modules`, where npm wants it). It has no dependencies, so that it
//! compiles in a second.

mod checks;
mod closing;
mod invocation;
mod notices;
mod project;
mod python;
mod stamp;
mod system;
mod tools;
mod ui;

use project::{Outcome, Project};
use std::process::ExitCode;

const HELP: &str = "\
cargo xtask: set up, run and check Commonplace

    cargo xtask run [-- APP ARGUMENTS]   build what changed and start the app
    cargo xtask test [STEP ...]          every check CI runs, in order; with names, only those steps
    cargo xtask bench [-- ARGUMENTS]     the benchmarks (release build)
    cargo xtask torture [--simulation] [--minutes N] [--seed N]
                                         people, another program and kills, against the real host
    cargo xtask bindings                 write ui/src/bindings anew from the Rust types
    cargo xtask notices                  what others wrote and the app contains, with licences, under target/notices
    cargo xtask coverage                 how much of the code the Rust tests run; builds everything once more
    cargo xtask bundle                   a Debian package of the app, under target/release/bundle

Needed beforehand: Rust (rustup.rs) and Node 20 or newer (nodejs.org); for `test` also Python 3.10 or newer.
Everything else is seen to: on Debian and Ubuntu missing system packages are installed when this may be done without
a password (root or sudo), elsewhere the one line to run is printed.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest.strip_prefix(&["--".to_owned()]).unwrap_or(rest)),
        None => ("help", &[][..]),
    };
    let project = Project::find();
    let outcome = match command {
        "run" => run(&project, rest),
        "test" => checks::test(&project, rest),
        "bench" => tools::bench(&project, rest),
        "torture" => checks::torture(&project, rest),
        "bindings" => tools::bindings(&project),
        "notices" => notices::write(&project).map(drop),
        "coverage" => checks::coverage(&project),
        "bundle" => tools::bundle(&project),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        unknown => Err(format!("there is no `cargo xtask {unknown}`\n\n{HELP}")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Builds whatever changed, then starts the app and waits until it ends.
fn run(project: &Project, app_arguments: &[String]) -> Outcome {
    project::require_node()?;
    system::provide(system::BUILD)?;
    ui::build(project)?;
    tools::cargo(project, &["build", "--workspace"]).passed()?;
    // Where the person is, so that a folder's path means what they meant.
    let here = std::env::current_dir().map_err(|error| format!("the current folder cannot be told: {error}"))?;
    project.invoke(project.program("commonplace")).within(here).args(app_arguments).passed()
}
