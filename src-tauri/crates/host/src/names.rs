//! Names, colours and slugs: what people choose, made fit. Pure.

use protocol::{ErrorBody, ErrorCode};

/// The twelve colours of people, in the order in which they are given.
pub(crate) const COLORS: [&str; 12] = [
    "#00618b", "#ce2744", "#14501f", "#884bd2", "#775500", "#5f2a55", "#007967", "#73290a", "#313296", "#a3124e",
    "#677300", "#955a3a",
];

/// Longest name of a person, in characters.
const LONGEST: usize = 40;
/// First parts of paths that are not folders.
const RESERVED: [&str; 7] = ["api", "lab", "static", "files", "lsp", "login", "assets"];

/// A name without surrounding blanks: 1 to 40 characters, no control characters, none that turn the direction of the text
/// around it.
pub(crate) fn person(name: &str) -> Result<&str, ErrorBody> {
    let name = name.trim();
    // Counted as people count: marks that join to the letter before do not count.
    let length = name.chars().filter(|c| !is_mark(*c)).count();
    let visible = name.chars().any(|c| !is_mark(c) && !is_invisible(c) && !c.is_whitespace());
    if length > LONGEST || name.len() > LONGEST * 16 || !visible || name.chars().any(|c| c.is_control() || turns(c)) {
        return Err(ErrorBody::new(ErrorCode::BadName, "Type a name of 1 to 40 characters."));
    }
    Ok(name)
}

fn turns(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A name as people tell it from others: without case and without marks that nobody sees.
fn seen(name: &str) -> String {
    name.chars().filter(|c| !is_invisible(*c)).collect::<String>().to_lowercase()
}

/// What a screen shows nothing for (Unicode's default ignorables, and fillers of Hangul).
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{e0000}'..='\u{e0fff}')
}

/// Combining marks, joiners, variation selectors, skin tones, and marks that turn the direction of text.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{fe20}'..='\u{fe2f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0000}'..='\u{e01ef}')
}

/// The name, or with a number behind it the first that is not taken: `Ana`, `Ana 2`, `Ana 3`.
pub(crate) fn free(name: &str, taken: &[String]) -> String {
    let is_taken = |name: &str| taken.iter().any(|other| seen(other) == seen(name));
    if !is_taken(name) {
        return name.to_owned();
    }
    let mut number = 2;
    loop {
        let candidate = format!("{name} {number}");
        if !is_taken(&candidate) {
            return candidate;
        }
        number += 1;
    }
}

/// The colour asked for if it is one, else the first of the twelve that nobody here has.
pub(crate) fn color(asked: Option<&str>, taken: &[String]) -> String {
    if let Some(color) = asked.filter(|color| is_color(color)) {
        return color.to_lowercase();
    }
    let used = |color: &str| taken.iter().filter(|other| other.eq_ignore_ascii_case(color)).count();
    // All twelve in use: the least used.
    COLORS.iter().min_by_key(|color| used(color)).map_or_else(String::new, |color| (*color).to_owned())
}

fn is_color(color: &str) -> bool {
    color.strip_prefix('#').is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|c| c.is_ascii_hexdigit()))
}

/// Whether a slug that somebody asks for can be one: lower-case letters, digits and dashes.
pub(crate) fn is_slug(slug: &str) -> bool {
    let fits = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    (1..=64).contains(&slug.len())
        && slug.bytes().all(fits)
        && !slug.starts_with('-')
        && !slug.ends_with('-')
        && !RESERVED.contains(&slug)
}

/// A slug for a folder of this name that is not taken.
pub(crate) fn slug(name: &str, taken: impl Fn(&str) -> bool) -> String {
    let mut base = String::new();
    for c in name.chars().filter_map(plain) {
        if c != '-' || !(base.is_empty() || base.ends_with('-')) {
            base.push(c);
        }
    }
    base.truncate(40);
    let base = match base.trim_end_matches('-') {
        "" => "folder",
        base => base,
    };
    if is_slug(base) && !taken(base) {
        return base.to_owned();
    }
    let mut number = 2;
    loop {
        let candidate = format!("{base}-{number}");
        if !taken(&candidate) {
            return candidate;
        }
        number += 1;
    }
}

