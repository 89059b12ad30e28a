//! Attacks by address: ways out of the folder, to what is hidden in it, and to what only Windows knows. Races are beside the code.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tests::{Guest, TestHost};

/// What must never be in an answer.
const SECRETS: [&str; 3] = ["secret-outside", "secret-hidden", "secret-of-git"];

/// Every path below a folder with its content, and where links lead.
fn all(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let kind = std::fs::symlink_metadata(&path).unwrap().file_type();
            let content = match kind {
                _ if kind.is_symlink() => std::fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes(),
                _ if kind.is_dir() => {
                    folders.push(path.clone());
                    Vec::new()
                }
                _ => std::fs::read(&path).unwrap(),
            };
            found.insert(path, content);
        }
    }
    found
}

/// What an address means in JSON.
fn decoded(address: &str) -> String {
    let mut parts = address.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).unwrap_or_else(|_| address.to_owned())
}

/// A folder with something hidden in it, something beside it, and links that lead there.
async fn place() -> (TestHost, tempfile::TempDir) {
    let host = TestHost::start(&[
        ("a.txt", "a\n"),
        ("sub/b.txt", "b\n"),
        (".hidden.txt", "secret-hidden"),
        (".git/config", "secret-of-git"),
        ("sub/.ipynb_checkpoints/b.txt", "secret-hidden"),
    ])
    .await;
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret.txt"), "secret-outside").unwrap();
    std::fs::write(host.path("../beside.txt"), "secret-outside").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        symlink(outside.path(), host.path("out")).unwrap();
        symlink(outside.path().join("secret.txt"), host.path("out.txt")).unwrap();
        symlink("../beside.txt", host.path("up.txt")).unwrap();
        symlink(".git", host.path("git")).unwrap();
        symlink(".hidden.txt", host.path("shown.txt")).unwrap();
    }
    (host, outside)
}

/// Addresses that mean something that is not to be reached.
fn addresses(outside: &Path) -> Vec<String> {
    let absolute = outside.join("secret.txt").to_string_lossy().into_owned();
    let mut all: Vec<String> = [
        "../beside.txt",
        "sub/../../beside.txt",
        "%2e%2e/beside.txt",
        "..%2fbeside.txt",
        "%2e%2e%2fbeside.txt",
        "sub/%2e%2e/%2e%2e/beside.txt",
        "..%5cbeside.txt",
        "..\\beside.txt",
        "%252e%252e/beside.txt",
        "..;/beside.txt",
        "%c0%ae%c0%ae/beside.txt",
        "..%00/beside.txt",
        "beside.txt%00",
        "a.txt%00.png",
        "/../beside.txt",
        "./../beside.txt",
        "out/secret.txt",
        "out",
        "out.txt",
        "up.txt",
        "out/new.txt",
        ".hidden.txt",
        "%2ehidden.txt",
        "sub/../.hidden.txt",
        ".git/config",
        "%2egit/config",
        "git/config",
        "git",
        "shown.txt",
        "sub/.ipynb_checkpoints/b.txt",
        ".git",
        ".",
        "..",
        "sub/..",
        "a.txt::$DATA",
        "a.txt:stream",
        "a.txt%3astream",
        "C:/beside.txt",
        "c%3a%5cbeside.txt",
        "CON",
        "sub/nul.txt",
        "COM1",
        "lpt9.md",
        "a.txt.",
        "a.txt%20",
        "aux.ipynb",
        "%5c%5chost%5cshare",
        "a%0d%0aX-Struck: 1",
    ]
    .map(str::to_owned)
    .to_vec();
    all.extend([absolute.clone(), format!("/{absolute}"), absolute.replace('/', "%2f"), format!("sub{absolute}")]);
    all
}

