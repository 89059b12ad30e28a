//! What the project promises about its own shape, checked from the outside: which crate may know which, what the pure
//! ones must not call, one version, public registries only, files that can be read in one go, and rules with tests.
//!
//! Each check is a function from text to complaints, so that its ability to fail is tested beside it.

#![allow(clippy::expect_used)]

mod documents;
mod rules;
mod shell;
mod sources;
mod table;
mod versions;

use std::path::{Path, PathBuf};
use std::process::Command;

/// Something that is not as it should be, as a sentence that names the place.
type Complaint = String;

/// The top of the checkout.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is below the top").to_owned()
}

/// The text of a file of the project.
fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("cannot read {path}: {error}"))
}

/// What a program prints when it is run at the top of the checkout.
fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(root()).output();
    let output = output.unwrap_or_else(|error| panic!("cannot run {program}: {error}"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Every file that git keeps or would keep, with its text when it is text.
fn files() -> Vec<(String, String)> {
    let listed = output("git", &["ls-files", "--cached", "--others", "--exclude-standard"]);
    let paths = listed.lines().filter(|path| root().join(path).is_file());
    paths.filter_map(|path| Some((path.to_owned(), std::fs::read_to_string(root().join(path)).ok()?))).collect()
}

/// What cargo knows of our own packages.
fn packages() -> Vec<serde_json::Value> {
    let metadata = output(env!("CARGO"), &["metadata", "--no-deps", "--format-version", "1"]);
    let metadata: serde_json::Value = serde_json::from_str(&metadata).expect("JSON");
    metadata["packages"].as_array().expect("packages").clone()
}

/// Fails with all complaints at once.
fn nothing_wrong(complaints: Vec<Complaint>) {
    assert!(complaints.is_empty(), "\n  {}\n", complaints.join("\n  "));
}

#[test]
fn setup_6_crates_know_only_what_the_table_lists() {
    let table = table::parse(&text("src-tauri/ARCHITECTURE.md"));
    nothing_wrong(table::compare(&table, &table::edges(&packages())));
}

#[test]
fn setup_7_the_pure_crates_are_pure() {
    nothing_wrong(files().iter().flat_map(|(path, text)| sources::impure(path, text)).collect());
}

#[test]
fn setup_8_the_interface_keeps_to_its_doors() {
    let all = files();
    assert!(all.iter().any(|(path, _)| path.starts_with("ui/src/")), "no interface found");
    nothing_wrong(all.iter().flat_map(|(path, text)| sources::interface(path, text)).collect());
}

#[test]
fn safe_32_the_panels_window_loads_nothing_from_elsewhere() {
    let configuration = serde_json::from_str(&text("src-tauri/tauri.conf.json")).expect("JSON");
    nothing_wrong(shell::remote(&configuration));
}

#[test]
fn safe_33_the_window_may_ask_exactly_what_it_asks() {
    let answered = shell::answered(&text("src-tauri/src/app.rs"));
    assert!(!answered.is_empty(), "no commands found");
    let asked = shell::asked(&text("ui/src/shared/host/tauri.ts"));
    let all = files();
    let capabilities: Vec<_> = all.iter().filter(|(path, _)| path.starts_with("src-tauri/capabilities/")).collect();
    assert_eq!(capabilities.len(), 1, "each capability is to be compared");
    let capability = serde_json::from_str(&capabilities[0].1).expect("JSON");
    nothing_wrong(shell::compare(&capability, &answered, &asked));
    // The manifest, without which a command would need no permission.
    let build = text("src-tauri/build.rs");
    nothing_wrong(answered.iter().filter(|name| !build.contains(&format!("\"{name}\""))).cloned().collect());
}

#[test]
fn setup_9_there_is_one_version() {
    let crates = packages().into_iter().map(|package| {
        let field = |name: &str| package[name].as_str().unwrap_or_default().to_owned();
        (format!("crate {}", field("name")), Some(field("version")))
    });
    let ours = env!("CARGO_PKG_VERSION");
    let files = ["src-tauri/tauri.conf.json", "ui/package.json", "ui/package-lock.json"];
    let files = files.map(|path| (path.to_owned(), versions::in_json(&text(path))));
    nothing_wrong(versions::differing(ours, crates.chain(files)));
}

#[test]
fn setup_9_lock_files_name_public_registries_only() {
    let all = files();
    let locks = all.iter().filter(|(path, _)| path.ends_with("Cargo.lock") || path.ends_with("package-lock.json"));
    let complaints = locks.flat_map(|(path, text)| versions::registries(path, text)).collect();
    assert!(all.iter().any(|(path, _)| path == "Cargo.lock"), "Cargo.lock is not kept");
    nothing_wrong(complaints);
}

#[test]
fn setup_10_files_can_be_read_in_one_go() {
    nothing_wrong(files().iter().filter_map(|(path, text)| sources::too_long(path, text)).collect());
}

#[test]
fn setup_11_rules_have_tests_and_tests_have_rules() {
    nothing_wrong(rules::compare(&text("tests/SPEC.md"), &files()));
}

#[test]
fn setup_31_links_in_documents_lead_somewhere() {
    let all = files();
    let markdown: Vec<_> = all.into_iter().filter(|(path, _)| path.ends_with(".md")).collect();
    nothing_wrong(documents::dead_links(&markdown, |path| root().join(path).exists()));
}

#[test]
fn setup_32_every_row_of_the_seed_is_told_and_documents_name_rules_that_are_there() {
    let spec = text("tests/SPEC.md");
    let markdown: Vec<_> = files().into_iter().filter(|(path, _)| path.ends_with(".md")).collect();
    nothing_wrong(documents::untold_rows(&spec));
    nothing_wrong(documents::unknown_rules(&spec, &markdown));
}

#[test]
fn setup_34_every_crate_says_what_it_is_and_under_which_licence() {
    let missing = packages().into_iter().flat_map(|package| {
        let name = package["name"].as_str().unwrap_or_default().to_owned();
        let fields =
            ["description", "license"].into_iter().filter(|field| package[field].as_str().is_none_or(str::is_empty));
        fields.map(|field| format!("crate {name} has no {field}")).collect::<Vec<_>>()
    });
    nothing_wrong(missing.collect());
    assert!(text("LICENSE").starts_with("MIT License"));
}
