//! Writes JSON like a text that is there: whatever says the same keeps its bytes, the rest is written in that text's style.

use crate::json::{Kind, Node};
use std::collections::BTreeMap;
use yrs::{Any, Number};

/// What is to be written.
#[derive(Clone, Debug)]
pub(crate) enum Want {
    /// Whatever is there; nothing where nothing is.
    Keep,
    /// A value.
    Value(Any),
    /// Text, as a list of lines or as a string: as it is there, else `lines` says it.
    Text {
        /// The text.
        text: String,
        /// Write it as a list of lines.
        lines: bool,
    },
    /// An object.
    Map(BTreeMap<String, Want>),
    /// A list, matched in order with the one that is there.
    List(Vec<Want>),
    /// A list; each element with the position of what it was.
    Placed(Vec<(Option<usize>, Want)>),
    /// Left out where an object is there that lacks it.
    Implied(Box<Want>),
}

/// How a text is written.
#[derive(Clone, Debug)]
pub(crate) struct Style {
    /// One level of indentation; `None`: all in one line.
    indent: Option<String>,
    newline: &'static str,
    colon: &'static str,
    comma: &'static str,
    /// Everything beyond ASCII is escaped.
    ascii: bool,
    /// Texts are lists of lines.
    pub(crate) lines: bool,
}

impl Style {
    /// As nbformat writes.
    pub(crate) fn canonical() -> Self {
        Self { indent: Some(" ".into()), newline: "\n", colon: ": ", comma: ",", ascii: false, lines: true }
    }

    /// As this text is written.
    pub(crate) fn of(text: &str, root: &Node) -> Self {
        let mut style = Self::canonical();
        if let Some(first) = root.members().first() {
            let gap = &text[root.span.start + 1..first.start];
            style.indent = gap.contains('\n').then(|| gap.rsplit('\n').next().unwrap_or_default().to_owned());
            style.newline = if gap.contains("\r\n") { "\r\n" } else { "\n" };
            let name_end = first.start + text[first.start..first.value.span.start].rfind(':').unwrap_or(0);
            style.colon = if first.value.span.start == name_end + 1 { ":" } else { ": " };
            if style.indent.is_none() {
                style.comma = if style.colon == ":" { "," } else { ", " };
            }
        }
        style.ascii = text.is_ascii() && text.contains("\\u");
        let sources = root.get("cells").and_then(Node::elements).unwrap_or_default().iter();
        let strings = sources.filter_map(|cell| cell.get("source")).take(50).map(|source| source.string().is_some());
        let (strings, lists): (Vec<bool>, Vec<bool>) = strings.partition(|string| *string);
        style.lines = strings.len() <= lists.len();
        style
    }
}

/// The text that says what is wanted.
pub(crate) fn write(want: &Want, like: Option<(&str, &Node)>, style: Style) -> String {
    let (text, node) = (like.map_or("", |like| like.0), like.map(|like| like.1));
    let mut writer = Writer { text, out: String::with_capacity(text.len() + 64), style };
    match node {
        Some(node) => {
            writer.out.push_str(&text[..node.span.start]);
            writer.put(want, Some(node), 0);
            writer.out.push_str(&text[node.span.end..]);
        }
        None => {
            writer.put(want, None, 0);
            writer.out.push('\n');
        }
    }
    writer.out
}

/// Whether it is there already, and `like` needs no change.
fn is_there(want: &Want, like: &Node) -> bool {
    match want {
        Want::Keep => true,
        Want::Implied(want) => is_there(want, like),
        Want::Value(value) => like.is(value),
        Want::Text { text, .. } => match &like.kind {
            Kind::Scalar(Any::String(there)) => **there == **text,
            Kind::Array(_) => like.joined().is_some_and(|there| there == *text),
            _ => false,
        },
        Want::Map(wants) => {
            like.is_object()
                && like.members().iter().all(|member| wants.contains_key(&member.key))
                && wants.iter().all(|(key, want)| match (like.get(key), want) {
                    (Some(node), want) => is_there(want, node),
                    (None, want) => matches!(want, Want::Keep | Want::Implied(_)),
                })
        }
        Want::List(wants) => like.elements().is_some_and(|elements| {
            elements.len() == wants.len() && wants.iter().zip(elements).all(|(want, node)| is_there(want, node))
        }),
        Want::Placed(wants) => like.elements().is_some_and(|elements| {
            let mut pairs = wants.iter().zip(elements).enumerate();
            elements.len() == wants.len()
                && pairs.all(|(at, ((from, want), node))| *from == Some(at) && is_there(want, node))
        }),
    }
}

struct Writer<'a> {
    text: &'a str,
    out: String,
    style: Style,
}

