//! What the text of source files must not contain, and how much of it there may be.

use super::Complaint;

/// Crates that are functions of their input, and nothing else.
const PURE: [&str; 3] = ["protocol", "ydoc", "rooms"];
/// Signs of a clock, a file, a socket, a thread, a process or a runtime.
const IMPURE: [&str; 8] =
    ["Instant::now", "SystemTime::now", "std::fs", "std::net", "std::thread", "std::process", "std::env::", "tokio"];

/// The one file that may reach Tauri, and what gives an import of it away.
const TAURI: (&str, &str) = ("ui/src/shared/host/tauri.ts", "@tauri-apps/");
/// What browsers withhold from pages that came over plain HTTP.
const WITHHELD: [&str; 2] = ["crypto.randomUUID", "crypto.subtle"];

/// The most lines of code in a file.
const MOST_LINES: usize = 450;

/// Impure calls in the code of a pure crate; comments and the crate's own `tests` and `benches` folders are free.
pub(crate) fn impure(path: &str, text: &str) -> Vec<Complaint> {
    let pure = PURE.iter().any(|name| path.starts_with(&format!("src-tauri/crates/{name}/src/")));
    if pure { containing(path, text, &IMPURE, "belongs into a crate that is not pure") } else { Vec::new() }
}

/// Imports and calls in the interface that belong elsewhere or fail on a guest's browser.
pub(crate) fn interface(path: &str, text: &str) -> Vec<Complaint> {
    if !path.starts_with("ui/src/") {
        return Vec::new();
    }
    let mut complaints = containing(path, text, &WITHHELD, "is missing in browsers on plain HTTP");
    if path != TAURI.0 {
        complaints.extend(containing(path, text, &[TAURI.1], &format!("belongs into {}", TAURI.0)));
    }
    complaints
}

fn containing(path: &str, text: &str, words: &[&str], why: &str) -> Vec<Complaint> {
    let lines = text.lines().enumerate().filter(|(_, line)| !is_comment(line));
    let found = lines.flat_map(|(number, line)| {
        let words = words.iter().filter(move |word| line.contains(**word));
        words.map(move |word| format!("{path}:{}: `{word}` {why}", number + 1))
    });
    found.collect()
}

/// A complaint when a source file has too many lines of code; generated files are exempt.
pub(crate) fn too_long(path: &str, text: &str) -> Option<Complaint> {
    let source = [".rs", ".ts", ".svelte", ".js", ".mjs", ".css", ".py"].iter().any(|end| path.ends_with(end));
    if !source || path.starts_with("ui/src/bindings/") {
        return None;
    }
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !is_comment(line)).count();
    (lines > MOST_LINES)
        .then(|| format!("{path} has {lines} lines of code; {MOST_LINES} are the most: split it by topic"))
}

fn is_comment(line: &str) -> bool {
    ["//", "/*", "* ", "*/", "<!--"].iter().any(|start| line.trim_start().starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setup_7_a_clock_in_a_pure_crate_is_seen() {
        let check = |path: &str, line: &str| impure(path, line).len();
        assert_eq!(check("src-tauri/crates/rooms/src/save.rs", "let now = Instant::now();"), 1);
        assert_eq!(check("src-tauri/crates/ydoc/src/lib.rs", "use tokio::sync::mpsc;"), 1);
        assert_eq!(check("src-tauri/crates/protocol/src/ids.rs", "std::fs::read(path)"), 1);
        assert_eq!(check("src-tauri/crates/rooms/src/save.rs", "/// Never calls Instant::now."), 0);
        assert_eq!(check("src-tauri/crates/host/src/actor.rs", "let now = Instant::now();"), 0);
        assert_eq!(
            impure("src-tauri/crates/rooms/src/a.rs", "fn a() {}\nstd::net::TcpStream"),
            ["src-tauri/crates/rooms/src/a.rs:2: `std::net` belongs into a crate that is not pure"]
        );
    }

    #[test]
    fn setup_8_tauri_and_withheld_calls_in_the_interface_are_seen() {
        let check = |path: &str, line: &str| interface(path, line).len();
        assert_eq!(check("ui/src/panel/Panel.svelte", "import { invoke } from '@tauri-apps/api/core'"), 1);
        assert_eq!(check("ui/src/shared/host/tauri.ts", "import { invoke } from '@tauri-apps/api/core'"), 0);
        assert_eq!(check("ui/src/guest/join.ts", "const id = crypto.randomUUID()"), 1);
        assert_eq!(check("ui/src/guest/join.ts", "const id = randomId()"), 0);
    }

    #[test]
    fn setup_10_a_long_file_is_seen() {
        let check = |path: &str, line: &str, lines: usize| too_long(path, &line.repeat(lines)).is_some();
        assert!(check("src-tauri/src/main.rs", "code();\n", MOST_LINES + 1));
        assert!(!check("src-tauri/src/main.rs", "code();\n", MOST_LINES));
        assert!(!check("src-tauri/src/main.rs", "// why\n\n", MOST_LINES + 1));
        assert!(check("ui/src/guest/App.svelte", "<p>\n", MOST_LINES + 1));
        assert!(!check("ui/src/bindings/Event.ts", "x\n", MOST_LINES + 1));
    }
}
