//! The table of dependencies in `src-tauri/ARCHITECTURE.md` against what the manifests say.

use super::Complaint;
use std::collections::{BTreeMap, BTreeSet};

/// Crates and what each depends on, by name; ours and others alike. `None`: whatever it likes.
pub(crate) type Table = BTreeMap<String, Option<BTreeSet<String>>>;

/// What tests and benches inside a crate may use besides.
const FOR_TESTS: [&str; 3] = ["criterion", "proptest", "tempfile"];

/// Reads the rows of the form `| crate | ours | others | … |`, names in backquotes, under the heading "Dependencies".
/// A row with the word "anything" sets no limit.
pub(crate) fn parse(document: &str) -> Table {
    let part = document.split("\n## ").find(|part| part.starts_with("Dependencies")).unwrap_or_default();
    let rows = part.lines().filter(|line| line.starts_with("| `"));
    let rows = rows.filter_map(|row| {
        let mut columns = row.trim_matches('|').split('|');
        let crate_name = quoted(columns.next()?).pop()?;
        let (ours, others) = (columns.next()?, columns.next()?);
        let free = ours.contains("anything");
        Some((crate_name, (!free).then(|| quoted(ours).into_iter().chain(quoted(others)).collect())))
    });
    rows.collect()
}

fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// What each package of `cargo metadata` declares, without the usual tools of tests.
pub(crate) fn edges(packages: &[serde_json::Value]) -> BTreeMap<String, BTreeSet<String>> {
    let edges = packages.iter().map(|package| {
        let declared = package["dependencies"].as_array().into_iter().flatten();
        let kept = declared.filter(|dependency| {
            dependency["kind"] != "dev" || !FOR_TESTS.iter().any(|free| dependency["name"] == *free)
        });
        let names = kept.filter_map(|dependency| dependency["name"].as_str().map(str::to_owned)).collect();
        (package["name"].as_str().unwrap_or_default().to_owned(), names)
    });
    edges.collect()
}

/// Where table and manifests differ, in either direction: a table with idle entries is not true either.
pub(crate) fn compare(table: &Table, edges: &BTreeMap<String, BTreeSet<String>>) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (name, declared) in edges {
        match table.get(name) {
            None => complaints.push(format!("crate `{name}` is not in the table of src-tauri/ARCHITECTURE.md")),
            Some(None) => {}
            Some(Some(allowed)) => {
                let wrong = declared.difference(allowed);
                complaints.extend(wrong.map(|other| format!("`{name}` must not depend on `{other}`: not in its row")));
                let idle = allowed.difference(declared);
                complaints
                    .extend(idle.map(|other| format!("the row of `{name}` lists `{other}`, which it does not use")));
            }
        }
    }
    let gone = table.keys().filter(|name| !edges.contains_key(*name));
    complaints.extend(gone.map(|name| format!("the table lists `{name}`, which is no crate of ours")));
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "# Shape\n\n| `elsewhere` | `x` | | |\n\n## Dependencies\n\n| Crate | Ours | Others | Never |\n|---|---|---|---|\n\
        | `protocol` | | `serde` | clocks |\n| `rooms` | `protocol` | `yrs` | IO |\n| `tests` | anything | | |\n\n## More\n\n| `no` | | | |\n";

    fn edges_of(list: &[(&str, &[&str])]) -> BTreeMap<String, BTreeSet<String>> {
        list.iter().map(|(name, to)| (name.to_string(), to.iter().map(|to| to.to_string()).collect())).collect()
    }

    #[test]
    fn setup_6_only_the_table_of_dependencies_is_read() {
        let table = parse(DOCUMENT);
        assert_eq!(table.keys().collect::<Vec<_>>(), ["protocol", "rooms", "tests"]);
        assert_eq!(table["rooms"], Some(BTreeSet::from(["protocol".to_owned(), "yrs".to_owned()])));
    }

    #[test]
    fn setup_6_a_forbidden_an_idle_and_an_unknown_edge_are_seen() {
        let check = |edges: &[(&str, &[&str])]| compare(&parse(DOCUMENT), &edges_of(edges));
        let right: [(&str, &[&str]); 3] =
            [("protocol", &["serde"]), ("rooms", &["protocol", "yrs"]), ("tests", &["axum", "rooms"])];
        assert_eq!(check(&right), Vec::<Complaint>::new());
        let with = |at: usize, edge: (&'static str, &'static [&'static str])| {
            let mut edges = right.to_vec();
            edges[at] = edge;
            check(&edges)
        };
        assert_eq!(
            with(0, ("protocol", &["serde", "tokio"])),
            ["`protocol` must not depend on `tokio`: not in its row"]
        );
        assert_eq!(with(1, ("rooms", &["protocol"])), ["the row of `rooms` lists `yrs`, which it does not use"]);
        assert_eq!(with(1, ("new", &[])).len(), 2, "one crate is not in the table, one row has no crate");
    }

    #[test]
    fn setup_6_tools_of_tests_are_free_and_other_test_dependencies_are_not() {
        let package = serde_json::json!({"name": "rooms", "dependencies": [
            {"name": "proptest", "kind": "dev"}, {"name": "tokio", "kind": "dev"}, {"name": "criterion", "kind": null}]});
        assert_eq!(edges(&[package]), edges_of(&[("rooms", &["criterion", "tokio"])]));
    }
}
