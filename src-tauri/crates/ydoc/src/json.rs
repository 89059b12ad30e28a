//! JSON with the place of every value in the text it came from, so that what did not change can be copied.
//!
//! Lenient where a person's file would otherwise not open: NaN and infinities, integers of any size, lone surrogates and
//! duplicate keys (the last one counts) are read; what they cannot say in a document becomes the nearest value that it can.

use crate::ParseError;
use std::collections::HashMap;
use std::ops::Range;
use yrs::{Any, Number};

/// Deeper nesting is refused, because everything that handles values recurses.
pub(crate) const DEEPEST: usize = 256;

/// A value and where it is.
#[derive(Debug)]
pub(crate) struct Node {
    /// In the text, in bytes.
    pub(crate) span: Range<usize>,
    /// The value.
    pub(crate) kind: Kind,
}

/// What a value is.
#[derive(Debug)]
pub(crate) enum Kind {
    /// Null, boolean, number or string.
    Scalar(Any),
    /// A list.
    Array(Vec<Node>),
    /// Members in the order of the text.
    Object(Vec<Member>),
}

/// A member of an object.
#[derive(Debug)]
pub(crate) struct Member {
    /// Its name.
    pub(crate) key: String,
    /// Where it begins: at the name's quotation mark.
    pub(crate) start: usize,
    /// Its value.
    pub(crate) value: Node,
}

impl Node {
    /// The member that counts of this name.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.members().iter().rev().find(|member| member.key == key).map(|member| &member.value)
    }

    /// The members of an object; none of anything else.
    pub(crate) fn members(&self) -> &[Member] {
        match &self.kind {
            Kind::Object(members) => members,
            _ => &[],
        }
    }

    /// The elements, if this is a list.
    pub(crate) fn elements(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// The string, if this is one.
    pub(crate) fn string(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(Any::String(string)) => Some(string),
            _ => None,
        }
    }

    /// The text that a string or a list of strings stands for.
    pub(crate) fn joined(&self) -> Option<String> {
        match &self.kind {
            Kind::Scalar(Any::String(string)) => Some(string.to_string()),
            Kind::Array(lines) => lines.iter().map(Node::string).collect(),
            _ => None,
        }
    }

    /// Whether it is an object.
    pub(crate) fn is_object(&self) -> bool {
        matches!(self.kind, Kind::Object(_))
    }

    /// The value alone.
    pub(crate) fn to_any(&self) -> Any {
        match &self.kind {
            Kind::Scalar(scalar) => scalar.clone(),
            Kind::Array(elements) => Any::Array(elements.iter().map(Node::to_any).collect()),
            Kind::Object(members) => {
                let pairs = members.iter().map(|member| (member.key.clone(), member.value.to_any()));
                Any::Map(pairs.collect::<HashMap<_, _>>().into())
            }
        }
    }

    /// Whether it says the same as a (plain) value.
    pub(crate) fn is(&self, value: &Any) -> bool {
        match (&self.kind, value) {
            (Kind::Scalar(scalar), value) => scalar == value,
            (Kind::Array(elements), Any::Array(values)) => {
                elements.len() == values.len() && elements.iter().zip(values.iter()).all(|(node, value)| node.is(value))
            }
            (Kind::Object(members), Any::Map(values)) => {
                let last: HashMap<&str, &Node> = members.iter().map(|m| (m.key.as_str(), &m.value)).collect();
                last.len() == values.len()
                    && values.iter().all(|(key, value)| last.get(key.as_str()).is_some_and(|node| node.is(value)))
            }
            _ => false,
        }
    }
}

/// A value in the one form in which we compare: integral numbers as integers, others finite, nothing undefined.
pub(crate) fn plain(value: &Any) -> Any {
    match value {
        Any::Undefined => Any::Null,
        Any::Number(Number::Int(int)) if int.unsigned_abs() <= 1 << 53 => value.clone(),
        Any::Number(Number::Int(int)) => number(*int as f64),
        Any::Number(Number::Float(float)) => number(*float),
        Any::Array(values) => Any::Array(values.iter().map(plain).collect()),
        Any::Map(values) => {
            Any::Map(values.iter().map(|(key, value)| (key.clone(), plain(value))).collect::<HashMap<_, _>>().into())
        }
        // JSON has no bytes; a client that stores them gets their base64 form in the file.
        Any::Buffer(bytes) => Any::String(crate::text::to_base64(bytes).into()),
        Any::Null | Any::Bool(_) | Any::String(_) => value.clone(),
    }
}

fn number(float: f64) -> Any {
    if float.is_nan() { Any::Null } else { Any::Number(Number::try_i64(float.clamp(f64::MIN, f64::MAX))) }
}

