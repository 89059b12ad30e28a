//! Addresses: which folder a path means, and the pieces of a URL. Pure.
//!
//! Every folder is at `/{slug}/`; the only one also at `/`.

/// Where a request entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Base {
    /// The folder; `None` at the root when it stands for no folder.
    pub(crate) slug: Option<String>,
    /// What comes before the path inside the base: `""` or `/{slug}`.
    pub(crate) prefix: String,
}

/// What a path means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Resolved {
    /// A base, and the path inside it with its leading slash.
    At(Base, String),
    /// `/{slug}` without the slash that relative addresses need.
    Redirect(String),
}

/// Splits a raw path into base and rest.
pub(crate) fn resolve(path: &str, has_folder: impl Fn(&str) -> bool, only: Option<String>) -> Resolved {
    let inside = path.strip_prefix('/').unwrap_or(path);
    let (first, rest) = match inside.split_once('/') {
        Some((first, rest)) => (first, Some(rest)),
        None => (inside, None),
    };
    let slug = decode(first).filter(|slug| !slug.is_empty() && has_folder(slug));
    match (slug, rest) {
        (Some(_), None) => Resolved::Redirect(format!("/{first}/")),
        (Some(slug), Some(rest)) => {
            Resolved::At(Base { prefix: format!("/{slug}"), slug: Some(slug) }, format!("/{rest}"))
        }
        (None, _) => Resolved::At(Base { slug: only, prefix: String::new() }, format!("/{inside}")),
    }
}

/// Percent-decodes; `None` if the result is not UTF-8. A stray `%` stays.
pub(crate) fn decode(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = |offset: usize| bytes.get(at + offset).and_then(|digit| (*digit as char).to_digit(16));
        match (byte, hex(1), hex(2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(decoded).ok()
}

/// Percent-encodes all but letters, digits and a few marks.
pub(crate) fn encode(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => (byte as char).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

/// The value of a query parameter. Tolerates what JupyterLab sends: nameless parameters and doubled `&`.
pub(crate) fn query(query: Option<&str>, name: &str) -> Option<String> {
    query?.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (key == name).then(|| decode(&value.replace('+', " "))).flatten()
    })
}

/// A query without this parameter, with its `?`, or empty.
pub(crate) fn query_without(query: Option<&str>, name: &str) -> String {
    let kept = query.unwrap_or_default().split('&').filter(|pair| pair.split('=').next() != Some(name));
    let kept: Vec<&str> = kept.filter(|pair| !pair.is_empty()).collect();
    if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) }
}

/// `host:port` as a URL writes it: IPv6 in brackets.
pub(crate) fn authority(address: &str, port: u16) -> String {
    if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") }
}

/// The host of an authority, without port and brackets.
pub(crate) fn host_of(authority: &str) -> &str {
    if let Some(rest) = authority.strip_prefix('[') {
        return rest.split(']').next().unwrap_or_default();
    }
    authority.split(':').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(slug: Option<&str>, prefix: &str, rest: &str) -> Resolved {
        Resolved::At(Base { slug: slug.map(str::to_owned), prefix: prefix.into() }, rest.into())
    }

    #[test]
    fn every_folder_has_a_base_and_the_only_one_also_the_root() {
        let has = |slug: &str| slug == "tides" || slug == "été";
        let only = || Some("tides".to_owned());
        assert_eq!(resolve("/tides/api/me", has, None), at(Some("tides"), "/tides", "/api/me"));
        assert_eq!(resolve("/tides/", has, None), at(Some("tides"), "/tides", "/"));
        assert_eq!(resolve("/tides", has, None), Resolved::Redirect("/tides/".into()));
        assert_eq!(resolve("/api/me", has, None), at(None, "", "/api/me"));
        assert_eq!(resolve("/api/me", has, only()), at(Some("tides"), "", "/api/me"));
        assert_eq!(resolve("/", has, only()), at(Some("tides"), "", "/"));
        assert_eq!(resolve("/tides/api/a%2Fb", has, only()), at(Some("tides"), "/tides", "/api/a%2Fb"));
        assert!(matches!(resolve("/%C3%A9t%C3%A9/", has, None), Resolved::At(base, _) if base.slug.is_some()));
    }

    #[test]
    fn urls_are_taken_apart_without_complaint() {
        assert_eq!(decode("d%20x%2Fb+c").as_deref(), Some("d x/b+c"));
        assert_eq!(decode("100%").as_deref(), Some("100%"));
        assert_eq!(decode("%ff"), None);
        let asked = Some("1700000000&&content=0&format=a%20b+c");
        assert_eq!(query(asked, "content").as_deref(), Some("0"));
        assert_eq!(query(asked, "format").as_deref(), Some("a b c"));
        assert_eq!(query(asked, "hash"), None);
        assert_eq!(query_without(Some("a=1&token=x&&b=2"), "token"), "?a=1&b=2");
        assert_eq!(query_without(Some("token=x"), "token"), "");
        assert_eq!(host_of("[::1]:80"), "::1");
        assert_eq!(host_of("127.0.0.1:80"), "127.0.0.1");
        assert_eq!(authority("::1", 80), "[::1]:80");
    }
}