#[tokio::test]
async fn safe_21_no_address_leads_out_of_the_folder_or_to_what_is_hidden_in_it() {
    let (host, outside) = place().await;
    let guest = Guest::join(&host, &host.share().await, "Ana").await;
    let folder = host.path("").canonicalize().unwrap();
    let (kept, beside) = (all(&folder), host.path("../beside.txt"));
    // Which of them are the names of files that are there: the folder itself, and what a name means after it is cleaned.
    let harmless = |address: &str| [".", "/", ""].contains(&address);
    for address in addresses(outside.path()) {
        let tells_nothing = |what: &str, status: u16, text: &str| {
            assert!((300..500).contains(&status) || harmless(&address), "{what} {address}: {status} {text}");
            for secret in SECRETS {
                assert!(!text.contains(secret), "{what} {address} tells a secret: {text}");
            }
        };
        for what in
            ["api/contents", "files", "api/commonplace/file", "api/commonplace/versions", "lab/tree", "static/lab"]
        {
            let reply = guest.request("GET", &format!("/tides/{what}/{address}")).send().await;
            let is_file = what != "lab/tree" && what != "static/lab" && what != "api/commonplace/versions";
            if is_file {
                tells_nothing(what, reply.status, &reply.text());
            } else {
                assert!(SECRETS.iter().all(|secret| !reply.text().contains(secret)), "{what} {address}");
            }
        }
        // Elsewhere than on Windows, a colon is a letter like any other.
        if cfg!(unix) && !address.contains('/') && decoded(&address).contains(':') && !address.contains("%0d") {
            continue;
        }
        let write = json!({ "type": "file", "format": "text", "content": "struck" });
        let session = json!({ "format": "text", "type": "file" });
        let writes: [(&str, String, Value); 6] = [
            ("PUT", format!("/tides/api/contents/{address}"), write),
            ("POST", format!("/tides/api/contents/{address}"), json!({ "type": "file", "ext": ".txt" })),
            ("POST", "/tides/api/contents/sub".into(), json!({ "copy_from": decoded(&address) })),
            ("PATCH", "/tides/api/contents/a.txt".into(), json!({ "path": decoded(&address) })),
            ("DELETE", format!("/tides/api/contents/{address}"), Value::Null),
            ("PUT", format!("/tides/api/collaboration/session/{address}"), session),
        ];
        for (method, path, body) in writes {
            if harmless(&address) && method == "POST" {
                continue;
            }
            let reply = guest.request(method, &path).body(body).send().await;
            assert!((400..500).contains(&reply.status), "{method} {path} {address}: {} {}", reply.status, reply.text());
            assert!(!reply.headers.contains_key("x-struck"), "{address}");
        }
    }
    assert_eq!(all(&folder), kept);
    assert_eq!(std::fs::read_to_string(&beside).unwrap(), "secret-outside");
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 1);
    assert_eq!(std::fs::read_to_string(outside.path().join("secret.txt")).unwrap(), "secret-outside");
}

#[tokio::test]
async fn safe_22_what_is_hidden_is_neither_listed_nor_served_nor_told() {
    let (host, _outside) = place().await;
    let guest = Guest::join(&host, &host.share().await, "Ana").await;
    for path in ["/tides/api/contents", "/tides/api/contents/sub", "/tides/api/commonplace/files"] {
        let text = guest.request("GET", path).send().await.text();
        for name in [".hidden", ".git", ".ipynb_checkpoints", "\"out", "\"up.txt", "\"git", "\"shown.txt"] {
            assert!(!text.contains(name), "{path} lists {name}: {text}");
        }
        assert!(text.contains("a.txt") || text.contains("b.txt"), "{path}: {text}");
    }
    // There and not there are the same from outside.
    let answer = async |path: &str| {
        let reply = guest.request("GET", &format!("/tides/api/contents/{path}")).send().await;
        (reply.status, reply.text().replace(path, "…"))
    };
    assert_eq!(answer(".git/config").await, answer(".git/nothing").await);
    assert_eq!(answer("../beside.txt").await, answer("../nothing.txt").await);
    assert_eq!(answer("out/secret.txt").await, answer("out/nothing.txt").await);
}
