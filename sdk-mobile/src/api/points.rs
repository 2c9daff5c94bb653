//! Points: what there is to redeem, and redeeming, which happens once whatever becomes of the application.

use super::Api;
use super::answer::points as answer;
use super::operations::{Redemption as RedemptionById, Rewards, redemption, rewards};
use super::orders::Desk;
use super::record::points::{NewRedemption, Reward, SettledRedemption};
use super::refusal::{CommandError, QueryError};
use super::transport::Fault;
use crate::record::Redemption;
use crate::runtime;

#[uniffi::export]
impl Api {
    /// Asks what a room sells, and how each stands to the caller now. Nothing if the room is not the token's to see.
    /// What is told late is refused in time: ask again when the wallet or the session has changed.
    pub async fn rewards(&self, room_id: String) -> Result<Vec<Reward>, QueryError> {
        let variables = rewards::Variables { room_id };

        Ok(answer::rewards(self.execute::<Rewards>(variables).await?))
    }

    /// Asks for a redemption by its global id, as it is now. Returns nothing if there is none, or it is not the
    /// token's to see.
    pub async fn redemption(&self, id: String) -> Result<Option<Redemption>, QueryError> {
        let variables = redemption::Variables { id };

        Ok(answer::redemption(
            self.execute::<RedemptionById>(variables).await?,
        ))
    }

    /// Redeems a reward for the caller.
    ///
    /// What is asked for is noted before it is asked, and until it is answered. Where the answer is lost it is asked again by
    /// the same key, four times; after `Unreachable` and `Faulty`, and after a `Forbidden` that follows a lost answer, it
    /// may have been redeemed all the same. Then [`Api::settle_redemptions`] asks again, and so does redeeming the same reward with the same input
    /// within ten minutes: that is the same redemption, at the cost at which it was asked for first.
    ///
    /// It is asked for with a token of the viewer's alone who asked for it: `Forbidden` with `VIEWER_CHANGED` says that
    /// somebody else is signed in by now. Whoever never joined the room is refused with `NOT_JOINED`. `Conflict` with
    /// `NOT_NOTED` says that it could not be noted, and so was not asked for.
    pub async fn redeem(&self, redemption: NewRedemption) -> Result<Redemption, CommandError> {
        let desk = self.desk(redemption.room_id.clone());

        runtime::handle()
            .spawn(async move { desk.redeem(redemption).await })
            .await
            .unwrap_or_else(|error| Err(Fault::Broken(error.to_string()).into()))
    }

    /// Asks again for what the caller has asked to redeem in a room within ten minutes, and was not told of; returns what
    /// came of each, the oldest first. Call it when the application starts, and when it is online again. Once the server
    /// is `Unreachable` no more is asked for, and the rest is told as not answered. What another call has had the
    /// answer to meanwhile is left out.
    pub async fn settle_redemptions(
        &self,
        room_id: String,
    ) -> Result<Vec<SettledRedemption>, CommandError> {
        let desk = self.desk(room_id);

        runtime::handle()
            .spawn(async move { desk.settle().await })
            .await
            .unwrap_or_else(|error| Err(Fault::Broken(error.to_string()).into()))
    }
}

impl Api {
    fn desk(&self, room_id: String) -> Desk {
        Desk {
            server: self.server.clone(),
            token: self.token.clone(),
            room_id,
            orders: self.orders.clone(),
        }
    }
}
