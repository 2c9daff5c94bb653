//! What the servers of one database sign for one another with.

use crate::sql::Statement;
use crate::{Store, StoreError};

/// As many bytes as SHA-256 has, so that none is guessed sooner than a signature.
pub const SECRET_BYTES: usize = 32;

impl Store {
    /// The secret of that name, which is `new` if there was none.
    pub async fn secret(&self, name: &str, new: [u8; SECRET_BYTES]) -> Result<Vec<u8>, StoreError> {
        let mut transaction = self.engine.begin().await?;
        let insert = Statement::new(
            "INSERT INTO secrets (name, bytes) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
        );
        transaction.execute(insert.bind(name).bind(&new)).await?;
        let select = Statement::new("SELECT bytes FROM secrets WHERE name = $1").bind(name);
        let rows = transaction.fetch(select).await?;
        transaction.commit().await.map_err(StoreError::of_commit)?;
        let mut row = rows.into_iter().next().expect("it was just written");

        Ok(row.take()?)
    }
}
