//! What the viewer has in the room, for as many as follow it. Nothing is asked of the server before somebody does.
//!
//! What is known is of one viewer. It is forgotten where the next one's token is given, before the driver, who may stand
//! still, comes to hear of it; what the driver still tells of the viewer before is told to nobody.

use crate::record::{Wallet, WalletNow};
use crate::seen::Seen;
use crate::wishes::NewToken;
use parlor_sdk_core as core;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// What the viewer has in the room, for one who follows that. The server is asked for as long as there is one.
#[derive(uniffi::Object)]
pub struct Wallets {
    board: Arc<WalletBoard>,
    seen: Seen<Newest>,
    is_following: Mutex<bool>,
    left: watch::Sender<bool>,
}

/// Where the driver says what the viewer has, and everyone who follows it reads it.
pub(crate) struct WalletBoard {
    newest: watch::Sender<Newest>,
    is_over: watch::Sender<bool>,
    /// How many follow it.
    followers: watch::Sender<usize>,
    last: Mutex<Last>,
}

/// The token that was given last.
struct Last {
    token: Option<String>,
    /// The how many-th viewer it is of.
    viewer: u64,
}

/// The driver's end. Nothing more is told once it is gone.
pub(crate) struct WalletNews(Arc<WalletBoard>);

#[derive(Debug, Clone, Default)]
struct Newest {
    /// Counts viewers.
    viewer: u64,
    wallet: Option<Arc<Wallet>>,
}

impl WalletBoard {
    pub(crate) fn new(token: Option<String>) -> (Arc<Self>, WalletNews, watch::Receiver<usize>) {
        let (followers, followed) = watch::channel(0);
        let board = Arc::new(Self {
            newest: watch::Sender::new(Newest::default()),
            is_over: watch::Sender::new(false),
            followers,
            last: Mutex::new(Last { token, viewer: 0 }),
        });

        (board.clone(), WalletNews(board), followed)
    }

    /// Takes in another token, and hands it on: two that are given at once come everywhere in one order. What the last
    /// viewer has is nothing to the next. Whoever is told so may ask for something at once, which is done with the new
    /// token, or give another one: so they are told last, and while nothing is held.
    pub(crate) fn take_token(&self, token: String, hand_on: impl FnOnce(NewToken)) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = core::is_same_viewer(last.token.as_deref(), &token);
        let viewer = last.viewer + u64::from(!is_same);
        *last = Last {
            token: Some(token.clone()),
            viewer,
        };
        hand_on(NewToken { token, viewer });
        drop(last);

        self.newest
            .send_if_modified(|newest| viewer > newest.viewer && newest.replace(viewer, None));
    }

    /// Ends with the client: nobody waits any more.
    pub(crate) fn end(&self) {
        self.is_over.send_replace(true);
    }
}

impl WalletNews {
    /// Tells what the viewer has who is the `viewer`th.
    pub(crate) fn tell(&self, viewer: u64, wallet: Option<Wallet>) {
        self.0.newest.send_if_modified(|newest| {
            viewer >= newest.viewer && newest.replace(viewer, wallet.map(Arc::new))
        });
    }
}

impl Drop for WalletNews {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Newest {
    /// Returns whether it is another now.
    fn replace(&mut self, viewer: u64, wallet: Option<Arc<Wallet>>) -> bool {
        self.viewer = viewer;
        let is_another = self.wallet != wallet;
        self.wallet = wallet;

        is_another
    }
}

impl Wallets {
    pub(crate) fn follow(board: Arc<WalletBoard>) -> Self {
        let seen = Seen::new(board.newest.subscribe());
        board.followers.send_modify(|followers| *followers += 1);

        Self {
            board,
            seen,
            is_following: Mutex::new(true),
            left: watch::Sender::new(false),
        }
    }

    /// Waits for another wallet; the first one, or that there is none, comes at once. Returns nothing once the client
    /// has ended. Takes nothing if it is dropped.
    pub async fn next(&self) -> Option<WalletNow> {
        while self.wait().await {
            if let Some(now) = self.take() {
                return Some(now);
            }
        }

        None
    }
}

#[uniffi::export]
impl Wallets {
    /// Waits until the wallet is another than the last one taken; the first call returns at once. Returns false
    /// once the client has ended.
    pub async fn wait(&self) -> bool {
        let (mut left, mut over) = (self.left.subscribe(), self.board.is_over.subscribe());

        tokio::select! {
            biased;
            _ = left.wait_for(|left| *left) => false,
            _ = over.wait_for(|is_over| *is_over) => false,
            is_another = self.seen.wait_for(|_| true) => is_another,
        }
    }

    /// Takes the wallet as it is now, if it is another than the last one taken.
    pub fn take(&self) -> Option<WalletNow> {
        let newest = self.seen.take()?;

        Some(WalletNow {
            wallet: newest.wallet.map(Arc::unwrap_or_clone),
        })
    }

    /// Ends every wait, and follows no more.
    pub fn leave(&self) {
        self.left.send_replace(true);
        let mut is_following = self
            .is_following
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if std::mem::replace(&mut *is_following, false) {
            self.board
                .followers
                .send_modify(|followers| *followers -= 1);
        }
    }
}

impl Drop for Wallets {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::WalletBoard;
    use crate::record::Wallet;

    fn wallet(who: &str) -> Wallet {
        Wallet {
            participant_id: who.to_owned(),
            balance: 100,
            held: 30,
            available: 70,
            debt: 0,
            redemptions: Vec::new(),
            last_minute: None,
            watching: None,
        }
    }

    #[test]
    fn what_is_still_told_of_the_viewer_before_is_told_to_nobody() {
        let (board, news, _) = WalletBoard::new(Some("ana".to_owned()));
        let whose = || -> Option<String> {
            let newest = board.newest.borrow();
            Some(newest.wallet.as_ref()?.participant_id.clone())
        };
        news.tell(0, Some(wallet("ana")));
        assert_eq!(whose(), Some("ana".to_owned()));

        let mut viewer = 0;
        board.take_token("ben".to_owned(), |new| viewer = new.viewer);
        news.tell(0, Some(wallet("ana")));
        assert_eq!(whose(), None);
        news.tell(viewer, Some(wallet("ben")));
        assert_eq!(whose(), Some("ben".to_owned()));
    }
}
