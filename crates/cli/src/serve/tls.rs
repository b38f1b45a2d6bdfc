//! TLS on what the listener brings.
//!
//! What comes in: the files of a certificate and its key, and connections. What goes out: those whose handshake has come to
//! an end. TLS is rustls's, and that handshakes do not wait for one another is tls-listener's.

use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;

use tls_listener::TlsListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};

use super::visitor::Visitors;
use crate::Failure;

/// What a connection speaks within TLS.
const HTTP: &[u8] = b"http/1.1";

/// A side of TLS that shows the certificate in `chain`, with those that vouch for it behind it, and has its private key.
pub(super) fn acceptor(chain: &Path, key: &Path) -> Result<TlsAcceptor, Failure> {
    let certificates: Vec<_> = CertificateDer::pem_file_iter(chain)
        .and_then(Iterator::collect)
        .map_err(|error| unreadable(chain, "certificate", error))?;
    if certificates.is_empty() {
        return Err(unreadable(chain, "certificate", pem::Error::NoItemsFound));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, "private key", error))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(chain, key, error))?
        .with_no_client_auth()
        .with_single_cert(certificates, private)
        .map_err(|error| unusable(chain, key, error))?;
    config.alpn_protocols = vec![HTTP.to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// TLS on all that `visitors` brings.
pub(super) fn listen(acceptor: TlsAcceptor, visitors: Visitors) -> TlsListener<Visitors, TlsAcceptor> {
    TlsListener::new(acceptor, visitors)
}

fn unreadable(path: &Path, what: &str, error: pem::Error) -> Failure {
    let path = path.display();
    Failure::call(match error {
        pem::Error::Io(error) => format!("cannot read {path}: {error}"),
        pem::Error::NoItemsFound => format!("{path} has no {what}: give a file in PEM that has one"),
        error => format!("cannot read {path}: {error}: give a file in PEM"),
    })
}

fn unusable(chain: &Path, key: &Path, error: impl Display) -> Failure {
    let (chain, key) = (chain.display(), key.display());
    Failure::call(format_args!("cannot use {chain} with {key}: {error}: give a certificate and its own key"))
}
