//! Who asks, and from where: tokens, cookies, origins, the `Host` header. Whether a token is good is the host's business.

use crate::Server;
use crate::base::{self, Base};
use crate::error::{Answer, Failure};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use host::{Device, Grant, Visitor};
use protocol::{Digest, ErrorCode};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// A token and how it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Credential {
    pub(crate) token: String,
    /// Browsers send cookies by themselves, so that another site's page may be behind the request.
    pub(crate) by_cookie: bool,
}

/// Where a connection comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    /// The other end.
    pub(crate) remote: IpAddr,
    /// Our end.
    pub(crate) here: IpAddr,
    /// Encrypted on the way.
    pub(crate) secure: bool,
}

impl Peer {
    /// From this computer, by the listener that only it can reach.
    pub(crate) fn is_local(&self) -> bool {
        let loopback = ["127.0.0.1", "::1"].iter().any(|address| address.parse() == Ok(self.here));
        loopback && self.remote.is_loopback()
    }
}

/// What a handler wants to know about a request besides its path and body.
pub(crate) struct Asked {
    pub(crate) base: Base,
    pub(crate) peer: Peer,
    pub(crate) credential: Option<Credential>,
    pub(crate) headers: HeaderMap,
    pub(crate) query: Option<String>,
    /// Path inside the base, still encoded.
    pub(crate) path: String,
}

impl FromRequestParts<Server> for Asked {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Answer<Self> {
        let (Some(base), Some(peer)) = (parts.extensions.get::<Base>(), parts.extensions.get::<Peer>()) else {
            return Err(Failure::new(ErrorCode::Fault, format!("No base was found for {}", parts.uri.path())));
        };
        let query = parts.uri.query().map(str::to_owned);
        let cookie = cookie_name(server.port(), base.slug.as_deref());
        Ok(Self {
            credential: credential(&parts.headers, query.as_deref(), &cookie),
            base: base.clone(),
            peer: *peer,
            headers: parts.headers.clone(),
            query,
            path: parts.uri.path().to_owned(),
        })
    }
}

