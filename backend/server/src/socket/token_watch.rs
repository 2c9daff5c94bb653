//! Notices that an overlay token in use was revoked.
//!
//! Each token is looked up once a turn, however many sockets use it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::identity::{Identity, IdentityError};

/// The overlay tokens that sockets use.
pub(crate) struct TokenWatch {
    identity: Identity,
    tokens: Mutex<HashMap<String, Weak<WatchedToken>>>,
}

/// A token in use.
pub(crate) struct WatchedToken {
    revoked: watch::Sender<bool>,
}

impl TokenWatch {
    /// Looks up the tokens in use every `every`, for as long as the watch lives. To be called
    /// within a runtime.
    pub(crate) fn start(identity: Identity, every: Duration) -> Arc<Self> {
        let watch = Arc::new(Self {
            identity,
            tokens: Mutex::default(),
        });
        tokio::spawn(check(Arc::downgrade(&watch), every));

        watch
    }

    /// Watches the token of `authorization`, for as long as somebody holds what is returned.
    pub(crate) fn watch(&self, authorization: &str) -> Arc<WatchedToken> {
        let mut tokens = self.tokens();
        if let Some(token) = tokens.get(authorization).and_then(Weak::upgrade) {
            return token;
        }

        let token = Arc::new(WatchedToken {
            revoked: watch::Sender::new(false),
        });
        tokens.insert(authorization.to_owned(), Arc::downgrade(&token));
        token
    }

    async fn check_all(&self) {
        let in_use: Vec<_> = {
            let mut tokens = self.tokens();
            tokens.retain(|_, token| token.strong_count() > 0);
            tokens
                .iter()
                .map(|(text, token)| (text.clone(), token.clone()))
                .collect()
        };

        for (text, token) in in_use {
            match self.identity.authenticate(Some(&text)).await {
                Ok(_) => (),
                Err(IdentityError::Store(error)) => {
                    tracing::warn!(%error, "an overlay token could not be looked up");
                    return;
                }
                Err(_) => {
                    if let Some(token) = token.upgrade() {
                        token.revoked.send_replace(true);
                    }
                }
            }
        }
    }

    fn tokens(&self) -> MutexGuard<'_, HashMap<String, Weak<WatchedToken>>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WatchedToken {
    /// Returns once the token does not hold any more.
    pub(crate) async fn revoked(&self) {
        let mut revoked = self.revoked.subscribe();
        revoked
            .wait_for(|revoked| *revoked)
            .await
            .expect("the token holds the sender");
    }
}

async fn check(watch: Weak<TokenWatch>, every: Duration) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(watch) = watch.upgrade() else { return };
        watch.check_all().await;
    }
}
