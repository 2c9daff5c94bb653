//! Things of one kind under their locks, as far as they can be read.

use std::collections::BTreeMap;

use super::{Absent, Unreadable};
use crate::error::is_unreadable;

/// Things by their keys. One in which something cannot be read is left out, so that it harms no other.
#[derive(Debug)]
pub(super) struct Readable<K, T> {
    read: BTreeMap<K, T>,
    unreadable: BTreeMap<K, Unreadable>,
}

impl<K, T> Default for Readable<K, T> {
    fn default() -> Self {
        Self {
            read: BTreeMap::new(),
            unreadable: BTreeMap::new(),
        }
    }
}

impl<K: Copy + Ord, T> Readable<K, T> {
    pub(super) fn is_empty(&self) -> bool {
        self.read.is_empty()
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = K> {
        self.read.keys().copied()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &T> {
        self.read.values()
    }

    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.read.values_mut()
    }

    pub(super) fn into_all(self) -> impl Iterator<Item = T> {
        self.read.into_values()
    }

    pub(super) fn get(&self, key: K) -> Option<&T> {
        self.read.get(&key)
    }

    pub(super) fn get_mut(&mut self, key: K) -> Option<&mut T> {
        self.read.get_mut(&key)
    }

    /// The thing of that key, to decide on.
    pub(super) fn find(&mut self, key: K) -> Result<&mut T, Absent> {
        if self.unreadable.contains_key(&key) {
            return Err(Absent::Unreadable);
        }

        self.get_mut(key).ok_or(Absent::NotFound)
    }

    pub(super) fn retain(&mut self, mut keeps: impl FnMut(&T) -> bool) {
        self.read.retain(|_, thing| keeps(thing));
    }

    pub(super) fn unreadable(&self) -> impl Iterator<Item = (K, &Unreadable)> {
        self.unreadable.iter().map(|(key, one)| (*key, one))
    }

    /// Takes in a thing that was read, or that could not be.
    pub(super) fn put(
        &mut self,
        key: K,
        what: &'static str,
        read: Result<T, sqlx::Error>,
    ) -> Result<(), sqlx::Error> {
        match read {
            Ok(thing) => drop(self.read.insert(key, thing)),
            Err(error) if is_unreadable(&error) => self.leave_out(key, what, &error),
            Err(error) => return Err(error),
        }

        Ok(())
    }

    /// Has `read` read `what` into a thing. What cannot be read takes the thing out of the batch.
    pub(super) fn read_into(
        &mut self,
        key: K,
        what: &'static str,
        read: impl FnOnce(&mut T) -> Result<(), sqlx::Error>,
    ) -> Result<(), sqlx::Error> {
        let Some(thing) = self.get_mut(key) else {
            return Ok(());
        };

        match read(thing) {
            Err(error) if is_unreadable(&error) => {
                self.read.remove(&key);
                self.leave_out(key, what, &error);
                Ok(())
            }
            result => result,
        }
    }

    fn leave_out(&mut self, key: K, what: &'static str, error: &sqlx::Error) {
        let error = error.to_string();
        self.unreadable.insert(key, Unreadable { what, error });
    }
}