impl Asked {
    /// The value of a query parameter.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        base::query(self.query.as_deref(), name)
    }

    /// The folder this is about.
    pub(crate) fn slug(&self) -> Answer<&str> {
        let slug = self.base.slug.as_deref();
        slug.ok_or_else(|| Failure::new(ErrorCode::NotFound, "No folder is at this address; its name comes first"))
    }

    /// What follows `start` in the path, decoded.
    pub(crate) fn rest(&self, start: &str) -> Answer<String> {
        let rest = self.path.strip_prefix(start).unwrap_or_default();
        base::decode(rest).ok_or_else(|| Failure::new(ErrorCode::BadRequest, format!("{} is not UTF-8", self.path)))
    }

    /// What the one who asks may do here.
    pub(crate) fn grant(&self, server: &Server) -> Answer<Grant> {
        let slug = self.slug()?;
        let Some(credential) = &self.credential else {
            return Err(Failure::new(ErrorCode::Forbidden, "This needs a token or the cookie of a share link"));
        };
        let granted = server.host().authenticate(slug, &credential.token, self.peer.is_local());
        let guessed = |grant: &Grant| grant.owner && is_short(&credential.token);
        self.counted(server, &credential.token, granted.map_err(Failure::from), guessed)
    }

    /// Counts wrong secrets by address. One that sent many is told nothing more about secrets that could be `guessed`: those that
    /// people choose or type.
    pub(crate) fn counted<T>(
        &self,
        server: &Server,
        secret: &str,
        answer: Answer<T>,
        guessed: impl Fn(&T) -> bool,
    ) -> Answer<T> {
        let (address, now, attempts) = (self.peer.remote, Instant::now(), server.attempts());
        let wrong = [ErrorCode::Forbidden, ErrorCode::LinkEnded, ErrorCode::BadCode];
        match &answer {
            Ok(good) if !guessed(good) => return answer,
            _ if !attempts.may_try(address, now) => return Err(Failure::too_many()),
            Err(failure) if wrong.contains(&failure.code()) => attempts.failed(address, secret, now),
            _ => {}
        }
        answer
    }

    /// The browser that asks.
    pub(crate) fn visitor(&self, server: &Server) -> Visitor {
        let slug = self.base.slug.as_deref();
        let cookies = any_cookie_header(&self.headers);
        let of = |name: String| cookies.iter().find(|(other, _)| *other == name).map(|(_, token)| token.clone());
        Visitor {
            device: self.device(),
            cookie: of(cookie_name(server.port(), slug)),
            remembered: of(device_cookie_name(server.port(), slug.unwrap_or_default())),
        }
    }

    /// As [`Asked::grant`], for requests that change something.
    pub(crate) fn grant_to_change(&self, server: &Server) -> Answer<Grant> {
        self.refuse_forgery(server)?;
        self.grant(server)
    }

    /// As [`Asked::grant`], for a WebSocket: a cookie counts only for pages of this host.
    pub(crate) fn grant_to_connect(&self, server: &Server) -> Answer<Grant> {
        if self.by_cookie() && self.headers.contains_key(header::ORIGIN) && !same_origin(&self.headers) {
            return Err(foreign());
        }
        self.grant(server)
    }

    /// Refuses what another site's page may have sent with our cookie.
    pub(crate) fn refuse_forgery(&self, server: &Server) -> Answer<()> {
        let explicit = self.credential.as_ref().is_some_and(|credential| !credential.by_cookie);
        if explicit || same_origin(&self.headers) {
            return Ok(());
        }
        // Browsers say whose page is behind a change. Then Jupyter's proof does not count: cookies know no ports, so that a page of
        // another server on this computer may have read it.
        if self.headers.contains_key(header::ORIGIN) {
            return Err(foreign());
        }
        // Without a cookie there is nothing to forge.
        if !self.by_cookie() {
            return Ok(());
        }
        let Some(credential) = &self.credential else { return Err(foreign()) };
        let sent = self.headers.get("x-xsrftoken").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let sent = sent.or_else(|| self.query("_xsrf")).filter(|sent| !sent.is_empty());
        // In the reference server's words.
        match sent {
            Some(sent) if server.host().is_xsrf(&credential.token, &sent) => Ok(()),
            Some(_) => Err(Failure::new(ErrorCode::Forbidden, "XSRF cookie does not match POST argument")),
            None => Err(Failure::new(ErrorCode::Forbidden, "'_xsrf' argument missing from POST")),
        }
    }

    /// The `Set-Cookie` of Jupyter's proof beside the cookie of this visitor, if that is how they come.
    pub(crate) fn set_xsrf(&self, server: &Server) -> Option<String> {
        let credential = self.credential.as_ref().filter(|credential| credential.by_cookie)?;
        Some(xsrf_cookie(server, self, &credential.token))
    }

    /// The owner at this computer, for what concerns all folders.
    pub(crate) fn owner(&self, server: &Server) -> Answer<()> {
        let refused = || Failure::new(ErrorCode::Forbidden, "Only the owner may ask this, at the host's own computer");
        if !self.peer.is_local() {
            return Err(refused());
        }
        let explicit = self.credential.iter().filter(|credential| !credential.by_cookie);
        let tokens: Vec<String> = match explicit.map(|credential| credential.token.clone()).next() {
            Some(token) => vec![token],
            None => any_cookie(&self.headers, server.port()),
        };
        let is_owner = tokens.iter().any(|token| server.host().is_owner(token));
        let sent = tokens.first().map(String::as_str).unwrap_or_default();
        if sent.is_empty() {
            return Err(refused());
        }
        self.counted(server, sent, is_owner.then_some(()).ok_or_else(refused), |()| is_short(sent))
    }

    /// The device that asks.
    pub(crate) fn device(&self) -> Device {
        device(self.peer, &self.headers)
    }

    pub(crate) fn by_cookie(&self) -> bool {
        self.credential.as_ref().is_none_or(|credential| credential.by_cookie)
            && !any_cookie_header(&self.headers).is_empty()
    }
}

