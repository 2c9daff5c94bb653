//! One address that leads to one of several servers, as a service's name does, or into silence.

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub(crate) struct Switch {
    pub(crate) port: u16,
    target: watch::Sender<Target>,
}

#[derive(Clone, Copy)]
enum Target {
    Port(u16),
    /// Connections stay and are taken, and nothing passes.
    Silence,
}

impl Switch {
    pub(crate) async fn start(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let target = watch::Sender::new(Target::Port(target));
        let mut current = target.subscribe();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, current.clone()));
                current.borrow_and_update();
            }
        });

        Self { port, target }
    }

    /// Cuts every connection; new ones lead to `port`.
    pub(crate) fn lead_to(&self, port: u16) {
        self.target.send_replace(Target::Port(port));
    }

    /// Lets nothing pass any more, on connections that there are and on new ones.
    pub(crate) fn fall_silent(&self) {
        self.target.send_replace(Target::Silence);
    }
}

async fn carry(mut client: TcpStream, mut target: watch::Receiver<Target>) {
    let now = *target.borrow_and_update();
    let Target::Port(port) = now else {
        let _switched = target.changed().await;
        return;
    };
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await else {
        return;
    };

    tokio::select! {
        // How it ended is for its two ends to say.
        _ended = copy_bidirectional(&mut client, &mut server) => return,
        _switched = target.changed() => {}
    }
    let now = *target.borrow_and_update();
    if let Target::Silence = now {
        let _switched = target.changed().await;
    }
}
