//! Rows that are loaded, known to be absent, or not loaded: a decision never takes one for another.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use crate::domain::facts::{Need, Stop};

/// Rows by key, each either loaded, known to be absent, or not loaded; and which of them were changed.
#[derive(Clone, Debug)]
pub(crate) struct Known<K, V> {
    rows: HashMap<K, Option<V>>,
    changed: BTreeSet<K>,
    /// Whether a row that is not here does not exist.
    complete: bool,
}

impl<K, V> Default for Known<K, V> {
    fn default() -> Known<K, V> {
        Known {
            rows: HashMap::new(),
            changed: BTreeSet::new(),
            complete: false,
        }
    }
}

impl<K: Ord + Hash + Clone, V> Known<K, V> {
    /// The row; `None` if it does not exist, an error with the need if nobody looked.
    pub(crate) fn get(&self, key: &K, need: impl FnOnce() -> Need) -> Result<Option<&V>, Stop> {
        match self.rows.get(key) {
            Some(row) => Ok(row.as_ref()),
            None if self.complete => Ok(None),
            None => Err(Stop::Missing(need())),
        }
    }

    /// Notes what was found in the store. What was decided since is newer and stays.
    pub(crate) fn load(&mut self, key: K, row: Option<V>) {
        self.rows.entry(key).or_insert(row);
    }

    /// Notes that everything was loaded.
    pub(crate) fn set_complete(&mut self) {
        self.complete = true;
    }

    /// Changes a row.
    pub(crate) fn put(&mut self, key: K, row: V) {
        self.changed.insert(key.clone());
        self.rows.insert(key, Some(row));
    }

    /// The row for changing it in place, if it is loaded and exists.
    pub(crate) fn change(&mut self, key: &K) -> Option<&mut V> {
        let row = self.rows.get_mut(key)?.as_mut()?;
        self.changed.insert(key.clone());
        Some(row)
    }

    /// The row, if it is known whether it exists; one that is known not to exist is made. Changing it does not count as a change.
    pub(crate) fn get_known(&mut self, key: &K) -> Option<&mut V>
    where
        V: Default,
    {
        let is_known = self.complete || self.rows.contains_key(key);
        is_known.then(|| self.known_or_default(key))
    }

    /// The row, made if it is not here.
    pub(crate) fn known_or_default(&mut self, key: &K) -> &mut V
    where
        V: Default,
    {
        self.rows
            .entry(key.clone())
            .or_default()
            .get_or_insert_default()
    }

    /// Keeps only the rows that are wanted; the others count as not loaded.
    pub(crate) fn retain(&mut self, is_wanted: impl Fn(&K, Option<&V>) -> bool) {
        self.rows.retain(|key, row| is_wanted(key, row.as_ref()));
        self.complete = false;
    }

    /// How many keys were looked up.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The rows that are loaded and exist, in the order of their keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        let rows = self.rows.iter();
        let mut rows: Vec<(&K, &V)> = rows
            .filter_map(|(key, row)| row.as_ref().map(|row| (key, row)))
            .collect();
        rows.sort_by_key(|(key, _)| *key);
        rows.into_iter()
    }

    /// The rows changed since the last call.
    pub(crate) fn take_changed(&mut self) -> Vec<(K, &V)> {
        let changed = std::mem::take(&mut self.changed);
        let rows = &self.rows;
        changed
            .into_iter()
            .filter_map(|key| rows.get(&key)?.as_ref().map(|row| (key, row)))
            .collect()
    }
}