/// Something to write in an object or a list: its name, what it is, and the position of what it was.
type Item<'w, 'n> = (Option<&'w str>, &'w Want, Option<(usize, &'n Node)>);

impl Writer<'_> {
    fn put(&mut self, want: &Want, like: Option<&Node>, depth: usize) {
        if let Some(node) = like
            && is_there(want, node)
        {
            self.out.push_str(&self.text[node.span.clone()]);
            return;
        }
        match want {
            Want::Keep => self.out.push_str("null"),
            Want::Implied(want) => self.put(want, like, depth),
            Want::Text { text, lines } => {
                let as_list = like.map_or(*lines, |node| match &node.kind {
                    Kind::Array(_) => true,
                    Kind::Scalar(Any::String(_)) => false,
                    _ => *lines,
                });
                if as_list {
                    let there = like.and_then(Node::elements).unwrap_or_default();
                    let lines = lines_like(text, there).into_iter().map(|line| Want::Value(Any::String(line.into())));
                    self.list(&lines.collect::<Vec<_>>(), like, depth);
                } else {
                    self.string(text);
                }
            }
            Want::Map(wants) => self.map(wants, like.filter(|node| node.is_object()), depth),
            Want::List(wants) => self.list(wants, like, depth),
            Want::Placed(wants) => {
                let elements = like.and_then(Node::elements).unwrap_or_default();
                let items =
                    wants.iter().map(|(from, want)| (None, want, from.and_then(|at| Some((at, elements.get(at)?)))));
                self.container(
                    &items.collect::<Vec<_>>(),
                    like.filter(|node| node.elements().is_some()),
                    ('[', ']'),
                    depth,
                );
            }
            Want::Value(Any::Map(values)) => {
                let wants = values.iter().map(|(key, value)| (key.clone(), Want::Value(value.clone()))).collect();
                self.map(&wants, like.filter(|node| node.is_object()), depth);
            }
            Want::Value(Any::Array(values)) => {
                let wants: Vec<_> = values.iter().map(|value| Want::Value(value.clone())).collect();
                self.list(&wants, like, depth);
            }
            Want::Value(Any::String(string)) => self.string(string),
            Want::Value(Any::Number(Number::Int(int))) => self.out.push_str(&int.to_string()),
            Want::Value(Any::Number(Number::Float(float))) => self.out.push_str(&float_text(*float)),
            Want::Value(Any::Bool(value)) => self.out.push_str(if *value { "true" } else { "false" }),
            Want::Value(Any::Null | Any::Undefined | Any::Buffer(_)) => self.out.push_str("null"),
        }
    }

    fn map(&mut self, wants: &BTreeMap<String, Want>, like: Option<&Node>, depth: usize) {
        let members = like.map(Node::members).unwrap_or_default();
        let mut items: Vec<Item<'_, '_>> = Vec::new();
        for (at, member) in members.iter().enumerate() {
            let Some((key, want)) = wants.get_key_value(&member.key) else { continue };
            // Of members with one name the last one counts; the others stay as they are.
            let counts = !members[at + 1..].iter().any(|later| later.key == member.key);
            items.push((Some(key), if counts { want } else { &Want::Keep }, Some((at, &member.value))));
        }
        let sorted = members.is_sorted_by(|a, b| a.key <= b.key);
        for (key, want) in wants {
            let left_out = matches!(want, Want::Keep) || (matches!(want, Want::Implied(_)) && like.is_some());
            if left_out || members.iter().any(|member| member.key == *key) {
                continue;
            }
            let place =
                if sorted { items.partition_point(|(name, ..)| *name < Some(key.as_str())) } else { items.len() };
            items.insert(place, (Some(key), want, None));
        }
        self.container(&items, like, ('{', '}'), depth);
    }

    /// Elements at either end that stay keep their place; the rest is matched in order.
    fn list(&mut self, wants: &[Want], like: Option<&Node>, depth: usize) {
        let like = like.filter(|node| node.elements().is_some());
        let elements = like.and_then(Node::elements).unwrap_or_default();
        let prefix = wants.iter().zip(elements).take_while(|(want, node)| is_there(want, node)).count();
        let rest = elements[prefix..].iter().rev().zip(wants[prefix..].iter().rev());
        let suffix = rest.take_while(|(node, want)| is_there(want, node)).count();
        let items = wants.iter().enumerate().map(|(at, want)| {
            let from = if at >= wants.len() - suffix {
                Some(elements.len() - (wants.len() - at))
            } else {
                Some(at).filter(|at| *at < elements.len() - suffix)
            };
            (None, want, from.and_then(|from| Some((from, elements.get(from)?))))
        });
        self.container(&items.collect::<Vec<_>>(), like, ('[', ']'), depth);
    }

    /// Writes the items with the spaces between them that are there, as far as they stay neighbours.
    fn container(&mut self, items: &[Item<'_, '_>], like: Option<&Node>, (open, close): (char, char), depth: usize) {
        self.out.push(open);
        let text = self.text;
        let spans: Vec<std::ops::Range<usize>> = match like.map(|node| &node.kind) {
            Some(Kind::Object(members)) => members.iter().map(|m| m.start..m.value.span.end).collect(),
            Some(Kind::Array(elements)) => elements.iter().map(|element| element.span.clone()).collect(),
            _ => Vec::new(),
        };
        let inside = like.map_or(0..0, |node| node.span.start + 1..node.span.end - 1);
        let in_one_line = spans.first().is_some_and(|first| !text[inside.start..first.start].contains('\n'));
        let gap = |from: Option<usize>, to: Option<usize>| match (from, to) {
            (None, Some(0)) => Some(&text[inside.start..spans[0].start]),
            (Some(from), Some(to)) if from + 1 == to => Some(&text[spans[from].end..spans[to].start]),
            (Some(from), None) if from + 1 == spans.len() => Some(&text[spans[from].end..inside.end]),
            _ => None,
        };
        let mut before = None;
        for (index, (key, want, from)) in items.iter().enumerate() {
            let at = from.map(|(at, _)| at);
            let there = if index == 0 {
                gap(None, at)
            } else {
                before.and_then(|before| gap(Some(before), at.or(Some(usize::MAX))))
            };
            match there {
                Some(there) => self.out.push_str(there),
                None => self.separate(index > 0, in_one_line, depth + 1),
            }
            match (key, from) {
                // The name as it is there, with its escapes and spaces.
                (Some(_), Some((at, node))) => self.out.push_str(&text[spans[*at].start..node.span.start]),
                (Some(key), None) => {
                    self.string(key);
                    self.out.push_str(self.style.colon);
                }
                (None, _) => {}
            }
            self.put(want, from.map(|(_, node)| node), depth + 1);
            before = at;
        }
        if !items.is_empty() {
            match before.and_then(|before| gap(Some(before), None)) {
                Some(there) => self.out.push_str(there),
                None if in_one_line => {}
                None => self.break_line(depth),
            }
        }
        self.out.push(close);
    }

    fn separate(&mut self, comma: bool, in_one_line: bool, depth: usize) {
        match (comma, in_one_line) {
            (true, true) => self.out.push_str(if self.style.colon == ":" { "," } else { ", " }),
            (true, false) => self.out.push_str(self.style.comma),
            (false, _) => {}
        }
        if !in_one_line {
            self.break_line(depth);
        }
    }

    fn break_line(&mut self, depth: usize) {
        if let Some(indent) = &self.style.indent {
            self.out.push_str(self.style.newline);
            self.out.push_str(&indent.repeat(depth));
        }
    }

    fn string(&mut self, string: &str) {
        self.out.push('"');
        for char in string.chars() {
            match char {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                '\u{8}' => self.out.push_str("\\b"),
                '\u{c}' => self.out.push_str("\\f"),
                char if (char as u32) < 0x20 || (self.style.ascii && !char.is_ascii()) => {
                    for unit in char.encode_utf16(&mut [0; 2]) {
                        self.out.push_str(&format!("\\u{unit:04x}"));
                    }
                }
                char => self.out.push(char),
            }
        }
        self.out.push('"');
    }
}

/// A float as Python writes it.
fn float_text(float: f64) -> String {
    let scientific = format!("{float:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>() {
        Ok(-4..16) => {
            let text = float.to_string();
            if text.contains('.') { text } else { text + ".0" }
        }
        Ok(exponent) => format!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs()),
        Err(_) => "null".to_owned(),
    }
}

