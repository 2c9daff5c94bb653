//! What an application wants of its client, on the way to the driver.
//!
//! Everything goes by `watch`, where only the latest matters: a call never blocks, and an
//! application that calls a thousand times while the driver is busy costs no more than one that
//! calls once.

use parlor_sdk_core::{Input, Playhead};
use std::sync::atomic::AtomicU32;
use tokio::sync::watch;

/// The application's ends.
pub(crate) struct Wishes {
    pub(crate) playhead: watch::Sender<PlayheadReport>,
    /// How often the viewer has sought, for the next report of the playhead.
    pub(crate) seeks: AtomicU32,
    pub(crate) token: watch::Sender<Option<NewToken>>,
    pub(crate) lifecycle: watch::Sender<Lifecycle>,
    /// Becomes true, or goes, when the application wants no more.
    pub(crate) stop: watch::Sender<bool>,
}

/// The driver's ends.
pub(crate) struct Inbox {
    pub(crate) playhead: watch::Receiver<PlayheadReport>,
    pub(crate) token: watch::Receiver<Option<NewToken>>,
    /// How many follow what the viewer has.
    pub(crate) wallet_followers: watch::Receiver<usize>,
    pub(crate) lifecycle: watch::Receiver<Lifecycle>,
    pub(crate) stop: watch::Receiver<bool>,
}

/// Another token.
#[derive(Debug, Clone)]
pub(crate) struct NewToken {
    pub(crate) token: String,
    /// The how many-th viewer it is of.
    pub(crate) viewer: u64,
}

/// Where the application says its player is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PlayheadReport {
    /// It has not said anything.
    None,
    /// There, and stamped: a driver that stood still sees reports late.
    At(Playhead),
    /// It does not say, for now.
    Lost,
    /// It says what is no place.
    Unreadable,
    /// There is a player, and it cannot tell.
    Unknown,
}

/// Where the application and its network stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lifecycle {
    pub(crate) is_paused: bool,
    pub(crate) is_online: bool,
    /// Reports of the network so far: the same report again may mean another network.
    pub(crate) network_reports: u64,
    /// Explicit wishes for another connection so far.
    pub(crate) reconnects: u64,
}

impl Wishes {
    pub(crate) fn new(wallet_followers: watch::Receiver<usize>) -> (Self, Inbox) {
        let (playhead, playhead_inbox) = watch::channel(PlayheadReport::None);
        let (token, token_inbox) = watch::channel(None);
        let (lifecycle, lifecycle_inbox) = watch::channel(Lifecycle::START);
        let (stop, stop_inbox) = watch::channel(false);

        (
            Self {
                playhead,
                seeks: AtomicU32::new(0),
                token,
                lifecycle,
                stop,
            },
            Inbox {
                playhead: playhead_inbox,
                token: token_inbox,
                wallet_followers,
                lifecycle: lifecycle_inbox,
                stop: stop_inbox,
            },
        )
    }
}

impl Lifecycle {
    /// In the foreground, with a network.
    pub(crate) const START: Self = Self {
        is_paused: false,
        is_online: true,
        network_reports: 0,
        reconnects: 0,
    };

    /// Returns what tells the core of everything that is new since `before`. A pause that has ended
    /// already never was.
    pub(crate) fn news_since(self, before: Self) -> impl Iterator<Item = Input<'static>> {
        let network =
            (self.network_reports != before.network_reports).then_some(Input::NetworkChanged {
                online: self.is_online,
            });
        let pause = match (before.is_paused, self.is_paused) {
            (false, true) => Some(Input::Pause),
            (true, false) => Some(Input::Resume),
            (true, true) | (false, false) => None,
        };
        let reconnect = (self.reconnects != before.reconnects).then_some(Input::Reconnect);

        [network, pause, reconnect].into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::Lifecycle;
    use parlor_sdk_core::Input;

    #[test]
    fn only_what_is_new_is_told_and_the_network_first() {
        let start = Lifecycle::START;
        let paused = Lifecycle {
            is_paused: true,
            is_online: false,
            network_reports: 2,
            ..start
        };
        let back = Lifecycle {
            is_online: true,
            network_reports: 3,
            reconnects: 1,
            ..start
        };

        for (before, after, news) in [
            (start, start, vec![]),
            (
                start,
                paused,
                vec![Input::NetworkChanged { online: false }, Input::Pause],
            ),
            (
                paused,
                back,
                vec![
                    Input::NetworkChanged { online: true },
                    Input::Resume,
                    Input::Reconnect,
                ],
            ),
            (
                start,
                Lifecycle {
                    network_reports: 1,
                    ..start
                },
                vec![Input::NetworkChanged { online: true }],
            ),
        ] {
            assert_eq!(after.news_since(before).collect::<Vec<_>>(), news);
        }
    }
}
