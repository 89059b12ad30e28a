//! Somebody in a browser at another device: its cookies, what it asks, and what it is answered.

use crate::{GUEST_ADDRESS, Reply, Request, TestClient, TestHost};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A browser with the pages of one folder. Cookies that an answer sets are kept and sent from then on.
#[derive(Clone)]
pub struct Guest {
    authority: String,
    slug: String,
    cookies: BTreeMap<String, String>,
}

impl Guest {
    /// A browser that was never here.
    pub fn stranger(host: &TestHost) -> Self {
        let authority = format!("{GUEST_ADDRESS}:{}", host.server.port());
        Self { authority, slug: host.slug.clone(), cookies: BTreeMap::new() }
    }

    /// Somebody who joined by a link that asks nobody.
    pub async fn join(host: &TestHost, secret: &str, name: &str) -> Self {
        let mut guest = Self::stranger(host);
        let reply = guest.post("join", json!({ "secret": secret, "name": name, "color": null })).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        guest
    }

    /// A request as a page of the host makes it, to any path.
    pub fn request(&self, method: &str, path: &str) -> Request {
        let request =
            Request::new(&self.authority, method, path).header("Origin", &format!("http://{}", self.authority));
        let cookie = self.cookie();
        if cookie.is_empty() { request } else { request.header("Cookie", &cookie) }
    }

    /// Its `Cookie` header, or empty.
    pub fn cookie(&self) -> String {
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    /// `POST` below `api/commonplace/`.
    pub async fn post(&mut self, what: &str, body: Value) -> Reply {
        let path = format!("/{}/api/commonplace/{what}", self.slug);
        let reply = self.request("POST", &path).body(body).send().await;
        for cookie in &reply.cookies {
            if let Some((name, value)) = cookie.split(';').next().and_then(|pair| pair.split_once('=')) {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        reply
    }

    /// Knocks; the ticket and the code of a knock that waits.
    pub async fn knock(&mut self, body: Value) -> (String, String) {
        let reply = self.post("knock", body).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let json = reply.json();
        assert_eq!(json["state"], "waiting", "{json}");
        (json["ticket"].as_str().unwrap().to_owned(), json["code"].as_str().unwrap().to_owned())
    }

    /// Waits for the answer to a knock.
    pub async fn wait(&mut self, ticket: &str) -> Value {
        let reply = self.post("knock/wait", json!({ "ticket": ticket })).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    }

    /// Values of its cookies that open something.
    pub fn secrets(&self) -> Vec<String> {
        self.cookies.iter().filter(|(name, _)| *name != "_xsrf").map(|(_, value)| value.clone()).collect()
    }

    /// The cookies of its browser are deleted.
    pub fn forget_cookies(&mut self) {
        self.cookies.clear();
    }

    /// Only the cookies with this in their name stay.
    pub fn keep_cookies(&mut self, part: &str) {
        self.cookies.retain(|name, _| name.contains(part));
    }

    /// Opens a text file.
    pub async fn open_text(&self, path: &str) -> TestClient {
        let body = json!({ "format": "text", "type": "file" });
        let session = format!("/{}/api/collaboration/session/{path}", self.slug);
        let reply = self.request("PUT", &session).body(body).send().await;
        let json = reply.json();
        let (file, session) = (json["fileId"].as_str().unwrap(), json["sessionId"].as_str().unwrap());
        let path = format!("/{}/api/collaboration/room/text:file:{file}?sessionId={session}", self.slug);
        TestClient::new().connected(self.request("GET", &path)).await.synced().await
    }
}
