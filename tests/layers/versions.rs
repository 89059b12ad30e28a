//! One version everywhere, and lock files that work on any machine.

use super::Complaint;

/// The `version` at the top of a JSON file, if it has one.
pub(crate) fn in_json(text: &str) -> Option<String> {
    let json: serde_json::Value = serde_json::from_str(text).expect("JSON");
    json["version"].as_str().map(str::to_owned)
}

/// Places that carry a version other than ours; carrying none is best.
pub(crate) fn differing(ours: &str, places: impl Iterator<Item = (String, Option<String>)>) -> Vec<Complaint> {
    let wrong =
        places.filter_map(|(place, version)| version.filter(|version| version != ours).map(|other| (place, other)));
    wrong.map(|(place, other)| format!("{place} has version {other}, Cargo.toml has {ours}")).collect()
}

/// Addresses in a lock file of cargo or npm that are not those of the public registry.
pub(crate) fn registries(path: &str, text: &str) -> Vec<Complaint> {
    let (field, public) = match path.ends_with("Cargo.lock") {
        true => ("source = \"", "registry+https://github.com/rust-lang/crates.io-index"),
        false => ("\"resolved\": \"", "https://registry.npmjs.org/"),
    };
    let addresses = text.lines().enumerate().filter_map(|(number, line)| {
        let address = line.trim_start().strip_prefix(field)?.split('"').next()?;
        (!address.starts_with(public)).then(|| format!("{path}:{}: {address} is not the public registry", number + 1))
    });
    addresses.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setup_9_another_version_is_seen() {
        let place = |version: Option<&str>| std::iter::once(("ui/package.json".to_owned(), version.map(str::to_owned)));
        assert!(differing("0.1.0", place(Some("0.1.0"))).is_empty());
        assert!(differing("0.1.0", place(None)).is_empty());
        assert_eq!(
            differing("0.1.0", place(Some("0.2.0"))),
            ["ui/package.json has version 0.2.0, Cargo.toml has 0.1.0"]
        );
        assert_eq!(in_json(r#"{"version": "0.3.0"}"#).as_deref(), Some("0.3.0"));
        assert_eq!(in_json(r#"{"dependencies": {"version": "1"}}"#), None);
    }

    #[test]
    fn setup_9_a_private_registry_is_seen() {
        let check = |path: &str, line: &str| registries(path, line).len();
        assert_eq!(check("Cargo.lock", "source = \"registry+https://github.com/rust-lang/crates.io-index\""), 0);
        assert_eq!(check("Cargo.lock", "source = \"registry+https://crates.example/index\""), 1);
        assert_eq!(check("Cargo.lock", "source = \"git+https://github.com/a/b#1\""), 1);
        assert_eq!(check("ui/package-lock.json", "      \"resolved\": \"https://registry.npmjs.org/a/-/a-1.tgz\","), 0);
        assert_eq!(check("ui/package-lock.json", "      \"resolved\": \"http://10.0.0.1/npm/a-1.tgz\","), 1);
    }
}