/// A text's lines, divided as they are there as far as whole lines at either end are the same.
fn lines_like(text: &str, there: &[Node]) -> Vec<String> {
    let there: Vec<&str> = there.iter().map(|node| node.string().unwrap_or_default()).collect();
    let mut rest = text;
    let fits = there.iter().take_while(|line| rest.strip_prefix(**line).map(|behind| rest = behind).is_some());
    let head = there[..fits.count()].iter().rposition(|line| line.ends_with('\n')).map_or(0, |last| last + 1);
    rest = &text[there[..head].iter().map(|line| line.len()).sum()..];
    let (mut middle, mut tail) = (rest, 0);
    for (count, line) in there[head..].iter().rev().enumerate() {
        let Some(before) = rest.strip_suffix(*line) else { break };
        rest = before;
        if rest.is_empty() || rest.ends_with('\n') {
            (middle, tail) = (rest, count + 1);
        }
    }
    let kept = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    [kept(&there[..head]), split_lines(middle), kept(&there[there.len() - tail..])].concat()
}

/// Lines with their ends, split wherever Python's `splitlines` does.
pub(crate) fn split_lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        line.push(char);
        let ends =
            matches!(char, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}');
        if ends && !(char == '\r' && chars.peek() == Some(&'\n')) {
            lines.push(std::mem::take(&mut line));
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_python_does() {
        let check = |float: f64, text: &str| assert_eq!(float_text(float), text);
        check(0.5, "0.5");
        check(1e-7, "1e-07");
        check(0.0001, "0.0001");
        check(1.5e300, "1.5e+300");
        check(1e15, "1000000000000000.0");
        check(1e16, "1e+16");
        check(-2.5, "-2.5");
    }

    #[test]
    fn lines_are_split_as_python_does() {
        let check = |text: &str, lines: &[&str]| assert_eq!(split_lines(text), lines);
        check("", &[]);
        check("a\r\nb\rc\n\n", &["a\r\n", "b\r", "c\n", "\n"]);
        check("a\u{2028}b\u{c}c\u{85}", &["a\u{2028}", "b\u{c}", "c\u{85}"]);
    }
}
