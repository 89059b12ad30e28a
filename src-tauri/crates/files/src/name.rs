//! Which names new files may have: those that every system can keep, so that a folder can be moved to another. Pure.
//!
//! Not here: names that exist already. They are served as they are, unless they are hidden.

/// Names that are devices on Windows, with any extension.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "com", "lpt"];
/// Bytes that a name may have on most file systems.
const LONGEST: usize = 255;

/// Why a new file or folder cannot have this name, as the end of a sentence.
pub(crate) fn refuse(name: &str) -> Option<&'static str> {
    let on_windows = |c: char| cfg!(windows) && "<>:\"|?*".contains(c);
    match name {
        "" => Some("it is empty"),
        _ if name.starts_with('.') => Some("names that begin with a dot are hidden"),
        _ if name.len() > LONGEST => Some("it is too long"),
        _ if name.chars().any(|c| c.is_control() || c == '/' || c == '\\' || on_windows(c)) => {
            Some("it has a character that file names cannot have")
        }
        _ if name.ends_with(['.', ' ']) || name.starts_with(' ') => Some("it ends with a dot or has a blank at an end"),
        _ if is_device(name) => Some("it is the name of a device on Windows"),
        _ => None,
    }
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim_end().to_ascii_lowercase();
    let numbered =
        |stem: &str| stem.strip_suffix(|digit: char| digit.is_ascii_digit() && digit != '0').map(str::to_owned);
    match numbered(&stem) {
        Some(port) => DEVICES[4..].contains(&port.as_str()),
        None => DEVICES[..4].contains(&stem.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_80_new_names_are_such_that_every_system_can_keep_them() {
        let long = "a".repeat(LONGEST + 1);
        let bad = [
            "", ".git", "..", "a/b", "a\\b", "a\0", "a\n", "a.", "a ", " a", "CON", "nul.txt", "Com1.md", "lpt9", &long,
        ];
        for name in bad {
            assert!(refuse(name).is_some(), "{name:?}");
        }
        for name in ["a", "Untitled Folder 1", "Grüße.md", "console.txt", "com", "com0", "COM10", "nully", "a.b.c"] {
            assert_eq!(refuse(name), None, "{name:?}");
        }
    }
}
