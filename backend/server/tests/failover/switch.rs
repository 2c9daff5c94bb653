//! One address that leads to one of several servers, as a service's name does, and a wire that can fall
//! silent.

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub(crate) struct Switch {
    pub(crate) port: u16,
    wire: watch::Sender<Wire>,
}

#[derive(Clone, Copy)]
struct Wire {
    leads_to: u16,
    /// Connections stay and are taken, and nothing passes.
    is_silent: bool,
}

impl Switch {
    pub(crate) async fn start(leads_to: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let wire = watch::Sender::new(Wire {
            leads_to,
            is_silent: false,
        });
        let current = wire.subscribe();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, current.clone()));
            }
        });

        Self { port, wire }
    }

    /// Cuts every connection; new ones lead to `port`.
    pub(crate) fn lead_to(&self, port: u16) {
        self.wire.send_replace(Wire {
            leads_to: port,
            is_silent: false,
        });
    }

    /// Lets nothing pass any more, on connections that there are and on new ones.
    pub(crate) fn fall_silent(&self) {
        self.wire.send_modify(|wire| wire.is_silent = true);
    }

    /// Lets everything pass again, also what was said meanwhile.
    pub(crate) fn speak_again(&self) {
        self.wire.send_modify(|wire| wire.is_silent = false);
    }
}

/// Carries both ways until either end hangs up, or the connection is cut.
async fn carry(mut client: TcpStream, mut wire: watch::Receiver<Wire>) {
    let leads_to = wire.borrow_and_update().leads_to;
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", leads_to)).await else {
        return;
    };

    loop {
        let now = *wire.borrow_and_update();
        if now.leads_to != leads_to {
            return;
        }
        tokio::select! {
            // How it ended is for its two ends to say.
            _ended = copy_bidirectional(&mut client, &mut server), if !now.is_silent => return,
            changed = wire.changed() => if changed.is_err() { return },
        }
    }
}