/// What a character becomes in a slug; apostrophes vanish.
fn plain(c: char) -> Option<char> {
    let lower = c.to_lowercase().next().unwrap_or(c);
    match lower {
        'a'..='z' | '0'..='9' => Some(lower),
        '\'' | '’' => None,
        'à'..='å' | 'ą' | 'ā' => Some('a'),
        'ç' | 'č' | 'ć' => Some('c'),
        'è'..='ë' | 'ę' | 'ě' => Some('e'),
        'ì'..='ï' => Some('i'),
        'ñ' | 'ń' | 'ň' => Some('n'),
        'ò'..='ö' | 'ø' => Some('o'),
        'ù'..='ü' | 'ů' => Some('u'),
        'š' | 'ś' | 'ß' => Some('s'),
        'ž' | 'ź' | 'ż' => Some('z'),
        _ => Some('-'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_4_names_have_1_to_40_characters() {
        for good in ["Ana", " Ben ", "Zoë", "李小龍", &"x".repeat(40), "e\u{301}".repeat(40).as_str(), "👩🏽‍🔬"]
        {
            assert!(person(good).is_ok(), "{good:?}");
        }
        for blank in ["\u{feff}", "\u{3164}", "\u{ad}\u{2800}", "\u{e0041}"] {
            assert!(person(blank).is_err(), "{blank:?}");
        }
        for bad in [
            "",
            "   ",
            "\u{200b}",
            &"x".repeat(41),
            "a\nb",
            "a\u{7}b",
            "a\u{202e}b",
            &format!("a{}", "\u{301}".repeat(900)),
        ] {
            assert_eq!(person(bad).unwrap_err().code, ErrorCode::BadName, "{bad:?}");
        }
        assert_eq!(person(" Ben "), Ok("Ben"));
    }

    #[test]
    fn link_5_a_taken_name_gets_a_number_and_colours_are_given_in_order() {
        let taken = ["Ana".to_owned(), "ana 2".to_owned()];
        assert_eq!(free("ANA", &taken), "ANA 3");
        assert_eq!(free("A\u{200b}na", &taken), "A\u{200b}na 3");
        for hidden in ["\u{ad}", "\u{feff}", "\u{34f}", "\u{fe0f}", "\u{3164}", "\u{e0061}"] {
            assert_eq!(free(&format!("Ana{hidden}"), &taken), format!("Ana{hidden} 3"), "{hidden:?}");
        }
        assert_eq!(free("Ben", &taken), "Ben");
        assert_eq!(color(Some("#ABCDEF"), &[]), "#abcdef");
        for wrong in ["red", "#abc", "#12345g", "#1234567", "#äöü"] {
            assert_eq!(color(Some(wrong), &[COLORS[0].to_owned()]), COLORS[1], "{wrong}");
        }
        let all: Vec<String> = COLORS.iter().map(|color| color.to_uppercase()).collect();
        assert_eq!(color(None, &all), COLORS[0]);
    }

    #[test]
    fn slugs_are_made_of_names() {
        let none = |_: &str| false;
        let cases = [
            ("Tide pools", "tide-pools"),
            ("  Ölçüm (2024) ", "olcum-2024"),
            ("Ana's notes", "anas-notes"),
            ("数据", "folder"),
            ("API", "api-2"),
            ("--", "folder"),
        ];
        for (name, expected) in cases {
            assert_eq!(slug(name, none), expected, "{name}");
            assert!(is_slug(expected));
        }
        assert_eq!(slug("a", |slug| slug == "a" || slug == "a-2"), "a-3");
        assert!(
            !is_slug("lab") && !is_slug("assets") && !is_slug("") && !is_slug("A") && !is_slug("a/b") && !is_slug("-a")
        );
    }
}
