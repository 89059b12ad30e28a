//! The closing lines of the test runners, to be shown together at the end.

/// The lines in which runners sum up, without colour: cargo, vitest, svelte-check, pytest, node's runner, cargo-deny.
pub(crate) fn lines(output: &str) -> impl Iterator<Item = String> {
    let lines = output.lines().map(|line| plain(line).trim().to_owned());
    lines.filter(|line| sums_up(line) && !line.contains("ok. 0 passed"))
}

fn sums_up(line: &str) -> bool {
    let starts =
        ["test result:", "Test Files ", "Tests ", "svelte-check found", "COMPLETED ", "bans ok", "licenses ok"];
    let counts = ["tests ", "pass ", "fail "];
    let counted = line.strip_prefix("ℹ ").or_else(|| line.strip_prefix("# "));
    starts.iter().any(|start| line.starts_with(start))
        || counted.is_some_and(|rest| counts.iter().any(|count| rest.starts_with(count)))
        || (line.starts_with("==") && line.ends_with("==") && (line.contains(" passed") || line.contains(" failed")))
        || (line.contains(" passed in ") && line.ends_with('s'))
}

/// A line without terminal escapes of the form `ESC [ … letter`.
fn plain(line: &str) -> String {
    let mut parts = line.split('\u{1b}');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| c.is_ascii_alphabetic()).map_or(part.len(), |end| end + 1);
        text.push_str(&part[end..]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setup_4_closing_lines_of_every_runner_are_found() {
        let check = |line: &str| lines(line).count() == 1;
        for line in [
            "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "\u{1b}[2m Test Files \u{1b}[22m \u{1b}[1m\u{1b}[32m3 passed\u{1b}[39m\u{1b}[22m (3)",
            "      Tests  34 passed (34)",
            "svelte-check found 0 errors and 0 warnings",
            "==================== 1 failed, 12 passed in 3.21s ====================",
            "12 passed in 3.21s",
            "# pass 5",
            "ℹ tests 5",
            "bans ok, licenses ok, sources ok",
        ] {
            assert!(check(line), "{line}");
        }
        for line in
            ["running 12 tests", "# Subtest: opens", "test result: ok. 0 passed; 0 failed;", "Compiling tests v0.1.0"]
        {
            assert!(!check(line), "{line}");
        }
    }
}
