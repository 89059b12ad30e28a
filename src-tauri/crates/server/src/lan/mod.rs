//! The network around this computer: which interfaces there are, binding one of them alone, what becomes of it while a folder is
//! shared, a certificate for it, and other hosts on it.
//!
//! Not here: what is served (`app`), who may come in (the host's).

mod bind;
mod discovery;
mod following;
mod interfaces;
mod tls;

pub use interfaces::Interfaces;
pub use tls::Tls;

pub(crate) use bind::listen;
pub(crate) use discovery::{Announced, Discovery};
pub(crate) use following::{Turn, preferred, turn};
pub(crate) use tls::Stream;
