//! One HTTP request over one connection, and the start of a WebSocket. Plain enough to send what a library would refuse.

use serde_json::Value;
use std::collections::BTreeMap;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// A request being made.
#[derive(Clone, Debug)]
pub struct Request {
    authority: String,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: String,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Status code.
    pub status: u16,
    /// Headers, names in lower case; of several with one name the last.
    pub headers: BTreeMap<String, String>,
    /// Every `Set-Cookie`.
    pub cookies: Vec<String>,
    /// Body.
    pub body: Vec<u8>,
}

impl Request {
    /// A request to `address:port`.
    pub fn new(authority: &str, method: &str, path: &str) -> Self {
        Self {
            authority: authority.to_owned(),
            method: method.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: String::new(),
        }
    }

    /// With a header; `Host` replaces the usual one.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With `Authorization: token …`.
    pub fn token(self, token: &str) -> Self {
        self.header("Authorization", &format!("token {token}"))
    }

    /// With a body.
    pub fn body(mut self, body: impl ToString) -> Self {
        self.body = body.to_string();
        self
    }

    /// Sends it and reads the whole answer.
    pub async fn send(self) -> Reply {
        self.try_send().await.unwrap()
    }

    /// As [`Request::send`]; an error if the connection is refused or ends early.
    pub async fn try_send(self) -> std::io::Result<Reply> {
        let stream = TcpStream::connect(&self.authority).await?;
        self.send_on(stream).await
    }

    /// Sends it over a connection that is there.
    pub async fn send_on(self, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<Reply> {
        let mut head = format!("{} {} HTTP/1.1\r\nConnection: close\r\n", self.method, self.path);
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            head += &format!("Host: {}\r\n", self.authority);
        }
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += &format!("Content-Length: {}\r\n\r\n{}", self.body.len(), self.body);
        stream.write_all(head.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Reply::parse(&answer).ok_or_else(|| std::io::Error::other("not an HTTP answer"))
    }

    /// Opens a WebSocket instead; an answer that is no upgrade is the error.
    pub async fn connect(self) -> Result<WebSocketStream<MaybeTlsStream<TcpStream>>, u16> {
        let mut request = format!("ws://{}{}", self.authority, self.path).into_client_request().unwrap();
        for (name, value) in &self.headers {
            let name: tungstenite::http::HeaderName = name.parse().unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        // As browsers, which take messages of any length.
        let config = tungstenite::protocol::WebSocketConfig::default().max_message_size(None).max_frame_size(None);
        match tokio_tungstenite::connect_async_with_config(request, Some(config), false).await {
            Ok((socket, _)) => Ok(socket),
            Err(tungstenite::Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("{}: {error}", self.path),
        }
    }
}

/// Opens a WebSocket at `address:port` and path, with a token.
pub async fn socket(authority: &str, path: &str, token: &str) -> WebSocketStream<MaybeTlsStream<TcpStream>> {
    let request = Request::new(authority, "GET", path).token(token);
    request.connect().await.unwrap_or_else(|status| panic!("{path}: {status}"))
}

impl Reply {
    fn parse(answer: &[u8]) -> Option<Self> {
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&answer[..end]).ok()?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers: Vec<_> = headers.map(|(name, value)| (name.to_lowercase(), value.trim().to_owned())).collect();
        let cookies = headers.iter().filter(|(name, _)| name == "set-cookie").map(|(_, value)| value.clone()).collect();
        Some(Self { status, headers: headers.into_iter().collect(), cookies, body: answer[end + 4..].to_vec() })
    }

    /// A header, or empty.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// Name and value of the cookie that is set, as a `Cookie` header sends it.
    pub fn cookie(&self) -> String {
        self.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
    }

    /// Fails unless this is an error in Jupyter's shape with this status; returns its sentence.
    pub fn error(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.text());
        let json = self.json();
        assert!(json.as_object().is_some_and(|object| object.contains_key("reason")), "{json}");
        json["message"].as_str().unwrap_or_else(|| panic!("no message in {json}")).to_owned()
    }
}
