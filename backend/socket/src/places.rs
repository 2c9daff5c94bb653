//! How many sockets of each tenant are open on this node.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use parlor_domain::id::TenantId;

/// The places that are taken, by tenant. A tenant without sockets is not in it.
#[derive(Default)]
pub(super) struct Places(Mutex<HashMap<TenantId, u32>>);

/// The places that one socket has taken: one with its token's tenant, or one with each tenant whose
/// rooms it follows without a token. Given back when dropped.
pub(crate) struct Seat {
    places: Arc<Places>,
    taken: Mutex<Vec<TenantId>>,
}

impl Places {
    fn taken(&self) -> MutexGuard<'_, HashMap<TenantId, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    pub(super) fn new(places: Arc<Places>) -> Self {
        Self {
            places,
            taken: Mutex::default(),
        }
    }

    /// Takes a place with `tenant_id`, unless the socket has one. Returns `false` if there are none
    /// left of `limit`.
    pub(crate) fn take(&self, tenant_id: TenantId, limit: u32) -> bool {
        let mut own = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if own.contains(&tenant_id) {
            return true;
        }

        let mut all = self.places.taken();
        let count = all.entry(tenant_id).or_default();
        if *count >= limit {
            if *count == 0 {
                all.remove(&tenant_id);
            }
            return false;
        }
        *count += 1;
        own.push(tenant_id);
        true
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let own = self.taken.get_mut().unwrap_or_else(PoisonError::into_inner);
        let mut all = self.places.taken();
        for tenant_id in own.drain(..) {
            let count = all.get_mut(&tenant_id).expect("a taken place is counted");
            *count -= 1;
            if *count == 0 {
                all.remove(&tenant_id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_socket_takes_one_place_a_tenant_and_gives_it_back() {
        let [one, other, barred] = [1, 2, 3].map(|n| TenantId(Uuid::from_u128(n)));
        let places = Arc::new(Places::default());
        let seats: Vec<_> = (0..3).map(|_| Seat::new(Arc::clone(&places))).collect();

        assert!(seats[0].take(one, 2));
        assert!(seats[0].take(one, 2), "it has one already");
        assert!(seats[1].take(one, 2));
        assert!(!seats[2].take(one, 2));
        assert!(seats[2].take(other, 2), "another tenant's are its own");
        assert!(!seats[0].take(other, 0));
        assert!(!seats[0].take(barred, 0));

        let mut seats = seats.into_iter();
        drop(seats.next());
        assert!(seats.next_back().unwrap().take(one, 2));
        drop(seats);
        assert!(places.taken().is_empty());
    }
}
