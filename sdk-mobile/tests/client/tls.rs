//! TLS for real: a server with a certificate of a private authority, trusted or not.

use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use parlor::{Api, Client, Config, ConnectionState, Delivery, Placement, QueryError};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};

use crate::app::reached;
use crate::server::{snapshot, within};

/// Set in the process that trusts the authority: what a process trusts is settled before its first
/// connection, so every test is a process of its own.
const CHILD: &str = "PARLOR_TEST_TLS_CHILD";

#[test]
fn a_server_of_a_trusted_authority_is_followed_and_asked() {
    let authority = Authority::new();
    run_trusting(
        &authority,
        "tls::a_server_of_a_trusted_authority_is_followed_and_asked",
        async |authority| {
            let server = Server::start(authority, "localhost").await;
            let client = follow(&server);
            server.serve_socket().await;
            let delivery = within(client.deliveries().next()).await;
            assert!(matches!(delivery, Some(Delivery::StateReplaced { .. })));

            let api = Api::new(&server.url(), None, None).unwrap();
            let answered = tokio::spawn(async move { api.room("room-1".to_owned()).await });
            server.answer_request().await;
            assert!(matches!(
                within(answered).await.unwrap(),
                Err(QueryError::Forbidden { .. })
            ));
        },
    );
}

#[test]
fn a_server_of_another_name_is_refused_with_the_reason() {
    let authority = Authority::new();
    run_trusting(
        &authority,
        "tls::a_server_of_another_name_is_refused_with_the_reason",
        async |authority| {
            refused(authority, "parlor.example", "not valid for name").await;
        },
    );
}

#[test]
fn a_server_of_an_unknown_authority_is_refused_with_the_reason() {
    let trusted = Authority::new();
    run_trusting(
        &trusted,
        "tls::a_server_of_an_unknown_authority_is_refused_with_the_reason",
        async |_| {
            let stranger = Authority::new();
            refused(&stranger, "localhost", "UnknownIssuer").await;
        },
    );
}

/// Checks that socket and API both refuse a server that `authority` has certified for `name`.
async fn refused(authority: &Authority, name: &str, why: &str) {
    let server = Server::start(authority, name).await;
    let refuse = async || {
        let (stream, _) = server.listener.accept().await.unwrap();
        server.acceptor.accept(stream).await.unwrap_err();
    };

    let client = follow(&server);
    within(refuse()).await;
    let waiting = |state: &_| matches!(state, ConnectionState::Waiting { .. });
    let ConnectionState::Waiting { reason, .. } = reached(&client, waiting).await else {
        unreachable!("it was waited for");
    };
    client.stop();
    assert!(reason.contains("certificate is not trusted"), "{reason}");
    assert!(reason.contains(why), "{reason}");

    let server = Server::start(authority, name).await;
    let api = Api::new(&server.url(), None, None).unwrap();
    let asked = tokio::spawn(async move { api.room("room-1".to_owned()).await });
    let (stream, _) = within(server.listener.accept()).await.unwrap();
    within(server.acceptor.accept(stream)).await.unwrap_err();
    let error = within(asked).await.unwrap().unwrap_err().to_string();
    assert!(error.contains("certificate is not trusted"), "{error}");
    assert!(error.contains(why), "{error}");
}

