//! `cargo xtask notices`: what others wrote and our programs contain, each with its licence, and the licences' texts.
//!
//! The crates are those that `cargo tree` names for the two programs, the packages those that `npm ls` names for the
//! interface. Not here: whether a licence may be used; cargo-deny sees to that.

use crate::project::{Outcome, Project};
use crate::tools::cargo;
use crate::ui;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Where the notices go, below the build directory.
const PLACE: &str = "notices/THIRD-PARTY-NOTICES.txt";
/// How the names of files with a licence begin.
const NAMES: [&str; 5] = ["license", "licence", "copying", "notice", "unlicense"];
/// Prints name, version and licence of the packages in the folders given.
const PACKAGES: &str = "for (const folder of process.argv.slice(1)) { const { name, version, license } = \
    require(require('node:path').resolve(folder, 'package.json')); console.log([name, version, license, folder].join('\\t')) }";

/// Something that others wrote.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone)]
struct Part {
    name: String,
    version: String,
    /// As its manifest says it.
    licence: String,
    /// The texts that come with it.
    texts: Vec<String>,
}

/// Writes the notices, and answers where they are.
pub(crate) fn write(project: &Project) -> Outcome<PathBuf> {
    ui::packages(project, "ui")?;
    let mut parts = crates(project)?;
    parts.extend(packages(project)?);
    let place = project.target(PLACE);
    let not_written = |error: std::io::Error| format!("cannot write {}: {error}", place.display());
    place.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(not_written)?;
    std::fs::write(&place, document(&parts)?).map_err(not_written)?;
    println!("xtask: {} parts by others are named in {}", parts.len(), place.display());
    Ok(place)
}

/// The crates in our programs.
fn crates(project: &Project) -> Outcome<Vec<Part>> {
    let tree = ["tree", "--package", "server", "--package", "commonplace", "--edges", "normal", "--prefix", "none"];
    let tree = cargo(project, &tree).args(["--locked", "--format", "{p}\t{l}"]).output()?;
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo"))).unwrap_or_default();
    let registries = folders(&home.join("registry/src"));
    let parts = named(&tree).into_iter().map(|(name, version, licence)| {
        let sources = registries.iter().map(|registry| registry.join(format!("{name}-{version}")));
        let texts = sources.filter(|source| source.is_dir()).flat_map(|source| texts(&source)).collect();
        Part { name, version, licence, texts }
    });
    Ok(parts.collect())
}

/// Name, version and licence out of the lines of `cargo tree`, without our own crates and repetitions.
fn named(tree: &str) -> BTreeSet<(String, String, String)> {
    let lines = tree.lines().filter(|line| !line.contains(" (/"));
    let parts = lines.filter_map(|line| {
        let (package, licence) = line.split_once('\t')?;
        let mut words = package.split(' ');
        let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
        Some((name.to_owned(), version.to_owned(), licence.trim_end_matches(" (*)").to_owned()))
    });
    parts.collect()
}

/// The npm packages in the interface.
fn packages(project: &Project) -> Outcome<Vec<Part>> {
    let listed = ui::npm(project, "ui", &["ls", "--omit=dev", "--all", "--parseable"]).output()?;
    let folders: BTreeSet<&str> = listed.lines().filter(|line| line.contains("node_modules")).collect();
    let told = project.invoke("node").args(["-e", PACKAGES]).args(folders).output()?;
    let parts = told.lines().filter_map(|line| {
        let mut fields = line.split('\t').map(str::to_owned);
        let (name, version, licence) = (fields.next()?, fields.next()?, fields.next()?);
        Some(Part { name, version, licence, texts: texts(Path::new(&fields.next()?)) })
    });
    Ok(parts.collect())
}

/// The licence texts in a folder, in a fixed order.
fn texts(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let named = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        NAMES.iter().any(|start| name.starts_with(start)) && path.is_file()
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(named).collect();
    files.sort();
    files.iter().filter_map(|file| std::fs::read_to_string(file).ok()).map(|text| text.trim().to_owned()).collect()
}

fn folders(place: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(place).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path()).collect()
}

/// The notices: every part with its licence, then every text once, with the parts that it comes with.
fn document(parts: &[Part]) -> Outcome<String> {
    if let Some(unnamed) = parts.iter().find(|part| part.licence.is_empty() || part.licence == "undefined") {
        return Err(format!("{} {} names no licence", unnamed.name, unnamed.version));
    }
    let mut lines = vec!["What others wrote and Commonplace contains".to_owned(), String::new()];
    let mut of_text: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for part in parts {
        let called = format!("{} {}", part.name, part.version);
        lines.push(format!("{called}: {}", part.licence));
        for text in &part.texts {
            of_text.entry(text).or_default().push(called.clone());
        }
    }
    for (text, whose) in of_text {
        lines.extend([String::new(), "=".repeat(80), whose.join(", "), String::new(), text.to_owned()]);
    }
    Ok(lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, licence: &str, texts: &[&str]) -> Part {
        let texts = texts.iter().map(|text| (*text).to_owned()).collect();
        Part { name: name.to_owned(), version: "1.0".to_owned(), licence: licence.to_owned(), texts }
    }

    #[test]
    fn setup_30_every_part_has_its_licence_and_every_text_its_parts() {
        let made =
            document(&[part("a", "MIT", &["May be used."]), part("b", "MIT OR Zlib", &["May be used.", "Or so."])]);
        let made = made.unwrap();
        assert!(made.contains("\na 1.0: MIT\nb 1.0: MIT OR Zlib\n"), "{made}");
        assert!(made.contains("\na 1.0, b 1.0\n\nMay be used.\n"), "{made}");
        assert!(made.ends_with("\nb 1.0\n\nOr so.\n"), "{made}");
        assert_eq!(document(&[part("c", "", &[])]), Err("c 1.0 names no licence".to_owned()));
    }

    #[test]
    fn setup_30_the_crates_of_others_are_found() {
        let tree = "server v0.1.0 (/somewhere/server)\tMIT\nserde v1.0.229\tMIT OR Apache-2.0\nserde_derive v1.0.229 (proc-macro)\tMIT\n\nserde v1.0.229\tMIT OR Apache-2.0 (*)\n";
        let found: Vec<_> = named(tree).into_iter().map(|(name, _, licence)| format!("{name}: {licence}")).collect();
        assert_eq!(found, ["serde: MIT OR Apache-2.0", "serde_derive: MIT"]);
    }
}
