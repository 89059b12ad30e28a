//! What documents say of other files and of rules: links that lead somewhere, rules that are there, rows that are all told.

use super::Complaint;
use std::collections::BTreeSet;

/// Sections of the seed's rows in `tests/SPEC.md`, and how many rows each has.
const ROWS: [(char, usize); 10] =
    [('A', 20), ('B', 12), ('C', 41), ('D', 16), ('E', 11), ('F', 8), ('G', 8), ('H', 18), ('I', 13), ('J', 6)];

/// Links in Markdown that lead to no file of the project.
pub(crate) fn dead_links(documents: &[(String, String)], is_there: impl Fn(&str) -> bool) -> Vec<Complaint> {
    let links = documents.iter().flat_map(|(path, text)| text.split("](").skip(1).map(move |rest| (path, rest)));
    let complaints = links.filter_map(|(path, rest)| {
        let link = rest.split([')', ' ', '#']).next()?;
        let outside = link.is_empty() || link.contains("://") || link.starts_with("mailto:");
        (!outside && !is_there(&below(path, link))).then(|| format!("{path} links to {link}, which is not there"))
    });
    complaints.collect()
}

/// Where a link in the document at `path` leads.
fn below(path: &str, link: &str) -> String {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Rules that documents name and that `tests/SPEC.md` does not have.
pub(crate) fn unknown_rules(spec: &str, documents: &[(String, String)]) -> Vec<Complaint> {
    let promised: BTreeSet<&str> =
        spec.lines().filter_map(|line| line.strip_prefix("- **")?.split("**").next()).collect();
    let areas: BTreeSet<&str> = promised.iter().filter_map(|rule| rule.split('-').next()).collect();
    let named = documents.iter().flat_map(|(path, text)| rules(text, &areas).map(move |rule| (path, rule)));
    let unknown = named.filter(|(_, rule)| !promised.contains(rule));
    unknown.map(|(path, rule)| format!("{path} names {rule}, which is not in tests/SPEC.md")).collect()
}

/// The words of the form `SYNC-3`.
fn rules<'a>(text: &'a str, areas: &BTreeSet<&str>) -> impl Iterator<Item = &'a str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    words.filter(move |word| {
        word.split_once('-').is_some_and(|(area, number)| {
            areas.contains(area) && !number.is_empty() && number.chars().all(|c| c.is_ascii_digit())
        })
    })
}

/// Rows of the seed that are missing, told twice, unknown, or that name neither a rule nor a reason why there is none.
pub(crate) fn untold_rows(spec: &str) -> Vec<Complaint> {
    let part = spec.split("\n## ").find(|part| part.starts_with("The seed's rows")).unwrap_or_default();
    let told: Vec<(&str, &str)> = part.lines().filter_map(row).collect();
    let expected =
        ROWS.iter().flat_map(|(section, count)| (1..=*count).map(move |number| format!("{section}{number}")));
    let expected: Vec<String> = expected.collect();
    let mut complaints = Vec::new();
    for row in &expected {
        let count = told.iter().filter(|(name, _)| name == row).count();
        if count != 1 {
            complaints.push(format!("row {row} is told {count} times in tests/SPEC.md"));
        }
    }
    for (name, proof) in &told {
        if !expected.iter().any(|row| row == name) {
            complaints.push(format!("tests/SPEC.md tells a row {name}, which the seed does not have"));
        }
        let rule = proof
            .split([' ', ','])
            .any(|word| word.split_once('-').is_some_and(|(_, number)| number.parse::<u16>().is_ok()));
        if !rule && proof.split(' ').count() < 3 {
            complaints.push(format!("row {name} names neither a rule nor a reason"));
        }
    }
    complaints
}

/// Name and proof of a row `| A1 | what | SYNC-3 |`.
fn row(line: &str) -> Option<(&str, &str)> {
    let mut cells = line.strip_prefix("| ")?.split('|').map(str::trim);
    let (name, _, proof) = (cells.next()?, cells.next()?, cells.next()?);
    let section = name.chars().next()?;
    (section.is_ascii_uppercase() && name[1..].parse::<u16>().is_ok()).then_some((name, proof))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(path: &str, text: &str) -> Vec<(String, String)> {
        vec![(path.to_owned(), text.to_owned())]
    }

    #[test]
    fn setup_31_a_dead_link_is_seen() {
        let is_there = |path: &str| path == "src/a.md" || path == "README.md";
        let check = |text: &str| dead_links(&document("src/b.md", text), is_there).len();
        assert_eq!(check("[a](a.md), [top](../README.md#x), [here](#there), [out](https://example.org/a b)"), 0);
        assert_eq!(check("[a](c.md)"), 1);
        assert_eq!(check("![picture](../a.md)"), 1);
    }

    #[test]
    fn setup_32_an_unknown_rule_is_seen() {
        let spec = "- **SYNC-1** Edits travel.\n";
        let check = |text: &str| unknown_rules(spec, &document("a.md", text));
        assert_eq!(check("SYNC-1, UTF-8 and SHA-256"), Vec::<Complaint>::new());
        assert_eq!(check("| x | SYNC-2 |"), ["a.md names SYNC-2, which is not in tests/SPEC.md"]);
    }

    #[test]
    fn setup_32_a_row_without_rule_or_reason_is_seen() {
        let rows = |proof: &str| {
            let all =
                ROWS.iter().flat_map(|(section, count)| (1..=*count).map(move |number| format!("{section}{number}")));
            all.map(|row| format!("| {row} | what | {proof} |\n")).collect::<String>()
        };
        let check = |rows: &str| untold_rows(&format!("# What\n\n## The seed's rows\n\n{rows}\n## More\n"));
        assert_eq!(check(&rows("SYNC-1 SYNC-2")), Vec::<Complaint>::new());
        assert_eq!(check(&rows("taken over by another")), Vec::<Complaint>::new());
        assert_eq!(check(&rows("-")).len(), 153);
        assert_eq!(check(&rows("SYNC-1").replace("| A2 ", "| A1 ")).len(), 2);
        assert_eq!(check(&format!("{}| K1 | what | SYNC-1 |\n", rows("SYNC-1"))).len(), 1);
    }
}
