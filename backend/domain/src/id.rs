//! Ids, each a type of its own, so that one can never stand in for another.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::invalid::{Invalid, check_text};

/// Where new ids come from. Injected, so that tests can seed them.
pub trait IdSource {
    /// Returns an id that was never returned before.
    fn next_id(&mut self) -> Uuid;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Takes the next id of `ids`.
            pub fn next(ids: &mut impl IdSource) -> Self {
                Self(ids.next_id())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    )*};
}

ids! {
    /// The customer who owns rooms.
    TenantId,
    /// A room.
    RoomId,
    /// One live run of a room's stream.
    SessionId,
    /// A fact in a room's log.
    EventId,
    /// The identity of a room's log, renewed whenever positions could repeat.
    Epoch,
    /// A donation or membership reported to Parlor.
    ContributionId,
    /// A paid membership reported to Parlor.
    MembershipId,
    /// A hype train, from its approach on.
    HypeTrainId,
    /// A read-only token of one room.
    OverlayTokenId,
    /// A person in a room.
    ParticipantId,
    /// One use of authority.
    AuditEntryId,
    /// A movement of points.
    TransferId,
    /// What a room sells for points.
    RewardId,
    /// A purchase of a reward.
    RedemptionId,
    /// Entries that are drawn from together.
    DrawId,
    /// A case about points.
    DisputeId,
    /// Taking a person out of all that is kept of a tenant.
    ErasureId,
    /// A way in for a service that tells of payments.
    WebhookSourceId,
    /// One message of such a service, as it came.
    WebhookDeliveryId,
    /// One run of a server, from its start to its end.
    NodeId,
}

/// The longest viewer id, in bytes. Long enough for a URL-shaped subject of an identity provider.
pub const VIEWER_ID_BYTES_MAX: usize = 128;

/// What the ids begin with that stand for people who were erased. Nobody comes by such an id.
pub const ERASED_ID_STARTS: &str = "erased:";

/// A person, by the tenant's own immutable id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ViewerId(String);

impl ViewerId {
    /// Takes `text` as an id, or says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        check_text("viewerId", text, 1, VIEWER_ID_BYTES_MAX)?;
        Ok(Self(text.to_owned()))
    }

    /// Takes `text` as what somebody outside calls a person: no person is called as those are who were erased.
    pub fn parse_given(text: &str) -> Result<Self, Invalid> {
        let id = Self::parse(text)?;
        if id.is_erased() {
            let constraint = format!("an id that does not begin with `{ERASED_ID_STARTS}`");
            return Err(Invalid::new("viewerId", constraint, format!("{text:?}")));
        }

        Ok(id)
    }

    /// Whether it stands for somebody who was erased.
    pub fn is_erased(&self) -> bool {
        self.0.starts_with(ERASED_ID_STARTS)
    }

    /// What stands in the place of a person where viewers' own devices say something.
    pub(crate) fn of_devices() -> Self {
        Self("devices".to_owned())
    }

    /// The id as the tenant wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
