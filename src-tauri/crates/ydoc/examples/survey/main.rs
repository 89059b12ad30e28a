//! Tries the loader, the writer and the merge on a folder of notebooks, and prints a line for each: the manifest in
//! `tests/fixtures/notebooks` is made of these.
//!
//! `cargo run --release -p ydoc --example survey -- FOLDER [EDITED]`
//!
//! FOLDER holds `OWNER+NAME/COMMIT/PATH`. With EDITED, each notebook is written there after an edit of a source, a run of the
//! cell and an added cell, so that somebody else's validator can judge it. What failed and what it took is told on stderr.

mod checks;
mod spans;

use protocol::Digest;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let Some(folder) = arguments.next() else {
        eprintln!("survey FOLDER [EDITED]");
        return ExitCode::FAILURE;
    };
    match survey(&folder, arguments.next().as_deref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn survey(folder: &Path, edited: Option<&Path>) -> std::io::Result<()> {
    let mut files = Vec::new();
    notebooks(folder, &mut files)?;
    files.sort();
    let (mut bytes_read, mut times) = (0, checks::Times::default());
    let mut results: BTreeMap<&str, usize> = BTreeMap::new();
    for file in &files {
        let relative = file.strip_prefix(folder).unwrap_or(file).to_string_lossy();
        let mut parts = relative.splitn(3, '/');
        let (Some(repository), Some(commit), Some(path)) = (parts.next(), parts.next(), parts.next()) else { continue };
        let bytes = std::fs::read(file)?;
        let result = match std::panic::catch_unwind(|| checks::all(&bytes)) {
            Ok(Ok(passed)) => {
                bytes_read += bytes.len();
                times.load += passed.times.load;
                times.save += passed.times.save;
                times.merge += passed.times.merge;
                if let Some(edited) = edited {
                    let target = edited.join(&*relative);
                    std::fs::create_dir_all(target.parent().unwrap_or(edited))?;
                    std::fs::write(target, passed.edited)?;
                }
                if passed.upgraded { "upgraded" } else { "ok" }
            }
            Ok(Err(error)) => {
                eprintln!("{relative}: {error}");
                if error.starts_with("line ") || error.starts_with("not ") { "refused" } else { "failed" }
            }
            Err(_) => "panicked",
        };
        *results.entry(result).or_default() += 1;
        let (repository, digest, format) = (repository.replace('+', "/"), Digest::of(&bytes).to_hex(), format(&bytes));
        println!("{repository}\t{commit}\t{path}\t{digest}\t{}\t{format}\t{result}", bytes.len());
    }
    let per_megabyte = |time: Duration| time.as_secs_f64() * 1e9 / bytes_read.max(1) as f64;
    eprintln!(
        "{results:?}; {:.1} MB; ms per MB: load {:.1}, save {:.1}, merge {:.1}",
        bytes_read as f64 / 1e6,
        per_megabyte(times.load),
        per_megabyte(times.save),
        per_megabyte(times.merge)
    );
    Ok(())
}

fn notebooks(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            notebooks(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "ipynb") {
            found.push(path);
        }
    }
    Ok(())
}

/// `4.5`, as the file says; `?` where it says nothing that can be read.
fn format(bytes: &[u8]) -> String {
    let value: Value = serde_json::from_slice(bytes).unwrap_or_default();
    match (&value["nbformat"], &value["nbformat_minor"]) {
        (Value::Number(major), Value::Number(minor)) => format!("{major}.{minor}"),
        (Value::Number(major), _) => major.to_string(),
        _ => "?".to_owned(),
    }
}
