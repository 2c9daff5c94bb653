//! Tenants as this node knows them: read when they are asked for, and again when what is known is
//! old.
//!
//! A change made on this node is known here at once; one made elsewhere, by another node or from
//! the command line, after [`STALE_AFTER_MS`] at most.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jsonwebtoken::DecodingKey;
use parlor_domain::id::TenantId;
use parlor_domain::tenant::{KeySet, Tenant, TenantKey};
use parlor_domain::time::ServerTime;
use parlor_node::clock::Clock;
use parlor_store::{Store, StoreError};

use super::public_key;

/// How old what is known of a tenant may become. Short enough that a key that leaked is soon
/// refused everywhere, and long enough that a node reads each tenant a few times a minute, however
/// many connect.
pub const STALE_AFTER_MS: i64 = 5_000;
/// How many answers of each kind are kept. What is asked for comes from tokens and pages that
/// nobody has vouched for, so that it could be made up without end.
const KEPT_MAX: usize = 10_000;
/// Reads under way at once. Whoever asks for the same as another waits for that one's answer.
const READERS: usize = 16;

/// The tenants that this node has to do with.
pub struct Directory {
    store: Store,
    clock: Clock,
    known: Mutex<Known>,
    reading: [tokio::sync::Mutex<()>; READERS],
}

/// A tenant with its keys, ready to check signatures with.
pub struct KnownTenant {
    pub tenant: Tenant,
    keys: Vec<KnownKey>,
}

pub(super) struct KnownKey {
    pub(super) key: TenantKey,
    pub(super) decoding: DecodingKey,
}

#[derive(Default)]
struct Known {
    tenants: Answers<TenantId, Option<Arc<KnownTenant>>>,
    /// Whether some tenant allows pages of an origin.
    origins: Answers<String, bool>,
    /// Counts changes made here, so that what was read before one is not kept after it.
    changes: u64,
}

/// Answers of the database, each with the time it was read.
struct Answers<K, V>(HashMap<K, (ServerTime, V)>);

impl Directory {
    pub(super) fn new(store: Store, clock: Clock) -> Self {
        Self {
            store,
            clock,
            known: Mutex::default(),
            reading: std::array::from_fn(|_| tokio::sync::Mutex::default()),
        }
    }

    /// The tenant of that id.
    pub async fn tenant(&self, id: TenantId) -> Result<Option<Arc<KnownTenant>>, StoreError> {
        let read = async || {
            let found = self.store.tenant_with_keys(id).await?;
            Ok(found.map(|(tenant, keys)| Arc::new(KnownTenant::new(tenant, &keys))))
        };

        self.answer(id, |known| &mut known.tenants, read).await
    }

    /// Whether some tenant allows pages of `origin`.
    pub async fn some_tenant_allows(&self, origin: &str) -> Result<bool, StoreError> {
        let read = async || self.store.some_tenant_allows(origin).await;

        self.answer(origin.to_owned(), |known| &mut known.origins, read)
            .await
    }

    /// Has everything read again, for a tenant was changed here.
    pub fn forget(&self) {
        let mut known = self.known();
        known.changes += 1;
        known.tenants.0.clear();
        known.origins.0.clear();
    }

