//! Notices that what vouches for a socket holds no more: an overlay token that was revoked, or a
//! tenant's key that was retired.
//!
//! Each is looked up once a turn, however many sockets use it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use parlor_domain::access::Principal;
use parlor_store::StoreError;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::identity::{Caller, Identity, IdentityError, KeyName};

/// What vouches for the sockets that are open.
pub(crate) struct TokenWatch {
    identity: Identity,
    tokens: Mutex<HashMap<Voucher, Weak<WatchedToken>>>,
}

/// What vouches for a socket's caller, and can be taken back.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Voucher {
    /// An overlay token, by what its holder sent.
    OverlayToken {
        authorization: String,
    },
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
            (Principal::Overlay { .. }, Some(text)) => Some(Self::OverlayToken {
                authorization: text.to_owned(),
            }),
            _ => None,
        }
    }

    /// Why it does not hold any more, if so.
    async fn revocation(&self, identity: &Identity) -> Result<Option<&'static str>, StoreError> {
        match self {
            Self::OverlayToken { authorization } => {
                match identity.authenticate(Some(authorization)).await {
                    Ok(_) => Ok(None),
                    Err(IdentityError::Store(error)) => Err(error),
                    Err(_) => Ok(Some("the overlay token was revoked")),
                }
            }
            Self::Key(key) => {
                let holds = identity.accepts_key(key).await?;
                Ok((!holds).then_some("the key that signed the token was retired"))
            }
        }
    }
}

impl TokenWatch {
    /// Looks up what is in use every `every`, for as long as the watch lives. To be called
    /// within a runtime.
    pub(crate) fn start(identity: Identity, every: Duration) -> Arc<Self> {
        let watch = Arc::new(Self {
            identity,
            tokens: Mutex::default(),
        });
        tokio::spawn(check(Arc::downgrade(&watch), every));

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
        let in_use: Vec<_> = {
            let mut tokens = self.tokens();
            tokens.retain(|_, token| token.strong_count() > 0);
            tokens
                .iter()
                .map(|(voucher, token)| (voucher.clone(), token.clone()))
                .collect()
        };

        for (voucher, token) in in_use {
            match voucher.revocation(&self.identity).await {
                Ok(None) => (),
                Ok(reason @ Some(_)) => {
                    if let Some(token) = token.upgrade() {
                        token.revoked.send_replace(reason);
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "a token in use could not be looked up");
                    return;
                }
            }
        }
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

async fn check(watch: Weak<TokenWatch>, every: Duration) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(watch) = watch.upgrade() else { return };
        watch.check_all().await;
    }
}
