//! Stores on a test's database.

use std::ops::Deref;

use parlor_store::{Settings, Store};
pub(crate) use parlor_test_database::{Engine, on_both_engines, run};

/// One test's database.
#[derive(Debug, Clone)]
pub(crate) struct Database(parlor_test_database::Database);

impl From<parlor_test_database::Database> for Database {
    fn from(database: parlor_test_database::Database) -> Self {
        Self(database)
    }
}

impl Deref for Database {
    type Target = parlor_test_database::Database;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Database {
    /// Opens another store on the database. Whoever comes first brings it up to date.
    pub(crate) async fn open(&self) -> Store {
        self.open_with(Settings::new(&self.url)).await
    }

    pub(crate) async fn open_with(&self, settings: Settings) -> Store {
        let store = Store::connect(&settings).await.unwrap();
        store.migrate().await.unwrap();
        store
    }
}