/// Runs `test` in a process that trusts `authority` alone, and passes on how it went.
fn run_trusting(authority: &Authority, name: &str, test: impl AsyncFnOnce(&Authority)) {
    if std::env::var_os(CHILD).is_some() {
        let authority = Authority::read();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        return runtime.block_on(test(&authority));
    }

    let files = authority.write();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, &files)
        .env("SSL_CERT_FILE", files.join("authority.pem"))
        .env_remove("SSL_CERT_DIR")
        .output()
        .unwrap();
    std::fs::remove_dir_all(&files).unwrap();

    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && told.contains("1 passed"),
        "{told}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A private certificate authority.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        Self::with_key(KeyPair::generate().unwrap())
    }

    /// The authority that the process which started this one has made.
    fn read() -> Self {
        let files = PathBuf::from(std::env::var_os(CHILD).unwrap());
        let key = std::fs::read_to_string(files.join("authority.key")).unwrap();

        Self::with_key(KeyPair::from_pem(&key).unwrap())
    }

    fn with_key(key: KeyPair) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // Certificates find their issuer by its name.
        params
            .distinguished_name
            .push(DnType::CommonName, fingerprint(&key));

        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    /// Writes certificate and key to a folder of their own.
    fn write(&self) -> PathBuf {
        let key = self.0.key().serialize_pem();
        let name = format!("parlor-tls-{}", fingerprint(self.0.key()));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        for (name, content) in [("authority.pem", self.0.pem()), ("authority.key", key)] {
            let mut file = std::fs::File::create(folder.join(name)).unwrap();
            file.write_all(content.as_bytes()).unwrap();
        }

        folder
    }

    fn certify(&self, name: &str) -> ServerConfig {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new([name.to_owned()])
            .unwrap()
            .signed_by(&key, &self.0)
            .unwrap();
        let chain = vec![CertificateDer::from(certificate)];
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();

        ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap()
    }
}

struct Server {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Server {
    async fn start(authority: &Authority, name: &str) -> Self {
        Self {
            listener: TcpListener::bind("127.0.0.1:0").await.unwrap(),
            acceptor: TlsAcceptor::from(Arc::new(authority.certify(name))),
        }
    }

    fn url(&self) -> String {
        let port = self.listener.local_addr().unwrap().port();

        format!("https://localhost:{port}")
    }

    async fn accept(&self) -> TlsStream<TcpStream> {
        let (stream, _) = within(self.listener.accept()).await.unwrap();

        within(self.acceptor.accept(stream)).await.unwrap()
    }

    /// Lets one client in, up to its first message.
    #[expect(clippy::result_large_err, reason = "the signature is tungstenite's")]
    async fn serve_socket(&self) {
        let agree = |request: &Request, mut response: Response| -> Result<_, ErrorResponse> {
            let protocol = request.headers()["sec-websocket-protocol"].clone();
            response
                .headers_mut()
                .insert("sec-websocket-protocol", protocol);
            Ok(response)
        };
        let stream = self.accept().await;
        let mut socket = tokio_tungstenite::accept_hdr_async(stream, agree)
            .await
            .unwrap();

        loop {
            let message = within(socket.next()).await.unwrap().unwrap();
            let message: Value = serde_json::from_str(message.to_text().unwrap()).unwrap();
            let answer = match message["type"].as_str().unwrap() {
                "connection_init" => json!({"type": "connection_ack"}),
                "subscribe" => json!({"type": "next", "id": message["id"],
                    "payload": {"data": {"liveRoom": snapshot(5)}}}),
                _ => continue,
            };
            let is_last = answer["type"] == "next";
            socket
                .send(Message::text(answer.to_string()))
                .await
                .unwrap();
            if is_last {
                tokio::spawn(async move { while let Some(Ok(_)) = socket.next().await {} });
                return;
            }
        }
    }

    /// Answers one request of the API: not with this token.
    async fn answer_request(&self) {
        let mut stream = self.accept().await;
        let mut request = Vec::new();
        while !request.ends_with(b"}") {
            assert_ne!(within(stream.read_buf(&mut request)).await.unwrap(), 0);
        }
        let body = json!({"errors": [
            {"message": "no", "extensions": {"code": "FORBIDDEN"}},
        ]})
        .to_string();
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
    }
}

/// Bytes of a public key, which differ between keys.
fn fingerprint(key: &KeyPair) -> String {
    let last = key.public_key_raw().last_chunk().expect("a key is longer");

    format!("{:016x}", u64::from_be_bytes(*last))
}

fn follow(server: &Server) -> Arc<Client> {
    Client::connect(Config {
        server: server.url(),
        room_id: "room-1".to_owned(),
        placement: Placement::Companion,
        token: None,
        start_at_unix_millis: None,
        reports_watching: true,
        redemptions_folder: None,
    })
    .unwrap()
}
