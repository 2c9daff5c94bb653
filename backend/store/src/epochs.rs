//! Renewing the identity of every log, when positions in it could be given out a second time.

use parlor_domain::id::{Epoch, IdSource, RoomId};

use crate::sql::{Statement, row};
use crate::{Store, StoreError};

impl Store {
    /// Gives one room's log a new epoch, if it still has `epoch`: its end is behind what was told of
    /// it. Returns whether this was the call that did.
    pub async fn renew_epoch(
        &self,
        room_id: RoomId,
        epoch: Epoch,
        new: Epoch,
    ) -> Result<bool, StoreError> {
        let renew = "UPDATE rooms SET epoch = $3 WHERE id = $1 AND epoch = $2 RETURNING id";
        let renew = Statement::new(renew).bind(room_id).bind(epoch).bind(new);

        Ok(!self.engine.write(renew).await?.is_empty())
    }

    /// Gives every room's log a new epoch, so that whoever followed it starts from a snapshot. Due
    /// after a restore, and at the start when [`Store::positions_may_repeat`]. Returns how many
    /// rooms there are.
    pub async fn renew_epochs(&self, ids: &mut impl IdSource) -> Result<u64, StoreError> {
        let mut transaction = self.engine.begin().await?;
        let locked = Statement::new("UPDATE rooms SET head_seq = head_seq RETURNING id");
        let mut epochs = Vec::new();
        for mut row in transaction.fetch(locked).await? {
            let room_id: uuid::Uuid = row.take()?;
            epochs.push(row![room_id, Epoch::next(ids)]);
        }

        let count = u64::try_from(epochs.len()).unwrap_or(u64::MAX);
        let renew = "UPDATE rooms SET epoch = v.epoch FROM v WHERE rooms.id = v.id";
        transaction.update("v (id, epoch)", epochs, renew).await?;
        transaction.commit().await.map_err(StoreError::of_commit)?;
        Ok(count)
    }
}
