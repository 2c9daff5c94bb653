//! Where the servers are, for everyone who turns to them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where the nodes listen. Cheap to clone; all clones are one list.
#[derive(Clone, Default)]
pub struct Nodes(Arc<Mutex<Vec<Option<String>>>>);

impl Nodes {
    /// Where a node listens: the `turn`th, or else the next that is there.
    pub fn address_from(&self, turn: usize) -> Option<String> {
        let nodes = self.lock();
        let count = nodes.len();

        (0..count).find_map(|further| nodes[(turn + further) % count].clone())
    }

    /// Notes where a node listens, or that it is not there.
    pub fn set(&self, node: usize, address: Option<String>) {
        let mut nodes = self.lock();
        if nodes.len() <= node {
            nodes.resize(node + 1, None);
        }
        nodes[node] = address;
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Option<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
