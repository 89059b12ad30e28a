//! A certificate that the owner brought: loading it, which address it is good for, and the start of a connection.
//!
//! Without one everything is plain HTTP. With one, what comes from other devices is encrypted or sent on to where it is.

use protocol::{ErrorBody, ErrorCode};
use std::fmt;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{self, ServerConfig, crypto};
use tokio_rustls::server::TlsStream;

/// How long a client may take until it is agreed how to speak.
const GREETING: Duration = Duration::from_secs(10);
/// The first byte of a client that speaks TLS; no method of HTTP begins with it.
const HANDSHAKE: u8 = 0x16;

/// A certificate with its key. Cheap to clone.
#[derive(Clone)]
pub struct Tls(Arc<Inside>);

struct Inside {
    acceptor: TlsAcceptor,
    certificate: CertificateDer<'static>,
    /// Names without a star, in the certificate's order.
    names: Vec<String>,
}

impl Tls {
    /// Reads a certificate (the chain, the host's own first) and its key from PEM files.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, ErrorBody> {
        let of = |path: &Path, what: &str, error: pem::Error| {
            let why = match error {
                pem::Error::NoItemsFound => format!("no {what} is in it (it must be a PEM file)"),
                pem::Error::Io(error) => error.to_string(),
                error => error.to_string(),
            };
            refused(format!("{} cannot be used: {why}", path.display()))
        };
        let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect);
        let chain = chain.map_err(|error| of(certificate, "certificate", error))?;
        let Some(own) = chain.first().cloned() else {
            return Err(of(certificate, "certificate", pem::Error::NoItemsFound));
        };
        let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| of(key, "private key", error))?;
        let parsed = webpki::EndEntityCert::try_from(&own).map_err(|error| {
            refused(format!("{} has no certificate that can be read: {error}", certificate.display()))
        })?;
        let names = parsed.valid_dns_names().filter(|name| !name.starts_with('*')).map(str::to_owned).collect();
        let builder = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()));
        let config = builder
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, secret))
            .map_err(|error| match error {
                rustls::Error::InconsistentKeys(_) => refused(format!(
                    "The key in {} does not belong to the certificate in {}",
                    key.display(),
                    certificate.display()
                )),
                error => refused(format!(
                    "The certificate in {} and the key in {} cannot be used: {error}",
                    certificate.display(),
                    key.display()
                )),
            })?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Ok(Self(Arc::new(Inside { acceptor, certificate: own, names })))
    }

    /// What a link names for this address: the address, if the certificate is for it, else the first name that it is for.
    pub(crate) fn host_for<'a>(&'a self, address: &'a str) -> &'a str {
        if self.is_for(address) { address } else { self.0.names.first().map_or(address, String::as_str) }
    }

    /// Whether the certificate is for this name or address.
    pub(crate) fn is_for(&self, host: &str) -> bool {
        let parsed = webpki::EndEntityCert::try_from(&self.0.certificate);
        let name = ServerName::try_from(host);
        parsed.ok().zip(name.ok()).is_some_and(|(parsed, name)| parsed.verify_is_valid_for_subject_name(&name).is_ok())
    }

    /// Finds out how a client speaks and agrees with it; `None` (and the connection is over) if they do not come together.
    pub(crate) async fn greet(self, stream: TcpStream) -> Option<Stream> {
        let greeting = async {
            let mut first = [0];
            stream.peek(&mut first).await?;
            if first[0] != HANDSHAKE {
                return Ok(Stream::Plain(stream));
            }
            self.0.acceptor.accept(stream).await.map(|stream| Stream::Tls(Box::new(stream)))
        };
        let greeted: io::Result<Stream> =
            tokio::time::timeout(GREETING, greeting).await.unwrap_or_else(|late| Err(late.into()));
        greeted.inspect_err(|error| tracing::debug!("a connection came to nothing: {error}")).ok()
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tls({:?})", self.0.names)
    }
}

fn refused(message: String) -> ErrorBody {
    ErrorBody::new(ErrorCode::BadRequest, message)
}

/// A connection, encrypted or not.
pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// Nobody between here and there can read along.
    pub(crate) fn is_secure(&self) -> bool {
        matches!(self, Self::Tls(_))
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, into),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, into),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, bytes),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
