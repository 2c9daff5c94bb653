//! Opens a line to a server: TCP, and TLS where the address asks for it.
//!
//! The cryptography is ring's, which builds for phones with clang alone; whom to trust is the
//! system's to say, with whatever its owner has added or taken away: on Android and iOS through
//! their own verifiers, elsewhere by the system's root certificates, or those in the file or folder
//! that `SSL_CERT_FILE` or `SSL_CERT_DIR` names.

use hyper::Uri;
use rustls_platform_verifier::BuilderVerifierExt;
use std::io;
use std::sync::{Arc, OnceLock};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{self, ClientConfig};

/// What bytes go through, whichever way it was opened.
pub(crate) trait Line: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Line for T {}

/// Opens a line to the host of `address`.
pub(crate) async fn dial(address: &Uri) -> io::Result<Box<dyn Line>> {
    let invalid = || io::Error::new(io::ErrorKind::InvalidInput, "the address has no host");
    let secure = matches!(address.scheme_str(), Some("https" | "wss"));
    let host = address.host().ok_or_else(invalid)?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = address.port_u16().unwrap_or(if secure { 443 } else { 80 });

    let stream = TcpStream::connect((host, port)).await?;
    // Messages are small and each is wanted at once.
    stream.set_nodelay(true)?;
    if !secure {
        return Ok(Box::new(stream));
    }

    let name = ServerName::try_from(host.to_owned())
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    let stream = TlsConnector::from(tls_config().await?)
        .connect(name, stream)
        .await
        .map_err(explain)?;

    Ok(Box::new(stream))
}

/// Says in a log's words when it is the server's certificate that stands in the way.
fn explain(error: io::Error) -> io::Error {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
    let Some(rustls::Error::InvalidCertificate(cause)) = cause else {
        return error;
    };

    io::Error::new(
        error.kind(),
        format!("the server's certificate is not trusted: {cause}"),
    )
}

/// Returns the one configuration of this process. Reading the system's certificates takes some
/// milliseconds of disk, so it happens once, and off the runtime's thread.
async fn tls_config() -> io::Result<Arc<ClientConfig>> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();

    if let Some(config) = CONFIG.get() {
        return Ok(config.clone());
    }
    let config = tokio::task::spawn_blocking(build_tls_config)
        .await
        .map_err(io::Error::other)??;

    Ok(CONFIG.get_or_init(|| Arc::new(config)).clone())
}

fn build_tls_config() -> io::Result<ClientConfig> {
    #[cfg(target_os = "android")]
    crate::android::check_trust()?;

    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(io::Error::other)?
        .with_no_client_auth();

    Ok(config)
}