    async fn answer<K: Hash + Eq + Clone, V: Clone>(
        &self,
        key: K,
        answers: impl Fn(&mut Known) -> &mut Answers<K, V>,
        read: impl AsyncFnOnce() -> Result<V, StoreError>,
    ) -> Result<V, StoreError> {
        if let Some(fresh) = answers(&mut self.known()).fresh(&key, self.clock.now()) {
            return Ok(fresh);
        }

        let _reading = self.reading[reader_of(&key)].lock().await;
        let now = self.clock.now();
        let changes = {
            let mut known = self.known();
            if let Some(fresh) = answers(&mut known).fresh(&key, now) {
                return Ok(fresh);
            }
            known.changes
        };
        let value = read().await?;

        let mut known = self.known();
        if known.changes == changes {
            answers(&mut known).keep(key, now, value.clone());
        }
        Ok(value)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KnownTenant {
    fn new(tenant: Tenant, keys: &KeySet) -> Self {
        let keys = keys.keys().iter().map(|key| KnownKey {
            key: key.clone(),
            decoding: public_key::decoding_key(key),
        });

        Self {
            tenant,
            keys: keys.collect(),
        }
    }

    /// The key called `kid`, also when it was retired.
    pub(super) fn key(&self, kid: &str) -> Option<&KnownKey> {
        self.keys.iter().find(|known| known.key.kid == kid)
    }
}

impl<K: Hash + Eq, V: Clone> Answers<K, V> {
    fn fresh(&self, key: &K, now: ServerTime) -> Option<V> {
        self.0
            .get(key)
            .filter(|(read_at, _)| is_fresh(*read_at, now))
            .map(|(_, value)| value.clone())
    }

    fn keep(&mut self, key: K, now: ServerTime, value: V) {
        if self.0.len() >= KEPT_MAX {
            self.0.retain(|_, (read_at, _)| is_fresh(*read_at, now));
        }
        if self.0.len() >= KEPT_MAX {
            self.0.clear();
        }
        self.0.insert(key, (now, value));
    }
}

impl<K, V> Default for Answers<K, V> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

/// A clock that was set back makes everything old, rather than new for ever.
fn is_fresh(read_at: ServerTime, now: ServerTime) -> bool {
    (read_at..read_at.plus_millis(STALE_AFTER_MS)).contains(&now)
}

fn reader_of(key: &impl Hash) -> usize {
    let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(key);
    let readers = u64::try_from(READERS).expect("a small number");

    usize::try_from(hash % readers).expect("below the number of readers")
}

#[cfg(test)]
mod tests {
    use parlor_store::Settings;

    use super::*;

    #[test]
    fn answers_grow_old_and_never_too_many() {
        let at = ServerTime::from_unix_millis;
        let mut answers = Answers::default();
        answers.keep(7, at(10_000), "seven");

        assert_eq!(answers.fresh(&7, at(14_999)), Some("seven"));
        assert_eq!(answers.fresh(&7, at(15_000)), None);
        assert_eq!(answers.fresh(&7, at(9_999)), None, "the clock was set back");

        for n in 0..3 * i64::try_from(KEPT_MAX).unwrap() {
            answers.keep(n, at(20_000 + n / 1_000), "made up");
            assert!(answers.0.len() <= KEPT_MAX);
        }
    }

    #[test]
    fn the_old_make_room_for_the_new() {
        let at = ServerTime::from_unix_millis;
        let mut answers = Answers::default();
        for n in 1..KEPT_MAX {
            answers.keep(n, at(0), "old");
        }
        answers.keep(KEPT_MAX, at(STALE_AFTER_MS), "new");

        answers.keep(0, at(STALE_AFTER_MS), "newer");
        assert_eq!(answers.fresh(&KEPT_MAX, at(STALE_AFTER_MS)), Some("new"));
        assert_eq!(answers.0.len(), 2);
    }

    #[tokio::test]
    async fn what_was_read_before_a_change_is_not_kept_after_it() {
        let file = std::env::temp_dir().join(format!("parlor-directory-{}.db", std::process::id()));
        let settings = Settings::new(format!("sqlite://{}", file.display()));
        let store = Store::connect(&settings).await.unwrap();
        let directory = Directory::new(store.clone(), Clock::System);
        let answer = async |found, changes| {
            let read = async || {
                if changes {
                    directory.forget();
                }
                Ok(found)
            };
            let answered = directory.answer("a".to_owned(), |known| &mut known.origins, read);
            answered.await.unwrap()
        };

        assert!(answer(true, true).await);
        assert!(!answer(false, false).await, "it is read again");
        assert!(!answer(true, false).await, "and then known");
        store.close().await;
        std::fs::remove_file(file).unwrap();
    }
}