/// Parses a whole text, which may begin with a byte order mark.
pub(crate) fn parse(text: &str) -> Result<Node, ParseError> {
    let mut parser = Parser { text, bytes: text.as_bytes(), at: 0, depth: 0 };
    if text.starts_with('\u{feff}') {
        parser.at = 3;
    }
    parser.blank();
    if parser.peek().is_none() {
        return Err(parser.error("the file is empty"));
    }
    let root = parser.value()?;
    parser.blank();
    if parser.peek().is_some() {
        return Err(parser.error("something follows the end of the document"));
    }
    Ok(root)
}

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn error(&self, message: &str) -> ParseError {
        let line = self.bytes[..self.at.min(self.bytes.len())].iter().filter(|byte| **byte == b'\n').count() + 1;
        let end = if self.at >= self.bytes.len() && self.at > 0 { " (the file ends here)" } else { "" };
        ParseError::Json { line, message: format!("{message}{end}") }
    }

    fn word(&mut self, word: &str, value: Any) -> Option<Kind> {
        self.bytes[self.at..].starts_with(word.as_bytes()).then(|| {
            self.at += word.len();
            Kind::Scalar(value)
        })
    }

    fn value(&mut self) -> Result<Node, ParseError> {
        let start = self.at;
        let kind = match self.peek() {
            Some(b'{') => self.nested(Self::object)?,
            Some(b'[') => self.nested(Self::array)?,
            Some(b'"') => Kind::Scalar(Any::String(self.string()?.into())),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => (self.word("null", Any::Null))
                .or_else(|| self.word("true", Any::Bool(true)))
                .or_else(|| self.word("false", Any::Bool(false)))
                .or_else(|| self.word("NaN", Any::Null))
                .or_else(|| self.word("Infinity", number(f64::INFINITY)))
                .ok_or_else(|| self.error("a value is expected"))?,
        };
        Ok(Node { span: start..self.at, kind })
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Kind, ParseError>) -> Result<Kind, ParseError> {
        if self.depth == DEEPEST {
            return Err(self.error(&format!("values are nested more than {DEEPEST} deep")));
        }
        self.depth += 1;
        self.at += 1;
        let kind = read(self)?;
        self.depth -= 1;
        Ok(kind)
    }

    /// After an element: `true` if another follows.
    fn more(&mut self, close: u8) -> Result<bool, ParseError> {
        self.blank();
        let next = self.peek();
        if next != Some(b',') && next != Some(close) {
            return Err(self.error(&format!("`,` or `{}` is expected", char::from(close))));
        }
        self.at += 1;
        let more = next == Some(b',');
        if more {
            self.blank();
        }
        Ok(more)
    }

    fn array(&mut self) -> Result<Kind, ParseError> {
        let mut elements = Vec::new();
        self.blank();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Kind::Array(elements));
        }
        loop {
            elements.push(self.value()?);
            if !self.more(b']')? {
                return Ok(Kind::Array(elements));
            }
        }
    }

    fn object(&mut self) -> Result<Kind, ParseError> {
        let mut members = Vec::new();
        self.blank();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Kind::Object(members));
        }
        loop {
            let start = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.error("a name in quotation marks is expected"));
            }
            let key = self.string()?;
            self.blank();
            if self.peek() != Some(b':') {
                return Err(self.error("`:` is expected"));
            }
            self.at += 1;
            self.blank();
            members.push(Member { key, start, value: self.value()? });
            if !self.more(b'}')? {
                return Ok(Kind::Object(members));
            }
        }
    }

    fn number(&mut self) -> Result<Kind, ParseError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
            if let Some(kind) = self.word("Infinity", number(f64::NEG_INFINITY)) {
                return Ok(kind);
            }
        }
        while matches!(self.peek(), Some(b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-')) {
            self.at += 1;
        }
        let float = self.text[start..self.at].parse::<f64>();
        let float = float.map_err(|_| self.error(&format!("`{}` is not a number", &self.text[start..self.at])))?;
        Ok(Kind::Scalar(number(float)))
    }

    fn string(&mut self) -> Result<String, ParseError> {
        self.at += 1;
        let mut string = String::new();
        loop {
            let start = self.at;
            while !matches!(self.peek(), None | Some(b'"' | b'\\')) {
                self.at += 1;
            }
            string.push_str(&self.text[start..self.at]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(string);
                }
                Some(_) => string.push(self.escape()?),
                None => return Err(self.error("a string has no end")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, ParseError> {
        let name = self.bytes.get(self.at + 1).copied();
        let plain = match name {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let unit = self.unit().ok_or_else(|| self.error("`\\u` needs four digits"))?;
                if (0xd800..0xdc00).contains(&unit) && self.bytes[self.at..].starts_with(b"\\u") {
                    let before = self.at;
                    if let Some(low) = self.unit().filter(|unit| (0xdc00..0xe000).contains(unit)) {
                        let code = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                        return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                    }
                    self.at = before;
                }
                return Ok(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            _ => return Err(self.error("a string has an unknown escape")),
        };
        self.at += 2;
        Ok(plain)
    }

    /// Reads `\uXXXX` and moves behind it.
    fn unit(&mut self) -> Option<u32> {
        let digits = self.bytes.get(self.at + 2..self.at + 6)?;
        let mut unit = 0;
        for digit in digits {
            unit = unit * 16 + char::from(*digit).to_digit(16)?;
        }
        self.at += 6;
        Some(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_leniently() {
        let check = |text: &str, expect: &str| assert_eq!(parse(text).unwrap().to_any().to_string(), expect, "{text}");
        check("[1.0, -0, 1e3, 0.5]", "[1, 0, 1000, 0.5]");
        check("[NaN, Infinity]", &format!("[null, {}]", f64::MAX));
        check("[-Infinity, 1e999]", &format!("[{}, {}]", f64::MIN, f64::MAX));
        check("123456789012345678901234567890", "123456789012345680000000000000");
        check(r#""\ud83d\udc1a \ud800x \u00e9""#, "\u{1f41a} \u{fffd}x é");
        check(r#"{"a": 1, "a": 2}"#, "{a: 2}");
        check("\u{feff} null ", "null");
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_line() {
        let check = |text: &str, line: usize, part: &str| match parse(text) {
            Err(ParseError::Json { line: at, message }) => {
                assert_eq!(at, line, "{text:?}: {message}");
                assert!(message.contains(part), "{text:?}: {message}");
            }
            other => panic!("{text:?}: {other:?}"),
        };
        check("", 1, "empty");
        check("{\n\"a\": [1,\n", 3, "file ends here");
        check("[1 2]", 1, "`,` or `]`");
        check("{}\nx", 2, "follows");
        check("\"\\x\"", 1, "escape");
        check("[\n01x]", 2, "expected");
        check("--1", 1, "not a number");
        check(&"[".repeat(100_000), 1, "nested");
    }
}