/// Shorter than 128 bits in letters and digits: somebody chose it, and somebody may guess it. Whoever sends a longer one that is
/// right did not find it by trying, and is let in however many wrong ones come from the same address.
pub(crate) fn is_short(secret: &str) -> bool {
    secret.len() < 22
}

/// The device behind a request.
pub(crate) fn device(peer: Peer, headers: &HeaderMap) -> Device {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    Device { address: peer.remote.to_canonical().to_string(), program: program(agent) }
}

fn foreign() -> Failure {
    Failure::new(ErrorCode::Forbidden, "This came from a page of another site; open the host's own page")
}

/// The name of the cookie for a folder; cookies ignore ports, so the port is part of it.
pub(crate) fn cookie_name(port: u16, slug: Option<&str>) -> String {
    match slug {
        Some(slug) => format!("commonplace-{port}-{slug}"),
        None => format!("commonplace-{port}"),
    }
}

/// The name of the cookie of a remembered device.
fn device_cookie_name(port: u16, slug: &str) -> String {
    format!("commonplace-device-{port}-{slug}")
}

/// Has a browser send a cookie encrypted only.
const SECURE: &str = "; Secure";

/// A `Set-Cookie` value for this token. `lasting`: also after the browser was closed.
pub(crate) fn set_cookie(port: u16, slug: Option<&str>, token: &str, lasting: bool, secure: bool) -> String {
    let name = cookie_name(port, slug);
    // 30 days, as Jupyter's login cookie.
    let age = if lasting { "; Max-Age=2592000" } else { "" };
    let secure = if secure { SECURE } else { "" };
    format!("{name}={token}; Path=/; HttpOnly; SameSite=Strict{age}{secure}")
}

/// A `Set-Cookie` value for Jupyter's proof beside the cookie with this token. Its front end reads it, so it is not `HttpOnly`, and
/// nearer to the page than what another Jupyter on this computer sets.
pub(crate) fn xsrf_cookie(server: &Server, asked: &Asked, token: &str) -> String {
    let secure = if asked.peer.secure { SECURE } else { "" };
    format!("_xsrf={}; Path={}/; SameSite=Strict{secure}", server.host().xsrf(token), asked.base.prefix)
}

/// A `Set-Cookie` value for the token of a remembered device: a year.
pub(crate) fn set_device_cookie(port: u16, slug: &str, token: &str, secure: bool) -> String {
    let name = device_cookie_name(port, slug);
    let secure = if secure { SECURE } else { "" };
    format!("{name}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000{secure}")
}

/// The token of a request. The header wins over the query, the query over the cookie.
pub(crate) fn credential(headers: &HeaderMap, query: Option<&str>, cookie: &str) -> Option<Credential> {
    let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| {
        let (scheme, token) = value.trim().split_once(' ')?;
        let known = scheme.eq_ignore_ascii_case("token") || scheme.eq_ignore_ascii_case("bearer");
        known.then(|| token.trim().to_owned())
    });
    let explicit = header.or_else(|| base::query(query, "token")).filter(|token| !token.is_empty());
    if let Some(token) = explicit {
        return Some(Credential { token, by_cookie: false });
    }
    let mut cookies = any_cookie_header(headers).into_iter();
    let (_, token) = cookies.find(|(name, value)| name == cookie && !value.is_empty())?;
    Some(Credential { token, by_cookie: true })
}

fn any_cookie_header(headers: &HeaderMap) -> Vec<(String, String)> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned())).collect()
}

