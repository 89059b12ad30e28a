//! The Python environment of the interop tests, under `target/venv`.

use crate::project::{Outcome, PYTHON_COMMAND, Project};
use crate::stamp::Stamp;
use std::path::PathBuf;

const REQUIREMENTS: &str = "tests/interop/requirements.txt";

/// Makes the environment anew if its requirements changed since last time, and answers its Python.
pub(crate) fn environment(project: &Project) -> Outcome<PathBuf> {
    let venv = project.target("venv");
    let python = venv.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let stamp = Stamp::of(project, "venv", &[REQUIREMENTS])?;
    if stamp.is_current(std::slice::from_ref(&python)) {
        return Ok(python);
    }
    let place = venv.to_string_lossy();
    project.invoke(PYTHON_COMMAND).args(["-m", "venv", "--clear", &place]).minutes(5).passed()?;
    project
        .invoke(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", REQUIREMENTS])
        .env("PIP_CACHE_DIR", project.target("pip"))
        .minutes(10)
        .passed()?;
    stamp.remember()?;
    Ok(python)
}
