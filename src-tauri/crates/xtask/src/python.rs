//! The Python environments of the interop tests, and the sources of the reference server, all under `target/`.

use crate::project::{Outcome, PYTHON_COMMAND, Project};
use crate::stamp::Stamp;
use std::path::{Path, PathBuf};

/// The release of the reference server whose behaviour is to be equalled; its tests need the clients of its time.
const EQUALLED: &str = "1.0.0a0";
/// All releases whose public tests are run.
const RELEASES: [&str; 2] = [EQUALLED, "3.0.4"];

/// The environment of today's clients: its Python.
pub(crate) fn environment(project: &Project) -> Outcome<PathBuf> {
    provide(project, "venv", "tests/interop/requirements.txt")
}

/// What the reference server's own tests run on.
pub(crate) struct Upstream {
    /// Where the source distributions are unpacked.
    pub(crate) sources: PathBuf,
    /// The Python with the clients of the older release's time.
    pub(crate) python: PathBuf,
}

/// Fetches and unpacks what the reference server's own tests need, as far as it changed since last time.
pub(crate) fn upstream(project: &Project) -> Outcome<Upstream> {
    let python = environment(project)?;
    let sources = project.target("upstream");
    for release in RELEASES {
        unpack(project, &python, &sources, release)?;
    }
    let requirements = format!("tests/interop/upstream/requirements-{EQUALLED}.txt");
    let python = provide(project, &format!("venv-{EQUALLED}"), &requirements)?;
    Ok(Upstream { sources, python })
}

/// Makes an environment anew if its requirements changed since last time, and answers its Python.
fn provide(project: &Project, name: &str, requirements: &str) -> Outcome<PathBuf> {
    let venv = project.target(name);
    let python = venv.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let stamp = Stamp::of(project, name, &[requirements])?;
    if stamp.is_current(std::slice::from_ref(&python)) {
        return Ok(python);
    }
    let place = venv.to_string_lossy();
    project.invoke(PYTHON_COMMAND).args(["-m", "venv", "--clear", &place]).minutes(5).passed()?;
    project
        .invoke(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", requirements])
        .env("PIP_CACHE_DIR", project.target("pip"))
        .minutes(10)
        .passed()?;
    stamp.remember()?;
    Ok(python)
}

/// Fetches the source distribution of a release, which has to have the digest that is kept, and unpacks it.
fn unpack(project: &Project, python: &Path, sources: &Path, release: &str) -> Outcome {
    let pinned = format!("tests/interop/upstream/sources-{release}.txt");
    let stamp = Stamp::of(project, &format!("upstream-{release}"), &[&pinned])?;
    let name = format!("jupyter_server_ydoc-{release}");
    if stamp.is_current(&[sources.join(&name)]) {
        return Ok(());
    }
    let place = sources.to_string_lossy();
    let download = ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"];
    project
        .invoke(python)
        .args(download)
        .args(["--no-binary", "jupyter_server_ydoc", "--dest", &place, "--requirement", &pinned])
        .env("PIP_CACHE_DIR", project.target("pip"))
        .minutes(5)
        .passed()?;
    let archive = sources.join(format!("{name}.tar.gz"));
    project.invoke(python).args(["-m", "tarfile", "--extract", &archive.to_string_lossy(), &place]).passed()?;
    stamp.remember()
}
