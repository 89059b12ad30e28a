//! The page and the panel: their packages and their build, each only when something changed.

use crate::invocation::Invocation;
use crate::project::{NPM, Outcome, Project};
use crate::stamp::Stamp;

/// A call of npm in `folder`; its cache stays under `target/`.
pub(crate) fn npm(project: &Project, folder: &str, arguments: &[&str]) -> Invocation {
    project.invoke(NPM).within(project.path(folder)).args(arguments).env("npm_config_cache", project.target("npm"))
}

/// Installs the packages that `folder`'s package-lock.json names, if that file changed since last time.
pub(crate) fn packages(project: &Project, folder: &str) -> Outcome {
    let lock = format!("{folder}/package-lock.json");
    let stamp = Stamp::of(project, &format!("packages-{}", folder.replace('/', "-")), &[&lock])?;
    if stamp.is_current(&[project.path(folder).join("node_modules")]) {
        return Ok(());
    }
    npm(project, folder, &["ci", "--no-audit", "--no-fund", "--loglevel=error"]).minutes(10).passed()?;
    stamp.remember()
}

/// Builds `ui/dist`, if anything in `ui` changed since last time. The shell and the server embed it when they compile.
pub(crate) fn build(project: &Project) -> Outcome {
    packages(project, "ui")?;
    let stamp = Stamp::of(project, "ui-build", &["ui"])?;
    if stamp.is_current(&["ui/dist/panel.html", "ui/dist/guest.html"].map(|made| project.path(made))) {
        println!("xtask: ui/dist is up to date");
        return Ok(());
    }
    npm(project, "ui", &["run", "build"]).minutes(10).passed()?;
    stamp.remember()
}
