//! Questions and commands to a server, apart from any subscription.

use crate::record::Session;
use crate::runtime;
use crate::server_url::{ServerUrl, ServerUrlError};
use crate::token::SharedToken;
use graphql_client::GraphQLQuery;
use operations::{
    CreateRoom, EndSession, InterruptSession, RecordContribution, ResumeSession, Room,
    StartSession, create_room, end_session, interrupt_session, record_contribution, resume_session,
    room, start_session,
};
use std::sync::Arc;
use transport::{Fault, execute};

mod answer;
mod notes;
mod operations;
mod orders;
mod people;
mod points;
mod record;
mod refusal;
mod scalar;
mod stage;
mod transport;
mod watching;

pub(crate) use answer::points::wallet as read_wallet;
pub(crate) use orders::Orders;
pub use record::audit::{AuditAction, AuditEntry, AuditPage, AuditQuestion};
pub use record::people::{
    Capability, CapabilityTerms, KnownParticipant, Membership, NewCapabilityTerms, NewParticipant,
    Participant, ParticipantPrivate, ParticipantsPage, ParticipantsQuestion, RoomAccess,
    StageDetails,
};
pub use record::points::{
    AvailabilityRule, NewRedemption, OpenDraw, Reward, RewardAsk, RewardAskKind,
    RewardAvailability, RewardDraw, RewardStanding, SettledRedemption, StandingRefusal,
};
pub use record::{
    Admission, AnonymousGifts, Contribution, ContributionReport, ContributionStatus,
    HypeTrainLevel, HypeTrainProgram, HypeTrainSummary, NewRoom, RoomDetails, RoomSummary,
};
pub use refusal::{CommandError, QueryError};
pub(crate) use watching::{WatchAnswer, send_watch_report};

/// A server and a token. Keeps no connection; each call opens its own.
///
/// One that comes from [`Client::api`](crate::Client::api) always has that client's token, so that
/// what renews the one renews the other.
///
/// A call whose waiting is cancelled may still be carried out.
#[derive(Debug, uniffi::Object)]
pub struct Api {
    server: ServerUrl,
    token: SharedToken,
    orders: Arc<Orders>,
}

#[uniffi::export]
impl Api {
    /// Takes the server, such as `https://parlor.example`, and the token to call it with; and where to note what is
    /// redeemed, as [`Config::redemptions_folder`](crate::Config::redemptions_folder).
    #[uniffi::constructor(default(redemptions_folder = None))]
    pub fn new(
        server: &str,
        token: Option<String>,
        redemptions_folder: Option<String>,
    ) -> Result<Arc<Self>, ServerUrlError> {
        Ok(Arc::new(Self {
            server: ServerUrl::parse(server)?,
            token: SharedToken::new(token),
            orders: Orders::new(redemptions_folder),
        }))
    }

    /// Gives a new token. Calls from now on are made with it; those under way are not.
    pub fn set_token(&self, token: String) {
        self.token.set(token);
    }

    /// Asks for a room by its global id. Returns nothing if there is none, or it is not the token's
    /// to see.
    pub async fn room(&self, id: String) -> Result<Option<RoomDetails>, QueryError> {
        let data = self.execute::<Room>(room::Variables { id }).await?;

        Ok(data.room.map(answer::room))
    }

    /// Makes a room.
    pub async fn create_room(&self, new: NewRoom) -> Result<RoomSummary, CommandError> {
        let variables = create_room::Variables { input: new.into() };

        answer::created_room(self.execute::<CreateRoom>(variables).await?)
    }

    /// Starts a live session, with the room's delay unless another is given.
    pub async fn start_session(
        &self,
        room_id: String,
        delay_ms: Option<u32>,
    ) -> Result<Session, CommandError> {
        let input = start_session::StartSessionInput {
            room_id,
            delay_ms: delay_ms.map(i64::from),
        };
        let variables = start_session::Variables { input };

        answer::started_session(self.execute::<StartSession>(variables).await?)
    }

    /// Tells that the live session's stream went away. If it does not come back within the room's
    /// grace, the session will have ended now.
    pub async fn interrupt_session(&self, room_id: String) -> Result<Session, CommandError> {
        let input = interrupt_session::InterruptSessionInput { room_id };
        let variables = interrupt_session::Variables { input };

        answer::interrupt_session(self.execute::<InterruptSession>(variables).await?)
    }

    /// Tells that the stream is back.
    pub async fn resume_session(&self, room_id: String) -> Result<Session, CommandError> {
        let input = resume_session::ResumeSessionInput { room_id };
        let variables = resume_session::Variables { input };

        answer::resume_session(self.execute::<ResumeSession>(variables).await?)
    }

    /// Ends the live session; one that is interrupted ended when it was interrupted.
    pub async fn end_session(&self, room_id: String) -> Result<Session, CommandError> {
        let input = end_session::EndSessionInput { room_id };
        let variables = end_session::Variables { input };

        answer::end_session(self.execute::<EndSession>(variables).await?)
    }

    /// Reports a contribution. Safe to repeat with the same idempotency key: it counts once, and
    /// the first answer comes again.
    pub async fn record_contribution(
        &self,
        report: ContributionReport,
    ) -> Result<Contribution, CommandError> {
        let variables = record_contribution::Variables {
            input: report.into(),
        };

        answer::recorded_contribution(self.execute::<RecordContribution>(variables).await?)
    }
}

impl Api {
    pub(crate) fn sharing(server: ServerUrl, token: SharedToken, orders: Arc<Orders>) -> Self {
        Self {
            server,
            token,
            orders,
        }
    }

    async fn execute<Q>(&self, variables: Q::Variables) -> Result<Q::ResponseData, Fault>
    where
        Q: GraphQLQuery<Variables: Send, ResponseData: Send> + 'static,
    {
        let (server, token) = (self.server.clone(), self.token.get());
        let exchange = async move { execute::<Q>(&server, token.as_deref(), variables).await };

        runtime::handle()
            .spawn(exchange)
            .await
            .unwrap_or_else(|error| Err(Fault::Broken(error.to_string())))
    }
}