fn any_cookie(headers: &HeaderMap, port: u16) -> Vec<String> {
    let root = cookie_name(port, None);
    let below = format!("{root}-");
    let ours = any_cookie_header(headers).into_iter();
    ours.filter(|(name, _)| *name == root || name.starts_with(&below)).map(|(_, token)| token).collect()
}

/// Whether a page of this very host is behind the request.
pub(crate) fn same_origin(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(origin) = text("origin") {
        let authority = origin.split_once("://").map(|(_, authority)| authority);
        return authority.zip(text("host")).is_some_and(|(origin, host)| origin.eq_ignore_ascii_case(host));
    }
    text("sec-fetch-site") == Some("same-origin")
}

/// Whether a `Host` header names this computer: the defence against names that were made to point at it.
pub(crate) fn names_this_computer(host: &str, bound: impl Fn(IpAddr) -> bool) -> bool {
    let host = base::host_of(host);
    if host.eq_ignore_ascii_case("localhost") {
        return true;
    }
    host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback() || bound(address))
}

/// Whether nobody on the internet can own this name of a `Host` header, so that it cannot have been made to point here: an address,
/// a name of one part, or one of the local network.
pub(crate) fn is_nobody_elses(host: &str) -> bool {
    let host = base::host_of(host).trim_end_matches('.');
    let local = host.rsplit_once('.').is_none_or(|(_, last)| last.eq_ignore_ascii_case("local"));
    host.parse::<IpAddr>().is_ok() || (!host.is_empty() && local)
}

/// The browser or program behind a `User-Agent`, and the system if that helps to know a device, for people.
fn program(agent: &str) -> String {
    let systems =
        [("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Macintosh", "Mac")];
    let name = browser(agent);
    match systems.iter().find(|(mark, _)| agent.contains(mark)) {
        Some((_, system)) => format!("{name} on {system}"),
        None => name,
    }
}

fn browser(agent: &str) -> String {
    let known = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("CriOS/", "Chrome"),
        ("Safari/", "Safari"),
        ("ython", "Python"),
        ("node", "Node"),
    ];
    let found = known.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| (*name).to_owned());
    found.unwrap_or_else(|| agent.split(['/', ' ']).next().unwrap_or_default().chars().take(20).collect())
}

/// Wrong secrets by address, so that nobody can try many. The same wrong one counts once: a page whose cookie ended may ask
/// again and again.
#[derive(Default)]
pub(crate) struct Attempts(Mutex<HashMap<IpAddr, (Vec<Digest>, Instant)>>);

impl Attempts {
    /// Wrong secrets an address may send in [`Attempts::WINDOW`].
    const MOST: usize = 20;
    const WINDOW: Duration = Duration::from_secs(60);
    /// Addresses remembered at most; while there are so many, no other may try.
    const ADDRESSES: usize = 1024;

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, (Vec<Digest>, Instant)>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Whether this address may try now.
    pub(crate) fn may_try(&self, address: IpAddr, now: Instant) -> bool {
        let mut failed = self.lock();
        failed.retain(|_, (_, since)| now - *since <= Self::WINDOW);
        match failed.get(&network(address)) {
            Some((secrets, _)) => secrets.len() < Self::MOST,
            None => failed.len() < Self::ADDRESSES,
        }
    }

    /// This address sent a wrong secret.
    pub(crate) fn failed(&self, address: IpAddr, secret: &str, now: Instant) {
        let mut failed = self.lock();
        let (secrets, _) = failed.entry(network(address)).or_insert((Vec::new(), now));
        let digest = Digest::of(secret.as_bytes());
        if secrets.len() < Self::MOST && !secrets.contains(&digest) {
            secrets.push(digest);
        }
    }
}

