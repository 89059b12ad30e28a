//! Where JupyterLab's files are on this computer, and reading them. Nothing is written there.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The extensions that make it collaborative; others bring parts of a server that is not here.
const EXTENSIONS: [&str; 2] = ["@jupyter/collaboration-extension", "@jupyter/docprovider-extension"];

/// How long an answer about what is installed holds, so that an installation is seen without a restart.
const HOLDS: Duration = Duration::from_secs(5);

/// Why there is no JupyterLab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Missing {
    /// No JupyterLab was found.
    #[error("JupyterLab is not installed on the host's computer")]
    All,
    /// One was found, but none of them can collaborate.
    #[error("JupyterLab on the host's computer lacks jupyter-collaboration")]
    Collaboration,
}

/// A JupyterLab, or why there is none.
type Found = Result<Arc<Assets>, Missing>;

/// Where to look for JupyterLab, and what was found there.
pub(crate) struct Installation {
    given: Option<PathBuf>,
    found: Mutex<Option<(Instant, Found)>>,
}

impl Installation {
    /// Looks in the given directory only, else in Jupyter's usual places.
    pub(crate) fn new(given: Option<PathBuf>) -> Self {
        Self { given, found: Mutex::default() }
    }

    /// What is installed now, or was a few seconds ago.
    pub(crate) fn assets(&self) -> Found {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, answer)) = found.as_ref()
            && at.elapsed() < HOLDS
        {
            return answer.clone();
        }
        let places = match &self.given {
            Some(given) => vec![given.clone(), given.join("share/jupyter")],
            None => usual_places(|name| std::env::var_os(name)),
        };
        let answer = Assets::find(&places).map(Arc::new);
        *found = Some((Instant::now(), answer.clone()));
        answer
    }

    pub(crate) fn is_there(&self) -> bool {
        self.assets().is_ok()
    }
}

/// The files of one JupyterLab.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Assets {
    /// Contains `static`, `schemas` and `themes`.
    lab: PathBuf,
    /// Name and place of each extension.
    extensions: Vec<(&'static str, PathBuf)>,
}

impl Assets {
    /// The first JupyterLab in these data directories; an extension may be in another one.
    fn find(places: &[PathBuf]) -> Result<Assets, Missing> {
        let is_lab = |lab: &PathBuf| lab.join("static/index.html").is_file() && lab.join("schemas").is_dir();
        let lab = places.iter().map(|place| place.join("lab")).find(is_lab).ok_or(Missing::All)?;
        let extension = |name: &'static str| {
            let mut there = places.iter().map(|place| place.join("labextensions").join(name));
            there.find(|place| place.join("package.json").is_file()).map(|place| (name, place))
        };
        let extensions = EXTENSIONS.into_iter().map(extension).collect::<Option<Vec<_>>>();
        Ok(Assets { lab, extensions: extensions.ok_or(Missing::Collaboration)? })
    }

    /// A file below `static`, `schemas` or `themes`.
    pub(crate) fn lab(&self, below: &str, path: &str) -> Option<PathBuf> {
        inside(&self.lab.join(below), path)
    }

    /// Names and places of the extensions.
    pub(crate) fn extensions(&self) -> &[(&'static str, PathBuf)] {
        &self.extensions
    }

    /// A file that an extension brings for the browser.
    pub(crate) fn extension(&self, path: &str) -> Option<PathBuf> {
        let of = |(name, place): &(&'static str, PathBuf)| {
            let rest = path.strip_prefix(name)?.strip_prefix("/static/")?;
            inside(&place.join("static"), rest)
        };
        self.extensions.iter().find_map(of)
    }

    /// Folders with schemas of settings.
    pub(crate) fn schemas(&self) -> Vec<PathBuf> {
        let extensions = self.extensions.iter().map(|(_, place)| place.join("schemas"));
        std::iter::once(self.lab.join("schemas")).chain(extensions).collect()
    }
}

/// A path below a directory; nothing hidden, and no way out.
fn inside(directory: &Path, path: &str) -> Option<PathBuf> {
    let plain = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.contains(['\\', ':', '\0']);
    path.split('/').all(plain).then(|| directory.join(path))
}

/// Jupyter's data directories, in the order in which Jupyter looks.
fn usual_places(variable: impl Fn(&str) -> Option<std::ffi::OsString>) -> Vec<PathBuf> {
    let path = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let listed = variable("JUPYTER_PATH").map(|list| std::env::split_paths(&list).collect::<Vec<_>>());
    let mut places = listed.unwrap_or_default();
    places.extend(path("JUPYTER_DATA_DIR"));
    let home = path("HOME").or_else(|| path("USERPROFILE"));
    if cfg!(target_os = "macos") {
        places.extend(home.map(|home| home.join("Library/Jupyter")));
    } else if cfg!(windows) {
        places.extend(path("APPDATA").map(|data| data.join("jupyter")));
    } else {
        let data = path("XDG_DATA_HOME").or_else(|| home.map(|home| home.join(".local/share")));
        places.extend(data.map(|data| data.join("jupyter")));
    }
    let environments = ["VIRTUAL_ENV", "CONDA_PREFIX"].into_iter().filter_map(path);
    places.extend(environments.map(|prefix| prefix.join("share/jupyter")));
    // `{prefix}/bin/jupyter-lab`, also where a link leads.
    for folder in variable("PATH").iter().flat_map(std::env::split_paths) {
        let program = folder.join(if cfg!(windows) { "jupyter-lab.exe" } else { "jupyter-lab" });
        if !program.is_file() {
            continue;
        }
        let real = program.canonicalize().unwrap_or_else(|_| program.clone());
        let prefixes = [&program, &real].map(|program| program.parent().and_then(Path::parent).map(Path::to_path_buf));
        places.extend(prefixes.into_iter().flatten().map(|prefix| prefix.join("share/jupyter")));
    }
    if cfg!(windows) {
        places.extend(path("PROGRAMDATA").map(|data| data.join("jupyter")));
    } else {
        places.extend(["/usr/local/share/jupyter", "/usr/share/jupyter"].map(PathBuf::from));
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jupyters_data_directories_come_in_jupyters_order() {
        let variable = |name: &str| match name {
            "JUPYTER_PATH" => Some(std::env::join_paths(["/one", "/two"]).unwrap()),
            "JUPYTER_DATA_DIR" => Some("/data".into()),
            "VIRTUAL_ENV" => Some("/venv".into()),
            _ => None,
        };
        let places = usual_places(variable);
        let expected = ["/one", "/two", "/data", "/venv/share/jupyter"].map(PathBuf::from);
        assert_eq!(places[..4], expected);
    }

    #[test]
    fn no_path_leads_out_or_to_something_hidden() {
        let directory = Path::new("/d");
        assert_eq!(inside(directory, "a/b.js"), Some("/d/a/b.js".into()));
        for path in ["", "../x", "a/../x", "/etc", "a//b", ".git", "a\\..\\x", "c:x"] {
            assert_eq!(inside(directory, path), None, "{path}");
        }
    }
}
