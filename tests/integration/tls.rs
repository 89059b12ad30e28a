//! A certificate that the owner brought, to another device and to this computer. Each test makes its own certificates.

use protocol::ErrorCode;
use protocol::panel::Command;
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use serde_json::json;
use server::Tls;
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;
use tests::{GUEST_ADDRESS, OWNER_TOKEN, Program, Reply, Request, Setup, TestHost};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

/// A certificate for these names, its key, and the files that they are in.
struct Certificate {
    made: CertifiedKey<KeyPair>,
    place: TempDir,
}

impl Certificate {
    fn of(names: &[&str]) -> Self {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let made = generate_simple_self_signed(names).unwrap();
        let place = tempfile::tempdir().unwrap();
        let certificate = Self { made, place };
        std::fs::write(certificate.file("cert.pem"), certificate.made.cert.pem()).unwrap();
        std::fs::write(certificate.file("key.pem"), certificate.made.signing_key.serialize_pem()).unwrap();
        certificate
    }

    fn file(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    fn load(&self) -> Tls {
        Tls::load(&self.file("cert.pem"), &self.file("key.pem")).unwrap()
    }

    /// A connection to `host` by somebody who trusts this certificate, and looks whom it names.
    async fn connection(&self, host: &str, port: u16) -> TlsStream<TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(self.made.cert.der().clone()).unwrap();
        let provider = Arc::new(crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_root_certificates(roots).with_no_client_auth();
        let stream = TcpStream::connect((GUEST_ADDRESS, port)).await.unwrap();
        let name = ServerName::try_from(host.to_owned()).unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
    }

    async fn send(&self, request: Request, port: u16) -> Reply {
        request.send_on(self.connection(GUEST_ADDRESS, port).await).await.unwrap()
    }
}

async fn host(certificate: &Certificate) -> TestHost {
    let setup = Setup { tls: Some(certificate.load()), ..Setup::default() };
    TestHost::start_with(&[("a.txt", "a\n")], setup).await
}

#[tokio::test]
async fn lan_5_with_a_certificate_other_devices_are_spoken_to_over_tls_alone() {
    let certificate = Certificate::of(&["host.example", GUEST_ADDRESS]);
    let host = host(&certificate).await;
    let secret = host.share().await;
    let port = host.server.port();
    let link = host.folder().sharing.unwrap().link.unwrap();
    assert_eq!(link, format!("https://{GUEST_ADDRESS}:{port}/tides/#{secret}"));

    let page = certificate.send(host.guest("GET", "/tides/"), port).await;
    assert_eq!(page.status, 200);
    let origin = format!("https://{GUEST_ADDRESS}:{port}");
    let join = host.guest("POST", "/tides/api/commonplace/join").header("Origin", &origin);
    let join = join.body(json!({ "secret": secret, "name": "Ana", "color": null }));
    let joined = certificate.send(join, port).await;
    assert_eq!(joined.status, 200, "{}", joined.text());
    assert!(joined.cookies.iter().all(|cookie| cookie.contains("; Secure")), "{:?}", joined.cookies);
    let me = host.guest("GET", "/tides/api/me").header("Cookie", &joined.cookie());
    assert_eq!(certificate.send(me.clone(), port).await.status, 200);

    // Without encryption nothing is answered, whatever is sent along.
    let plain = me.send().await;
    assert_eq!((plain.status, plain.header("location")), (308, &*format!("{origin}/tides/api/me")));
    assert!(plain.body.is_empty() && plain.cookies.is_empty());
    let typed = host.guest("GET", "/tides/?a=1").send().await;
    assert_eq!((typed.status, typed.header("location")), (308, &*format!("{origin}/tides/?a=1")));

    // A WebSocket goes the same way.
    let path = format!("wss://{GUEST_ADDRESS}:{port}/tides/api/events/subscribe");
    let mut request = tokio_tungstenite::tungstenite::client::IntoClientRequest::into_client_request(path).unwrap();
    request.headers_mut().insert("Cookie", joined.cookie().parse().unwrap());
    request.headers_mut().insert("Origin", origin.parse().unwrap());
    let stream = certificate.connection(GUEST_ADDRESS, port).await;
    let (_socket, answer) = tokio_tungstenite::client_async(request, stream).await.unwrap();
    assert_eq!(answer.status().as_u16(), 101);

    // This computer's own pages stay as they are, for its window opens them.
    let own = host.request("GET", &format!("/tides/?token={OWNER_TOKEN}")).send().await;
    assert_eq!(own.status, 302);
    assert!(!own.header("set-cookie").contains("Secure"));
    host.server.command(Command::Unshare { slug: host.slug.clone() }).await.unwrap();
    assert!(TcpStream::connect((GUEST_ADDRESS, port)).await.is_err());
}

#[tokio::test]
async fn lan_5_a_link_names_what_the_certificate_is_for() {
    let certificate = Certificate::of(&["*.example", "tides.example", "other.example"]);
    let host = host(&certificate).await;
    let secret = host.share().await;
    let port = host.server.port();
    let sharing = host.folder().sharing.unwrap();
    assert_eq!(sharing.address, format!("tides.example:{port}/tides"));
    assert_eq!(sharing.link, Some(format!("https://tides.example:{port}/tides/#{secret}")));
    let stream = certificate.connection("tides.example", port).await;
    let request = host.guest("GET", "/tides/").header("Host", &format!("tides.example:{port}"));
    assert_eq!(request.send_on(stream).await.unwrap().status, 200);
}

#[tokio::test]
async fn lan_5_a_client_that_says_nothing_holds_nobody_up() {
    let certificate = Certificate::of(&[GUEST_ADDRESS]);
    let host = host(&certificate).await;
    host.share().await;
    let port = host.server.port();
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(TcpStream::connect((GUEST_ADDRESS, port)).await.unwrap());
    }
    assert_eq!(certificate.send(host.guest("GET", "/tides/"), port).await.status, 200);
    // Not even the end of sharing.
    host.server.command(Command::Unshare { slug: host.slug.clone() }).await.unwrap();
    assert!(TcpStream::connect((GUEST_ADDRESS, port)).await.is_err());
}

