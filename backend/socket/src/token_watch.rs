//! Notices that what vouches for a socket holds no more: an overlay token that was revoked, or a
//! tenant's key that was retired.
//!
//! All that are in use are looked up once a turn, those of a kind by one statement, however many there
//! are and however many sockets use each. A turn that cannot read the database changes nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use parlor_domain::access::Principal;
use parlor_identity::{Caller, Identity, KeyName};
use parlor_node::health::{Health, Pulse};
use parlor_node::patience::Reads;
use parlor_store::StoreError;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

/// What vouches for the sockets that are open.
pub(crate) struct TokenWatch {
    identity: Identity,
    reads: Arc<Reads>,
    tokens: Mutex<HashMap<Voucher, Weak<WatchedToken>>>,
}

/// What vouches for a socket's caller, and can be taken back.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Voucher {
    /// An overlay token, by the hash of its secret.
    OverlayToken([u8; 32]),
    Key(KeyName),
}

/// A voucher in use.
pub(crate) struct WatchedToken {
    /// Why it does not hold any more.
    revoked: watch::Sender<Option<&'static str>>,
}

impl Voucher {
    /// What vouches for `caller`, who sent `authorization`.
    pub(crate) fn of(caller: &Caller, authorization: Option<&str>) -> Option<Self> {
        if let Some(key) = &caller.key {
            return Some(Self::Key(key.clone()));
        }

        match (&caller.principal, authorization) {
            (Principal::Overlay { .. }, Some(text)) => {
                let secret = parlor_identity::bearer(text)?;
                Some(Self::OverlayToken(parlor_identity::overlay_secret_hash(
                    secret,
                )))
            }
            _ => None,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::OverlayToken(_) => "the overlay token was revoked",
            Self::Key(_) => "the key that signed the token was retired",
        }
    }
}

impl TokenWatch {
    /// Looks up what is in use every `every`, for as long as the watch lives. To be called
    /// within a runtime.
    pub(crate) fn start(
        identity: Identity,
        reads: Arc<Reads>,
        every: Duration,
        health: &Health,
    ) -> Arc<Self> {
        let watch = Arc::new(Self {
            identity,
            reads,
            tokens: Mutex::default(),
        });
        let watched = Arc::downgrade(&watch);
        health.spawn("the watch of tokens", move |pulse| {
            check(Weak::clone(&watched), every, pulse)
        });

        watch
    }

    /// Watches `voucher`, for as long as somebody holds what is returned.
    pub(crate) fn watch(&self, voucher: &Voucher) -> Arc<WatchedToken> {
        let mut tokens = self.tokens();
        if let Some(token) = tokens.get(voucher).and_then(Weak::upgrade) {
            return token;
        }

        let token = Arc::new(WatchedToken {
            revoked: watch::Sender::new(None),
        });
        tokens.insert(voucher.clone(), Arc::downgrade(&token));
        token
    }

    async fn check_all(&self) {
        let (mut hashes, mut keys) = (Vec::new(), Vec::new());
        {
            let mut tokens = self.tokens();
            tokens.retain(|_, token| token.strong_count() > 0);
            for voucher in tokens.keys() {
                match voucher {
                    Voucher::OverlayToken(hash) => hashes.push(*hash),
                    Voucher::Key(name) => keys.push(name.clone()),
                }
            }
        }

        if let Err(error) = self.revoke_lapsed(hashes, &keys).await {
            self.reads.count_failed("tokens");
            tracing::warn!(%error, "the tokens in use could not be looked up");
        }
    }

    /// Says of each of these that holds no more that it does not.
    async fn revoke_lapsed(
        &self,
        hashes: Vec<[u8; 32]>,
        keys: &[KeyName],
    ) -> Result<(), StoreError> {
        let in_use = self.identity.overlay_tokens_in_use(hashes.clone()).await?;
        let accepted = self.identity.accepted_keys(keys).await?;
        let lapsed_keys = keys.iter().filter(|name| !accepted.contains(*name));
        let lapsed_hashes = hashes.iter().filter(|hash| !in_use.contains(*hash));
        let lapsed = lapsed_keys
            .map(|name| Voucher::Key(name.clone()))
            .chain(lapsed_hashes.map(|hash| Voucher::OverlayToken(*hash)));

        let tokens = self.tokens();
        for voucher in lapsed {
            if let Some(token) = tokens.get(&voucher).and_then(Weak::upgrade) {
                token.revoked.send_replace(Some(voucher.reason()));
            }
        }
        Ok(())
    }

    fn tokens(&self) -> MutexGuard<'_, HashMap<Voucher, Weak<WatchedToken>>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WatchedToken {
    /// Returns why it does not hold any more, once it does not.
    pub(crate) async fn revoked(&self) -> &'static str {
        let mut revoked = self.revoked.subscribe();
        let reason = revoked.wait_for(Option::is_some).await;
        let reason = *reason.expect("the watched token holds the sender");

        reason.expect("it was waited for")
    }
}

async fn check(watch: Weak<TokenWatch>, every: Duration, pulse: Arc<Pulse>) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        pulse.rest();
        ticks.tick().await;
        let Some(watch) = watch.upgrade() else { return };
        pulse.beat();
        watch.check_all().await;
    }
}
