//! The rules in `tests/SPEC.md` against the names of tests.

use super::Complaint;
use std::collections::BTreeSet;

/// Rules without a test, and tests that claim to prove a rule that is not there.
pub(crate) fn compare(spec: &str, files: &[(String, String)]) -> Vec<Complaint> {
    let areas: BTreeSet<&str> = spec.lines().filter_map(|line| line.strip_prefix("## ")?.split(':').next()).collect();
    let promised: BTreeSet<String> = spec.lines().filter_map(promised).collect();
    let tests = files.iter().filter(|(path, _)| is_source(path));
    let proved: BTreeSet<String> = tests.flat_map(|(_, text)| claimed(text, &areas)).collect();
    let unproved = promised.difference(&proved).map(|rule| format!("{rule} in tests/SPEC.md is proved by no test"));
    let unknown = proved
        .difference(&promised)
        .map(|rule| format!("a test claims to prove {rule}, which is not in tests/SPEC.md"));
    unproved.chain(unknown).collect()
}

/// The id in a line `- **SYNC-3** …`.
fn promised(line: &str) -> Option<String> {
    Some(line.trim_start().strip_prefix("- **")?.split("**").next()?.to_owned())
}

fn is_source(path: &str) -> bool {
    [".rs", ".py", ".ts", ".mjs", ".js"].iter().any(|end| path.ends_with(end))
        && !path.starts_with("tests/layers/rules")
}

/// The rules that tests in a file begin with: `fn sync_3_…`, `def test_sync_3_…`, `'SYNC-3 …'`.
fn claimed(text: &str, areas: &BTreeSet<&str>) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines() {
        for area in areas {
            let lower = area.to_lowercase();
            let starts = [format!("fn {lower}_"), format!("def test_{lower}_")].into_iter();
            let starts = starts.chain(["'", "\"", "`"].map(|quote| format!("{quote}{area}-")));
            for start in starts {
                let Some(at) = line.find(&start) else { continue };
                let number: String = line[at + start.len()..].chars().take_while(char::is_ascii_digit).collect();
                if !number.is_empty() {
                    found.push(format!("{area}-{number}"));
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: &str =
        "# What\n\n## SYNC: edits\n\n- **SYNC-1** Edits travel.\n\n## SAVE: files\n\n- **SAVE-2** Saved.\n";

    #[test]
    fn setup_11_a_rule_without_test_and_a_test_without_rule_are_seen() {
        let check = |texts: &[&str]| {
            let file = |(number, text): (usize, &&str)| (format!("tests/{number}.rs"), (*text).to_owned());
            compare(SPEC, &texts.iter().enumerate().map(file).collect::<Vec<_>>())
        };
        assert_eq!(check(&["fn sync_1_edits_travel() {", "async fn save_2_saved() {"]), Vec::<Complaint>::new());
        assert_eq!(check(&["def test_sync_1_edits_travel():", "test('SAVE-2 saved', …)"]), Vec::<Complaint>::new());
        assert_eq!(check(&["fn sync_1_x() {"]), ["SAVE-2 in tests/SPEC.md is proved by no test"]);
        let unknown = check(&["fn sync_1_x() {}\nfn save_2_x() {}\nfn save_12_x() {}"]);
        assert_eq!(unknown, ["a test claims to prove SAVE-12, which is not in tests/SPEC.md"]);
    }
}
