//! The list of files as it changes under whoever looks at it.

use futures_util::StreamExt;
use protocol::Role;
use protocol::guest::{FileEntry, FileKind, FileNews};
use protocol::panel::LinkWish;
use serde_json::json;
use std::collections::BTreeMap;
use tests::{DEADLINE, Request, TestHost};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// A page that shows the list.
struct Page {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    files: BTreeMap<String, FileEntry>,
    /// Messages so far.
    told: usize,
}

impl Page {
    async fn open(request: Request) -> Self {
        Self { socket: request.connect().await.unwrap(), files: BTreeMap::new(), told: 0 }
    }

    /// The next message; the code of the close otherwise.
    async fn next(&mut self) -> Result<FileNews, u16> {
        loop {
            let message =
                tokio::time::timeout(DEADLINE, self.socket.next()).await.expect("something is told").unwrap().unwrap();
            match message {
                Message::Text(text) => {
                    let news: FileNews = serde_json::from_str(&text).unwrap();
                    self.told += 1;
                    news.gone.iter().for_each(|path| drop(self.files.remove(path).unwrap()));
                    self.files.extend(news.files.iter().map(|file| (file.path.clone(), file.clone())));
                    return Ok(news);
                }
                Message::Close(frame) => return Err(frame.unwrap().code.into()),
                _ => {}
            }
        }
    }

    /// Waits until the list is like this.
    async fn until(&mut self, is: impl Fn(&BTreeMap<String, FileEntry>) -> bool) {
        while !is(&self.files) {
            self.next().await.unwrap();
        }
    }
}

fn paths(page: &Page) -> Vec<&str> {
    page.files.keys().map(String::as_str).collect()
}

#[tokio::test]
async fn file_92_whoever_looks_at_the_list_is_told_what_is_new_in_it() {
    let host = TestHost::start(&[("a.md", "one\n"), ("d/b.ipynb", "{}"), (".hidden", "")]).await;
    let mut page = Page::open(host.owner("GET", "/tides/api/commonplace/files/live")).await;
    page.next().await.unwrap();
    assert_eq!(paths(&page), ["a.md", "d/b.ipynb"], "the first message has everything");
    let list = host.owner("GET", "/api/commonplace/files").send().await.json();
    assert_eq!(list["files"], json!(page.files.values().collect::<Vec<_>>()));

    // Another program makes, writes, moves and deletes.
    host.write("new.csv", "1,2\n");
    let news = page.next().await.unwrap();
    assert_eq!((news.files.len(), news.files[0].path.as_str(), news.files[0].kind), (1, "new.csv", FileKind::Text));
    host.write("new.csv", "1,2\n3,4\n");
    page.until(|files| files["new.csv"].size == 8).await;
    std::fs::rename(host.path("new.csv"), host.path("d/old.csv")).unwrap();
    page.until(|files| files.contains_key("d/old.csv") && !files.contains_key("new.csv")).await;
    std::fs::remove_file(host.path("d/old.csv")).unwrap();
    page.until(|files| !files.contains_key("d/old.csv")).await;

    // People come, save, rename, delete and leave.
    let ana = host.open_text("a.md").await.synced().await;
    page.until(|files| files["a.md"].people.len() == 1).await;
    ana.type_at(0, "typed ");
    page.until(|files| files["a.md"].size == 10).await;
    host.owner("PATCH", "/api/contents/a.md").body(json!({ "path": "c.md" })).send().await;
    page.until(|files| !files.contains_key("a.md") && files.get("c.md").is_some_and(|it| it.people.len() == 1)).await;
    host.owner("DELETE", "/api/contents/c.md").send().await;
    page.until(|files| !files.contains_key("c.md")).await;
    drop(ana);
    assert_eq!(paths(&page), ["d/b.ipynb"]);
}

#[tokio::test]
async fn file_92_many_changes_at_once_are_told_in_few_words() {
    let host = TestHost::start(&[]).await;
    let mut page = Page::open(host.owner("GET", "/api/commonplace/files/live")).await;
    page.next().await.unwrap();
    for number in 0..200 {
        host.write(&format!("{number}.md"), "x");
    }
    page.until(|files| files.len() == 200).await;
    assert!(page.told < 20, "{}", page.told);
}

#[tokio::test]
async fn file_93_the_list_is_for_those_who_are_in_the_folder_and_as_long_as_they_are() {
    let host = TestHost::start(&[("a.md", "one\n")]).await;
    let path = "/tides/api/commonplace/files/live";
    assert_eq!(host.request("GET", path).connect().await.unwrap_err(), 403);
    let secret = host.share().await;
    let cookie = host.redeem(&secret, "Eve").await.cookie();
    let guest = || host.guest("GET", path).header("Cookie", &cookie);
    assert_eq!(guest().header("Origin", "http://elsewhere.example").connect().await.unwrap_err(), 403);
    let mut page = Page::open(guest()).await;
    page.next().await.unwrap();
    let link = LinkWish { label: String::new(), role: Role::View, ask: false, expires: None, most_uses: None };
    host.host.new_link("tides", link, true).await.unwrap();
    assert_eq!(page.next().await.unwrap_err(), 4403);
    let mut page = Page::open(host.owner("GET", path)).await;
    page.next().await.unwrap();
    host.server.stop().await;
    assert_eq!(page.next().await.unwrap_err(), 4510);
}
