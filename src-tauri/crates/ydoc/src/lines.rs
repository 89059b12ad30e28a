//! Lines of text and how they end: a document works with `\n`, a file keeps the line ends and the byte order mark it had.

use crate::diff;

const MARK: &str = "\u{feff}";

/// The text that a document holds for a file's text: no byte order mark, `\n` for `\r\n`.
pub(crate) fn normal(text: &str) -> String {
    text.strip_prefix(MARK).unwrap_or(text).replace("\r\n", "\n")
}

/// Lines without their ends. A text that ends in `\n` has an empty last line, so that joining them with `\n` gives it back.
pub(crate) fn split(text: &str) -> Vec<&str> {
    text.split('\n').collect()
}

/// The file's text for a document's: a line that is in `like` keeps the end it has there, others get the end that most
/// lines of `like` have.
pub(crate) fn restore(text: &str, like: &str) -> String {
    let normal_like = normal(like);
    if text == normal_like {
        return like.to_owned();
    }
    let mut result = String::with_capacity(text.len() + text.len() / 16);
    let body = match like.strip_prefix(MARK) {
        Some(body) => {
            result.push_str(MARK);
            body
        }
        None => like,
    };
    let windows: Vec<bool> = body.split_inclusive('\n').map(|line| line.ends_with("\r\n")).collect();
    let crlf = windows.iter().filter(|windows| **windows).count();
    let dominant = crlf * 2 > body.matches('\n').count();
    let (old, new) = (split(&normal_like), split(text));
    let mut ends = vec![dominant; new.len()];
    if crlf > 0 {
        for (from, to) in diff::kept(&old, &new) {
            if let (Some(end), Some(windows)) = (ends.get_mut(to), windows.get(from)) {
                // The last line of `like` may have had no end at all.
                *end = if from + 1 < old.len() { *windows } else { dominant };
            }
        }
    }
    for (index, line) in new.iter().enumerate() {
        if index > 0 {
            result.push_str(if ends[index - 1] { "\r\n" } else { "\n" });
        }
        result.push_str(line);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_ends() {
        let check = |text: &str, like: &str, expect: &str| assert_eq!(restore(text, like), expect, "{text:?} {like:?}");
        check("a\nb\n", "a\r\nb\r\n", "a\r\nb\r\n");
        check("a\nx\nb\n", "a\r\nb\r\n", "a\r\nx\r\nb\r\n");
        check("a\nx\nb\nc\n", "a\r\nb\nc\n", "a\r\nx\nb\nc\n");
        check("a\nb\nc", "a\r\nb", "a\r\nb\r\nc");
        check("a", "\u{feff}b", "\u{feff}a");
        check("a\n", "", "a\n");
        check("", "a\r\n", "");
        check("a\rb\nc\n", "a\rb\n", "a\rb\nc\n");
    }
}
