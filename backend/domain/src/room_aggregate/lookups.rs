//! What a batch asked to have looked up. A row that is not there is one thing, and a row that nobody
//! asked for another: to take the one for the other would decide on what was never read.

use std::collections::BTreeMap;
use std::fmt::Debug;

/// Rows by the keys that were asked for, kept current by the commands decided so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookups<K, V>(BTreeMap<K, Option<V>>);

impl<K, V> Default for Lookups<K, V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord + Debug, V> Lookups<K, V> {
    /// Notes that the row of `key` is looked up. It is absent until it is found.
    pub fn ask(&mut self, key: K) {
        self.0.entry(key).or_insert(None);
    }

    /// Notes the row of `key` as it was found, or as a command made it. Returns what it was before.
    pub fn put(&mut self, key: K, row: V) -> Option<V> {
        self.0.insert(key, Some(row)).flatten()
    }

    /// The row of `key`, or that there is none. Panics if nobody asked.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.0.get(key).unwrap_or_else(|| not_asked(key)).as_ref()
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.0
            .get_mut(key)
            .unwrap_or_else(|| not_asked(key))
            .as_mut()
    }

    /// Takes the row of `key` out, if there is one.
    pub fn take(&mut self, key: &K) -> Option<V> {
        self.0.get_mut(key)?.take()
    }

    /// Whether somebody asked for the row of `key`.
    pub fn has_asked(&self, key: &K) -> bool {
        self.0.contains_key(key)
    }

    /// What somebody asked for.
    pub fn asked(&self) -> impl Iterator<Item = &K> {
        self.0.keys()
    }

    /// The rows that there are.
    pub fn found(&self) -> impl Iterator<Item = (&K, &V)> {
        self.0
            .iter()
            .filter_map(|(key, row)| Some((key, row.as_ref()?)))
    }

    /// The same, to be changed.
    pub fn found_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.values_mut().filter_map(Option::as_mut)
    }
}

fn not_asked<K: Debug, V>(key: &K) -> V {
    panic!("{key:?} was decided on and never looked up")
}

#[cfg(test)]
mod tests {
    use super::Lookups;

    #[test]
    fn a_row_is_found_or_absent() {
        let mut rows = Lookups::default();
        rows.ask("ana");
        rows.ask("ben");
        rows.put("ana", 1);
        rows.ask("ana");

        assert_eq!((rows.get(&"ana"), rows.get(&"ben")), (Some(&1), None));
    }

    #[test]
    #[should_panic(expected = "never looked up")]
    fn a_row_that_nobody_asked_for_is_not_absent() {
        let rows: Lookups<_, i32> = Lookups::default();
        rows.get(&"ana");
    }
}