/// What one device cannot choose of its address: with IPv6, the first half.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & !u128::from(u64::MAX)).into()),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    fn token(pairs: &[(&'static str, &'static str)], query: &str) -> Option<(String, bool)> {
        let found = credential(&headers(pairs), Some(query), "commonplace-1-a");
        found.map(|credential| (credential.token, credential.by_cookie))
    }

    #[test]
    fn a_token_comes_by_header_query_or_cookie() {
        assert_eq!(token(&[("authorization", "token t")], ""), Some(("t".into(), false)));
        assert_eq!(token(&[("authorization", "Bearer t")], "token=u"), Some(("t".into(), false)));
        assert_eq!(token(&[("cookie", "x=1; commonplace-1-a=c")], "1700&token=u"), Some(("u".into(), false)));
        assert_eq!(token(&[("cookie", "x=1; commonplace-1-a=c")], "token="), Some(("c".into(), true)));
        assert_eq!(token(&[("cookie", "commonplace-2-a=c")], ""), None);
        assert_eq!(token(&[("authorization", "Basic t")], ""), None);
    }

    #[test]
    fn only_our_own_pages_are_of_our_origin() {
        let host = ("host", "127.0.0.1:8787");
        assert!(same_origin(&headers(&[host, ("origin", "http://127.0.0.1:8787")])));
        assert!(!same_origin(&headers(&[host, ("origin", "http://evil.example")])));
        assert!(!same_origin(&headers(&[host, ("origin", "null")])));
        assert!(!same_origin(&headers(&[host, ("origin", "http://127.0.0.1:1"), ("sec-fetch-site", "same-origin")])));
        assert!(same_origin(&headers(&[host, ("sec-fetch-site", "same-origin")])));
        assert!(!same_origin(&headers(&[host, ("sec-fetch-site", "cross-site")])));
        assert!(!same_origin(&headers(&[host])));
    }

    #[test]
    fn names_that_were_made_to_point_here_are_refused() {
        let bound = |address: IpAddr| address.to_string() == "192.168.1.20";
        for host in ["localhost:1", "127.0.0.1:1", "127.8.8.8", "[::1]:1", "192.168.1.20:1"] {
            assert!(names_this_computer(host, bound), "{host}");
        }
        for host in ["evil.example:1", "192.168.1.21", "", "localhost.evil.example"] {
            assert!(!names_this_computer(host, bound), "{host}");
        }
    }

    #[test]
    fn names_of_the_local_network_are_nobody_elses() {
        for host in ["192.168.1.20:1", "[fe80::1]:1", "lab-pc:1", "lab-pc.local", "LAB-PC.LOCAL.:1", "localhost"] {
            assert!(is_nobody_elses(host), "{host}");
        }
        for host in ["evil.example:1", "192.168.1.20.evil.example", "local.evil.example", "", "."] {
            assert!(!is_nobody_elses(host), "{host}");
        }
    }

    #[test]
    fn wrong_secrets_are_counted_by_address_and_forgotten() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        let one: IpAddr = "192.168.1.34".parse().unwrap();
        for number in 0..Attempts::MOST {
            assert!(attempts.may_try(one, now));
            for _again in 0..3 {
                attempts.failed(one, &format!("wrong {number}"), now);
            }
        }
        assert!(!attempts.may_try(one, now));
        let six = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(network(six("2001:db8::1")), network(six("2001:db8::ffff:2")));
        assert_ne!(network(six("2001:db8::1")), network(six("2001:db8:0:1::1")));
        assert_eq!(network(six("::ffff:192.168.1.34")), one);
        assert!(attempts.may_try("192.168.1.35".parse().unwrap(), now));
        assert!(attempts.may_try(one, now + Attempts::WINDOW + Duration::from_secs(1)));
    }

    #[test]
    fn programs_are_named_for_people() {
        assert_eq!(program("Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0 Safari/537.36"), "Chrome");
        assert_eq!(program("Mozilla/5.0 (iPhone) Version/26 Safari/604.1"), "Safari on iPhone");
        assert_eq!(program("Mozilla/5.0 (Linux; Android 16) Chrome/156.0 Mobile"), "Chrome on Android");
        assert_eq!(program("curl/8.1"), "curl");
        assert_eq!(program(""), "");
    }
}
