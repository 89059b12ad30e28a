//! Cargo, and the tasks that are one call of a tool each: benchmarks, bindings, bundle.

use crate::invocation::Invocation;
use crate::project::{self, Outcome, Project};
use crate::{notices, system, ui};
use std::path::PathBuf;

/// A call of the cargo that started us.
pub(crate) fn cargo(project: &Project, arguments: &[&str]) -> Invocation {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    project.invoke(PathBuf::from(cargo)).args(arguments)
}

/// Runs the benchmarks of every crate that has some.
pub(crate) fn bench(project: &Project, arguments: &[String]) -> Outcome {
    let crates = project.path("src-tauri/crates");
    let entries = std::fs::read_dir(&crates).map_err(|error| format!("cannot read {}: {error}", crates.display()))?;
    let mut names: Vec<String> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.path().join("benches").is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    if names.is_empty() {
        return Err("no crate has a folder `benches`".to_owned());
    }
    let packages = names.iter().flat_map(|name| ["--package".to_owned(), name.clone()]);
    cargo(project, &["bench", "--bench", "*"]).args(packages).args(["--"]).args(arguments).passed()
}

/// Writes the TypeScript types anew from those of `protocol`.
pub(crate) fn bindings(project: &Project) -> Outcome {
    // The workspace's feature set, so that nothing is compiled for this alone.
    cargo(project, &["test", "--workspace", "--test", "bindings"]).env("COMMONPLACE_BINDINGS", "write").passed()
}

/// Builds the Debian package with the prebuilt Tauri command line, which is fetched for this alone.
pub(crate) fn bundle(project: &Project) -> Outcome {
    project::require_node()?;
    system::provide(system::BUILD)?;
    ui::build(project)?;
    notices::write(project)?;
    let tools = project.target("tools/tauri");
    std::fs::create_dir_all(&tools).map_err(|error| format!("cannot make {}: {error}", tools.display()))?;
    let cli = tools.join("node_modules/@tauri-apps/cli/tauri.js");
    if !cli.exists() {
        let place = tools.to_string_lossy();
        ui::npm(project, "ui", &["install", "--prefix", &place, "--no-audit", "--no-fund", "@tauri-apps/cli@2"])
            .passed()?;
    }
    project
        .invoke("node")
        .within(project.path("src-tauri"))
        .args([&*cli.to_string_lossy(), "build", "--bundles", "deb"])
        .minutes(60)
        .passed()
}
