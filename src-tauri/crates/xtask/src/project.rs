//! Where things lie in the project, and whether the languages it needs are there.

use crate::invocation::{Invocation, answer};
use std::path::{Path, PathBuf};

/// What every part of xtask answers: done, or a sentence for a person that says what to do about it.
pub(crate) type Outcome<T = ()> = Result<T, String>;

/// The checkout that this xtask belongs to.
pub(crate) struct Project {
    root: PathBuf,
}

impl Project {
    /// The checkout from which cargo started us, or else the one that we were compiled in.
    pub(crate) fn find() -> Project {
        let own = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let own = PathBuf::from(own);
        // src-tauri/crates/xtask is three levels down.
        Project { root: own.ancestors().nth(3).unwrap_or(&own).to_owned() }
    }

    /// A path inside the checkout, given with `/`.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        relative.split('/').fold(self.root.clone(), |path, part| path.join(part))
    }

    /// A path inside the build directory, which also takes every download and note of xtask's own.
    pub(crate) fn target(&self, relative: &str) -> PathBuf {
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(elsewhere) => self.root.join(elsewhere),
            None => self.root.join("target"),
        };
        relative.split('/').fold(target, |path, part| path.join(part))
    }

    /// A program of ours as the development build leaves it.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.target(&format!("debug/{name}{}", std::env::consts::EXE_SUFFIX))
    }

    /// A call of `program` from the top of the checkout.
    pub(crate) fn invoke(&self, program: impl AsRef<Path>) -> Invocation {
        Invocation::new(program.as_ref(), &self.root)
    }
}

/// The oldest Node that everything in `ui` and `tests` runs on.
const NODE: (u32, u32) = (20, 0);
/// The oldest Python that the foreign clients of the interop tests run on.
const PYTHON: (u32, u32) = (3, 10);

/// Fails with the line to run when Node or npm is missing or too old.
pub(crate) fn require_node() -> Outcome {
    let how = match std::env::consts::OS {
        "macos" => "run: brew install node",
        "windows" => "run: winget install OpenJS.NodeJS.LTS",
        _ => "see https://nodejs.org/en/download, or run: nvm install 20",
    };
    require("Node", answer("node", &["--version"]), NODE, how)?;
    if answer(NPM, &["--version"]).is_none() {
        return Err(format!("npm is missing, though Node is there; {how}"));
    }
    Ok(())
}

/// Fails with the line to run when Python is missing or too old.
pub(crate) fn require_python() -> Outcome {
    let how = match std::env::consts::OS {
        "macos" => "run: brew install python",
        "windows" => "run: winget install Python.Python.3.13",
        _ => "run: sudo apt-get install python3 python3-venv (or your system's package)",
    };
    require("Python", answer(PYTHON_COMMAND, &["--version"]), PYTHON, how)
}

/// Fails with the line to run when the parts of Rust that only the checks use are missing.
pub(crate) fn require_rust_components() -> Outcome {
    let missing: Vec<&str> =
        ["clippy", "fmt"].into_iter().filter(|part| answer("cargo", &[part, "--version"]).is_none()).collect();
    match missing.is_empty() {
        true => Ok(()),
        false => Err(format!("cargo {} missing; run: rustup component add clippy rustfmt", missing.join(" and "))),
    }
}

/// npm's name as a program.
pub(crate) const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };
/// Python's name as a program.
pub(crate) const PYTHON_COMMAND: &str = if cfg!(windows) { "python" } else { "python3" };

fn require(name: &str, answer: Option<String>, least: (u32, u32), how: &str) -> Outcome {
    let wanted = format!("{}.{}", least.0, least.1);
    match answer {
        None => Err(format!("{name} {wanted} or newer is missing; {how}")),
        Some(answer) if version(&answer).is_some_and(|found| found >= least) => Ok(()),
        Some(answer) => Err(format!("{name} {wanted} or newer is needed, this is {}; {how}", answer.trim())),
    }
}

/// Major and minor out of `v20.20.2`, `Python 3.11.7` and the like.
fn version(answer: &str) -> Option<(u32, u32)> {
    let digits = answer.trim_start_matches(|c: char| !c.is_ascii_digit());
    let mut parts = digits.split('.').map(|part| part.trim().parse().ok());
    Some((parts.next()??, parts.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setup_1_an_old_or_missing_language_is_refused_with_what_to_do() {
        let check = |answer: Option<&str>| require("Node", answer.map(str::to_owned), (20, 0), "run: get node");
        assert_eq!(check(Some("v20.20.2\n")), Ok(()));
        assert_eq!(check(Some("v24.1.0")), Ok(()));
        assert_eq!(
            check(Some("v18.19.0")),
            Err("Node 20.0 or newer is needed, this is v18.19.0; run: get node".into())
        );
        assert_eq!(check(None), Err("Node 20.0 or newer is missing; run: get node".into()));
        assert_eq!(version("Python 3.11.7"), Some((3, 11)));
        assert_eq!(version("no digits"), None);
    }
}