#[tokio::test]
async fn lan_9_what_cannot_be_used_is_told_with_its_file() {
    let (one, other) = (Certificate::of(&["a.example"]), Certificate::of(&["b.example"]));
    let (certificate, key) = (one.file("cert.pem"), one.file("key.pem"));
    let refused = |certificate: &PathBuf, key: &PathBuf, expected: &[&PathBuf]| {
        let error = Tls::load(certificate, key).unwrap_err();
        assert_eq!(error.code, ErrorCode::BadRequest);
        for path in expected {
            assert!(error.message.contains(path.to_str().unwrap()), "{error}");
        }
        error.message
    };
    let nowhere = one.file("nowhere.pem");
    refused(&nowhere, &key, &[&nowhere]);
    refused(&certificate, &nowhere, &[&nowhere]);
    let said = refused(&certificate, &other.file("key.pem"), &[&certificate, &other.file("key.pem")]);
    assert!(said.contains("does not belong to"), "{said}");
    // The two were mixed up; a file of something else; one cut short.
    assert!(refused(&key, &certificate, &[&key]).contains("certificate"));
    let text = one.file("text.pem");
    std::fs::write(&text, "hello\n").unwrap();
    assert!(refused(&certificate, &text, &[&text]).contains("private key"));
    let short = one.file("short.pem");
    std::fs::write(&short, &one.made.cert.pem()[..200]).unwrap();
    refused(&short, &key, &[&short]);
    let nonsense = one.file("nonsense.pem");
    std::fs::write(&nonsense, "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n").unwrap();
    refused(&nonsense, &key, &[&nonsense]);

    let folder = one.place.path().to_str().unwrap();
    let state = one.file("state");
    let arguments =
        ["serve", folder, "--state-dir", state.to_str().unwrap(), "--tls-cert", certificate.to_str().unwrap()];
    let alone = Program::output(&arguments).await;
    assert!(!alone.status.success() && String::from_utf8_lossy(&alone.stderr).contains("--tls-key"));
    let key = other.file("key.pem");
    let wrong = Program::output(&[&arguments[..], &["--tls-key", key.to_str().unwrap()]].concat()).await;
    assert!(!wrong.status.success() && wrong.stdout.is_empty());
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("does not belong to"), "{wrong:?}");
}
